"""The text of a feed cut into its items, each mended where feeds are usually broken, in one linear pass.

It gives no meaning to what the items say (`feeds` does). Items are cut out before parsing so that a broken one
cannot take its neighbours along, a long feed needs memory for a few items at a time, and document types with their
entity declarations never reach a parser.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.entities import html5

from lxml import etree

MAX_ITEMS = 20_000

_ROOT = re.compile(r"<(?:([A-Za-z][\w.-]{0,40}):)?(rss|feed|RDF)(?=[\s/>])([^<>]{0,8000})>", re.IGNORECASE)
_NAMESPACE = re.compile(r"""\s(xmlns(?::[\w.-]{1,60})?|xml:(?:base|lang))\s*=\s*("[^"<]*"|'[^'<]*')""")
_ITEM = re.compile(r"<!--|<!\[CDATA\[|<(/?)((?:[A-Za-z][\w.-]{0,40}:)?(?:item|entry))(?=[\s/>])")
_NEXT_ITEM = re.compile(r"</((?:[A-Za-z][\w.-]{0,40}:)?(?:item|entry))>\s*<\1[\s>]")
_PREFIX = re.compile(r"[<\s]/?([A-Za-z_][A-Za-z0-9_.-]{0,40}):[A-Za-z_]", re.ASCII)
_MOST_PREFIXES = 50
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_REFERENCE = re.compile(r"&(?:#([0-9]{1,7});|#[xX]([0-9a-fA-F]{1,6});|([A-Za-z][A-Za-z0-9]{0,30});)?")
_KEPT_NAMES = frozenset(("amp", "lt", "gt", "quot", "apos"))
_KNOWN = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "media": "http://search.yahoo.com/mrss/",
    "atom": "http://www.w3.org/2005/Atom",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dcterms": "http://purl.org/dc/terms/",
    "slash": "http://purl.org/rss/1.0/modules/slash/",
    "wfw": "http://wellformedweb.org/CommentAPI/",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "georss": "http://www.georss.org/georss",
    "thr": "http://purl.org/syndication/thread/1.0",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A feed in pieces: what stands before and after any number of items, and the items."""

    head: str
    tail: str
    items: tuple[str, ...]
    cut: bool = False  # the last item does not end: the transfer was cut off
    over: bool = False  # there were more than MAX_ITEMS


def is_feed(text: str) -> bool:
    """Whether the first element is that of RSS 2.0, RSS 1.0 or Atom."""
    first = re.compile(r"<[A-Za-z]").search(text, _behind_prolog(text))
    return first is not None and _ROOT.match(text, first.start()) is not None


def split(text: str) -> Split | None:
    """A feed's items; None where the text has no feed's root element."""
    root = _ROOT.search(text, _behind_prolog(text))
    if root is None:
        return None
    cutter = _Cutter(text, root.end())
    items = tuple(cutter.items())
    head, tail = _frame(root)
    return Split(head=head, tail=tail, items=items, cut=cutter.cut, over=cutter.over)


def mended(item: str) -> str:
    """An item fit for a strict parser as far as signs go: bare &, HTML's named entities, control characters."""
    item = _ILLEGAL.sub("", item)
    if "&" not in item:
        return item
    return "".join(p if p.startswith("<![CDATA[") else _REFERENCE.sub(_reference, p) for p in _pieces(item))


def _pieces(item: str) -> Iterator[str]:
    """Text and CDATA sections in turn; a section that does not end is text."""
    at = 0
    while (start := item.find("<![CDATA[", at)) >= 0 and (end := item.find("]]>", start)) >= 0:
        yield item[at:start]
        yield item[start : end + 3]
        at = end + 3
    yield item[at:]


def well_formed(document: bytes) -> bool:
    """Whether a strict parser reads the document, namespaces included."""
    try:
        etree.fromstring(document, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError:
        return False
    return True


def repaired(document: bytes) -> bytes:
    """The document with elements that were never closed or never opened put right; empty where that fails."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True)
    try:
        root = etree.fromstring(document, parser)
        repair = etree.tostring(root, encoding="utf-8") if root is not None else b""
    except (etree.XMLSyntaxError, ValueError):
        return b""
    return repair if well_formed(repair) else b""


def with_prefixes(head: str, items: str) -> str:
    """`head` with every prefix declared that the items use and nobody declared."""
    used = set(_PREFIX.findall(items)) - {"xml", "xmlns"}
    missing = sorted(prefix for prefix in used if f" xmlns:{prefix}=" not in head)[:_MOST_PREFIXES]
    words = "".join(f' xmlns:{prefix}="urn:undeclared:{prefix}"' for prefix in missing)
    return re.sub(r"(?<=[A-Za-z])(?=[ >])", lambda _: words, head, count=1)


def _reference(found: re.Match[str]) -> str:
    decimal, hexadecimal, name = found.groups()
    if name in _KEPT_NAMES:
        return found.group()
    if name:
        sign = html5.get(name + ";")
        return f"&amp;{name};" if sign is None else "".join(f"&#{ord(c)};" for c in sign)
    code = int(decimal) if decimal else int(hexadecimal, 16) if hexadecimal else -1
    if code < 0:
        return "&amp;"
    return (
        f"&#{code};"
        if code in (9, 10, 13) or 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or (0x10000 <= code < 0x110000)
        else ""
    )


def _behind_prolog(text: str) -> int:
    """The place behind XML declarations, comments and a document type with all that it declares."""
    at = 0
    while True:
        at += len(text[at : at + 10_000]) - len(text[at : at + 10_000].lstrip("\ufeff \t\r\n\x00"))
        if text.startswith("<?", at):
            end = text.find("?>", at)
        elif text.startswith("<!--", at):
            end = text.find("-->", at)
        elif text[at : at + 9].upper() == "<!DOCTYPE":
            return _behind_doctype(text, at)
        else:
            return at
        if end < 0:
            return at
        at = end + 2


def _behind_doctype(text: str, at: int) -> int:
    subset, end = text.find("[", at), text.find(">", at)
    if 0 <= subset < end:
        closed = re.compile(r"\]\s{0,1000}>").search(text, subset)
        return closed.end() if closed else len(text)
    return end + 1 if end >= 0 else len(text)


def _frame(root: re.Match[str]) -> tuple[str, str]:
    """A root element that declares what items usually use, also where the feed forgot it; and its end."""
    prefix, name, attributes = root.groups()
    plain = {"rss": "rss", "feed": "feed", "rdf": "RDF"}[name.lower()]
    declared = dict(_NAMESPACE.findall(attributes))
    for known, address in _KNOWN.items():
        declared.setdefault(f"xmlns:{known}", f'"{address}"')
    if plain == "feed" and prefix is None:
        declared.setdefault("xmlns", '"http://www.w3.org/2005/Atom"')
    if plain == "RDF" and prefix is not None:
        declared.setdefault("xmlns", '"http://purl.org/rss/1.0/"')
    tag = f"{prefix}:{plain}" if prefix else plain
    words = "".join(f" {key}={value}" for key, value in declared.items())
    version = ' version="2.0"' if plain == "rss" else ""
    head = f"<{tag}{version}{mended(words)}>"
    return (head + "<channel>", f"</channel></{tag}>") if plain == "rss" else (head, f"</{tag}>")


class _Cutter:
    """Walks over a feed once and yields its items; knows afterwards how the walk ended."""

    def __init__(self, text: str, start: int) -> None:
        self.text, self.at = text, start
        self.cut = self.over = False
        self._closes: dict[str, int] = {}  # where the next --> or ]]> stands, so that none is looked for twice

    def items(self) -> Iterator[str]:
        began: tuple[int, str] | None = None
        count = 0
        while found := _ITEM.search(self.text, self.at):
            if found.group(2) is None:
                self._skip(found, inside=began is not None)
                continue
            self.at = found.end()
            if began is not None:
                start, name = began
                end = self._end_of_tag(found) if found.group(1) else found.start()
                yield self.text[start:end] + ("" if found.group(1) else f"</{name}>")
                began = None
                count += 1
            if count == MAX_ITEMS:
                self.over = True
                return
            if not found.group(1) and not self._empty(found):
                began = found.start(), found.group(2)
        self.cut = began is not None

    def _skip(self, found: re.Match[str], *, inside: bool) -> None:
        """Go behind a comment or CDATA section; one that swallows the next item ends with its own item."""
        mark = "-->" if found.group() == "<!--" else "]]>"
        close = self._close(mark, found.end())
        neighbour = _NEXT_ITEM.search(self.text, found.end(), close) if inside else None
        self.at = neighbour.start() if neighbour else close + len(mark)

    def _close(self, mark: str, start: int) -> int:
        known = self._closes.get(mark, -1)
        if known < start:
            known = self.text.find(mark, start)
            known = len(self.text) if known < 0 else known
            self._closes[mark] = known
        return known

    def _end_of_tag(self, found: re.Match[str]) -> int:
        end = self.text.find(">", found.end(), found.end() + 1000)
        return found.end() if end < 0 else end + 1

    def _empty(self, found: re.Match[str]) -> bool:
        end = self.text.find(">", found.end(), found.end() + 10_000)
        return end > 0 and self.text[end - 1] == "/"
