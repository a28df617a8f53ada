"""The words of the house as frozen values: what every other module speaks in.

It decides nothing and stores nothing: rules live in the sibling modules, tables in adapters.
Longer than other modules on purpose: whoever looks for the meaning of a word finds all of them in one place.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum

# --- what comes in ---------------------------------------------------------------------------


class SourceKind(StrEnum):
    FEED = "feed"  # RSS or Atom over HTTP
    PAGE = "page"  # a newspaper page over HTTP: plain text or MediaOn HTML
    FOLDER = "folder"  # a drop folder on local disk


class FirstPoll(StrEnum):
    """What the first look at a Source does with what already stands there."""

    BASELINE = "baseline"  # known from now on, never in an Issue
    TAKE = "take"  # eligible like anything new


class Rights(StrEnum):
    OWN = "own"
    LICENSED = "licensed"
    NOT_FOR_PASSING_ON = "not-for-passing-on"


class ArticleStatus(StrEnum):
    USABLE = "usable"
    CORRECTED = "corrected"
    WITHHELD = "withheld"
    CANCELED = "canceled"  # one l, as in ninjs and NewsML-G2


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """An upstream that is polled, as the publisher configured it."""

    id: str
    kind: SourceKind
    location: str  # URL, or the path of a drop folder
    outlet: str  # outlet key: the identity of an Article hangs on it, not on the host
    every: timedelta = timedelta(minutes=30)
    silent_after: timedelta = timedelta(hours=36)  # expected rhythm: longer without a new Article is silence
    first_poll: FirstPoll = FirstPoll.BASELINE
    rights: Rights = Rights.OWN
    rights_holder: str | None = None
    section: str | None = None  # used where an Article names none
    region: str | None = None
    loopback: bool = False  # the settings name a loopback address on purpose
    weather: bool = False  # its page carries a weather widget that may serve as last resort


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """What polling has learnt of a Source so far (all instants UTC)."""

    source_id: str
    next_check_at: datetime
    etag: str | None = None
    last_modified: str | None = None
    first_polled_at: datetime | None = None
    last_checked_at: datetime | None = None
    last_ok_at: datetime | None = None
    last_new_at: datetime | None = None
    failures: int = 0
    last_error: str | None = None
    ended: bool = False  # the far side said 410


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    url: str
    alt: str = ""
    credit: str | None = None
    licence: str | None = None
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleContent:
    """One Revision's content. `paragraphs` are plain text (a ▲ list item keeps its mark, a line break is \\n);
    `html` is sanitised and shallow, or None where the paragraphs say it all."""

    title: str  # empty where the page printed none
    subtitle: str | None = None
    paragraphs: tuple[str, ...] = ()
    html: str | None = None
    section: str | None = None
    region: str | None = None
    url: str | None = None  # canonical, absolute
    bylines: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    images: tuple[Image, ...] = ()
    published_at: datetime | None = None  # the article's own instant (aware); None when unknown
    published_on: date | None = None  # its own bare date, when it printed no time
    rights: Rights = Rights.OWN
    rights_holder: str | None = None
    robot: bool = False
    sponsored: bool = False
    embargo_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An Article as one look at a Source gave it, before the store knows it."""

    identity: str  # see core.sources.identity
    content: ArticleContent


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """A stored Article at one Revision."""

    id: int
    uri: str  # tag: URI, minted once, never changed
    source_id: str
    identity: str
    revision: int  # counted from 1
    content: ArticleContent
    content_hash: str
    status: ArticleStatus = ArticleStatus.USABLE
    first_seen_at: datetime
    revised_at: datetime  # when this Revision was seen
    baseline: bool = False  # stood there at the first poll of a `baseline` Source: never eligible


@dataclass(frozen=True, slots=True, kw_only=True)
class Teaser:
    """Another story's headline and opening as printed on a page; never an Article."""

    section: str | None = None
    title: str | None = None
    text: str | None = None
    cut: bool = False
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """Something that was not taken, and why."""

    what: str
    reason: str


# --- weather ---------------------------------------------------------------------------------


class Origin(StrEnum):
    """Where a weather value comes from, most trusted first."""

    KMA = "kma"
    WIDGET = "widget"  # printed on a newspaper page: a labelled last resort


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What one station measured. None means unknown, never clear and never zero."""

    station: str | None  # name as printed
    station_id: str | None
    condition: str | None  # the word as printed, e.g. 맑음
    temperature: float | None  # ℃
    observed_at: datetime | None  # None: the hour is unknown
    origin: Origin
    attribution: str | None  # who, as printed without 제공: 기상청


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    place: str
    on: date
    low: float | None = None
    high: float | None = None
    morning: str | None = None
    afternoon: str | None = None
    rain_chance: int | None = None  # per cent, the day's highest
    issued_at: datetime | None = None
    origin: Origin = Origin.KMA
    attribution: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WeatherReading:
    """One answer of one weather origin. `on` is the date it claims (a page's date line), if any."""

    origin: Origin
    source_id: str
    fetched_at: datetime
    on: date | None = None
    observations: tuple[Observation, ...] = ()
    forecasts: tuple[Forecast, ...] = ()

    @property
    def fingerprint(self) -> str:
        """The values without the page's date: equal on two days when a widget stood still."""
        seen = [(o.station, o.condition, o.temperature, o.observed_at) for o in self.observations]
        told = [(f.place, f.on, f.low, f.high, f.morning, f.afternoon, f.rain_chance) for f in self.forecasts]
        return hashlib.sha256(repr((seen, told)).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class StationWeather:
    """One station in an Issue: what was observed and what is forecast for the Issue's date."""

    station: str
    station_id: str
    observation: Observation | None = None
    forecast: Forecast | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """The weather of an Issue. Without stations, `note` says why there is none."""

    stations: tuple[StationWeather, ...] = ()
    attribution: str | None = None
    observed_at: datetime | None = None  # None: hour unknown
    last_resort: bool = False  # taken from a page's widget
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one input gave, whatever its kind. An unreadable one is an entry in `set_aside`."""

    date_line: date | None = None  # the page's own date, never an Article's
    attribution: str | None = None
    observed_at: datetime | None = None  # where one hour holds for all observations
    observations: tuple[Observation, ...] = ()
    forecasts: tuple[Forecast, ...] = ()
    articles: tuple[Found, ...] = ()
    teasers: tuple[Teaser, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    warnings: tuple[str, ...] = ()


# --- the product -----------------------------------------------------------------------------


class Cadence(StrEnum):
    DAILY = "daily"
    WEEKLY = "weekly"
    EXTRA = "extra"


class Channel(StrEnum):
    EMAIL = "email"
    FEED = "feed"
    PARTNER = "partner"


class Undated(StrEnum):
    """What an Edition does with an Article whose own date is unknown."""

    IN = "in"  # taken, shown without a date
    OUT = "out"


class EmptyDay(StrEnum):
    SKIP = "skip"  # nothing eligible: no Issue, recorded
    WEATHER = "weather"  # an Issue with the weather alone


class Appear(StrEnum):
    """When an Article comes into the articles feeds of an Edition."""

    WITH_ISSUE = "with-issue"  # when an Issue that holds it freezes
    AT_ONCE = "at-once"  # as soon as it was read


class UncertainPolicy(StrEnum):
    HOLD = "hold"  # tell the operator
    RESEND = "resend"  # once, with the same Message-ID, before expiry


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """The publisher as readers and partners know it."""

    name: str
    domain: str
    url: str  # public URL of this product's pages, without a trailing slash
    address: str  # postal address, printed in every mail
    contact: str
    sender_name: str
    sender_address: str
    accent: str = "#1a5fb4"  # six-digit hex
    logo: str | None = None  # address of a PNG, JPEG or GIF for feeds, at most 144 pixels wide


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """The standing product."""

    id: str  # slug, part of every permanent link
    title: str
    language: str = "ko"
    zone: str = "Asia/Seoul"
    days: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)  # publishing days, Monday is 0
    hour: time = time(6, 30)
    lead: timedelta = timedelta(minutes=10)
    weather_grace: timedelta = timedelta(minutes=5)  # within the lead
    expires_after: timedelta = timedelta(hours=12)  # counted from the hour
    horizon: timedelta = timedelta(hours=48)  # counted back from the last Issue's cut-off
    cap: int = 25
    sections: tuple[str, ...] = ()  # in reading order; sections not named follow in order of first story
    stations: tuple[str, ...] = ()  # station names shown to a reader who chose none
    sources: tuple[str, ...] = ()  # Source ids; empty = all
    channels: tuple[Channel, ...] = (Channel.EMAIL, Channel.FEED, Channel.PARTNER)
    undated: Undated = Undated.IN
    empty_day: EmptyDay = EmptyDay.SKIP
    uncertain: UncertainPolicy = UncertainPolicy.HOLD
    advertising: bool = False  # subject begins with (광고)
    appear: Appear = Appear.WITH_ISSUE


class IssueState(StrEnum):
    FROZEN = "frozen"  # assembled; Deliveries may go out
    CLOSED = "closed"  # every Delivery settled; can never be fanned out again
    MISSED = "missed"  # its time had long passed: recorded, never sent
    EMPTY = "empty"  # nothing eligible: recorded, never sent
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueItem:
    """One chosen Article, frozen with the words it goes out with."""

    article: Article
    section: str
    summary: str
    link: str  # absolute: the article's own page, else its place on our Issue page
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueContent:
    """What is frozen: chosen Articles in reading order and the weather."""

    items: tuple[IssueItem, ...] = ()
    weather: Weather = field(default_factory=Weather)
    degraded: tuple[str, ...] = ()  # what was wrong with the morning, for the operator


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One Edition, one cadence, one local date, frozen."""

    id: int
    edition_id: str
    cadence: Cadence
    on: date
    state: IssueState
    revision: int
    cut_off_at: datetime
    publish_at: datetime  # the Edition's hour: sending may start
    expires_at: datetime
    frozen_at: datetime
    content: IssueContent
    reason: str | None = None  # why missed, empty or cancelled
    held: str | None = None  # why its sending rests, until the operator resumes or cancels it
    resumed: bool = False  # the operator has looked: refusals stop it no more


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One rendered piece of an Issue in one language. The same key in html and text."""

    key: str
    html: str
    text: str


# --- the people ------------------------------------------------------------------------------


class SubscriptionState(StrEnum):
    PENDING = "pending"
    ACTIVE = "active"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """A reader's choices as stored. Empty means the Edition's own."""

    stations: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    cadence: Cadence = Cadence.DAILY
    hour: time | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """How a Subscription came about. Append-only in the store."""

    at: datetime
    how: str  # e.g. "종이 신청서", "import 2026-01 list.csv"
    text_version: str  # which wording the reader agreed to
    origin: str | None = None  # from where: an address, a form, a file


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressKey:
    """The keyed hash of an address and the id of the key that made it."""

    key_id: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    id: int
    subscriber_id: int
    edition_id: str
    address: str  # as typed: this is what is written to
    state: SubscriptionState
    choices: Choices
    language: str = "ko"
    epoch: int = 0  # raised to make older manage links void
    started_at: datetime
    ended_at: datetime | None = None


class Dialect(StrEnum):
    JSON = "json"


class Transport(StrEnum):
    WEBHOOK = "webhook"


class What(StrEnum):
    ARTICLES = "articles"
    DIGEST = "digest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """A portal's profile, written as data. Default deny: what a filter does not name is not sent."""

    id: str
    name: str
    url: str
    edition: str
    secret_names: tuple[str, ...]  # environment names of whsec_ secrets, newest first
    dialect: Dialect = Dialect.JSON
    transport: Transport = Transport.WEBHOOK
    what: What = What.ARTICLES
    sections: tuple[str, ...] = ()  # empty = none; ("*",) = all
    rights: tuple[Rights, ...] = (Rights.OWN,)
    full_text: bool = True
    robot: bool = False
    sponsored: bool = False
    loopback: bool = False
    production: bool = True  # False: a sandbox or test host

    @property
    def rehearsed_with(self) -> bool:
        """Whether a rehearsal may push to it: only to what is on this machine or is said to be no production host."""
        return self.loopback or not self.production


# --- delivering ------------------------------------------------------------------------------


class DeliveryState(StrEnum):
    WAITING = "waiting"
    CLAIMED = "claimed"  # leased, nothing handed over
    SENDING = "sending"  # the intent is recorded: it may have been handed over
    ACCEPTED = "accepted"
    SUPPRESSED = "suppressed"
    EXCLUDED = "excluded"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Block keys in order; the first story's section comes in its leading form."""

    blocks: tuple[str, ...]
    first_item: int | None = None  # index into IssueContent.items of the reader's own first story


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """The duty to bring one thing over one Channel to one recipient."""

    id: int
    channel: Channel
    thing: str  # issue:12, article:34/2
    recipient: str  # subscriber:7, feed:daily/digest.rss, partner:portal
    issue_id: int | None
    issue_revision: int | None = None  # which revision of the Issue this recipient gets
    subscription_id: int | None = None
    recipe_hash: str | None
    provider: str | None = None  # the recipient's mail provider, e.g. naver
    state: DeliveryState
    reason: str | None = None
    attempts: int = 0
    next_at: datetime
    expires_at: datetime
    lease_id: int | None = None
    sequence: int | None = None  # per partner, rising
    receipt: str | None = None
    settled_at: datetime | None = None


class Reach(StrEnum):
    """Whom a bad answer concerns besides the Delivery it was given to."""

    DELIVERY = "delivery"  # this message or this recipient
    PROVIDER = "provider"  # everybody at the recipient's mail provider: they wait
    TRANSPORT = "transport"  # everything that goes the same way (the relay, the account, the portal): it waits
    ISSUE = "issue"  # our own fault, for every recipient alike: the Issue is held and the operator told


class Verdict(StrEnum):
    """What one attempt told us."""

    ACCEPTED = "accepted"
    DEFERRED = "deferred"  # nothing was handed over; try again later
    REFUSED = "refused"  # a final no
    UNCERTAIN = "uncertain"  # it may have been handed over


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    verdict: Verdict
    receipt: str | None = None  # the far side's id for it
    code: str | None = None  # e.g. 250, 4.7.1, HTTP 410
    reason: str | None = None
    suppress: bool = False  # the address is dead: never write to it again
    reach: Reach = Reach.DELIVERY
    retry_after: timedelta | None = None

    @property
    def common(self) -> bool:
        """Whether it was said of everything that goes this way, not of this Delivery alone."""
        return self.reach in (Reach.TRANSPORT, Reach.ISSUE)


class EventKind(StrEnum):
    SENT = "sent"  # the provider says that it took the mail
    DELIVERED = "delivered"
    DELAYED = "delayed"
    REJECTED = "rejected"  # the provider took it and then would not send it
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    CONFIRMED = "confirmed"
    ENDED = "ended"
    STARTED = "started"
    SUPPRESSED = "suppressed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Later news about a Delivery or a Subscription.

    `id` is the far side's id, or one of ours: known twice counts once."""

    id: str
    kind: EventKind
    at: datetime
    cause: str
    delivery_id: int | None = None
    subscription_id: int | None = None
    detail: str | None = None
    code: str | None = None  # an enhanced status code (RFC 3463), where there is one
    suppress: bool = False  # the address is dead or its owner complained: never write to it again


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """Row by row counts of one Issue on one Channel; no term is a remainder."""

    audience: int
    accepted: int = 0
    suppressed: int = 0
    excluded: int = 0
    failed: int = 0
    expired: int = 0
    cancelled: int = 0
    uncertain: int = 0
    waiting: int = 0
    bounced: int = 0  # of the accepted
    complained: int = 0  # of the accepted

    @property
    def closes(self) -> bool:
        """Whether audience equals the sum of all its terms."""
        return self.audience == (
            self.accepted
            + self.suppressed
            + self.excluded
            + self.failed
            + self.expired
            + self.cancelled
            + self.uncertain
            + self.waiting
        )
