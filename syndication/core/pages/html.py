"""Reads a newspaper page given as HTML, by its family: where it keeps an article's body, never by whose page it is.

Pages of families it does not know are read as the text that a browser would show.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from selectolax.lexbor import LexborHTMLParser, LexborNode

from syndication.core.bylines import byline, once, signed
from syndication.core.dates import Moment
from syndication.core.flow import one_line
from syndication.core.markup import absolute
from syndication.core.model import Image
from syndication.core.pages.dom import Metadata, lines_of, parse, text_of, without_site
from syndication.core.pages.links import linked_teasers
from syndication.core.pages.prose import Block, is_headline, paragraphs, same
from syndication.core.pages.story import Story
from syndication.core.pages.text import PageText, date_line_of, headed, items_of, read_text, readable, weather_of
from syndication.core.pages.words import LATE, Kind, Line, line_of
from syndication.core.widget import tables

# Where families keep the body: MediaOn; NDsoft; boards of the gnuboard kind; whoever marks it up by schema.org.
_BODIES = ("#news_body_area", "#article-view-content-div", "#bo_v_con", '[itemprop="articleBody"]')
_DATE_LINES = ".today_txt"
_LISTS = ".today_txt, .weather_box, li.art_box, li.altlist-text-item"  # without a body such a page is a list
_TITLE_PART, _SECTION_PART = ".bo_v_tit", ".bo_v_cate"  # of a headline of the gnuboard kind
_BODY_MARK = "\ue000"  # a private sign, in no text that was cleaned
_NOT_BODY = "figcaption, .photo_caption, .caption, aside, nav, button, form"
_FEW_LINKS = 3  # a page without a body that links to this many articles is a list


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkupPage:
    """A page read, and what only its markup could say of its article."""

    text: PageText
    address: str | None = None  # what the page calls its own address
    images: tuple[Image, ...] = ()
    lasting: bool = False  # an article's own page: its address names it for ever


def read_html(text: str, url: str | None) -> MarkupPage:
    """What an HTML page says. Raises Unreadable for markup that is too deep or too large."""
    tree, said = parse(text, url)
    body = _body(tree)
    within = {body.mem_id} if body is not None else set()
    own = (said.address or url) if body is not None else None
    teasers = linked_teasers(tree, base=said.base, own=own, body=body)
    if body is None and len(teasers) < _FEW_LINKS and tree.css_first(_LISTS) is None:
        return _unknown(tree, said)
    raw = readable(lines_of(_root(tree), stop=within, mark=_BODY_MARK))
    weather = weather_of(raw)
    lines = headed([line_of(r) if n not in weather.lines else Line(kind=Kind.CREDIT) for n, r in enumerate(raw)])
    on, warnings = _date_line(tree, lines)
    images = _images(body, said.base) if body is not None else ()
    for node in body.css(_NOT_BODY) if body is not None else ():
        node.decompose()
    story = _story(tree, said, body, lines) if body is not None else None
    page = PageText(
        date_line=on,
        attribution=weather.attribution,
        observations=weather.observations,
        story=story,
        teasers=tuple(t for t in teasers if story is None or t.title is None or t.title != story.title),
        warnings=(*weather.warnings, *warnings, *(_empty(body, story))),
    )
    return MarkupPage(text=page, address=said.address, images=images if story else (), lasting=story is not None)


def _root(tree: LexborHTMLParser) -> LexborNode:
    root = tree.body or tree.root
    assert root is not None  # the parser makes a document of whatever it gets
    return root


def _body(tree: LexborHTMLParser) -> LexborNode | None:
    for selector in _BODIES:
        found = tree.css_first(selector)
        if found is not None:
            return found
    return None


def _empty(body: LexborNode | None, story: Story | None) -> tuple[str, ...]:
    return ("the page's article has no text",) if body is not None and story is None else ()


def _date_line(tree: LexborHTMLParser, lines: Sequence[Line]) -> tuple[date | None, tuple[str, ...]]:
    """The page's own date where its family prints it; else a date with its weekday above the article."""
    own = tree.css_first(_DATE_LINES)
    if own is not None:
        return date_line_of([line_of(text_of(own))])
    # a line of text ahead: dates without a weekday are those of stories in lists
    return date_line_of([Line(kind=Kind.TEXT), *lines[: _body_at(lines)]])


def _body_at(lines: Sequence[Line]) -> int:
    return next((n for n, line in enumerate(lines) if line.text == _BODY_MARK), len(lines))


# --- the article of a known family -----------------------------------------------------------


def _story(tree: LexborHTMLParser, said: Metadata, body: LexborNode, lines: Sequence[Line]) -> Story | None:
    text = body_text(readable(lines_of(body)))
    title = _title(tree, said, body, lines)
    above = lines[: _body_at(lines)]
    at = max((n for n, line in enumerate(above) if title and same(line.text, title)), default=None)
    head = above[at + 1 :] if at is not None else []
    if not text.paragraphs:
        return None
    stamps = sorted((x for x in head if x.kind is Kind.STAMP), key=lambda x: x.label in LATE)
    names = [x.text if x.kind is Kind.STAMP else byline(x.text) for x in head if x.kind in (Kind.STAMP, Kind.BYLINE)]
    return Story(
        title=title,
        subtitle=_subtitle(head),
        section=said.section
        or text_of(tree.css_first(_SECTION_PART))
        or (_section(above[:at]) if at is not None else None),
        paragraphs=text.paragraphs,
        bylines=once(n for n in (*names, *text.bylines) if n) or said.authors,
        moment=said.moment or (stamps[0].moment if stamps else text.moment),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyText:
    """An article's body without what is no text of it."""

    paragraphs: tuple[str, ...]
    bylines: tuple[str, ...]
    moment: Moment | None


def body_text(raw: Sequence[str]) -> BodyText:
    """The paragraphs of a body given as lines: without buttons, weather tables, bylines and what follows its end."""
    taken = {n for table in tables(raw) for n in table.lines}
    lines = [_as_text(line_of(r)) for n, r in enumerate(raw) if n not in taken]
    blocks: list[Block] = []
    beside: list[Line] = []
    for item in items_of(lines):
        if isinstance(item, Block):
            blocks.append(item)
        elif item.kind in (Kind.FOOTER, Kind.LIST):
            break
        else:
            beside.append(item)
    text = signed(paragraphs(blocks))
    names = [byline(x.text) for x in beside if x.kind is Kind.BYLINE]
    stamps = [x.moment for x in beside if x.kind is Kind.STAMP and x.label not in LATE]
    return BodyText(
        paragraphs=text.paragraphs,
        bylines=once(n for n in (*names, *text.bylines) if n),
        moment=stamps[0] if stamps else None,
    )


def _as_text(line: Line) -> Line:
    """A line of a body: a section's name or a date in it is its own word."""
    return replace(line, kind=Kind.TEXT) if line.kind in (Kind.SECTION, Kind.DATE) else line


def _title(tree: LexborHTMLParser, said: Metadata, body: LexborNode, lines: Sequence[Line]) -> str | None:
    """The headline: the heading above the body that the metadata name, else what they name if it is printed there,
    else the nearest heading of the first or second order. The site's own name is none."""
    headings = _headings_above(tree, body)
    named = [t for title in said.titles for t in (title, without_site(title))]
    for heading in reversed(headings):
        if any(same(heading, t) or t.startswith(heading + " ") for t in named):
            return heading
    printed = [line.text for line in lines[: _body_at(lines)]]
    for t in named:
        if any(same(t, p) for p in printed):
            return t
    return headings[-1] if headings else (named[-1] if named else None)


def _headings_above(tree: LexborHTMLParser, body: LexborNode) -> list[str]:
    """The headings before the body in the order of the page; lower ones only where no higher one is."""
    found: list[tuple[str, str]] = []
    for node in tree.css(
        "h1, h2, h3, h4, #news_body_area, #article-view-content-div, #bo_v_con, [itemprop=articleBody]"
    ):
        if node.mem_id == body.mem_id:
            break
        if (node.tag or "").startswith("h") and (text := text_of(node.css_first(_TITLE_PART) or node)):
            found.append((node.tag or "", text))
    high = [text for tag, text in found if tag in ("h1", "h2")]
    return high or [text for _, text in found]


def _subtitle(head: Sequence[Line]) -> str | None:
    """The lines right below the headline, before any button, byline or stamp."""
    words = []
    for line in head:
        if line.kind in (Kind.BLANK, Kind.GAP):
            continue
        if line.kind is not Kind.TEXT or line.text == _BODY_MARK or not is_headline(line.text):
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


def _images(body: LexborNode, base: str | None) -> tuple[Image, ...]:
    found: dict[str, Image] = {}
    for node in body.css("img[src]"):
        url = absolute(node.attributes.get("src") or "", base)
        if url:
            found.setdefault(url, Image(url=url, alt=one_line(node.attributes.get("alt") or "")))
    return tuple(found.values())


# --- pages of other families -----------------------------------------------------------------


def _unknown(tree: LexborHTMLParser, said: Metadata) -> MarkupPage:
    """A page of a family nobody knows: the text that a browser would show, below its headline where one is named."""
    raw = lines_of(_root(tree))
    whole = read_text("\n".join(raw))
    title = next((t for s in said.titles for t in (s, without_site(s)) if any(same(t, r) for r in raw)), None)
    if title is None:
        return MarkupPage(text=whole, address=said.address)
    at = max(n for n, line in enumerate(raw) if same(line, title))
    below = read_text("\n".join(("2000.01.01 (토)", "", *raw[at:])))
    story = below.story and replace(
        below.story,
        moment=said.moment or below.story.moment,
        section=said.section or (whole.story and whole.story.section) or below.story.section,
        bylines=below.story.bylines or said.authors,
    )
    return MarkupPage(text=replace(whole, story=story, teasers=below.teasers), address=said.address)
