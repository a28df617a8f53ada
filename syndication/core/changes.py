"""What the change of an Article's text amounts to: whose word counts, and whether it is another story in its place.

It changes nothing; the Store asks it while it stores, and keeps what it holds back as a proposal.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from syndication.core.identity import site
from syndication.core.model import ArticleContent, Source, SourceKind

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


def place(source: Source) -> str:
    """Where a Source stands, as it is remembered: its address; a drop folder may be moved with its installation."""
    return "folder" if source.kind is SourceKind.FOLDER else source.location


def moved(old: str | None, new: str) -> bool:
    """Whether a Source stands at another address than before."""
    return old is not None and old != new


def moved_away(old: str, new: str) -> bool:
    """Whether it is another site's: what stands there counts as having been there before, as at a first look."""
    return site(old) != site(new)


def may_revise(source_id: str, owner_id: str, ranks: Mapping[str, int | None]) -> bool:
    """Whether what a Source prints of an Article that another one owns counts.

    The Source that brought it owns it, so that two that print one Article in different words make no Revision with
    each look. One that stands before the owner in the settings takes it over for good, and so does any when the owner
    has ended or is no longer in the settings. `ranks`: places in the settings, None for those that are gone."""
    mine, theirs = ranks.get(source_id), ranks.get(owner_id)
    return source_id == owner_id or (mine is not None and (theirs is None or mine < theirs))
