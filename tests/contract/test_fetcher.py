"""The Fetcher against real servers on loopback: what it refuses, what it bounds, and what it makes of answers."""

from __future__ import annotations

import gzip
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler

import pytest

from syndication.adapters.guard import Resolver
from syndication.adapters.http import HttpFetcher, follow, shown
from syndication.ports import Fetched, Permanent, Transient
from tests.contract.origin import Origin, origin


@pytest.fixture
def site() -> Iterator[Origin]:
    with origin() as told:
        yield told


def fetcher(
    *,
    timeout: timedelta = timedelta(seconds=5),
    max_bytes: int = 1_000_000,
    delay: timedelta = timedelta(0),
    resolver: Resolver | None = None,
) -> HttpFetcher:
    return HttpFetcher(
        user_agent="test/1", timeout=timeout, max_bytes=max_bytes, per_host_delay=delay, resolver=resolver
    )


# --- what is refused -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/x",
        "http://localhost:{port}/x",
        "http://2130706433:{port}/x",
        "http://0x7f.0.0.1:{port}/x",
        "http://0177.0.0.1:{port}/x",
        "http://127.1:{port}/x",
        "http://127.0.0.1.:{port}/x",
        "http://１２７.０.０.１:{port}/x",
        "http://127。0。0。1:{port}/x",
        "http://[::1]:{port}/x",
        "http://[::ffff:127.0.0.1]:{port}/x",
        "http://[::ffff:7f00:1]:{port}/x",
        "http://[64:ff9b::7f00:1]:{port}/x",
        "http://[2002:7f00:1::]:{port}/x",
        "http://[::127.0.0.1]:{port}/x",
        "http://[fe80::1%25lo]:{port}/x",
        "http://0.0.0.0:{port}/x",
        "http://0:{port}/x",
        "http://169.254.169.254/latest/meta-data",
        "http://10.0.0.1/x",
        "http://192.168.0.1/x",
        "http://172.16.0.1/x",
        "http://100.64.0.1/x",
        "http://224.0.0.1/x",
        "http://255.255.255.255/x",
        "http://[fd00::1]/x",
        "http://[ff02::1]/x",
        "http://user:secret@127.0.0.1:{port}/x",
        "http://user@news.example/x",
        "http://127.0.0.1:{port}\\@news.example/x",
        "file:///etc/passwd",
        "ftp://news.example/x",
        "gopher://127.0.0.1:{port}/x",
        "http:///x",
        "not a url",
        "",
    ],
)
def test_an_address_that_is_not_public_is_never_asked(site: Origin, url: str) -> None:
    site.says("/x", body=b"secret")
    with pytest.raises((Permanent, Transient)) as refused:
        fetcher().fetch(url.format(port=site.port))
    assert isinstance(refused.value, Permanent)
    assert "secret" not in str(refused.value)
    assert site.asked == []


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["10.1.2.3"],
        ["::1"],
        ["::ffff:127.0.0.1"],
        ["fe80::1"],
        ["169.254.169.254"],
        ["93.184.215.14", "127.0.0.1"],  # one of several is enough
    ],
)
def test_a_name_that_leads_to_a_private_address_is_refused(site: Origin, addresses: list[str]) -> None:
    with pytest.raises(Permanent, match="not a public address"):
        fetcher(resolver=lambda host, port: addresses).fetch(f"http://news.example:{site.port}/x")
    assert site.asked == []


def test_a_name_is_resolved_once_and_the_judged_address_is_the_one_connected_to(site: Origin) -> None:
    site.says("/x", body=b"page")
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    got = fetcher(resolver=lambda host, port: next(answers)).fetch(f"http://news.example:{site.port}/x", loopback=True)
    assert got.body == b"page"
    assert site.asked[0][1]["host"] == f"news.example:{site.port}"
    assert next(answers) == ["10.0.0.1"]


def test_loopback_named_on_purpose_allows_loopback_alone(site: Origin) -> None:
    assert fetcher().fetch(site.says("/x", body=b"page"), loopback=True).body == b"page"
    with pytest.raises(Permanent, match="not a public address"):
        fetcher().fetch("http://10.0.0.1/x", loopback=True)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_loopback_is_refused_even_where_loopback_was_named(site: Origin, status: int) -> None:
    inner = site.says("/inner", body=b"secret")
    url = site.says("/x", status=status, headers={"Location": inner})
    with pytest.raises(Permanent, match="not a public address"):
        fetcher().fetch(url, loopback=True)
    assert [path for path, _ in site.asked] == ["/x"]


@pytest.mark.parametrize(
    "location",
    [
        "/inner",
        "//127.0.0.1:{port}/inner",
        "http://2130706433:{port}/inner",
        "file:///etc/passwd",
        "http://u:p@news.example/",
        "http://[",
        "",
    ],
)
def test_a_redirect_is_judged_like_any_address(site: Origin, location: str) -> None:
    site.says("/inner", body=b"secret")
    url = site.says("/x", status=302, headers={"Location": location.format(port=site.port)})
    with pytest.raises(Permanent):
        fetcher().fetch(url, loopback=True)
    assert [path for path, _ in site.asked] == ["/x"]


def test_proxies_of_the_environment_are_not_asked(site: Origin, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert fetcher().fetch(site.says("/x", body=b"page"), loopback=True).body == b"page"


# --- what is bounded -------------------------------------------------------------------------


def test_a_body_above_the_limit_is_refused(site: Origin) -> None:
    with pytest.raises(Permanent, match="larger than"):
        fetcher(max_bytes=1000).fetch(site.says("/x", body=b"x" * 1001), loopback=True)
    assert fetcher(max_bytes=1000).fetch(site.says("/y", body=b"x" * 1000), loopback=True).body == b"x" * 1000


def test_a_packed_body_counts_unpacked(site: Origin) -> None:
    bomb = gzip.compress(b"\0" * 50_000_000, mtime=0)
    assert len(bomb) < 100_000
    with pytest.raises(Permanent, match="larger than"):
        fetcher().fetch(site.says("/x", body=bomb, headers={"Content-Encoding": "gzip"}), loopback=True)


def test_a_packed_body_is_unpacked_whole_in_all_its_members(site: Origin) -> None:
    body = gzip.compress("가람시".encode()) + gzip.compress(b" news")
    got = fetcher().fetch(site.says("/x", body=body, headers={"Content-Encoding": "gzip"}), loopback=True)
    assert got.body == "가람시 news".encode()


@pytest.mark.parametrize("body", [gzip.compress(b"page", mtime=0)[:-4], b"no gzip at all"])
def test_a_packed_body_that_breaks_is_tried_again_later(site: Origin, body: bytes) -> None:
    with pytest.raises(Transient):
        fetcher().fetch(site.says("/x", body=body, headers={"Content-Encoding": "gzip"}), loopback=True)


@pytest.mark.parametrize("encoding", ["br", "gzip, gzip", "deflate", "zstd"])
def test_an_encoding_that_was_not_asked_for_is_refused(site: Origin, encoding: str) -> None:
    with pytest.raises(Permanent, match="encoding"):
        fetcher().fetch(site.says("/x", body=b"x", headers={"Content-Encoding": encoding}), loopback=True)


@pytest.mark.parametrize("where", ["head", "body"])
def test_a_server_that_drips_is_left_when_the_time_is_over(site: Origin, where: str) -> None:
    def drip(request: BaseHTTPRequestHandler) -> None:
        if where == "body":
            request.send_response(200)
            request.end_headers()
        else:
            request.wfile.write(b"HTTP/1.0 200 OK\r\nX-Slow: ")
        for _ in range(100):
            request.wfile.write(b"x")
            time.sleep(0.05)

    site.answers["/x"] = drip
    began = time.monotonic()
    with pytest.raises(Transient, match="too long"):
        fetcher(timeout=timedelta(seconds=0.5)).fetch(site.url + "/x", loopback=True)
    assert time.monotonic() - began < 2


def test_a_resolver_that_hangs_is_left_when_the_time_is_over() -> None:
    def hangs(host: str, port: int) -> list[str]:
        time.sleep(3)
        return ["93.184.215.14"]

    began = time.monotonic()
    with pytest.raises(Transient, match="resolved"):
        fetcher(timeout=timedelta(seconds=0.3), resolver=hangs).fetch("http://news.example/x")
    assert time.monotonic() - began < 2


def test_a_chain_of_redirects_ends_after_five() -> None:
    asked: list[tuple[str, bool]] = []

    def ask(url: str, first: bool) -> Fetched | str:
        asked.append((url, first))
        return f"http://news.example/{len(asked)}?key=secret"

    with pytest.raises(Permanent, match="more than 5 redirects") as told:
        follow("http://news.example/", ask)
    assert [first for _, first in asked] == [True] + [False] * 5
    assert "secret" not in str(told.value)


def test_requests_to_one_host_keep_their_distance(site: Origin) -> None:
    url = site.says("/x", body=b"x")
    polite = fetcher(delay=timedelta(seconds=0.3))
    began = time.monotonic()
    for _ in range(3):
        polite.fetch(url, loopback=True)
    assert 0.6 <= time.monotonic() - began < 2


# --- what is made of answers -----------------------------------------------------------------


def test_validators_go_out_and_come_back(site: Origin) -> None:
    url = site.says("/x", body=b"page", headers={"ETag": '"a"', "Last-Modified": "Tue, 20 Jan 2026 00:00:00 GMT"})
    first = fetcher().fetch(url, loopback=True)
    assert (first.etag, first.last_modified) == ('"a"', "Tue, 20 Jan 2026 00:00:00 GMT")
    site.says("/x", status=304)
    again = fetcher().fetch(url, etag=first.etag, last_modified=first.last_modified, loopback=True)
    assert again.body is None
    assert (again.etag, again.last_modified) == (first.etag, first.last_modified)
    assert site.asked[-1][1]["if-none-match"] == '"a"'
    assert site.asked[-1][1]["if-modified-since"] == "Tue, 20 Jan 2026 00:00:00 GMT"


def test_a_validator_cannot_smuggle_headers(site: Origin) -> None:
    url = site.says("/x", body=b"page")
    fetcher().fetch(url, etag='"a"\r\nX-Smuggled: 1', last_modified="가", loopback=True)
    assert not {"x-smuggled", "if-none-match", "if-modified-since"} & site.asked[-1][1].keys()


def test_gone_is_the_end(site: Origin) -> None:
    assert fetcher().fetch(site.says("/x", status=410), loopback=True).ended


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 408, 304])
def test_trouble_of_the_moment_is_transient(site: Origin, status: int) -> None:
    with pytest.raises(Transient):
        fetcher().fetch(site.says("/x", status=status), loopback=True)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 451, 206])
def test_a_refusal_is_permanent(site: Origin, status: int) -> None:
    with pytest.raises(Permanent, match=str(status)):
        fetcher().fetch(site.says("/x", status=status), loopback=True)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("120", timedelta(seconds=120)),
        ("Tue, 20 Jan 2026 00:05:00 GMT", timedelta(minutes=5)),
        ("Tue, 20 Jan 2026 00:00:00 GMT", timedelta(0)),
        ("999999999999", timedelta(days=2)),
        ("soon", None),
        ("-5", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_date(site: Origin, said: str, meant: timedelta | None) -> None:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response_only(503)
        request.send_header("Date", "Tue, 20 Jan 2026 00:00:00 GMT")
        request.send_header("Retry-After", said)
        request.send_header("Content-Length", "0")
        request.end_headers()

    site.answers["/x"] = answer
    with pytest.raises(Transient) as told:
        fetcher().fetch(site.url + "/x", loopback=True)
    assert told.value.retry_after == meant


def test_a_dead_name_or_port_is_transient(site: Origin) -> None:
    def dead(host: str, port: int) -> list[str]:
        raise OSError("no such name")

    with pytest.raises(Transient, match="resolved"):
        fetcher(resolver=dead).fetch("http://news.example/x")
    with pytest.raises(Transient):
        fetcher().fetch("http://127.0.0.1:2/x", loopback=True)


def test_a_body_that_ends_early_is_transient(site: Origin) -> None:
    site.says("/x", body=b"half", headers={"Content-Length": "100"})
    with pytest.raises(Transient):
        fetcher().fetch(site.url + "/x", loopback=True)


def test_what_is_said_of_an_address_never_holds_its_query(site: Origin) -> None:
    assert shown("https://u:p@news.example:8443/a?key=secret#x") == "https://news.example:8443/a"
    with pytest.raises(Permanent) as told:
        fetcher().fetch(site.says("/x", status=404) + "?key=secret", loopback=True)
    assert "secret" not in str(told.value)


def test_a_korean_path_and_query_arrive(site: Origin) -> None:
    site.says("/%EA%B0%80%EB%9E%8C", body=b"page")
    assert fetcher().fetch(site.url + "/가람?q=나루", loopback=True).body == b"page"
