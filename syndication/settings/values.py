"""The settings of an installation as frozen values, ready for wiring.

It reads nothing and judges nothing; secrets stand in fields that are never shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from syndication.core.links import Keys
from syndication.core.model import Edition, Outlet, Partner, Source
from syndication.core.rates import WarmUp
from syndication.core.signers import Signer, Transport
from syndication.settings.amazon import Ses
from syndication.settings.fields import Mode, Tls
from syndication.settings.publishing import Publishing
from syndication.settings.returns import Returns
from syndication.settings.sending import ProviderLimit
from syndication.settings.skies import WeatherSettings as WeatherSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    folder: Path  # absolute
    database_url: str = field(repr=False)  # SQLAlchemy URL; may hold a password
    embedded: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    url: str | None = field(default=None, repr=False)  # None: embedded, in the storage folder

    @property
    def embedded(self) -> bool:
        return self.url is None


@dataclass(frozen=True, slots=True, kw_only=True)
class MailRelay:
    host: str
    port: int
    tls: Tls = Tls.NONE
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    signers: tuple[Signer, ...] = field(default=(), repr=False)  # DKIM, newest first
    timeout: timedelta = timedelta(seconds=30)
    reply_to: str | None = None
    bounce_domain: str | None = None
    returns: Returns | None = None
    transport: Transport = Transport.SMTP
    ses: Ses | None = None
    connections: int = 1
    messages_per_connection: int = 1000
    per_second: int | None = None
    providers: tuple[ProviderLimit, ...] = ()
    warm_up: WarmUp | None = None
    cut_over: int = 100  # percent
    seeds: tuple[str, ...] = ()
    most_refused: int = 20  # percent


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexNow:
    key: str  # as it stands in the file of its name at the site's root
    engines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    host: str = "127.0.0.1"
    port: int = 8600
    workers: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    origin_port: int
    mailbox_port: int
    portal_port: int
    folder: Path  # absolute; what the origin serves


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that a publisher wrote, with the secrets that the environment gave."""

    file: Path  # absolute path of publisher.toml
    mode: Mode
    outlet: Outlet
    sources: tuple[Source, ...]
    editions: tuple[Edition, ...]
    partners: tuple[Partner, ...]
    storage: Storage
    broker: Broker
    mail: MailRelay
    allow: tuple[str, ...]  # addresses that may be written to in rehearsal, as typed
    weather: WeatherSettings
    address_keys: Keys = field(repr=False)
    link_keys: Keys = field(repr=False)
    partner_secrets: Mapping[str, tuple[str, ...]] = field(repr=False)  # by Partner id, newest first
    source_keys: Mapping[str, str] = field(default_factory=dict, repr=False)  # by Source id
    starts_at: datetime | None = None  # the Clock's start in a rehearsal; aware
    publishing: Publishing = field(default_factory=Publishing, repr=False)
    web: Web = field(default_factory=Web)
    tick: timedelta = timedelta(minutes=1)
    lease: timedelta = timedelta(seconds=90)
    sandbox: Sandbox | None = None
    hub: str | None = None  # of WebSub
    moved: Mapping[str, str] = field(default_factory=dict)  # older paths, to paths here or URLs
    ended: tuple[str, ...] = ()  # paths of feeds that are no more; with a closing slash all below
    indexnow: IndexNow | None = None

    @property
    def rehearsing(self) -> bool:
        return self.mode is Mode.REHEARSAL

    def edition(self, edition_id: str) -> Edition:
        """Raises KeyError for an id that no Edition has."""
        found = {edition.id: edition for edition in self.editions}
        return found[edition_id]
