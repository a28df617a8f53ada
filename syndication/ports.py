"""What the verbs need of the outside world, as protocols, and the only errors that cross them.

It implements nothing: real adapters and one in-memory adapter per port live in `adapters`.
Longer than other modules on purpose: every port, with what it promises, stands in one place.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Protocol

from syndication.core.bounces import Patience
from syndication.core.catalogue import Appearance, Feed, FeedState, Kept, Page, Place, Restatement, Story
from syndication.core.ledger import Entry, Testimony, Witness
from syndication.core.links import Keys
from syndication.core.model import (
    AddressKey,
    Article,
    ArticleStatus,
    Balance,
    Block,
    Cadence,
    Channel,
    Choices,
    Consent,
    Delivery,
    DeliveryState,
    Edition,
    Event,
    Found,
    Issue,
    IssueContent,
    IssueState,
    Outcome,
    Outlet,
    Partner,
    Recipe,
    Source,
    SourceState,
    Subscription,
    UncertainPolicy,
    Verdict,
    WeatherReading,
)
from syndication.core.rates import Limit, Rates, WarmUp
from syndication.core.signers import Signer


class Transient(Exception):
    """It did not work now; the same call may work later. Nothing was handed over."""

    def __init__(self, reason: str, *, retry_after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class Permanent(Exception):
    """It will not work until somebody changes something."""


class Unknown(Exception):
    """It may or may not have happened."""


class Clock(Protocol):
    def now(self) -> datetime:
        """The current instant, aware, in UTC."""
        ...


# --- inputs ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """One answer. `body` is None for 304; `ended` is true for 410."""

    url: str  # where the answer came from, after redirects
    body: bytes | None
    content_type: str = ""
    etag: str | None = None
    last_modified: str | None = None
    ended: bool = False


class Fetcher(Protocol):
    def fetch(
        self, url: str, *, etag: str | None = None, last_modified: str | None = None, loopback: bool = False
    ) -> Fetched:
        """GET within size and time limits; addresses that are not public are refused, also after redirects.

        `loopback` allows a loopback address for `url` itself, never for where it redirects.
        Raises Transient (5xx, 429, timeouts, dead names) and Permanent (other 4xx, refused address, too large).
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """A file of a drop folder that stayed unchanged for two looks."""

    name: str
    body: bytes


class Folder(Protocol):
    def look(self) -> Sequence[Dropped]:
        """The files that are unchanged since the last look, by name."""
        ...

    def done(self, dropped: Dropped) -> None: ...

    def set_aside(self, dropped: Dropped, reason: str) -> None: ...


class Names(Protocol):
    """The DNS. Nothing comes back where a name or a record does not exist; raises Transient where nobody can tell."""

    def txt(self, name: str) -> Sequence[str]:
        """Each record as one text, its strings joined."""
        ...

    def mx(self, name: str) -> Sequence[str]:
        """Hosts without a dot at their end, preferred first; "" is the null MX (RFC 7505)."""
        ...

    def a(self, name: str) -> Sequence[str]: ...

    def aaaa(self, name: str) -> Sequence[str]: ...

    def ptr(self, address: str) -> Sequence[str]:
        """The names of an IP address, without a dot at their end."""
        ...


class WeatherService(Protocol):
    def read(self, stations: Sequence[str], on: date) -> WeatherReading:
        """Observations and forecasts for stations (names) on a local date. Raises Transient or Permanent."""
        ...


# --- outputs ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A finished message and its envelope. `message` is the exact bytes of the DATA phase before dot-stuffing."""

    sender: str
    recipient: str
    message: bytes
    delivery_id: int = 0  # 0: no Delivery of the outbox
    tags: Mapping[str, str] = field(default_factory=dict)  # [A-Za-z0-9_-], for providers that give them back


Intent = Callable[[Mail], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """When mails may be handed over: the first `start` from now (at once, where that has passed), each further one
    `every` later. Who has fallen behind may make up for it at twice the pace, never all at once."""

    start: timedelta
    every: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """What the provider's account allows, counted in recipients."""

    per_second: float
    per_day: int
    sent_last_day: int


class Mailer(Protocol):
    def carry(
        self, mails: Iterable[Mail], intent: Intent, *, pace: Pace | None = None
    ) -> Iterator[tuple[Mail, Outcome]]:
        """Hand over mails one after another and yield each with its Outcome as soon as that is known, in any order.

        The next mail is drawn while the last one travels. Right before a mail could become theirs (the final dot, the
        provider's call) `intent` is asked, perhaps from another thread: on False nothing of it is handed over and its
        Outcome is HELD_BACK. Every mail that was drawn gets its Outcome. Never raises for what the far side says or
        does; what breaks before `intent` is deferred, what breaks after it is uncertain."""
        ...

    def quota(self) -> Quota | None:
        """What the provider's account allows now; None where nobody says. Raises Transient."""
        ...

    def close(self) -> None: ...


HELD_BACK = Outcome(
    verdict=Verdict.DEFERRED, reason="held back right before it would have been handed over; nothing was"
)


class Journal(Protocol):
    """What one sending process writes down outside the database, so that its death leaves little doubt.

    The process holds it locked for as long as it lives. Every line is with the operating system when the call returns
    (it survives the process, not the machine). Raises Transient when it cannot be written."""

    @property
    def name(self) -> str: ...

    def intend(self, lease_id: int, delivery_id: int, key: str) -> None:
        """Note that a Delivery is about to be handed over; `key` names it whatever becomes of the database."""
        ...

    def note(self, lease_id: int, delivery_id: int, outcome: Outcome) -> None:
        """Note what was answered."""
        ...


class Journals(Protocol):
    def own(self) -> Journal:
        """This process's journal, opened with the first call, anew when the file has vanished. Raises Transient.

        Never asked for while mails of ours are under way: the last one may be let go."""
        ...

    def recall(self, name: str, lease_id: int) -> Testimony | None:
        """What our own journal says about a lease of ours under which nothing is under way any more; None when the
        journal of that name is not our own."""
        ...

    def testimony(self, host: str, name: str, lease_id: int) -> Testimony | None:
        """What a journal says; None while its owner lives, on another machine, or when it is gone."""
        ...

    def entries(self) -> Iterable[Entry]:
        """Everything that is written down here, the oldest journal first."""
        ...

    def sweep(self, now: datetime) -> None:
        """Remove what nobody will ask for any more."""
        ...

    def witness(self) -> Witness | None:
        """What is known here, outside the database, of the database; None when nothing is."""
        ...

    def attest(self, witness: Witness) -> None:
        """Remember a witness; the highest lease of one epoch stands. Raises Transient."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """One document for one Partner. `key` is stable across retries: the idempotency key."""

    partner_id: str
    key: str
    url: str
    secrets: tuple[str, ...]
    body: bytes
    content_type: str
    at: datetime
    sequence: int
    loopback: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A mail that came in, as it came. `sender` and `recipients` are the envelope's; None and empty where unknown."""

    message: bytes
    sender: str | None = None  # "" for the null sender of reports
    recipients: tuple[str, ...] = ()
    name: str = ""  # how the Postbox knows it


class Postbox(Protocol):
    """Where bounces, complaints and answers of readers arrive and wait to be read."""

    def look(self, limit: int) -> Iterator[Arrived]:
        """What has not been marked yet, oldest first. Raises Transient or Permanent."""
        ...

    def done(self, arrived: Arrived) -> None:
        """Mark a mail: it was read and what it said was stored."""
        ...

    def set_aside(self, arrived: Arrived) -> None:
        """Mark a mail that somebody should look at."""
        ...

    def close(self) -> None: ...


class Portal(Protocol):
    def push(self, push: Push) -> Outcome: ...


class Publisher(Protocol):
    def publish(self, path: str, body: bytes, content_type: str) -> bool:
        """Replace the file at `path` atomically, only when its bytes changed; returns whether they did."""
        ...

    def read(self, path: str) -> bytes | None: ...

    def changed_at(self, path: str) -> datetime | None:
        """When the bytes at `path` last changed; None when there are none."""
        ...


# --- the store -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What storing found Articles did: numbers of new Articles, new Revisions, and known ones."""

    new: int
    revised: int
    known: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """An Issue about to be frozen: everything but its id."""

    edition_id: str
    cadence: Cadence
    on: date
    state: IssueState
    cut_off_at: datetime
    publish_at: datetime
    expires_at: datetime
    frozen_at: datetime
    content: IssueContent
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """Deliveries claimed together under one lease; mails with their readers by Subscription id."""

    lease_id: int
    deliveries: tuple[Delivery, ...]
    readers: Mapping[int, Subscription] = field(default_factory=dict)
    pace: Pace | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """An Outcome to be recorded; `next_at` for deferred ones."""

    delivery_id: int
    outcome: Outcome
    next_at: datetime | None = None
    provider: str | None = None  # whose day's count it adds to, where it was accepted or may have been


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A lease that has not ended, or that has and left uncertain Deliveries. `over`: its time has passed."""

    id: int
    channel: Channel
    host: str
    owner: str
    journal: str | None
    over: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncertain:
    """An uncertain Delivery, for the operator."""

    delivery: Delivery
    since: datetime


class Intake(Protocol):
    """Sources, Articles and weather. Every method is one transaction."""

    def register_sources(self, sources: Iterable[Source], now: datetime) -> None:
        """Make a state row for each Source that has none; it is due at once."""
        ...

    def source_states(self) -> Sequence[SourceState]: ...

    def take_source(self, source_id: str, now: datetime, until: datetime) -> SourceState | None:
        """Claim a due Source for polling until `until`; None when it is not due or somebody else has it."""
        ...

    def store_articles(
        self, source: Source, found: Sequence[Found], now: datetime, *, domain: str, baseline: bool
    ) -> Stored:
        """Add new Articles (minting `tag:domain,year:` URIs) and new Revisions of changed ones."""
        ...

    def articles_by_source(self) -> Mapping[str, int]:
        """How many Articles each Source has brought so far."""
        ...

    def settle_source(self, state: SourceState) -> None: ...

    def store_weather(self, reading: WeatherReading) -> None: ...

    def weather_since(self, since: datetime) -> Sequence[WeatherReading]:
        """Readings fetched at or after `since`, newest first."""
        ...

    def widget_dates(self, reading: WeatherReading) -> Sequence[date]:
        """Other local dates on which a page carried exactly these observations."""
        ...


class Newsroom(Protocol):
    """Issues: assembled once per Edition, cadence and local date."""

    def register_editions(self, editions: Iterable[Edition], now: datetime) -> None: ...

    def last_issue(self, edition_id: str, cadence: Cadence) -> Issue | None:
        """The newest Issue (by date) in any state."""
        ...

    def last_cut_off(self, edition_id: str, cadence: Cadence) -> datetime | None:
        """The cut-off of the newest Issue that was really published (frozen or closed)."""
        ...

    def adopted_at(self, edition_id: str) -> datetime:
        """When this installation first knew the Edition: no slot before it is ever missed."""
        ...

    def issue_on(self, edition_id: str, cadence: Cadence, on: date) -> Issue | None: ...

    def issue(self, issue_id: int, revision: int | None = None) -> Issue | None:
        """An Issue as it is, or as it was at an earlier revision."""
        ...

    def issues(self, edition_id: str, limit: int) -> Sequence[Issue]:
        """The newest frozen or closed Issues first."""
        ...

    def open_issues(self) -> Sequence[Issue]:
        """Issues in state frozen."""
        ...

    def eligible(
        self, edition: Edition, cadence: Cadence, *, cut_off_at: datetime, since: datetime
    ) -> Sequence[Article]:
        """Usable Articles first seen in [since, cut_off_at), no baseline, in no Issue of this Edition and cadence;
        oldest first. Each at the newest Revision seen before the cut-off."""
        ...

    def article_at(self, article_id: int, revision: int | None = None) -> Article | None:
        """An Article at a Revision, else at its newest."""
        ...

    def freeze(self, frozen: Frozen, blocks: Mapping[str, Sequence[Block]]) -> Issue:
        """Store an Issue, its items and its blocks (by language). Asked again for the same Edition, cadence and
        date, returns the Issue that is there."""
        ...

    def blocks(self, issue_id: int, revision: int, language: str) -> Mapping[str, Block]: ...

    def close_settled(self, now: datetime, *, among: Collection[int] | None = None) -> Sequence[int]:
        """Close Issues (of those `among`) past their expiry whose every Delivery is settled; returns their ids."""
        ...


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


class Outbox(Protocol):
    """Deliveries from fan-out to settled. Leases compare with the database's own clock; `now` is the port Clock's."""

    def distinct_choices(self, issue: Issue) -> Mapping[str, tuple[Choices, str]]:
        """The distinct (choices, language) of active Subscriptions of the Issue's Edition and cadence, by hash."""
        ...

    def fan_out_email(
        self,
        issue: Issue,
        recipes: Mapping[str, tuple[Recipe | None, str | None]],
        now: datetime,
        *,
        after: int,
        limit: int,
        allowed: frozenset[str] | None,
        seeds: frozenset[str] = frozenset(),
        cohort: str | None = None,
    ) -> int | None:
        """One chunk: a Delivery for each active Subscription with id > `after`, in id order.

        `recipes`: choices hash -> (Recipe, None), or (None, reason) for an excluded reader. `allowed`: in rehearsal
        the digests of address keys that may be written to (others are excluded). Suppressed ones get a Delivery in
        that state. `seeds`: digests of the newsroom's own addresses: theirs go first and need not wait for the hour.
        `cohort`: readers whose address digest is not below it are excluded: another system still writes to them.
        `recipes` are kept: they need to be given once. Returns the id to go on after, or None when done; `after`
        itself, and nothing is done, when a reader of the chunk has chosen what no Recipe was made for. Repeatable;
        never for a closed Issue, nor for one at another revision than `issue` has: it has to be read again."""
        ...

    def fan_out_to(
        self,
        *,
        channel: Channel,
        things: Sequence[tuple[str, str]],
        issue: Issue,
        now: datetime,
        not_before: datetime,
        expires_at: datetime,
    ) -> int:
        """A Delivery per (thing, recipient) that has none yet; returns how many were new."""
        ...

    def claim(
        self,
        channel: Channel,
        now: datetime,
        *,
        limit: int,
        lease: timedelta,
        owner: str,
        journal: str | None = None,
        allowed: frozenset[str] | None = None,
        rates: Rates | None = None,
    ) -> Slice | None:
        """Lease up to `limit` due Deliveries of Issues that are not held. On the way expired ones become expired,
        suppressed ones suppressed, those whose Subscription ended cancelled, and mails excluded whose address key is
        not in `allowed` (rehearsal). Partner slices hold at most one Delivery per Partner, the lowest sequence first.
        `owner` is host/process, `journal` where it writes intents. `rates` limit a slice and give it its pace.
        None when nothing is due; a slice without Deliveries when nothing may go before its pace begins."""
        ...

    def begin(self, lease_id: int, ids: Collection[int], now: datetime, *, outlast: timedelta) -> frozenset[int]:
        """Mark claimed Deliveries as sending; returns those that may be sent: none when the lease is lost or does not
        outlast `outlast`, or their Issue is held; and not those whose recipient left or was suppressed meanwhile."""
        ...

    def settle(
        self, lease_id: int, settlements: Sequence[Settlement], now: datetime, *, rates: Rates | None = None
    ) -> frozenset[int]:
        """Record Outcomes under the lease they were won under; returns the Deliveries that were settled by it.

        Also settles one of this lease that had become uncertain meanwhile: the answer is evidence."""
        ...

    def renew(self, lease_id: int, lease: timedelta) -> bool: ...

    def release(self, lease_id: int, untouched: Collection[int] = ()) -> None:
        """Give back what was claimed and not begun, and of what was begun, `untouched`: by the word of the lease's own
        holder nothing of it was handed over. End the lease, unless something that was begun is not settled."""
        ...

    def leases(self) -> Sequence[Lease]:
        """Leases that nobody has taken back, and ended ones whose journal may still tell something."""
        ...

    def take_back(self, lease_id: int, testimony: Testimony | None, now: datetime) -> Mapping[str, int]:
        """End a lease that is over, or whose holder is dead (there is a testimony).

        What was only claimed waits again, as do feeds and Partners' Deliveries; a mail that was begun
        is settled by what the testimony says, waits again where that is sure that nothing was handed over, and else is
        uncertain. Returns the counts by new state."""
        ...

    def age_out(self, before: datetime, limit: int) -> int:
        """Turn up to `limit` Deliveries of one Issue that was closed before then into the Issue's sums; how many.

        The balance and the outcomes stay what they were; which reader it was is forgotten."""
        ...

    def hold_issue(self, issue_id: int, reason: str, now: datetime) -> bool:
        """Let an Issue's sending rest; False when it rests already or is closed."""
        ...

    def resume_issue(self, issue_id: int, now: datetime) -> bool:
        """Go on with an Issue that rests; False when it does not, or its time is over, as a cancelled one's is."""
        ...

    def cancel_issue(self, issue_id: int, reason: str, now: datetime) -> int:
        """Cancel what waits of an Issue, on every Channel; returns how many Deliveries that were. For good: its time is
        over from now on, so what comes back, or is fanned out later, expires."""
        ...

    def pause_provider(self, provider: str, until: datetime, reason: str) -> None:
        """Claim nothing for a mail provider before an instant; "" is everything that goes by mail."""
        ...

    def pauses(self, now: datetime) -> Mapping[str, tuple[datetime, str]]:
        """Which mail providers rest now, until when, and why."""
        ...

    def deliveries_by_revision(self, issue_id: int) -> Mapping[int, tuple[int, int]]:
        """Of an Issue's mails by the revision they have: how many are settled or sent, and how many wait."""
        ...

    def waiting_mails(self, issue_id: int, after: int, limit: int) -> Sequence[tuple[int, AddressKey]]:
        """Mails of an Issue that wait, with ids above `after`, in order, and whose they are."""
        ...

    def doubt(self, ids: Collection[int], reason: str, now: datetime) -> int:
        """Call waiting mails uncertain: something outside the database says that they may have been handed over."""
        ...

    def identity(self) -> Witness | None:
        """Which database this is, and the highest number that a lease ever had in it; None when it never sent."""
        ...

    def declare(self, installation_id: str, epoch: int) -> None:
        """Call this database the true one from now on. The first word of an epoch stands, whoever else says one."""
        ...

    def refusals(self, issue_id: int) -> tuple[int, int]:
        """Of an Issue's mails, how many were refused or bounced, and how many were answered at all."""
        ...

    def amend(
        self,
        issue_id: int,
        content: IssueContent,
        blocks: Mapping[str, Sequence[Block]],
        recipes: Mapping[str, tuple[Recipe | None, str | None]],
        now: datetime,
    ) -> Issue | None:
        """Store a new revision of a frozen Issue; whoever is claimed from then on gets that one.

        `recipes`: hash of the Recipe that a reader would have had -> the new one, or (None, why nothing is left).
        Raises Transient when a Recipe of a reader is not among them: somebody was just fanned out with it. None when
        the Issue is not frozen. Who has a mail or may have one keeps the revision that was sent."""
        ...

    def issue_recipes(self, issue_id: int) -> Mapping[str, Recipe]:
        """Every Recipe of an Issue, of all its revisions, by hash."""
        ...

    def expire(self, now: datetime, limit: int) -> int:
        """Settle up to `limit` waiting Deliveries whose time has passed; returns how many."""
        ...

    def resend_uncertain(self, policies: Mapping[str, UncertainPolicy], now: datetime) -> int:
        """Return uncertain mails of `resend` Editions to the outbox, once each, before expiry."""
        ...

    def resolve(self, delivery_id: int, state: DeliveryState, now: datetime, reason: str) -> bool:
        """Settle an uncertain Delivery by evidence or the operator's word: accepted, failed or waiting."""
        ...

    def balance(self, issue_id: int, channel: Channel) -> Balance: ...

    def outcomes(self, issue_id: int, channel: Channel) -> Mapping[tuple[DeliveryState, str | None], int]:
        """Counts by state and reason."""
        ...

    def deliveries(self, issue_id: int, channel: Channel | None = None) -> Sequence[Delivery]: ...

    def delivery(self, delivery_id: int) -> Delivery | None: ...

    def uncertain(self) -> Sequence[Uncertain]: ...

    def due(self, channel: Channel, now: datetime, at_most: int | None = None) -> int:
        """How many Deliveries wait whose time has come, counted up to `at_most`."""
        ...

    def fanned_out(self, issue_id: int) -> frozenset[Channel]:
        """The Channels whose audience has been counted to its end."""
        ...

    def recipes(self, hashes: Collection[str]) -> Mapping[str, Recipe]:
        """Recipes by hash; one that is not there is left out."""
        ...

    def beat(self, name: str, now: datetime) -> None:
        """Note that a worker or beat lives."""
        ...

    def beats(self) -> Mapping[str, datetime]: ...


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted:
    """What adopting ids did: how many are kept from now on, were known, or came too late or twice (by identity)."""

    kept: int
    known: int
    refused: Mapping[str, str] = field(default_factory=dict)


class Feeds(Protocol):
    """What stands in which Feed since when, under which id, and the items serialised for it."""

    def adopt(self, ids: Mapping[str, str], now: datetime) -> Adopted:
        """Keep ids of an older feed, by the identity of the Article that each names. An Article that has appeared keeps
        the id it has for ever, and no id names two."""
        ...

    def issues_to_enter(self, editions: Collection[str]) -> Sequence[Issue]:
        """Frozen or closed Issues whose newest revision was not entered yet, oldest first."""
        ...

    def articles_to_enter(self, edition: Edition, since: datetime, limit: int) -> Sequence[Article]:
        """Usable Articles that are not in an Edition's articles Feed, first seen at or after `since` and since the
        Edition is known; oldest first."""
        ...

    def articles_known(self, identities: Collection[str]) -> Mapping[str, Article]:
        """Articles at their newest Revision, by identity."""
        ...

    def enter(self, appearances: Sequence[Appearance], *, issue: Issue | None = None) -> None:
        """Let Articles appear, and an Issue in its digest Feed. In any order and any number of times the same comes
        of it: an Article keeps the words of its earliest appearance, and the id it got with its first."""
        ...

    def revised(self, since: datetime) -> Sequence[Story]:
        """Articles in Feeds that have a newer Revision, seen at or after `since`, each at that Revision."""
        ...

    def revise(self, story: Story, feeds: Sequence[Feed]) -> None:
        """Show an Article at this Revision: it comes into Feeds that are new to it and leaves those not named."""
        ...

    def restate(self, article_id: int, status: ArticleStatus, *, notice: str | None, at: datetime) -> bool:
        """Correct, withhold, cancel or release an Article: a Revision of its own, at the top of its Feeds. False when
        it stands so already, or is unknown."""
        ...

    def retractions(self, limit: int) -> Sequence[Restatement]:
        """Articles that appeared and are withheld or canceled now, the newest retraction first."""
        ...

    def restated(self, numbers: Collection[int]) -> Mapping[int, Restatement]:
        """What became of those of these Articles whose status ever changed, by id."""
        ...

    def feed_states(self) -> Sequence[FeedState]:
        """Every Feed by its key."""
        ...

    def take_feeds(
        self, now: datetime, until: datetime, limit: int, *, keys: Collection[str] | None = None
    ) -> Sequence[FeedState]:
        """Claim stale Feeds for publishing until then; with `keys` just these, also when they are not stale."""
        ...

    def settle_feed(self, state: FeedState, due_at: datetime | None) -> None:
        """Note that a taken Feed was published at its version; what was touched meanwhile stays stale."""
        ...

    def entries(self, key: str, now: datetime, limit: int) -> Sequence[Place]:
        """The newest entries of an articles Feed that have appeared, newest first."""
        ...

    def next_entry_at(self, key: str, now: datetime) -> datetime | None:
        """When the next entry comes in that waits for its time."""
        ...

    def stories(self, numbers: Collection[int]) -> Mapping[int, Story]:
        """Articles as Feeds show them, by id."""
        ...

    def newest_stories(self, since: datetime, limit: int) -> Sequence[Story]:
        """Articles that appeared at or after `since`, newest first."""
        ...

    def unarchived(self, state: FeedState, now: datetime, limit: int) -> Sequence[tuple[datetime, int]]:
        """When and which entries appeared since the newest page of a Feed's archive was closed; oldest first."""
        ...

    def close_page(self, page: Page) -> FeedState:
        """Add a page to a Feed's archive. Repeatable."""
        ...

    def page_stories(self, page: Page) -> Sequence[Story]:
        """What a page holds, newest first, each at the Revision it had when the page was closed; what was taken back
        since is told so."""
        ...

    def stale_pages(self) -> Sequence[Page]:
        """Pages that hold something which was taken back since, or released."""
        ...

    def settle_page(self, page: Page) -> None: ...

    def amended_at(self, issue_ids: Collection[int]) -> Mapping[int, datetime]:
        """When the newest revision of each Issue was frozen."""
        ...

    def kept(self, namespace: str, dialect: str, kind: str, numbers: Collection[int]) -> Mapping[int, Kept]:
        """Serialised items by number; `kind` is article or issue, `namespace` tells by which layer they were made."""
        ...

    def keep(self, namespace: str, dialect: str, kind: str, kept: Sequence[Kept]) -> None:
        """Keep serialised items, each in the place of an older one of its number."""
        ...

    def forget_kept(self, namespace: str, before: datetime) -> int:
        """Drop what other layers made, and items of Articles that appeared before then; returns how many."""
        ...

    def quarantined(self, namespace: str) -> Sequence[tuple[str, Kept]]:
        """(kind, item) of what cannot be rendered, with its reason, by number."""
        ...


class Store(Intake, Newsroom, Readership, Outbox, Aftermath, Feeds, Protocol):
    """Everything that lasts. One method is one transaction."""

    def close(self) -> None:
        """Let go of connections (also right after a fork)."""
        ...


# --- together --------------------------------------------------------------------------------


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
    weather: WeatherService | None = None
    postbox: Postbox | None = None


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
    own_pages: bool = False  # readers have pages of their own: to change their choices, and for their copy of a digest
    weather_stations: tuple[str, ...] = ()
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
