"""When a page of a Feed's archive is closed, how it is named and what comes after it (RFC 5005 §4).

It stores nothing. A page closes when something has appeared that belongs behind it: so it names its successor truly
and never has to be changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from syndication.core.catalogue import NEWEST, FeedState, Page, page_named

MOST = NEWEST * 3 // 4  # entries of one page: a month with more fills several. A Feed has room for some more: what is
# taken back comes to its top and must push nothing out that is in no page yet


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """An entry that is not in the archive yet: when it appeared, and in which local month."""

    at: datetime
    number: int
    month: date  # its first day


def closed_page(state: FeedState, waiting: Sequence[Dated], now: datetime) -> Page | None:
    """The next page of the archive, if it is full or its month is over: when an entry waits that comes behind it.

    `waiting`: what is not in the archive, oldest first, at least MOST + 1 where there are as many. Together with the
    newest entries of the Feed the archive so holds everything at any time: at most MOST entries are in no page."""
    if not waiting:
        return None
    name = state.open_page or page_named(waiting[0].month, 1)
    month = max(waiting[0].month, _month(name))
    held = [entry for entry in waiting if entry.month <= month][:MOST]
    if len(waiting) == len(held):
        return None
    behind = waiting[len(held)]
    after = page_named(behind.month, 1) if behind.month > month else _next_part(name, month)
    return Page(
        key=state.feed.key,
        name=name,
        before=state.page,
        after=after,
        first_at=held[0].at,
        first_number=held[0].number,
        last_at=held[-1].at,
        last_number=held[-1].number,
        closed_at=now,
    )


def _month(name: str) -> date:
    year, month = name.split("-")[:2]
    return date(int(year), int(month), 1)


def _next_part(name: str, month: date) -> str:
    parts = name.split("-")
    part = int(parts[2]) if len(parts) > 2 else 1
    return page_named(month, part + 1 if _month(name) == month else 1)
