"""Printed weather tables, the stations behind them, and what an Issue says about the weather."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.core.alerts import alerts_at, concerns
from syndication.core.dates import SEOUL
from syndication.core.model import (
    AirQuality,
    Alert,
    Forecast,
    Observation,
    Origin,
    Outlook,
    OutlookDay,
    Weather,
    WeatherReading,
)
from syndication.core.stations import BY_NAME, STATIONS, WIDGET_ORDER, grid, station_named
from syndication.core.weather import (
    NONE,
    WIDGET_STALE,
    choose_weather,
    explained,
    lacking_forecast,
    read_widget_line,
    refusal,
)
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
    assert replace(weather, why=()) == Weather(note=WIDGET_STALE)
    assert len(weather.why) == 1  # the operator is told


def test_a_page_whose_values_stood_on_another_day_is_refused() -> None:
    frozen = widget(observation("서울"))
    assert chosen(frozen, other_dates=lambda _: [date(2026, 1, 18)]).note == WIDGET_STALE
    assert chosen(frozen, other_dates=lambda _: [ON]).note is None
    assert refusal(frozen, on=ON, other_dates=[date(2026, 1, 18)]) == "the same values stood on a page of 2026-01-18"


def test_with_the_clock_of_another_day_the_same_page_is_stale() -> None:
    later = NOW + timedelta(days=200)
    weather = chosen(widget(observation("서울"), fetched_at=later), on=later.date(), now=later)
    assert replace(weather, why=()) == Weather(note=WIDGET_STALE)


def test_old_and_coming_observations_are_not_taken() -> None:
    old = chosen(reading(observation("서울", hour=2)))
    assert replace(old, why=()) == Weather(note=NONE)
    assert old.why == ("kma: its newest hour is 01-20 02:00, too old to be this morning's",)
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


# --- whom it believes ------------------------------------------------------------------------


def measured(origin: Origin, temperature: float | None, condition: str | None = None, hour: int = 6) -> WeatherReading:
    return reading(observation("서울", temperature, hour=hour, condition=condition, origin=origin), origin=origin)


def shown(*readings: WeatherReading) -> tuple[float | None, str | None, str]:
    """Temperature, sky and why of the one station."""
    (station,) = chosen(*readings).stations
    seen = station.observation
    return seen and seen.temperature, seen and seen.condition, "; ".join(station.why)  # type: ignore[return-value]


HUB, GRID, MAP = Origin.HUB, Origin.KMA, Origin.MAP


def test_of_one_hour_the_stations_own_instruments_are_believed() -> None:
    temperature, sky, why = shown(measured(MAP, -7.0, "흐림"), measured(GRID, -8.5), measured(HUB, -8.0, "맑음"))
    assert (temperature, sky, why) == (-8.0, "맑음", "measured at 06:00: kma-hub")


def test_a_newer_hour_beats_a_better_origin() -> None:
    assert shown(measured(HUB, -8.0, "맑음", hour=5), measured(GRID, -6.0)) == (
        -6.0,
        None,
        "measured at 06:00: kma; sky: nobody told it",
    )


def test_what_the_most_trusted_does_not_tell_another_of_that_hour_adds() -> None:
    temperature, sky, why = shown(measured(HUB, None, "맑음"), measured(GRID, -6.0))
    assert (temperature, sky) == (-6.0, "맑음")
    assert "temperature: kma, because kma-hub told none" in why
    assert shown(measured(GRID, -6.0), measured(MAP, -6.0, "흐림"))[1] == "흐림"


@pytest.mark.parametrize("word", ["비", "눈", "소나기", "비/눈", "빗방울"])
def test_on_a_rainy_day_an_empty_sky_is_rain_where_another_says_so_and_never_clear(word: str) -> None:
    assert shown(measured(HUB, 3.0, None), measured(GRID, 3.0, word))[1] == word
    assert shown(measured(HUB, 3.0, "흐림"), measured(GRID, 3.0, word))[1] == word
    temperature, sky, why = shown(measured(HUB, 3.0, "맑음"), measured(GRID, 3.0, word))
    assert (temperature, sky) == (3.0, None)
    assert f"kma says {word}, kma-hub says 맑음" in why
    assert shown(widget(observation("서울", 3.0, condition=None)))[1] is None


def test_a_few_degrees_apart_are_noted_and_the_most_trusted_is_shown() -> None:
    temperature, _, why = shown(measured(HUB, -8.0, "맑음"), measured(GRID, -3.0))
    assert temperature == -8.0
    assert "kma says -3.0 ℃, 5.0 ℃ apart from kma-hub" in why
    assert "apart" not in shown(measured(HUB, -8.0), measured(GRID, -6.0))[2]


def test_far_apart_a_third_value_decides_and_without_one_there_is_none() -> None:
    assert shown(measured(HUB, 20.0), measured(GRID, -8.0), measured(MAP, -8.5))[0] == -8.0
    assert shown(measured(HUB, 20.0, "맑음"), measured(GRID, -8.0))[:2] == (None, "맑음")
    day = reading(forecasts=(forecast(2, low=-11.0, high=-2.0),))
    temperature, _, why = shown(measured(HUB, 20.0), measured(GRID, -8.0), day)
    assert (temperature, "which a third value bears out" in why) == (-8.0, True)


def test_minus_nine_is_a_temperature_among_others() -> None:
    assert shown(measured(HUB, -9.0, "맑음"), measured(GRID, -8.2))[0] == -9.0


def test_a_page_is_never_mixed_with_a_measurement() -> None:
    temperature, sky, _ = shown(measured(GRID, -8.0), widget(observation("서울", -7.0)))
    assert (temperature, sky) == (-8.0, None)


DEGREES = st.none() | st.floats(-30, 40).map(lambda t: round(t, 1))
SKIES = st.sampled_from([None, "맑음", "구름조금", "흐림", "비", "눈", "소나기", "박무"])
SEEN = st.tuples(st.sampled_from([HUB, GRID, MAP]), DEGREES, SKIES, st.integers(3, 6))


@given(st.lists(SEEN, max_size=6))
def test_what_is_shown_was_measured_at_that_hour_and_rain_is_never_told_as_clear(
    seen: list[tuple[Origin, float | None, str | None, int]],
) -> None:
    weather = chosen(*(measured(*one) for one in seen))
    for station in weather.stations:
        kept = station.observation
        assert kept is not None
        assert kept.observed_at is not None
        of_the_hour = [one for one in seen if one[3] == kept.observed_at.hour]
        assert kept.temperature in {None, *(t for _, t, _, _ in of_the_hour)}
        assert kept.condition in {None, *(c for _, _, c, _ in of_the_hour)}
        assert station.why
        best: dict[Origin, str | None] = {}
        for origin, t, c, _ in of_the_hour:
            if t is not None or c is not None:
                best.setdefault(origin, c)
        if {"비", "눈", "소나기"} & set(best.values()):
            assert kept.condition not in ("맑음", "구름조금", "흐림", "박무")


# --- forecasts of two houses -----------------------------------------------------------------


def ahead(**more: object) -> Forecast:
    return forecast(4, origin=Origin.METNO, attribution="MET Norway", **more)


def test_the_fallback_speaks_only_where_the_first_house_is_silent() -> None:
    norway = reading(forecasts=(ahead(low=-5.0, high=9.0, morning="맑음"),), origin=Origin.METNO)
    korea = reading(forecasts=(forecast(2, low=-11.0),))
    both = chosen(norway, korea)
    assert both.stations[0].forecast is not None
    assert (both.stations[0].forecast.low, both.stations[0].forecast.high) == (-11.0, None)  # two models never mix
    assert both.attribution == "기상청"
    alone = chosen(norway)
    assert (alone.attribution, alone.stations[0].forecast and alone.stations[0].forecast.high) == ("MET Norway", 9.0)
    assert "forecast of metno" in alone.stations[0].why[-1]
    assert lacking_forecast([norway], stations=("서울", "부산"), on=ON) == ("서울", "부산")
    assert lacking_forecast([norway, korea], stations=("서울", "부산"), on=ON) == ("부산",)


# --- warnings, fine dust, the days after -----------------------------------------------------


def alert(kind: str = "한파", level: str = "주의보", region: str = "서울", province: str | None = "서울") -> Alert:
    return Alert(kind=kind, level=level, region=region, province=province, attribution="기상청")


def warned(*alerts: Alert, minutes_ago: int = 5) -> WeatherReading:
    return reading(source_id="kma-alerts", alerts=alerts, fetched_at=NOW - timedelta(minutes=minutes_ago))


@pytest.mark.parametrize(
    ("station", "region", "province", "expected"),
    [
        ("서울", "서울", "서울", True),
        ("서울", "서울동남권", "서울", True),
        ("서울", "서울특별시", "서울", True),
        ("강릉", "강릉평지", "강원", True),
        ("북강릉", "강릉평지", "강원", True),
        ("강릉", "강원북부산지", "강원", False),
        ("강릉", "강릉", None, True),
        ("거제", "거제", "경남", True),
        ("경주시", "경주", "경북", True),
        ("광주", "광주", "경기", False),  # the town in 경기
        ("광주", "광주", "광주", True),
        ("인천", "강화", "인천", False),
        ("강화", "강화", "인천", True),
        ("강화", "인천", "인천", True),
        ("대구", "군위", "대구", False),
        ("제주", "제주도북부", "제주", True),
        ("제주", "제주도산지", "제주", False),
        ("흑산도", "흑산도.홍도", "전남", True),
        ("대관령", "강원", "강원", True),
        ("대관령", "평창평지", "강원", False),
        ("부산", "부산앞바다", None, False),
    ],
)
def test_a_warning_stands_beside_the_stations_of_its_region(
    station: str, region: str, province: str | None, expected: bool
) -> None:
    assert concerns(alert(region=region, province=province), BY_NAME[station]) is expected


def test_every_kind_of_warning_once_the_gravest_first() -> None:
    said = alerts_at(
        BY_NAME["서울"],
        [alert(region="서울동남권"), alert("강풍"), alert("한파", "경보", "서울서북권"), alert("건조")],
    )
    assert [a.name for a in said] == ["한파경보", "강풍주의보", "건조주의보"]


def test_warnings_of_the_newest_look_stand_beside_their_stations() -> None:
    weather = chosen(warned(alert()), warned(alert("호우"), minutes_ago=20), measured(GRID, 1.0))
    assert [a.name for a in weather.stations[0].alerts] == ["한파주의보"]


def test_lifted_warnings_are_gone_with_the_next_look_and_old_looks_are_not_repeated() -> None:
    assert chosen(warned(), warned(alert(), minutes_ago=20), measured(GRID, 1.0)).stations[0].alerts == ()
    old = chosen(warned(alert(), minutes_ago=61), measured(GRID, 1.0))
    assert old.stations[0].alerts == ()
    assert any("may have been lifted" in why for why in old.why)


def dust(hour: int, pm10: int = 30, province: str = "서울") -> WeatherReading:
    at = datetime(2026, 1, 20, hour, tzinfo=SEOUL)
    quality = AirQuality(province=province, pm10=pm10, pm25=None, measured_at=at, places=25, attribution="에어코리아")
    return reading(origin=Origin.AIRKOREA, air=(quality,))


def test_the_newest_fine_dust_of_the_stations_province_is_told_with_its_source() -> None:
    weather = chosen(dust(4), dust(5, 81), dust(6, 999, "부산"), measured(GRID, 1.0))
    assert weather.stations[0].air is not None
    assert weather.stations[0].air.pm10 == 81
    assert weather.attribution == "기상청, 에어코리아"
    assert chosen(dust(1), measured(GRID, 1.0)).stations[0].air is None  # of five hours ago


def test_the_days_after_are_told_only_where_they_are_asked_for() -> None:
    days = tuple(OutlookDay(on=date(2026, 1, n), morning="흐림") for n in (20, 24))
    issued = datetime(2026, 1, 19, 18, tzinfo=SEOUL)
    outlook = Outlook(region="수도권", days=days, issued_at=issued, attribution="기상청")
    readings = (reading(outlooks=(outlook,)), measured(GRID, 1.0))
    assert chosen(*readings).outlooks == ()
    (said,) = chosen(*readings, outlook_at=("서울", "강화", "부산")).outlooks
    assert [day.on.day for day in said.days] == [24]


# --- the operator is told --------------------------------------------------------------------


def test_every_shown_value_is_explained_and_only_the_unusual_in_short() -> None:
    weather = chosen(measured(HUB, -8.0, "맑음"), measured(GRID, -3.0), dust(6), warned(alert()))
    (line,) = explained(weather)
    assert line == (
        "weather of 서울: measured at 06:00: kma-hub; kma says -3.0 ℃, 5.0 ℃ apart from kma-hub;"
        " 한파주의보 for 서울; fine dust: the median of 25 places in 서울"
    )
    assert list(explained(weather, all_of_it=False)) == ["weather of 서울: kma says -3.0 ℃, 5.0 ℃ apart from kma-hub"]
    assert list(explained(chosen(measured(HUB, -8.0, "맑음")), all_of_it=False)) == []


def test_weather_that_is_missing_says_why() -> None:
    assert list(explained(chosen(widget(observation("서울"), on=date(2026, 1, 19))))) == [
        "weather: page of s refused: the page's date line says 2026-01-19, not 2026-01-20",
        f"weather: none ({WIDGET_STALE})",
    ]
    assert "a newspaper page stands in" in next(explained(chosen(widget(observation("서울")))))
