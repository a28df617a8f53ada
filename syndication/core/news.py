"""What later news make of a Delivery: the same end, in whatever order they come and however often.

It changes no row and judges no address: see `bounces` for that.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from syndication.core.model import DeliveryState, Event, EventKind

# News about one Delivery; everything else is about a Subscription.
ABOUT_DELIVERIES = frozenset(
    {
        EventKind.SENT,
        EventKind.DELAYED,
        EventKind.DELIVERED,
        EventKind.BOUNCED,
        EventKind.COMPLAINED,
        EventKind.REJECTED,
    }
)
REJECTED = "the provider took it and would not send it"

_BEYOND_DOUBT = frozenset({EventKind.DELIVERED, EventKind.BOUNCED, EventKind.COMPLAINED})
_UNDER_WAY = frozenset({EventKind.SENT, EventKind.DELAYED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a Delivery stands, as far as later news can move it."""

    state: DeliveryState
    reason: str | None = None
    settled_at: datetime | None = None
    delivered_at: datetime | None = None
    bounced_at: datetime | None = None
    complained_at: datetime | None = None


def moved(there: Standing, news: Iterable[Event], known: Collection[EventKind]) -> Standing:
    """Where it stands after these news; `known` are the kinds of all its news so far, these included.

    The instants kept are the earliest of their kind."""
    for one in news:
        there = _noted(there, one)
    state = _state(known)
    if state is None:
        return there
    return replace(there, state=state, reason=REJECTED if state is DeliveryState.FAILED else None)


def _noted(there: Standing, one: Event) -> Standing:
    there = replace(there, settled_at=_earlier(there.settled_at, one.at))
    match one.kind:
        case EventKind.DELIVERED:
            return replace(there, delivered_at=_earlier(there.delivered_at, one.at))
        case EventKind.BOUNCED:
            return replace(there, bounced_at=_earlier(there.bounced_at, one.at))
        case EventKind.COMPLAINED:
            return replace(there, complained_at=_earlier(there.complained_at, one.at))
        case _:
            return there


def _state(known: Collection[EventKind]) -> DeliveryState | None:
    """News of a mail are evidence that it was handed over, whatever we thought before: it is not sent again.

    A provider's rejection outweighs that it took the mail, and is outweighed by what only happens to mail that went."""
    if not _BEYOND_DOUBT.isdisjoint(known):
        return DeliveryState.ACCEPTED
    if EventKind.REJECTED in known:
        return DeliveryState.FAILED
    return None if _UNDER_WAY.isdisjoint(known) else DeliveryState.ACCEPTED


def _earlier(there: datetime | None, at: datetime) -> datetime:
    return at if there is None else min(there, at)
