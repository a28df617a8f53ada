"""Items serialised once per dialect and joined from then on: the same bytes as a whole feed built anew.

It keeps nothing: whoever publishes holds the pieces. Only a head is remembered, without its date.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from itertools import accumulate

from syndication.render.feed_items import LONGEST_REASON, FeedHead, FeedItem
from syndication.render.feed_repairs import rfc822
from syndication.render.feeds import atom_bytes, fit_head, fit_or_reason, rss_bytes
from syndication.render.json_feed import json_head, json_item

DIALECTS = ("rss", "atom", "json")
LAYER = "2"  # raise it when the bytes of an item change for a reason that is not in the item

_AT_A_TIME = 200
_MARK = datetime(1990, 1, 1, tzinfo=UTC)  # stands in a head for the date that each feed fills in
_HEAD = FeedHead(
    id="tag:example.com,2026:feed",
    title="pieces",
    description="pieces",
    self_url="https://example.com/feed",
    site_url="https://example.com/",
    language="ko",
    author="pieces",
    rights="",
    updated_at=_MARK,
)
_BUILD = {"rss": rss_bytes, "atom": atom_bytes}
_OPEN, _CLOSE = {"rss": b"<item>", "atom": b"<entry>"}, {"rss": b"</item>", "atom": b"</entry>"}
_END = {"rss": b"</channel></rss>", "atom": b"</feed>", "json": b"]}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One item in one dialect; without `body` it is in quarantine, and `reason` says why."""

    body: bytes | None = None
    reason: str | None = None


# --- pieces ----------------------------------------------------------------------------------


def pieces(items: Sequence[FeedItem], dialect: str) -> list[Piece]:
    """Each item serialised in a dialect, in order. What cannot be rendered has its reason and harms no other."""
    cleaned = [fit_or_reason(item) for item in items]
    good = [item for item in cleaned if isinstance(item, FeedItem)]
    made = iter(_serialised(good, dialect))
    return [Piece(reason=item) if isinstance(item, str) else next(made) for item in cleaned]


def _serialised(items: Sequence[FeedItem], dialect: str) -> list[Piece]:
    if dialect == "json":
        return [_one(item, json_item) for item in items]
    found: list[Piece] = []
    for start in range(0, len(items), _AT_A_TIME):
        found += _together(items[start : start + _AT_A_TIME], dialect)
    return found


def _together(items: Sequence[FeedItem], dialect: str) -> list[Piece]:
    """Items cut out of one feed that holds them all; each on its own when one of them spoils it."""
    try:
        return [Piece(body=body) for body in _cut(_BUILD[dialect](_HEAD, items), dialect, len(items))]
    except Exception:  # noqa: BLE001 - whatever the library makes of one item must not cost the others
        return [_one(item, lambda one: _cut(_BUILD[dialect](_HEAD, [one]), dialect, 1)[0]) for item in items]


def _one(item: FeedItem, make: Callable[[FeedItem], bytes]) -> Piece:
    try:
        return Piece(body=make(item))
    except Exception as error:  # noqa: BLE001 - see above
        return Piece(reason=f"it cannot be rendered: {error or type(error).__name__}"[:LONGEST_REASON])


def _cut(feed: bytes, dialect: str, count: int) -> list[bytes]:
    """The items of a feed as they stand in it. In serialised XML the sign < begins markup and nothing else."""
    opening, closing = _OPEN[dialect], _CLOSE[dialect]
    found = [opening + part[: part.rindex(closing)] + closing for part in feed.split(opening)[1:]]
    if len(found) != count:
        raise ValueError(f"{count} items gave {len(found)} pieces")
    return found


# --- joined ----------------------------------------------------------------------------------


def joined(head: FeedHead, bodies: Iterable[bytes], dialect: str) -> bytes:
    """The feed of these pieces, byte for byte as if it were built anew."""
    before, after = _outline(replace(head, updated_at=_MARK if head.updated_at is not None else None), dialect)
    if dialect == "json":
        return before + b",".join(bodies) + after
    return b"".join((_dated(before, head.updated_at, dialect), *bodies, after))


def newest_within(bodies: Sequence[bytes], most: int) -> Sequence[bytes]:
    """The first items that stay within so many octets together; nearly always all."""
    reached = list(accumulate(map(len, bodies)))
    return bodies if not reached or reached[-1] <= most else bodies[: max(bisect_right(reached, most), 1)]


@lru_cache(maxsize=4096)
def _outline(head: FeedHead, dialect: str) -> tuple[bytes, bytes]:
    """What stands before and after the items."""
    fit = fit_head(head)
    if dialect == "json":
        return json_head(fit), _END[dialect]
    feed = _BUILD[dialect](fit, ())
    at = feed.rindex(_END[dialect])
    return feed[:at], feed[at:]


def _dated(before: bytes, at: datetime | None, dialect: str) -> bytes:
    """The head with its own date in the place of the mark. A text never holds the mark: its < would be spelled."""
    if at is None:
        return before
    return before.replace(_stamp(_MARK, dialect), _stamp(at.astimezone(UTC).replace(microsecond=0), dialect), 1)


def _stamp(at: datetime, dialect: str) -> bytes:
    if dialect == "rss":
        return f"<lastBuildDate>{rfc822(at)}</lastBuildDate>".encode()
    return f"<updated>{at.isoformat()}</updated>".encode()
