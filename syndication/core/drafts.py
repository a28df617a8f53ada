"""Items of feeds and answers of CMSs once they are read, before it is known what names them; and their names.

It reads no format: `feeds`, `feeds_json` and the readers of CMSs do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from syndication.core.flow import one_line
from syndication.core.identity import article_number, canonical_url, identity, names_article, normal_title
from syndication.core.model import ArticleContent, Found
from syndication.core.pages.words import footer_at, is_photo_credit

LONGEST_TITLE = 60  # characters of a title made from the text


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An item read, before it is known what names it."""

    content: ArticleContent
    guid: str | None
    known_as: str | None = None  # under which id feed readers know it: its guid, else its address as printed


def told(paragraphs: Sequence[str]) -> Iterator[str]:
    """Paragraphs without the imprint that newspapers put behind them, and without what says whose a picture is."""
    for paragraph in paragraphs:
        at = footer_at(paragraph)
        text = (paragraph if at is None else paragraph[:at]).strip()
        if text and not is_photo_credit(text):
            yield text


def made_title(paragraphs: Sequence[str]) -> str:
    """The beginning of the text, where an item has no title."""
    first = one_line(paragraphs[0]) if paragraphs else ""
    return first if len(first) <= LONGEST_TITLE else first[:LONGEST_TITLE].rstrip() + "…"


def named(drafts: Sequence[Draft], outlet: str) -> Iterator[Found]:
    """Articles with their identities, each once: the first that bears it.

    A guid or address that several items of different titles share names none of them."""
    seen: set[str] = set()
    for name, draft in identities(drafts, outlet):
        if name not in seen:
            seen.add(name)
            yield Found(identity=name, content=draft.content)


def ids(drafts: Sequence[Draft], outlet: str) -> Mapping[str, str]:
    """Under which id feed readers know each of them, by the identity of its Article; the first that bears it."""
    found: dict[str, str] = {}
    for name, draft in identities(drafts, outlet):
        if draft.known_as is not None:
            found.setdefault(name, draft.known_as)
    return found


def identities(drafts: Sequence[Draft], outlet: str) -> Iterator[tuple[str, Draft]]:
    guids = _shared((d.guid and canonical_url(d.guid), d) for d in drafts)
    links = _shared((d.content.url and canonical_url(d.content.url), d) for d in drafts)
    for draft in drafts:
        yield _identity(draft, outlet, guids, links), draft


def _shared(names: Iterator[tuple[str | None, Draft]]) -> frozenset[str]:
    pairs = {(name, normal_title(draft.content.title)) for name, draft in names if name}
    counted = Counter(name for name, _ in pairs)
    return frozenset(name for name, times in counted.items() if times > 1)


def _identity(draft: Draft, outlet: str, guids: frozenset[str], links: frozenset[str]) -> str:
    link = draft.content.url if draft.content.url and canonical_url(draft.content.url) not in links else None
    guid = draft.guid if draft.guid and canonical_url(draft.guid) not in guids else None
    guid = None if guid and "://" in guid and not names_article(guid) else guid
    number = (link and article_number(link)) or (guid and article_number(guid)) or None
    return identity(outlet, number=number, guid=guid, url=link, title=draft.content.title)
