"""Reads a newspaper page given as HTML, by its family: where it keeps an article's body, never by whose page it is.

On pages of families it does not know the body is where nearly all prose stands; pages without any are read as the text
that a browser would show.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from selectolax.lexbor import LexborHTMLParser, LexborNode

from syndication.core.bylines import once
from syndication.core.flow import one_line, plain_paragraphs
from syndication.core.markup import absolute
from syndication.core.model import Image, Teaser
from syndication.core.pages.around import left_out
from syndication.core.pages.body import BodyText, body_lines, body_text, opening
from syndication.core.pages.dom import Metadata, parse, without_site
from syndication.core.pages.head import Head, Headline, head_of, headline, named_heading
from syndication.core.pages.lines import lines_around, lines_of, lines_without, text_of
from syndication.core.pages.links import linked_teasers
from syndication.core.pages.prose import is_cut, same
from syndication.core.pages.story import Story
from syndication.core.pages.text import PageText, date_line_of, headed, read_text, readable, weather_of
from syndication.core.pages.weights import Weight, densest, weighed
from syndication.core.pages.words import Kind, Line, is_error, line_of

# Where families keep the body: MediaOn; NDsoft, also its older pages; boards of the gnuboard kind, also older ones;
# whoever marks it up by schema.org; WordPress and its like.
_BODIES = (
    "#news_body_area",
    "#article-view-content-div",
    "#bo_v_con",
    "#writeContents",
    '[itemprop~="articleBody"]',
    ".hentry .entry-content, article .entry-content",
)
_DATE_LINES = ".today_txt"
_LISTS = ".today_txt, .weather_box, li.art_box, li.altlist-text-item"  # without a body such a page is a list
_BODY_MARK = "\ue000"  # a private sign, in no text that was cleaned
_FEW_LINKS = 3  # a page without a body that links to this many articles is a list
_ENOUGH = 80  # characters of a body that needs no other sign to be believed
_LINKED = 0.3


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
    known = _body(tree)
    if known is not None:
        return _with_story(tree, said, url, known, _read(tree, said, known, guess=False))
    teasers = linked_teasers(tree, base=said.base, own=None, body=None)
    if tree.css_first(_LISTS) is not None:
        return _listing(tree, said, teasers)
    root = _root(tree)
    readable(lines_of(root))
    weights = weighed(root, behind=named_heading(tree, said))
    likely = densest(root, weights)
    if likely is not None and not likely.listing:
        found = _read(tree, said, likely.node, guess=True)
        if _is_believed(found):
            return _with_story(tree, said, url, likely.node, found)
        if _is_service(found):
            return _listing(tree, said, teasers)
    if len(teasers) >= _FEW_LINKS or (likely is not None and likely.listing) or _is_linked(weights[root.mem_id]):
        return _listing(tree, said, teasers)
    return _unknown(tree, said)


def _is_linked(page: Weight) -> bool:
    """Whether a page is full of links, as none is that was made from text."""
    return page.headed >= _FEW_LINKS or page.linked > _LINKED * page.text


def _root(tree: LexborHTMLParser) -> LexborNode:
    root = tree.body or tree.root
    assert root is not None  # the parser makes a document of whatever it gets
    return root


def _body(tree: LexborHTMLParser) -> LexborNode | None:
    """The body of a page of a known family; of several there is none: the page is a list."""
    for selector in _BODIES:
        found = tree.css(selector)
        if found and (selector.startswith("#") or len(found) == 1):
            return found[0]
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Around:
    """What a page says beside its article: the lines above it, its date and weather."""

    above: list[Line]
    text: PageText


def _surroundings(tree: LexborHTMLParser, body: LexborNode | None) -> _Around:
    root = _root(tree)
    ahead, behind = lines_around(root, body) if body is not None else (lines_of(root), [])
    raw = readable([*ahead, "", _BODY_MARK, "", *behind])
    weather = weather_of(raw)
    taken = set(weather.lines)
    count = len(ahead)
    lines = [line_of(r) if n not in taken else Line(kind=Kind.CREDIT) for n, r in enumerate(raw[:count])]
    lines = headed(lines)
    on, warnings = _date_line(tree, lines)
    said = PageText(
        date_line=on,
        attribution=weather.attribution,
        observations=weather.observations,
        warnings=(*weather.warnings, *warnings),
    )
    return _Around(above=lines, text=said)


def _listing(tree: LexborHTMLParser, said: Metadata, teasers: tuple[Teaser, ...]) -> MarkupPage:
    """A page that is no article: its teasers and its weather."""
    return MarkupPage(text=replace(_surroundings(tree, None).text, teasers=teasers), address=said.address)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Article:
    """What an element that may hold an article says, and what stands beside it."""

    around: PageText
    title: Headline
    head: Head
    text: BodyText
    guess: bool


def _read(tree: LexborHTMLParser, said: Metadata, body: LexborNode, *, guess: bool) -> _Article:
    """`guess`: the body is a likely one, and a headline may be any line above it."""
    around = _surroundings(tree, body)
    strange = left_out(body)
    lines = body_lines(readable(lines_without(body, strange) if strange else lines_of(body)))
    title = headline(tree, said, body, around.above, opening(lines), guess=guess)
    within = guess or (title.node is not None and any(n.mem_id == title.node.mem_id for n in body.css("h1, h2, h3")))
    text = body_text(lines, title.text, within=within)
    head = head_of(tree, said, title, around.above, text.head)
    return _Article(around=around.text, title=title, head=head, text=text, guess=guess)


def _with_story(
    tree: LexborHTMLParser, said: Metadata, url: str | None, body: LexborNode, found: _Article
) -> MarkupPage:
    """A page whose article stands in `body`."""
    teasers = linked_teasers(tree, base=said.base, own=said.address or url, body=body)
    story = _story(said, found.head, found.text)
    page = replace(
        found.around,
        story=story,
        teasers=tuple(t for t in teasers if story is None or t.title is None or t.title != story.title),
        warnings=found.around.warnings if story else (*found.around.warnings, "the page's article has no text"),
    )
    images = _images(body, said.base) if story else ()
    lasting = story is not None and (not found.guess or found.head.own)
    return MarkupPage(text=page, address=said.address, images=images, lasting=lasting)


def _story(said: Metadata, head: Head, text: BodyText) -> Story | None:
    if not text.paragraphs:
        return None
    return Story(
        title=head.title,
        subtitle=head.subtitle,
        section=head.section,
        paragraphs=text.paragraphs,
        bylines=once((*head.bylines, *text.bylines)) or said.authors,
        moment=head.moment or text.moment,
    )


def _is_service(found: _Article) -> bool:
    """Whether a page that looks like an article is one of the site's own: an error, a form, a policy."""
    title, text = found.title.text, " ".join(found.text.paragraphs)
    if title is not None and (is_error(title) or line_of(title).kind is Kind.INTERFACE):
        return True
    return len(text) < _ENOUGH and is_error(text)


def _is_believed(found: _Article) -> bool:
    """Whether a likely body is an article: it has a headline, and a date, a name or length."""
    size = sum(map(len, found.text.paragraphs))
    if not size or found.title.text is None or _is_service(found):
        return False
    return found.head.own or found.text.moment is not None or bool(found.text.bylines) or size >= _ENOUGH


def _date_line(tree: LexborHTMLParser, lines: Sequence[Line]) -> tuple[date | None, tuple[str, ...]]:
    own = tree.css_first(_DATE_LINES)
    if own is not None:
        return date_line_of([line_of(text_of(own))])
    # a line of text ahead: dates without a weekday are those of stories in lists
    return date_line_of([Line(kind=Kind.TEXT), *lines])


def _images(body: LexborNode, base: str | None) -> tuple[Image, ...]:
    found: dict[str, Image] = {}
    for node in body.css("img[src]"):
        url = absolute(node.attributes.get("src") or "", base)
        if url:
            found.setdefault(url, Image(url=url, alt=one_line(node.attributes.get("alt") or "")))
    return tuple(found.values())


# --- pages without an element that holds the article -----------------------------------------


def _unknown(tree: LexborHTMLParser, said: Metadata) -> MarkupPage:
    """A page as a browser would show it, below its headline where one is named; else what its metadata hold."""
    raw = lines_of(_root(tree))
    whole = read_text("\n".join(raw))
    title = next((t for s in said.titles for t in (s, without_site(s)) if any(same(t, r) for r in raw)), None)
    if title is not None and not is_error(title):
        at = max(n for n, line in enumerate(raw) if same(line, title))
        below = read_text("\n".join(("2000.01.01 (토)", "", *raw[at:])))
        story = below.story and replace(
            below.story,
            moment=said.moment or below.story.moment,
            section=said.section or (whole.story and whole.story.section) or below.story.section,
            bylines=below.story.bylines or said.authors,
        )
        whole = replace(whole, story=story, teasers=below.teasers)
    if whole.story is not None and not _is_told(whole, whole.story):
        whole = replace(whole, story=None, teasers=())
    if whole.story is None and said.body:
        whole = replace(whole, story=_told_by_metadata(said))
    return MarkupPage(text=whole, address=said.address)


def _is_told(page: PageText, story: Story) -> bool:
    """Whether something beside prose says that a text is an article: a newspaper's date or weather, a stamp, a name."""
    newspaper = page.date_line is not None or bool(page.observations)
    return newspaper or story.moment is not None or bool(story.bylines)


def _told_by_metadata(said: Metadata) -> Story | None:
    """The article that metadata carry whole, on pages that scripts fill; a cut one is none."""
    paragraphs = plain_paragraphs(said.body or "")
    if not said.titles or not paragraphs or is_cut(paragraphs[-1]):
        return None
    return Story(
        title=without_site(said.titles[0]),
        section=said.section,
        paragraphs=paragraphs,
        bylines=said.authors,
        moment=said.moment,
    )
