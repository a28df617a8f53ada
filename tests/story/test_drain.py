"""Sending when the world is not as it should be: relays that are away, slow databases, workers told to end."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from syndication import dispatch
from syndication.adapters.journals import FileJournals
from syndication.adapters.memory import MemoryMailer, MemoryStore
from syndication.core import links
from syndication.core.model import (
    Balance,
    Channel,
    DeliveryState,
    Issue,
    IssueState,
    Outcome,
    Partner,
    Reach,
    Recipe,
    Verdict,
)
from syndication.ports import Mail, Slice, Store
from tests import factories
from tests.factories import KEYS
from tests.story.paper import DAY, FEED, PORTAL, TUESDAY, Paper, make_paper, rss, story

DOWN = Outcome(verdict=Verdict.DEFERRED, reason="connect: Connection refused", reach=Reach.TRANSPORT)
SENDER_REFUSED = Outcome(verdict=Verdict.REFUSED, code="5.7.1", reason="mail: 550 sender rejected", reach=Reach.ISSUE)


@dataclass(slots=True)
class Relay(MemoryMailer):
    """Gives everybody the same answer, when there is one."""

    answer: Outcome | None = None
    asked: int = 0
    takes: timedelta = timedelta(0)
    ends_with: BaseException | None = None

    def send(self, mail: Mail) -> Outcome:
        self.asked += 1
        time.sleep(self.takes.total_seconds())
        if self.ends_with is not None:
            raise self.ends_with
        return self.answer or MemoryMailer.send(self, mail)


class TroubledStore(MemoryStore):
    """Breaks when a Recipe is looked up, or takes its time to mark what is to be sent."""

    lookup: Exception | None = None
    slow: timedelta = timedelta(0)

    def recipes(self, hashes: Collection[str]) -> Mapping[str, Recipe]:
        if self.lookup is not None:
            raise self.lookup
        return super().recipes(hashes)

    def begin(self, *args: object, **more: object) -> frozenset[int]:
        begun = super().begin(*args, **more)  # type: ignore[arg-type]
        time.sleep(self.slow.total_seconds())
        return begun


def ready(store: Store, relay: Relay, *, readers: int = 5, partners: tuple[Partner, ...] = ()) -> Paper:
    """A paper at its hour, with everything fanned out and nothing sent."""
    paper = make_paper(store, partners=partners)
    for n in range(1, readers + 1):
        paper.subscribe(n)
    paper.serve(FEED, rss(story(1), story(2)))
    paper.go(TUESDAY, "06:00")
    paper.collect()
    for clock in ("06:20", "06:25"):
        paper.go(TUESDAY, clock)
        paper.tick()
    paper.go(TUESDAY, "06:30")
    return replace(paper, mailer=relay, ports=replace(paper.ports, mailer=relay))


def mail_balance(paper: Paper) -> Balance:
    return paper.store.balance(paper.frozen_on().id, Channel.EMAIL)


def drain(paper: Paper, **more: timedelta) -> None:
    dispatch.drain(paper.ports, paper.setup, Channel.EMAIL, owner="test/1", **more)


def test_a_relay_that_takes_nothing_is_left_in_peace_and_costs_no_reader_the_digest(store: Store) -> None:
    relay = Relay(answer=DOWN)
    paper = ready(store, relay)
    drain(paper)
    assert relay.asked == dispatch.GIVE_UP_AFTER
    assert sum(d.attempts for d in store.deliveries(paper.frozen_on().id, Channel.EMAIL)) == relay.asked
    relay.answer = None
    drain(paper, budget=timedelta(seconds=0.05))
    assert relay.asked == dispatch.GIVE_UP_AFTER, "it rests for a while, whoever asks"
    paper.clock.move(timedelta(minutes=1))
    drain(paper)
    assert mail_balance(paper) == Balance(audience=5, accepted=5)


def test_our_own_fault_stops_the_issue_until_the_operator_lets_it_go_on(store: Store) -> None:
    relay = Relay(answer=SENDER_REFUSED)
    paper = ready(store, relay)
    drain(paper)
    issue = paper.frozen_on()
    assert issue.held == "5.7.1 mail: 550 sender rejected"
    assert relay.asked == 1
    assert mail_balance(paper) == Balance(audience=5, waiting=5)
    drain(paper)
    assert relay.asked == 1
    relay.answer = None
    assert store.resume_issue(issue.id, paper.clock.now())
    drain(paper)
    assert mail_balance(paper) == Balance(audience=5, accepted=5)


def test_a_busy_provider_rests_and_the_others_get_their_mail(store: Store) -> None:
    busy = Outcome(verdict=Verdict.DEFERRED, code="4.7.0", reason="too many", reach=Reach.PROVIDER)
    relay = Relay(answers={"reader-2@example.com": busy})
    factories.subscribe(store, 9, domain="other.example")
    paper = ready(store, relay, readers=3)
    drain(paper)
    assert "reader-9@other.example" in {m.recipient for m in relay.sent}
    assert set(store.pauses(paper.clock.now())) == {"example.com"}
    relay.answers = {}
    paper.clock.move(timedelta(minutes=5))
    drain(paper)
    assert mail_balance(paper) == Balance(audience=4, accepted=4)


def test_an_issue_that_is_refused_by_many_is_stopped_once(store: Store) -> None:
    no = Outcome(verdict=Verdict.REFUSED, code="5.7.1", reason="rcpt: 550 not today")
    relay = Relay(answers={f"reader-{n}@example.com": no for n in range(1, 30)})
    paper = ready(store, relay, readers=150)
    drain(paper)
    issue = paper.frozen_on()
    assert issue.held is not None
    assert "refused or bounced" in issue.held
    assert mail_balance(paper).waiting > 0
    assert not any(d.state is DeliveryState.SUPPRESSED for d in store.deliveries(issue.id))
    store.resume_issue(issue.id, paper.clock.now())
    drain(paper)
    assert mail_balance(paper) == Balance(audience=150, accepted=121, failed=29)


def test_a_few_refusals_do_not_have_all_answers_of_the_issue_counted_with_every_batch() -> None:
    """Counting takes as long as the Issue is large: with a million readers, longer than sending."""

    class Counting(MemoryStore):
        counted: int = 0

        def refusals(self, issue_id: int) -> tuple[int, int]:
            self.counted += 1
            return super().refusals(issue_id)

    store = Counting()
    no = Outcome(verdict=Verdict.REFUSED, code="5.7.1", reason="rcpt: 550 not today")
    relay = Relay(answers={f"reader-{n}@example.com": no for n in range(10, 150, 20)})
    paper = ready(store, relay, readers=150)
    drain(paper)
    assert mail_balance(paper) == Balance(audience=150, accepted=143, failed=7)
    assert store.counted == 0


def test_a_database_that_is_away_while_a_mail_is_built_fails_nobodys_mail() -> None:
    store = TroubledStore()
    paper = ready(store, Relay(), readers=2)
    store.lookup = ConnectionError("server closed the connection unexpectedly")
    drain(paper)
    assert mail_balance(paper).waiting == 2
    store.lookup = None
    paper.clock.move(timedelta(minutes=20))
    drain(paper)
    assert mail_balance(paper).accepted == 2


def test_what_can_never_be_built_fails_at_once_with_its_reason() -> None:
    store = TroubledStore()
    paper = ready(store, Relay(), readers=1)
    store.lookup = LookupError("there is no such reader")
    drain(paper)
    assert dict(store.outcomes(paper.frozen_on().id, Channel.EMAIL)) == {
        (DeliveryState.FAILED, "cannot be built: LookupError: there is no such reader"): 1
    }


def test_who_was_suspended_beyond_the_lease_sends_nothing_and_the_mail_goes_out_later() -> None:
    """The mail may be with another worker by then, or its reader suppressed."""
    store = TroubledStore()
    relay = Relay()
    paper = ready(store, relay, readers=1)
    paper.setup = replace(paper.setup, lease=timedelta(seconds=0.4))
    store.slow = timedelta(seconds=0.5)
    drain(paper, budget=timedelta(seconds=0.05))
    assert relay.asked == 0
    assert mail_balance(paper).waiting == 1
    store.slow = timedelta(0)
    drain(paper)
    assert mail_balance(paper) == Balance(audience=1, accepted=1)


def test_the_journal_that_a_lease_names_has_its_intents_even_if_the_folder_is_moved_in_between(tmp_path: Path) -> None:
    """Else whoever finds the old journal, let go of and without an intent, would send everything again."""

    class Moved(MemoryStore):
        def claim(self, *args: object, **more: object) -> Slice | None:
            piece = super().claim(*args, **more)  # type: ignore[arg-type]
            if not (tmp_path / "moved").exists():
                (tmp_path / "journals").rename(tmp_path / "moved")
            return piece

    store = Moved()
    paper = ready(store, Relay(), readers=2)
    paper = replace(paper, ports=replace(paper.ports, journals=FileJournals(tmp_path / "journals")))
    drain(paper)
    assert mail_balance(paper).accepted == 2
    (lease,) = (lease for lease in store.rows.leases.values() if lease.channel is Channel.EMAIL)
    assert "intent" in (tmp_path / "moved" / (lease.journal or "")).read_text()


def test_a_slice_ends_with_its_budget_however_slow_the_relay(store: Store) -> None:
    relay = Relay(takes=timedelta(seconds=0.1))
    paper = ready(store, relay)
    drain(paper, budget=timedelta(seconds=0.15))
    assert relay.asked < 5
    assert mail_balance(paper).waiting == 5 - relay.asked
    assert all(d.state is not DeliveryState.CLAIMED for d in store.deliveries(paper.frozen_on().id))


def test_a_worker_told_to_end_while_a_mail_is_under_way_leaves_it_uncertain(store: Store) -> None:
    paper = ready(store, Relay(ends_with=SystemExit()), readers=2)
    paper.setup = replace(paper.setup, lease=timedelta(seconds=0.3))
    with pytest.raises(SystemExit):
        drain(paper)
    time.sleep(0.35)
    dispatch.reclaim(paper.ports, paper.setup)
    assert mail_balance(paper) == Balance(audience=2, uncertain=1, waiting=1)


def test_the_readers_of_an_issue_that_no_worker_was_there_for_are_counted_as_expired(store: Store) -> None:
    paper = make_paper(store)
    paper.subscribe(1)
    issue = never_fanned_out(paper)
    paper.clock.at = issue.expires_at + DAY
    dispatch.reclaim(paper.ports, paper.setup)
    paper.drain()
    dispatch.reclaim(paper.ports, paper.setup)
    closed = store.issue(issue.id)
    assert closed is not None
    assert closed.state is IssueState.CLOSED
    assert store.balance(issue.id, Channel.EMAIL) == Balance(audience=1, expired=1)


def never_fanned_out(paper: Paper) -> Issue:
    from syndication import assemble

    paper.serve(FEED, rss(story(1)))
    paper.go(TUESDAY, "06:00")
    paper.collect()
    paper.go(TUESDAY, "06:30")
    (issue,) = assemble.publish_due(paper.ports, paper.setup)
    return issue


def test_a_channel_that_cannot_be_fanned_out_stops_no_other(store: Store) -> None:
    paper = make_paper(store, partners=[replace(PORTAL, rights=None)])  # type: ignore[arg-type]  # what breaks in it
    paper.subscribe(1)
    issue = never_fanned_out(paper)
    paper.fan_out()
    assert store.fanned_out(issue.id) == {Channel.EMAIL, Channel.FEED}
    paper.clock.at = issue.expires_at + DAY
    dispatch.reclaim(paper.ports, paper.setup)
    still = store.issue(issue.id)
    assert still is not None
    assert still.state is IssueState.FROZEN, "a Channel is still owed"


def test_a_restored_database_in_rehearsal_writes_to_nobody_it_was_not_allowed(store: Store) -> None:
    """Everything was fanned out live; the copy of the database is opened by a rehearsal."""
    live = replace(PORTAL, production=True)
    paper = ready(store, Relay(), readers=3, partners=(live,))
    allowed = frozenset({links.address_key("reader-3@example.com", KEYS).digest})
    paper.setup = replace(paper.setup, allowed=allowed)
    paper.drain()
    assert [mail.recipient for mail in paper.mailer.sent] == ["reader-3@example.com"]
    assert mail_balance(paper) == Balance(audience=3, accepted=1, excluded=2)
    assert not paper.portal.pushed
