"""The REST API of WordPress, `/wp-json/wp/v2/posts` (developer.wordpress.org/rest-api/reference/posts).

It asks for published posts alone and reads none that is behind a password.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from syndication.core.cms import Listed, instant
from syndication.core.entries import Entry
from syndication.core.model import Image, Source
from syndication.core.objects import body, field, load, many, plain, words
from syndication.core.shape import Unreadable

_SIZE = 50
_EMBED = "author,wp:term,wp:featuredmedia"
_PATH = "/wp-json/wp/v2/posts"


class WordPress:
    """Implements cms.Dialect. A Source's address is the site's, or that of any route of its kind of posts."""

    def address(self, source: Source, page: int, key: str | None) -> str:
        asked = {"per_page": _SIZE, "page": page, "orderby": "modified", "order": "desc", "_embed": _EMBED}
        base, _, query = source.location.partition("?")
        route = base.rstrip("/") if "/wp-json/" in base else base.rstrip("/") + _PATH
        return f"{route}?{query + '&' if query else ''}{urlencode(asked)}"

    def authorization(self, key: str | None) -> str | None:
        """`key` is a user's name, a colon and an application password."""
        return None if key is None else "Basic " + base64.b64encode(key.encode()).decode("ascii")

    def read(self, body: bytes, content_type: str) -> Listed:
        posts = load(body, content_type)
        if not isinstance(posts, list):
            raise Unreadable(f"this is no list of WordPress posts: {words(posts, 'message')[:200] or 'no message'}")
        return Listed(
            entries=[_entry(post) for post in posts],
            changed=[_changed(post) for post in posts],
            more=len(posts) >= _SIZE,
        )


def _changed(post: Any) -> Any:
    return instant(_utc(plain(post, "modified_gmt"))) or instant(plain(post, "modified"))


def _utc(text: str) -> str:
    """Dates ending in _gmt bear no zone; zeros stand for none."""
    return "" if not text or text.startswith("0000") else text.removesuffix("Z") + "Z"


def _entry(post: Any) -> Entry | str:
    title = words(post, "title", "rendered")
    if not isinstance(post, dict):
        return "the post is no object"
    if plain(post, "status") not in ("publish", ""):
        return f"{title[:80]!r}: it is not published"
    if field(post, "content", "protected") is True:
        return f"{title[:80]!r}: it is behind a password"
    terms = list(_terms(post))
    sections = [name for kind, name in terms if kind == "category"]
    return Entry(
        title=title,
        html=body(post, "content", "rendered") or body(post, "excerpt", "rendered"),
        url=plain(post, "link"),
        guid=plain(post, "guid", "rendered") or plain(post, "id"),
        section=sections[0] if sections else "",
        tags=[*sections[1:], *(name for kind, name in terms if kind == "post_tag")],
        bylines=[words(author, "name") for author in many(post, "_embedded", "author")],
        images=[_picture(media) for media in many(post, "_embedded", "wp:featuredmedia")],
        published=_utc(plain(post, "date_gmt")) or plain(post, "date"),
    )


def _terms(post: Any) -> Iterator[tuple[str, str]]:
    for group in many(post, "_embedded", "wp:term"):
        for term in group if isinstance(group, list) else ():
            yield plain(term, "taxonomy"), words(term, "name")


def _picture(media: Any) -> Image:
    return Image(
        url=plain(media, "source_url"),
        alt=words(media, "alt_text"),
        credit=words(media, "caption", "rendered") or None,
    )
