"""Reading a CMS by its API, newest change first: which page to ask for next, and how far we have come.

It asks nothing itself and knows no CMS: each has a dialect of its own (`cms_wordpress`, `cms_ghost`, `cms_arc`).

Newest first, because then nothing can be missed between two pages: what is changed meanwhile moves to the front, and
what moves back is only seen twice. A walk goes on until it meets what the last whole walk began with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from syndication.core.dates import parse_moment
from syndication.core.entries import Entry
from syndication.core.model import Source

PAGES_A_LOOK = 10
_OVERLAP = timedelta(minutes=2)  # clocks of a CMS's servers differ; what is seen twice is known
_MOST_PAGES = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One page of an API. `changed`: when each item was last changed, where it says so."""

    entries: Sequence[Entry | str]
    changed: Sequence[datetime | None]
    more: bool  # the page was full: another may follow


class Dialect(Protocol):
    """How one CMS is asked and understood. Pure."""

    def address(self, source: Source, page: int, key: str | None) -> str:
        """The address of a page, counted from 1, of articles with the newest change first."""
        ...

    def authorization(self, key: str | None) -> str | None: ...

    def read(self, body: bytes, content_type: str) -> Listed:
        """Raises Unreadable for what is not an answer of this API."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """How far an API was read. `until`: what a whole walk had seen. A walk broken off goes on at `page`; `newest` is
    the newest change that it has met."""

    until: datetime | None = None
    page: int = 1
    newest: datetime | None = None

    @property
    def cursor(self) -> str:
        """The walk as it is stored."""
        told = [at.astimezone(UTC).isoformat() if at else "-" for at in (self.until, self.newest)]
        return f"{told[0]} {self.page} {told[1]}"


def walk_from(cursor: str | None) -> Walk:
    """The walk that a cursor stands for; one that cannot be read begins anew."""
    parts = (cursor or "").split(" ")
    if len(parts) != 3 or not parts[1].isascii() or not parts[1].isdigit() or len(parts[1]) > 5:
        return Walk()
    try:
        until, newest = (None if part == "-" else datetime.fromisoformat(part) for part in (parts[0], parts[2]))
    except ValueError:
        return Walk()
    if any(at is not None and at.tzinfo is None for at in (until, newest)):
        return Walk()
    return Walk(until=until, page=max(1, int(parts[1])), newest=newest)


def after(walk: Walk, listed: Listed, now: datetime) -> tuple[Walk, bool]:
    """The walk after one page, and whether it is whole: what was asked for next is then page 1 again.

    The first walk of all takes one page alone: what is older was there before. A change dated ahead of our clock counts
    as made now, so that one slip cannot hide what comes after it."""
    dated = [min(at, now) for at in listed.changed if at is not None]
    newest = max([*dated, *([walk.newest] if walk.newest else [])], default=None)
    reached = walk.until is not None and any(at < walk.until - _OVERLAP for at in dated)
    if walk.until is None or reached or not listed.more or not dated or walk.page >= _MOST_PAGES:
        seen = max([at for at in (walk.until, newest) if at is not None], default=None)
        return Walk(until=seen or now), True
    return Walk(until=walk.until, page=walk.page + 1, newest=newest), False


def instant(text: str) -> datetime | None:
    """The instant that an API's date names; None where it names none."""
    moment = parse_moment(text) if text else None
    return moment.at if moment is not None else None
