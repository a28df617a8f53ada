"""Weekly and extra Issues, lived through on every kind of Store: nobody gets a story of the week twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from syndication import amend, assemble, dispatch
from syndication.core import audience
from syndication.core.model import Cadence, Channel, DeliveryState, Issue, IssueState, Outcome, Verdict
from syndication.ports import Permanent, Store
from tests.story.paper import DAY, EDITION, FEED, TITLES, Paper, at, make_paper, rss, story, text_of, titles

MONDAY = date(2026, 1, 19)
FRIDAY, SATURDAY = MONDAY + 4 * DAY, MONDAY + 5 * DAY
WEEKDAYS = tuple(MONDAY + n * DAY for n in range(5))


@pytest.fixture
def paper(store: Store) -> Paper:
    """From Monday to Friday one more story each morning; a weekly Issue on Saturdays."""
    edition = replace(EDITION, stations=(), days=(0, 1, 2, 3, 4), weekly=5)
    return make_paper(store, edition=edition, adopted=MONDAY - DAY)


def live_through(paper: Paper, *days: date) -> None:
    for on in days:
        paper.serve(FEED, rss(*(story(n) for n in range(1, min((on - MONDAY).days, 4) + 2))))
        paper.morning(on)


def weekly(paper: Paper) -> Issue:
    issue = paper.store.issue_on("daily", Cadence.WEEKLY, SATURDAY)
    assert issue is not None
    assert issue.state is IssueState.FROZEN, issue.reason
    return issue


def states(paper: Paper, issue: Issue) -> dict[str, tuple[DeliveryState, str | None]]:
    found = paper.store.deliveries(issue.id, Channel.EMAIL)
    return {d.recipient: (d.state, d.reason) for d in found}


def told(paper: Paper, n: int) -> set[str]:
    """The headlines of the newest mail to a reader."""
    words = " ".join(text_of(paper.mails_to(n)[-1]).split())
    return {title for title in TITLES if title in words}


def test_it_chooses_from_the_seven_days_before_and_goes_to_weekly_readers_only(paper: Paper) -> None:
    paper.subscribe(1)
    paper.subscribe(2, cadence=Cadence.WEEKLY)
    live_through(paper, *WEEKDAYS, SATURDAY)
    assert set(titles(weekly(paper))) == set(TITLES[:5])
    assert (len(paper.mails_to(1)), len(paper.mails_to(2))) == (5, 1)
    assert told(paper, 2) == set(TITLES[:5])
    assert "주간" in text_of(paper.mails_to(2)[0])
    assert paper.balances_close(weekly(paper))


def test_a_week_later_it_brings_only_what_is_new(paper: Paper) -> None:
    paper.subscribe(2, cadence=Cadence.WEEKLY)
    live_through(paper, *WEEKDAYS, SATURDAY)
    next_week = tuple(on + 7 * DAY for on in (*WEEKDAYS[:3], SATURDAY))
    for on in next_week:
        paper.serve(FEED, rss(*(story(n) for n in range(1, 7))))
        paper.morning(on)
    second = paper.store.issue_on("daily", Cadence.WEEKLY, SATURDAY + 7 * DAY)
    assert second is not None
    assert titles(second) == [TITLES[5]]


def test_nobody_gets_a_story_again_that_an_accepted_mail_brought(paper: Paper) -> None:
    for n in (1, 2, 3):
        paper.subscribe(n)
    paper.subscribe(4, cadence=Cadence.WEEKLY)
    live_through(paper, *WEEKDAYS[:3])
    for n in (1, 2):
        paper.subscribe(n, cadence=Cadence.WEEKLY)  # they had three dailies
    live_through(paper, *WEEKDAYS[3:])
    paper.subscribe(3, cadence=Cadence.WEEKLY)  # had all five
    live_through(paper, SATURDAY)
    assert told(paper, 4) == set(TITLES[:5])
    assert told(paper, 1) == told(paper, 2) == set(TITLES[3:5])
    found = states(paper, weekly(paper))
    excluded = [reason for state, reason in found.values() if state is DeliveryState.EXCLUDED]
    assert excluded == [audience.ALL_BROUGHT]
    assert paper.balances_close(weekly(paper))


def test_those_to_whom_the_same_came_share_one_recipe(paper: Paper) -> None:
    for n in range(1, 6):
        paper.subscribe(n)
    live_through(paper, *WEEKDAYS[:2])
    for n in range(1, 6):
        paper.subscribe(n, cadence=Cadence.WEEKLY)
    live_through(paper, *WEEKDAYS[2:], SATURDAY)
    hashes = {d.recipe_hash for d in paper.store.deliveries(weekly(paper).id, Channel.EMAIL)}
    assert len(hashes) == 1
    assert told(paper, 1) == set(TITLES[2:5])


def test_what_was_refused_was_not_brought(paper: Paper) -> None:
    paper.subscribe(1)
    paper.mailer.answers = {"reader-1@example.com": Outcome(verdict=Verdict.REFUSED, reason="mailbox full")}
    live_through(paper, *WEEKDAYS)
    paper.mailer.answers = {}
    paper.subscribe(1, cadence=Cadence.WEEKLY)
    live_through(paper, SATURDAY)
    assert told(paper, 1) == set(TITLES[:5])


def test_a_reader_of_one_section_had_only_that(paper: Paper) -> None:
    paper.subscribe(1, sections=("경제",))
    live_through(paper, *WEEKDAYS)
    paper.subscribe(1, cadence=Cadence.WEEKLY)
    live_through(paper, SATURDAY)
    had = {TITLES[1], TITLES[3]}  # the stories in 경제
    assert told(paper, 1) == set(TITLES[:5]) - had


def test_the_first_story_that_is_left_leads_the_readers_digest(paper: Paper) -> None:
    paper.subscribe(1)
    live_through(paper, *WEEKDAYS[:4])
    paper.subscribe(1, cadence=Cadence.WEEKLY)
    live_through(paper, *WEEKDAYS[4:], SATURDAY)
    mail = paper.mails_to(1)[-1]
    assert mail["Subject"] == TITLES[4]
    html = text_of(mail, "html")
    assert html.count("<h1") == 1
    assert html.count('<h3 class="lead"') == 1
    assert html.count("<table") == html.count("</table>")


def test_an_amended_weekly_keeps_to_what_each_reader_is_owed(paper: Paper) -> None:
    paper.subscribe(1)
    paper.subscribe(2, cadence=Cadence.WEEKLY)
    live_through(paper, *WEEKDAYS[:3])
    paper.subscribe(1, cadence=Cadence.WEEKLY)
    live_through(paper, *WEEKDAYS[3:])
    paper.go(SATURDAY, "06:25")
    paper.tick()
    issue = weekly(paper)
    gone = next(i.article.id for i in issue.content.items if i.article.content.title == TITLES[3])
    amend.amend(paper.ports, paper.setup, issue, amend.Amendment(dropped=frozenset([gone])))
    paper.go(SATURDAY, "06:30")
    paper.drain()
    assert told(paper, 1) == {TITLES[4]}
    assert told(paper, 2) == set(TITLES[:5]) - {TITLES[3]}


def test_an_extra_issue_goes_out_at_once_and_the_daily_one_does_not_repeat_it(paper: Paper) -> None:
    paper.subscribe(1)
    paper.subscribe(2, cadence=Cadence.EXTRA)
    paper.subscribe(3, cadence=Cadence.WEEKLY)
    live_through(paper, MONDAY)
    paper.serve(FEED, rss(story(1), story(2)))
    paper.go(MONDAY, "15:00")
    paper.collect()
    paper.go(MONDAY, "15:01")
    issue = assemble.out_of_turn(paper.ports, paper.setup, paper.edition, by="desk")
    assert titles(issue) == [TITLES[1]]
    assert assemble.out_of_turn(paper.ports, paper.setup, paper.edition, by="desk").id == issue.id
    dispatch.fan_out(paper.ports, paper.setup, issue)
    paper.drain()
    assert [len(paper.mails_to(n)) for n in (1, 2, 3)] == [2, 1, 0]
    assert "호외" in text_of(paper.mails_to(2)[0])
    live_through(paper, MONDAY + 2 * DAY)
    assert titles(paper.frozen_on(MONDAY + 2 * DAY)) == [TITLES[2]]


def test_an_extra_issue_of_named_articles_holds_nothing_else(paper: Paper) -> None:
    paper.serve(FEED, rss(story(1), story(2), story(3)))
    paper.go(MONDAY, "15:00")
    paper.collect()
    since = at(MONDAY, "00:00") - timedelta(days=9)
    there = paper.store.eligible(paper.edition, Cadence.EXTRA, cut_off_at=at(MONDAY, "15:01"), since=since)
    paper.go(MONDAY, "15:02")
    issue = assemble.out_of_turn(paper.ports, paper.setup, paper.edition, articles=[there[1].id], by="desk")
    assert [i.article.id for i in issue.content.items] == [there[1].id]


def test_an_extra_issue_of_nothing_is_refused_and_may_be_asked_for_again(paper: Paper) -> None:
    paper.go(MONDAY, "15:00")
    with pytest.raises(Permanent, match="nothing"):
        assemble.out_of_turn(paper.ports, paper.setup, paper.edition, by="desk")
    paper.serve(FEED, rss(story(1)))
    paper.collect()
    paper.go(MONDAY, "15:01")
    assert titles(assemble.out_of_turn(paper.ports, paper.setup, paper.edition, by="desk")) == [TITLES[0]]


def test_a_weekly_issue_of_nothing_new_is_recorded_as_empty(paper: Paper) -> None:
    paper.subscribe(2, cadence=Cadence.WEEKLY)
    paper.serve(FEED, rss())
    paper.morning(SATURDAY)
    issue = paper.store.issue_on("daily", Cadence.WEEKLY, SATURDAY)
    assert issue is not None
    assert issue.state is IssueState.EMPTY
