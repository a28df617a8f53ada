"""Upstream feeds read into Articles: RSS 2.0, RSS 1.0 and Atom, as newspapers' systems really write them.

It does not write feeds (`render.feeds` does) and keeps nothing. feedparser reads a few items at a time: its lenient
reading of a whole broken feed loses neighbours of the broken item, and its own dates are wrong for Korean ones.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import feedparser

from syndication.core import feeds_json
from syndication.core.bylines import signed
from syndication.core.charset import decode, mend
from syndication.core.dates import Moment, parse_moment
from syndication.core.drafts import Draft, ids, made_title, named, told
from syndication.core.feedxml import MAX_ITEMS, Split, mended, repaired, split, well_formed, with_prefixes
from syndication.core.flow import one_line
from syndication.core.identity import clean_link
from syndication.core.markup import Clean, Unreadable, absolute, as_text, sanitise, strip_tags
from syndication.core.model import ArticleContent, Image, Reading, SetAside
from syndication.core.objects import looks_like_json_feed
from syndication.core.shape import measure

MAX_BYTES = 40_000_000  # far above 10,000 items of 2 KB
MAX_ITEM = 2_000_000  # characters
_AT_A_TIME = 50
_MAX_NESTED = 100
_MOST_IN_ITEM = 5_000  # elements; feedparser takes some 20 µs for each
_MOST_IN_FEED = 50_000  # and twenty more for each item
_MOST_REPAIRS = 2_000  # of one feed


def read_feed(body: bytes, *, url: str | None, content_type: str, outlet: str) -> Reading:
    """What an RSS, Atom or JSON feed says. One bad item is set aside with its reason, the others stay."""
    if looks_like_json_feed(body):
        return feeds_json.read_json_feed(body, url=url, content_type=content_type, outlet=outlet)
    if len(body) > MAX_BYTES:
        return _refused(f"the feed is larger than {MAX_BYTES // 1_000_000} MB")
    text = decode(body, content_type)
    pieces = split(text)
    if pieces is None:
        return _refused("no RSS or Atom element was found")
    fault = None if pieces.items else _too_deep(text)
    if fault is not None:
        return _refused(fault)
    drafts: list[Draft] = []
    bad: list[SetAside] = []
    for number, read in enumerate(_entries(pieces, url), 1):
        draft = read if isinstance(read, str) else _draft(read, url)
        if isinstance(draft, str):
            bad.append(SetAside(what=f"item {number}", reason=draft))
        else:
            drafts.append(draft)
    return Reading(articles=tuple(named(drafts, outlet)), set_aside=tuple(bad), warnings=_warnings(pieces))


def known_as(body: bytes, *, url: str | None, content_type: str, outlet: str) -> Mapping[str, str]:
    """Under which id feed readers know each item of a feed, by the identity of its Article, in the feed's order.

    An item without guid and address is known under none. What `read_feed` sets aside is not there."""
    if looks_like_json_feed(body):
        return feeds_json.known_as(body, url=url, content_type=content_type, outlet=outlet)
    pieces = split(decode(body, content_type)) if len(body) <= MAX_BYTES else None
    if pieces is None:
        return {}
    read = (_draft(entry, url) for entry in _entries(pieces, url) if isinstance(entry, _Entry))
    drafts = [draft for draft in read if isinstance(draft, Draft)]
    return ids(drafts, outlet)


def _too_deep(text: str) -> str | None:
    """Why a feed without items is no feed at all, or None."""
    try:
        measure(text, xml=True, limit=_MAX_NESTED)
    except Unreadable as fault:
        return str(fault)
    return None


def _refused(reason: str) -> Reading:
    return Reading(set_aside=(SetAside(what="feed", reason=reason),))


def _warnings(pieces: Split) -> tuple[str, ...]:
    said = []
    if pieces.cut:
        said.append("the feed ends inside an item, which was left out")
    if pieces.over:
        said.append(f"only the first {MAX_ITEMS:,} items were read")
    if not pieces.items and not pieces.cut:
        said.append("the feed holds no items")
    return tuple(said)


# --- items into entries ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """One item as feedparser read it."""

    fields: Mapping[str, Any]
    atom: bool


def _entries(pieces: Split, url: str | None) -> Iterator[_Entry | str]:
    """Each item in order: an entry, or the reason why it could not be read."""
    parser, judge = _Parser(pieces=pieces, url=url), _Judge(most=_MOST_IN_FEED + 20 * len(pieces.items))
    for start in range(0, len(pieces.items), _AT_A_TIME):
        items = pieces.items[start : start + _AT_A_TIME]
        reasons = [judge.fault(item) for item in items]
        read = iter(parser.read([mended(i) for i, r in zip(items, reasons, strict=True) if r is None]))
        yield from (next(read) if reason is None else reason for reason in reasons)


@dataclass(slots=True)
class _Judge:
    """Judges each item's size and shape, and how much a feed asks for as a whole."""

    most: int
    elements: int = 0

    def fault(self, item: str) -> str | None:
        """Why an item is not to be parsed, or None."""
        if len(item) > MAX_ITEM:
            return f"the item is longer than {MAX_ITEM:,} characters"
        try:
            _, elements = measure(item, xml=True, limit=_MAX_NESTED)
        except Unreadable as fault:
            return str(fault)
        self.elements += elements
        if elements > _MOST_IN_ITEM:
            return f"the item holds more than {_MOST_IN_ITEM:,} elements"
        if self.elements > self.most:
            return f"the feed holds more than {self.most:,} elements up to this item"
        return None


@dataclass(slots=True)
class _Parser:
    """Gives feedparser well-formed XML only: what it does with other XML takes time that grows with the square."""

    pieces: Split
    url: str | None
    repairs: int = 0

    def read(self, items: Sequence[str]) -> list[_Entry | str]:
        """Entries of a few items together; when they are not well-formed together, of each on its own."""
        text = "".join(items)
        for head in (self.pieces.head, with_prefixes(self.pieces.head, text)):
            document = self._document(head, text)
            if well_formed(document):
                entries = self._parse(document)
                if len(entries) == len(items):
                    return list(entries)
        return [self._alone(item) for item in items]

    def _alone(self, item: str) -> _Entry | str:
        document = self._document(with_prefixes(self.pieces.head, item), item)
        if not well_formed(document):
            self.repairs += 1
            if self.repairs > _MOST_REPAIRS:
                return f"the item is not well-formed XML, as {_MOST_REPAIRS:,} before it"
            document = repaired(document)
            if document.count(b"<") > 2 * _MOST_IN_ITEM:
                return f"the item holds more than {_MOST_IN_ITEM:,} elements"
        entries = self._parse(document) if document else []
        return entries[0] if len(entries) == 1 else "the item is not well-formed XML and could not be repaired"

    def _document(self, head: str, items: str) -> bytes:
        return (head + items + self.pieces.tail).encode("utf-8", "replace")

    def _parse(self, document: bytes) -> list[_Entry]:
        headers = {"content-type": "application/xml; charset=utf-8"}
        if self.url:
            headers["content-location"] = self.url
        try:
            read = feedparser.parse(
                io.BytesIO(document), sanitize_html=False, resolve_relative_uris=False, response_headers=headers
            )
        except (LookupError, AttributeError, TypeError, ValueError):  # its own slips over elements out of place
            return []
        atom = read.version.startswith("atom")
        return [_Entry(fields=entry, atom=atom) for entry in read.entries]


# --- entries into drafts ---------------------------------------------------------------------


def _draft(entry: _Entry, url: str | None) -> Draft | str:
    """A draft of the Article, or the reason why there is none."""
    fields = entry.fields
    try:
        clean = _body(entry, url)
    except Unreadable as fault:
        return f"{_name(entry)}: {fault}"
    title = _title(entry) or made_title(clean.paragraphs)
    if not title:
        return "the item has neither title nor text"
    link = _link(fields, url)
    section, tags = _categories(fields)
    moment = _moment(fields)
    prose = signed(told(clean.paragraphs))
    content = ArticleContent(
        title=title,
        paragraphs=prose.paragraphs,
        html=None if clean.plain else clean.html,
        section=section,
        url=link,
        bylines=_bylines(fields) or prose.bylines,
        tags=tags,
        images=_images(fields, clean, url),
        published_at=moment.at if moment else None,
        published_on=moment.on if moment and moment.at is None else None,
    )
    guid = one_line(str(fields.get("id") or "")) or None
    return Draft(content=content, guid=guid, known_as=guid or one_line(str(fields.get("link") or "")) or None)


def _name(entry: _Entry) -> str:
    return f"{_title(entry)[:80]!r}"


def _title(entry: _Entry) -> str:
    title = mend(str(entry.fields.get("title") or ""))
    literal = entry.atom and (entry.fields.get("title_detail") or {}).get("type") == "text/plain"
    return one_line(title) if literal else strip_tags(title)


def _body(entry: _Entry, url: str | None) -> Clean:
    """The fullest text of the item: its content where it has one, else its description."""
    fields = entry.fields
    best = Clean(html="", paragraphs=())
    for detail in (*(fields.get("content") or ()), fields.get("summary_detail") or {}):
        value = mend(str(detail.get("value") or ""))
        kind = str(detail.get("type") or "text/plain")
        if not value.strip() or not kind.startswith(("text/", "application/xhtml")):
            continue
        base = absolute(str(detail.get("base") or ""), url) or _link(fields, url)
        clean = as_text(value) if entry.atom and kind == "text/plain" else sanitise(value, base)
        if clean.paragraphs:
            return clean
        best = clean if clean.images else best
    return best


def _link(fields: Mapping[str, Any], url: str | None) -> str | None:
    link = absolute(one_line(str(fields.get("link") or "")), url) if fields.get("link") else None
    return clean_link(link) if link else None


def _moment(fields: Mapping[str, Any]) -> Moment | None:
    """The item's own date. feedparser's own reading of dates is not used: it is wrong for Korean ones."""
    for key in ("published", "created", "updated"):
        raw = dict.get(fields, key) if isinstance(fields, dict) else None
        moment = parse_moment(str(raw)) if raw else None
        if moment is not None and moment.on.year > 1970:
            return moment
    return None


def _categories(fields: Mapping[str, Any]) -> tuple[str | None, tuple[str, ...]]:
    """(section, tags): the first category is the section."""
    terms = (one_line(str(t.get("term") or t.get("label") or "")) for t in fields.get("tags") or ())
    words = tuple(dict.fromkeys(strip_tags(mend(term)) for term in terms if term))
    return (words[0] or None, words[1:]) if words else (None, ())


def _bylines(fields: Mapping[str, Any]) -> tuple[str, ...]:
    authors = [str(a.get("name") or "") for a in fields.get("authors") or () if a] or [str(fields.get("author") or "")]
    names = (strip_tags(mend(name)) for author in authors for name in author.split(","))
    return tuple(dict.fromkeys(name for name in names if name and "@" not in name))


def _images(fields: Mapping[str, Any], clean: Clean, url: str | None) -> tuple[Image, ...]:
    """Pictures that the item names, then those of its text; each address once."""
    credits = fields.get("media_credit") or ()
    credit = one_line(str(credits[0].get("content") or "")) or None if credits else None
    named = [
        Image(url=address, credit=credit)
        for raw in _picture_addresses(fields)
        if (address := absolute(raw, url)) is not None
    ]
    once: dict[str, Image] = {}
    for image in (*named, *clean.images):
        once.setdefault(image.url, image)
    return tuple(once.values())


def _picture_addresses(fields: Mapping[str, Any]) -> Iterator[str]:
    for link in fields.get("links") or ():
        if link.get("rel") == "enclosure" and str(link.get("type") or "").startswith("image/"):
            yield str(link.get("href") or "")
    for media in fields.get("media_content") or ():
        if media.get("medium") == "image" or str(media.get("type") or "").startswith("image/"):
            yield str(media.get("url") or "")
    for media in fields.get("media_thumbnail") or ():
        yield str(media.get("url") or "")
