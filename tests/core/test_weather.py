"""Printed weather tables, the stations behind them, and what an Issue says about the weather."""

from __future__ import annotations

import csv
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.core.dates import SEOUL
from syndication.core.model import Forecast, Observation, Origin, Weather, WeatherReading
from syndication.core.stations import BY_NAME, STATIONS, WIDGET_ORDER, grid, station_named
from syndication.core.weather import NONE, WIDGET_STALE, choose_weather, read_widget_line, refusal
from syndication.core.widget import CONDITIONS, tables

# --- one line --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "condition", "station", "temperature"),
    [
        ("맑음동두천 -11.0℃", "맑음", "동두천", -11.0),
        ("  • 맑음동두천 -11.0℃", "맑음", "동두천", -11.0),
        ("-거제 0.8℃", None, "거제", 0.8),
        ("-거제 -0.8℃", None, "거제", -0.8),
        ("• -거제 -0.8℃", None, "거제", -0.8),
        ("서울 4.4℃", None, "서울", 4.4),
        ("비서울3.6℃", "비", "서울", 3.6),
        ("맑음강화 -9.0℃", "맑음", "강화", -9.0),
        ("맑음고창 ℃", "맑음", "고창", None),
        ("맑음고창", "맑음", "고창", None),
        ("구름많음부산 7.0℃", "구름많음", "부산", 7.0),
        ("구름조금경주시 -2.0℃", "구름조금", "경주시", -2.0),
        ("구름많음북강릉7.1℃", "구름많음", "북강릉", 7.1),
        ("흐림고창군7.3℃", "흐림", "고창군", 7.3),
        ("흐림홍성(예)5.6℃", "흐림", "홍성(예)", 5.6),
        ("비/눈서울 1.0℃", "비/눈", "서울", 1.0),
        ("눈1.5℃", "눈", None, 1.5),
        ("박무0.6℃", "박무", None, 0.6),
        ("토네이도서울 3.0℃", "토네이도", "서울", 3.0),  # a word nobody knows passes through
        ("맑음가람 3.0℃", "맑음", "가람", 3.0),  # so does a place nobody knows
        ("비봉 3.0℃", None, "비봉", 3.0),  # a name that begins like a condition
        ("－거제 −０．８℃", None, "거제", -0.8),  # full-width dash, minus sign, full-width digits
        ("–거제 0.8℃", None, "거제", 0.8),
        ("거제 - 0.8℃", None, "거제", None),  # a loose dash is no minus, and nothing is certain
        ("- 맑음서울 3℃", "맑음", "서울", 3.0),
        ("* 맑음서울 3.0°C", "맑음", "서울", 3.0),
        ("· 맑음서울 3.0 ℃", "맑음", "서울", 3.0),
        ("맑음서울 -99.0℃", "맑음", "서울", None),  # the mark of a missing temperature
    ],
)
def test_a_line_of_a_table_says_what_it_prints(
    line: str, condition: str | None, station: str | None, temperature: float | None
) -> None:
    seen = read_widget_line(line)
    assert seen is not None
    assert (seen.condition, seen.station, seen.temperature) == (condition, station, temperature)
    assert (seen.origin, seen.observed_at) == (Origin.WIDGET, None)


@pytest.mark.parametrize("line", ["", "2026.01.20 (화)", "  • 좋아요 0", "가람시는 20일 눈이 온다고 밝혔다.", "1", "-"])
def test_other_lines_are_no_weather(line: str) -> None:
    assert read_widget_line(line) is None


@given(st.text(max_size=80))
def test_no_line_makes_the_reader_fail(line: str) -> None:
    seen = read_widget_line(line)
    assert seen is None or seen.temperature is None or -60 < seen.temperature < 60


TENTHS = st.integers(min_value=-300, max_value=400).map(lambda n: n / 10)


@given(st.sampled_from([*CONDITIONS, "-", ""]), st.sampled_from(STATIONS), TENTHS, st.sampled_from(["", " "]))
def test_every_sky_station_and_temperature_comes_back(sky: str, station, degrees: float, blank: str) -> None:  # type: ignore[no-untyped-def]
    seen = read_widget_line(f"  • {sky}{station.name}{blank}{degrees:.1f}℃")
    assert seen is not None
    assert (seen.condition, seen.station_id) == (None if sky in ("", "-") else sky, station.id)
    assert seen.temperature == degrees


# --- tables ----------------------------------------------------------------------------------


def test_a_table_is_known_by_its_stations_and_degrees() -> None:
    lines = ["2026.01.20 (화)", "", "  • 맑음동두천 -11.0℃", "  • -거제 0.8℃", "", "기상청 제공"]
    (table,) = tables(lines)
    assert table.lines == (2, 3)
    assert [o.station_id for o in table.observations] == ["98", "294"]


@pytest.mark.parametrize(
    "lines",
    [
        ["  • 가", "  • 가", "  • 가"],
        ["  • 좋아요 0", "  • 슬퍼요 1", "  • 화나요 2"],
        ["  • 서울", "  • 부산", "  • 대구", "  • 광주"],
        ["  • 작게", "  • 보통", "  • 크게"],
        ["서울 3.0℃"],  # a caption, perhaps
        ["강화 7~15도, 파주 4~17도, 동두천 4~19도다."],
    ],
)
def test_lists_of_sizes_reactions_and_places_are_no_table(lines: list[str]) -> None:
    assert tables(lines) == ()


def test_a_nameless_station_is_known_by_its_place_between_neighbours() -> None:
    (table,) = tables(["  • 흐림속초6.8℃", "  • 박무0.6℃", "  • 흐림철원0.6℃"])
    assert [(o.station, o.station_id) for o in table.observations] == [("속초", "90"), (None, "93"), ("철원", "95")]


def test_a_nameless_station_with_no_sure_place_stays_unnamed() -> None:
    (table,) = tables(["  • 흐림속초6.8℃", "  • 박무0.6℃", "  • 흐림서울0.6℃"])
    assert table.observations[1].station_id is None


def test_the_order_of_the_sixteen_names_the_nameless() -> None:
    lines = [f"  • 맑음{s.name} 1.0℃" for s in WIDGET_ORDER]
    lines[1] = "  • 맑음 1.0℃"
    (table,) = tables(lines)
    assert [o.station_id for o in table.observations] == [s.id for s in WIDGET_ORDER]
    assert table.observations[1].station is None


def test_a_station_without_a_number_stays_in_its_table() -> None:
    (table,) = tables(["  • 흐림태백1.9℃", "  • 흐림정선군", "  • 흐림제천1.2℃"])
    assert table.observations[1].station == "정선군"
    assert table.observations[1].temperature is None


# --- stations --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lat", "lon", "cell"),
    [
        (37.5665, 126.9780, (60, 127)),
        (37.5635694444444, 126.980008333333, (60, 127)),
        (37.5703777777777, 126.981641666666, (60, 127)),
        (37.5898555555555, 126.966444444444, (60, 127)),
        (35.0, 127.0, (61, 71)),
        (37.579871128849334, 126.98935225645432, (60, 127)),
    ],
)
def test_a_place_lies_in_its_cell_of_the_forecast_grid(lat: float, lon: float, cell: tuple[int, int]) -> None:
    assert grid(lat, lon) == cell


def test_the_sixteen_stations_of_the_widget_have_their_known_cells() -> None:
    assert [(s.id, s.name, s.nx, s.ny) for s in WIDGET_ORDER] == [
        ("98", "동두천", 61, 134), ("105", "강릉", 93, 132), ("108", "서울", 60, 127), ("133", "대전", 67, 101),
        ("143", "대구", 90, 91), ("152", "울산", 102, 85), ("156", "광주", 59, 75), ("159", "부산", 97, 74),
        ("172", "고창", 54, 78), ("184", "제주", 53, 38), ("201", "강화", 51, 130), ("226", "보은", 73, 104),
        ("238", "금산", 69, 95), ("259", "강진군", 57, 63), ("283", "경주시", 100, 90), ("294", "거제", 90, 69),
    ]  # fmt: skip


def test_the_stations_are_those_of_the_published_list(samples: Path) -> None:
    with (samples / "weather" / "stations-asos-96.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(s.id, s.name, s.nx, s.ny) for s in STATIONS] == [
        (r["stn_id"], r["name"], int(r["nx"]), int(r["ny"])) for r in rows
    ]


@pytest.mark.parametrize(
    ("name", "station"),
    [
        ("강진군", "강진군"),
        ("강진", "강진군"),
        ("경주", "경주시"),
        ("거제시", "거제"),
        ("홍성(예)", "홍성"),
        ("고창", "고창"),
        ("고창군", "고창군"),
        ("강릉", "강릉"),
        ("북강릉", "북강릉"),
        ("서울특별시", "서울"),
        ("광주광역시", "광주"),
        (" 서울 ", "서울"),
    ],
)
def test_a_station_is_known_by_its_usual_names(name: str, station: str) -> None:
    assert station_named(name) == BY_NAME[station]


@pytest.mark.parametrize("name", ["", "나루군", "광주시", "눈", "시"])
def test_other_places_are_no_stations(name: str) -> None:
    assert station_named(name) is None


# --- what an Issue says ----------------------------------------------------------------------

ON = date(2026, 1, 20)
NOW = datetime(2026, 1, 20, 6, 20, tzinfo=SEOUL)


def observation(
    station: str, temperature: float | None = 1.0, *, hour: int | None = None, **more: object
) -> Observation:
    kma = hour is not None
    given_values: dict[str, object] = {
        "station": station,
        "station_id": BY_NAME[station].id,
        "condition": "맑음",
        "temperature": temperature,
        "observed_at": datetime(2026, 1, 20, hour, tzinfo=SEOUL) if hour is not None else None,
        "origin": Origin.KMA if kma else Origin.WIDGET,
        "attribution": "기상청",
    }
    return Observation(**(given_values | more))  # type: ignore[arg-type]


def reading(*seen: Observation, origin: Origin = Origin.KMA, on: date | None = None, **more: object) -> WeatherReading:
    given_values: dict[str, object] = {
        "origin": origin,
        "source_id": "s",
        "fetched_at": NOW,
        "on": on,
        "observations": seen,
    }
    return WeatherReading(**(given_values | more))  # type: ignore[arg-type]


def widget(*seen: Observation, on: date | None = ON, **more: object) -> WeatherReading:
    return reading(*seen, origin=Origin.WIDGET, on=on, **more)


def chosen(*readings: WeatherReading, stations: tuple[str, ...] = ("서울",), **more: object) -> Weather:
    options: dict[str, object] = {"stations": stations, "on": ON, "now": NOW, "zone": SEOUL}
    return choose_weather(readings, **(options | more))  # type: ignore[arg-type]


def test_the_freshest_observation_wins() -> None:
    weather = chosen(reading(observation("서울", -7.0, hour=5)), reading(observation("서울", -8.0, hour=6)))
    (station,) = weather.stations
    assert station.observation is not None
    assert station.observation.temperature == -8.0
    assert weather.observed_at == datetime(2026, 1, 20, 6, tzinfo=SEOUL)
    assert weather.attribution == "기상청"
    assert not weather.last_resort


def test_a_page_is_believed_only_where_nothing_better_is_there() -> None:
    weather = chosen(
        widget(observation("서울", 9.0), observation("부산", 3.0)),
        reading(observation("서울", -8.0, hour=6)),
        stations=("서울", "부산"),
    )
    assert [s.observation and s.observation.temperature for s in weather.stations] == [-8.0, 3.0]
    assert weather.last_resort
    assert weather.observed_at is None


def test_a_page_of_the_day_is_taken_as_a_labelled_last_resort_without_an_hour() -> None:
    weather = chosen(widget(observation("서울", -9.0)))
    (station,) = weather.stations
    assert station.observation is not None
    assert station.observation.temperature == -9.0
    assert (weather.last_resort, weather.observed_at, weather.attribution) == (True, None, "기상청")


@pytest.mark.parametrize("on", [date(2026, 1, 19), date(2026, 1, 21), None])
def test_a_page_of_another_day_or_of_none_is_refused(on: date | None) -> None:
    weather = chosen(widget(observation("서울"), on=on))
    assert weather == Weather(note=WIDGET_STALE)


def test_a_page_whose_values_stood_on_another_day_is_refused() -> None:
    frozen = widget(observation("서울"))
    assert chosen(frozen, other_dates=lambda _: [date(2026, 1, 18)]).note == WIDGET_STALE
    assert chosen(frozen, other_dates=lambda _: [ON]).note is None
    assert refusal(frozen, on=ON, other_dates=[date(2026, 1, 18)]) == "the same values stood on a page of 2026-01-18"


def test_with_the_clock_of_another_day_the_same_page_is_stale() -> None:
    later = NOW + timedelta(days=200)
    weather = chosen(widget(observation("서울"), fetched_at=later), on=later.date(), now=later)
    assert weather == Weather(note=WIDGET_STALE)


def test_old_and_coming_observations_are_not_taken() -> None:
    assert chosen(reading(observation("서울", hour=2))) == Weather(note=NONE)
    assert chosen(reading(observation("서울", hour=7))) == Weather(note=NONE)


def test_without_any_reading_the_note_says_so() -> None:
    assert chosen() == Weather(note=NONE)
    assert NONE != WIDGET_STALE


def test_an_observation_that_says_nothing_is_none() -> None:
    assert chosen(widget(observation("서울", None, condition=None))).stations == ()


def test_an_unknown_sky_with_degrees_stays() -> None:
    (station,) = chosen(widget(observation("서울", 0.8, condition=None))).stations
    assert station.observation is not None
    assert (station.observation.condition, station.observation.temperature) == (None, 0.8)


def test_stations_come_in_the_order_wanted_each_once_under_the_name_wanted() -> None:
    table = widget(observation("경주시"), observation("서울"), observation("거제"))
    weather = chosen(table, stations=("거제", "경주", "거제", "서울", "나루군"))
    assert [(s.station, s.station_id) for s in weather.stations] == [("거제", "294"), ("경주", "283"), ("서울", "108")]


def test_no_station_wanted_means_all_there_are() -> None:
    weather = chosen(widget(observation("경주시"), observation("서울")), stations=())
    assert [s.station for s in weather.stations] == ["경주시", "서울"]


def forecast(issued: int, **more: object) -> Forecast:
    given_values: dict[str, object] = {
        "place": "서울",
        "on": ON,
        "issued_at": datetime(2026, 1, 20, issued, tzinfo=SEOUL),
        "attribution": "기상청",
    }
    return Forecast(**(given_values | more))  # type: ignore[arg-type]


def test_the_newest_forecast_keeps_the_low_that_only_an_older_one_says() -> None:
    weather = chosen(
        reading(forecasts=(forecast(2, low=-11.0, high=-2.0, rain_chance=10), forecast(5, high=-1.0, rain_chance=0)))
    )
    (station,) = weather.stations
    assert station.forecast is not None
    assert (station.forecast.low, station.forecast.high, station.forecast.rain_chance) == (-11.0, -1.0, 0)
    assert station.observation is None
    assert weather.attribution == "기상청"


def test_forecasts_of_other_dates_or_of_later_are_not_taken() -> None:
    assert chosen(reading(forecasts=(forecast(5, on=date(2026, 1, 21)), forecast(8)))).stations == ()


def test_hours_that_differ_leave_the_common_hour_open() -> None:
    weather = chosen(reading(observation("서울", hour=6), observation("부산", hour=5)), stations=("서울", "부산"))
    assert weather.observed_at is None
    assert [
        s.observation and s.observation.observed_at and s.observation.observed_at.hour for s in weather.stations
    ] == [6, 5]


def test_values_are_never_passed_on_without_naming_who_measured_them() -> None:
    assert chosen(widget(observation("서울", attribution=None))).attribution == "기상청"
