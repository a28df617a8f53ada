"""The weather of whole mornings: what is trusted, what is refused, and that the news never waits for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from syndication import assemble
from syndication.core.model import (
    EmptyDay,
    Forecast,
    IssueState,
    Observation,
    Origin,
    WeatherReading,
)
from syndication.core.timetable import slot
from syndication.core.weather import NONE, WIDGET_STALE
from syndication.ports import Store, Transient
from tests.story.paper import (
    DAY,
    EDITION,
    FEED,
    GARAM,
    PAGE,
    PAPER,
    TITLES,
    TUESDAY,
    Paper,
    at,
    make_paper,
    rss,
    story,
    text_of,
    titles,
)

TEXT = "text/plain; charset=utf-8"
SIX = at(TUESDAY, "06:00")


@dataclass
class Service:
    """A weather service that answers as told."""

    observations: tuple[Observation, ...] = ()
    forecasts: tuple[Forecast, ...] = ()
    asked: list[tuple[tuple[str, ...], date]] = field(default_factory=list)
    error: Transient | None = None
    at: datetime = SIX
    id: str = "kma"
    fallback: bool = False
    most_calls: int | None = None
    calls: int = 0

    def next_check(self, now: datetime) -> datetime:
        return now + timedelta(minutes=20)

    def read(self, stations: Sequence[str], on: date, *, at_most: int | None = None) -> WeatherReading:
        self.asked.append((tuple(stations), on))
        self.calls += 1
        if self.error is not None:
            raise self.error
        return WeatherReading(
            origin=Origin.KMA,
            source_id="kma",
            fetched_at=self.at,
            observations=self.observations,
            forecasts=self.forecasts,
        )


def seoul(temperature: float, clock: str = "05:00") -> Observation:
    return Observation(
        station="서울",
        station_id="108",
        condition="흐림",
        temperature=temperature,
        observed_at=at(TUESDAY, clock),
        origin=Origin.KMA,
        attribution="기상청",
    )


def with_service(paper: Paper, service: Service) -> Paper:
    ports = replace(paper.ports, weather=(service,))
    return replace(paper, ports=ports, setup=replace(paper.setup, weather_stations=("서울", "부산")))


@pytest.fixture
def page(samples: Path) -> bytes:
    return (samples / "pages" / "local-paper-2026-01-20.txt").read_bytes()


@pytest.fixture
def paper(store: Store) -> Paper:
    made = make_paper(store, sources=[GARAM, PAPER])
    made.serve(FEED, rss(story(1)))
    made.subscribe()
    return made


def test_a_page_of_todays_date_is_a_labelled_last_resort(paper: Paper, page: bytes) -> None:
    paper.serve(PAGE, page, TEXT)
    paper.morning()
    weather = paper.frozen_on().content.weather
    assert (weather.last_resort, weather.attribution, weather.observed_at) == (True, "기상청", None)
    assert "신문 지면" in text_of(paper.mails_to(1)[0])
    assert "관측 시각 미상" in text_of(paper.mails_to(1)[0])


@pytest.mark.parametrize("days", [1, 2, 300])
def test_the_same_page_on_another_day_is_refused_as_stale_and_the_mail_goes_out_without_weather(
    store: Store, page: bytes, days: int
) -> None:
    on = TUESDAY + days * DAY
    paper = make_paper(store, sources=[GARAM, PAPER], adopted=on - DAY)
    paper.serve(FEED, rss(story(1)))
    paper.serve(PAGE, page, TEXT)
    paper.subscribe()
    paper.morning(on)
    issue = paper.frozen_on(on)
    assert (issue.content.weather.stations, issue.content.weather.note) == ((), WIDGET_STALE)
    (mail,) = paper.mails_to(1)
    assert WIDGET_STALE in " ".join(text_of(mail).split())
    assert "-8.4" not in text_of(mail)


def test_values_that_stood_on_another_day_are_refused_though_the_page_has_todays_date(
    paper: Paper, page: bytes
) -> None:
    paper.serve(PAGE, page.replace("2026.01.20 (화)".encode(), "2026.01.19 (월)".encode()), TEXT)
    paper.go(TUESDAY - DAY, "09:00")
    paper.collect()
    paper.serve(PAGE, page, TEXT)
    paper.morning()
    weather = paper.frozen_on().content.weather
    assert (weather.stations, weather.note) == ((), WIDGET_STALE)
    assert len(paper.mails_to(1)) == 1


def test_the_service_is_preferred_over_the_widget_station_by_station(paper: Paper, page: bytes) -> None:
    service = Service(observations=(seoul(-9.9),))
    paper = with_service(paper, service)
    paper.serve(PAGE, page, TEXT)
    paper.morning()
    assert service.asked == [(("서울", "부산"), TUESDAY)]
    shown = {s.station: s.observation for s in paper.frozen_on().content.weather.stations}
    assert (shown["서울"].origin, shown["서울"].temperature) == (Origin.KMA, -9.9)  # type: ignore[union-attr]
    assert (shown["부산"].origin, shown["부산"].temperature) == (Origin.WIDGET, 0.2)  # type: ignore[union-attr]
    text = text_of(paper.mails_to(1)[0])
    assert "-9.9" in text
    assert "-8.4" not in text


def test_the_weather_has_a_grace_and_then_the_news_goes_without(paper: Paper) -> None:
    paper.serve(PAGE, Transient("the page does not answer"))
    paper.go(TUESDAY, "06:00")
    paper.collect()
    waits = {}
    for clock in ("06:20", "06:24", "06:25"):
        paper.go(TUESDAY, clock)
        waits[clock] = len(paper.tick())
    assert waits == {"06:20": 0, "06:24": 0, "06:25": 1}
    issue = paper.frozen_on()
    assert (issue.content.weather.note, issue.cut_off_at) == (NONE, at(TUESDAY, "06:20"))
    paper.go(TUESDAY, "06:30")
    paper.drain()
    assert NONE in " ".join(text_of(paper.mails_to(1)[0]).split())


def test_weather_that_comes_within_the_grace_ends_the_waiting_and_brings_no_later_news(paper: Paper) -> None:
    service = Service(error=Transient("busy"))
    paper = with_service(paper, service)
    paper.serve(PAGE, Transient("the page does not answer"))
    paper.go(TUESDAY, "06:00")
    paper.collect()
    paper.go(TUESDAY, "06:20")
    assert paper.tick() == ()
    service.error, service.observations, service.at = None, (seoul(-7.0),), at(TUESDAY, "06:22")
    paper.serve(FEED, rss(story(1), story(2)))
    paper.go(TUESDAY, "06:22")
    paper.collect()
    (issue,) = paper.tick()
    assert [s.station for s in issue.content.weather.stations] == ["서울"]
    assert titles(issue) == [TITLES[0]]  # the second story came after the cut-off


def test_an_observation_of_hours_ago_is_not_this_mornings(paper: Paper) -> None:
    paper = with_service(paper, Service(observations=(seoul(-3.0, "02:00"),)))
    paper.serve(PAGE, Transient("the page does not answer"))
    paper.morning()
    assert paper.frozen_on().content.weather.note == NONE


def test_nobody_waits_for_weather_that_nobody_provides(store: Store) -> None:
    paper = make_paper(store, sources=[GARAM])
    paper.serve(FEED, rss(story(1)))
    paper.go(TUESDAY, "06:00")
    paper.collect()
    paper.go(TUESDAY, "06:20")
    assert len(paper.tick()) == 1


@pytest.mark.parametrize(("rule", "state"), [(EmptyDay.SKIP, IssueState.EMPTY), (EmptyDay.WEATHER, IssueState.FROZEN)])
def test_a_day_without_news_brings_the_weather_alone_where_the_edition_says_so(
    store: Store, rule: EmptyDay, state: IssueState
) -> None:
    paper = make_paper(store, edition=replace(EDITION, empty_day=rule))
    paper = with_service(paper, Service(observations=(seoul(-7.0),)))
    paper.serve(FEED, rss())
    reader = paper.subscribe()
    chosen = paper.subscribe(2, sections=("경제",))
    issue = paper.morning()
    assert issue is not None
    assert issue.state is state
    weather_only = rule is EmptyDay.WEATHER
    assert [len(paper.mails_to(n)) for n in (1, 2)] == [int(weather_only)] * 2
    if weather_only:
        assert "-7" in text_of(paper.mails_to(1)[0])
        assert {paper.delivery_of(r).state.value for r in (reader, chosen)} == {"accepted"}
        assert paper.balances_close(issue)


def test_weather_that_cannot_be_rendered_never_holds_up_the_news(store: Store) -> None:
    endless = replace(seoul(-7.0), station="끝" * 60_000, station_id=None)
    paper = with_service(make_paper(store), Service(observations=(endless,)))
    paper.serve(FEED, rss(story(1), story(2)))
    paper.subscribe()
    paper.morning()
    issue = paper.frozen_on()
    assert (len(titles(issue)), issue.content.weather.stations, issue.content.weather.note) == (2, (), NONE)
    assert any("weather" in note for note in issue.content.degraded)
    assert len(paper.mails_to(1)) == 1


def test_a_replay_of_a_past_date_knows_the_weather_of_that_morning(paper: Paper, page: bytes) -> None:
    paper.serve(PAGE, page, TEXT)
    paper.go(TUESDAY, "06:00")
    paper.collect()
    paper.go(TUESDAY + 5 * DAY, "12:00")
    draft = assemble.compose(paper.ports, paper.setup, paper.edition, slot(paper.edition, TUESDAY))
    assert len(draft.frozen.content.weather.stations) == 16
    assert timedelta(0) < draft.frozen.frozen_at - draft.frozen.cut_off_at


def test_a_page_stands_in_only_when_the_grace_brought_no_measurement(paper: Paper, page: bytes) -> None:
    service = Service(error=Transient("late"))
    paper = with_service(paper, service)
    paper.serve(PAGE, page, TEXT)
    paper.go(TUESDAY, "06:00")
    paper.collect()
    paper.go(TUESDAY, "06:20")
    assert paper.tick() == ()  # the page's values are there, and a measurement may still come
    service.error, service.observations, service.at = None, (seoul(-7.0, "06:00"),), at(TUESDAY, "06:22")
    paper.go(TUESDAY, "06:22")
    paper.collect()
    (issue,) = paper.tick()
    shown = {s.station: s.observation for s in issue.content.weather.stations}
    assert shown["서울"] is not None
    assert (shown["서울"].origin, shown["서울"].temperature) == (Origin.KMA, -7.0)
