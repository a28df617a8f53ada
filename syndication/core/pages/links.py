"""The teasers of other stories on an HTML page: links to articles with their headlines, openings and sections.

A link is one to an article by its address alone; what a page looks like and whose it is plays no part.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urljoin

from selectolax.lexbor import LexborHTMLParser, LexborNode

from syndication.core.identity import article_number, canonical_url
from syndication.core.markup import absolute
from syndication.core.model import Teaser
from syndication.core.pages.lines import text_of
from syndication.core.pages.prose import is_cut, same
from syndication.core.pages.words import Kind, is_generic, line_of

_HEADLINE = "h1, h2, h3, h4, h5, h6, .ofe, .titles, .title, .tit, strong, b, dt"
_OPENING = "p, em, .ffd, .clamp, .lead, .summary, dd"
_ENTRIES = frozenset(("li", "article", "dl", "tr"))
_DATED = re.compile(r"\d{4}[-./]\d{1,2}[-./]\d{1,2}")
_NUMBERED = re.compile(r"/(?:article|news|view|read)s?/(?:[a-z]+/)?\d{4,}|[?&]wr_id=\d+", re.IGNORECASE)
_DIGIT = re.compile(r"[0-9]")
_BARE = 2  # tags of a link that holds text only
_LONGEST_LINK = 2_000
_MOST = 400  # links to articles on one page


@dataclass(slots=True)
class _Entry:
    """What the links to one article say together."""

    url: str
    section: str | None
    title: str | None = None
    text: str | None = None

    def take(self, title: str | None, text: str | None) -> None:
        if self.title is None:
            self.title = title
        elif title and text is None and not same(title, self.title) and len(title) > len(self.title):
            text = title
        if self.text is None and text and not (self.title and same(text, self.title)):
            self.text = text


def linked_teasers(
    tree: LexborHTMLParser, *, base: str | None, own: str | None, body: LexborNode | None
) -> tuple[Teaser, ...]:
    """The teasers of a page in the order of their first links, each article once.

    `own`: the address of the page, which is no teaser. `body`: its article, whose links are part of the text."""
    links = list(_links(tree, base, {a.mem_id for a in body.css("a[href]")} if body is not None else ()))
    known = {canonical_url(own)} if own else set()
    sections = _sections(tree, [node for node, _ in links], body)
    found: dict[str, _Entry] = {}
    for node, url in links:
        key = _canonical(url)
        if key not in known:
            entry = found.setdefault(key, _Entry(url=url, section=None))
            entry.section = entry.section or sections.get(node.mem_id)
            entry.take(*_said(node))
    return tuple(_teaser(entry) for entry in found.values() if entry.title or entry.text)


def _teaser(entry: _Entry) -> Teaser:
    cut = entry.text is not None and is_cut(entry.text)
    return Teaser(section=entry.section, title=entry.title, text=entry.text, cut=cut, url=entry.url)


_OF_THE_PAGE = ("?", "#", ";", " ")  # such references keep the path of the page that they stand on


def _links(tree: LexborHTMLParser, base: str | None, within: Container[int]) -> Iterator[tuple[LexborNode, str]]:
    count, base = 0, base or "http://relative.invalid/"
    room = urljoin(base, ".")  # all pages of a list resolve their links alike: what one taught serves the next
    for node in tree.css("a[href]"):
        if node.mem_id in within:
            continue
        href = node.attributes.get("href") or ""
        url = _article(href, base if href.startswith(_OF_THE_PAGE) else room)
        if url:
            count += 1
            if count > _MOST:
                return
            yield node, url


def _article(href: str, base: str) -> str | None:
    """The absolute address of an article, or None for that of anything else: it holds a number."""
    return _numbered(href, base) if _DIGIT.search(href) and len(href) < _LONGEST_LINK else None


@lru_cache(maxsize=4096)
def _numbered(href: str, base: str) -> str | None:
    url = absolute(href, base)
    return url if url and (article_number(url) or _NUMBERED.search(url)) else None


_canonical = lru_cache(maxsize=4096)(canonical_url)  # lists of one paper link to the same articles for days


def _inside(node: LexborNode, within: Container[int]) -> bool:
    return any(up.mem_id in within for up in _ancestors(node))


def _ancestors(node: LexborNode) -> Iterator[LexborNode]:
    up = node.parent
    while up is not None:
        yield up
        up = up.parent


def _said(link: LexborNode) -> tuple[str | None, str | None]:
    """(headline, opening) of one link, each None where it says none."""
    if (link.html or "").count("<") == _BARE:
        title = _words(link)
        return title, _beside(link, title) if title else None
    title, text = _words(link.css_first(_HEADLINE)), _words(link.css_first(_OPENING))
    if title and text and same(title, text):
        text = None
    if title is None and text is None:
        title = _words(link)
    if text is None and title is not None:
        text = _beside(link, title)
    return title, text


def _beside(link: LexborNode, title: str) -> str | None:
    """The opening that stands in the same entry of a list, outside the link."""
    for n, up in enumerate(_ancestors(link)):
        if n > 3:
            return None
        if up.tag in _ENTRIES:
            text = _words(up.css_first(_OPENING))
            return text if text and not same(text, title) and len(text) > len(title) else None
    return None


def _words(node: LexborNode | None) -> str | None:
    """The words of an element unless they are a button, a date or a rank."""
    text = text_of(node)
    return text if text and line_of(text).kind in (Kind.TEXT, Kind.SECTION) else None


def _sections(tree: LexborHTMLParser, links: list[LexborNode], body: LexborNode | None) -> dict[int, str]:
    """The heading over each link (by node id), where it names a section.

    A heading reaches as far as the smallest element around it that holds links to articles; one whose reach holds the
    page's article too is the article's own."""
    whole = {up.mem_id for up in _ancestors(body)} if body is not None else set()
    around = {link.mem_id: [up.mem_id for up in _ancestors(link)] for link in links}
    holding = {up for ups in around.values() for up in ups}
    scopes: dict[int, str | None] = {}
    out: dict[int, str] = {}
    for node in tree.css("h1, h2, h3, h4, a[href]"):
        if node.tag != "a":
            name = text_of(node)
            if _inside(node, around) or not name or _DATED.match(name) or len(name) > 30 or node.mem_id in holding:
                continue
            scope = next((up.mem_id for up in _ancestors(node) if up.mem_id in holding), None)
            if scope is not None and scope not in whole:
                scopes[scope] = None if is_generic(name) else name
        elif node.mem_id in around:
            heading = next((scopes[up] for up in around[node.mem_id] if up in scopes), None)
            if heading:
                out[node.mem_id] = heading
    return out
