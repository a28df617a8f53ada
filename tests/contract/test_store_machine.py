"""The promise of the ledger against any order of verbs and crashes: nobody twice, nobody forgotten, all counted."""

from __future__ import annotations

import tempfile
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import text

from syndication.adapters.memory import MemoryStore
from syndication.adapters.memory.rows import Rows
from syndication.adapters.sql import SqlStore, open_store
from syndication.core import audience, ledger, links
from syndication.core.model import (
    Cadence,
    Channel,
    Delivery,
    DeliveryState,
    Event,
    EventKind,
    Issue,
    IssueState,
    Outcome,
    Subscription,
    Verdict,
)
from syndication.ports import Settlement, Slice, Store
from tests import factories
from tests.conftest import fresh_database

READERS = 6
LEASE = timedelta(seconds=60)
ATTEMPT = timedelta(seconds=10)


class Ledger(RuleBasedStateMachine):
    """Workers drive a Store step by step; the far side remembers what really reached each reader."""

    make_store: staticmethod  # set per kind of Store

    def __init__(self) -> None:
        super().__init__()
        self.store: Store
        self.store, self.pass_time = self.make_store()
        self.now = factories.MORNING
        self.issue: Issue | None = None
        self.held: list[tuple[Slice, int]] = []  # living workers: their slice and how far they are
        self.marked: dict[int, frozenset[int]] = {}  # by lease: what was marked as sending
        self.intended: dict[int, set[int]] = {}  # by lease: what its journal says
        self.outcomes: dict[int, dict[int, Outcome]] = {}
        self.unsettled: dict[int, list[Settlement]] = {}
        self.journal_lost = False
        self.dead: set[int] = set()  # leases whose holder was killed and whose journal is there
        self.begun: set[int] = set()
        self.reached: Counter[str] = Counter()  # by (channel, thing, recipient): what the far side accepted
        self.barred_at: dict[str, int] = {}  # recipient -> how often reached when they were barred
        self.kills = 0
        self.readers: list[Subscription] = [factories.subscribe(self.store, n) for n in range(READERS)]
        factories.stored(self.store, 1, 2)

    def teardown(self) -> None:
        self.store.close()

    # --- verbs ---

    @rule()
    def assemble(self) -> None:
        articles = self.store.eligible(
            factories.EDITION, Cadence.DAILY, cut_off_at=factories.MORNING, since=factories.MORNING - timedelta(days=1)
        )
        again = self.store.freeze(factories.frozen(*articles), {})
        assert self.issue is None or again.id == self.issue.id, "asking again gives the same Issue"
        self.issue = again

    @precondition(lambda self: self.issue is not None)
    @rule(chunk=st.integers(1, 4), stop_after=st.integers(1, 5))
    def fan_out(self, chunk: int, stop_after: int) -> None:
        """Fan out, or die after some chunks."""
        assert self.issue is not None
        choices = self.store.distinct_choices(self.issue)
        recipes = {
            key: (audience.recipe(c, self.issue.content, factories.EDITION), None) for key, (c, _) in choices.items()
        }
        after: int | None = 0
        for _ in range(stop_after):
            if after is None:
                break
            after = self.store.fan_out_email(self.issue, recipes, self.now, after=after, limit=chunk, allowed=None)
        for channel, recipient in ((Channel.FEED, "feed:daily/digest.rss"), (Channel.PARTNER, "partner:portal")):
            self.store.fan_out_to(
                channel=channel,
                things=[(f"issue:{self.issue.id}", recipient)],
                issue=self.issue,
                now=self.now,
                not_before=self.issue.publish_at,
                expires_at=self.issue.expires_at,
            )

    @rule(channel=st.sampled_from(list(Channel)), limit=st.integers(1, 4))
    def claim(self, channel: Channel, limit: int) -> None:
        piece = self.store.claim(channel, self.now, limit=limit, lease=LEASE, owner="host/worker")
        if piece is not None:
            mine = {d.id for d in piece.deliveries}
            for other, _ in self.held:
                fresh = mine & {d.id for d in other.deliveries} & self.begun
                assert not fresh, "a Delivery that may have been handed over is never claimed by another worker"
            self.held.append((piece, 0))

    @precondition(lambda self: self.held)
    @rule(
        data=st.data(),
        verdict=st.sampled_from(list(Verdict)),
        dies=st.sampled_from(["no", "no", "no", "before the intent", "after the intent", "after sending", "later"]),
        suppress=st.booleans(),
        settles=st.booleans(),
    )
    def send_next(self, data: st.DataObject, verdict: Verdict, dies: str, suppress: bool, settles: bool) -> None:
        """One step of one worker: mark, intent, hand-over, answer, settle; it may die in between."""
        index = data.draw(st.integers(0, len(self.held) - 1))
        piece, position = self.held[index]
        if position >= len(piece.deliveries):
            self._finish(piece)
            self.held.pop(index)
            return
        delivery = piece.deliveries[position]
        if delivery.channel is Channel.EMAIL and piece.lease_id not in self.marked:
            every = [d.id for d in piece.deliveries]
            self.marked[piece.lease_id] = self.store.begin(piece.lease_id, every, self.now, outlast=ATTEMPT)
            barred = [d for d in piece.deliveries if d.recipient in self.barred_at]
            assert not any(d.id in self.marked[piece.lease_id] for d in barred), "nobody gone is written to"
        self.held[index] = (piece, position + 1)
        if delivery.channel is Channel.EMAIL:
            may = delivery.id in self.marked[piece.lease_id] and self.store.renew(piece.lease_id, LEASE)
        else:
            may = bool(self.store.begin(piece.lease_id, [delivery.id], self.now, outlast=ATTEMPT))
        if dies == "before the intent":
            self._die(index)
            return
        if not may:
            return
        key = f"{delivery.channel} {delivery.thing} {delivery.recipient}"
        if delivery.channel is not Channel.EMAIL and verdict is Verdict.UNCERTAIN:
            verdict = Verdict.DEFERRED  # repeating is harmless there
        if delivery.channel is Channel.EMAIL:
            self.begun.add(delivery.id)
            self.intended.setdefault(piece.lease_id, set()).add(delivery.id)
        if dies == "after the intent":
            self._die(index)
            return
        if verdict in (Verdict.ACCEPTED, Verdict.UNCERTAIN):
            self.reached[key] += 1
        if dies == "after sending":
            self._die(index)
            return
        outcome = Outcome(verdict=verdict, reason="scripted", suppress=suppress and verdict is Verdict.REFUSED)
        self.outcomes.setdefault(piece.lease_id, {})[delivery.id] = outcome
        next_at = self.now + timedelta(minutes=5) if verdict is Verdict.DEFERRED else None
        told = Settlement(delivery_id=delivery.id, outcome=outcome, next_at=next_at)
        self.unsettled.setdefault(piece.lease_id, []).append(told)
        if dies == "later":
            self._die(index)
        elif settles or delivery.channel is not Channel.EMAIL:
            self._settle(piece)

    def _settle(self, piece: Slice) -> None:
        for told in self.unsettled.pop(piece.lease_id, []):
            assert self.store.settle(piece.lease_id, [told], self.now) == {told.delivery_id}
            self._settled(piece, told)

    def _settled(self, piece: Slice, told: Settlement) -> None:
        if told.outcome.verdict is Verdict.DEFERRED:
            self.begun.discard(told.delivery_id)
        (delivery,) = (d for d in piece.deliveries if d.id == told.delivery_id)
        if told.outcome.suppress and delivery.channel is Channel.EMAIL:
            self._bar_recipient(delivery.recipient)

    def _finish(self, piece: Slice) -> None:
        """The worker's last word on its slice: the answers, and what it never handed over."""
        self._settle(piece)
        untouched = self.marked.get(piece.lease_id, frozenset()) - self.intended.get(piece.lease_id, set())
        self.store.release(piece.lease_id, untouched)

    def _die(self, index: int) -> None:
        piece, _ = self.held.pop(index)
        self.unsettled.pop(piece.lease_id, None)
        self.dead.add(piece.lease_id)
        self.kills += 1

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def kill(self, data: st.DataObject) -> None:
        self._die(data.draw(st.integers(0, len(self.held) - 1)))

    @rule()
    def leases_run_out(self) -> None:
        """Every worker is suspended beyond its lease; whoever wakes finds the lease lost."""
        self.journal_lost = True  # of the living nobody else reads it
        self.pass_time(self.store, LEASE + timedelta(seconds=1))

    @precondition(lambda self: self.dead)
    @rule(data=st.data())
    def lose_a_journal(self, data: st.DataObject) -> None:
        self.journal_lost = True
        self.dead.discard(data.draw(st.sampled_from(sorted(self.dead))))

    @rule(complete=st.booleans())
    def reclaim(self, complete: bool) -> None:
        """Leases end by what the journals of the dead tell; one from before a power cut may lack its end."""
        self.journal_lost = self.journal_lost or not complete
        told = {
            lease: ledger.Testimony(
                intended=frozenset(self.intended.get(lease, ())),
                outcomes=self.outcomes.get(lease, {}),
                complete=complete,
            )
            for lease in self.dead
        }
        before = {d.id: d.state for d in self._mails()}
        factories.reclaim(self.store, told, self.now)
        for mail in self._mails():
            if before.get(mail.id) is not mail.state and mail.state is DeliveryState.WAITING:
                self.begun.discard(mail.id)  # by evidence: nothing was handed over
        for lease, outcomes in self.outcomes.items():
            if lease in told:
                self._learn(outcomes)

    def _mails(self) -> list[Delivery]:
        return [] if self.issue is None else list(self.store.deliveries(self.issue.id, Channel.EMAIL))

    def _learn(self, outcomes: dict[int, Outcome]) -> None:
        for mail in self._mails():
            outcome = outcomes.get(mail.id)
            if outcome is not None and outcome.suppress and mail.state is DeliveryState.FAILED:
                self._bar_recipient(mail.recipient)

    @rule(minutes=st.integers(1, 30))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule(n=st.integers(0, READERS - 1))
    def suppress(self, n: int) -> None:
        reader = self.readers[n]
        event = Event(id=f"complaint:{n}", kind=EventKind.COMPLAINED, at=self.now, cause="complaint")
        self.store.suppress(links.address_key(reader.address, factories.KEYS), reason="complaint", event=event)
        self._bar(reader)

    @rule(n=st.integers(0, READERS - 1))
    def unsubscribe(self, n: int) -> None:
        reader = self.readers[n]
        event = Event(id=f"ended:{n}", kind=EventKind.ENDED, at=self.now, cause="one click", subscription_id=reader.id)
        self.store.end_subscription(event)
        self._bar(reader)

    def _bar(self, reader: Subscription) -> None:
        self._bar_recipient(f"subscriber:{reader.subscriber_id}")

    def _bar_recipient(self, recipient: str) -> None:
        self.barred_at.setdefault(recipient, sum(n for key, n in self.reached.items() if key.endswith(recipient)))

    @rule()
    def close(self) -> None:
        self.store.close_settled(self.now)

    # --- laws ---

    @invariant()
    def everything_is_counted(self) -> None:
        if self.issue is None:
            return
        for channel in Channel:
            balance = self.store.balance(self.issue.id, channel)
            assert balance.closes, f"{channel}: {balance}"
            assert balance.audience == len(self.store.deliveries(self.issue.id, channel))

    @invariant()
    def nobody_gets_a_mail_twice(self) -> None:
        assert all(n <= 1 for key, n in self.reached.items() if key.startswith("email")), self.reached

    @invariant()
    def whoever_was_reached_is_accepted_or_uncertain_or_under_way(self) -> None:
        if self.issue is None:
            return
        known = (DeliveryState.ACCEPTED, DeliveryState.UNCERTAIN, DeliveryState.SENDING)
        for d in self.store.deliveries(self.issue.id, Channel.EMAIL):
            reached = self.reached[f"email {d.thing} {d.recipient}"]
            assert not reached or d.state in known, f"{d} was reached and would be written to again"
            assert d.state is not DeliveryState.ACCEPTED or reached, f"{d} counts as accepted and was never sent"

    @invariant()
    def a_closed_issue_owes_nothing(self) -> None:
        issue = self.issue and self.store.issue(self.issue.id)
        if issue is not None and issue.state is IssueState.CLOSED:
            assert all(self.store.balance(issue.id, c).waiting == 0 for c in Channel)

    @invariant()
    def only_what_was_marked_as_sending_can_be_uncertain(self) -> None:
        marked = frozenset[int]().union(*self.marked.values())
        assert {u.delivery.id for u in self.store.uncertain()} <= marked

    @invariant()
    def with_every_journal_at_hand_only_what_was_in_flight_is_uncertain(self) -> None:
        if not self.journal_lost:
            assert {u.delivery.id for u in self.store.uncertain()} <= self.begun


def _memory() -> tuple[Store, object]:
    shift = timedelta(0)
    rows = Rows()
    real = rows.database_now

    def database_now() -> object:
        return real() + shift

    rows.database_now = database_now  # type: ignore[assignment]

    def pass_time(_: Store, by: timedelta) -> None:
        nonlocal shift
        shift += by

    return MemoryStore(rows), pass_time


def _pass_time_in_sql(store: Store, by: timedelta) -> None:
    assert isinstance(store, SqlStore)
    with store._engine.begin() as db:
        db.execute(text(f"UPDATE lease SET until = until - {int(by.total_seconds() * 1_000_000)}"))


def _machine(make_store: object) -> type[Ledger]:
    return type("LedgerOn", (Ledger,), {"make_store": staticmethod(make_store)})


def _run(make_store: object, examples: int, steps: int) -> None:
    run_state_machine_as_test(
        _machine(make_store),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_ledger_holds_in_memory() -> None:
    _run(_memory, examples=200, steps=50)


@pytest.mark.slow
def test_the_ledger_holds_on_sqlite(tmp_path: Path) -> None:
    def make() -> tuple[Store, object]:
        folder = tempfile.mkdtemp(dir=tmp_path)
        return open_store(f"sqlite:///{folder}/store.db"), _pass_time_in_sql

    _run(make, examples=40, steps=40)


@pytest.mark.slow
def test_the_ledger_holds_on_postgresql(postgres_url: str) -> None:
    store = open_store(fresh_database(postgres_url))

    def make() -> tuple[Store, object]:
        with store._engine.begin() as db:
            tables = "article, issue, subscriber, recipe, suppression, event, lease, delivery, partner, edition"
            db.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))
        return SqlStore(store._engine), _pass_time_in_sql

    _run(make, examples=40, steps=40)
    store.close()
