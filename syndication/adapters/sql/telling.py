"""What far sides are owed about our feeds and pages, in SQL.

It decides nothing: what an answer means is said by `core.telling`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, case, delete, func, literal, null, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from syndication.adapters.sql.base import Base
from syndication.adapters.sql.feed_shelf import in_pieces
from syndication.adapters.tables import Instant, telling
from syndication.core.telling import Heard, Telling, Told

_COLUMNS = (telling.c.listener, telling.c.thing, telling.c.mark, telling.c.owed_since, telling.c.attempts)
_THIS = and_(telling.c.listener == bindparam("one"), telling.c.thing == bindparam("what"))
_AGAIN = bindparam("again", type_=Instant)
_PARKED = and_(telling.c.next_at.is_(None), telling.c.reason.is_not(None))


class Tellings(Base):
    def note_changed(self, listeners: Collection[str], marks: Mapping[str, str], now: datetime) -> None:
        if not listeners or not marks:
            return
        with self._writes() as db:
            for listener in sorted(listeners):
                known = _marks(db, listener, marks)
                fresh = {thing: mark for thing, mark in sorted(marks.items()) if known.get(thing) != mark}
                if fresh:
                    _note(db, listener, fresh, now)

    def take_tellings(self, listener: str, now: datetime, until: datetime, limit: int) -> Sequence[Telling]:
        free = or_(telling.c.taken_until.is_(None), telling.c.taken_until <= now)
        chosen = (
            select(telling.c.thing)
            .where(telling.c.listener == listener, telling.c.next_at <= now, free)
            .order_by(telling.c.owed_since.desc(), telling.c.thing)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        with self._writes() as db:
            order = db.execute(chosen).scalars().all()
            found: dict[str, Telling] = {}
            for part in in_pieces(order):
                mine = and_(telling.c.listener == listener, telling.c.thing.in_(part))
                rows = db.execute(update(telling).where(mine).values(taken_until=until).returning(*_COLUMNS))
                found |= {row["thing"]: Telling(**row) for row in rows.mappings()}
        return [found[thing] for thing in order]

    def settle_tellings(self, told: Sequence[Told], now: datetime) -> None:
        same = telling.c.mark == bindparam("claimed")
        done = (
            update(telling)
            .where(_THIS)
            .values(
                told_at=now,
                taken_until=None,
                attempts=0,
                reason=None,
                next_at=case((same, null()), else_=literal(now, Instant)),
                owed_since=case((same, null()), else_=literal(now, Instant)),
            )
        )
        failed = (
            update(telling)
            .where(_THIS, telling.c.next_at.is_not(None))
            .values(
                taken_until=None,
                attempts=telling.c.attempts + 1,
                reason=bindparam("why"),
                next_at=case((same, _AGAIN), else_=func.coalesce(_AGAIN, literal(now, Instant))),
            )
        )
        with self._writes() as db:
            for one in told:
                row: dict[str, Any] = {
                    "one": one.telling.listener,
                    "what": one.telling.thing,
                    "claimed": one.telling.mark,
                }
                if one.reason is None:
                    db.execute(done, row)
                else:
                    db.execute(failed, row | {"why": one.reason, "again": one.again_at})

    def heard(self) -> Sequence[Heard]:
        waiting = telling.c.next_at.is_not(None)
        question = select(
            telling.c.listener,
            waiting.label("waiting"),
            telling.c.reason,
            func.count().label("things"),
            func.min(telling.c.owed_since).label("since"),
        ).group_by(telling.c.listener, waiting, telling.c.reason)
        with self._reads() as db:
            rows = db.execute(question.order_by(telling.c.listener)).all()
        by_listener: dict[str, list[Any]] = defaultdict(list)
        for row in rows:
            by_listener[row.listener].append(row)
        return [_heard(listener, found) for listener, found in by_listener.items()]

    def tell_again(self, listener: str, now: datetime) -> int:
        owed = or_(telling.c.next_at.is_not(None), _PARKED)
        with self._writes() as db:
            return db.execute(
                update(telling)
                .where(telling.c.listener == listener, owed)
                .values(next_at=now, owed_since=now, attempts=0, reason=None)
            ).rowcount

    def forget_told(self, listeners: Collection[str], before: datetime) -> int:
        old = and_(telling.c.next_at.is_(None), telling.c.told_at < before)
        with self._writes() as db:
            return db.execute(delete(telling).where(or_(telling.c.listener.not_in(sorted(listeners)), old))).rowcount


def _marks(db: Connection, listener: str, things: Collection[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in in_pieces(sorted(things)):
        mine = and_(telling.c.listener == listener, telling.c.thing.in_(part))
        found |= dict(db.execute(select(telling.c.thing, telling.c.mark).where(mine)).tuples().all())
    return found


def _note(db: Connection, listener: str, marks: Mapping[str, str], now: datetime) -> None:
    rows = [
        {"listener": listener, "thing": thing, "mark": mark, "next_at": now, "owed_since": now}
        for thing, mark in marks.items()
    ]
    fresh = (sqlite if db.dialect.name == "sqlite" else postgresql).insert(telling)
    idle = telling.c.next_at.is_(None)
    db.execute(
        fresh.on_conflict_do_update(
            index_elements=[telling.c.listener, telling.c.thing],
            set_={
                "mark": fresh.excluded.mark,
                "next_at": case((idle, literal(now, Instant)), else_=telling.c.next_at),
                "owed_since": case((idle, literal(now, Instant)), else_=telling.c.owed_since),
                "attempts": case((idle, 0), else_=telling.c.attempts),
                "reason": case((idle, null()), else_=telling.c.reason),
            },
        ),
        rows,
    )


def _heard(listener: str, rows: Sequence[Any]) -> Heard:
    waiting = [row for row in rows if row.waiting]
    parked = {row.reason: row.things for row in rows if not row.waiting and row.reason is not None}
    return Heard(
        listener=listener,
        told=sum(row.things for row in rows if not row.waiting and row.reason is None),
        waiting=sum(row.things for row in waiting),
        parked=parked,
        owed_since=min((row.since for row in waiting), default=None),
        reason=next((row.reason for row in sorted(waiting, key=lambda row: -row.things) if row.reason), None),
    )
