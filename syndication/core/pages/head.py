"""What stands above an article's body on an HTML page: its headline, subtitle, section, date and bylines.

It believes metadata only as far as the page bears them out; the page's own date line is never the article's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

from syndication.core.bylines import byline
from syndication.core.dates import Moment, parse_moment
from syndication.core.pages.dom import Metadata, without_site
from syndication.core.pages.lines import text_of
from syndication.core.pages.prose import is_headline, normal, same
from syndication.core.pages.weights import is_strange
from syndication.core.pages.words import LATE, Kind, Line, line_of

_TITLE_PART, _SECTION_PART = ".bo_v_tit", ".bo_v_cate"  # of a headline of the gnuboard kind
_HEADINGS = "h1, h2, h3, h4"
_PLACE = "data-body-stands-here"
_TIMES = 'time[datetime], [itemprop="datePublished"]'
_AUTHORS = '[itemprop~="author"], a[rel~="author"], a[href*="/author/"], .vcard .fn, .author.vcard, .byline .author'
_SITE = re.compile(r"제호\s?[:：|]\s?(?P<name>[^|:：<>()\n]{2,20}?)\s*(?:[|(<\n]|등록|$)")
_COPYRIGHT = re.compile(r"copyright|[ⓒ©]|all\s?rights", re.IGNORECASE)
_COPYRIGHT_LINE = re.compile(rf"^.*(?:{_COPYRIGHT.pattern}).*$", re.IGNORECASE | re.MULTILINE)
_FOOT = 3000  # characters at the end of a page that hold its imprint
_WEEKDAY = re.compile(r"[(（][월화수목금토일][)）]|[월화수목금토일]요일")
_UPDATED = re.compile(r"^(?!.*(?:published|entry-date)).*(?:updated|modified)")
_NEAR = 4  # elements around a headline that may hold what belongs to it
_LINES_NEAR = 12
_LEAST_HEADLINE = 8
_FEW_WORDS = 300
_LONGEST_NAME = 30
_LINES_ABOVE = 60  # without a printed headline, so many lines above the body may hold its stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What is said of an article above its body. `own`: something says that the page is an article's own."""

    title: str | None = None
    subtitle: str | None = None
    section: str | None = None
    moment: Moment | None = None
    bylines: tuple[str, ...] = ()
    own: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """A headline, and the element that prints it where one does."""

    text: str | None = None
    node: LexborNode | None = None


def headline(
    tree: LexborHTMLParser,
    said: Metadata,
    body: LexborNode,
    above: Sequence[Line],
    inner: Sequence[Line],
    *,
    guess: bool,
) -> Headline:
    """The heading above the body that the metadata name, else what they name if it is printed there (`inner`: as the
    body's first lines), else the nearest heading of the first or second order, else with `guess` the line of text
    right above. The site's own name is none."""
    headings = list(_headings_above(tree, body))
    site = _site_names(tree, said)
    named = [t for title in said.titles for t in dict.fromkeys((without_site(title), title)) if not _is_site(t, site)]
    for t in named:
        for node, text in reversed(headings):
            if same(text, t) or t.startswith(text + " "):
                return Headline(text=text, node=node)
    for t in named:
        if any(same(t, line.text) for line in (*above, *inner)):
            return Headline(text=t)
    high = [h for h in headings if h[0].tag in ("h1", "h2")] or headings
    own = [(node, text) for node, text in high if not _is_site(text, site) and line_of(text).kind is Kind.TEXT]
    if own:
        return Headline(text=own[-1][1], node=own[-1][0])
    if named or not guess:
        return Headline(text=named[0] if named else None)
    return Headline(text=_line_above([*above, *inner], site))


def _line_above(lines: Sequence[Line], site: set[str]) -> str | None:
    """The line of text that stands right above a body, stamps and buttons aside."""
    for line in reversed(lines[-_LINES_NEAR:]):
        if line.kind is Kind.TEXT:
            fits = is_headline(line.text) and not line.bulleted and len(line.text) >= _LEAST_HEADLINE
            return line.text if fits and not _is_site(line.text, site) else None
    return None


def named_heading(tree: LexborHTMLParser, said: Metadata) -> int | None:
    """The node (by id) of the last heading that says what the metadata call the page; the site's name is none."""
    site = _site_names(tree, said)
    named = {normal(t) for title in said.titles for t in (title, without_site(title)) if not _is_site(t, site)}
    found = [node.mem_id for node in tree.css(_HEADINGS) if normal(text_of(node)) in named]
    return found[-1] if found else None


def _headings_above(tree: LexborHTMLParser, body: LexborNode) -> Iterator[tuple[LexborNode, str]]:
    """The headings before the body's end, in the order of the page."""
    inside = {n.mem_id for n in body.css(_HEADINGS)}
    body.attrs[_PLACE] = "1"
    nodes = tree.css(f"{_HEADINGS}, [{_PLACE}]")
    del body.attrs[_PLACE]
    seen = False
    for node in nodes:
        if node.mem_id == body.mem_id:
            seen = True
        elif seen and node.mem_id not in inside:
            return
        elif text := text_of(node.css_first(_TITLE_PART) or node):
            yield node, text


def _site_names(tree: LexborHTMLParser, said: Metadata) -> set[str]:
    names = {said.site} if said.site else set()
    for logo in tree.css('a[href="/"] img[alt]')[:3]:
        names.add((logo.attributes.get("alt") or "").strip())
    for link in tree.css('a[href="/"]')[:8]:
        names.add(text_of(link))
    foot = (tree.body.text(separator="\n") if tree.body is not None else "")[-_FOOT:]
    names.update(_COPYRIGHT_LINE.findall(foot))
    found = _SITE.search(foot)
    if found:
        names.add(found.group("name").strip())
    return {n for n in names if n}


def _is_site(text: str, names: set[str]) -> bool:
    """Whether a title is the name of the paper: a logo's, or one that a line of copyright holds."""
    own = normal(text)
    return any(own == normal(n) or (_COPYRIGHT.search(n) and own in normal(n)) for n in names)


def head_of(
    tree: LexborHTMLParser, said: Metadata, title: Headline, above: Sequence[Line], inner: Sequence[Line]
) -> Head:
    """What the lines above the body, and those at its beginning that belong to the headline, say of the article."""
    lines = [*above, *inner]
    found = [n for n, line in enumerate(lines) if title.text and same(line.text, title.text)]
    at = max((n for n in found if n < len(above)), default=min(found, default=None))
    below = lines[at + 1 :] if at is not None else _stamps_only(lines[-_LINES_ABOVE:])
    near = _near(title.node)
    stamps = sorted((x for x in (*below, *near) if x.kind is Kind.STAMP), key=lambda x: x.label in LATE)
    dates = [x for x in (*below, *near) if x.kind is Kind.DATE and _is_own_date(x)]
    names = [x.text if x.kind is Kind.STAMP else byline(x.text) for x in below if x.kind in (Kind.STAMP, Kind.BYLINE)]
    timed = _timed(tree, title.node)
    moments = [said.moment, timed, *(s.moment for s in stamps), *(d.moment for d in dates)]
    moment = next((m for m in moments if m is not None), None)
    written = tuple(n for n in names if n) or _authors(tree, title.node)
    return Head(
        title=title.text,
        subtitle=_subtitle(below) if at is not None else None,
        section=said.section
        or text_of(tree.css_first(_SECTION_PART))
        or (_section(lines[:at]) if at is not None else None),
        moment=moment,
        bylines=written,
        own=moment is not None or bool(written) or said.article,
    )


def _stamps_only(lines: Sequence[Line]) -> list[Line]:
    return [x for x in lines if x.kind is Kind.BYLINE or (x.kind is Kind.STAMP and x.label not in LATE)]


def _is_own_date(line: Line) -> bool:
    """Whether a date without a label beside a headline is the article's: with a time, or without a weekday."""
    return line.moment is not None and (line.moment.at is not None or not _WEEKDAY.search(line.text))


def _around(node: LexborNode | None) -> Iterator[LexborNode]:
    up = node.parent if node is not None else None
    for _ in range(_NEAR):
        if up is None or up.tag in ("body", "html"):
            return
        yield up
        up = up.parent


def _near(title: LexborNode | None) -> list[Line]:
    """The dated lines in the small elements around a headline."""
    box = None
    for up in _around(title):
        if len(up.text()) > _FEW_WORDS:
            break
        box = up
    if box is None:
        return []
    lines = [line_of(t) for t in box.text(separator="\n").splitlines() if t.strip()]
    timed = [x for x in lines if x.kind is Kind.DATE and x.moment and x.moment.at and not _WEEKDAY.search(x.text)]
    return [*(x for x in lines if x.kind is Kind.STAMP and x.label not in LATE), *timed]


def _timed(tree: LexborHTMLParser, title: LexborNode | None) -> Moment | None:
    """The instant of the first element of time behind the headline, before any other heading."""
    if title is None:
        return None
    near = {up.mem_id for up in _around(title)}
    behind = False
    for node in tree.css(f"{_HEADINGS}, {_TIMES}"):
        if node.mem_id == title.mem_id:
            behind = True
        elif behind and (node.tag or "") in ("h1", "h2", "h3", "h4"):
            if node.parent is None or title.parent is None or node.parent.mem_id != title.parent.mem_id:
                return None
        elif behind and not _UPDATED.search(node.attributes.get("class") or ""):
            text = node.attributes.get("datetime") or node.attributes.get("content") or ""
            if any(up.mem_id in near for up in _around(node)):
                return parse_moment(text)
    return None


def _authors(tree: LexborHTMLParser, title: LexborNode | None) -> tuple[str, ...]:
    """Who is marked as the author beside the headline."""
    near = {up.mem_id for up in _around(title)}
    for node in tree.css(_AUTHORS):
        text = text_of(node)
        around = list(_around(node))
        beside = any(up.mem_id in near for up in around) and not any(is_strange(up) for up in around)
        if beside and 0 < len(text) <= _LONGEST_NAME:
            return (byline(text) or text,)
    return ()


def _subtitle(head: Sequence[Line]) -> str | None:
    """The lines right below the headline, before any button, byline or stamp."""
    words = []
    for line in head:
        if line.kind in (Kind.BLANK, Kind.GAP):
            continue
        if line.kind is not Kind.TEXT or not is_headline(line.text):
            break
        words.append(line.text)
    return " ".join(words[:2]) or None


def _section(above: Sequence[Line]) -> str | None:
    """The section named right above the headline; several in a row are steps of a path, many of them a menu."""
    names = []
    for line in reversed(above):
        if line.kind in (Kind.BLANK, Kind.GAP, Kind.INTERFACE):
            continue
        if line.kind is not Kind.SECTION or line.bulleted:
            break
        names.append(line.text)
    return names[0] if 0 < len(names) < 3 else None
