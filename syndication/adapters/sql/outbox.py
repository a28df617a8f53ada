"""Deliveries from claimed to settled in SQL: the Outbox part of the Store.

Every change is conditional on the state and the lease it was won under; leases compare with the database's clock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    delete,
    exists,
    func,
    insert,
    select,
    update,
)

from syndication.adapters.sql.base import insert_new, lock
from syndication.adapters.sql.fanout import REHEARSAL, FanOut
from syndication.adapters.sql.newsroom import OPEN_STATES
from syndication.adapters.sql.readership import suppress_key
from syndication.adapters.tables import (
    beat,
    delivery,
    issue,
    issue_channel,
    lease,
    subscriber,
    subscription,
    suppression,
)
from syndication.core.model import (
    AddressKey,
    Balance,
    Channel,
    Delivery,
    DeliveryState,
    Event,
    EventKind,
    Outcome,
    SubscriptionState,
    UncertainPolicy,
    Verdict,
)
from syndication.ports import Slice, Uncertain

_S = DeliveryState
_MICROSECOND = timedelta(microseconds=1)
RESEND_AFTER = timedelta(minutes=15)  # what an uncertain mail waits for evidence before its one resending


class Outbox(FanOut):
    def claim(
        self,
        channel: Channel,
        now: datetime,
        *,
        limit: int,
        lease: timedelta,
        owner: str,
        allowed: frozenset[str] | None = None,
    ) -> Slice | None:
        with self._writes() as db:
            _expire(db, channel, now)
            due = list(db.execute(self._due_for(channel, now, limit)).scalars())
            if not due:
                return None
            lease_id = self._open_lease(db, channel, lease, owner)
            while due:
                _claim(db, due, lease_id)
                _drop_the_unwanted(db, delivery.c.lease_id == lease_id, now)
                if allowed is not None:
                    _drop_the_rehearsed(db, delivery.c.lease_id == lease_id, allowed, now)
                rows = db.execute(
                    select(delivery)
                    .where(delivery.c.lease_id == lease_id, delivery.c.state == _S.CLAIMED)
                    .order_by(delivery.c.priority, delivery.c.next_at, delivery.c.id)
                ).all()
                if rows:
                    return Slice(lease_id=lease_id, deliveries=tuple(map(_delivery, rows)))
                due = list(db.execute(self._due_for(channel, now, limit)).scalars())
            _end_lease(db, lease_id)
        return None

    def begin(self, lease_id: int, delivery_id: int, now: datetime, *, outlast: timedelta) -> bool:
        mine = and_(delivery.c.id == delivery_id, delivery.c.lease_id == lease_id, delivery.c.state == _S.CLAIMED)
        live = exists().where(
            lease.c.id == lease_id, lease.c.ended.is_(False), lease.c.until > self._now + outlast // _MICROSECOND
        )
        with self._writes() as db:
            _drop_the_unwanted(db, mine, now)
            begun = db.execute(
                update(delivery).where(mine, live, delivery.c.expires_at > now).values(state=_S.SENDING, begun_at=now)
            )
            return begun.rowcount == 1

    def settle(
        self, lease_id: int, delivery_id: int, outcome: Outcome, now: datetime, *, next_at: datetime | None = None
    ) -> bool:
        values = _settled(outcome, now, next_at)
        with self._writes() as db:
            row = db.execute(
                update(delivery)
                .where(
                    delivery.c.id == delivery_id,
                    delivery.c.lease_id == lease_id,
                    delivery.c.state.in_((_S.CLAIMED, _S.SENDING, _S.UNCERTAIN)),
                )
                .values(**values)
                .returning(delivery.c.subscription_id)
            ).one_or_none()
            if row is not None and outcome.suppress:
                _suppress_reader(db, row.subscription_id, delivery_id, outcome, now)
        return row is not None

    def renew(self, lease_id: int, lease: timedelta) -> bool:
        with self._writes() as db:
            return self._renew(db, lease_id, lease)

    def release(self, lease_id: int) -> None:
        with self._writes() as db:
            db.execute(
                update(delivery)
                .where(delivery.c.lease_id == lease_id, delivery.c.state == _S.CLAIMED)
                .values(state=_S.WAITING, lease_id=None, attempts=delivery.c.attempts - 1)
            )
            _end_lease(db, lease_id)

    def reclaim(self) -> Mapping[str, int]:
        with self._writes() as db:
            _forget_ended_leases(db)
            dead = select(lease.c.id).where(lease.c.ended.is_(False), lease.c.until < self._now)
            if self._postgresql:
                dead = dead.with_for_update(skip_locked=True)
            ids = list(db.execute(dead).scalars())
            if not ids:
                return {}
            handed_over = and_(delivery.c.state == _S.SENDING, delivery.c.channel == Channel.EMAIL)
            held = delivery.c.lease_id.in_(ids)
            lock(db, select(delivery.c.id).where(held).order_by(delivery.c.id))
            uncertain = db.execute(
                update(delivery)
                .where(held, handed_over)
                .values(state=_S.UNCERTAIN, reason="the worker ended between the intent and the answer")
            ).rowcount
            waiting = db.execute(
                update(delivery)
                .where(held, delivery.c.state.in_((_S.CLAIMED, _S.SENDING)))
                .values(state=_S.WAITING, lease_id=None)
            ).rowcount
            db.execute(update(lease).where(lease.c.id.in_(ids)).values(ended=True))
        return {_S.WAITING.value: waiting, _S.UNCERTAIN.value: uncertain}

    def resend_uncertain(self, policies: Mapping[str, UncertainPolicy], now: datetime) -> int:
        editions = [name for name, policy in policies.items() if policy is UncertainPolicy.RESEND]
        theirs = select(issue.c.id).where(issue.c.edition_id.in_(editions))
        with self._writes() as db:
            return db.execute(
                update(delivery)
                .where(
                    delivery.c.state == _S.UNCERTAIN,
                    delivery.c.channel == Channel.EMAIL,
                    delivery.c.resent.is_(False),
                    delivery.c.begun_at <= now - RESEND_AFTER,
                    delivery.c.expires_at > now,
                    delivery.c.issue_id.in_(theirs),
                )
                .values(state=_S.WAITING, resent=True, lease_id=None, next_at=now)
            ).rowcount

    def resolve(self, delivery_id: int, state: DeliveryState, now: datetime, reason: str) -> bool:
        settled_at = None if state is _S.WAITING else now
        with self._writes() as db:
            done = db.execute(
                update(delivery)
                .where(delivery.c.id == delivery_id, delivery.c.state == _S.UNCERTAIN)
                .values(state=state, reason=reason, lease_id=None, next_at=now, settled_at=settled_at)
            )
            return done.rowcount == 1

    def balance(self, issue_id: int, channel: Channel) -> Balance:
        with self._reads() as db:
            audience = db.execute(
                select(issue_channel.c.audience).where(
                    issue_channel.c.issue_id == issue_id, issue_channel.c.channel == channel
                )
            ).scalar()
            counts = {
                _S(row.state): row.n
                for row in db.execute(
                    select(delivery.c.state, func.count().label("n"))
                    .where(delivery.c.issue_id == issue_id, delivery.c.channel == channel)
                    .group_by(delivery.c.state)
                )
            }
        terms = {s.value: n for s, n in counts.items() if s not in OPEN_STATES}
        return Balance(audience=audience or 0, waiting=sum(counts.get(s, 0) for s in OPEN_STATES), **terms)

    def outcomes(self, issue_id: int, channel: Channel) -> Mapping[tuple[DeliveryState, str | None], int]:
        with self._reads() as db:
            rows = db.execute(
                select(delivery.c.state, delivery.c.reason, func.count().label("n"))
                .where(delivery.c.issue_id == issue_id, delivery.c.channel == channel)
                .group_by(delivery.c.state, delivery.c.reason)
            )
            return {(_S(row.state), row.reason): row.n for row in rows}

    def deliveries(self, issue_id: int, channel: Channel | None = None) -> Sequence[Delivery]:
        question = select(delivery).where(delivery.c.issue_id == issue_id).order_by(delivery.c.id)
        if channel is not None:
            question = question.where(delivery.c.channel == channel)
        with self._reads() as db:
            return [_delivery(row) for row in db.execute(question)]

    def delivery(self, delivery_id: int) -> Delivery | None:
        with self._reads() as db:
            row = db.execute(select(delivery).where(delivery.c.id == delivery_id)).one_or_none()
        return None if row is None else _delivery(row)

    def uncertain(self) -> Sequence[Uncertain]:
        with self._reads() as db:
            rows = db.execute(select(delivery).where(delivery.c.state == _S.UNCERTAIN).order_by(delivery.c.id)).all()
        return [Uncertain(delivery=_delivery(row), since=row.begun_at or row.created_at) for row in rows]

    def due(self, channel: Channel, now: datetime) -> int:
        with self._reads() as db:
            return db.execute(
                select(func.count()).where(
                    delivery.c.channel == channel, delivery.c.state == _S.WAITING, delivery.c.next_at <= now
                )
            ).scalar_one()

    def beat(self, name: str, now: datetime) -> None:
        with self._writes() as db:
            if not db.execute(update(beat).where(beat.c.name == name).values(at=now)).rowcount:
                db.execute(insert_new(db, beat).values(name=name, at=now))

    def beats(self) -> Mapping[str, datetime]:
        with self._reads() as db:
            return {row.name: row.at for row in db.execute(select(beat))}

    def _open_lease(self, db: Connection, channel: Channel, length: timedelta, owner: str) -> int:
        host, _, name = owner.partition("/")
        number: int = db.execute(
            insert(lease)
            .values(channel=channel, host=host, owner=name, until=self._now + length // _MICROSECOND)
            .returning(lease.c.id)
        ).scalar_one()
        return number

    def _renew(self, db: Connection, lease_id: int, length: timedelta) -> bool:
        live = and_(lease.c.id == lease_id, lease.c.ended.is_(False), lease.c.until > self._now)
        renewed = db.execute(update(lease).where(live).values(until=self._now + length // _MICROSECOND))
        return renewed.rowcount == 1

    def _due_for(self, channel: Channel, now: datetime, limit: int) -> Any:
        due = and_(delivery.c.channel == channel, delivery.c.state == _S.WAITING, delivery.c.next_at <= now)
        due = and_(due, delivery.c.expires_at > now)
        if channel is Channel.PARTNER:
            due = and_(due, _first_of_its_partner())
        question = (
            select(delivery.c.id)
            .where(due)
            .order_by(delivery.c.priority, delivery.c.next_at, delivery.c.id)
            .limit(limit)
        )
        return question.with_for_update(skip_locked=True) if self._postgresql else question


def _first_of_its_partner() -> ColumnElement[bool]:
    """Nothing older is open for the same Partner: what it hears comes in the order of its sequence."""
    older = delivery.alias("older")
    return ~exists().where(
        older.c.channel == Channel.PARTNER,
        older.c.recipient == delivery.c.recipient,
        older.c.state.in_(OPEN_STATES),
        older.c.sequence < delivery.c.sequence,
    )


def _expire(db: Connection, channel: Channel, now: datetime) -> None:
    over = and_(delivery.c.channel == channel, delivery.c.state == _S.WAITING, delivery.c.expires_at <= now)
    which = over
    if db.dialect.name == "postgresql":  # whoever else changes one of them now is not waited for
        which = and_(over, delivery.c.id.in_(select(delivery.c.id).where(over).with_for_update(skip_locked=True)))
    db.execute(update(delivery).where(which).values(state=_S.EXPIRED, reason="its time had passed", settled_at=now))


def _claim(db: Connection, due: Sequence[int], lease_id: int) -> None:
    db.execute(
        update(delivery)
        .where(delivery.c.id.in_(due), delivery.c.state == _S.WAITING)
        .values(state=_S.CLAIMED, lease_id=lease_id, attempts=delivery.c.attempts + 1)
    )


def _drop_the_unwanted(db: Connection, which: ColumnElement[bool], now: datetime) -> None:
    """Turn claimed Deliveries whose reader was suppressed or has left into suppressed or cancelled ones."""
    reader = select(subscription.c.id).join(subscriber, subscriber.c.id == subscription.c.subscriber_id)
    barred = reader.join(
        suppression, and_(suppression.c.key_id == subscriber.c.key_id, suppression.c.digest == subscriber.c.digest)
    )
    left = select(subscription.c.id).where(subscription.c.state != SubscriptionState.ACTIVE)
    claimed = and_(which, delivery.c.state == _S.CLAIMED, delivery.c.subscription_id.is_not(None))
    for readers, state, reason in (
        (barred.where(subscription.c.id == delivery.c.subscription_id), _S.SUPPRESSED, "suppressed"),
        (left.where(subscription.c.id == delivery.c.subscription_id), _S.CANCELLED, "unsubscribed"),
    ):
        db.execute(
            update(delivery)
            .where(claimed, readers.exists())
            .values(state=state, reason=reason, lease_id=None, settled_at=now)
        )


def _drop_the_rehearsed(db: Connection, which: ColumnElement[bool], allowed: frozenset[str], now: datetime) -> None:
    """Exclude claimed mails to whom a rehearsal must not write: they were fanned out while live, or elsewhere."""
    welcome = (
        exists()
        .where(subscription.c.id == delivery.c.subscription_id)
        .where(subscriber.c.id == subscription.c.subscriber_id, subscriber.c.digest.in_(sorted(allowed)))
    )
    db.execute(
        update(delivery)
        .where(which, delivery.c.state == _S.CLAIMED, delivery.c.channel == Channel.EMAIL, ~welcome)
        .values(state=_S.EXCLUDED, reason=REHEARSAL, lease_id=None, settled_at=now)
    )


def _settled(outcome: Outcome, now: datetime, next_at: datetime | None) -> dict[str, Any]:
    told = {"reason": outcome.reason, "code": outcome.code}
    match outcome.verdict:
        case Verdict.ACCEPTED:
            return {**told, "state": _S.ACCEPTED, "receipt": outcome.receipt, "settled_at": now, "lease_id": None}
        case Verdict.REFUSED:
            return {**told, "state": _S.FAILED, "settled_at": now, "lease_id": None}
        case Verdict.UNCERTAIN:
            return {**told, "state": _S.UNCERTAIN}
    if next_at is None:
        reason = f"no time left to try again: {outcome.reason}"
        return {**told, "state": _S.EXPIRED, "reason": reason, "settled_at": now, "lease_id": None}
    return {**told, "state": _S.WAITING, "next_at": next_at, "lease_id": None}


def _suppress_reader(
    db: Connection, subscription_id: int | None, delivery_id: int, outcome: Outcome, now: datetime
) -> None:
    key = db.execute(
        select(subscriber.c.key_id, subscriber.c.digest)
        .join(subscription, subscription.c.subscriber_id == subscriber.c.id)
        .where(subscription.c.id == subscription_id)
    ).one_or_none()
    if key is None:
        return
    news = Event(
        id=f"refused:{delivery_id}",
        kind=EventKind.BOUNCED,
        at=now,
        cause="refused while sending",
        delivery_id=delivery_id,
        subscription_id=subscription_id,
        detail=f"{outcome.code or ''} {outcome.reason or ''}".strip(),
    )
    suppress_key(db, AddressKey(key_id=key.key_id, digest=key.digest), outcome.reason or "the address is dead", news)


def _end_lease(db: Connection, lease_id: int) -> None:
    # begun and not settled: the lease runs on, or reclaim would never find what nobody answers for any more
    begun = exists().where(delivery.c.lease_id == lease_id, delivery.c.state == _S.SENDING)
    db.execute(update(lease).where(lease.c.id == lease_id, ~begun).values(ended=True))


def _forget_ended_leases(db: Connection) -> None:
    held = exists().where(delivery.c.lease_id == lease.c.id)
    db.execute(delete(lease).where(lease.c.ended, ~held))


def _delivery(row: Any) -> Delivery:
    names = (
        "id thing recipient issue_id subscription_id recipe_hash reason attempts next_at expires_at "
        "lease_id sequence receipt settled_at"
    )
    return Delivery(
        channel=Channel(row.channel), state=_S(row.state), **{name: getattr(row, name) for name in names.split()}
    )
