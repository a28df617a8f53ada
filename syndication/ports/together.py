"""The whole store, the clock, and everything a verb is given.

It wires nothing; `bootstrap` does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from syndication.core.links import Keys
from syndication.core.model import (
    Edition,
    Outlet,
    Partner,
    Source,
)
from syndication.core.rates import Limit, WarmUp
from syndication.core.signers import Signer
from syndication.core.telling import Listener
from syndication.ports.desk import Desk, Wishes
from syndication.ports.feeds import Feeds
from syndication.ports.inputs import Fetcher, Folder
from syndication.ports.mail import Journals, Mailer, Postbox
from syndication.ports.newsroom import Intake, Newsroom
from syndication.ports.outbox import Outbox
from syndication.ports.outputs import Invalidation, Pages, Portal, Publisher
from syndication.ports.pictures import Darkroom, Pictures
from syndication.ports.readership import Aftermath, Readership
from syndication.ports.sources import Following, Proposals
from syndication.ports.telling import Herald, Tellings
from syndication.ports.weather import WeatherService


class Clock(Protocol):
    def now(self) -> datetime:
        """The current instant, aware, in UTC."""
        ...


class Store(
    Intake,
    Following,
    Proposals,
    Newsroom,
    Wishes,
    Readership,
    Outbox,
    Aftermath,
    Feeds,
    Tellings,
    Pictures,
    Protocol,
):
    """Everything that lasts. One method is one transaction."""

    def close(self) -> None:
        """Let go of connections (also right after a fork)."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    store: Store
    clock: Clock
    fetcher: Fetcher
    mailer: Mailer
    portal: Portal
    publisher: Publisher
    folders: Mapping[str, Folder]
    journals: Journals
    weather: Sequence[WeatherService] = ()
    postbox: Postbox | None = None
    desk: Desk | None = None  # None: wishes come by command only
    darkroom: Darkroom | None = None  # None: no pictures are shown
    picture_fetcher: Fetcher | None = None  # with the limits that pictures have
    heralds: Mapping[str, Herald] = field(default_factory=dict)  # by the name of the Listener that each tells
    invalidate: Invalidation | None = None  # None: nobody keeps copies longer than they may
    pages: Pages | None = None  # None: readers' pages are served, not published


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What the publisher decided, as the verbs need it."""

    outlet: Outlet
    sources: Mapping[str, Source]
    editions: Mapping[str, Edition]
    partners: Mapping[str, Partner]
    partner_secrets: Mapping[str, tuple[str, ...]]  # by Partner id, newest first
    keys: Keys  # links, and addresses that mail comes back to
    address_keys: Keys
    templates: Mapping[str, str]  # template name -> source text
    allowed: frozenset[str] | None = None  # rehearsal: digests of address keys that may be written to; None = live
    reply_to: str | None = None
    bounce_domain: str | None = None  # where VERP, reply and leaving addresses live; None: there are none
    replies: bool = False  # answers of readers come to reply addresses first, and from there to `reply_to`
    signers: tuple[Signer, ...] = ()  # DKIM; who of them signs is said by the instant at which an Issue was frozen
    hub: str | None = None  # the WebSub hub that our feeds name
    listeners: tuple[Listener, ...] = ()  # who is told when feeds and pages change; nobody strange in rehearsal
    site_key: str | None = None  # IndexNow: proves that the site is ours, stands there as a file of its name
    own_pages: bool = False  # readers have pages of their own: to change their choices, and for their copy of a digest
    weather_stations: tuple[str, ...] = ()
    source_keys: Mapping[str, str] = field(default_factory=dict, repr=False)  # what APIs ask for, by Source id
    lease: timedelta = timedelta(seconds=90)  # how long a claimed slice is held without a sign of life
    zone: str = "Asia/Seoul"  # whose days the limits by the day count
    limits: Mapping[str, Limit] = field(default_factory=dict)  # by mail provider; "" is everything
    warm_up: WarmUp | None = None
    seeds: frozenset[str] = frozenset()  # digests of the newsroom's own addresses: they go first
    cohort: str | None = None  # address digests below this are ours to write to; None: all
    keep: timedelta = timedelta(days=400)  # how long it is known who got what: the correction window
    most_refused: float = 0.2  # share of an Issue's answers; more than that stops it

    @property
    def live(self) -> bool:
        return self.allowed is None
