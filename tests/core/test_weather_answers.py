"""What each weather service's answer says, as a careful person reads it, and that no bytes make a reader fail."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.core import air, metno
from syndication.core.dates import SEOUL
from syndication.core.kma import midterm
from syndication.core.kma.answers import Act, Refused, read_page
from syndication.core.kma.columns import read_alerts, read_hours
from syndication.core.kma.current import read_current
from syndication.core.model import AirQuality, Origin, Outlook, OutlookDay
from syndication.core.stations import BY_NAME, STATIONS

DATA = Path(__file__).parent.parent / "data" / "weather"


def seoul(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SEOUL)


@pytest.fixture
def weather(samples: Path) -> Path:
    return samples / "weather"


# --- the recorded answers, each read by hand first -------------------------------------------


def test_an_hour_of_a_station(weather: Path) -> None:
    (seen,) = read_hours((weather / "sfctm2-live.txt").read_bytes())
    assert (seen.station, seen.station_id, seen.temperature) == ("광주", "156", 33.7)
    assert seen.condition == "맑음"  # no weather noted, no rain, 0 tenths of cloud, 41 km of sight
    assert seen.observed_at == seoul("2026-08-18T15:00")
    assert (seen.origin, seen.attribution) == (Origin.HUB, "기상청")


def test_the_keyless_file(weather: Path) -> None:
    seen = read_current((weather / "sfc-web-map.xml").read_bytes())
    assert [(o.station, o.condition, o.temperature) for o in seen] == [
        ("속초", None, 28.2),
        ("북춘천", "구름조금", 33.6),
        ("철원", None, 31.9),
        ("동두천", None, 32.8),
        ("파주", None, 31.3),
        ("대관령", None, 26.2),
    ]
    assert {o.observed_at for o in seen} == {seoul("2017-08-04T15:00")}
    assert {o.origin for o in seen} == {Origin.MAP}


def test_fine_dust_of_stations_whose_hours_differ(weather: Path) -> None:
    places = air.read_places((weather / "airkorea-mixed-hours.json").read_bytes())
    assert [(p.name, p.pm10, p.pm25, p.at.astimezone(SEOUL).hour) for p in places] == [
        ("읍내동", 25, 19, 22),
        ("문평동", 36, 31, 22),
        ("문창동", 30, 12, 21),
        ("구성동", 25, None, 21),  # 통신장애
        ("노은동", 24, 20, 21),
    ]
    assert air.of_province(places, "대전") == AirQuality(
        province="대전",
        pm10=25,
        pm25=20,  # the middle of 12, 19, 20, 31 is 19.5
        measured_at=seoul("2026-09-24T22:00"),
        places=5,
        attribution="한국환경공단 에어코리아",
    )
    assert air.of_province(places, "서울") is None


def test_medium_range_of_the_morning_issue_begins_with_the_fourth_day(weather: Path) -> None:
    said = midterm.read_outlook(
        (weather / "mid-land-0600.json").read_bytes(), region="강원영동", issue=seoul("2026-01-20T06:00")
    )
    assert said == Outlook(
        region="강원영동",
        days=(
            day(24, "흐리고 비", "구름많음", 60, 20),
            *(day(n, "구름많음", "구름많음", 20, 20) for n in range(25, 31)),
        ),
        issued_at=seoul("2026-01-20T06:00"),
        attribution="기상청",
    )


def test_medium_range_of_the_evening_issue_lacks_the_fourth_day(weather: Path) -> None:
    said = midterm.read_outlook(
        (weather / "mid-land-1800.json").read_bytes(), region="강원영동", issue=seoul("2026-01-20T18:00")
    )
    assert said.days == (
        day(25, "구름많음", "구름많음", 20, 20),
        day(26, "구름많음", "구름많음", 20, 30),
        day(27, "구름많음", "구름많고 비", 30, 60),
        day(28, "구름많고 비", "구름많고 비", 60, 60),
        day(29, "맑음", "맑음", 10, 10),
        day(30, "흐림", "흐림", 40, 40),
    )


def day(n: int, morning: str, afternoon: str, rain_morning: int, rain_afternoon: int) -> OutlookDay:
    on = date(2026, 1, n)
    return OutlookDay(
        on=on, morning=morning, afternoon=afternoon, rain_morning=rain_morning, rain_afternoon=rain_afternoon
    )


def test_two_evening_steps_tell_an_afternoon_and_neither_low_nor_high(weather: Path) -> None:
    ahead = metno.read_ahead((weather / "metno-complete-2steps.json").read_bytes())
    said = metno.forecast(ahead, place="서울", on=date(2024, 10, 2), zone=SEOUL)
    assert said is not None
    assert (said.low, said.high, said.morning, said.rain_chance) == (None, None, None, None)
    assert said.afternoon == "흐림"  # 17:00 cloudy, 18:00 partly cloudy: of equals the greyer
    assert (said.origin, said.attribution) == (Origin.METNO, "MET Norway (CC BY 4.0)")
    assert metno.forecast(ahead, place="서울", on=date(2024, 10, 3), zone=SEOUL) is None


@pytest.mark.parametrize(
    ("name", "status", "code", "act"),
    [
        ("error-03-nodata.json", 200, "03", Act.ONE_SLOT_BACK),
        ("error-10-no-body.json", 200, "10", Act.NEVER),
        ("gateway-error-http403.json", 403, "30", Act.OPERATOR),
        ("gateway-error-http403.json", 200, "30", Act.OPERATOR),
        ("gateway-error.txt", 200, None, Act.LATER),
        ("gateway-error.xml", 200, "30", Act.OPERATOR),
    ],
)
def test_an_error_is_one_in_every_dress(weather: Path, name: str, status: int, code: str | None, act: Act) -> None:
    body = (weather / name).read_bytes()
    issue = seoul("2026-01-20T06:00")
    for read in (
        read_page,
        air.read_places,
        lambda b, status: midterm.read_outlook(b, region="수도권", issue=issue, status=status),
    ):
        with pytest.raises(Refused) as said:
            read(body, status=status)
        assert (said.value.code, said.value.act) == (code, act)


# --- hours of stations -----------------------------------------------------------------------

ROW = (
    "202601200600 108  32  2.1  -9 -9.0   -9 1020.1 1030.2  3   0.5  -9.0 -15.0  60.0   1.9   -9.0   -9.0   -9.0"
    "   -9.0   -9.0   -9.0   -9.0 -9 -9 -                        0   0   -9 -         -9  -9  -9  2000  0.0 -9.0 -9"
    "  -5.0 -99.0 -99.0 -99.0 -99.0  -9 -9.0 -9  3  2"
)


def row(**changes: str) -> str:
    places = {"TM": 0, "STN": 1, "WS": 3, "TA": 11, "RN": 15, "WC": 22, "WW": 24, "CA": 25, "CT": 28, "VS": 32}
    words = ROW.split()
    for name, word in changes.items():
        words[places[name]] = word
    return " ".join(words)


def hours(*rows: str) -> bytes:
    return "\n".join(("#START7777", *rows, "#7777END")).encode("euc-kr")


@pytest.mark.parametrize(
    ("changes", "sky", "temperature"),
    [
        ({}, "맑음", -9.0),  # -9.0 is a temperature
        ({"TA": "-99.0"}, "맑음", None),
        ({"TA": "-9"}, "맑음", -9.0),
        ({"TA": "-"}, "맑음", None),
        ({"TA": "99.9"}, "맑음", None),
        ({"WS": "-9.0"}, "맑음", -9.0),
        ({"CA": "-9"}, None, -9.0),
        ({"CA": "2"}, "맑음", -9.0),
        ({"CA": "3"}, "구름조금", -9.0),
        ({"CA": "8"}, "구름많음", -9.0),
        ({"CA": "9"}, "흐림", -9.0),
        ({"CA": "11"}, None, -9.0),
        ({"RN": "0.5"}, None, -9.0),  # something falls and nobody says what: never 맑음
        ({"RN": "0.0"}, "맑음", -9.0),
        ({"WC": "61"}, None, -9.0),
        ({"WC": "x"}, None, -9.0),
        ({"WC": "2"}, "맑음", -9.0),
        ({"VS": "50"}, None, -9.0),  # 500 m of sight under a clear sky is fog
        ({"WW": "눈", "CA": "0"}, "눈", -9.0),
        ({"WW": "비/눈", "RN": "1.0"}, "비/눈", -9.0),
        ({"WW": "R-"}, None, -9.0),  # a word that is not known stands for something
        ({"WW": "0201"}, None, -9.0),
        ({"WW": "눈 날림"}, "눈날림", -9.0),  # a text of two words widens the row
        ({"CT": "Sc Ac"}, "맑음", -9.0),  # so does this, behind the cloud cover
        ({"STN": "090"}, "맑음", -9.0),
    ],
)
def test_missing_marks_are_those_of_the_column(
    changes: dict[str, str], sky: str | None, temperature: float | None
) -> None:
    (seen,) = read_hours(hours(row(**changes)))
    assert (seen.condition, seen.temperature) == (sky, temperature)


def test_markers_and_heads_may_be_missing_and_a_newer_hour_wins() -> None:
    body = "\n".join((row(TM="202601200600", TA="-8.0"), row(TM="202601200500"), "", "junk", row(STN="999"))).encode()
    (seen,) = read_hours(body)
    assert (seen.temperature, seen.observed_at) == (-8.0, seoul("2026-01-20T06:00"))


def test_twenty_four_oclock_is_midnight_of_the_next_day() -> None:
    assert read_hours(hours(row(TM="202601202400")))[0].observed_at == seoul("2026-01-21T00:00")


def test_a_table_whose_columns_have_moved_is_refused(weather: Path) -> None:
    body = (weather / "sfctm2-live.txt").read_bytes().replace(b"    TA    TD ", b"    TD    TA ")
    with pytest.raises(Refused, match="other columns"):
        read_hours(body)


# --- warnings --------------------------------------------------------------------------------

WARNINGS = """#START7777
# REG_UP,REG_UP_KO,REG_ID,REG_KO,TM_FC,TM_EF,WRN,LVL,CMD,ED_TM
L1010000,경기도,L1010100,가평,202601192100,202601192100,한파,경보,발표,,=
L1020000,강원도,L1020710,강릉평지,202601191600,202601200000,D,2,1,,=
L1020000,강원도,L1020720,강원북부산지,202601191600,202601191600,C,3,변경,,=
L1100000,서울특별시,L1100100,서울동남권,202601191000,202601192100,한파,주의,발표,,=
L1100000,서울특별시,L1100100,서울동남권,202601200500,202601200500,한파,주의,해제,,=
L1030000,충청남도,L1030100,천안,202601191000,202601192100,대설,예비,발표,,=
S1310000,서해중부앞바다,S1310100,인천.경기북부앞바다,202601191000,202601191200,V,8,1,,=
L1080000,부산광역시,L1080100,부산동부,202601191000,202601191200,강풍,주의,3,,=
not a row
#7777END
""".encode("euc-kr")


def test_warnings_in_force_and_no_other() -> None:
    alerts = read_alerts(WARNINGS)
    assert {(a.name, a.region, a.province) for a in alerts} == {
        ("건조주의보", "강릉평지", "강원"),
        ("한파경보", "강원북부산지", "강원"),
        ("한파경보", "가평", "경기"),
        ("풍랑특보", "인천.경기북부앞바다", None),  # a level that nobody knows is not guessed
    }
    assert next(a for a in alerts if a.region == "강릉평지").effective_at == seoul("2026-01-20T00:00")


def test_no_warnings_are_an_answer_and_a_page_of_html_is_none() -> None:
    assert read_alerts(b"#START7777\n#7777END\n") == ()
    for body in (b"", b"<html>busy</html>", b"Unexpected errors", b'{"result":{"status":403,"message":"no"}}'):
        with pytest.raises(Refused):
            read_alerts(body)


def test_an_endpoint_that_was_not_asked_for_is_the_operators_to_change() -> None:
    body = '{"result":{"status":403,"message":"활용신청이 필요한 API 입니다."}}'.encode()
    for read in (read_hours, read_alerts):
        with pytest.raises(Refused, match="활용신청") as said:
            read(body, status=403)
        assert said.value.act is Act.OPERATOR


# --- the keyless file ------------------------------------------------------------------------


def current(local: str, hour: str = "06") -> bytes:
    head = f'<current xmlns="current"><weather year="2026" month="01" day="20" hour="{hour}">'
    return f"{head}{local}</weather></current>".encode()


@pytest.mark.parametrize(
    ("attributes", "sky", "temperature"),
    [
        ('desc="맑음" ta="-9.0"', "맑음", -9.0),
        ('desc="" ta="3.0"', None, 3.0),
        ('desc="-" ta="3.0"', None, 3.0),
        ('ta="3.0"', None, 3.0),
        ('desc="비" ta=""', "비", None),
        ('desc="비" ta="-99.0"', "비", None),
        ('desc="맑음" ta="3" rn_hr1="0.5"', None, 3.0),  # measured rain
        ('desc="맑음" ta="3" rn_hr1="-9.0"', "맑음", 3.0),
        ('desc="모래바람" ta="3"', "모래바람", 3.0),  # a word nobody knows passes through
        ('desc="&lt;b&gt;" ta="3"', None, 3.0),
    ],
)
def test_a_dash_is_no_sky_and_rain_no_clear_one(attributes: str, sky: str | None, temperature: float | None) -> None:
    (seen,) = read_current(current(f'<local stn_id="108" {attributes}>서울</local><local stn_id="1" ta="1"/>'))
    assert (seen.condition, seen.temperature) == (sky, temperature)


# --- medium range ----------------------------------------------------------------------------


def mid(**item: object) -> bytes:
    body = {"items": {"item": [item]}, "totalCount": 1}
    return json.dumps({"response": {"header": {"resultCode": "00"}, "body": body}}).encode()


def test_the_zeros_of_an_unknown_region_are_no_forecast() -> None:
    zeros = {f"rnSt{n}": 0 for n in (8, 9, 10)} | {f"wf{n}": "" for n in (8, 9, 10)}
    issue = seoul("2026-01-20T06:00")
    with pytest.raises(Refused, match="another region"):
        midterm.read_outlook(mid(regId="11B99999", **zeros), region="수도권", issue=issue)
    with pytest.raises(Refused, match="NO_DATA"):
        midterm.read_outlook(mid(regId="11B00000", **zeros), region="수도권", issue=issue)
    with pytest.raises(KeyError):
        midterm.parameters("평안도", issue)


@pytest.mark.parametrize(
    ("now", "issue"),
    [
        ("2026-01-20T06:29", "2026-01-19T18:00"),
        ("2026-01-20T06:30", "2026-01-20T06:00"),
        ("2026-01-20T18:31", "2026-01-20T18:00"),
        ("2026-01-01T00:10", "2025-12-31T18:00"),
    ],
)
def test_the_newest_medium_range_issue(now: str, issue: str) -> None:
    assert midterm.newest_issue(seoul(now)) == seoul(issue)
    assert midterm.issue_before(seoul(issue)) == seoul(issue) - timedelta(hours=12)
    assert midterm.newest_issue(midterm.next_issue(seoul(now))) == seoul(issue) + timedelta(hours=12)


def test_every_station_lies_in_a_region_of_the_medium_range() -> None:
    assert {midterm.region_of(s) for s in STATIONS} == set(midterm.REGIONS)
    names = {"강릉": "강원영동", "춘천": "강원영서", "태백": "강원영동", "세종": "대전·세종·충남", "강화": "수도권"}
    assert {name: midterm.region_of(BY_NAME[name]) for name in names} == names


# --- fine dust -------------------------------------------------------------------------------


def place(name: str = "가", **values: object) -> dict[str, object]:
    return {"stationName": name, "sidoName": "서울", "dataTime": "2026-01-20 06:00"} | values


def dust(*items: object, total: int = 0) -> bytes:
    return json.dumps(
        {"response": {"header": {"resultCode": "00"}, "body": {"totalCount": total, "items": items}}}
    ).encode()


@pytest.mark.parametrize(
    ("values", "pm10"),
    [
        ({"pm10Value": "36"}, 36),
        ({"pm10Value": "-", "pm10Grade": "2"}, None),  # a grade beside a dash tells nothing
        ({"pm10Value": ""}, None),
        ({"pm10Value": "36", "pm10Flag": "점검및교정"}, None),
        ({"pm10Value": "36", "pm10Flag": None}, 36),
        ({"pm10Value": 36}, 36),
        ({"pm10Value": "-5"}, None),
        ({"pm10Value": "9999"}, None),
    ],
)
def test_a_flag_voids_a_value_and_a_dash_is_none(values: dict[str, object], pm10: int | None) -> None:
    (seen,) = air.read_places(dust(place() | values))  # totalCount is 0 beside it
    assert seen.pm10 == pm10


def test_fine_dust_at_twenty_four_oclock_is_of_the_next_day() -> None:
    (seen,) = air.read_places(dust(place(dataTime="2026-09-21 24:00", pm10Value="1")))
    assert seen.at == seoul("2026-09-22T00:00")


def test_hours_long_past_do_not_count_beside_the_newest() -> None:
    places = air.read_places(
        dust(
            place("가", pm10Value="10"),
            place("나", pm10Value="20", dataTime="2026-01-20 05:00"),
            place("다", pm10Value="900", dataTime="2026-01-20 04:00"),
            place("라", pm10Value="-"),
        )
    )
    said = air.of_province(places, "서울")
    assert said is not None
    assert (said.pm10, said.pm25, said.places) == (15, None, 2)


@pytest.mark.parametrize(
    ("value", "coarse", "fine"),
    [
        (0, "좋음", "좋음"),
        (15, "좋음", "좋음"),
        (16, "좋음", "보통"),
        (31, "보통", "보통"),
        (36, "보통", "나쁨"),
        (76, "보통", "매우나쁨"),
        (81, "나쁨", "매우나쁨"),
        (151, "매우나쁨", "매우나쁨"),
    ],
)
def test_grades_of_fine_dust(value: int, coarse: str, fine: str) -> None:
    assert (air.coarse_grade(value), air.fine_grade(value)) == (coarse, fine)


# --- MET Norway ------------------------------------------------------------------------------


def step(hour: int, temperature: float | None, symbol: str | None = None, period: str = "next_1_hours") -> object:
    at = (seoul("2026-01-20T00:00") + timedelta(hours=hour)).astimezone(UTC)
    data: dict[str, object] = {"instant": {"details": {"air_temperature": temperature}}}
    if symbol:
        data[period] = {"summary": {"symbol_code": symbol}, "details": {"probability_of_precipitation": 40.4}}
    return {"time": at.isoformat().replace("+00:00", "Z"), "data": data}


def ahead(*steps: object) -> metno.Ahead:
    meta = {"updated_at": "2026-01-19T20:00:00Z"}
    return metno.read_ahead(json.dumps({"properties": {"meta": meta, "timeseries": steps}}).encode())


def test_a_whole_day_ahead_has_low_high_and_both_halves() -> None:
    steps = [step(h, -9.0 if h == 5 else h / 2, "clearsky_day" if h < 12 else "lightrain") for h in range(24)]
    said = metno.forecast(ahead(*steps), place="서울", on=date(2026, 1, 20), zone=SEOUL)
    assert said is not None
    assert (said.low, said.high, said.morning, said.afternoon) == (-9.0, 11.5, "맑음", "비")
    assert (said.rain_chance, said.issued_at) == (40, datetime(2026, 1, 19, 20, tzinfo=UTC))


def test_what_is_left_of_a_day_has_no_low() -> None:
    steps = [step(h, float(h), "fog") for h in range(6, 24)]
    said = metno.forecast(ahead(*steps), place="서울", on=date(2026, 1, 20), zone=SEOUL)
    assert said is not None
    assert (said.low, said.high, said.morning) == (None, 23.0, "안개")


def test_last_steps_without_a_next_hour_are_read_by_their_six_hours() -> None:
    said = metno.forecast(
        ahead(step(6, 1.0, "snow", "next_6_hours"), step(12, None)), place="서울", on=date(2026, 1, 20), zone=SEOUL
    )
    assert said is not None
    assert (said.morning, said.afternoon) == ("눈", None)


def test_the_forty_one_symbols_have_words_in_every_light() -> None:
    assert len(metno.WORDS) == 43 - 2 + 2  # 41 and the two that are misspelled for ever
    for symbol, word in (
        ("fair_night", "구름조금"),
        ("lightssnowshowersandthunder_day", "뇌우"),
        ("heavysleetshowers_polartwilight", "비/눈"),
        ("rainshowers_day", "소나기"),
    ):
        assert metno.sky_word(symbol) == word
    assert metno.sky_word("plague_of_frogs") is None


# --- whatever else comes ---------------------------------------------------------------------

ISSUE = seoul("2026-01-20T06:00")
READERS: list[tuple[Callable[[bytes], object], type[Exception]]] = [
    (read_page, Refused),
    (read_hours, Refused),
    (read_alerts, Refused),
    (read_current, Refused),
    (air.read_places, Refused),
    (lambda body: midterm.read_outlook(body, region="수도권", issue=ISSUE), Refused),
    (metno.read_ahead, metno.Unreadable),
]
LEAVES = st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=12)
NAMES = [
    *("response", "header", "resultCode", "body", "items", "item", "regId", "wf4Am", "rnSt8", "dataTime", "sidoName"),
    *("stationName", "pm10Value", "properties", "timeseries", "time", "data", "instant", "details", "air_temperature"),
    *("next_1_hours", "summary", "symbol_code", "result", "status", "message"),
]
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=20,
)
CELLS = st.sampled_from(
    ["-", "-9", "-9.0", "-99.0", "202601202400", "108", "L1", "서울", "해제", "한파", "", "9" * 400]
)
LINES = st.lists(
    st.lists(CELLS | st.text(max_size=6), min_size=8, max_size=50).flatmap(
        lambda cells: st.sampled_from([" ".join(cells), ",".join(cells) + "="])
    ),
    max_size=4,
).map("\n".join)
BODIES = (
    st.binary(max_size=200)
    | st.text(max_size=200).map(str.encode)
    | TREES.map(lambda tree: json.dumps(tree).encode())
    | LINES.map(lambda text: text.encode("cp949", "replace"))
    | LINES.map(lambda text: f"#START7777\n{text}".encode())
    | st.text(max_size=60).map(lambda text: f"<current><weather {text}/></current>".encode())
)


@pytest.mark.parametrize("reader", range(len(READERS)))
@given(body=BODIES)
def test_no_bytes_make_a_reader_fail(reader: int, body: bytes) -> None:
    read, refusal = READERS[reader]
    with suppress(refusal):
        read(body)


@pytest.mark.parametrize("reader", range(len(READERS)))
@pytest.mark.parametrize(
    "body", [b"", b"{" * 200_000, b"<a>" * 200_000, b"\xff" * 1000, b"9" * 100_000, b'{"a":' * 100_000]
)
def test_endless_answers_are_refused(reader: int, body: bytes) -> None:
    read, refusal = READERS[reader]
    with pytest.raises(refusal):
        read(body)
