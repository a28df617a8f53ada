"""What is wrong this morning, from values alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from syndication.core.catalogue import FeedState, Kept, Version, edition_feed
from syndication.core.health import EditionFacts, FindingKind, newest_beats, report, terms
from syndication.core.model import Balance, Channel, Edition, Issue, IssueState, SourceState
from syndication.ports import Frozen
from tests import factories

HOUR = timedelta(hours=1)
PUBLISH_AT = factories.MORNING + timedelta(minutes=30)  # the sample Edition's hour, 06:30 KST
SETTLED = Balance(audience=3, accepted=2, excluded=1)


def issue(state: IssueState = IssueState.FROZEN, reason: str | None = None) -> Issue:
    of: Frozen = factories.frozen(state=state)
    return Issue(
        id=7,
        edition_id=of.edition_id,
        cadence=of.cadence,
        on=of.on,
        state=state,
        revision=1,
        cut_off_at=of.cut_off_at,
        publish_at=PUBLISH_AT,
        expires_at=PUBLISH_AT + 12 * HOUR,
        frozen_at=of.frozen_at,
        content=of.content,
        reason=reason,
    )


def facts(last: Issue | None, balance: Balance | None = SETTLED) -> EditionFacts:
    return EditionFacts(
        edition=factories.EDITION,
        adopted_at=factories.MORNING - timedelta(days=2),
        last=last,
        issues=(last,) if last else (),
        balances={(last.id, Channel.EMAIL): balance} if last and balance else {},
    )


def source_state(**values: object) -> SourceState:
    return SourceState(source_id="garam", next_check_at=PUBLISH_AT, **values)  # type: ignore[arg-type]


def kinds(*findings: object) -> list[object]:
    return [f.kind for f in findings]  # type: ignore[attr-defined]


def test_a_good_morning_has_no_findings() -> None:
    assert report(PUBLISH_AT + HOUR, editions=(facts(issue()),)) == ()


def test_an_issue_that_does_not_exist_after_its_hour_is_overdue_and_names_the_edition() -> None:
    (found,) = report(PUBLISH_AT + HOUR, editions=(facts(None),))
    assert found.kind is FindingKind.OVERDUE
    assert found.subject == "daily"
    assert "Edition daily" in found.sentence
    assert "2026-01-20 was due at 06:30" in found.sentence
    assert "60 min later" in found.sentence


def test_an_issue_is_not_overdue_before_its_hour_nor_within_the_grace() -> None:
    yesterday = facts(replace(issue(IssueState.CLOSED), on=factories.ON - timedelta(days=1)))
    assert report(PUBLISH_AT - HOUR, editions=(yesterday,)) == ()
    assert report(PUBLISH_AT + timedelta(minutes=5), editions=(yesterday,)) == ()
    assert kinds(*report(PUBLISH_AT + HOUR, editions=(yesterday,))) == [FindingKind.OVERDUE]


def test_an_edition_adopted_after_its_hour_owes_nothing_today() -> None:
    adopted_late = replace(facts(None), adopted_at=PUBLISH_AT + timedelta(minutes=1))
    assert report(PUBLISH_AT + 5 * HOUR, editions=(adopted_late,)) == ()


def test_a_missed_issue_is_named_with_its_reason_and_an_empty_day_is_no_fault() -> None:
    (found,) = report(PUBLISH_AT + HOUR, editions=(facts(issue(IssueState.MISSED, "the machine was off")),))
    assert found.kind is FindingKind.OVERDUE
    assert "the machine was off" in found.sentence
    assert report(PUBLISH_AT + HOUR, editions=(facts(issue(IssueState.EMPTY)),)) == ()


def test_nothing_accepted_half_an_hour_after_the_hour_is_overdue() -> None:
    stuck = facts(issue(), Balance(audience=3, waiting=3))
    assert report(PUBLISH_AT + timedelta(minutes=20), editions=(stuck,)) == ()
    (found,) = report(PUBLISH_AT + timedelta(minutes=40), editions=(stuck,))
    assert found.kind is FindingKind.OVERDUE
    assert "3 waiting" in found.sentence


def test_a_retried_mail_among_accepted_ones_is_no_fault_until_the_issue_has_expired() -> None:
    slow = facts(issue(), Balance(audience=3, accepted=2, waiting=1))
    assert report(PUBLISH_AT + 6 * HOUR, editions=(slow,)) == ()
    assert kinds(*report(PUBLISH_AT + 13 * HOUR, editions=(slow,))) == [FindingKind.OVERDUE]


def test_anything_uncertain_is_a_finding() -> None:
    (found,) = report(PUBLISH_AT + HOUR, editions=(facts(issue(), Balance(audience=2, accepted=1, uncertain=1)),))
    assert found.kind is FindingKind.UNCERTAIN
    assert "1 uncertain" in found.sentence


@given(st.lists(st.integers(0, 50), min_size=8, max_size=8), st.integers(-3, 3))
def test_a_balance_is_open_exactly_when_its_terms_do_not_make_its_audience(numbers: list[int], off: int) -> None:
    names = [name for name, _ in terms(SETTLED)]
    balance = Balance(audience=max(0, sum(numbers) + off), **dict(zip(names, numbers, strict=True)))
    found = kinds(*report(PUBLISH_AT, editions=(facts(issue(IssueState.CLOSED), balance),)))
    assert (FindingKind.BALANCE in found) is (balance.audience != sum(numbers))


def test_a_source_is_silent_when_its_last_new_article_is_older_than_its_rhythm() -> None:
    now = PUBLISH_AT
    fresh = source_state(first_polled_at=now - 90 * HOUR, last_new_at=now - 30 * HOUR)
    stale = replace(fresh, last_new_at=now - 40 * HOUR, last_error="HTTP 503")
    assert report(now, sources=(factories.SOURCE,), states=(fresh,)) == ()
    (found,) = report(now, sources=(factories.SOURCE,), states=(stale,))
    assert (found.kind, found.subject) == (FindingKind.SILENT, "garam")
    assert "nothing new for 40 h, expected within 36 h (last error: HTTP 503)" in found.sentence


def test_a_source_just_adopted_has_its_rhythm_to_prove_itself() -> None:
    assert (
        report(PUBLISH_AT, sources=(factories.SOURCE,), states=(source_state(first_polled_at=PUBLISH_AT - HOUR),)) == ()
    )
    assert report(PUBLISH_AT, sources=(factories.SOURCE,), states=(source_state(),)) == ()


def test_a_source_never_read_for_longer_than_its_rhythm_and_one_that_ended_are_findings() -> None:
    never = source_state()
    (found,) = report(PUBLISH_AT + 48 * HOUR, sources=(factories.SOURCE,), states=(never,))
    assert "never read" in found.sentence
    (found,) = report(PUBLISH_AT, sources=(factories.SOURCE,), states=(replace(never, ended=True),))
    assert "410" in found.sentence


def test_a_source_that_fails_from_its_first_day_on_is_a_finding_though_its_next_check_is_always_ahead() -> None:
    ahead = replace(source_state(failures=5, last_error="HTTP 404"), next_check_at=PUBLISH_AT + HOUR)
    (found,) = report(PUBLISH_AT, sources=(factories.SOURCE,), states=(ahead,))
    assert "never read in 5 attempts (last error: HTTP 404)" in found.sentence
    assert report(PUBLISH_AT, sources=(factories.SOURCE,), states=(replace(ahead, failures=4),)) == ()


def test_a_source_that_is_no_longer_configured_is_not_missed() -> None:
    assert report(PUBLISH_AT + 48 * HOUR, sources=(), states=(source_state(),)) == ()


def test_one_living_worker_of_a_role_is_enough_and_an_old_role_is_a_finding() -> None:
    now = PUBLISH_AT
    beats = {"worker@one": now - 5 * HOUR, "worker@two": now, "beat": now - HOUR}
    (found,) = report(now, beats=beats)
    assert (found.kind, found.subject) == (FindingKind.HEARTBEAT, "beat")
    assert newest_beats(beats)["worker"] == now


def test_a_held_issue_a_resting_provider_and_a_doubted_database_are_told_first() -> None:
    held = replace(issue(), held="5.7.26 unauthenticated")
    now = PUBLISH_AT + HOUR
    pauses = {"naver": (now + timedelta(seconds=90), "4.7.0 too many")}
    found = report(now, editions=(facts(held),), pauses=pauses, doubt="it was restored")
    assert [f.kind for f in found][:3] == [FindingKind.DOUBT, FindingKind.HELD, FindingKind.RESTS]
    assert "5.7.26 unauthenticated" in found[1].sentence
    assert "Mail to naver rests for another 90 s: 4.7.0 too many." in found[2].sentence


def feed_state(version: int = 2, published: int = 1, *, touched: timedelta = HOUR) -> FeedState:
    return FeedState(feed=edition_feed("daily"), version=version, published=published, touched_at=PUBLISH_AT - touched)


def test_a_feed_that_waits_long_to_be_published_is_a_finding_that_says_what_tries_it() -> None:
    fresh, current = feed_state(touched=timedelta(minutes=2)), feed_state(2, 2)
    assert report(PUBLISH_AT, feeds=(fresh, current)) == ()
    (found,) = report(PUBLISH_AT, feeds=(current, feed_state(), fresh))
    assert (found.kind, found.subject) == (FindingKind.UNPUBLISHED, "daily/articles")
    assert "1 feeds wait to be published, daily/articles for 60 min" in found.sentence
    assert "syndication check" in found.sentence
    due = replace(current, due_at=PUBLISH_AT - HOUR)
    assert kinds(*report(PUBLISH_AT, feeds=(due,))) == [FindingKind.UNPUBLISHED]
    assert report(PUBLISH_AT, feeds=(replace(current, due_at=PUBLISH_AT + HOUR),)) == ()


def test_what_no_feed_can_show_is_a_finding_with_its_reason_and_a_flood_is_counted() -> None:
    def kept(number: int) -> tuple[str, Kept]:
        return "article", Kept(version=Version(number=number, revision=1, stamp=1), reason="no title")

    (found,) = report(PUBLISH_AT, quarantined=(kept(7),))
    assert (found.kind, found.subject) == (FindingKind.QUARANTINED, "article:7")
    assert "No feed can show article 7: no title." in found.sentence
    flood = report(PUBLISH_AT, quarantined=[kept(n) for n in range(40)])
    assert len(flood) == 6
    assert "35 others" in flood[-1].sentence


def test_a_weekly_issue_that_never_came_is_named() -> None:
    edition = Edition(id="daily", title="가람 아침", weekly=5)
    saturday = datetime(2026, 1, 24, 6, 30, tzinfo=ZoneInfo("Asia/Seoul"))
    facts = EditionFacts(edition=edition, adopted_at=saturday - timedelta(days=30), last=None, last_weekly=None)
    said = [f.sentence for f in report(saturday + timedelta(minutes=20), editions=(facts,))]
    assert any("weekly Issue of 2026-01-24" in sentence for sentence in said)
    none = replace(facts, edition=replace(edition, weekly=None))
    assert not any("weekly" in f.sentence for f in report(saturday + timedelta(minutes=20), editions=(none,)))
