"""The store's part for Deliveries: fanning out, claiming, settling, saying what became of them.

It does not send.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from syndication.core.ledger import Testimony, Witness
from syndication.core.model import (
    AddressKey,
    Balance,
    Block,
    Channel,
    Choices,
    Delivery,
    DeliveryState,
    Issue,
    IssueContent,
    Outcome,
    Recipe,
    Subscription,
    UncertainPolicy,
)
from syndication.core.rates import Rates
from syndication.ports.mail import Pace


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


class Outbox(Protocol):
    """Deliveries from fan-out to settled. Leases compare with the database's own clock; `now` is the port Clock's."""

    def distinct_choices(self, issue: Issue, brought_by: Collection[int] = ()) -> Mapping[str, tuple[Choices, str]]:
        """The distinct (choices, language) of active Subscriptions of the Issue's Edition and cadence, by key.

        The key is the choices' hash; for readers to whom mails of the Issues `brought_by` were accepted it names
        those and their Recipes too (`core.audience.history` reads them). Daily readers get extra Issues as well."""
        ...

    def readers_by_choices(self, issue: Issue, *, allowed: frozenset[str] | None) -> Sequence[tuple[Choices, int, int]]:
        """How many readers an Issue would go to as things are now, by what they chose, and how many of these may be
        written to: those whose digest is `allowed` (None: all)."""
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
        brought_by: Collection[int] = (),
    ) -> int | None:
        """One chunk: a Delivery for each active Subscription with id > `after`, in id order.

        `recipes`: key, as `distinct_choices` told it for the same `brought_by` -> (Recipe, None), or (None, reason) for
        an excluded reader. `allowed`: in rehearsal the digests of address keys that may be written to (others are
        excluded). Suppressed ones get a Delivery in that state. `seeds`: digests of the newsroom's own addresses:
        theirs go first and need not wait for the hour. `cohort`: readers whose address digest is not below it are
        excluded: another system still writes to them. `recipes` are kept: they need to be given once. Returns the id to
        go on after, or None when done; `after` itself, and nothing is done, when a reader of the chunk has chosen what
        no Recipe was made for. Repeatable; never for a closed Issue, nor for one at another revision than `issue` has:
        it has to be read again."""
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
