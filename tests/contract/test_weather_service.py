"""The weather service over real HTTP on loopback: what it asks, how often, and what it makes of every fault."""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from syndication.adapters.kma import KmaService
from syndication.core.model import Origin
from syndication.ports import Permanent, Transient

DATA = Path(__file__).parent.parent / "data" / "weather"
DAY = date(2026, 1, 20)
KEY = "aB3+x/9Qz=="
SEOUL_CELL = ("60", "127")


@dataclass
class Hands:
    """A clock that stands where it is put."""

    at: datetime

    def now(self) -> datetime:
        return self.at


def morning(text: str = "06:15") -> Hands:
    return Hands(datetime.fromisoformat(f"2026-01-20T{text}+09:00").astimezone(UTC))


Query = dict[str, str]
Reply = tuple[int, bytes]


@dataclass
class Kma:
    """The far side: a real server whose every request is noted, with raw query."""

    answer: Callable[[str, Query], Reply]
    url: str = ""
    raw: list[str] = field(default_factory=list)

    @property
    def asked(self) -> list[tuple[str, str, str, str]]:
        """(call, issue, nx, ny) of each request."""
        queries = [(urlsplit(r).path.rsplit("/", 1)[1], query_of(r)) for r in self.raw]
        return [(call, q["base_date"] + q["base_time"], q["nx"], q["ny"]) for call, q in queries]


def query_of(target: str) -> Query:
    return {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}


@contextmanager
def serving(answer: Callable[[str, Query], Reply]) -> Iterator[Kma]:
    kma = Kma(answer)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kma.raw.append(self.path)
            status, body = kma.answer(urlsplit(self.path).path.rsplit("/", 1)[1], query_of(self.path))
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", body.decode())
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            try:
                self.wfile.write(body)
            except OSError:
                pass

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    kma.url = f"http://127.0.0.1:{server.server_port}/service"
    try:
        yield kma
    finally:
        server.shutdown()
        server.server_close()


def service(kma: Kma, clock: Hands | None = None, **changes: object) -> KmaService:
    options = {"key": KEY, "clock": clock or morning(), "base_url": kma.url, "timeout": timedelta(seconds=2)}
    return KmaService(**(options | changes))


def page(query: Query, values: list[tuple[str, str, str]], *, call: str, rows: int | None = None) -> Reply:
    """A well-formed answer: `values` are (category, hour of the day asked for, value)."""
    items = [
        {
            "baseDate": query["base_date"],
            "baseTime": query["base_time"],
            "category": category,
            "nx": int(query["nx"]),
            "ny": int(query["ny"]),
        }
        | (
            {"obsrValue": value}
            if call == "getUltraSrtNcst"
            else {"fcstDate": "20260120", "fcstTime": hour, "fcstValue": value}
        )
        for category, hour, value in values
    ]
    rows = rows or int(query["numOfRows"])
    start = (int(query["pageNo"]) - 1) * rows
    body = {
        "dataType": "JSON",
        "items": {"item": items[start : start + rows]},
        "pageNo": int(query["pageNo"]),
        "numOfRows": rows,
        "totalCount": len(items),
    }
    header = {"resultCode": "00", "resultMsg": "NORMAL_SERVICE"}
    return 200, json.dumps({"response": {"header": header, "body": body}}, ensure_ascii=False).encode()


OBSERVED = [("PTY", "", "0"), ("T1H", "", "-8.4"), ("RN1", "", "0")]
FORECAST = [
    *(("PTY", f"{h:02}00", "1" if h == 15 else "0") for h in range(6, 24)),
    *(("SKY", f"{h:02}00", "3") for h in range(6, 24)),
    *(("POP", f"{h:02}00", "60" if h == 15 else "10") for h in range(6, 24)),
    ("TMX", "1500", "3.0"),
]
EARLY = [*FORECAST, ("TMN", "0600", "-9.0"), ("TMX", "1500", "2.0")]


def good(call: str, query: Query) -> Reply:
    if call == "getUltraSrtNcst":
        return page(query, OBSERVED, call=call)
    return page(query, EARLY if query["base_time"] == "0200" else FORECAST, call=call)


def file(name: str, status: int = 200) -> Callable[[str, Query], Reply]:
    return lambda call, query: (status, (DATA / name).read_bytes())


class TestReading:
    def test_observation_and_forecast_of_a_station_with_the_low_from_the_issue_that_has_it(self) -> None:
        with serving(good) as kma:
            reading = service(kma).read(["서울"], DAY)
        (seen,) = reading.observations
        (said,) = reading.forecasts
        assert (reading.origin, reading.source_id, reading.fetched_at) == (Origin.KMA, "kma", morning().at)
        assert (seen.station, seen.station_id, seen.temperature, seen.condition) == ("서울", "108", -8.4, None)
        assert seen.observed_at == datetime(2026, 1, 19, 20, tzinfo=UTC)  # 05:00 in Seoul
        assert (said.place, said.on, said.low, said.high) == ("서울", DAY, -9.0, 3.0)
        assert (said.morning, said.afternoon, said.rain_chance) == ("구름많음", "비", 60)
        assert {seen.attribution, said.attribution} == {"기상청"}
        assert kma.asked == [
            ("getUltraSrtNcst", "202601200500", *SEOUL_CELL),
            ("getVilageFcst", "202601200500", *SEOUL_CELL),
            ("getVilageFcst", "202601200200", *SEOUL_CELL),
        ]

    def test_just_after_midnight_the_issues_of_the_day_before_are_asked_for(self) -> None:
        with serving(good) as kma:
            service(kma, morning("00:05")).read(["서울"], DAY)
        assert [issue for _, issue, _, _ in kma.asked] == ["202601192300", "202601192300"]

    def test_an_answer_of_several_pages_is_read_to_its_end(self) -> None:
        def short_pages(call: str, query: Query) -> Reply:
            return page(query, OBSERVED if call == "getUltraSrtNcst" else EARLY, call=call, rows=20)

        with serving(short_pages) as kma:
            (said,) = service(kma).read(["서울"], DAY).forecasts
        assert (said.low, said.high) == (-9.0, 2.0)  # they stand on the last page
        assert sum(call == "getVilageFcst" for call, *_ in kma.asked) == 3

    def test_a_server_that_repeats_its_first_page_does_not_hold_us(self) -> None:
        def stuck(call: str, query: Query) -> Reply:
            status, body = good(call, query | {"pageNo": "1"})
            return status, body.replace(b'"totalCount": ', b'"totalCount": 9')

        with serving(stuck) as kma:
            assert len(service(kma).read(["서울"], DAY).observations) == 1
        assert len(kma.raw) == 6

    def test_stations_of_one_cell_are_asked_for_once_and_an_issue_never_twice(self) -> None:
        clock = morning()
        with serving(good) as kma:
            weather = service(kma, clock)
            reading = weather.read(["서울", "부산", "서울"], DAY)
            assert [o.station for o in reading.observations] == ["서울", "부산"]
            assert len(kma.raw) == 6
            assert weather.read(["부산", "서울"], DAY).observations
            assert len(kma.raw) == 6
            clock.at += timedelta(minutes=30)  # a newer observation is there, no newer forecast
            weather.read(["서울"], DAY)
        assert kma.asked[6:] == [("getUltraSrtNcst", "202601200600", *SEOUL_CELL)]

    def test_an_issue_that_is_late_is_replaced_by_the_one_before(self) -> None:
        def late(call: str, query: Query) -> Reply:
            return file("no-data.json")(call, query) if query["base_time"] == "0500" else good(call, query)

        with serving(late) as kma:
            reading = service(kma).read(["서울"], DAY)
        assert reading.observations[0].observed_at == datetime(2026, 1, 19, 19, tzinfo=UTC)
        assert reading.forecasts[0].issued_at == datetime(2026, 1, 19, 17, tzinfo=UTC)

    def test_only_one_issue_back_is_tried(self) -> None:
        with serving(file("no-data.json")) as kma, pytest.raises(Transient):
            service(kma).read(["서울"], DAY)
        assert [issue for call, issue, *_ in kma.asked if call == "getUltraSrtNcst"] == ["202601200500", "202601200400"]

    def test_what_one_station_lacks_does_not_take_it_from_the_others(self) -> None:
        def torn(call: str, query: Query) -> Reply:
            return (500, b"Unexpected errors") if query["nx"] == "60" else good(call, query)

        with serving(torn) as kma:
            reading = service(kma).read(["서울", "부산", "없는곳"], DAY)
        assert [o.station for o in reading.observations] == ["부산"]


class TestKey:
    @pytest.mark.parametrize("form", [KEY, "aB3%2Bx%2F9Qz%3D%3D"])
    def test_either_form_is_sent_encoded_exactly_once(self, form: str) -> None:
        with serving(good) as kma:
            service(kma, key=form).read(["서울"], DAY)
        assert all("serviceKey=aB3%2Bx%2F9Qz%3D%3D&" in target for target in kma.raw)

    def test_is_never_logged_nor_told_in_errors(
        self, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
    ) -> None:
        caplog.set_level(logging.DEBUG)
        said = f"key {KEY} or aB3%2Bx%2F9Qz%3D%3D is unknown".encode()
        told = []
        for answer in (lambda c, q: (200, said), lambda c, q: (500, b""), lambda c, q: (302, b"http://127.0.0.1:1/")):
            with serving(answer) as kma, pytest.raises((Transient, Permanent)) as error:
                service(kma).read(["서울"], DAY)
            told.append(f"{error.value!r} {error.value.__cause__!r} {error.value.__suppress_context__}")
        out = capsys.readouterr()
        everything = " ".join([*told, caplog.text, out.out, out.err])
        assert "unknown" in everything
        assert not any(form in everything for form in (KEY, "aB3%2Bx"))
        assert KEY not in repr(service(kma))


class TestRefusals:
    def test_an_unknown_key_stops_at_once_and_says_what_to_do(self) -> None:
        with serving(file("key-unknown-403.json", 403)) as kma, pytest.raises(Permanent, match="subscribe"):
            service(kma).read(["서울", "부산"], DAY)
        assert len(kma.raw) == 1

    def test_a_spent_quota_stops_until_the_next_day_in_seoul(self) -> None:
        clock = morning("22:00")
        with serving(file("quota.xml")) as kma:
            weather = service(kma, clock)
            for _ in range(3):
                with pytest.raises(Transient) as said:
                    weather.read(["서울", "부산"], DAY)
                assert said.value.retry_after == timedelta(hours=2)
            assert len(kma.raw) == 1
            kma.answer = good
            clock.at += timedelta(hours=2)
            assert weather.read(["서울"], DAY).observations

    def test_what_was_read_before_the_quota_ran_out_is_kept(self) -> None:
        def spent(call: str, query: Query) -> Reply:
            return good(call, query) if call == "getUltraSrtNcst" else file("quota.xml")(call, query)

        with serving(spent) as kma:
            reading = service(kma).read(["서울", "부산"], DAY)
        assert ([o.station for o in reading.observations], reading.forecasts) == (["서울"], ())

    def test_a_request_that_is_never_right_is_not_transient(self) -> None:
        with serving(file("too-old.json")) as kma, pytest.raises(Permanent, match="최근 3일"):
            service(kma).read(["서울"], DAY)

    @pytest.mark.parametrize("name", ["unexpected.txt", "empty-items.json"])
    def test_the_rest_may_work_later(self, name: str) -> None:
        with serving(file(name)) as kma, pytest.raises(Transient):
            service(kma).read(["서울"], DAY)

    def test_an_answer_to_another_question_is_not_taken(self) -> None:
        with serving(file("one-item-object.json")) as kma, pytest.raises(Transient, match="another issue"):
            service(kma).read(["서울"], DAY)

    def test_unknown_stations_alone_are_the_operators_to_change(self) -> None:
        with serving(good) as kma, pytest.raises(Permanent, match="없는곳"):
            service(kma).read(["없는곳"], DAY)
        assert kma.raw == []

    def test_a_redirect_is_not_followed(self) -> None:
        with serving(good) as elsewhere:
            away = f"{elsewhere.url}/getUltraSrtNcst".encode()
            with serving(lambda call, query: (302, away)) as kma, pytest.raises(Permanent, match="redirect"):
                service(kma).read(["서울"], DAY)
        assert elsewhere.raw == []


@contextmanager
def raw_server(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that says whatever bytes `talk` writes, however slowly."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=speak, args=(connection,), daemon=True).start()

    def speak(connection: socket.socket) -> None:
        with connection:
            try:
                connection.recv(65_536)
                talk(connection)
            except OSError:
                pass

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.close()


def drip(head: bytes) -> Callable[[socket.socket], None]:
    def talk(connection: socket.socket) -> None:
        connection.sendall(head)
        for _ in range(200):
            connection.sendall(b"x")
            time.sleep(0.05)

    return talk


def cut_off(connection: socket.socket) -> None:
    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{"response":')


def flood(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    for _ in range(2000):
        connection.sendall(b" " * 100_000)


class TestFaults:
    @pytest.mark.parametrize(
        ("talk", "error"),
        [
            (drip(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"), Transient),
            (drip(b"HTTP/1.1 200 OK\r\nX-Slow: "), Transient),
            (lambda connection: time.sleep(5), Transient),
            (lambda connection: None, Transient),
            (cut_off, Transient),
            (flood, Permanent),
            (lambda connection: connection.sendall(b"not HTTP at all\r\n\r\n"), Transient),
        ],
        ids=["slow body", "slow head", "silent", "closed", "cut off", "endless", "not HTTP"],
    )
    def test_end_soon_with_an_error_of_ours(
        self, talk: Callable[[socket.socket], None], error: type[Exception]
    ) -> None:
        with raw_server(talk) as url:
            weather = KmaService(
                key=KEY, clock=morning(), base_url=url, timeout=timedelta(seconds=0.4), within=timedelta(seconds=1)
            )
            started = time.monotonic()
            with pytest.raises(error):
                weather.read(["서울", "부산", "대구", "광주"], DAY)
            assert time.monotonic() - started < 3

    def test_a_dead_port_is_transient(self) -> None:
        with pytest.raises(Transient):
            KmaService(key=KEY, clock=morning(), base_url="http://127.0.0.1:1").read(["서울"], DAY)

    def test_an_address_that_is_no_address_is_told_at_once(self) -> None:
        with pytest.raises(ValueError, match="https://"):
            KmaService(key=KEY, clock=morning(), base_url="apis.example.com")
