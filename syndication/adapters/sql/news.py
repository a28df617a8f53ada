"""Later news about Deliveries in SQL, and what follows from them for readers: the Aftermath part of the Store.

What news mean is decided in core.news and core.bounces.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, insert, or_, select, update

from syndication.adapters.sql.base import Base, insert_new, lock
from syndication.adapters.sql.claims import as_delivery
from syndication.adapters.sql.readership import NOT_BEGUN, stop
from syndication.adapters.tables import delivery, event, subscriber, subscription, suppression
from syndication.core import bounces
from syndication.core.bounces import Bearing, Patience
from syndication.core.model import Delivery, DeliveryState, Event, EventKind, SubscriptionState
from syndication.core.news import Standing, moved

_GRAVE = (EventKind.BOUNCED, EventKind.COMPLAINED)
_TO_COUNT = (EventKind.BOUNCED, EventKind.DELIVERED)
_STANDING = tuple(field.name for field in fields(Standing))
_RECORDED = tuple(field.name for field in fields(Event) if field.name != "suppress")


class News(Base):
    def learn(self, news: Sequence[Event], patience: Patience) -> frozenset[str]:
        if not news:
            return frozenset()
        # in the order of ids: whoever stores some of the same waits in the same line
        ordered = sorted({one.id: one for one in reversed(news)}.values(), key=lambda one: one.id)
        with self._writes() as db:
            ordered = _with_readers(db, ordered)
            readers = _lock_readers(db, ordered)
            _lock_deliveries(db, ordered, readers)
            fresh = _record(db, ordered)
            _move(db, fresh)
            for reader, theirs in readers.items():
                _judge(db, reader, [one for one in fresh if one.subscription_id in theirs], patience)
        return frozenset(one.id for one in fresh)

    def delivery_by_receipt(self, receipt: str) -> Delivery | None:
        newest = select(delivery).where(delivery.c.receipt == receipt).order_by(delivery.c.id.desc()).limit(1)
        with self._reads() as db:
            row = db.execute(newest).one_or_none()
        return None if row is None else as_delivery(row)

    def events(self, delivery_id: int) -> Sequence[Event]:
        question = select(event).where(event.c.delivery_id == delivery_id).order_by(event.c.at, event.c.id)
        with self._reads() as db:
            return [_event(row) for row in db.execute(question)]


# --- whom it concerns ------------------------------------------------------------------------


def _with_readers(db: Connection, news: Sequence[Event]) -> list[Event]:
    """The Events, each with the Subscription of its Delivery."""
    ids = {one.delivery_id for one in news if one.subscription_id is None and one.delivery_id is not None}
    rows = db.execute(select(delivery.c.id, delivery.c.subscription_id).where(delivery.c.id.in_(ids))) if ids else ()
    readers: dict[int | None, int] = {row.id: row.subscription_id for row in rows}
    return [
        replace(one, subscription_id=readers.get(one.delivery_id)) if one.subscription_id is None else one
        for one in news
    ]


def _lock_readers(db: Connection, news: Sequence[Event]) -> Mapping[Any, frozenset[int]]:
    """The Subscribers (rows) whose addresses the news may tell something about, with all their Subscriptions.

    A delivery only does so after a bounce."""
    grave = {one.subscription_id for one in news if one.kind in _GRAVE} - {None}
    good = {one.subscription_id for one in news if one.kind is EventKind.DELIVERED} - {None} - grave
    if good:
        bounced = and_(event.c.subscription_id.in_(good), event.c.kind == EventKind.BOUNCED)
        grave |= set(db.execute(select(event.c.subscription_id).where(bounced).distinct()).scalars())
    if not grave:
        return {}
    theirs = select(subscription.c.subscriber_id).where(subscription.c.id.in_(grave))
    concerned = select(subscriber.c.id, subscriber.c.key_id, subscriber.c.digest).where(subscriber.c.id.in_(theirs))
    lock(db, concerned.order_by(subscriber.c.id))
    by_id = {row.id: row for row in db.execute(concerned)}
    found: dict[Any, set[int]] = defaultdict(set)
    for row in db.execute(
        select(subscription.c.id, subscription.c.subscriber_id).where(subscription.c.subscriber_id.in_(by_id))
    ):
        found[by_id[row.subscriber_id]].add(row.id)
    return {reader: frozenset(numbers) for reader, numbers in found.items()}


def _lock_deliveries(db: Connection, news: Sequence[Event], readers: Mapping[Any, frozenset[int]]) -> None:
    """Whatever may change, in one line: what is named, and what still waits for a reader concerned."""
    named = {one.delivery_id for one in news if one.delivery_id is not None}
    numbers = frozenset[int]().union(*readers.values())
    waiting = and_(delivery.c.subscription_id.in_(numbers), delivery.c.state.in_(NOT_BEGUN))
    lock(db, select(delivery.c.id).where(or_(delivery.c.id.in_(named), waiting)).order_by(delivery.c.id))


# --- the record and the Deliveries -----------------------------------------------------------


def _record(db: Connection, news: Sequence[Event]) -> list[Event]:
    """The Events that were not known; they are from now on."""
    rows = [{name: getattr(one, name) for name in _RECORDED} for one in news]
    new = set(db.execute(insert_new(db, event).returning(event.c.id), rows).scalars())
    return [one for one in news if one.id in new]


def _move(db: Connection, fresh: Sequence[Event]) -> None:
    news: dict[int, list[Event]] = defaultdict(list)
    for one in fresh:
        if one.delivery_id is not None:
            news[one.delivery_id].append(one)
    if not news:
        return
    known: dict[int, set[EventKind]] = defaultdict(set)
    for row in db.execute(select(event.c.delivery_id, event.c.kind).where(event.c.delivery_id.in_(news)).distinct()):
        known[row.delivery_id].add(EventKind(row.kind))
    changed = []
    for row in db.execute(select(delivery).where(delivery.c.id.in_(news))).all():
        there = Standing(state=DeliveryState(row.state), **{n: getattr(row, n) for n in _STANDING if n != "state"})
        now = moved(there, news[row.id], known[row.id])
        if now != there:
            lease = row.lease_id if now.state is there.state else None
            changed.append({"_id": row.id, "lease_id": lease, **{n: getattr(now, n) for n in _STANDING}})
    if changed:
        db.execute(_MOVE, changed)


_MOVE = (
    update(delivery)
    .where(delivery.c.id == bindparam("_id"))
    .values({name: bindparam(name) for name in ("lease_id", *_STANDING)})
)


# --- readers ---------------------------------------------------------------------------------


def _judge(db: Connection, reader: Any, fresh: Sequence[Event], patience: Patience) -> None:
    """What these news make of a reader's address."""
    for one in fresh:
        if one.kind is EventKind.COMPLAINED:
            _suppress(db, reader, bounces.COMPLAINED, one)
            _end_all(db, reader, one)
        elif bounces.bearing_of(one) is Bearing.DEAD:
            _suppress(db, reader, bounces.DEAD, one)
    if any(one.kind in _TO_COUNT for one in fresh):
        _count(db, reader, patience)


def _count(db: Connection, reader: Any, patience: Patience) -> None:
    """Suppress a worn-out address; and take that back where it turns out that mail arrived in between."""
    mine = select(subscription.c.id).where(subscription.c.subscriber_id == reader.id)
    bounced = select(event).where(event.c.subscription_id.in_(mine), event.c.kind == EventKind.BOUNCED)
    soft = [one for one in map(_event, db.execute(bounced)) if bounces.bearing_of(one) is Bearing.SOFT]
    arrived = select(delivery.c.delivered_at).where(
        delivery.c.subscription_id.in_(mine), delivery.c.delivered_at.is_not(None), delivery.c.bounced_at.is_(None)
    )
    if bounces.worn_out((one.at for one in soft), db.execute(arrived).scalars(), patience):
        _suppress(db, reader, bounces.WORN_OUT, max(soft, key=lambda one: (one.at, one.id)))
    else:
        db.execute(delete(suppression).where(_suppressed(reader), suppression.c.reason == bounces.WORN_OUT))


def _suppress(db: Connection, reader: Any, reason: str, news: Event) -> None:
    values = {"since": news.at, "reason": reason, "event_id": news.id}
    old = db.execute(select(suppression).where(_suppressed(reader))).one_or_none()
    if old is None:
        db.execute(insert(suppression).values(key_id=reader.key_id, digest=reader.digest, **values))
    elif bounces.outweighs(reason, news.at, news.id, (old.reason, old.since, old.event_id)):
        db.execute(update(suppression).where(_suppressed(reader)).values(**values))
    mine = select(subscription.c.id).where(subscription.c.subscriber_id == reader.id)
    stop(db, delivery.c.subscription_id.in_(mine), DeliveryState.SUPPRESSED, reason, news.at)


def _suppressed(reader: Any) -> Any:
    return and_(suppression.c.key_id == reader.key_id, suppression.c.digest == reader.digest)


def _end_all(db: Connection, reader: Any, news: Event) -> None:
    db.execute(
        update(subscription)
        .where(subscription.c.subscriber_id == reader.id, subscription.c.state != SubscriptionState.ENDED)
        .values(state=SubscriptionState.ENDED, ended_at=news.at)
    )


def _event(row: Any) -> Event:
    values = {name: getattr(row, name) for name in _RECORDED}
    return Event(**{**values, "kind": EventKind(row.kind)})
