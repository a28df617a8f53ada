"""The store's part for Subscribers, Suppressions and the Events that come back.

It does not hold Deliveries.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from syndication.core.bounces import Patience
from syndication.core.links import Keys
from syndication.core.model import (
    AddressKey,
    Choices,
    Consent,
    Delivery,
    Event,
    Subscription,
)


class Readership(Protocol):
    """Subscribers, Subscriptions, Suppressions and Events."""

    def subscribe(
        self, *, address: str, key: AddressKey, edition_id: str, choices: Choices, consent: Consent, language: str
    ) -> Subscription:
        """Add or revive an active Subscription with its consent. Raises Permanent for a suppressed address."""
        ...

    def subscription(self, subscription_id: int) -> Subscription | None: ...

    def subscriptions(self, edition_id: str | None = None) -> Sequence[Subscription]: ...

    def find_subscriptions(self, key: AddressKey) -> Sequence[Subscription]: ...

    def end_subscription(self, event: Event) -> bool:
        """End the Subscription the Event names, at once and for Deliveries still waiting; False if it had ended."""
        ...

    def suppress(self, key: AddressKey, *, reason: str, event: Event) -> None:
        """Add a Suppression; Deliveries still waiting for this address become suppressed."""
        ...

    def suppressed(self, key: AddressKey) -> bool: ...

    def rekey(self, keys: Keys) -> int:
        """Bring Subscribers under the current key, and with each what suppresses them; returns how many there were.

        A Suppression under an older key stays beside the new one. Whoever is there under the current key is left."""
        ...

    def record(self, event: Event) -> bool:
        """Append an Event; False when its id is known."""
        ...


class Aftermath(Protocol):
    """Later news about Deliveries, and what follows from them for readers."""

    def learn(self, news: Sequence[Event], patience: Patience) -> frozenset[str]:
        """Record Events about Deliveries with all that follows from them; returns the ids that were new.

        In any order and number the end is the same: see core.news for Deliveries, core.bounces for addresses. A
        complaint also ends every Subscription of its reader. Events are recorded whether or not their Delivery is
        known; without `subscription_id` they get their Delivery's."""
        ...

    def delivery_by_receipt(self, receipt: str) -> Delivery | None:
        """The newest Delivery that the far side gave this id."""
        ...

    def events(self, delivery_id: int) -> Sequence[Event]:
        """What was heard of a Delivery, in the order of its instants."""
        ...
