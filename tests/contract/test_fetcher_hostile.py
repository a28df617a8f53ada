"""The Fetcher against those who mean it ill: every way to an address that is not public, and answers without end."""

from __future__ import annotations

import gzip
import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.adapters.http import HttpFetcher
from syndication.core.addresses import judge, judge_url
from syndication.ports import Permanent, Transient
from tests.contract.origin import Origin, origin

PATIENCE = timedelta(seconds=3)


@pytest.fixture
def site() -> Iterator[Origin]:
    with origin() as told:
        yield told


def fetcher(**values: object) -> HttpFetcher:
    settings = {"timeout": PATIENCE, "max_bytes": 100_000, "per_host_delay": timedelta(0), **values}
    return HttpFetcher(user_agent="test/1", **settings)  # type: ignore[arg-type]


# --- ways in ---------------------------------------------------------------------------------

INNER = (
    "10.0.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",  # the metadata of most clouds
    "169.254.170.2",  # of containers
    "100.100.100.200",  # of Alibaba
    "192.0.0.192",  # of Oracle
    "168.63.129.16",  # of Azure, in public space
    "192.168.1.1",
    "0.0.0.0",
    "::1",
    "::",
    "fd00:ec2::254",  # of AWS
    "fd00::1",
    "fc00::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "::ffff:10.0.0.1",
    "::ffff:0:10.0.0.1",
    "::10.0.0.1",
    "64:ff9b::a00:1",
    "64:ff9b::169.254.169.254",
    "64:ff9b:1::a00:1",
    "2002:a00:1::1",
    "2002:7f00:1::",
    "2001:0:a00:1::",  # Teredo
    "2001:db8::1",
    "ff02::1",
    "100::1",
)


@pytest.mark.parametrize("address", INNER)
def test_a_name_that_leads_inside_is_refused_in_every_form(address: str) -> None:
    assert judge(address, loopback=False) is not None
    with pytest.raises(Permanent, match="not a public address"):
        fetcher(resolver=lambda host, port: [address]).fetch("http://news.example/x")


@pytest.mark.parametrize("address", [a for a in INNER if ":" in a])
def test_such_an_address_written_out_is_refused_too(address: str) -> None:
    with pytest.raises(Permanent):
        fetcher().fetch(f"http://[{address.replace('%', '%25')}]/x")


@pytest.mark.parametrize(
    "host",
    [
        *("2130706433", "0x7f000001", "017700000001", "0x7f.1", "127.1", "0177.0.0.1", "127.0.0.1.", "0x7F.0.0.0x1"),
        *("2852039166", "0xa9fea9fe", "169.254.43518", "localhost", "localhost.", "LOCALHOST", "localhost.localdomain"),
        *(
            "ⓛocalhost",
            "loc\u00adalhost",
            "ｌｏｃａｌｈｏｓｔ",
            "local\u200bhost",
            "１２７.０.０.１",
            "127。0。0。1",
            "①②⑦.⓪.⓪.①",
        ),
        *("%6c%6f%63%61%6c%68%6f%73%74", "localhost%00.news.example", "localhost\t", "127.0.0.1%2f@news.example"),
    ],
)
def test_no_way_of_writing_this_machine_reaches_it(site: Origin, host: str) -> None:
    site.says("/x", body=b"secret")
    with pytest.raises((Permanent, Transient)):
        fetcher().fetch(f"http://{host}:{site.port}/x")
    assert site.asked == []


@pytest.mark.parametrize(
    "url",
    [
        "http://user:secret@news.example/x",
        "http://@news.example/x",
        "http://news.example@127.0.0.1/x",
        "http://127.0.0.1#@news.example/",
        "http://127.0.0.1?@news.example/",
        "http://news.example:25/x",
        "http://news.example:6667/x",
        "http://news.example:22/",
        "http://news.example:0/",
        "http://news.example:99999/",
        "http://news.example:+80/",
        "http://news.example:８０/",
        "dict://news.example:11211/stat",
        "jar:http://news.example!/",
        "data:text/html,x",
        "javascript:alert(1)",
        "//news.example/x",
        "http:\\\\127.0.0.1\\x",
        "http://news.example\r\nHost: 127.0.0.1/",
        "http://news.example /x",
        "http://[::1]news.example/",
        "http://[::1%25lo]/",
        "http://" + "a" * 64 + ".example/",
        "http://a..example/",
    ],
)
def test_what_is_wrong_with_an_address_itself_is_seen_before_any_name_is_asked(url: str) -> None:
    asked: list[str] = []

    def resolver(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    with pytest.raises(Permanent) as told:
        fetcher(resolver=resolver).fetch(url)
    assert asked in ([], ["127.0.0.1"])
    assert "secret" not in str(told.value)


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/",
        "http://[::ffff:a00:1]/",
        "http://inner.example/",
        "file:///etc/passwd",
        "http://news.example:25/",
    ],
)
def test_a_redirect_leads_inside_by_no_name_or_number(site: Origin, location: str) -> None:
    where = {"inner.example": "10.0.0.1", "127.0.0.1": "127.0.0.1"}
    url = site.says("/x", status=302, headers={"Location": location})
    with pytest.raises(Permanent):
        fetcher(resolver=lambda host, port: [where.get(host, host)]).fetch(url, loopback=True)


def test_a_name_that_changes_its_address_between_judging_and_connecting_gains_nothing(site: Origin) -> None:
    """DNS rebinding: the second answer would be the inner one, and nobody asks for it."""
    site.says("/x", body=b"secret")
    answers = iter([["192.0.2.1"], ["127.0.0.1"], ["127.0.0.1"]])
    with pytest.raises((Permanent, Transient)):
        fetcher(resolver=lambda host, port: next(answers)).fetch(f"http://news.example:{site.port}/x")
    assert site.asked == []
    assert next(answers) == ["127.0.0.1"]


def test_what_authorizes_is_told_to_the_address_named_and_to_no_other(site: Origin) -> None:
    with origin("127.0.0.1") as other:
        other.says("/y", body=b"page")
        url = site.says("/x", status=302, headers={"Location": "http://news.example/y"})
        with pytest.raises(Permanent):
            fetcher(resolver=lambda host, port: ["127.0.0.1"]).fetch(url, loopback=True, authorization="Bearer secret")
        assert site.asked[0][1]["authorization"] == "Bearer secret"
        assert other.asked == []
    site.says("/x", body=b"page")
    fetcher().fetch(url, loopback=True)
    assert "authorization" not in site.asked[-1][1]
    with pytest.raises(Permanent, match="header"):
        fetcher().fetch(url, loopback=True, authorization="Bearer x\r\nX-Smuggled: 1")


@given(st.integers(0, 2**128 - 1))
def test_no_ipv6_address_that_carries_an_inner_one_is_public(number: int) -> None:
    inner = 10 << 24 | number & 0xFFFFFF
    for address in (0xFFFF << 32 | inner, 0x64FF9B << 96 | inner, 0x2002 << 112 | inner << 80, inner | 1 << 17):
        assert judge(str(ipaddress.IPv6Address(address)), loopback=False) is not None


@given(st.text(max_size=60))
def test_no_text_makes_the_judge_fail(text: str) -> None:
    for url in (text, f"http://{text}", f"http://{text}/x", f"http://news.example:{text}"):
        assert judge_url(url) is None or isinstance(judge_url(url), str)


# --- answers without end ---------------------------------------------------------------------


@contextmanager
def talks(say: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that says whatever it likes to whoever connects, until it is left."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                line, _ = server.accept()
            except OSError:
                return
            with line:
                try:
                    line.recv(65536)
                    say(line)
                except OSError:
                    pass

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/x"
    finally:
        server.close()


def for_ever(line: socket.socket, piece: bytes, before: bytes = b"") -> None:
    line.sendall(before)
    while True:
        line.sendall(piece)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("before", "piece"),
    [
        (HEAD, b"X-More: " + b"x" * 4000 + b"\r\n"),
        (HEAD, b"x" * 4000),
        (HEAD + b"\r\n", b"x" * 4000),
        (CHUNKED, b"1;" + b"x" * 2000 + b"\r\nx\r\n"),
        (CHUNKED + b"0\r\n", b"X-Trailer: " + b"x" * 2000 + b"\r\n"),
        (b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
        (b"", b"\r\n"),
        (b"HTTP/1.1 200 ", b"x" * 4000),
        (HEAD + b"Content-Length: 999999999999\r\n\r\n", b"x" * 4000),
    ],
)
def test_an_answer_without_end_is_left_within_its_bounds(before: bytes, piece: bytes) -> None:
    began = time.monotonic()
    with talks(lambda line: for_ever(line, piece, before)) as url, pytest.raises((Permanent, Transient)):
        fetcher().fetch(url, loopback=True)
    assert time.monotonic() - began < 4 * PATIENCE.total_seconds()


@pytest.mark.parametrize("before", [b"", HEAD, HEAD + b"\r\n", CHUNKED, HEAD + b"Content-Length: 50\r\n\r\n"])
def test_a_server_that_says_a_byte_now_and_then_is_left_when_the_time_is_over(before: bytes) -> None:
    def drip(line: socket.socket) -> None:
        line.sendall(before)
        for _ in range(200):
            line.sendall(b"1")
            time.sleep(0.1)

    with talks(drip) as url, pytest.raises(Transient):
        fetcher(timeout=timedelta(seconds=1)).fetch(url, loopback=True)


def test_a_server_that_says_nothing_is_left_when_the_time_is_over() -> None:
    with talks(lambda line: time.sleep(20)) as url, pytest.raises(Transient, match="too long"):
        fetcher(timeout=timedelta(seconds=0.5)).fetch(url, loopback=True)


@pytest.mark.parametrize(
    "body",
    [
        gzip.compress(b"\0" * 50_000_000, mtime=0),
        gzip.compress(b"", mtime=0) * 4_000,  # empty members: nothing comes out and time goes by
        gzip.compress(b"x", mtime=0) * 4_000,
        gzip.compress(gzip.compress(b"\0" * 50_000_000, mtime=0), mtime=0) + b"\0" * 200_000,
    ],
)
def test_a_packed_answer_that_swells_is_refused(site: Origin, body: bytes) -> None:
    with pytest.raises((Permanent, Transient)):
        fetcher().fetch(site.says("/x", body=body, headers={"Content-Encoding": "gzip"}), loopback=True)


def test_a_circle_of_redirects_is_left(site: Origin) -> None:
    site.says("/x", status=302, headers={"Location": "/x"})
    with pytest.raises(Permanent):
        fetcher(resolver=lambda host, port: ["127.0.0.1"]).fetch(site.url + "/x", loopback=True)


@pytest.mark.parametrize(
    "answer",
    [b"", b"SSH-2.0-x\r\n", b"HTTP/1.1 abc\r\n\r\n", b"\x16\x03\x01\x02\0", b"\xff" * 100],
)
def test_what_is_no_http_is_trouble_of_the_moment(answer: bytes) -> None:
    with talks(lambda line: line.sendall(answer)) as url, pytest.raises((Transient, Permanent)):
        fetcher().fetch(url, loopback=True)


def test_a_missing_page_says_its_status(site: Origin) -> None:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_error(404)

    site.answers["/x"] = answer
    with pytest.raises(Permanent) as told:
        fetcher().fetch(site.url + "/x", loopback=True)
    assert told.value.status == 404
