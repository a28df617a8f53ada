"""Whole mornings: what is collected is frozen once, reaches everybody once, and every balance closes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from syndication import assemble, dispatch
from syndication.core.model import (
    Balance,
    Channel,
    DeliveryState,
    FirstPoll,
    IssueState,
    Undated,
    What,
)
from syndication.ports import Permanent, Store
from tests.story.paper import (
    DAY,
    EDITION,
    FEED,
    GARAM,
    PAGE,
    PAPER,
    PORTAL,
    TITLES,
    TUESDAY,
    Paper,
    at,
    item,
    make_paper,
    rss,
    story,
    text_of,
    titles,
)

WEDNESDAY = TUESDAY + DAY
PAGE_TITLE = "군산시, 2024년 지방자치단체 혁신평가 '우수'기관 선정"


# --- one whole morning -----------------------------------------------------------------------


def test_a_page_and_a_feed_reach_readers_feeds_and_a_partner_and_every_balance_closes(
    store: Store, samples: Path
) -> None:
    paper = make_paper(store, sources=[GARAM, PAPER], partners=[PORTAL, replace(PORTAL, id="digest", what=What.DIGEST)])
    paper.serve(FEED, rss(story(1), story(2)))
    paper.serve(PAGE, (samples / "pages" / "local-paper-2026-01-20.txt").read_bytes(), "text/plain; charset=utf-8")
    for n, choices in enumerate([{}, {"stations": ("거제",), "sections": ("경제",)}, {"sections": ("사회",)}], 1):
        paper.subscribe(n, **choices)
    issue = paper.morning()
    assert issue is not None
    assert issue.state is IssueState.FROZEN
    assert set(titles(issue)) == {PAGE_TITLE, *TITLES[:2]}
    assert len(issue.content.weather.stations) == 16
    assert issue.content.weather.last_resort
    assert (issue.cut_off_at, issue.publish_at) == (at(TUESDAY, "06:20"), at(TUESDAY, "06:30"))
    assert paper.store.balance(issue.id, Channel.EMAIL) == Balance(audience=3, accepted=3)
    assert paper.store.balance(issue.id, Channel.FEED) == Balance(audience=6, accepted=6)
    assert paper.store.balance(issue.id, Channel.PARTNER) == Balance(audience=4, accepted=4)  # 3 stories, 1 digest
    assert [len(paper.mails_to(n)) for n in (1, 2, 3)] == [1, 1, 1]
    assert sorted(paper.publisher.files) == [
        *(f"feeds/daily/{kind}.{dialect}" for kind in ("articles", "digest") for dialect in ("atom", "json", "rss")),
        "feeds/manifest.json",
    ]


def test_each_reader_gets_the_chosen_sections_and_stations_only(store: Store, samples: Path) -> None:
    paper = make_paper(store, sources=[GARAM, PAPER])
    paper.serve(FEED, rss(story(1), story(2)))
    paper.serve(PAGE, (samples / "pages" / "local-paper-2026-01-20.txt").read_bytes(), "text/plain; charset=utf-8")
    paper.subscribe(1)
    paper.subscribe(2, stations=("거제",), sections=("경제",))
    paper.morning()
    everything, chosen = (text_of(paper.mails_to(n)[0]) for n in (1, 2))
    assert all(words in everything for words in ("서울", "부산", "-8.4", "가람시, 한파 쉼터 밤에도 연다", "중앙시장"))
    assert "거제" not in everything  # the Edition's stations are 서울 and 부산
    assert all(words in chosen for words in ("거제", "0.8", "관측 없음", "중앙시장 새벽 장 서다"))
    assert "한파 쉼터" not in chosen
    assert "서울" not in chosen
    for text in (everything, chosen):
        assert "더보기" not in text
        assert "이천시장" not in text  # a teaser is no story


def test_nothing_is_sent_before_the_hour(paper: Paper) -> None:
    paper.subscribe()
    paper.go(TUESDAY, "06:00")
    paper.collect()
    paper.go(TUESDAY, "06:20")
    assert len(paper.tick()) == 1
    paper.go(TUESDAY, "06:29")
    assert paper.drain() == {channel: {} for channel in Channel}
    paper.go(TUESDAY, "06:30")
    assert paper.drain()[Channel.EMAIL] == {"accepted": 1}


def test_what_comes_after_the_cut_off_is_for_the_next_day(paper: Paper) -> None:
    first = paper.morning()
    assert first is not None
    paper.go(TUESDAY, "07:00")
    paper.serve(FEED, rss(*(story(n) for n in (1, 2, 3, 4))))
    paper.collect()
    second = paper.morning(WEDNESDAY)
    assert second is not None
    assert titles(second) == [TITLES[3]]


def test_asking_again_gives_the_same_issue_and_sends_nothing_again(paper: Paper) -> None:
    paper.subscribe()
    first = paper.morning()
    paper.serve(FEED, rss(story(8)))
    for clock in ("06:31", "06:40", "12:00"):
        paper.go(TUESDAY, clock)
        paper.collect()
        assert paper.tick() == ()
        paper.drain()
    assert first is not None
    assert paper.issue_on(TUESDAY) == first
    slot = assemble.timetable.slot(paper.edition, TUESDAY)
    assert assemble.assemble(paper.ports, paper.setup, paper.edition, slot) == first
    assert len(paper.mailer.sent) == 1
    assert len({p.key for p in paper.portal.pushed}) == len(paper.portal.pushed) == 3


# --- days without an Issue -------------------------------------------------------------------


def test_a_day_without_news_is_recorded_as_empty_and_nobody_is_written_to(paper: Paper) -> None:
    paper.subscribe()
    paper.serve(FEED, rss())
    issue = paper.morning()
    assert issue is not None
    assert (issue.state, issue.reason) == (IssueState.EMPTY, "nothing eligible")
    assert paper.store.deliveries(issue.id) == []
    assert paper.mailer.sent == []
    assert paper.publisher.files == {}


def test_an_empty_day_moves_nothing_and_the_next_morning_brings_what_came_since(paper: Paper) -> None:
    paper.serve(FEED, rss())
    paper.morning()
    paper.go(TUESDAY, "09:00")
    paper.serve(FEED, rss(story(1)))
    paper.collect()
    issue = paper.morning(WEDNESDAY)
    assert issue is not None
    assert titles(issue) == [TITLES[0]]


def test_after_an_outage_of_three_days_older_dates_are_missed_and_one_issue_goes_out(paper: Paper) -> None:
    reader = paper.subscribe()
    paper.morning()
    friday = TUESDAY + 3 * DAY
    paper.go(friday, "08:00")  # the machine comes back an hour and a half after the hour
    paper.serve(FEED, rss(story(4), story(5)))
    paper.collect()
    issues = paper.tick()
    paper.drain()
    states = [paper.issue_on(TUESDAY + n * DAY) for n in range(4)]
    assert [s.state if s else None for s in states] == [
        IssueState.FROZEN,
        IssueState.MISSED,
        IssueState.MISSED,
        IssueState.EMPTY,  # what was collected at eight came after the cut-off of 06:20
    ]
    assert issues == ()
    assert len(paper.mailer.sent) == 1
    saturday = paper.morning(friday + DAY)
    assert saturday is not None
    assert len(titles(saturday)) == 2
    assert paper.delivery_of(reader, friday + DAY).state is DeliveryState.ACCEPTED


def test_an_outage_in_which_collecting_went_on_gives_one_issue_with_everything(paper: Paper) -> None:
    paper.subscribe()
    paper.morning()
    for n in range(1, 4):  # Sources are polled, yet nobody assembles
        paper.go(TUESDAY + n * DAY, "05:00")
        paper.serve(FEED, rss(story(3 + n)))
        paper.collect()
    paper.go(TUESDAY + 3 * DAY, "08:00")
    (issue,) = paper.tick()
    paper.drain()
    assert issue.on == TUESDAY + 3 * DAY
    assert set(titles(issue)) == set(TITLES[3:6])
    assert [len(paper.mails_to(1)), len(paper.store.issues("daily", 10))] == [2, 2]


def test_an_issue_that_had_expired_when_the_machine_came_back_is_never_sent(paper: Paper) -> None:
    reader = paper.subscribe()
    paper.go(TUESDAY, "06:00")
    paper.collect()
    paper.go(TUESDAY, "06:20")
    paper.tick()
    paper.go(TUESDAY, "19:00")
    paper.drain()
    assert paper.mailer.sent == []
    assert paper.delivery_of(reader).state is DeliveryState.EXPIRED
    assert paper.balances_close(paper.frozen_on())
    dispatch.reclaim(paper.ports, paper.setup)
    issue = paper.issue_on(TUESDAY)
    assert issue is not None
    assert issue.state is IssueState.CLOSED


# --- what is chosen --------------------------------------------------------------------------


def test_what_is_over_the_cap_stays_eligible_and_comes_the_day_after(store: Store) -> None:
    paper = make_paper(store, edition=replace(EDITION, stations=(), cap=3))
    paper.serve(FEED, rss(*(story(n) for n in range(1, 9))))
    days = [paper.morning(TUESDAY + n * DAY) for n in range(4)]
    told = [titles(issue) if issue else [] for issue in days]
    assert [len(t) for t in told] == [3, 3, 2, 0]
    assert sorted(title for day in told for title in day) == sorted(TITLES)  # each once


def test_a_revision_of_something_sent_is_never_new(paper: Paper) -> None:
    paper.subscribe()
    paper.serve(FEED, rss(story(1)))
    paper.morning()
    paper.serve(FEED, rss(item("가람시, 한파 쉼터 밤에도 연다 (고침)", "경로당 마흔두 곳을 연다.", number=1)))
    assert paper.collect()["garam"].revised == 1
    issue = paper.morning(WEDNESDAY)
    assert issue is not None
    assert issue.state is IssueState.EMPTY
    assert len(paper.mailer.sent) == 1


def test_an_issue_takes_the_newest_revision_seen_before_its_cut_off(paper: Paper) -> None:
    paper.serve(FEED, rss(story(1)))
    paper.go(TUESDAY, "05:00")
    paper.collect()
    paper.serve(FEED, rss(item("고친 제목", "고친 글이다.", number=1)))
    paper.go(TUESDAY, "06:00")
    paper.collect()
    paper.serve(FEED, rss(item("늦게 고친 제목", "늦게 고친 글이다.", number=1)))
    paper.go(TUESDAY, "06:21")
    paper.collect()
    paper.tick()
    assert titles(paper.frozen_on()) == ["고친 제목"]


@pytest.mark.parametrize(("rule", "expected"), [(Undated.IN, 2), (Undated.OUT, 1)])
def test_undated_articles_follow_the_editions_rule(store: Store, rule: Undated, expected: int) -> None:
    paper = make_paper(store, edition=replace(EDITION, stations=(), undated=rule))
    dated = "<pubDate>Tue, 20 Jan 2026 05:10:00 +0900</pubDate>"
    paper.serve(FEED, rss(story(1, more=dated), story(2)))
    paper.subscribe()
    issue = paper.morning()
    assert issue is not None
    assert len(titles(issue)) == expected
    undated = [i for i in issue.content.items if i.article.content.published_at is None]
    assert len(undated) == expected - 1
    assert all(i.article.content.published_on is None for i in undated)  # never the day of collecting


def test_what_stood_there_at_the_first_poll_of_a_baseline_source_never_comes(store: Store) -> None:
    paper = make_paper(
        store, edition=replace(EDITION, stations=()), sources=[replace(GARAM, first_poll=FirstPoll.BASELINE)]
    )
    paper.serve(FEED, rss(story(1), story(2)))
    first = paper.morning()
    assert first is not None
    assert first.state is IssueState.EMPTY
    paper.serve(FEED, rss(story(1), story(2), story(3)))
    second = paper.morning(WEDNESDAY)
    assert second is not None
    assert titles(second) == [TITLES[2]]


def test_a_dead_source_never_stops_the_next_and_makes_the_morning_degraded(store: Store) -> None:
    sources = [replace(GARAM, id="dead", location="https://dead.example/feed.xml"), GARAM]
    paper = make_paper(store, edition=replace(EDITION, stations=()), sources=sources)
    paper.serve("https://dead.example/feed.xml", Permanent("the name dead.example does not exist"))
    paper.serve(FEED, rss(story(1)))
    polled = paper.collect()
    assert (polled["dead"].error, polled["garam"].new) == ("the name dead.example does not exist", 1)
    for n in range(4):
        paper.serve(FEED, rss(story(n + 2)))
        paper.morning(TUESDAY + n * DAY)
    last = paper.frozen_on(TUESDAY + 3 * DAY)
    (trouble,) = last.content.degraded
    assert trouble.startswith("dead: ")
    assert titles(last) == [TITLES[4]]
