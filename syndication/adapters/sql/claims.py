"""Leases on Deliveries in SQL: claim, begin, renew, release, take back; and how fast mail may go.

What an Outcome makes of a Delivery is its sibling's business. Leases and places in line compare with the database's
own clock, everything else with the port Clock.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, delete, exists, insert, or_, select, update

from syndication.adapters.sql import ways
from syndication.adapters.sql.amending import Amending, bring_up_to_date
from syndication.adapters.sql.base import among, lock
from syndication.adapters.sql.fanout import REHEARSAL, FanOut
from syndication.adapters.sql.newsroom import OPEN_STATES
from syndication.adapters.sql.readership import SUBSCRIPTION_COLUMNS, subscription_of
from syndication.adapters.tables import delivery, issue, lease, subscriber, subscription, suppression
from syndication.core.model import Channel, Delivery, DeliveryState, Subscription, SubscriptionState
from syndication.core.rates import Rates
from syndication.ports import Lease, Pace, Slice

_S = DeliveryState
_MICROSECOND = timedelta(microseconds=1)
ROUNDS = 20  # of looking for somebody who still wants it; then the next ring goes on


class Claims(FanOut, Amending):
    def claim(
        self,
        channel: Channel,
        now: datetime,
        *,
        limit: int,
        lease: timedelta,
        owner: str,
        journal: str | None = None,
        allowed: frozenset[str] | None = None,
        rates: Rates | None = None,
    ) -> Slice | None:
        with self._writes() as db:
            room = ways.room(db, self._now, limit, now, rates) if channel is Channel.EMAIL else ways.Room(limit=limit)
            if room.wait:
                return Slice(lease_id=0, deliveries=(), pace=Pace(start=room.wait, every=timedelta(0)))
            lease_id = self._open_lease(db, channel, lease, owner, journal)
            for _ in range(ROUNDS):
                rows = self._take(db, channel, now, room, lease_id)
                if not rows:
                    break
                if channel is Channel.EMAIL and bring_up_to_date(db, lease_id, rows, now):
                    rows = self._held(db, lease_id)
                piece = _wanted(db, rows, now, allowed)
                if piece.rows:
                    kept = room.within(piece.rows)
                    _give_back(db, lease_id, {row.id for row in piece.rows} - {row.id for row in kept})
                    pace = ways.reserve(db, room, kept)
                    return Slice(
                        lease_id=lease_id, deliveries=tuple(map(as_delivery, kept)), readers=piece.readers, pace=pace
                    )
            _end_lease(db, lease_id)
        return None

    def _take(self, db: Connection, channel: Channel, now: datetime, room: ways.Room, lease_id: int) -> list[Any]:
        """Move the next due Deliveries under the lease."""
        due = self._due_for(channel, now, room).cte("due")
        taken = db.execute(
            update(delivery)
            .where(delivery.c.id.in_(select(due.c.id)), delivery.c.state == _S.WAITING)
            .values(state=_S.CLAIMED, lease_id=lease_id, attempts=delivery.c.attempts + 1)
            .returning(*delivery.c)
        ).all()
        return sorted(taken, key=lambda row: (row.priority, row.next_at, row.id))

    def _held(self, db: Connection, lease_id: int) -> list[Any]:
        mine = and_(delivery.c.lease_id == lease_id, delivery.c.state == _S.CLAIMED)
        order = (delivery.c.priority, delivery.c.next_at, delivery.c.id)
        return list(db.execute(select(delivery).where(mine).order_by(*order)))

    def _due_for(self, channel: Channel, now: datetime, room: ways.Room) -> Select[Any]:
        due = and_(delivery.c.channel == channel, delivery.c.state == _S.WAITING, delivery.c.next_at <= now)
        held = select(issue.c.id).where(issue.c.held.is_not(None))
        due = and_(due, or_(delivery.c.issue_id.is_(None), delivery.c.issue_id.not_in(held)))
        if channel is Channel.PARTNER:
            due = and_(due, _first_of_its_partner())
        if room.closed:
            due = and_(due, or_(delivery.c.provider.is_(None), delivery.c.provider.not_in(sorted(room.closed))))
        question = (
            select(delivery.c.id)
            .where(due)
            .order_by(delivery.c.priority, delivery.c.next_at, delivery.c.id)
            .limit(room.limit)
        )
        return question.with_for_update(skip_locked=True) if self._postgresql else question

    def begin(self, lease_id: int, ids: Collection[int], now: datetime, *, outlast: timedelta) -> frozenset[int]:
        live = exists().where(
            lease.c.id == lease_id, lease.c.ended.is_(False), lease.c.until > self._now + outlast // _MICROSECOND
        )
        held = exists().where(issue.c.id == delivery.c.issue_id, issue.c.held.is_not(None))
        claimed = and_(delivery.c.lease_id == lease_id, delivery.c.state == _S.CLAIMED)
        with self._writes() as db:
            mine = and_(among(db, delivery.c.id, ids), claimed)
            lock(db, select(delivery.c.id).where(mine).order_by(delivery.c.id))
            begun = db.execute(
                update(delivery)
                .where(mine, live, ~held, ~_unwanted(), delivery.c.expires_at > now)
                .values(state=_S.SENDING, begun_at=now)
                .returning(delivery.c.id)
            ).scalars()
            may = frozenset(begun)
            if len(may) < len(ids):
                _drop_the_unwanted(db, mine, now)
        return may

    def renew(self, lease_id: int, lease: timedelta) -> bool:
        with self._writes() as db:
            return self._renew(db, lease_id, lease)

    def release(self, lease_id: int, untouched: Collection[int] = ()) -> None:
        with self._writes() as db:
            _give_back(db, lease_id)
            if untouched:
                begun = and_(among(db, delivery.c.id, untouched), delivery.c.state.in_((_S.SENDING, _S.UNCERTAIN)))
                _give_back(db, lease_id, begun=begun)
            _end_lease(db, lease_id)

    def leases(self) -> Sequence[Lease]:
        doubtful = exists().where(delivery.c.lease_id == lease.c.id, delivery.c.state == _S.UNCERTAIN)
        told = and_(lease.c.journal.is_not(None), doubtful)
        over = or_(lease.c.ended, lease.c.until < self._now).label("over")
        with self._writes() as db:
            _forget_ended_leases(db)
            rows = db.execute(select(lease, over).where(or_(~lease.c.ended, told)).order_by(lease.c.id)).all()
        return [
            Lease(
                id=row.id,
                channel=Channel(row.channel),
                host=row.host,
                owner=row.owner,
                journal=row.journal,
                over=bool(row.over),
            )
            for row in rows
        ]

    def _open_lease(self, db: Connection, channel: Channel, length: timedelta, owner: str, journal: str | None) -> int:
        host, _, name = owner.partition("/")
        number: int = db.execute(
            insert(lease)
            .values(channel=channel, host=host, owner=name, journal=journal, until=self._now + length // _MICROSECOND)
            .returning(lease.c.id)
        ).scalar_one()
        return number

    def _renew(self, db: Connection, lease_id: int, length: timedelta) -> bool:
        live = and_(lease.c.id == lease_id, lease.c.ended.is_(False), lease.c.until > self._now)
        renewed = db.execute(update(lease).where(live).values(until=self._now + length // _MICROSECOND))
        return renewed.rowcount == 1


# --- who still wants it ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    rows: list[Any]
    readers: Mapping[int, Subscription]


def _wanted(db: Connection, rows: list[Any], now: datetime, allowed: frozenset[str] | None) -> _Wanted:
    """The claimed rows whose time has not passed and whose reader is still there; the others are settled."""
    if not rows:
        return _Wanted(rows=[], readers={})
    readers = {r.id: r for r in db.execute(_readers(rows[0].lease_id))} if rows[0].channel == Channel.EMAIL else {}
    fates = {row.id: _fate(row, readers.get(row.subscription_id), now, allowed) for row in rows}
    for fate in {f for f in fates.values() if f is not None}:
        state, reason = fate
        db.execute(
            update(delivery)
            .where(among(db, delivery.c.id, [n for n, f in fates.items() if f == fate]))
            .values(state=state, reason=reason, lease_id=None, settled_at=now)
        )
    kept = [row for row in rows if fates[row.id] is None]
    return _Wanted(
        rows=kept,
        readers={r.subscription_id: subscription_of(readers[r.subscription_id]) for r in kept if readers},
    )


def _readers(lease_id: int) -> Select[Any]:
    """The readers of a lease's mails, and why they are suppressed, where they are."""
    theirs = select(delivery.c.subscription_id).where(delivery.c.lease_id == lease_id, delivery.c.state == _S.CLAIMED)
    barred = and_(suppression.c.key_id == subscriber.c.key_id, suppression.c.digest == subscriber.c.digest)
    return (
        select(*SUBSCRIPTION_COLUMNS, subscriber.c.digest, suppression.c.reason.label("barred"))
        .join(subscriber, subscriber.c.id == subscription.c.subscriber_id)
        .outerjoin(suppression, barred)
        .where(subscription.c.id.in_(theirs))
    )


def _fate(row: Any, reader: Any, now: datetime, allowed: frozenset[str] | None) -> tuple[DeliveryState, str] | None:
    """What becomes of a claimed Delivery that must not go out, and why."""
    if row.expires_at <= now:
        return _S.EXPIRED, "its time had passed"
    if row.channel != Channel.EMAIL:
        return None
    if reader is None:
        return _S.FAILED, "the reader is not in the store"
    if reader.barred is not None:
        return _S.SUPPRESSED, "suppressed"
    if reader.state != SubscriptionState.ACTIVE:
        return _S.CANCELLED, "unsubscribed"
    # a rehearsal must not write to them: they were fanned out while live, or elsewhere
    return (_S.EXCLUDED, REHEARSAL) if allowed is not None and reader.digest not in allowed else None


def _barred() -> ColumnElement[bool]:
    return (
        exists()
        .where(subscription.c.id == delivery.c.subscription_id, subscriber.c.id == subscription.c.subscriber_id)
        .where(suppression.c.key_id == subscriber.c.key_id, suppression.c.digest == subscriber.c.digest)
    )


def _left() -> ColumnElement[bool]:
    return exists().where(
        subscription.c.id == delivery.c.subscription_id, subscription.c.state != SubscriptionState.ACTIVE
    )


def _unwanted() -> ColumnElement[bool]:
    return and_(delivery.c.subscription_id.is_not(None), or_(_barred(), _left()))


def _drop_the_unwanted(db: Connection, which: ColumnElement[bool], now: datetime) -> None:
    """Turn claimed Deliveries whose reader was suppressed or has left into suppressed or cancelled ones."""
    claimed = and_(which, delivery.c.subscription_id.is_not(None))
    for unwanted, state, reason in (
        (_barred(), _S.SUPPRESSED, "suppressed"),
        (_left(), _S.CANCELLED, "unsubscribed"),
    ):
        db.execute(
            update(delivery).where(claimed, unwanted).values(state=state, reason=reason, lease_id=None, settled_at=now)
        )


def _first_of_its_partner() -> ColumnElement[bool]:
    """Nothing older is open for the same Partner: what it hears comes in the order of its sequence."""
    older = delivery.alias("older")
    return ~exists().where(
        older.c.channel == Channel.PARTNER,
        older.c.recipient == delivery.c.recipient,
        older.c.state.in_(OPEN_STATES),
        older.c.sequence < delivery.c.sequence,
    )


# --- leases ----------------------------------------------------------------------------------


def _give_back(
    db: Connection, lease_id: int, ids: Collection[int] | None = None, *, begun: ColumnElement[bool] | None = None
) -> None:
    """Claimed Deliveries of a lease wait again, as if they had not been claimed."""
    if ids is not None and not ids:
        return
    which = delivery.c.state == _S.CLAIMED if begun is None else begun
    which = and_(which, delivery.c.lease_id == lease_id)
    if ids is not None:
        which = and_(which, among(db, delivery.c.id, ids))
    lock(db, select(delivery.c.id).where(which).order_by(delivery.c.id))
    db.execute(
        update(delivery)
        .where(which)
        .values(state=_S.WAITING, reason=None, lease_id=None, attempts=delivery.c.attempts - 1)
    )


def _end_lease(db: Connection, lease_id: int) -> None:
    # begun and not settled: the lease runs on, or reclaim would never find what nobody answers for any more
    begun = exists().where(delivery.c.lease_id == lease_id, delivery.c.state == _S.SENDING)
    db.execute(update(lease).where(lease.c.id == lease_id, ~begun).values(ended=True))


def _forget_ended_leases(db: Connection) -> None:
    held = exists().where(delivery.c.lease_id == lease.c.id)
    db.execute(delete(lease).where(lease.c.ended, ~held))


_ALIKE = [f.name for f in fields(Delivery) if f.name not in ("channel", "state")]  # columns named as in Delivery


def as_delivery(row: Any) -> Delivery:
    return Delivery(channel=Channel(row.channel), state=_S(row.state), **{name: getattr(row, name) for name in _ALIKE})
