"""What the in-memory Store remembers, as plain rows behind one lock.

It has no rules: those are in its siblings.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count

from syndication.adapters.memory.feed_rows import FeedRows
from syndication.adapters.memory.picture_rows import PictureRow
from syndication.adapters.memory.telling_rows import TellingRow
from syndication.core.model import (
    AddressKey,
    Article,
    Block,
    Channel,
    Consent,
    Delivery,
    DeliveryState,
    Event,
    Issue,
    IssueContent,
    Proposal,
    Recipe,
    ServiceState,
    SourceLink,
    SourceState,
    Subscription,
    WeatherReading,
    Wish,
)


@dataclass(slots=True)
class LeaseRow:
    channel: Channel
    owner: str
    journal: str | None
    until: datetime
    ended: bool = False


@dataclass(slots=True)
class WayRow:
    """How mail to a provider may go."""

    next_at: datetime
    paused: tuple[datetime, str] | None = None  # until when by the port Clock, and why
    day_began_at: datetime | None = None
    sent: int = 0


@dataclass(slots=True)
class ChannelRow:
    audience: int = 0
    aged: Counter[tuple[DeliveryState, str | None]] = field(default_factory=Counter)  # of rows that are gone
    bounced: int = 0
    complained: int = 0
    fanned_out_at: datetime | None = None


@dataclass(slots=True)
class DeliveryRow:
    delivery: Delivery
    created_at: datetime
    priority: int = 5  # lower goes first
    begun_at: datetime | None = None
    resent: bool = False
    delivered_at: datetime | None = None  # later news about an accepted one
    bounced_at: datetime | None = None
    complained_at: datetime | None = None


@dataclass(kw_only=True)
class Rows:
    """The tables. `database_now` is the clock that leases compare with."""

    database_now: Callable[[], datetime] = lambda: datetime.now(UTC)
    lock: threading.RLock = field(default_factory=threading.RLock)
    numbers: count[int] = field(default_factory=lambda: count(1))
    sources: dict[str, tuple[SourceState, datetime | None]] = field(default_factory=dict)
    places: dict[str, tuple[int | None, str]] = field(default_factory=dict)  # rank and location, by Source id
    links: dict[tuple[str, str], SourceLink] = field(default_factory=dict)  # in the order of their noting
    proposals: dict[tuple[int, str, str], Proposal] = field(default_factory=dict)  # by article id, kind, content hash
    revisions: dict[int, list[Article]] = field(default_factory=dict)  # by article id, oldest first
    identities: dict[str, int] = field(default_factory=dict)
    readings: list[WeatherReading] = field(default_factory=list)  # oldest first
    weather_services: dict[str, tuple[ServiceState, datetime | None]] = field(default_factory=dict)
    editions: dict[str, datetime] = field(default_factory=dict)
    issues: dict[int, Issue] = field(default_factory=dict)
    used: set[tuple[str, str, int]] = field(default_factory=set)  # edition, cadence, article id
    blocks: dict[tuple[int, int, str], Mapping[str, Block]] = field(default_factory=dict)
    subscribers: dict[AddressKey, tuple[int, str]] = field(default_factory=dict)  # id and address as typed
    subscriptions: dict[int, Subscription] = field(default_factory=dict)
    consents: list[tuple[int, Consent]] = field(default_factory=list)
    suppressions: dict[AddressKey, str] = field(default_factory=dict)  # key -> reason
    grounds: dict[AddressKey, Event] = field(default_factory=dict)  # the news that a Suppression rests on
    events: dict[str, Event] = field(default_factory=dict)
    recipes: dict[str, Recipe] = field(default_factory=dict)
    issue_recipes: dict[tuple[int, int, str], tuple[str | None, str | None]] = field(default_factory=dict)
    contents: dict[tuple[int, int], IssueContent] = field(default_factory=dict)  # by issue id and revision
    closed_at: dict[int, datetime] = field(default_factory=dict)  # by issue id
    installation: tuple[str, int] | None = None
    ways: dict[str, WayRow] = field(default_factory=dict)
    channels: dict[tuple[int, Channel], ChannelRow] = field(default_factory=dict)
    leases: dict[int, LeaseRow] = field(default_factory=dict)
    deliveries: dict[int, DeliveryRow] = field(default_factory=dict)
    delivery_keys: dict[tuple[Channel, str, str], int] = field(default_factory=dict)
    sequences: dict[str, int] = field(default_factory=dict)
    beats: dict[str, datetime] = field(default_factory=dict)
    wishes: dict[int, Wish] = field(default_factory=dict)
    feeds: FeedRows = field(default_factory=FeedRows)
    pictures: dict[str, PictureRow] = field(default_factory=dict)  # by the address that Articles name
    pictured: dict[int, int] = field(default_factory=dict)  # up to which revision, by article id
    tellings: dict[tuple[str, str], TellingRow] = field(default_factory=dict)  # by listener and thing

    def key_of(self, subscriber_id: int) -> AddressKey:
        return next(key for key, (number, _) in self.subscribers.items() if number == subscriber_id)
