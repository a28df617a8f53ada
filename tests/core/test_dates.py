"""Printed dates: every shape that Korean newspapers use, and none read wrongly."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.core.dates import (
    SEOUL,
    english_date,
    english_short_date,
    english_time,
    korean_date,
    korean_short_date,
    korean_time,
    parse_moment,
    short_time,
    stamp_label,
)

ON = date(2022, 7, 16)
TO_THE_SECOND = datetime(2022, 7, 16, 22, 1, 7, tzinfo=SEOUL)
TO_THE_MINUTE = datetime(2022, 7, 16, 22, 1, tzinfo=SEOUL)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2022-07-16 22:01:07", TO_THE_SECOND),
        ("2022-07-16 22:01", TO_THE_MINUTE),
        ("Sat, 16 Jul 2022 22:01:07 KST", TO_THE_SECOND),
        ("2022.07.16 22:01", TO_THE_MINUTE),
        ("2022년 07월 16일 22:01:07", TO_THE_SECOND),
        ("2022년 7월 16일 22시 01분", TO_THE_MINUTE),
        ("2022년07월16일22시01분07초", TO_THE_SECOND),
        ("2022-07-16 오후 10:01:07", TO_THE_SECOND),
        ("2022. 7. 16. 오후 10:01:07", TO_THE_SECOND),
        ("2022-07-16 10:01:07 PM", TO_THE_SECOND),
        ("20220716220107", TO_THE_SECOND),
        ("202207162201", TO_THE_MINUTE),
        ("Sat, 16 07 2022 22:01:07 +0900", TO_THE_SECOND),
        ("Sat,16 Jul 2022 22:01:07 +0900", TO_THE_SECOND),
        ("Sat,16Jul2022 22:01:07 +0900", TO_THE_SECOND),
        ("Sat, 16 Jul 2022 22:01:07+0900", TO_THE_SECOND),
        ("Sat,  16 Jul  2022  22:01:07  +0900", TO_THE_SECOND),
        ("Saturday, 16 July 2022 22:01:07 +0900", TO_THE_SECOND),
        ("16 Jul 22 13:01 GMT", TO_THE_MINUTE),
        ("Sat, 16 Jul 2022 13:01:07 GMT", TO_THE_SECOND),
        ("Sat, 16 Jul 2022 22:01:07 GMT+0900 (KST)", TO_THE_SECOND),
        ("Sat, 16 Jul 2022 09:01:07 EDT", TO_THE_SECOND),
        ("2022-07-16T22:01:07+09:00", TO_THE_SECOND),
        ("2022-07-16T22:01:07.123+0900", TO_THE_SECOND),
        ("2022-07-16T13:01:07Z", TO_THE_SECOND),
        ("20220716T130107Z", TO_THE_SECOND),
        ("Sat Jul 16 22:01:07 KST 2022", TO_THE_SECOND),
        ("July 16, 2022 10:01 PM", TO_THE_MINUTE),
        ("2022.07.16(토) 22:01", TO_THE_MINUTE),
        ("2022년 7월 16일 토요일 오후 10시 1분", TO_THE_MINUTE),
        ("２０２２．０７．１６　２２：０１", TO_THE_MINUTE),
        ("등록 2022.07.16 22:01:07", TO_THE_SECOND),
        ("입력 : 2022-07-16 22:01", TO_THE_MINUTE),
        ("승인 2022.07.16 22:01", TO_THE_MINUTE),
        ("기사입력 2022/07/16 [22:01]", TO_THE_MINUTE),
        ("최종편집: 2022-07-16 22:01", TO_THE_MINUTE),
        ("[등록일시 : 2022-07-16 22:01:07]", TO_THE_SECOND),
        ("2022-07-16 22:01 등록", TO_THE_MINUTE),
    ],
)
def test_a_printed_instant_is_read_as_the_instant_it_means(text: str, at: datetime) -> None:
    moment = parse_moment(text)
    assert moment is not None
    assert moment.at == at
    assert moment.on == ON


@pytest.mark.parametrize(
    "text",
    [
        "2022.07.16 (토)",
        "2022.07.16(토)",
        "2022-07-16",
        "2022. 7. 16.",
        "2022년 7월 16일",
        "20220716",
        "Sat, 16 Jul 2022",
    ],
)
def test_a_bare_date_has_no_time(text: str) -> None:
    moment = parse_moment(text)
    assert moment is not None
    assert (moment.at, moment.on) == (None, ON)


@pytest.mark.parametrize(
    "text",
    [
        "2022-07-15 24:00",
        "2022-07-15T24:00:00+09:00",
        "Fri, 15 Jul 2022 24:00:00 +0900",
        "2022년 7월 15일 24시",
        "2022071524" + "0000",
    ],
)
def test_twenty_four_hundred_is_the_start_of_the_next_day(text: str) -> None:
    moment = parse_moment(text)
    assert moment is not None
    assert moment.at == datetime(2022, 7, 16, tzinfo=SEOUL)
    assert moment.on == ON


def test_the_time_on_the_update_line_of_a_page_is_read() -> None:
    moment = parse_moment("2018년 03월 24일 01시 34분")
    assert moment is not None
    assert moment.at == datetime(2018, 3, 24, 1, 34, tzinfo=SEOUL)


def test_midnight_and_noon_are_told_apart() -> None:
    midnight, noon = parse_moment("2022-07-16 오전 12:30"), parse_moment("2022-07-16 오후 12:30")
    assert midnight is not None
    assert noon is not None
    assert midnight.at == datetime(2022, 7, 16, 0, 30, tzinfo=SEOUL)
    assert noon.at == datetime(2022, 7, 16, 12, 30, tzinfo=SEOUL)


def test_the_local_date_is_that_of_seoul() -> None:
    moment = parse_moment("Fri, 15 Jul 2022 20:00:00 GMT")
    assert moment is not None
    assert moment.on == ON


def test_a_time_in_a_zone_nobody_knows_leaves_the_date_alone() -> None:
    moment = parse_moment("Sat, 16 Jul 2022 22:01:07 XYZ")
    assert moment is not None
    assert (moment.at, moment.on) == (None, ON)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "06.17 (월)",
        "06-17 22:01",
        "2022-02-30",
        "2022.13.01",
        "2022-07-00",
        "2022-07-16 25:00",
        "2022-07-16 24:30",
        "2022-07-16 22:61",
        "2022-07-16 오전 22:01",
        "07/16/2022",
        "16/07/2022",
        "22-07-16",
        "2022-07.16",
        "0000-00-00",
        "9999-12-31",
        "20261345",
        "01012345678",
        "오늘",
        "3분 전",
        "2022-07-16 22:01 수정됨",
        "가람시는 2022-07-16에 열었다.",
        "Sat, 32 Jul 2022 10:00:00 +0900",
        "2022-07-16T22:01:07+99:00",
        "2022",
        "2022-07",
    ],
)
def test_what_is_impossible_ambiguous_or_without_a_year_is_unknown(text: str) -> None:
    moment = parse_moment(text)
    assert moment is None or moment.at is None
    assert moment is None or text == "2022-07-16T22:01:07+99:00"


@given(st.text(max_size=200) | st.from_regex(r"[0-9년월일.:\-/ 오후TZ+]{0,40}", fullmatch=True))
def test_no_text_makes_the_reader_fail(text: str) -> None:
    moment = parse_moment(text)
    assert moment is None or moment.at is None or moment.at.tzinfo is not None


MINUTES = st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2099, 12, 31)).map(
    lambda d: d.replace(second=0, microsecond=0)
)
OFFSETS = st.integers(min_value=-12 * 4, max_value=14 * 4).map(lambda q: timezone(timedelta(minutes=15 * q)))


@given(MINUTES, OFFSETS)
def test_iso_and_rfc_822_come_back_exactly(local: datetime, zone: timezone) -> None:
    at = local.replace(tzinfo=zone)
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    rfc = f"{at.day:02d} {months[at.month - 1]} {at.year} {at:%H:%M} {at:%z}"
    for text in (at.isoformat(), rfc):
        moment = parse_moment(text)
        assert moment is not None
        assert moment.at == at


@given(MINUTES.filter(lambda d: d.year > 1988))
def test_all_korean_shapes_of_a_minute_mean_the_same(local: datetime) -> None:
    half = "오전" if local.hour < 12 else "오후"
    shapes = (
        f"{local:%Y-%m-%d %H:%M}", f"{local:%Y.%m.%d %H:%M}", f"{local:%Y/%m/%d %H:%M}", f"{local:%Y%m%d%H%M}",
        f"{local.year}년 {local.month}월 {local.day}일 {local.hour}시 {local.minute}분",
        f"{local:%Y-%m-%d} {half} {local.hour % 12 or 12}:{local.minute:02d}",
    )  # fmt: skip
    found = {m.at for text in shapes if (m := parse_moment(text))}
    assert found == {local.replace(tzinfo=SEOUL)}


def test_a_stamp_is_known_by_its_label() -> None:
    assert stamp_label("등록 2022.07.16") == "등록"
    assert stamp_label("최종편집: 2022-07-16") == "최종편집"
    assert stamp_label("UPDATE: 2018년 03월 24일 01시 34분") is None


def test_dates_are_written_without_any_locale() -> None:
    on = date(2026, 1, 20)
    assert korean_date(on) == "2026년 1월 20일 화요일"
    assert korean_short_date(on) == "1월 20일(화)"
    assert english_date(on) == "Tuesday, 20 January 2026"
    assert english_short_date(on) == "20 Jan (Tue)"


@given(st.dates(min_value=date(1900, 1, 1), max_value=date(2100, 12, 31)))
def test_a_date_written_for_readers_is_read_back(on: date) -> None:
    moment = parse_moment(korean_date(on))
    assert moment is not None
    assert moment.on == on


def test_times_are_written_in_the_readers_zone() -> None:
    at = datetime(2026, 1, 19, 21, 5, tzinfo=UTC)
    assert short_time(at) == "06:05"
    assert korean_time(at) == "오전 6시 5분"
    assert korean_time(datetime.combine(date(2026, 1, 20), time(15), tzinfo=SEOUL)) == "오후 3시"
    assert korean_time(datetime.combine(date(2026, 1, 20), time(0), tzinfo=SEOUL)) == "오전 12시"
    assert english_time(at) == "6:05 am"
    assert short_time(at, UTC) == "21:05"
