"""Feeds, pages and dropped files into what they say: Articles with their identities, teasers, weather, and what was
set aside and why.

It fetches nothing and knows no clock; feeds are read by `feeds`, pages by `pages`, files by `dropped`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from syndication.core.charset import spoilt
from syndication.core.dropped import read_dropped as read_file
from syndication.core.feeds import read_feed
from syndication.core.feeds_json import read_json_feed
from syndication.core.identity import canonical_url, content_hash, identity
from syndication.core.model import Found, Reading, SetAside
from syndication.core.objects import looks_like_json_feed
from syndication.core.sniff import foreign, looks_like_feed

__all__ = [
    "canonical_url",
    "content_hash",
    "identity",
    "legible",
    "plausible",
    "read_dropped",
    "read_feed",
    "read_input",
]

MAX_PAGE = 3_000_000  # bytes: the largest real pages stay under 1 MB
_AHEAD = timedelta(days=1)  # a date further ahead than this is a slip


def read_input(
    body: bytes, *, url: str | None, content_type: str, outlet: str, first_seen: datetime | None = None
) -> Reading:
    """What a feed or a page says, sniffed from its bytes. Never raises: an unreadable input is set aside.

    With `first_seen` a date of an Article that lies more than a day ahead of it counts as unknown."""
    try:
        reading = _sniffed(body, url=url, content_type=content_type, outlet=outlet)
    except Exception as fault:  # noqa: BLE001 - bytes of strangers: whatever they break must not stop the next input
        return _refused(f"it could not be read: {fault or type(fault).__name__}")
    reading = legible(reading)
    return plausible(reading, first_seen) if first_seen else reading


def _sniffed(body: bytes, *, url: str | None, content_type: str, outlet: str) -> Reading:
    if looks_like_json_feed(body):
        return read_json_feed(body, url=url, content_type=content_type, outlet=outlet)
    fault = foreign(body)
    if fault is not None:
        return _refused(fault)
    if looks_like_feed(body):
        return read_feed(body, url=url, content_type=content_type, outlet=outlet)
    if len(body) > MAX_PAGE:
        return _refused(f"the page is larger than {MAX_PAGE // 1_000_000} MB")
    # pages names its Articles with `identity` from here, so it is not imported at the top
    from syndication.core.pages import read_page

    return read_page(body, url=url, content_type=content_type, outlet=outlet)


def _refused(reason: str) -> Reading:
    return Reading(set_aside=(SetAside(what="input", reason=reason),))


def read_dropped(name: str, body: bytes, outlet: str) -> Reading:
    """What a file of a drop folder says, as `dropped` reads it, without what is illegible. Never raises."""
    return legible(read_file(name, body, outlet))


def legible(reading: Reading) -> Reading:
    """`reading` without Articles whose characters were lost or mistaken before they came here: they are set aside."""
    faults = [spoilt(f"{f.content.title}\n" + "\n".join(f.content.paragraphs[:20])) for f in reading.articles]
    if not any(faults):
        return reading
    kept = tuple(f for f, fault in zip(reading.articles, faults, strict=True) if fault is None)
    aside = tuple(
        SetAside(what=found.content.url or found.identity, reason=fault)
        for found, fault in zip(reading.articles, faults, strict=True)
        if fault is not None
    )
    return replace(reading, articles=kept, set_aside=(*reading.set_aside, *aside))


def plausible(reading: Reading, first_seen: datetime) -> Reading:
    """`reading` with dates that lie in the future made unknown, and a warning for each."""
    articles = tuple(_dated(found, first_seen) for found in reading.articles)
    slips = [
        f"{new.content.title!r} bears a date in the future, taken as unknown"
        for old, new in zip(reading.articles, articles, strict=True)
        if old is not new
    ]
    return replace(reading, articles=articles, warnings=(*reading.warnings, *slips)) if slips else reading


def _dated(found: Found, first_seen: datetime) -> Found:
    content, latest = found.content, first_seen + _AHEAD
    ahead = (content.published_at and content.published_at > latest) or (
        content.published_on and content.published_on > latest.date() + _AHEAD
    )
    if not ahead:
        return found
    return replace(found, content=replace(content, published_at=None, published_on=None))
