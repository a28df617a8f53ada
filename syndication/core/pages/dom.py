"""The tree of an HTML page as lines of text, and what its metadata say of the article.

It knows elements, no families of pages (`page_html` does); the shape of the markup is judged before a tree is built.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import unescape

from selectolax.lexbor import LexborHTMLParser, LexborNode

from syndication.core.dates import Moment, parse_moment
from syndication.core.flow import one_line
from syndication.core.identity import normal_title
from syndication.core.markup import absolute
from syndication.core.shape import depth, names

_UNREAD = ["script", "style", "noscript", "template", "iframe", "object", "embed", "svg", "select", "textarea"]
_BLOCKS = names(
    "address article aside blockquote body center dd details div dl dt fieldset figcaption figure footer form "
    "h1 h2 h3 h4 h5 h6 header hr html main nav ol p pre section summary table tbody tfoot thead ul"
)
_LINES = names("li tr option caption")
_CELLS = names("td th")
_HTML_BLANKS = re.compile(r"[ \t\r\n\f]+")  # U+00A0 is none: a paragraph of it is an empty one
_NOTHING: Mapping[int, str] = {}
_MOST_DATA = 200_000  # characters of one JSON-LD script
_SITE_PARTS = re.compile(r"\s+[|\-–—<>:：]{1,2}\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What a page's head says. None of it proves that the page is an article."""

    base: str | None = None  # against which addresses are resolved
    address: str | None = None  # what the page calls its own
    titles: tuple[str, ...] = ()
    section: str | None = None
    moment: Moment | None = None
    authors: tuple[str, ...] = ()
    body: str | None = None  # articleBody of JSON-LD
    site: str | None = None  # the name of the paper
    article: bool = False  # JSON-LD calls it an article


def parse(text: str, url: str | None) -> tuple[LexborHTMLParser, Metadata]:
    """The tree of a page without scripts and the like, and its metadata. Raises Unreadable."""
    depth(text)
    tree = LexborHTMLParser(text)
    said = _metadata(tree, url)
    tree.strip_tags(_UNREAD)
    return tree, said


# --- lines -----------------------------------------------------------------------------------


def lines_of(root: LexborNode, *, instead: Mapping[int, str] = _NOTHING) -> list[str]:
    """The text of a tree as a browser would break it into lines.

    Blocks stand between empty lines, list items begin with a bullet. `instead` of an element (by node id) stands the
    text that is given for it."""
    out: list[str] = []
    for piece in _pieces(root, instead):
        if piece == "\n\n":
            while out and out[-1].strip(" \n") == "":
                out.pop()
        out.append(piece)
    return "".join(out).split("\n")


def _pieces(root: LexborNode, instead: Mapping[int, str]) -> Iterator[str]:
    todo: list[tuple[LexborNode, bool]] = [(root, False)]
    preformatted = 0
    while todo:
        node, closing = todo.pop()
        tag = node.tag or ""
        if tag == "-text":
            text = node.text_content or ""
            yield text if preformatted else _HTML_BLANKS.sub(" ", text)
            continue
        if not closing and node.mem_id in instead:
            yield instead[node.mem_id]
            continue
        preformatted += (-1 if closing else 1) if tag == "pre" else 0
        yield from _break(tag, closing=closing)
        if closing:
            continue
        todo.append((node, True))
        todo.extend((child, False) for child in reversed(list(node.iter(include_text=True))))


def _break(tag: str, *, closing: bool) -> Iterator[str]:
    if tag in _BLOCKS:
        yield "\n\n"
    elif tag in _LINES:
        yield "\n" if closing or tag != "li" else "\n  • "
    elif tag in _CELLS:
        yield " "
    elif tag == "br" and not closing:
        yield "\n"


def text_of(node: LexborNode | None) -> str:
    """The words of an element on one line, words of neighbouring elements parted."""
    return one_line(" ".join(lines_of(node)).replace("•", " ")) if node is not None else ""


# --- metadata --------------------------------------------------------------------------------


def _metadata(tree: LexborHTMLParser, url: str | None) -> Metadata:
    titles = [_meta(tree, "og:title"), text_of(tree.css_first("title"))]
    data = next((d for d in _news_articles(tree) if _is_of_page(d, tree, titles)), {})
    base_tag = tree.css_first("base[href]")
    base = absolute(_attribute(base_tag, "href"), url) if base_tag else url
    link = tree.css_first('link[rel="canonical"]')
    own = _attribute(link, "href") or _meta(tree, "og:url")
    headline = one_line(unescape(_string(data.get("headline"))))
    published = _string(data.get("datePublished")) or _meta(tree, "article:published_time")
    return Metadata(
        base=base,
        address=absolute(own, base) if own else None,
        titles=tuple(dict.fromkeys(one_line(t) for t in (headline, *titles) if t)),
        section=_string(data.get("articleSection")) or _meta(tree, "article:section") or None,
        moment=parse_moment(published) if published else None,
        authors=tuple(_authors(data.get("author"))),
        body=_string(data.get("articleBody")) or None,
        site=_meta(tree, "og:site_name") or None,
        article=bool(data),
    )


def _is_of_page(data: dict[str, object], tree: LexborHTMLParser, titles: Sequence[str]) -> bool:
    """Whether JSON-LD speaks of this page's article: no other headline is printed or named here."""
    name = normal_title(unescape(_string(data.get("headline"))))
    named = [normal_title(t) for t in (*titles, *(text_of(h) for h in tree.css("h1, h2, h3")[:60])) if t]
    if not name or not named:
        return True
    return any(n.startswith(name) or name.startswith(n) for n in named if len(n) > 1)


def without_site(title: str) -> str:
    """A page's title without the site's name behind it."""
    return _SITE_PARTS.split(title)[0].strip() or title


def _attribute(node: LexborNode | None, name: str) -> str:
    return (node.attributes.get(name) or "").strip() if node is not None else ""


def _meta(tree: LexborHTMLParser, name: str) -> str:
    node = tree.css_first(f'meta[property="{name}"]') or tree.css_first(f'meta[name="{name}"]')
    return _attribute(node, "content")


def _news_articles(tree: LexborHTMLParser) -> Iterator[dict[str, object]]:
    """The objects of type NewsArticle (or another article) in JSON-LD, wherever they are nested."""
    for script in tree.css('script[type="application/ld+json"]')[:20]:
        text = script.text_content or script.text()
        try:
            todo = [json.loads(text)] if len(text) <= _MOST_DATA else []
        except (ValueError, RecursionError):
            continue
        while todo:
            value = todo.pop(0)
            if isinstance(value, list):
                todo += value[:100]
            elif isinstance(value, dict):
                kinds = value.get("@type")
                if any(str(k).endswith("Article") for k in (kinds if isinstance(kinds, list) else [kinds])):
                    yield value
                todo += [value[key] for key in ("@graph", "mainEntity") if key in value]


def _string(value: object) -> str:
    first = value[0] if isinstance(value, list) and value else value
    return first.strip() if isinstance(first, str) else ""


def _authors(value: object) -> Iterator[str]:
    for one in value if isinstance(value, list) else [value]:
        name = one.get("name") if isinstance(one, dict) else one
        if isinstance(name, str) and name.strip():
            yield one_line(name)
