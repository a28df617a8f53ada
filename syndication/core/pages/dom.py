"""The tree of an HTML page, and what its metadata say of the article.

It knows no families of pages (`html` does); the shape of the markup is judged before a tree is built.
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
from syndication.core.pages.lines import text_of
from syndication.core.shape import Unreadable, depth, is_plain

_UNREAD = ["script", "style", "noscript", "template", "iframe", "object", "embed", "svg", "select", "textarea"]
_MOST_TAGS = 100_000  # real newspaper pages stay under 10,000
_MOST_META = 300
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
    if not is_plain(text):
        depth(text)
        if text.count("<") > _MOST_TAGS:
            raise Unreadable(f"the markup has more than {_MOST_TAGS:,} tags")
    tree = LexborHTMLParser(text)
    said = _metadata(tree, url)
    tree.strip_tags(_UNREAD)
    return tree, said


# --- metadata --------------------------------------------------------------------------------


def _metadata(tree: LexborHTMLParser, url: str | None) -> Metadata:
    meta = _meta(tree)
    titles = [meta.get("og:title", ""), text_of(tree.css_first("title"))]
    data = next((d for d in _news_articles(tree) if _is_of_page(d, tree, titles)), {})
    base_tag = tree.css_first("base[href]")
    base = absolute(_attribute(base_tag, "href"), url) if base_tag else url
    own = _attribute(tree.css_first('link[rel="canonical"]'), "href") or meta.get("og:url", "")
    headline = one_line(unescape(_string(data.get("headline"))))
    published = _string(data.get("datePublished")) or meta.get("article:published_time", "")
    return Metadata(
        base=base,
        address=absolute(own, base) if own else None,
        titles=tuple(dict.fromkeys(one_line(t) for t in (headline, *titles) if t)),
        section=_string(data.get("articleSection")) or meta.get("article:section") or None,
        moment=parse_moment(published) if published else None,
        authors=tuple(_authors(data.get("author"))),
        body=_string(data.get("articleBody")) or None,
        site=meta.get("og:site_name") or None,
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


def _meta(tree: LexborHTMLParser) -> Mapping[str, str]:
    """The contents of the meta elements by their property or name, the first of each."""
    found: dict[str, str] = {}
    for node in tree.css("meta[content]")[:_MOST_META]:
        said = node.attributes
        name = said.get("property") or said.get("name")
        if name:
            found.setdefault(name, (said.get("content") or "").strip())
    return found


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
