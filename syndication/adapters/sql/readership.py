"""Subscribers, Subscriptions, Suppressions and Events in SQL: the Readership part of the Store.

It judges no address: keys are made in core.links.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, exists, insert, literal, select, update

from syndication.adapters.sql.base import Base, insert_new, lock
from syndication.adapters.sql.codec import CHOICES, dump, load
from syndication.adapters.tables import consent as consent_table
from syndication.adapters.tables import delivery, event, subscriber, subscription, suppression
from syndication.core.addresses import provider
from syndication.core.audience import choices_hash
from syndication.core.links import Keys, address_key
from syndication.core.model import (
    AddressKey,
    Choices,
    Consent,
    DeliveryState,
    Event,
    Subscription,
    SubscriptionState,
)
from syndication.ports import Permanent

NOT_BEGUN = (DeliveryState.WAITING, DeliveryState.CLAIMED)


class Readership(Base):
    def subscribe(
        self, *, address: str, key: AddressKey, edition_id: str, choices: Choices, consent: Consent, language: str
    ) -> Subscription:
        with self._writes() as db:
            if _is_suppressed(db, key):
                raise Permanent("this address is suppressed: nothing may be written to it")
            reader = _subscriber(db, address, key, consent.at)
            number = _revive(db, reader, edition_id, choices, language, consent.at)
            _add_consent(db, number, consent)
            row = db.execute(_subscriptions().where(subscription.c.id == number)).one()
        return subscription_of(row)

    def subscription(self, subscription_id: int) -> Subscription | None:
        found = self._some(_subscriptions().where(subscription.c.id == subscription_id))
        return found[0] if found else None

    def subscriptions(self, edition_id: str | None = None) -> Sequence[Subscription]:
        question = _subscriptions().order_by(subscription.c.id)
        return self._some(question if edition_id is None else question.where(subscription.c.edition_id == edition_id))

    def find_subscriptions(self, key: AddressKey) -> Sequence[Subscription]:
        return self._some(
            _subscriptions()
            .where(subscriber.c.key_id == key.key_id, subscriber.c.digest == key.digest)
            .order_by(subscription.c.id)
        )

    def end_subscription(self, news: Event) -> bool:
        with self._writes() as db:
            ended = db.execute(
                update(subscription)
                .where(subscription.c.id == news.subscription_id, subscription.c.state != SubscriptionState.ENDED)
                .values(state=SubscriptionState.ENDED, ended_at=news.at)
            )
            if not ended.rowcount:
                return False
            record_event(db, news)
            theirs = delivery.c.subscription_id == news.subscription_id
            stop(db, theirs, DeliveryState.CANCELLED, "unsubscribed", news.at)
        return True

    def suppress(self, key: AddressKey, *, reason: str, event: Event) -> None:
        with self._writes() as db:
            suppress_key(db, key, reason, event)

    def suppressed(self, key: AddressKey) -> bool:
        with self._reads() as db:
            return _is_suppressed(db, key)

    def rekey(self, keys: Keys) -> int:
        older = select(subscriber.c.id, subscriber.c.address, subscriber.c.key_id, subscriber.c.digest).where(
            subscriber.c.key_id != keys.current
        )
        with self._writes() as db:
            lock(db, older.order_by(subscriber.c.id))
            return sum(_rekey(db, row, address_key(row.address, keys)) for row in db.execute(older).all())

    def record(self, event: Event) -> bool:
        with self._writes() as db:
            return record_event(db, event)

    def _some(self, question: Select[Any]) -> list[Subscription]:
        with self._reads() as db:
            return [subscription_of(row) for row in db.execute(question)]


def record_event(db: Connection, news: Event) -> bool:
    """Append an Event; False when its id is known."""
    row = {name: getattr(news, name) for name in Event.__slots__ if name != "suppress"}
    return bool(db.execute(insert_new(db, event).values(**row)).rowcount)


def suppress_key(db: Connection, key: AddressKey, reason: str, news: Event) -> None:
    """Add a Suppression and stop what is still waiting for that address, in the caller's transaction."""
    record_event(db, news)
    db.execute(
        insert_new(db, suppression).values(
            key_id=key.key_id, digest=key.digest, since=news.at, reason=reason, event_id=news.id
        )
    )
    theirs = (
        select(subscription.c.id)
        .join(subscriber, subscriber.c.id == subscription.c.subscriber_id)
        .where(subscriber.c.key_id == key.key_id, subscriber.c.digest == key.digest)
    )
    stop(db, delivery.c.subscription_id.in_(theirs), DeliveryState.SUPPRESSED, reason, news.at)


def stop(db: Connection, whose: ColumnElement[bool], state: DeliveryState, reason: str, at: datetime) -> None:
    """Settle what waits and was not begun, of Deliveries chosen by their Subscriptions."""
    not_begun = and_(whose, delivery.c.state.in_(NOT_BEGUN))
    lock(db, select(delivery.c.id).where(not_begun).order_by(delivery.c.id))
    db.execute(update(delivery).where(not_begun).values(state=state, reason=reason, lease_id=None, settled_at=at))


def _is_suppressed(db: Connection, key: AddressKey) -> bool:
    there = exists().where(suppression.c.key_id == key.key_id, suppression.c.digest == key.digest)
    return bool(db.execute(select(there)).scalar())


def _rekey(db: Connection, row: Any, key: AddressKey) -> bool:
    kept = select(
        literal(key.key_id), literal(key.digest), suppression.c.since, suppression.c.reason, suppression.c.event_id
    ).where(suppression.c.key_id == row.key_id, suppression.c.digest == row.digest)
    db.execute(insert_new(db, suppression).from_select(["key_id", "digest", "since", "reason", "event_id"], kept))
    taken = select(subscriber.c.id).where(subscriber.c.key_id == key.key_id, subscriber.c.digest == key.digest)
    if db.execute(taken).scalar() is not None:
        return False
    db.execute(update(subscriber).where(subscriber.c.id == row.id).values(key_id=key.key_id, digest=key.digest))
    return True


def _subscriber(db: Connection, address: str, key: AddressKey, now: datetime) -> int:
    told = {"address": address, "provider": provider(address)}
    db.execute(insert_new(db, subscriber).values(**told, key_id=key.key_id, digest=key.digest, created_at=now))
    mine = and_(subscriber.c.key_id == key.key_id, subscriber.c.digest == key.digest)
    # what was typed last is what is written to
    number: int = db.execute(update(subscriber).where(mine).values(**told).returning(subscriber.c.id)).scalar_one()
    return number


def _revive(db: Connection, reader: int, edition_id: str, choices: Choices, language: str, now: datetime) -> int:
    values: dict[str, Any] = {
        "state": SubscriptionState.ACTIVE,
        "cadence": choices.cadence,
        "choices": dump(CHOICES, choices),
        "choices_hash": choices_hash(choices, language),
        "language": language,
        "ended_at": None,
    }
    fresh = insert_new(db, subscription).values(subscriber_id=reader, edition_id=edition_id, started_at=now, **values)
    number: int | None = db.execute(fresh.returning(subscription.c.id)).scalar()
    if number is not None:
        return number
    mine = and_(subscription.c.subscriber_id == reader, subscription.c.edition_id == edition_id)
    was_ended = db.execute(
        update(subscription).where(mine, subscription.c.state == SubscriptionState.ENDED).values(started_at=now)
    )
    if was_ended.rowcount:
        values["epoch"] = subscription.c.epoch + 1
    there: int = db.execute(update(subscription).where(mine).values(**values).returning(subscription.c.id)).scalar_one()
    return there


def _add_consent(db: Connection, number: int, given: Consent) -> None:
    row = {name: getattr(given, name) for name in Consent.__slots__}
    db.execute(insert(consent_table).values(subscription_id=number, **row))


SUBSCRIPTION_COLUMNS = (*subscription.c, subscriber.c.address)


def _subscriptions() -> Select[Any]:
    return select(*SUBSCRIPTION_COLUMNS).join(subscriber, subscriber.c.id == subscription.c.subscriber_id)


@lru_cache(maxsize=1024)  # many readers choose alike
def _choices(words: str) -> Choices:
    return load(CHOICES, words)


def subscription_of(row: Row[Any]) -> Subscription:
    return Subscription(
        id=row.id,
        subscriber_id=row.subscriber_id,
        edition_id=row.edition_id,
        address=row.address,
        state=SubscriptionState(row.state),
        choices=_choices(row.choices),
        language=row.language,
        epoch=row.epoch,
        started_at=row.started_at,
        ended_at=row.ended_at,
    )
