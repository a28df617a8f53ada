"""Later news about Deliveries in memory, by the same rules as the SQL Store.

What news mean is decided in core.news and core.bounces.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace

from syndication.adapters.memory.readership import MemoryReadership
from syndication.adapters.memory.rows import DeliveryRow
from syndication.core import bounces
from syndication.core.bounces import Bearing, Patience
from syndication.core.model import AddressKey, Delivery, Event, EventKind, Subscription, SubscriptionState
from syndication.core.news import Standing, moved

_TO_COUNT = (EventKind.BOUNCED, EventKind.DELIVERED)
_OF_DELIVERY = ("state", "reason", "settled_at")
_OF_ROW = tuple(field.name for field in fields(Standing) if field.name not in _OF_DELIVERY)


class MemoryNews(MemoryReadership):
    def learn(self, news: Sequence[Event], patience: Patience) -> frozenset[str]:
        with self.rows.lock:
            return frozenset(one.id for one in news if self._learn(self._with_reader(one), patience))

    def _with_reader(self, one: Event) -> Event:
        row = self.rows.deliveries.get(one.delivery_id or 0)
        if row is None or one.subscription_id is not None:
            return one
        return replace(one, subscription_id=row.delivery.subscription_id)

    def _learn(self, one: Event, patience: Patience) -> bool:
        if not self.record(one):
            return False
        row = self.rows.deliveries.get(one.delivery_id or 0)
        if row is not None:
            self._move(row, one)
        reader = self.rows.subscriptions.get(one.subscription_id or 0)
        if reader is not None:
            self._judge(reader, one, patience)
        return True

    def _move(self, row: DeliveryRow, one: Event) -> None:
        known = {other.kind for other in self.rows.events.values() if other.delivery_id == row.delivery.id}
        there = Standing(
            **{name: getattr(row.delivery, name) for name in _OF_DELIVERY},
            **{name: getattr(row, name) for name in _OF_ROW},
        )
        now = moved(there, [one], known)
        lease = row.delivery.lease_id if now.state is there.state else None
        row.delivery = replace(row.delivery, lease_id=lease, **{name: getattr(now, name) for name in _OF_DELIVERY})
        for name in _OF_ROW:
            setattr(row, name, getattr(now, name))

    def _judge(self, reader: Subscription, one: Event, patience: Patience) -> None:
        key = self.rows.key_of(reader.subscriber_id)
        if one.kind is EventKind.COMPLAINED:
            self._bar(key, bounces.COMPLAINED, one)
            for theirs in self.find_subscriptions(key):
                if theirs.state is not SubscriptionState.ENDED:
                    ended = replace(theirs, state=SubscriptionState.ENDED, ended_at=one.at)
                    self.rows.subscriptions[theirs.id] = ended
        elif bounces.bearing_of(one) is Bearing.DEAD:
            self._bar(key, bounces.DEAD, one)
        if one.kind in _TO_COUNT:
            self._count_bounces(key, patience)

    def _count_bounces(self, key: AddressKey, patience: Patience) -> None:
        theirs = {s.id for s in self.find_subscriptions(key)}
        known = [one for one in self.rows.events.values() if one.subscription_id in theirs]
        soft = [one for one in known if bounces.bearing_of(replace(one, suppress=False)) is Bearing.SOFT]
        rows = (row for row in self.rows.deliveries.values() if row.delivery.subscription_id in theirs)
        arrived = [row.delivered_at for row in rows if row.delivered_at is not None and row.bounced_at is None]
        if bounces.worn_out((one.at for one in soft), arrived, patience):
            self._bar(key, bounces.WORN_OUT, max(soft, key=lambda one: (one.at, one.id)))
        elif self.rows.suppressions.get(key) == bounces.WORN_OUT:
            del self.rows.suppressions[key]

    def _bar(self, key: AddressKey, reason: str, one: Event) -> None:
        there, ground = self.rows.suppressions.get(key), self.rows.grounds.get(key)
        self.suppress(key, reason=reason, event=one)
        if there is None or (
            ground is not None and bounces.outweighs(reason, one.at, one.id, (there, ground.at, ground.id))
        ):
            self.rows.suppressions[key], self.rows.grounds[key] = reason, one

    def delivery_by_receipt(self, receipt: str) -> Delivery | None:
        with self.rows.lock:
            found = [r.delivery for r in self.rows.deliveries.values() if r.delivery.receipt == receipt]
            return max(found, key=lambda delivery: delivery.id, default=None)

    def events(self, delivery_id: int) -> Sequence[Event]:
        with self.rows.lock:
            theirs = (one for one in self.rows.events.values() if one.delivery_id == delivery_id)
            return sorted((replace(one, suppress=False) for one in theirs), key=lambda one: (one.at, one.id))
