"""JSON of strangers into plain values, and their values into clean words: bounded, lenient, never surprised by a type.

It gives no meaning to what the values say: `feeds_json`, `pushed` and the readers of CMSs do.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from syndication.core.charset import decode, mend
from syndication.core.flow import one_line
from syndication.core.markup import strip_tags
from syndication.core.shape import Unreadable

MAX_BYTES = 20_000_000
_MOST_PARTS = 2_000_000  # values and openings: each costs some fifty octets once it is read
_JSON_FEED = b"jsonfeed.org/version"


def looks_like_json(body: bytes) -> bool:
    """Whether the first sign is that of a JSON object."""
    return body[:100].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")


def looks_like_json_feed(body: bytes) -> bool:
    """Whether it is a JSON object that names the version of JSON Feed, wherever its writer put that."""
    return looks_like_json(body) and (_JSON_FEED in body or _JSON_FEED.replace(b"/", b"\\/") in body)


def load(body: bytes, content_type: str = "") -> Any:
    """What a JSON text says. Raises Unreadable, also for one that would fill the memory."""
    if len(body) > MAX_BYTES:
        raise Unreadable(f"the JSON is larger than {MAX_BYTES // 1_000_000} MB")
    if sum(map(body.count, (b",", b"[", b"{", b":"))) > _MOST_PARTS:
        raise Unreadable(f"the JSON holds more than {_MOST_PARTS:,} values")
    try:
        return json.loads(decode(body, content_type).lstrip("\ufeff"), strict=False)
    except (ValueError, RecursionError) as fault:
        raise Unreadable(f"it is not JSON: {str(fault)[:100]}") from None


def field(value: Any, *path: str | int) -> Any:
    """What stands at a path of names and positions; None where any of it is missing or of another kind."""
    for step in path:
        if isinstance(step, str) and isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(step, int) and isinstance(value, Sequence) and not isinstance(value, str):
            value = value[step] if -len(value) <= step < len(value) else None
        else:
            return None
    return value


def many(value: Any, *path: str | int) -> Sequence[Any]:
    """The list at a path; empty where there is none."""
    found = field(value, *path)
    return found if isinstance(found, list) else ()


def words(value: Any, *path: str | int) -> str:
    """The text at a path on one line, repaired and without markup; a number as its digits; else empty."""
    found = field(value, *path)
    if isinstance(found, int | float) and not isinstance(found, bool):
        return str(found)[:100]
    return strip_tags(mend(found)) if isinstance(found, str) else ""


def plain(value: Any, *path: str | int) -> str:
    """The text at a path on one line as it stands: addresses, ids and dates; a whole number as its digits."""
    found = field(value, *path)
    if isinstance(found, int) and not isinstance(found, bool):
        return str(found)[:100]
    return one_line(found) if isinstance(found, str) else ""


def body(value: Any, *path: str | int) -> str:
    """The text at a path with its line breaks and markup; empty where there is none."""
    found = field(value, *path)
    return mend(found) if isinstance(found, str) else ""
