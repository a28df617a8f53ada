"""Every other weather service over real HTTP on loopback: what it asks, how often, and what it makes of every fault."""

from __future__ import annotations

import gzip
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime

import pytest

from syndication.adapters.airkorea import AirKoreaService
from syndication.adapters.kma import CurrentService, HubAlerts, HubService, KmaService, MidTermService
from syndication.adapters.memory import FixedClock
from syndication.adapters.metno import MetnoService
from syndication.core.dates import SEOUL
from syndication.core.model import Origin
from syndication.ports import Permanent, Transient, WeatherService
from syndication.sandbox import skies
from tests.far import Asked, Far, Reply, far_side

DAY = date(2026, 1, 20)
NOW = datetime(2026, 1, 20, 6, 30, tzinfo=SEOUL).astimezone(UTC)
KEY = "aB3+x/9Qz=="
AGENT = "syndication/1 (+https://morning.garam.example; editor@garam.example)"
STATIONS = ("서울", "강릉", "부산", "없는곳")


def made_up(asked: Asked) -> Reply:
    """As the stand-in answers at NOW."""
    said = skies.answer(asked.name, asked.query, NOW)
    return Reply(404, b"nothing") if said is None else Reply(said.status, said.body, said.headers)


@pytest.fixture
def far() -> Iterator[Far]:
    with far_side(made_up) as side:
        yield side


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


Make = Callable[[Far, FixedClock], WeatherService]
SERVICES: dict[str, Make] = {
    "kma": lambda far, clock: KmaService(key=KEY, clock=clock, base_url=far.url),
    "hub": lambda far, clock: HubService(key=KEY, clock=clock, base_url=far.url),
    "alerts": lambda far, clock: HubAlerts(key=KEY, clock=clock, base_url=far.url),
    "midterm": lambda far, clock: MidTermService(key=KEY, clock=clock, stations=STATIONS, base_url=far.url),
    "map": lambda far, clock: CurrentService(clock=clock, base_url=far.url),
    "airkorea": lambda far, clock: AirKoreaService(key=KEY, clock=clock, base_url=far.url),
    "metno": lambda far, clock: MetnoService(user_agent=AGENT, clock=clock, base_url=far.url),
}
ALL = pytest.mark.parametrize("make", SERVICES.values(), ids=SERVICES)


@ALL
def test_a_service_tells_something_and_says_when_to_ask_again(make: Make, far: Far, clock: FixedClock) -> None:
    service = make(far, clock)
    reading = service.read(STATIONS, DAY)
    assert reading.source_id == service.id
    assert reading.observations or reading.forecasts or reading.alerts or reading.air or reading.outlooks
    assert NOW + timedelta(minutes=2) <= service.next_check(NOW) <= NOW + timedelta(hours=13)
    assert service.calls == len(far.asked)


def html(_: Asked) -> Reply:
    return Reply(200, b"<!DOCTYPE html><html><body>service is busy</body></html>", {"Content-Type": "text/html"})


def spent(_: Asked) -> Reply:
    body = b'{"response":{"header":{"resultCode":"22","resultMsg":"LIMITED_NUMBER_OF_SERVICE_REQUESTS_EXCEEDS_ERROR"}}}'
    return Reply(200, body)


@ALL
@pytest.mark.parametrize(
    "fault",
    [
        lambda _: Reply(500, b"Unexpected errors"),
        lambda _: Reply(503, b"", {"Retry-After": "120"}),
        lambda _: Reply(429, b"slow down", {"Retry-After": "120"}),
        html,
        lambda _: Reply(200, b""),
        lambda _: Reply(200, b"Unexpected errors"),
        lambda _: Reply(200, b"\xff\xfe\x00" * 100),
        lambda _: Reply(200, b"{}"),
    ],
    ids=["500", "503", "429", "html", "empty", "text", "bytes", "json"],
)
def test_what_may_work_later_is_transient(
    make: Make, fault: Callable[[Asked], Reply], far: Far, clock: FixedClock
) -> None:
    far.answer = fault
    with pytest.raises(Transient):
        make(far, clock).read(STATIONS, DAY)


@ALL
def test_a_redirect_and_a_flood_are_the_operators(make: Make, far: Far, clock: FixedClock) -> None:
    for answer in (Reply(302, b"", {"Location": "http://127.0.0.1:1/"}), Reply(200, b" " * 5_000_000)):
        far.answer = lambda _, answer=answer: answer  # type: ignore[misc]
        with pytest.raises(Permanent):
            make(far, clock).read(STATIONS, DAY)


@ALL
def test_no_key_is_ever_told(
    make: Make, far: Far, clock: FixedClock, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    told = []
    for status in (200, 403, 500):
        far.answer = lambda _, status=status: Reply(status, f"key {KEY} or aB3%2Bx%2F9Qz%3D%3D?".encode())  # type: ignore[misc]
        with pytest.raises((Transient, Permanent)) as error:
            make(far, clock).read(STATIONS, DAY)
        told.append(f"{error.value!r} {error.value.__cause__!r}")
    out = capsys.readouterr()
    everything = " ".join([*told, caplog.text, out.out, out.err, repr(make(far, clock))])
    assert not any(form in everything for form in (KEY, "aB3%2Bx"))


@ALL
def test_a_packed_answer_is_read_and_a_packed_flood_is_not(make: Make, far: Far, clock: FixedClock) -> None:
    far.answer = lambda asked: _packed(made_up(asked))
    assert make(far, clock).read(STATIONS, DAY).source_id
    far.answer = lambda _: Reply(200, gzip.compress(b" " * 50_000_000), {"Content-Encoding": "gzip"})
    with pytest.raises(Permanent):
        make(far, clock).read(STATIONS, DAY)


def _packed(reply: Reply) -> Reply:
    return replace(reply, body=gzip.compress(reply.body), headers={**reply.headers, "Content-Encoding": "gzip"})


@pytest.mark.parametrize("name", ["midterm", "airkorea", "kma"])
def test_a_spent_quota_waits_for_midnight_in_seoul(name: str, far: Far, clock: FixedClock) -> None:
    far.answer = spent
    with pytest.raises(Transient) as said:
        SERVICES[name](far, clock).read(STATIONS, DAY)
    assert said.value.retry_after == timedelta(hours=17, minutes=30)
    assert len(far.asked) == 1


@pytest.mark.parametrize("name", ["kma", "midterm", "airkorea", "metno"])
def test_no_more_calls_than_are_left_for_the_day(name: str, far: Far, clock: FixedClock) -> None:
    service = SERVICES[name](far, clock)
    try:
        service.read(("서울", "강릉", "부산", "제주", "광주", "대전"), DAY, at_most=2)
    except (Transient, Permanent):
        pass
    assert len(far.asked) <= 2


class TestHub:
    def test_one_call_brings_every_station_that_is_wanted_and_no_other(self, far: Far, clock: FixedClock) -> None:
        reading = SERVICES["hub"](far, clock).read(STATIONS, DAY)
        assert [(o.station, o.condition, o.temperature) for o in reading.observations] == [
            ("강릉", "눈", -7.4),
            ("서울", "맑음", -7.0),
            ("부산", "구름많음", -1.1),
        ]
        assert {o.observed_at for o in reading.observations} == {NOW - timedelta(minutes=30)}
        assert far.names() == ["kma_sfctm2.php"]
        assert far.asked[0].query["authKey"] == KEY

    def test_a_late_hour_is_asked_for_again_soon_and_a_fresh_one_after_the_next(
        self, far: Far, clock: FixedClock
    ) -> None:
        service = SERVICES["hub"](far, clock)
        service.read(STATIONS, DAY)
        assert service.next_check(NOW) == NOW + timedelta(minutes=38)  # 07:08
        clock.at += timedelta(minutes=45)  # and still the table of 06:00
        service.read(STATIONS, DAY)
        assert service.next_check(clock.at) == clock.at + timedelta(minutes=4)

    def test_an_endpoint_that_is_not_subscribed_says_what_to_do(self, far: Far, clock: FixedClock) -> None:
        far.answer = lambda _: Reply(
            403, '{"result":{"status":403,"message":"활용신청이 필요한 API 입니다."}}'.encode()
        )
        with pytest.raises(Permanent, match="활용신청"):
            SERVICES["alerts"](far, clock).read(STATIONS, DAY)


class TestMidTerm:
    def test_each_region_is_asked_for_once_an_issue(self, far: Far, clock: FixedClock) -> None:
        service = SERVICES["midterm"](far, clock)
        told = service.read(STATIONS, DAY).outlooks
        assert [o.region for o in told] == ["수도권", "강원영동", "부산·울산·경남"]
        assert {o.days[0].on for o in told} == {date(2026, 1, 24)}
        service.read(STATIONS, DAY)
        assert len(far.asked) == 3
        assert service.next_check(NOW) == datetime(2026, 1, 20, 18, 30, tzinfo=SEOUL)

    def test_a_late_issue_is_replaced_by_the_one_before_and_asked_for_again(self, far: Far, clock: FixedClock) -> None:
        early = NOW - timedelta(minutes=15)

        def late(asked: Asked) -> Reply:
            said = skies.answer(asked.name, asked.query, early)
            assert said is not None
            return Reply(said.status, said.body)

        far.answer = late
        service = SERVICES["midterm"](far, clock)
        told = service.read(("서울",), DAY).outlooks
        assert told[0].issued_at == datetime(2026, 1, 19, 18, tzinfo=SEOUL)
        assert service.next_check(NOW) == NOW + timedelta(minutes=10)


class TestAirKorea:
    def test_one_call_for_each_province(self, far: Far, clock: FixedClock) -> None:
        told = SERVICES["airkorea"](far, clock).read(("서울", "강릉", "춘천", "부산"), DAY).air
        assert [(a.province, a.pm10, a.pm25, a.places) for a in told] == [
            ("서울", 64, 41, 3),
            ("강원", 34, 18, 3),
            ("부산", 34, 18, 3),
        ]
        assert [a.query["sidoName"] for a in far.asked] == ["서울", "강원", "부산"]
        assert {a.query["serviceKey"] for a in far.asked} == {KEY}

    def test_what_one_province_lacks_does_not_take_it_from_the_others(self, far: Far, clock: FixedClock) -> None:
        far.answer = lambda asked: Reply(500) if asked.query["sidoName"] == "서울" else made_up(asked)
        service = SERVICES["airkorea"](far, clock)
        assert [a.province for a in service.read(STATIONS, DAY).air] == ["강원", "부산"]
        assert service.next_check(NOW) == NOW + timedelta(minutes=10)


class TestMetno:
    def test_it_says_who_asks_and_where_in_few_decimals(self, far: Far, clock: FixedClock) -> None:
        (said,) = SERVICES["metno"](far, clock).read(("서울",), DAY).forecasts
        assert (said.place, said.origin, said.afternoon) == ("서울", Origin.METNO, "구름조금")
        assert far.asked[0].headers["user-agent"] == AGENT
        assert far.asked[0].query == {"lat": "37.571", "lon": "126.966"}

    def test_before_it_expires_nothing_is_asked_and_then_only_for_what_changed(
        self, far: Far, clock: FixedClock
    ) -> None:
        changed = "Mon, 19 Jan 2026 21:04:31 GMT"
        stamps = {
            "Last-Modified": changed,
            "Date": format_datetime(NOW, usegmt=True),
            "Expires": format_datetime(NOW + timedelta(minutes=33), usegmt=True),
        }

        def answer(asked: Asked) -> Reply:
            known = asked.headers.get("if-modified-since") == changed
            return Reply(304, b"", stamps) if known else replace(made_up(asked), headers=stamps)

        with far_side(answer) as own:
            service = SERVICES["metno"](own, clock)
            first = service.read(("서울",), DAY)
            assert service.next_check(NOW) > NOW + timedelta(minutes=33)
            clock.at += timedelta(minutes=5)
            service.read(("서울",), DAY)
            assert len(own.asked) == 1
            clock.at += timedelta(minutes=40)
            again = service.read(("서울",), DAY)
            assert [a.headers.get("if-modified-since") for a in own.asked] == [None, changed]
        assert again.forecasts == first.forecasts

    def test_a_refusal_of_its_terms_is_the_operators_and_ends_the_round(self, far: Far, clock: FixedClock) -> None:
        far.answer = lambda _: Reply(403, b"identify yourself")
        with pytest.raises(Permanent, match="TermsOfService"):
            SERVICES["metno"](far, clock).read(STATIONS, DAY)
        assert len(far.asked) == 1

    def test_a_deprecated_version_still_tells(self, far: Far, clock: FixedClock) -> None:
        far.answer = lambda asked: replace(made_up(asked), status=203)
        assert SERVICES["metno"](far, clock).read(("서울",), DAY).forecasts

    def test_busy_ends_the_round_and_says_how_long(self, far: Far, clock: FixedClock) -> None:
        far.answer = lambda _: Reply(429, b"", {"Retry-After": "600"})
        with pytest.raises(Transient) as said:
            SERVICES["metno"](far, clock).read(STATIONS, DAY)
        assert (said.value.retry_after, len(far.asked)) == (timedelta(minutes=10), 1)
