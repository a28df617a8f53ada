"""Sends one claimed slice of mails: build, intent into the journal, hand over, answer into the journal, settle in bulk.

Which slice, and what comes after it, is dispatch's business. What a dead process leaves behind is told by its journal.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import TypeVar

import structlog

from syndication.core import ledger, links, policy
from syndication.core.model import Channel, Delivery, Outcome, Reach, Verdict
from syndication.core.rates import EVERYTHING, Rates
from syndication.ports import HELD_BACK, Journal, Mail, Ports, Settlement, Setup, Slice, Transient
from syndication.press import Press

log = structlog.get_logger()

T = TypeVar("T")

BATCH = 200  # mails between two looks at who has left, and between two settlings
GIVE_UP_AFTER = 2  # answers in a row that concern everything: the rest is left in peace
SETTLE_TRIES = 3


@dataclass(slots=True, kw_only=True)
class Round:
    """One slice on its way. `ends` (time since boot) is when the last mail may be begun."""

    press: Press
    piece: Slice
    journal: Journal
    rates: Rates | None
    claimed_at: timedelta  # asked for
    ends: timedelta
    given_at: timedelta = field(default_factory=lambda: elapsed())  # from when the slice's pace counts
    counts: Counter[str] = field(default_factory=Counter)
    _renewed: timedelta = timedelta(0)
    _deliveries: dict[int, Delivery] = field(default_factory=dict)
    _begun: set[int] = field(default_factory=set)
    _intended: set[int] = field(default_factory=set)
    _answers: list[Settlement] = field(default_factory=list)  # not yet in the database
    _answered: set[int] = field(default_factory=set)
    _told: Counter[int] = field(default_factory=Counter)  # clear answers of this slice, by Issue
    _refused: Counter[int] = field(default_factory=Counter)  # of these
    _blocked: int = 0
    _lost: bool = False  # the lease, or the journal: nothing may be handed over any more

    def send(self) -> None:
        """Send what can be sent; whatever was not handed over goes back to the outbox with the lease."""
        self._renewed = self.claimed_at
        pace = self.piece.pace
        if pace is not None:
            pace = replace(pace, start=pace.start - (elapsed() - self.given_at))
        mailer = self.press.ports.mailer
        try:
            for mail, outcome in mailer.carry(self._mails(), self._intend, pace=pace):
                self._note(self._deliveries[mail.delivery_id], outcome)
                if len(self._answers) >= BATCH:
                    self._settle()
        except Exception as error:  # a foreign server's surprise: the next slice must still go out
            log.exception("carrying broke down")
            self._broke_down(error)
        finally:
            self._settle()
            self.press.ports.store.release(self.piece.lease_id, self._begun - self._intended)

    @property
    def blocked(self) -> bool:
        """Whether nothing goes out this way for now."""
        return self._lost or self._blocked >= GIVE_UP_AFTER

    @property
    def over(self) -> bool:
        return self.blocked or elapsed() >= self.ends

    def _broke_down(self, error: Exception) -> None:
        """What was under way may have been handed over; the rest was not."""
        self._lost = not self._answered | self._intended  # nothing went out at all: it would not with the next slice
        reason = f"the attempt broke down: {in_words(error)}"
        for number in sorted(self._intended - self._answered):
            self._answer(self._deliveries[number], Outcome(verdict=Verdict.UNCERTAIN, reason=reason))

    # --- before ---

    def _mails(self) -> Iterator[Mail]:
        for batch in batched(self.piece.deliveries, BATCH):
            if self.over or not self._keep_lease():
                return
            for delivery in self._begin(batch):
                if self.over or not self._keep_lease():
                    return
                mail = self._built(delivery)
                if mail is not None:
                    yield mail

    def _begin(self, batch: Sequence[Delivery]) -> list[Delivery]:
        """Those of a batch whose reader is still there, marked as sending."""
        ports, lease = self.press.ports, self.press.setup.lease
        may = ports.store.begin(self.piece.lease_id, [d.id for d in batch], ports.clock.now(), outlast=attempt(lease))
        self._begun |= may
        begun = [d for d in batch if d.id in may]
        try:
            self.press.foresee(begun)
        except Exception as error:  # noqa: BLE001 - whoever needs one asks again, and is told apart from the others
            log.warning("recipes not foreseen", error=type(error).__name__)
        return begun

    def _built(self, delivery: Delivery) -> Mail | None:
        """A Delivery's mail; None when it cannot be built, which is settled and stops no other."""
        try:
            mail = self.press.mail(delivery, self.piece.readers[delivery.subscription_id or 0])
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one Delivery must not stop the others
            self._answer(delivery, unbuilt(error))
            return None
        self._deliveries[delivery.id] = delivery
        return mail

    def _keep_lease(self) -> bool:
        """Whether the lease outlasts another attempt, renewed where it would not."""
        lease = self.press.setup.lease
        asked = elapsed()
        if asked - self._renewed > lease - attempt(lease):
            if not self.press.ports.store.renew(self.piece.lease_id, lease):
                self._lost = True
                return False
            self._renewed = asked  # from before the question: the answer may have taken long
        return True

    def _intend(self, mail: Mail) -> bool:
        """Write the intent down, right before the mail could become theirs; False when it must not."""
        if self.blocked or not self._keep_lease() or elapsed() - self._renewed > self.press.setup.lease / 2:
            return False
        try:
            self.journal.intend(self.piece.lease_id, mail.delivery_id, self._key(self._deliveries[mail.delivery_id]))
        except Transient as error:
            log.error("journal not written", reason=str(error))
            self._lost = True
            return False
        self._intended.add(mail.delivery_id)
        return True

    # --- after ---

    def _note(self, delivery: Delivery, outcome: Outcome) -> None:
        if outcome is HELD_BACK:
            return  # it goes back as it came
        self._intended.add(delivery.id)
        try:
            self.journal.note(self.piece.lease_id, delivery.id, outcome)
        except Transient as error:
            log.error("journal not written", reason=str(error))
        self._answer(delivery, outcome)

    def _answer(self, delivery: Delivery, outcome: Outcome) -> None:
        self._react(delivery, outcome)
        if outcome.reach is Reach.ISSUE and outcome.verdict is Verdict.REFUSED:
            outcome = replace(outcome, verdict=Verdict.DEFERRED)  # no fault of the reader's
        self.counts[outcome.verdict.value] += 1
        if delivery.issue_id is not None and outcome.verdict in (Verdict.ACCEPTED, Verdict.REFUSED):
            self._told[delivery.issue_id] += 1
            self._refused[delivery.issue_id] += outcome.verdict is Verdict.REFUSED
        self._answered.add(delivery.id)
        self._answers.append(
            Settlement(
                delivery_id=delivery.id,
                outcome=outcome,
                next_at=self._next_at(delivery, outcome),
                provider=delivery.provider,
            )
        )

    def _react(self, delivery: Delivery, outcome: Outcome) -> None:
        """Let rest whatever the answer speaks of besides this one mail."""
        self._blocked = self._blocked + 1 if outcome.common else 0
        store, now = self.press.ports.store, self.press.ports.clock.now()
        reason = f"{outcome.code or ''} {outcome.reason or ''}".strip()
        if outcome.reach is Reach.ISSUE and delivery.issue_id is not None:
            self._lost = True  # nothing more of this slice: the next claim knows that the Issue rests
            if store.hold_issue(delivery.issue_id, reason, now):
                log.error("issue held", issue=delivery.issue_id, reason=reason)
        elif outcome.reach in (Reach.TRANSPORT, Reach.PROVIDER) and outcome.verdict is Verdict.DEFERRED:
            way = delivery.provider if outcome.reach is Reach.PROVIDER else EVERYTHING
            if way is not None:
                store.pause_provider(way, now + policy.rest(outcome), reason)
                log.warning("mail rests", provider=way, reason=reason)

    def _next_at(self, delivery: Delivery, outcome: Outcome) -> datetime | None:
        """When a deferred mail is tried again; one that waits for everybody's sake costs it no longer wait."""
        now = self.press.ports.clock.now()
        if outcome.verdict is not Verdict.DEFERRED:
            return None
        if outcome.reach is Reach.ISSUE:
            return now
        if outcome.reach is not Reach.DELIVERY:
            again = now + policy.rest(outcome)
            return again if again < delivery.expires_at else None
        key = f"{delivery.thing} {delivery.recipient}"
        return policy.retry_at(
            delivery.attempts, now, delivery.expires_at, key, channel=Channel.EMAIL, retry_after=outcome.retry_after
        )

    def _key(self, delivery: Delivery) -> str:
        """What names a mail whatever becomes of the database: Edition, cadence, date, and the address's digest."""
        issue = self.press.issue(delivery.issue_id, delivery.issue_revision)
        reader = self.piece.readers[delivery.subscription_id or 0]
        return ledger.durable_key(issue, links.address_key(reader.address, self.press.setup.address_keys))

    def _settle(self) -> None:
        """Write the answers into the database in one go, and stop an Issue that is refused too often."""
        answers, self._answers = self._answers, []
        if not answers:
            return
        ports = self.press.ports
        done = _persistently(
            lambda: ports.store.settle(self.piece.lease_id, answers, ports.clock.now(), rates=self.rates)
        )
        for answer in answers:
            tell = log.debug if answer.outcome.verdict is Verdict.ACCEPTED else log.info
            tell(
                "delivery settled" if answer.delivery_id in done else "delivery had moved on",
                delivery=answer.delivery_id,
                channel=Channel.EMAIL.value,
                verdict=answer.outcome.verdict.value,
                code=answer.outcome.code,
            )
        for issue_id, refused in list(self._refused.items()):  # another lane may add to it
            # an Issue that is refused too often is so in a slice of it, too; counting all of it takes long
            if refused > self._told[issue_id] * self.press.setup.most_refused:
                stop_if_refused(ports, self.press.setup, issue_id)


def stop_if_refused(ports: Ports, setup: Setup, issue_id: int) -> bool:
    """Hold an Issue of whose mails too many were refused or bounced, unless the operator has let it go on."""
    issue = ports.store.issue(issue_id)
    refused, answered = ports.store.refusals(issue_id)
    if issue is None or issue.resumed or not policy.too_many(refused, answered, setup.most_refused):
        return False
    reason = f"{refused} of {answered} mails were refused or bounced"
    held = ports.store.hold_issue(issue_id, reason, ports.clock.now())
    if held:
        log.error("issue held", issue=issue_id, reason=reason)
    return held


def _persistently(act: Callable[[], T]) -> T:
    """Try again while the database is away for a moment; the journal has what cannot be written even then."""
    for n in range(1, SETTLE_TRIES):
        try:
            return act()
        except Exception as error:  # noqa: BLE001 - which errors pass depends on the database
            log.warning("settling failed", tried=n, error=type(error).__name__)
            time.sleep(0.5 * n)
    return act()


def unbuilt(error: Exception) -> Outcome:
    """What cannot be found or read will not be tomorrow; anything else (a database that is away) may pass."""
    verdict = Verdict.REFUSED if isinstance(error, (ValueError, LookupError)) else Verdict.DEFERRED
    return Outcome(verdict=verdict, reason=f"cannot be built: {in_words(error)}")


def in_words(error: Exception) -> str:
    return f"{type(error).__name__}: {policy.clean(str(error))}"


def attempt(lease: timedelta) -> timedelta:
    """The longest that one attempt may take: its time-outs end it well before its lease does."""
    return lease * 2 / 3


def elapsed() -> timedelta:
    """Time since boot on a clock that goes on while the machine or the process is suspended."""
    return timedelta(seconds=time.clock_gettime(time.CLOCK_BOOTTIME))


def batched(many: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(many)
    while batch := list(islice(rest, size)):
        yield batch
