"""How fast mail may go, shared by all workers: places in line and counts per day, one row per way.

A way is a recipient's mail provider; "" is everything that goes by mail. It claims nothing itself.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, case, false, func, or_, select, update

from syndication.adapters.sql.base import insert_new, lock
from syndication.adapters.tables import delivery, way
from syndication.core.model import Channel, DeliveryState
from syndication.core.rates import EVERYTHING, Rates
from syndication.ports import Pace

AHEAD = timedelta(seconds=1)  # places in line are given out this far ahead: a dead worker's places are lost, no more
LOOK_AGAIN = timedelta(minutes=1)  # whether a day's count that is used up has room again
SHARES = 3  # of it, of which one claim gets one: nobody takes the whole second
HEAD_START = timedelta(milliseconds=150)
_MICROSECOND = timedelta(microseconds=1)
_SECOND = 1_000_000  # microseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How many mails may be claimed now: `limit` at all, `each` by provider, none of `closed`."""

    limit: int
    wait: timedelta = timedelta(0)  # nothing before that
    closed: frozenset[str] = frozenset()
    each: Mapping[str, int] = field(default_factory=dict)
    starts: Mapping[str, int] = field(default_factory=dict)  # the first free place, database's clock
    intervals: Mapping[str, int] = field(default_factory=dict)  # microseconds from place to place
    now: int = 0  # database's clock
    read_at: float = 0.0  # the same moment by this machine's

    def within(self, rows: Sequence[Any]) -> list[Any]:
        """Those of the rows, in their order, that keep each provider within its room."""
        seen: Counter[str] = Counter()
        kept = []
        for row in rows:
            seen[row.provider] += 1
            if row.provider not in self.each or seen[row.provider] <= self.each[row.provider]:
                kept.append(row)
        return kept


def room(db: Connection, clock: ColumnElement[int], limit: int, now: datetime, rates: Rates | None) -> Room:
    """What may be claimed; the rows of limited ways stay locked until the places are reserved."""
    limited = sorted({*rates.per_second, *rates.per_day}) if rates is not None else []
    if limited:
        db.execute(insert_new(db, way), [{"name": name} for name in limited])
        lock(db, select(way.c.name).where(way.c.name.in_(limited)).order_by(way.c.name))
    rows = db.execute(
        select(way, clock.label("clock")).where(or_(way.c.paused_until > now, way.c.name.in_(limited)))
    ).all()
    if not rows:
        return Room(limit=limit)
    paused = {r.name: r.paused_until for r in rows if r.paused_until is not None and r.paused_until > now}
    if EVERYTHING in paused:
        return Room(limit=0, wait=paused[EVERYTHING] - now)
    return _room(db, rows, rows[0].clock, frozenset(paused), limit, rates or Rates())


def _room(db: Connection, rows: Sequence[Any], at: int, paused: frozenset[str], limit: int, rates: Rates) -> Room:
    intervals = {name: int(_SECOND / rate) for name, rate in rates.per_second.items()}
    starts = {r.name: max(r.next_at, at) for r in rows if r.name in intervals}
    each = {r.name: _places(max(r.next_at - at, 0), intervals[r.name]) for r in rows if r.name in intervals}
    if EVERYTHING in each:
        each[EVERYTHING] = min(each[EVERYTHING], max(1, AHEAD // _MICROSECOND // intervals[EVERYTHING] // SHARES))
        # the claim itself and the first mail take a moment
        starts[EVERYTHING] = max(starts[EVERYTHING], at + HEAD_START // _MICROSECOND)
    left = _left_today(db, rows, rates)
    for name, most in left.items():
        each[name] = min(each.get(name, most), most)
    limit = min(limit, each.pop(EVERYTHING, limit))
    wait = timedelta(0)
    if limit == 0:
        wait = LOOK_AGAIN if left.get(EVERYTHING) == 0 else intervals.get(EVERYTHING, _SECOND) * _MICROSECOND
    closed = paused | {name for name, n in each.items() if n == 0}
    return Room(
        limit=limit,
        wait=wait,
        closed=closed,
        each=each,
        starts=starts,
        intervals=intervals,
        now=at,
        read_at=time.monotonic(),
    )


def _places(later: int, interval: int) -> int:
    """How many places may be given out when the first free one is so much later; a free one always, however slow."""
    return max(0, (max(AHEAD // _MICROSECOND, interval) - later) // interval)


def _left_today(db: Connection, rows: Sequence[Any], rates: Rates) -> dict[str, int]:
    """How many more mails a way may take today: what was sent and what is under way is taken off."""
    if not rates.per_day:
        return {}
    sent = {r.name: r.sent for r in rows if r.day_began_at == rates.day_began_at}
    flying = _in_flight(db)
    return {name: max(0, most - sent.get(name, 0) - flying[name]) for name, most in rates.per_day.items()}


def _in_flight(db: Connection) -> Counter[str]:
    """How many mails are under a lease, by provider and in all."""
    states = (DeliveryState.CLAIMED, DeliveryState.SENDING)
    rows = db.execute(
        select(delivery.c.provider, func.count())
        .where(delivery.c.lease_id.is_not(None), delivery.c.channel == Channel.EMAIL, delivery.c.state.in_(states))
        .group_by(delivery.c.provider)
    )
    counts = Counter({provider or "?": n for provider, n in rows})
    counts[EVERYTHING] = counts.total()
    return counts


def reserve(db: Connection, room: Room, rows: Sequence[Any]) -> Pace | None:
    """Take a place in line for each row; the pace that these places ask for, where everything has a rate."""
    if not room.intervals:
        return None
    counts = Counter(row.provider for row in rows)
    counts[EVERYTHING] = len(rows)
    taken = [
        {"which": name, "free": room.starts[name] + counts[name] * interval}
        for name, interval in sorted(room.intervals.items())
        if counts[name]
    ]
    if taken:
        db.execute(update(way).where(way.c.name == bindparam("which")).values(next_at=bindparam("free")), taken)
    if EVERYTHING not in room.intervals:
        return None
    passed = timedelta(seconds=time.monotonic() - room.read_at)
    start = (room.starts[EVERYTHING] - room.now) * _MICROSECOND - passed
    return Pace(start=start, every=room.intervals[EVERYTHING] * _MICROSECOND)


def count_sent(db: Connection, sent: Mapping[str, int], rates: Rates) -> None:
    """Add to the counts of the day, for the ways that have a limit by the day."""
    today = way.c.day_began_at == rates.day_began_at
    # what was claimed before midnight and is settled after it must not take today's count away
    newer = func.coalesce(way.c.day_began_at > rates.day_began_at, false())
    rows = [{"which": name, "n": sent[name]} for name in sorted(rates.per_day) if sent.get(name)]
    if rows:
        db.execute(
            update(way)
            .where(way.c.name == bindparam("which"), ~newer)
            .values(
                sent=case((today, way.c.sent), else_=0) + bindparam("n"),
                day_began_at=rates.day_began_at,
            ),
            rows,
        )


def pause(db: Connection, name: str, until: datetime, reason: str) -> None:
    """Claim nothing that goes this way before an instant; a longer pause stands."""
    db.execute(insert_new(db, way).values(name=name))
    shorter = or_(way.c.paused_until.is_(None), way.c.paused_until < until)
    db.execute(update(way).where(way.c.name == name, shorter).values(paused_until=until, reason=reason))
