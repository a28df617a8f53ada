"""JSON Feed 1.0 and 1.1 read into Articles (jsonfeed.org/version/1.1).

It follows no `next_url`: what is older than the first page was there before, or is asked for by nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from syndication.core import entries
from syndication.core.drafts import Draft, ids
from syndication.core.entries import Entry
from syndication.core.model import Image, Reading, SetAside
from syndication.core.objects import body, field, load, many, plain, words
from syndication.core.shape import Unreadable

MAX_ITEMS = 20_000


def read_json_feed(body_: bytes, *, url: str | None, content_type: str, outlet: str) -> Reading:
    """What a JSON Feed says. One bad item is set aside with its reason, the others stay."""
    try:
        feed = load(body_, content_type)
    except Unreadable as fault:
        return Reading(set_aside=(SetAside(what="feed", reason=str(fault)),))
    if not isinstance(field(feed, "items"), list):
        return Reading(set_aside=(SetAside(what="feed", reason="the JSON Feed holds no list of items"),))
    items = many(feed, "items")
    said = ["the feed holds no items"] if not items else []
    said += [f"only the first {MAX_ITEMS:,} items were read"] if len(items) > MAX_ITEMS else []
    return entries.reading(_entries(feed), outlet=outlet, base=_base(feed, url), warnings=said)


def known_as(body_: bytes, *, url: str | None, content_type: str, outlet: str) -> Mapping[str, str]:
    """Under which id feed readers know each item, by the identity of its Article, in the feed's order."""
    try:
        feed = load(body_, content_type)
    except Unreadable:
        return {}
    made = (entries.draft(entry, _base(feed, url)) for entry in _entries(feed) if isinstance(entry, Entry))
    return ids([one for one in made if isinstance(one, Draft)], outlet)


def _base(feed: Any, url: str | None) -> str | None:
    return plain(feed, "home_page_url") or url


def _entries(feed: Any) -> Iterator[Entry | str]:
    for item in many(feed, "items")[:MAX_ITEMS]:
        yield _entry(item) if isinstance(item, dict) else "the item is no object"


def _entry(item: Mapping[str, Any]) -> Entry:
    tags = [words(tag) for tag in many(item, "tags")]
    authors = [*many(item, "authors"), *([item["author"]] if "author" in item else [])]
    return Entry(
        title=words(item, "title"),
        html=body(item, "content_html"),
        text=body(item, "content_text") or body(item, "summary"),
        url=plain(item, "url") or plain(item, "external_url"),
        guid=plain(item, "id"),
        section=tags[0] if tags else "",
        tags=tags[1:],
        bylines=[words(author, "name") for author in authors],
        images=[Image(url=address) for address in _pictures(item)],
        published=plain(item, "date_published") or plain(item, "date_modified"),
        sponsored=field(item, "_sponsored") is True,
    )


def _pictures(item: Mapping[str, Any]) -> Iterator[str]:
    for name in ("image", "banner_image"):
        if plain(item, name):
            yield plain(item, name)
    for attachment in many(item, "attachments"):
        if plain(attachment, "mime_type").startswith("image/") and plain(attachment, "url"):
            yield plain(attachment, "url")
