"""What is asked of the weather service when, what its answers mean, and every way in which it says no."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.core.kma import (
    Amount,
    Base,
    Call,
    amount,
    answering,
    completed,
    condition,
    degrees,
    forecast,
    low_high_base,
    newest_base,
    number,
    observation,
    one_back,
    plain_key,
)
from syndication.core.kma.answers import SEOUL, Act, Item, Page, Refused, read_page
from syndication.core.model import Forecast

DATA = Path(__file__).parent.parent / "data" / "weather"
DAY = date(2026, 1, 20)
SIX = Base(on=DAY, at=time(6, 0))
FIVE = Base(on=DAY, at=time(5, 0))


def seoul(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SEOUL)


def item(category: str, value: str, hour: int | None = None, *, on: date = DAY, base: Base = FIVE) -> Item:
    at = None if hour is None else datetime.combine(on, time(hour), SEOUL)
    return Item(category=category, value=value, base=base.text, nx=60, ny=127, at=at)


def answer(items: object, *, total: object = 1) -> bytes:
    body = {"dataType": "JSON", "items": items, "pageNo": 1, "numOfRows": 1000, "totalCount": total}
    return json.dumps(
        {"response": {"header": {"resultCode": "00", "resultMsg": "NORMAL_SERVICE"}, "body": body}}
    ).encode()


NAMES = ["response", "header", "resultCode", "body", "items", "item", "category", "fcstDate", "fcstTime", "nx"]
TREES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=20,
)


def codes_by_hour(*codes: str) -> st.SearchStrategy[dict[int, str]]:
    return st.dictionaries(st.integers(0, 23), st.sampled_from(codes))


class TestBases:
    @pytest.mark.parametrize(
        ("call", "now", "expected"),
        [
            (Call.OBSERVATION, "2026-01-20T06:39:59", "202601200500"),
            (Call.OBSERVATION, "2026-01-20T06:40:00", "202601200600"),
            (Call.OBSERVATION, "2026-01-20T00:05:00", "202601192300"),
            (Call.NEXT_HOURS, "2026-01-20T06:44:00", "202601200530"),
            (Call.NEXT_HOURS, "2026-01-20T06:45:00", "202601200630"),
            (Call.NEXT_HOURS, "2026-01-20T00:05:00", "202601192330"),
            (Call.FORECAST, "2026-01-20T05:09:00", "202601200200"),
            (Call.FORECAST, "2026-01-20T05:10:00", "202601200500"),
            (Call.FORECAST, "2026-01-20T00:05:00", "202601192300"),
            (Call.FORECAST, "2026-01-20T02:09:00", "202601192300"),
            (Call.FORECAST, "2026-01-01T00:05:00", "202512312300"),
        ],
    )
    def test_newest_issue_whose_delay_has_passed_in_seoul(self, call: Call, now: str, expected: str) -> None:
        assert newest_base(call, seoul(now)).text == expected
        assert newest_base(call, seoul(now).astimezone(UTC)).text == expected

    @pytest.mark.parametrize(
        ("call", "base", "expected"),
        [
            (Call.OBSERVATION, Base(on=DAY, at=time(0, 0)), "202601192300"),
            (Call.NEXT_HOURS, Base(on=DAY, at=time(0, 30)), "202601192330"),
            (Call.FORECAST, Base(on=DAY, at=time(2, 0)), "202601192300"),
            (Call.FORECAST, FIVE, "202601200200"),
        ],
    )
    def test_one_issue_back(self, call: Call, base: Base, expected: str) -> None:
        assert one_back(call, base).text == expected

    @given(st.sampled_from(Call), st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)))
    def test_an_issue_lies_in_the_past_and_the_one_before_lies_one_rhythm_back(
        self, call: Call, wall: datetime
    ) -> None:
        now = wall.replace(tzinfo=SEOUL)
        base = newest_base(call, now)
        step = timedelta(hours=3 if call is Call.FORECAST else 1)
        assert timedelta(0) < now - base.instant < step + timedelta(hours=1)
        assert base.instant - one_back(call, base).instant == step

    def test_low_and_high_are_in_the_issue_of_two_oclock(self) -> None:
        assert low_high_base(DAY, FIVE) == Base(on=DAY, at=time(2, 0))
        assert low_high_base(DAY, Base(on=DAY, at=time(2, 0))) is None
        assert low_high_base(DAY, Base(on=date(2026, 1, 19), at=time(23, 0))) is None

    def test_either_form_of_the_key_gives_the_same(self) -> None:
        assert plain_key("ab+/c==") == plain_key("ab%2B%2Fc%3D%3D\n") == "ab+/c=="


class TestAnswers:
    def test_one_item_that_is_no_list_is_one_item(self) -> None:
        page = read_page((DATA / "one-item-object.json").read_bytes())
        assert page == Page(items=(item("T1H", "-8.4", base=SIX),), total=1)

    def test_xml_is_read_though_json_was_asked_for(self) -> None:
        page = read_page((DATA / "observation.xml").read_bytes())
        assert page == Page(items=(item("PTY", "3", base=SIX), item("T1H", "-9", base=SIX)), total=2)

    def test_no_items_are_no_data_of_that_issue(self) -> None:
        page = read_page((DATA / "empty-items.json").read_bytes())
        with pytest.raises(Refused) as said:
            answering(page.items, SIX, 60, 127)
        assert (said.value.act, said.value.code) == (Act.ONE_SLOT_BACK, "03")

    @pytest.mark.parametrize(
        ("file", "status", "code", "act"),
        [
            ("no-data.json", 200, "03", Act.ONE_SLOT_BACK),
            ("too-old.json", 200, "10", Act.NEVER),
            ("quota.xml", 200, "22", Act.NEXT_DAY),
            ("key-unknown-403.json", 403, "30", Act.OPERATOR),
            ("unexpected.txt", 200, None, Act.LATER),
            ("unexpected.txt", 500, None, Act.LATER),
            ("unexpected.txt", 403, None, Act.OPERATOR),
        ],
    )
    def test_every_refusal_says_what_helps(self, file: str, status: int, code: str | None, act: Act) -> None:
        with pytest.raises(Refused) as said:
            read_page((DATA / file).read_bytes(), status=status)
        assert (said.value.code, said.value.act) == (code, act)

    @pytest.mark.parametrize(
        ("code", "message", "act"),
        [
            ("01", "APPLICATION_ERROR", Act.LATER),
            (1, "APPLICATION_ERROR", Act.LATER),
            ("12", "NO_OPENAPI_SERVICE_ERROR", Act.OPERATOR),
            ("20", "SERVICE_ACCESS_DENIED_ERROR", Act.OPERATOR),
            ("31", "DEADLINE_HAS_EXPIRED_ERROR", Act.OPERATOR),
            ("32", "UNREGISTERED_IP_ERROR", Act.OPERATOR),
            ("99", "UNKNOWN_ERROR", Act.LATER),
            ("99", "최대 조회 기간은 3일입니다.", Act.NEVER),
            ("77", "", Act.LATER),
        ],
    )
    def test_codes_of_the_service_itself(self, code: object, message: str, act: Act) -> None:
        header = {"resultCode": code, "resultMsg": message}
        with pytest.raises(Refused) as said:
            read_page(json.dumps({"response": {"header": header}}).encode())
        assert said.value.act is act

    def test_a_name_without_a_code_is_understood(self) -> None:
        with pytest.raises(Refused) as said:
            read_page(b"SERVICE_KEY_IS_NOT_REGISTERED_ERROR")
        assert (said.value.code, said.value.act) == ("30", Act.OPERATOR)

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b"[]",
            b"null",
            b'{"response": []}',
            b'{"response": {"header": {"resultCode": "00"}}}',
            b'{"response": {"header": {"resultCode": "00"}, "body": [1]}}',
            b'{"a":' * 100_000,
            b"<response>",
            b"<html><body>\xba\xce\xc6\xf8</body></html>",
            b"<a>" * 100_000,
            b'<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><r>&b;</r>',
            b"\xff\xfe\x00",
            b'{"response": {"header": {"resultCode": ' + b"9" * 5000 + b"}}}",
        ],
        ids=lambda body: repr(body[:24]),
    )
    def test_whatever_else_comes_is_a_refusal_and_never_a_crash(self, body: bytes) -> None:
        with pytest.raises(Refused) as said:
            read_page(body)
        assert len(str(said.value)) < 200

    @pytest.mark.parametrize(
        "items",
        [
            "x",
            7,
            None,
            {"item": "x"},
            {"item": [None, 3, [], {"category": "T1H"}]},
            {"item": [{"category": {}, "baseDate": "20260120", "baseTime": "0600", "nx": 60, "ny": 127}]},
            {"item": [{"category": "T1H", "baseDate": "20260120", "baseTime": "0600", "nx": "x", "ny": 127}]},
        ],
    )
    def test_items_of_wrong_types_are_no_items(self, items: object) -> None:
        assert read_page(answer(items)).items == ()

    def test_numbers_for_strings_and_strings_for_numbers_are_read_alike(self) -> None:
        raw = {"baseDate": 20260120, "baseTime": 600, "category": "T1H", "nx": "60", "ny": "127", "obsrValue": -3.1}
        assert read_page(answer({"item": [raw]}, total="1")) == Page(items=(item("T1H", "-3.1", base=SIX),), total=1)

    @given(TREES)
    def test_any_json_gives_a_page_or_a_refusal(self, tree: object) -> None:
        try:
            page = read_page(json.dumps(tree).encode())
        except Refused:
            return
        assert isinstance(page.items, tuple)

    @pytest.mark.parametrize("wrong", [{"base": "202601200500"}, {"nx": 61}, {"ny": 126}])
    def test_an_answer_to_another_question_is_refused(self, wrong: dict[str, object]) -> None:
        asked = {"base": SIX.text, "nx": 60, "ny": 127}
        other = Item(category="T1H", value="1", **(asked | wrong))
        with pytest.raises(Refused) as said:
            answering([other], SIX, 60, 127)
        assert said.value.act is Act.LATER

    def test_sample_answers_are_read(self, samples: Path) -> None:
        page = read_page((samples / "weather" / "ultra-ncst.json").read_bytes())
        base = Base(on=date(2022, 3, 2), at=time(6, 0))
        seen = observation(answering(page.items, base, 55, 127), base, station="강화", station_id="201")
        assert seen is not None
        assert (seen.temperature, seen.condition, seen.observed_at) == (
            -3.1,
            None,
            datetime(2022, 3, 1, 21, tzinfo=UTC),
        )
        page = read_page((samples / "weather" / "vilage-fcst-page1.json").read_bytes())
        assert (len(page.items), page.total) == (60, 1016)
        for name, act in (
            ("gateway-error.xml", Act.OPERATOR),
            ("gateway-error.txt", Act.LATER),
            ("gateway-error-http403.json", Act.OPERATOR),
            ("error-03-nodata.json", Act.ONE_SLOT_BACK),
            ("error-10-no-body.json", Act.NEVER),
        ):
            with pytest.raises(Refused) as said:
                read_page((samples / "weather" / name).read_bytes())
            assert said.value.act is act


class TestValues:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("-9", -9.0),
            ("-9.0", -9.0),
            ("0", 0.0),
            ("+3.5", 3.5),
            ("900", None),
            ("-900", None),
            ("-998.9", None),
            ("899.9", 899.9),
            ("-", None),
            ("", None),
            ("강수없음", None),
            ("NaN", None),
            ("inf", None),
            ("1e3", None),
            ("١٢", None),
        ],
    )
    def test_numbers_and_their_missing_marks(self, text: str, expected: float | None) -> None:
        assert number(text) == expected

    def test_no_place_in_korea_has_minus_99_degrees(self) -> None:
        assert (degrees("-99.0"), degrees("-32.6"), degrees(None)) == (None, -32.6, None)

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("강수없음", Amount(low=0.0, high=0.0)),
            ("적설없음", Amount(low=0.0, high=0.0)),
            ("1mm 미만", Amount(low=0.0, high=1.0)),
            ("0.5cm 미만", Amount(low=0.0, high=0.5)),
            ("1.0mm", Amount(low=1.0, high=1.0)),
            ("6.2", Amount(low=6.2, high=6.2)),
            ("30.0~50.0mm", Amount(low=30.0, high=50.0)),
            ("30mm~50mm", Amount(low=30.0, high=50.0)),
            ("50.0mm 이상", Amount(low=50.0, high=None)),
            ("-", None),
            ("", None),
            ("-998.9", None),
            ("999", None),
        ],
    )
    def test_amounts_are_words_and_ranges(self, text: str, expected: Amount | None) -> None:
        assert amount(text) == expected

    @pytest.mark.parametrize(
        ("precipitation", "sky", "expected"),
        [
            ("0", "1", "맑음"),
            ("0", "2", "구름조금"),
            ("0", "3", "구름많음"),
            ("0", "4", "흐림"),
            ("1", "1", "비"),
            ("2", "4", "비/눈"),
            ("3", None, "눈"),
            ("4", "4", "소나기"),
            ("5", "4", "빗방울"),
            ("6", "4", "빗방울눈날림"),
            ("7", "4", "눈날림"),
            ("0", None, None),
            ("0", "-", None),
            ("0", "9", None),
            ("9", "1", None),
            ("1.5", "1", None),
            ("-", "1", None),
            (None, "1", None),
        ],
    )
    def test_precipitation_wins_and_unknown_is_never_clear(
        self, precipitation: str | None, sky: str | None, expected: str | None
    ) -> None:
        assert condition(precipitation, sky) == expected


class TestObservation:
    def test_dry_weather_has_no_condition_because_the_call_tells_no_sky(self) -> None:
        seen = observation([item("T1H", "-9"), item("PTY", "0")], SIX, station="서울", station_id="108")
        assert seen is not None
        assert (seen.temperature, seen.condition, seen.attribution) == (-9.0, None, "기상청")
        assert seen.observed_at == seoul("2026-01-20T06:00")

    def test_snow_is_told_though_the_temperature_is_missing(self) -> None:
        seen = observation([item("T1H", "-998.9"), item("PTY", "3")], SIX, station="서울", station_id="108")
        assert seen is not None
        assert (seen.temperature, seen.condition) == (None, "눈")

    def test_nothing_measured_is_no_observation(self) -> None:
        assert observation([item("T1H", "-"), item("PTY", "0")], SIX, station="서울", station_id="108") is None


def day(pty: dict[int, str], sky: dict[int, str]) -> list[Item]:
    hours = range(24)
    return [
        *(item("PTY", pty.get(h, "0"), h) for h in hours),
        *(item("SKY", sky.get(h, "1"), h) for h in hours),
    ]


class TestForecast:
    def test_a_day_with_its_low_high_words_and_highest_chance(self) -> None:
        items = [
            *day({15: "1", 16: "1", 17: "4"}, {7: "3", 8: "3", 9: "3", 10: "3"}),
            item("TMN", "-9.0", 6),
            item("TMX", "3.0", 15),
            item("POP", "20", 9),
            item("POP", "60", 16),
            item("POP", "90", 9, on=date(2026, 1, 21)),
            item("TMN", "-1.0", 6, on=date(2026, 1, 21)),
        ]
        assert forecast(items, FIVE, place="서울", on=DAY) == Forecast(
            place="서울",
            on=DAY,
            low=-9.0,
            high=3.0,
            morning="구름많음",
            afternoon="비",
            rain_chance=60,
            issued_at=FIVE.instant,
            attribution="기상청",
        )

    def test_three_hourly_slots_are_enough(self) -> None:
        items = [
            *(item("PTY", "0", h) for h in (0, 6, 9, 12, 15, 18)),
            *(item("SKY", s, h) for h, s in ((0, "4"), (6, "1"), (9, "1"), (12, "3"), (15, "4"), (18, "4"))),
            *(item("POP", p, h) for h, p in ((0, "18"), (6, "24"), (9, "-"), (12, "8"), (15, "900"))),
        ]
        said = forecast(items, FIVE, place="서울", on=DAY)
        assert said is not None
        assert (said.morning, said.afternoon, said.rain_chance, said.low) == ("맑음", "흐림", 24, None)

    def test_the_hours_past_are_told_by_the_issue_before(self) -> None:
        early = [
            *day({}, dict.fromkeys(range(12), "4")),
            item("TMN", "-7", 6),
            item("TMX", "1", 15),
            item("POP", "30", 15),
        ]
        late = [*(i for i in day({}, {}) if i.at and i.at.hour >= 15), item("POP", "10", 15), item("TMX", "2", 15)]
        both = completed(forecast(late, FIVE, place="서울", on=DAY), forecast(early, FIVE, place="서울", on=DAY))
        assert both is not None
        assert (both.low, both.high, both.morning, both.afternoon, both.rain_chance) == (-7, 2, "흐림", "맑음", 10)

    def test_a_date_that_the_issue_does_not_reach_has_no_forecast(self) -> None:
        assert forecast(day({}, {}), FIVE, place="서울", on=date(2026, 1, 25)) is None
        assert completed(None, None) is None

    @given(codes_by_hour("0", "1", "3", "4", "-", "x"), codes_by_hour("1", "3", "4", "", "9"))
    def test_falling_rain_or_snow_is_never_told_as_sky(self, pty: dict[int, str], sky: dict[int, str]) -> None:
        said = forecast([*day(pty, sky), item("TMN", "1", 6)], FIVE, place="서울", on=DAY)
        assert said is not None
        for word, hours in ((said.morning, range(6, 12)), (said.afternoon, range(12, 24))):
            if any(pty.get(h) in ("1", "3", "4") for h in hours):
                assert word in ("비", "눈", "소나기")
