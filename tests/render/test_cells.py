"""Warnings, fine dust and the days ahead as readers see them: beside their station, with source, in both languages."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from babel.messages.pofile import read_po

from syndication.core import air
from syndication.core.kma import columns
from syndication.core.model import (
    AirQuality,
    Alert,
    Choices,
    IssueContent,
    Observation,
    Origin,
    Outlook,
    OutlookDay,
    StationWeather,
    Weather,
)
from syndication.render import feed_digest, json_feed, partner_json
from syndication.render.cells import view
from syndication.render.words import AIR, ALERT, words
from tests.render.make import EDITION, KOREAN, MORNING, ON, WEATHER, content, digest, station, templates

ENGLISH = words("en", templates())
COLD = Alert(kind="한파", level="주의보", region="서울동남권", province="서울", attribution="기상청")
DRY = Alert(kind="건조", level="경보", region="서울", province="서울", attribution="기상청")
DUST = AirQuality(
    province="서울", pm10=36, pm25=41, measured_at=MORNING, places=25, attribution="한국환경공단 에어코리아"
)
SEOUL = replace(station("서울", "108"), alerts=(DRY, COLD), air=DUST)
AHEAD = Outlook(
    region="수도권",
    days=(
        OutlookDay(on=date(2026, 1, 24), morning="흐리고 비", afternoon="구름많음", rain_morning=60, rain_afternoon=20),
        OutlookDay(on=date(2026, 1, 28), morning="맑음", afternoon="맑음", rain_morning=10, rain_afternoon=10),
        OutlookDay(on=date(2026, 1, 29), afternoon="흐림"),
    ),
    issued_at=MORNING,
    attribution="기상청",
)
FULL = replace(
    WEATHER,
    stations=(SEOUL, *WEATHER.stations),
    attribution="기상청, 한국환경공단 에어코리아",
    outlooks=(AHEAD,),
)


def issue(weather: Weather = FULL) -> IssueContent:
    return replace(content(3), weather=weather)


def test_a_cell_says_its_warnings_and_the_grades_of_its_dust() -> None:
    seoul, other, *_ = view(FULL, KOREAN, "Asia/Seoul").cells
    assert seoul.alerts == ("건조경보", "한파주의보 (서울동남권)")
    assert seoul.details[-2:] == ("미세먼지 보통", "초미세먼지 나쁨")
    assert seoul.said.startswith("건조경보 · 한파주의보 (서울동남권) · 맑음 · -11.0℃")
    assert (other.alerts, [line for line in other.details if "먼지" in line]) == ((), [])


def test_the_line_beneath_names_who_measured_and_what_the_dust_is() -> None:
    said = view(FULL, KOREAN, "Asia/Seoul").source
    assert said == "기상청, 한국환경공단 에어코리아 제공 · 오전 6시 관측 · 미세먼지는 시도별 중간값"
    assert "미세먼지" not in view(WEATHER, KOREAN, "Asia/Seoul").source


def test_dust_that_was_not_measured_is_not_told() -> None:
    for told, line in (
        (replace(DUST, pm25=None), ("미세먼지 보통",)),
        (replace(DUST, pm10=None), ("초미세먼지 나쁨",)),
        (replace(DUST, pm10=None, pm25=None), ()),
    ):
        cell = view(replace(FULL, stations=(replace(SEOUL, air=told, forecast=None),)), KOREAN, "Asia/Seoul").cells[0]
        assert cell.details == line


def test_the_days_ahead_tell_each_half_once() -> None:
    (ahead,) = view(FULL, KOREAN, "Asia/Seoul").outlooks
    assert ahead.lines == (
        "1월 24일(토) 오전 흐리고 비 60% · 오후 구름많음 20%",
        "1월 28일(수) 맑음 10%",
        "1월 29일(목) 오후 흐림",
    )


def test_everything_is_said_in_english_too() -> None:
    seen = view(FULL, ENGLISH, "Asia/Seoul")
    assert seen.cells[0].alerts == ("Dry air warning", "Cold wave advisory (서울동남권)")
    assert seen.cells[0].details[-2:] == ("Fine dust (PM10) Moderate", "PM2.5 Bad")
    assert seen.outlooks[0].lines[1] == "28 Jan (Wed) Clear 10%"


def test_every_kind_level_and_grade_has_an_english_word() -> None:
    catalogue = list(read_po(StringIO(templates()["words/en.po"])))
    alerts = {str(m.id) for m in catalogue if m.context == ALERT}
    grades = {str(m.id) for m in catalogue if m.context == AIR}
    assert alerts == {*columns._KINDS.values(), "주의보", "경보", "중대경보", "특보"}
    assert grades == set(air._GRADES)


@pytest.mark.parametrize("language", ["ko", "en"])
def test_mail_holds_all_of_it_in_html_and_text(language: str) -> None:
    html, text = digest(issue(), Choices(stations=("서울",)), language=language)
    said = words(language, templates())
    for words_ in (said.alert("건조", "경보"), said("앞으로의 날씨"), said.air("나쁨")):
        assert words_ in html
        assert words_ in " ".join(text.split())


def test_a_reader_of_another_station_sees_no_warning_of_it() -> None:
    html, text = digest(issue(), Choices(stations=("가람",)))
    assert "건조경보" not in html + text
    assert "앞으로의 날씨" in html


def test_without_weather_there_are_no_days_ahead() -> None:
    assert view(Weather(outlooks=(AHEAD,)), KOREAN, "Asia/Seoul").outlooks == ()


def test_an_empty_sky_is_no_clear_one_beside_a_forecast_of_rain() -> None:
    unseen = StationWeather(
        station="서울",
        station_id="108",
        observation=Observation(
            station="서울",
            station_id="108",
            condition=None,
            temperature=3.0,
            observed_at=MORNING,
            origin=Origin.HUB,
            attribution="기상청",
        ),
    )
    cell = view(replace(FULL, stations=(unseen,)), KOREAN, "Asia/Seoul").cells[0]
    assert (cell.sky, cell.glyph) == ("관측 없음", "")
    assert "맑음" not in cell.said


def test_feeds_and_partners_get_warnings_and_dust_with_their_sources() -> None:
    for render in (json_feed._weather, partner_json._weather):
        first, second, *_ = render(FULL)["stations"]
        assert [(a["kind"], a["level"], a["region"]) for a in first["alerts"]] == [
            ("건조", "경보", "서울"),
            ("한파", "주의보", "서울동남권"),
        ]
        assert (first["air"]["pm10"], first["air"]["attribution"]) == (36, "한국환경공단 에어코리아")
        assert (second["alerts"], second["air"]) == ([], None)


def test_a_feed_tells_warnings_dust_and_the_days_ahead() -> None:
    told = feed_digest._weather(FULL, replace(EDITION, stations=("서울",)), ON, ZoneInfo("Asia/Seoul"), KOREAN)
    assert "서울: 건조경보; 한파주의보 (서울동남권); 맑음, -11.0℃;" in told
    assert "미세먼지 보통, 초미세먼지 나쁨" in told
    assert "앞으로의 날씨 · 수도권" in told
    assert "미세먼지는 시도별 중간값" in told
