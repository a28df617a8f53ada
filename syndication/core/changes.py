"""What the change of an Article's text amounts to: whose word counts, and whether it is another story in its place.

It changes nothing; the Store asks it while it stores, and keeps what it holds back as a proposal.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from syndication.core.model import ArticleContent

_RUN = 5
_LEAST_RUNS = 100  # a shorter text says too little to tell a rewrite from a first line that was filled in
_SHARED = 0.15  # of the shorter text: corrections, updates and cut teasers keep far more
_NO_LETTER = re.compile(r"[\W_]+")
WHY = "almost nothing of the text that stood there is left"


def is_rewrite(old: ArticleContent, new: ArticleContent) -> bool:
    """Whether `new` is another story rather than another wording of `old`.

    Both texts hold at least a hundred runs of five letters, and they share less than 15 % of those of the shorter
    one: a text that was only lengthened, shortened or corrected shares most of them, whatever became of its title."""
    before, after = _runs(old), _runs(new)
    few = min(len(before), len(after))
    return few >= _LEAST_RUNS and len(before & after) < _SHARED * few


def _runs(content: ArticleContent) -> frozenset[str]:
    letters = _NO_LETTER.sub("", unicodedata.normalize("NFKC", " ".join(content.paragraphs)).casefold())
    return frozenset(letters[at : at + _RUN] for at in range(len(letters) - _RUN + 1))


def may_revise(source_id: str, owner_id: str, ranks: Mapping[str, int | None]) -> bool:
    """Whether what a Source prints of an Article that another one owns counts.

    The Source that brought it owns it, so that two that print one Article in different words make no Revision with
    each look. One that stands before the owner in the settings takes it over for good, and so does any when the owner
    has ended or is no longer in the settings. `ranks`: places in the settings, None for those that are gone."""
    mine, theirs = ranks.get(source_id), ranks.get(owner_id)
    return source_id == owner_id or (mine is not None and (theirs is None or mine < theirs))
