"""Wires settings, adapters and verbs into one House; it decides nothing.

Entry points call `open_house` once per process, and again after a fork.
"""

from __future__ import annotations

import json
import os
import socket
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from urllib.parse import urlsplit

from syndication import __version__
from syndication import settings as settings_module
from syndication.adapters.clock import SystemClock
from syndication.adapters.desk import DeskFile
from syndication.adapters.dns import DnsNames
from syndication.adapters.files import FilePublisher
from syndication.adapters.folder import DropFolder
from syndication.adapters.http import HttpFetcher
from syndication.adapters.imap import ImapPostbox
from syndication.adapters.indexnow import SearchHerald
from syndication.adapters.journals import FileJournals
from syndication.adapters.pictures import PillowDarkroom
from syndication.adapters.s3 import Bucket, S3Publisher
from syndication.adapters.s3.cloudfront import CloudFront
from syndication.adapters.ses import Account, SesMailer
from syndication.adapters.ses.queue import EventQueue
from syndication.adapters.ses.topic import confirm
from syndication.adapters.smtp import SmtpMailer
from syndication.adapters.sql import SqlStore, open_store
from syndication.adapters.webhook import WebhookPortal
from syndication.adapters.webhook.copies import WebhookInvalidation
from syndication.adapters.websub import HubHerald
from syndication.core import desk, links
from syndication.core.addresses import is_loopback
from syndication.core.model import SourceKind
from syndication.core.rates import EVERYTHING, Limit, cohort_below
from syndication.core.signers import Transport
from syndication.core.telling import Ear, Listener
from syndication.ports import Herald, Invalidation, Mailer, Permanent, Ports, Publisher, Setup, Transient
from syndication.settings import Settings
from syndication.wiring import asks_weather, weather_services

LARGEST_ANSWER = 40 * 1024 * 1024  # octets of one page or feed, after decompression: ten thousand stories fit
LARGEST_PICTURE = 15 * 1024 * 1024  # octets, as cameras make them
_BETWEEN_PICTURES = timedelta(seconds=0.2)  # of one host
PUBLISHER = "SYNDICATION_PUBLISHER"  # environment name of the path of publisher.toml


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """One process's view of an installation."""

    settings: Settings
    ports: Ports
    setup: Setup
    store: SqlStore

    @property
    def owner(self) -> str:
        """Who holds a lease: host/process."""
        return f"{socket.gethostname()}/{os.getpid()}"

    def close(self) -> None:
        self.ports.mailer.close()
        if self.ports.postbox is not None:
            self.ports.postbox.close()
        self.store.close()


def find_publisher(environ: Mapping[str, str], named: Path | None = None) -> Path | None:
    """Where publisher.toml is: as named, by the environment, here, or what `syndication run` wrote under ./var."""
    candidates = (named, Path(environ[PUBLISHER]) if environ.get(PUBLISHER) else None)
    for candidate in candidates:
        if candidate is not None:
            return candidate
    here = (Path("publisher.toml"), Path("var/publisher.toml"))
    return next((path for path in here if path.is_file()), None)


def load(path: Path, environ: Mapping[str, str]) -> Settings:
    """The settings; raises settings.BadSettings naming every problem."""
    return settings_module.load(path, environ)


def open_house(settings: Settings, *, migrated: bool = True) -> House:
    """The ports and the Setup of an installation; its database is brought up to date unless `migrated` is False."""
    settings.storage.folder.mkdir(parents=True, exist_ok=True)
    store = open_store(settings.storage.database_url, migrated=migrated)
    clock = SystemClock(offset=clock_offset(settings))
    if migrated:
        store.rekey(settings.address_keys)  # an installation goes live with a key of its own
        store.register_sources(settings.sources, clock.now())
        store.register_editions(settings.editions, clock.now())
    ports = Ports(
        store=store,
        clock=clock,
        fetcher=fetcher(user_agent(settings)),
        mailer=_mailer(settings),
        portal=WebhookPortal(),
        publisher=publisher(settings),
        journals=FileJournals(settings.storage.folder / "journals"),
        folders={s.id: DropFolder(Path(s.location)) for s in settings.sources if s.kind is SourceKind.FOLDER},
        weather=weather_services(settings, clock, user_agent(settings)),
        postbox=_postbox(settings),
        invalidate=_invalidation(settings, clock),
        desk=DeskFile(settings.file.parent / desk.FILE),
        heralds={listener.name: _herald(settings, listener) for listener in _listeners(settings)},
        darkroom=PillowDarkroom(),
        picture_fetcher=_picture_fetcher(user_agent(settings)),
    )
    return House(settings=settings, ports=ports, setup=make_setup(settings), store=store)


def make_setup(settings: Settings) -> Setup:
    allowed = frozenset(links.address_key(a, settings.address_keys).digest for a in settings.allow)
    return Setup(
        outlet=settings.outlet,
        sources={s.id: s for s in settings.sources},
        editions={e.id: e for e in settings.editions},
        partners={p.id: p for p in settings.partners},
        partner_secrets=settings.partner_secrets,
        source_keys=settings.source_keys,
        keys=settings.link_keys,
        address_keys=settings.address_keys,
        templates=templates(),
        allowed=allowed if settings.rehearsing else None,
        reply_to=settings.mail.reply_to,
        bounce_domain=settings.mail.bounce_domain,
        replies=settings.mail.returns is not None and settings.mail.returns.replies,
        signers=settings.mail.signers,
        lease=settings.lease,
        zone=settings.editions[0].zone,
        limits=_limits(settings),
        warm_up=settings.mail.warm_up,
        seeds=frozenset(links.address_key(a, settings.address_keys).digest for a in settings.mail.seeds),
        cohort=cohort_below(settings.mail.cut_over / 100),
        most_refused=settings.mail.most_refused / 100,
        weather_stations=settings.weather.stations if asks_weather(settings.weather) else (),
        hub=settings.hub,
        listeners=_listeners(settings),
        site_key=settings.indexnow.key if settings.indexnow else None,
    )


def _listeners(settings: Settings) -> tuple[Listener, ...]:
    """Who is told that something changed; in rehearsal only who listens on this machine."""
    engines = settings.indexnow.engines if settings.indexnow else ()
    hubs = [Listener(ear=Ear.HUB, url=settings.hub)] if settings.hub else []
    found = (*hubs, *(Listener(ear=Ear.SEARCH, url=url) for url in engines))
    return tuple(one for one in found if not settings.rehearsing or _is_here(one.url))


def _herald(settings: Settings, listener: Listener) -> Herald:
    url, agent, here = listener.url, user_agent(settings), _is_here(listener.url)
    if listener.ear is Ear.HUB:
        return HubHerald(url, user_agent=agent, loopback=here)
    assert settings.indexnow is not None
    home, key = settings.outlet.url, settings.indexnow.key
    return SearchHerald(url, home=home, key=key, user_agent=agent, loopback=here)


def _is_here(url: str) -> bool:
    return is_loopback(urlsplit(url).hostname or "")


def _limits(settings: Settings) -> Mapping[str, Limit]:
    everything = {EVERYTHING: Limit(per_second=settings.mail.per_second)} if settings.mail.per_second else {}
    return {p.name: p.limit for p in settings.mail.providers} | everything


def _picture_fetcher(agent: str) -> HttpFetcher:
    return HttpFetcher(
        user_agent=agent, timeout=timedelta(seconds=20), max_bytes=LARGEST_PICTURE, per_host_delay=_BETWEEN_PICTURES
    )


def fetcher(agent: str) -> HttpFetcher:
    return HttpFetcher(
        user_agent=agent, timeout=timedelta(seconds=20), max_bytes=LARGEST_ANSWER, per_host_delay=timedelta(seconds=1)
    )


def names(server: tuple[str, int] | None = None) -> DnsNames:
    """The DNS as the system's name servers tell it, or the one named by address and port."""
    return DnsNames() if server is None else DnsNames(servers=server[:1], port=server[1])


def user_agent(settings: Settings) -> str:
    whole = f"syndication/{__version__} (+{settings.outlet.url}; {settings.outlet.contact})"
    return whole.encode("ascii", "ignore").decode()  # a header holds nothing else


def _mailer(settings: Settings) -> Mailer:
    return _ses(settings) if settings.mail.transport is Transport.SES else _smtp(settings)


def _ses(settings: Settings) -> SesMailer:
    at_once = settings.mail.ses.concurrency if settings.mail.ses else 1
    return SesMailer(ses_account(settings), at_once=at_once, total=settings.lease / 2)


def ses_account(settings: Settings) -> Account:
    """The account that mail goes through. Raises ports.Permanent, also where the settings name none."""
    ses = settings.mail.ses
    if ses is None:
        raise Permanent("the settings name no account of Amazon SES")
    return Account(
        region=ses.region,
        configuration_set=ses.configuration_set,
        endpoint=ses.endpoint,
        access_key=ses.access_key,
        secret_key=ses.secret_key,
        answer_time=min(settings.mail.timeout, settings.lease / 3),
    )


def event_queue(settings: Settings) -> EventQueue | None:
    """The queue that the provider's events come by; None where there is none."""
    ses = settings.mail.ses
    if settings.mail.transport is not Transport.SES or ses is None or ses.event_queue is None:
        return None
    aside = settings.storage.folder / "set-aside" / "provider-events"
    return EventQueue(ses_account(settings), ses.event_queue, aside=aside, topic=ses.event_topic)


def confirm_subscription(settings: Settings, token: str) -> None:
    """Confirm that the events of the settings' topic are posted here. Raises ports.Transient, ports.Permanent."""
    arn = settings.mail.ses.event_topic if settings.mail.ses else None
    confirm(ses_account(settings), arn or "", token)


def _smtp(settings: Settings) -> SmtpMailer:
    relay = settings.mail
    return SmtpMailer(
        host=relay.host,
        port=relay.port,
        tls=relay.tls.value,
        user=relay.user,
        password=relay.password,
        hello=settings.outlet.domain,  # already an A-label; relays mistrust "localhost"
        timeout=relay.timeout,
        total=settings.lease / 2,  # an attempt's time is over before its lease is
        connections=relay.connections,
        messages_per_connection=relay.messages_per_connection,
    )


def _postbox(settings: Settings) -> ImapPostbox | None:
    back = settings.mail.returns
    if back is None or back.imap is None or back.user is None or back.password is None:
        return None
    return ImapPostbox(
        host=back.imap,
        port=back.port,
        tls=back.tls.value,
        user=back.user,
        password=back.password,
        folder=back.folder,
        timeout=settings.mail.timeout,
    )


def publisher(settings: Settings) -> Publisher:
    """Where files are published: the bucket, or the folder `public`. While rehearsing the folder, unless told else."""
    found = _bucket(settings)
    return FilePublisher(settings.storage.folder / "public") if found is None else S3Publisher(found)


def try_bucket(settings: Settings) -> None:
    """See whether the bucket that the settings name can be written, used or not. Raises Permanent or Transient."""
    found = _named_bucket(settings)
    if found is not None:
        S3Publisher(found).try_out()


def _bucket(settings: Settings) -> Bucket | None:
    used = not settings.rehearsing or settings.publishing.in_rehearsal
    return _named_bucket(settings) if used else None


def _named_bucket(settings: Settings) -> Bucket | None:
    wanted = settings.publishing
    if wanted.bucket is None or wanted.region is None:
        return None
    return Bucket(
        name=wanted.bucket,
        region=wanted.region,
        prefix=wanted.prefix or "",
        endpoint=wanted.endpoint,
        access_key=wanted.access_key,
        secret_key=wanted.secret_key,
        gzip=wanted.gzip,
        max_age=wanted.max_age,
    )


def _invalidation(settings: Settings, clock: SystemClock) -> Invalidation | None:
    """Who is told that copies are old: CloudFront, an address of the operator's, both or nobody."""
    wanted, bucket = settings.publishing, _bucket(settings)
    told: list[Invalidation] = []
    if wanted.cloudfront is not None and bucket is not None:
        told.append(CloudFront(wanted.cloudfront, bucket))
    if wanted.invalidate_url is not None and wanted.invalidate_secret is not None:
        loopback = settings.rehearsing and is_loopback(urlsplit(wanted.invalidate_url).hostname or "")
        if not settings.rehearsing or loopback or wanted.in_rehearsal:
            told.append(
                WebhookInvalidation(
                    wanted.invalidate_url,
                    wanted.invalidate_secret,
                    home=settings.outlet.url,
                    now=clock.now,
                    portal=WebhookPortal(),
                    loopback=loopback,
                )
            )

    return everybody(told) if told else None


def everybody(told: Sequence[Invalidation]) -> Invalidation:
    """Tells each of them, also when another one cannot be told; raises what went wrong last."""

    def tell(paths: Sequence[str]) -> None:
        fault: Transient | Permanent | None = None
        for one in told:
            try:
                one(paths)
            except (Transient, Permanent) as error:
                fault = error
        if fault is not None:
            raise fault

    return tell


# --- templates -------------------------------------------------------------------------------


def templates() -> Mapping[str, str]:
    """Every template by its path below templates/, e.g. email/digest.mjml."""
    root = files("syndication") / "templates"
    if not root.is_dir():  # a checkout keeps them at its top level
        root = Path(__file__).parent.parent / "templates"
    return dict(_texts(root, ""))


def _texts(folder: Traversable, prefix: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if entry.is_dir():
            found += _texts(entry, f"{prefix}{entry.name}/")
        elif not entry.name.startswith("."):
            found.append((prefix + entry.name, entry.read_text(encoding="utf-8")))
    return found


# --- the rehearsal's clock -------------------------------------------------------------------


def clock_offset(settings: Settings) -> timedelta:
    """How far the Clock is shifted: zero, unless a rehearsal starts on a chosen morning and runs on from there."""
    if settings.starts_at is None:
        return timedelta(0)
    told = clock_file(settings)
    try:
        return timedelta(seconds=json.loads(told.read_text())["offset"])
    except FileNotFoundError:
        return set_clock(settings, settings.starts_at)


def set_clock(settings: Settings, at: datetime) -> timedelta:
    """Let the rehearsal's Clock show `at` now, for every process of this installation."""
    offset = at - datetime.now(UTC)
    told = clock_file(settings)
    told.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=told.parent, delete=False, encoding="utf-8") as draft:
        json.dump({"offset": offset.total_seconds()}, draft)
    Path(draft.name).replace(told)
    return offset


def clock_file(settings: Settings) -> Path:
    return settings.storage.folder / "clock.json"
