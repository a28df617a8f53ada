"""Subscribers, Subscriptions, Suppressions and Events in memory.

It judges no address.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from syndication.adapters.memory.rows import DeliveryRow, Rows
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

_NOT_BEGUN = (DeliveryState.WAITING, DeliveryState.CLAIMED)


class MemoryReadership:
    rows: Rows

    def subscribe(
        self, *, address: str, key: AddressKey, edition_id: str, choices: Choices, consent: Consent, language: str
    ) -> Subscription:
        with self.rows.lock:
            if key in self.rows.suppressions:
                raise Permanent("this address is suppressed: nothing may be written to it")
            number = self.rows.subscribers[key][0] if key in self.rows.subscribers else next(self.rows.numbers)
            self.rows.subscribers[key] = (number, address)
            there = next((s for s in self.find_subscriptions(key) if s.edition_id == edition_id), None)
            made = self._revived(there, number, edition_id, address, choices, consent, language)
            self.rows.subscriptions[made.id] = made
            self.rows.consents.append((made.id, consent))
            return made

    def _revived(
        self,
        there: Subscription | None,
        subscriber_id: int,
        edition_id: str,
        address: str,
        choices: Choices,
        consent: Consent,
        language: str,
    ) -> Subscription:
        if there is None:
            return Subscription(
                id=next(self.rows.numbers),
                subscriber_id=subscriber_id,
                edition_id=edition_id,
                address=address,
                state=SubscriptionState.ACTIVE,
                choices=choices,
                language=language,
                started_at=consent.at,
            )
        had_ended = there.state is SubscriptionState.ENDED
        return replace(
            there,
            address=address,
            state=SubscriptionState.ACTIVE,
            choices=choices,
            language=language,
            epoch=there.epoch + had_ended,
            started_at=consent.at if had_ended else there.started_at,
            ended_at=None,
        )

    def subscription(self, subscription_id: int) -> Subscription | None:
        with self.rows.lock:
            there = self.rows.subscriptions.get(subscription_id)
            return None if there is None else self._addressed(there)

    def subscriptions(self, edition_id: str | None = None) -> Sequence[Subscription]:
        with self.rows.lock:
            everyone = (s for _, s in sorted(self.rows.subscriptions.items()))
            return [self._addressed(s) for s in everyone if edition_id in (None, s.edition_id)]

    def find_subscriptions(self, key: AddressKey) -> Sequence[Subscription]:
        with self.rows.lock:
            number = self.rows.subscribers.get(key, (0, ""))[0]
            return [s for s in self.subscriptions() if s.subscriber_id == number]

    def _addressed(self, there: Subscription) -> Subscription:
        return replace(there, address=self.rows.subscribers[self.rows.key_of(there.subscriber_id)][1])

    def end_subscription(self, news: Event) -> bool:
        with self.rows.lock:
            there = self.rows.subscriptions.get(news.subscription_id or 0)
            if there is None or there.state is SubscriptionState.ENDED:
                return False
            self.rows.subscriptions[there.id] = replace(there, state=SubscriptionState.ENDED, ended_at=news.at)
            self.record(news)
            mine = [r for r in self.rows.deliveries.values() if r.delivery.subscription_id == there.id]
            _stop(mine, DeliveryState.CANCELLED, "unsubscribed", news.at)
            return True

    def suppress(self, key: AddressKey, *, reason: str, event: Event) -> None:
        with self.rows.lock:
            self.record(event)
            self.rows.suppressions.setdefault(key, reason)
            theirs = {s.id for s in self.find_subscriptions(key)}
            rows = [r for r in self.rows.deliveries.values() if r.delivery.subscription_id in theirs]
            _stop(rows, DeliveryState.SUPPRESSED, reason, event.at)

    def suppressed(self, key: AddressKey) -> bool:
        return key in self.rows.suppressions

    def rekey(self, keys: Keys) -> int:
        with self.rows.lock:
            older = [(key, row) for key, row in self.rows.subscribers.items() if key.key_id != keys.current]
            return sum(self._rekey(key, address_key(row[1], keys)) for key, row in older)

    def _rekey(self, old: AddressKey, new: AddressKey) -> bool:
        if old in self.rows.suppressions:
            self.rows.suppressions.setdefault(new, self.rows.suppressions[old])
        if new in self.rows.subscribers:
            return False
        self.rows.subscribers[new] = self.rows.subscribers.pop(old)
        return True

    def record(self, event: Event) -> bool:
        with self.rows.lock:
            if event.id in self.rows.events:
                return False
            self.rows.events[event.id] = event
            return True


def _stop(rows: Iterable[DeliveryRow], state: DeliveryState, reason: str, at: datetime) -> None:
    for row in rows:
        if row.delivery.state in _NOT_BEGUN:
            row.delivery = replace(row.delivery, state=state, reason=reason, lease_id=None, settled_at=at)
