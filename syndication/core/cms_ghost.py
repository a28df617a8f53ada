"""The Content API of Ghost, `/ghost/api/content/posts/` (docs.ghost.org/content-api).

It reads posts for everybody alone: what is for members does not leave the site through us.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from syndication.core.cms import Listed, instant
from syndication.core.entries import Entry
from syndication.core.model import Image, Source
from syndication.core.objects import body, field, load, many, plain, words
from syndication.core.shape import Unreadable

_SIZE = 50
_PATH = "/ghost/api/content/posts/"


class Ghost:
    """Implements cms.Dialect. A Source's address is the site's; the key is that of a custom integration."""

    def address(self, source: Source, page: int, key: str | None) -> str:
        asked = {
            "key": key or "",
            "limit": _SIZE,
            "page": page,
            "order": "updated_at desc",
            "include": "authors,tags",
            "formats": "html,plaintext",
        }
        base = source.location.partition("?")[0].rstrip("/")
        return f"{base.removesuffix(_PATH.rstrip('/'))}{_PATH}?{urlencode(asked)}"

    def authorization(self, key: str | None) -> str | None:
        """None: the key stands in the address, as Ghost asks."""
        return None

    def read(self, body: bytes, content_type: str) -> Listed:
        answer = load(body, content_type)
        posts = field(answer, "posts")
        if not isinstance(posts, list):
            said = words(answer, "errors", 0, "message") or "no message"
            raise Unreadable(f"this is no list of Ghost posts: {said[:200]}")
        following = field(answer, "meta", "pagination", "next")
        return Listed(
            entries=[_entry(post) for post in posts],
            changed=[instant(plain(post, "updated_at")) for post in posts],
            more=isinstance(following, int) if "meta" in answer else len(posts) >= _SIZE,
        )


def _entry(post: Any) -> Entry | str:
    if not isinstance(post, dict):
        return "the post is no object"
    title = words(post, "title")
    if plain(post, "visibility") not in ("public", "") or field(post, "access") is False:
        return f"{title[:80]!r}: it is for members"
    tags = [words(tag, "name") for tag in many(post, "tags") if plain(tag, "visibility") in ("public", "")]
    return Entry(
        title=title,
        subtitle=words(post, "custom_excerpt"),
        html=body(post, "html"),
        text=body(post, "plaintext"),
        url=plain(post, "url"),
        guid=plain(post, "id"),  # as Ghost's own feed has it
        section=tags[0] if tags else "",
        tags=tags[1:],
        bylines=[words(author, "name") for author in many(post, "authors")],
        images=[_picture(post)] if plain(post, "feature_image") else [],
        published=plain(post, "published_at"),
    )


def _picture(post: Any) -> Image:
    return Image(
        url=plain(post, "feature_image"),
        alt=words(post, "feature_image_alt"),
        credit=words(post, "feature_image_caption") or None,
    )
