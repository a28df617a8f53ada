"""Whole days of asking: real services over HTTP against a far side that answers, is late, breaks, and recovers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

import pytest

from syndication import skies
from syndication.adapters.airkorea import AirKoreaService
from syndication.adapters.kma import CurrentService, HubAlerts, HubService, KmaService
from syndication.adapters.memory import MemoryStore
from syndication.adapters.metno import MetnoService
from syndication.core.dates import SEOUL
from syndication.core.model import Origin, StationWeather, WeatherReading
from syndication.core.stations import BY_NAME
from syndication.ports import Store, WeatherService
from syndication.sandbox import skies as made_up
from tests.far import Asked, Far, Reply, far_side
from tests.story.paper import FEED, TUESDAY, Paper, at, make_paper, rss, story, text_of

STATIONS = ("서울", "강릉")
MINUTE = timedelta(minutes=1)
Fault = Callable[[Asked, datetime], Reply | None]


@dataclass
class Day:
    """A paper whose weather comes from services on loopback; `fault` may answer in their place."""

    paper: Paper
    far: Far
    fault: Fault = field(default=lambda asked, now: None)

    def answer(self, asked: Asked) -> Reply:
        now = self.paper.clock.at
        broken = self.fault(asked, now)
        if broken is not None:
            return broken
        said = made_up.answer(asked.name, asked.query, now)
        return Reply(404) if said is None else Reply(said.status, said.body, said.headers)

    def through(self, start: str, end: str, on: date = TUESDAY, step: timedelta = MINUTE) -> None:
        """What the beat does each minute for the weather."""
        moment = at(on, start)
        while moment <= at(on, end):
            self.paper.clock.at = moment
            skies.fetch(self.paper.ports, self.paper.setup)
            moment += step

    def calls(self, name: str) -> int:
        return self.far.names().count(name)

    def shown(self, station: str = "서울") -> StationWeather:
        issue = self.paper.frozen_on()
        return next(s for s in issue.content.weather.stations if s.station == station)

    def morning(self) -> None:
        """The weather from five on, the Issue at its cut-off, mails at the hour."""
        self.through("05:00", "06:19")
        for clock in ("06:20", "06:25"):
            self.through(clock, clock)
            self.paper.tick()
        self.paper.go(TUESDAY, "06:30")
        self.paper.drain()


def with_services(paper: Paper, url: str, *, fallback: bool = True) -> Paper:
    clock = paper.clock
    services: list[WeatherService] = [
        HubService(key="key", clock=clock, base_url=url),
        HubAlerts(key="key", clock=clock, base_url=url),
        KmaService(key="key", clock=clock, base_url=url),
        CurrentService(clock=clock, base_url=url),
        AirKoreaService(key="key", clock=clock, base_url=url),
    ]
    if fallback:
        services.append(MetnoService(user_agent="syndication (editor@garam.example)", clock=clock, base_url=url))
    ports = replace(paper.ports, weather=tuple(services))
    return replace(paper, ports=ports, setup=replace(paper.setup, weather_stations=STATIONS))


@pytest.fixture
def day() -> Iterator[Day]:
    with far_side(lambda asked: Reply(500)) as far:
        paper = make_paper(MemoryStore())
        paper.serve(FEED, rss(story(1)))
        paper.subscribe(1, stations=STATIONS)
        paper.go(TUESDAY, "04:55")
        paper.collect()
        made = Day(paper=with_services(paper, far.url), far=far)
        far.answer = made.answer
        yield made


def only(name: str, reply: Reply) -> Fault:
    return lambda asked, now: reply if asked.name == name else None


def before(clock: str, name: str, reply: Reply) -> Fault:
    return lambda asked, now: reply if asked.name == name and now < at(TUESDAY, clock) else None


NO_DATA = Reply(200, b'{"response":{"header":{"resultCode":"03","resultMsg":"NO_DATA"}}}')
HTML = Reply(200, b"<!DOCTYPE html><html><body>busy</body></html>")


def test_a_good_morning_has_everything_with_its_source(day: Day) -> None:
    day.morning()
    seoul, gangneung = day.shown(), day.shown("강릉")
    assert seoul.observation is not None
    assert (seoul.observation.origin, seoul.observation.observed_at) == (Origin.HUB, at(TUESDAY, "06:00"))
    assert seoul.forecast is not None
    assert seoul.forecast.low is not None
    assert seoul.forecast.high is not None
    assert [a.name for a in gangneung.alerts] == ["대설경보"]
    assert gangneung.air is not None
    text = " ".join(text_of(day.paper.mails_to(1)[0]).split())
    for words in ("한파주의보 (서울서북권)", "대설경보", "미세먼지 보통", "에어코리아", "기상청", "오전 6시 관측"):
        assert words in text
    assert day.calls("compact") == 0  # nobody asks the fallback while KMA tells


def test_a_whole_day_stays_far_within_the_quotas(day: Day) -> None:
    day.through("00:00", "23:59", step=5 * MINUTE)
    assert len(day.far.asked) < 500
    assert 24 <= day.calls("kma_sfctm2.php") <= 60
    assert day.calls("wrn_now_data.php") <= 150
    assert day.calls("getUltraSrtNcst") <= 2 * 30
    counted = {s.service: s.called(TUESDAY) for s in day.paper.store.weather_states()}
    assert sum(counted.values()) == len(day.far.asked)


def test_a_late_grid_is_told_by_the_issue_before_and_the_station_itself(day: Day) -> None:
    day.fault = lambda asked, now: (
        NO_DATA
        if asked.name == "getVilageFcst" and asked.query["base_time"] == "0500" and now < at(TUESDAY, "09:00")
        else None
    )
    day.morning()
    forecast = day.shown().forecast
    assert forecast is not None
    assert forecast.issued_at == at(TUESDAY, "02:00")
    assert forecast.low is not None
    assert day.calls("getVilageFcst") < 40  # it was asked for again, later and later


def test_a_late_station_table_leaves_the_grid_and_says_so(day: Day) -> None:
    def stands_still(asked: Asked, now: datetime) -> Reply | None:
        if asked.name not in ("kma_sfctm2.php", "sfc_web_map.xml"):
            return None
        said = made_up.answer(asked.name, asked.query, at(TUESDAY, "02:30"))
        assert said is not None
        return Reply(200, said.body)

    day.fault = stands_still
    day.morning()
    seoul = day.shown()
    assert seoul.observation is not None
    assert (seoul.observation.origin, seoul.observation.condition) == (Origin.KMA, None)
    assert any("too old" in why for why in day.paper.frozen_on().content.weather.why)
    assert "맑음" not in seoul.why


def test_without_kmas_forecast_norway_stands_in_under_its_own_name(day: Day) -> None:
    day.fault = only("getVilageFcst", Reply(500, b"Unexpected errors"))
    day.morning()
    seoul = day.shown()
    assert seoul.forecast is not None
    assert seoul.forecast.origin is Origin.METNO
    assert "MET Norway (CC BY 4.0)" in text_of(day.paper.mails_to(1)[0])
    assert any("forecast of metno" in why for why in seoul.why)


@pytest.mark.parametrize(
    "reply",
    [Reply(429, b"", {"Retry-After": "30"}), Reply(500, b"Unexpected errors"), HTML, Reply(200, b"\xff" * 300)],
    ids=["429", "500", "html", "bytes"],
)
def test_a_night_of_faults_ends_and_the_morning_has_its_weather(day: Day, reply: Reply) -> None:
    day.fault = lambda asked, now: reply if now < at(TUESDAY, "05:50") else None
    day.through("00:00", "05:49", step=5 * MINUTE)
    assert len(day.far.asked) < 350  # later and later, not with every tick
    day.morning()
    assert day.shown().observation is not None
    assert day.shown().forecast is not None


def test_when_everything_is_down_the_news_goes_without_and_says_so(day: Day) -> None:
    day.fault = lambda asked, now: HTML
    day.morning()
    issue = day.paper.frozen_on()
    assert issue.content.weather.stations == ()
    assert "오늘 날씨 정보를 받지 못해" in " ".join(text_of(day.paper.mails_to(1)[0]).split())
    assert all(s.last_error for s in day.paper.store.weather_states())


def test_two_sources_that_disagree_are_never_both_believed(day: Day) -> None:
    def warm(asked: Asked, now: datetime) -> Reply | None:
        if asked.name != "getUltraSrtNcst":
            return None
        said = made_up.answer(asked.name, asked.query, now)
        assert said is not None
        return Reply(200, said.body.replace(b'"obsrValue": "-', b'"obsrValue": "2'))

    day.fault = warm
    day.through("05:00", "06:19")
    day.through("06:45", "06:45")
    day.paper.go(TUESDAY, "06:20")
    day.paper.tick()
    seoul = day.shown()
    assert seoul.observation is not None
    assert seoul.observation.origin is Origin.HUB
    assert seoul.observation.temperature == made_up.temperature(BY_NAME["서울"], at(TUESDAY, "06:00"))


def test_lifted_warnings_leave_the_digest(day: Day) -> None:
    day.fault = lambda asked, now: (
        Reply(200, b"#START7777\n#7777END\n")
        if asked.name == "wrn_now_data.php" and now > at(TUESDAY, "06:05")
        else None
    )
    day.morning()
    assert day.shown().alerts == ()
    assert "주의보" not in text_of(day.paper.mails_to(1)[0])


def test_warnings_that_nobody_could_look_at_are_not_repeated(day: Day) -> None:
    day.fault = lambda asked, now: (
        Reply(500) if asked.name == "wrn_now_data.php" and now > at(TUESDAY, "05:10") else None
    )
    day.morning()
    assert day.shown().alerts == ()
    assert any("may have been lifted" in why for why in day.paper.frozen_on().content.weather.why)


def test_a_spent_quota_is_not_asked_again_before_midnight(day: Day) -> None:
    spent = Reply(200, b'{"response":{"header":{"resultCode":"22","resultMsg":"LIMITED_NUMBER"}}}')
    day.fault = lambda asked, now: spent if asked.name.startswith("get") else None
    day.through("05:00", "23:50", step=15 * MINUTE)
    assert day.calls("getUltraSrtNcst") == 1
    assert day.calls("getCtprvnRltmMesureDnsty") == 1
    day.fault = lambda asked, now: None
    day.through("00:00", "00:30", on=TUESDAY + timedelta(days=1))
    assert day.calls("getUltraSrtNcst") > 1


def test_our_own_count_of_calls_holds_over_processes(day: Day) -> None:
    day.paper.ports.weather[2].most_calls = 6  # type: ignore[misc]
    for hour in range(5, 12):
        day.through(f"{hour:02}:00", f"{hour:02}:50", step=5 * MINUTE)
        fresh = with_services(day.paper, day.far.url)  # a new process knows only what the store knows
        fresh.ports.weather[2].most_calls = 6  # type: ignore[misc]
        day.paper = fresh
    asked = day.calls("getUltraSrtNcst") + day.calls("getVilageFcst")
    assert 0 < asked <= 6


def test_without_any_service_that_is_said_once(store: Store) -> None:
    paper = make_paper(store)
    paper = replace(paper, setup=replace(paper.setup, weather_stations=STATIONS))
    for minute in range(5):
        paper.go(TUESDAY, f"05:0{minute}")
        assert skies.fetch(paper.ports, paper.setup) == ()
    (state,) = store.weather_states()
    assert state.last_error == skies.NONE_SET_UP


def test_two_workers_at_once_ask_once(day: Day) -> None:
    day.paper.go(TUESDAY, "05:00")
    now = day.paper.clock.now()
    held = day.paper.store.take_weather("kma-hub", now, now + timedelta(minutes=5))
    assert held is not None
    skies.fetch(day.paper.ports, day.paper.setup)
    assert day.calls("kma_sfctm2.php") == 0
    day.through("05:05", "05:05")  # its holder died: five minutes later somebody else asks
    assert day.calls("kma_sfctm2.php") == 1


def test_a_day_is_seouls_wherever_the_edition_is(day: Day) -> None:
    day.paper.clock.at = datetime(2026, 1, 20, 0, 20, tzinfo=SEOUL)
    skies.fetch(day.paper.ports, day.paper.setup)
    readings = day.paper.store.weather_since(day.paper.clock.at - timedelta(hours=1))
    assert {f.on for r in readings for f in r.forecasts} == {date(2026, 1, 20)}


def test_a_service_that_breaks_never_stops_the_next(day: Day) -> None:
    class Broken(HubService):
        def read(self, stations: object, on: date, *, at_most: int | None = None) -> WeatherReading:
            raise ZeroDivisionError("a mistake of ours")

    broken = Broken(key="key", clock=day.paper.clock, base_url=day.far.url)
    services = (broken, *day.paper.ports.weather[1:])
    day.paper = replace(day.paper, ports=replace(day.paper.ports, weather=services))
    day.through("05:00", "05:05")
    states = {s.service: s for s in day.paper.store.weather_states()}
    assert states["kma-hub"].last_error == "broken off"
    assert states["kma"].last_ok_at is not None
