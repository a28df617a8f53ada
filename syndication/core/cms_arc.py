"""The Content API of Arc XP, `/content/v4/search/published`, whose stories are ANS documents (dev.arcxp.com).

It reads stories alone: galleries and videos on their own are no Articles. Elements it does not know give no text.
"""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from syndication.core.cms import Listed, instant
from syndication.core.entries import Entry
from syndication.core.model import Image, Source
from syndication.core.objects import body, field, load, many, plain, words
from syndication.core.shape import Unreadable

_SIZE = 50
_PATH = "/content/v4/search/published"


class Arc:
    """Implements cms.Dialect. A Source's address is that of the API, `website` names the site; the key is a token."""

    def address(self, source: Source, page: int, key: str | None) -> str:
        asked = {
            "website": source.website or "",
            "q": "type:story",
            "sort": "last_updated_date:desc",
            "from": (page - 1) * _SIZE,
            "size": _SIZE,
        }
        base = source.location.partition("?")[0].rstrip("/")
        return f"{base.removesuffix(_PATH)}{_PATH}?{urlencode(asked)}"

    def authorization(self, key: str | None) -> str | None:
        return None if key is None else f"Bearer {key}"

    def read(self, body: bytes, content_type: str) -> Listed:
        answer = load(body, content_type)
        stories = field(answer, "content_elements")
        if not isinstance(stories, list):
            raise Unreadable(f"this is no list of Arc stories: {words(answer, 'message')[:200] or 'no message'}")
        return Listed(
            entries=[_entry(story) for story in stories],
            changed=[instant(plain(story, "last_updated_date")) for story in stories],
            more=len(stories) >= _SIZE,
        )


def _entry(story: Any) -> Entry | str:
    if not isinstance(story, dict):
        return "the story is no object"
    title = words(story, "headlines", "basic")
    if plain(story, "type") not in ("story", ""):
        return f"{title[:80]!r}: it is no story"
    site = plain(story, "canonical_website")
    sections = [words(section, "name") for section in many(story, "taxonomy", "sections")]
    main = words(story, "taxonomy", "primary_section", "name")
    return Entry(
        title=title,
        subtitle=words(story, "subheadlines", "basic"),
        html="".join(_told(story)),
        text=body(story, "description", "basic"),
        url=plain(story, "websites", site, "website_url")
        or plain(story, "website_url")
        or plain(story, "canonical_url"),
        guid=plain(story, "_id"),
        section=main or (sections[0] if sections else ""),
        tags=[words(tag, "text") for tag in many(story, "taxonomy", "tags")],
        bylines=[words(author, "name") for author in many(story, "credits", "by")],
        images=[_picture(field(story, "promo_items", "basic"))] if _has_picture(story) else [],
        published=plain(story, "first_publish_date") or plain(story, "display_date") or plain(story, "publish_date"),
        sponsored=plain(story, "subtype").lower() in ("sponsored", "advertorial")
        or field(story, "owner", "sponsored") is True,
    )


def _told(story: Any) -> Iterator[str]:
    for element in many(story, "content_elements"):
        match plain(element, "type"):
            case "text":
                yield f"<p>{body(element, 'content')}</p>"
            case "header":
                yield f"<h3>{body(element, 'content')}</h3>"
            case "quote":
                quoted = "".join(f"<p>{body(part, 'content')}</p>" for part in many(element, "content_elements"))
                yield f"<blockquote>{quoted}</blockquote>"
            case "list":
                items = "".join(f"<li>{body(item, 'content')}</li>" for item in many(element, "items"))
                yield f"<ul>{items}</ul>"
            case "image":
                picture = _picture(element)
                yield f'<img src="{html.escape(picture.url)}" alt="{html.escape(picture.alt)}">'


def _has_picture(story: Any) -> bool:
    return plain(story, "promo_items", "basic", "type") == "image"


def _picture(image: Any) -> Image:
    by = words(image, "credits", "by", 0, "name") or words(image, "credits", "affiliation", 0, "name")
    return Image(url=plain(image, "url"), alt=words(image, "alt_text") or words(image, "caption"), credit=by or None)
