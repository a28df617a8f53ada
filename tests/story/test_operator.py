"""The operator's hand on a morning that is going out: pause, cancel, amend, a restored database, seeds, limits."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from syndication import amend, assemble, dispatch, recover
from syndication.adapters.memory import MemoryMailer
from syndication.adapters.sql import open_store
from syndication.amend import Amendment
from syndication.core import ledger, links
from syndication.core.model import Balance, Channel, DeliveryState, Issue, Outcome, Reach, Verdict
from syndication.core.rates import Limit, Rates, WarmUp
from syndication.ports import Mail, Permanent, Settlement, Store, Transient
from tests.factories import KEYS
from tests.story.paper import EDITION, FEED, TITLES, TUESDAY, Paper, make_paper, rss, story, text_of

NO_ROOM = Outcome(verdict=Verdict.DEFERRED, reason="connect: refused", reach=Reach.TRANSPORT)


class Relay(MemoryMailer):
    """Takes so many mails, then none until told."""

    room: int = 10_000

    def send(self, mail: Mail) -> Outcome:
        if len(self.sent) >= self.room:
            return NO_ROOM
        return super().send(mail)


def ready(store: Store, *, readers: int = 6, room: int = 10_000) -> Paper:
    """A paper at its hour: everything is fanned out, nothing sent."""
    relay = Relay()
    relay.room = room
    made = make_paper(store, edition=replace(EDITION, stations=()))
    made.serve(FEED, rss(story(1), story(2), story(3)))
    for n in range(1, readers + 1):
        made.subscribe(n, sections=("사회",) if n == 6 else ())
    made.go(TUESDAY, "06:00")
    made.collect()
    for clock in ("06:20", "06:25"):
        made.go(TUESDAY, clock)
        made.tick()
    made.go(TUESDAY, "06:30")
    return replace(made, mailer=relay, ports=replace(made.ports, mailer=relay))


def drain(paper: Paper) -> None:
    dispatch.drain(paper.ports, paper.setup, Channel.EMAIL, owner="test/1")


def mails(paper: Paper) -> Balance:
    return paper.store.balance(paper.frozen_on().id, Channel.EMAIL)


def later(paper: Paper) -> None:
    paper.clock.move(timedelta(minutes=2))
    assert isinstance(paper.mailer, Relay)
    paper.mailer.room = 10_000
    drain(paper)


# --- pause, resume, cancel -------------------------------------------------------------------


def test_a_paused_issue_goes_to_nobody_and_goes_on_when_told(store: Store) -> None:
    paper = ready(store)
    issue = paper.frozen_on()
    assert store.hold_issue(issue.id, "the lead is wrong", paper.clock.now())
    assert not store.hold_issue(issue.id, "again", paper.clock.now())
    drain(paper)
    assert mails(paper).waiting == 6
    assert store.resume_issue(issue.id, paper.clock.now())
    drain(paper)
    assert mails(paper) == Balance(audience=6, accepted=6)


def test_a_pause_in_the_middle_of_a_slice_holds_back_what_was_not_begun(store: Store) -> None:
    paper = ready(store, readers=4)
    issue = paper.frozen_on()
    piece = store.claim(Channel.EMAIL, paper.clock.now(), limit=9, lease=timedelta(seconds=60), owner="h/1")
    assert piece is not None
    store.hold_issue(issue.id, "stop", paper.clock.now())
    ids = [d.id for d in piece.deliveries]
    assert not store.begin(piece.lease_id, ids, paper.clock.now(), outlast=timedelta(0))
    store.release(piece.lease_id)
    assert mails(paper).waiting == 4


def test_a_cancelled_issue_reaches_nobody_who_has_not_got_it(store: Store) -> None:
    paper = ready(store, room=2)
    drain(paper)
    issue = paper.frozen_on()
    assert store.cancel_issue(issue.id, "withdrawn", paper.clock.now()) > 4, "the Feeds' too"
    later(paper)
    assert mails(paper) == Balance(audience=6, accepted=2, cancelled=4)


def test_a_cancelled_issue_is_never_sent_whoever_is_put_down_later_and_whatever_comes_back(store: Store) -> None:
    """A slice was under way and the fan-out not at its end when the operator cancelled; then somebody says resume."""
    paper = ready(store)
    issue, now = paper.frozen_on(), paper.clock.now()
    piece = store.claim(Channel.EMAIL, now, limit=2, lease=timedelta(seconds=60), owner="h/1")
    assert piece is not None
    ids = [d.id for d in piece.deliveries]
    assert store.begin(piece.lease_id, ids, now, outlast=timedelta(0))
    store.cancel_issue(issue.id, "withdrawn", now)
    store.release(piece.lease_id, ids)  # of these nothing was handed over
    assert not store.resume_issue(issue.id, now)
    drain(paper)
    assert not paper.mailer.sent
    paper.clock.at = issue.expires_at + timedelta(minutes=1)
    dispatch.reclaim(paper.ports, paper.setup)
    assert store.balance(issue.id, Channel.EMAIL) == Balance(audience=6, cancelled=4, expired=2)


# --- amending --------------------------------------------------------------------------------


def lead(issue: Issue) -> int:
    return issue.content.items[0].article.id


def test_whoever_waits_gets_the_amended_issue_and_the_ledger_says_who_got_which(store: Store) -> None:
    paper = ready(store, room=2)
    drain(paper)
    issue = paper.frozen_on()
    new = amend.amend(paper.ports, paper.setup, issue, Amendment(headlines={lead(issue): "고친 제목 하나"}))
    assert new.revision == 2
    later(paper)
    assert mails(paper) == Balance(audience=6, accepted=6)
    old = {m.recipient for m in paper.mailer.sent[:2]}
    for mail in paper.mailer.sent:
        assert ("고친 제목 하나" in _text(mail)) is (mail.recipient not in old)
    assert Counter(d.issue_revision for d in store.deliveries(issue.id, Channel.EMAIL)) == {1: 2, 2: 4}
    assert store.deliveries_by_revision(issue.id) == {1: (2, 0), 2: (4, 0)}


def test_who_has_nothing_left_after_an_amendment_is_excluded(store: Store) -> None:
    paper = ready(store)
    issue = paper.frozen_on()
    gone = {i.article.id for i in issue.content.items if i.section == "사회"}
    assert gone
    amend.amend(paper.ports, paper.setup, issue, Amendment(dropped=frozenset(gone)))
    drain(paper)
    assert mails(paper) == Balance(audience=6, accepted=5, excluded=1)
    assert all(TITLES[0] not in _text(mail) for mail in paper.mailer.sent)


def test_an_issue_that_is_amended_twice_reaches_everybody_at_its_last_revision(store: Store) -> None:
    paper = ready(store)
    issue = paper.frozen_on()
    first = amend.amend(paper.ports, paper.setup, issue, Amendment(headlines={lead(issue): "처음 고친 제목"}))
    amend.amend(paper.ports, paper.setup, first, Amendment(summaries={lead(issue): "다시 고친 요약."}))
    drain(paper)
    assert all("처음 고친 제목" in _text(mail) and "다시 고친 요약." in _text(mail) for mail in paper.mailer.sent)
    assert {d.issue_revision for d in store.deliveries(issue.id, Channel.EMAIL)} == {3}


def test_readers_who_are_fanned_out_after_an_amendment_get_it_too(store: Store) -> None:
    paper = ready(store)
    issue = paper.frozen_on()
    new = amend.amend(paper.ports, paper.setup, issue, Amendment(headlines={lead(issue): "고친 제목 하나"}))
    assert store.issue(issue.id) == new
    assert store.issue(issue.id, 1) == replace(new, revision=1, content=issue.content)
    dispatch.fan_out(paper.ports, paper.setup, new)
    drain(paper)
    assert all("고친 제목 하나" in _text(mail) for mail in paper.mailer.sent)


def test_who_fans_out_what_it_read_before_an_amendment_brings_nobody_the_old_one(store: Store) -> None:
    """A worker is about to fan out when the editor amends; it must not put anybody down for the mistake."""
    paper = make_paper(store, edition=replace(EDITION, stations=()))
    paper.serve(FEED, rss(story(1), story(2)))
    for n in range(1, 4):
        paper.subscribe(n)
    paper.go(TUESDAY, "06:00")
    paper.collect()
    paper.go(TUESDAY, "06:30")
    (before,) = assemble.publish_due(paper.ports, paper.setup)
    amend.amend(paper.ports, paper.setup, before, Amendment(headlines={lead(before): "고친 제목 하나"}))
    dispatch.fan_out(paper.ports, paper.setup, before)
    paper.fan_out()
    drain(paper)
    assert mails(paper) == Balance(audience=3, accepted=3)
    assert all("고친 제목 하나" in _text(mail) for mail in paper.mailer.sent)


def test_an_amendment_that_does_not_know_what_a_reader_would_have_had_is_not_stored(store: Store) -> None:
    """Somebody was fanned out with a choice of their own while it was made."""
    paper = ready(store)
    issue = paper.frozen_on()
    known = [(old, (had, None)) for old, had in store.issue_recipes(issue.id).items()]
    assert len(known) == 2
    with pytest.raises(Transient):
        store.amend(issue.id, issue.content, {}, dict(known[:1]), paper.clock.now())
    assert store.issue(issue.id) == issue


@pytest.mark.parametrize(
    ("amendment", "words"),
    [(Amendment(), "nothing would be different"), (Amendment(dropped=frozenset({9999})), "is not in this Issue")],
)
def test_an_amendment_that_makes_no_sense_is_refused(store: Store, amendment: Amendment, words: str) -> None:
    paper = ready(store)
    with pytest.raises(Permanent, match=words):
        amend.amend(paper.ports, paper.setup, paper.frozen_on(), amendment)


def test_dropping_everything_is_refused(store: Store) -> None:
    paper = ready(store)
    issue = paper.frozen_on()
    every = frozenset(i.article.id for i in issue.content.items)
    with pytest.raises(Permanent, match="cancel the Issue instead"):
        amend.amend(paper.ports, paper.setup, issue, Amendment(dropped=every))


def _text(mail: Mail) -> str:
    import email
    import email.policy

    parsed = email.message_from_bytes(mail.message, policy=email.policy.default)
    return text_of(parsed)  # type: ignore[arg-type]


# --- a restored database ---------------------------------------------------------------------


def test_a_restored_database_sends_nothing_until_the_journals_have_been_heard(tmp_path: Path) -> None:
    """The backup was made before anything was sent; then four mails went out; then it was restored."""
    database, backup = tmp_path / "store.db", tmp_path / "backup.db"
    paper = ready(open_store(f"sqlite:///{database}"), room=1)
    drain(paper)  # the first slice makes the witness
    paper.store.close()
    shutil.copy(database, backup)
    paper = replace(paper, ports=replace(paper.ports, store=open_store(f"sqlite:///{database}")))
    paper.clock.move(timedelta(minutes=2))
    assert isinstance(paper.mailer, Relay)
    paper.mailer.room = 4
    drain(paper)
    assert mails(paper).accepted == 4
    paper.store.close()
    shutil.copy(backup, database)
    paper = replace(paper, ports=replace(paper.ports, store=open_store(f"sqlite:///{database}")))

    later(paper)
    assert len(paper.mailer.sent) == 4, "nothing leaves a database that is in doubt"
    assert mails(paper).accepted == 1
    found = recover.survey(paper.ports)
    assert found.doubt is not None
    assert (found.sent, found.uncertain) == (3, 0)
    assert recover.recover(paper.ports, paper.setup).sent == 3
    assert mails(paper).accepted == 4
    later(paper)
    assert mails(paper) == Balance(audience=6, accepted=6)
    assert Counter(m.recipient for m in paper.mailer.sent).most_common(1)[0][1] == 1, "nobody got it twice"
    paper.store.close()


def test_a_mail_that_a_journal_intends_and_a_restored_database_does_not_know_is_uncertain(store: Store) -> None:
    paper = ready(store, readers=2)
    issue = paper.frozen_on()
    key = links.address_key("reader-1@example.com", KEYS)
    paper.ports.journals.own().intend(77, 5, ledger.durable_key(issue, key))
    assert recover.recover(paper.ports, paper.setup).uncertain == 1
    drain(paper)
    assert mails(paper) == Balance(audience=2, accepted=1, uncertain=1)


def test_a_backup_from_before_the_issue_was_frozen_sends_nobody_the_digest_again(tmp_path: Path) -> None:
    database, backup = tmp_path / "store.db", tmp_path / "backup.db"
    paper = make_paper(open_store(f"sqlite:///{database}"), edition=replace(EDITION, stations=()))
    paper.serve(FEED, rss(story(1), story(2), story(3)))
    for n in range(1, 4):
        paper.subscribe(n)
    paper.go(TUESDAY, "06:00")
    paper.collect()
    paper.store.close()
    shutil.copy(database, backup)
    paper = replace(paper, ports=replace(paper.ports, store=open_store(f"sqlite:///{database}")))
    for clock in ("06:20", "06:30"):
        paper.go(TUESDAY, clock)
        paper.tick()
    drain(paper)
    assert len(paper.mailer.sent) == 3
    paper.store.close()
    shutil.copy(backup, database)
    paper = replace(paper, ports=replace(paper.ports, store=open_store(f"sqlite:///{database}")))

    assert recover.survey(paper.ports).unmatched == 3
    assert recover.recover(paper.ports, paper.setup).sent == 3
    paper.tick()
    drain(paper)
    assert len(paper.mailer.sent) == 3, "nobody got it twice"
    assert mails(paper) == Balance(audience=3, accepted=3)
    paper.store.close()


def test_a_clear_no_to_a_second_attempt_does_not_settle_the_first_one(store: Store) -> None:
    """Of the first one nobody knows the answer: the reader may have got it."""
    paper = ready(store, readers=1)
    key = ledger.durable_key(paper.frozen_on(), links.address_key("reader-1@example.com", KEYS))
    journal = paper.ports.journals.own()
    journal.intend(77, 5, key)
    journal.intend(78, 5, key)
    journal.note(78, 5, Outcome(verdict=Verdict.DEFERRED, reason="rcpt: 451 later"))
    assert recover.survey(paper.ports).uncertain == 1


# --- seeds, cohorts, limits ------------------------------------------------------------------


def test_the_newsroom_gets_the_issue_before_its_hour(store: Store) -> None:
    paper = make_paper(store, edition=replace(EDITION, stations=()))
    seeds = frozenset({links.address_key("reader-3@example.com", KEYS).digest})
    paper.setup = replace(paper.setup, seeds=seeds)
    paper.serve(FEED, rss(story(1)))
    for n in range(1, 6):
        paper.subscribe(n)
    paper.go(TUESDAY, "06:00")
    paper.collect()
    for clock in ("06:20", "06:25"):
        paper.go(TUESDAY, clock)
        paper.tick()
    drain(paper)
    assert [m.recipient for m in paper.mailer.sent] == ["reader-3@example.com"]
    paper.go(TUESDAY, "06:30")
    drain(paper)
    assert mails(paper) == Balance(audience=5, accepted=5)


def test_a_provider_gets_no_more_a_day_than_its_limit(store: Store) -> None:
    paper = ready(store)
    paper.setup = replace(paper.setup, limits={"example.com": Limit(per_day=4)})
    drain(paper)
    paper.clock.move(timedelta(hours=1))
    drain(paper)
    assert mails(paper) == Balance(audience=6, accepted=4, waiting=2)
    issue = paper.frozen_on()
    paper.clock.at = issue.expires_at + timedelta(minutes=1)
    dispatch.reclaim(paper.ports, paper.setup)
    assert store.balance(issue.id, Channel.EMAIL) == Balance(audience=6, accepted=4, expired=2)


def test_a_new_sender_warms_up_day_by_day(store: Store) -> None:
    paper = ready(store)
    ramp = WarmUp(began_on=date(2026, 1, 20), steps=(2, 5), providers=("example.com",))
    paper.setup = replace(paper.setup, warm_up=ramp)
    drain(paper)
    assert mails(paper).accepted == 2


def test_all_workers_together_keep_to_the_rate(store: Store) -> None:
    paper = ready(store)
    paper.setup = replace(paper.setup, limits={"": Limit(per_second=3)})
    drain(paper)
    assert mails(paper).accepted == 6
    asked = [pace for pace in paper.mailer.paces if pace is not None]
    assert len(asked) >= 2, "not more than a second's places are given out at once"
    assert all(round(pace.every / timedelta(milliseconds=1)) == 333 for pace in asked)


@pytest.mark.parametrize("per_second", [0.94, 0.2])
def test_less_than_one_mail_a_second_still_goes_out(store: Store, per_second: float) -> None:
    """A provider's new account allows one a second, and we keep a little below."""
    paper = ready(store)
    slow = Rates(per_second={"": per_second})
    now = paper.clock.now()
    piece = store.claim(Channel.EMAIL, now, limit=50, lease=timedelta(seconds=60), owner="h/1", rates=slow)
    assert piece is not None
    assert len(piece.deliveries) == 1
    next_one = store.claim(Channel.EMAIL, now, limit=50, lease=timedelta(seconds=60), owner="h/1", rates=slow)
    assert next_one is not None
    assert not next_one.deliveries, "its place is taken"


def test_a_day_that_is_used_up_is_not_asked_for_again_and_again(store: Store) -> None:
    paper = ready(store)
    paper.setup = replace(paper.setup, limits={"": Limit(per_second=100, per_day=2)})
    drain(paper)
    assert mails(paper) == Balance(audience=6, accepted=2, waiting=4)
    rates = dispatch.rates_now(paper.ports, paper.setup)
    piece = store.claim(
        Channel.EMAIL, paper.clock.now(), limit=9, lease=timedelta(seconds=60), owner="h/1", rates=rates
    )
    assert piece is not None
    assert piece.pace is not None
    assert piece.pace.start > dispatch.QUICK, "nobody waits for tomorrow"


def test_what_is_settled_late_from_yesterday_gives_today_no_room_anew(store: Store) -> None:
    paper = ready(store)
    now, today = paper.clock.now(), paper.clock.now() - timedelta(hours=6)
    yesterdays = Rates(per_day={"": 4}, day_began_at=today - timedelta(days=1))
    todays = Rates(per_day={"": 4}, day_began_at=today)
    lease = timedelta(seconds=60)
    late = store.claim(Channel.EMAIL, now, limit=1, lease=lease, owner="h/1", rates=yesterdays)
    early = store.claim(Channel.EMAIL, now, limit=2, lease=lease, owner="h/2", rates=todays)
    assert late is not None
    assert early is not None
    for piece, rates in ((early, todays), (late, yesterdays)):
        taken = [Settlement(delivery_id=d.id, outcome=Outcome(verdict=Verdict.ACCEPTED)) for d in piece.deliveries]
        store.settle(piece.lease_id, taken, now, rates=rates)
    more = store.claim(Channel.EMAIL, now, limit=9, lease=lease, owner="h/3", rates=todays)
    assert more is not None
    assert len(more.deliveries) == 2


def test_readers_outside_the_cohort_are_left_to_the_other_system(store: Store) -> None:
    from syndication.core.rates import cohort_below

    paper = make_paper(store, edition=replace(EDITION, stations=()))
    paper.setup = replace(paper.setup, cohort=cohort_below(0.5))
    paper.serve(FEED, rss(story(1)))
    for n in range(1, 41):
        paper.subscribe(n)
    paper.morning()
    balance = mails(paper)
    assert balance.excluded + balance.accepted == 40
    assert 8 <= balance.accepted <= 32
    kept = {m.recipient for m in paper.mailer.sent}
    digests = {n: links.address_key(f"reader-{n}@example.com", KEYS).digest for n in range(1, 41)}
    assert kept == {f"reader-{n}@example.com" for n, digest in digests.items() if digest < "8"}
    assert dict(store.outcomes(paper.frozen_on().id, Channel.EMAIL))[
        (DeliveryState.EXCLUDED, "cut-over: not yet among the readers that are written to from here")
    ]
