"""Takes in later news about Deliveries and Subscriptions, in any order and any number of times.

It reads no mailbox and no webhook: entry points turn what arrives into Events.
"""

from __future__ import annotations

from datetime import datetime

from syndication.core.model import Event, EventKind
from syndication.ports import Ports


def apply(ports: Ports, news: Event) -> bool:
    """Record an Event and what follows from it; False when it was known and changed nothing."""
    if news.kind is EventKind.ENDED:
        return ports.store.end_subscription(news)
    return ports.store.record(news)


def ended(subscription_id: int, epoch: int, at: datetime, cause: str) -> Event:
    """The Event of a reader leaving; leaving twice is the same Event."""
    return Event(
        id=f"ended:{subscription_id}:{epoch}",
        kind=EventKind.ENDED,
        at=at,
        cause=cause,
        subscription_id=subscription_id,
    )
