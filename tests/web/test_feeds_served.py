"""Feeds over real HTTP: a running server with its workers, asked by a checker of HTTP and by sockets."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from syndication import bootstrap
from syndication.adapters.files import FilePublisher
from syndication.cli.running import web_command
from syndication.settings import Settings, write_starter
from tests.servers import die_with_parent, neighbouring_ports
from tests.web.conftest import FEED

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("served")]

RSS = "feeds/daily/articles.rss"
KOREAN = "feeds/section/사회/articles.atom"
FILES = (
    RSS,
    KOREAN,
    "feeds/daily/articles.json",
    "feeds/daily/articles/2026-01.rss",
    "feeds/all.opml",
    "feeds/deleted.atom",
    "sitemap-news.xml",
    "sitemap-news-2026-01-20.xml",
)
BODY = FEED + b"<!-- " + "가람시의 아침 소식 ".encode() * 400 + b" -->\n"
WORKERS = 2


@dataclass(frozen=True)
class Place:
    """An installation with published files, and a server of it."""

    settings: Settings
    publisher: FilePublisher
    program: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.settings.web.port}"


@contextmanager
def running(folder: Path, *, quick: bool = True) -> Iterator[Place]:
    """The web of a sample publisher as `run` starts it; not `quick`: without uvicorn's shortcut."""
    write_starter(folder, first_port=neighbouring_ports(4))
    file = folder / "publisher.toml"
    more = (
        f'[feeds]\nhub = "https://hub.example/"\nmoved = [{{ from = "/rss.xml", to = "/{RSS}" }}]\nended = ["/old/"]\n'
    )
    file.write_text(file.read_text("utf-8").replace("[web]\n", f"{more}\n[web]\nworkers = {WORKERS}\n"), "utf-8")
    settings = bootstrap.load(file, os.environ)
    bootstrap.open_house(settings).close()
    public = settings.storage.folder / "public"
    publisher = FilePublisher(public)
    for path in FILES:
        publisher.publish(path, BODY, "")
        os.utime(public / path, (time.time() - 60,) * 2)
    command = web_command(settings)
    if not quick:
        at = command.index("--http")
        del command[at : at + 2]
    with (folder / "web.log").open("wb") as log:
        program = subprocess.Popen(
            command,
            stdout=log,
            stderr=log,
            preexec_fn=die_with_parent,
            env={**os.environ, bootstrap.PUBLISHER: str(file)},
        )
    place = Place(settings=settings, publisher=publisher, program=program)
    try:
        answering(place, folder)
        yield place
    finally:
        program.terminate()
        program.wait(30)


def answering(place: Place, folder: Path) -> None:
    """Wait until every worker listens."""
    ends = time.monotonic() + 120
    while (folder / "web.log").read_text().count("Application startup complete") < WORKERS:
        assert place.program.poll() is None, (folder / "web.log").read_text()
        assert time.monotonic() < ends, (folder / "web.log").read_text()
        time.sleep(0.1)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with running(tmp_path_factory.mktemp("served") / "paper") as made:
        yield made


@pytest.fixture(scope="module")
def ordinary(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with running(tmp_path_factory.mktemp("ordinary") / "paper", quick=False) as made:
        yield made


# --- a checker of HTTP -----------------------------------------------------------------------

REDBOT = shutil.which("redbot", path=str(Path(sys.executable).parent))


@pytest.mark.skipif(REDBOT is None, reason="needs redbot (requirements-dev.txt)")
@pytest.mark.parametrize("path", [*FILES, "feeds/feed.xsl"])
def test_redbot_finds_nothing_bad(place: Place, path: str) -> None:
    """https://github.com/mnot/redbot asks again with validators, in gzip and for ranges."""
    command = [str(REDBOT), "-o", "har", f"{place.url}/{quote(path)}"]
    told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    entry = json.loads(told.stdout)["log"]["entries"][0]
    notes = {note["note_id"]: note for note in entry["_red_messages"]}
    bad = {note["summary"] for note in notes.values() if note["level"] in ("BAD", "WARN")}
    assert bad <= {"Cache-Control: public is probably not necessary."}  # probably: proxies that ask for a password
    assert {"INM_304", "CONNEG_GZIP_GOOD"} <= notes.keys()
    assert ("IMS_304" in notes) is (path != "feeds/feed.xsl")


# --- retractions -----------------------------------------------------------------------------


def workers_of(program: subprocess.Popen[bytes]) -> list[int]:
    """The processes that serve: uvicorn spawns each, and one more to look after what they share."""
    children = Path(f"/proc/{program.pid}/task/{program.pid}/children").read_text().split()
    return [int(child) for child in children if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]


def ask(
    connection: socket.socket, *lines: str, path: str = RSS, method: str = "GET"
) -> tuple[int, dict[str, str], bytes]:
    """One request over a connection that stays open."""
    head = "\r\n".join((f"{method} /{quote(path)} HTTP/1.1", "Host: garam.example", *lines, "", ""))
    connection.sendall(head.encode())
    return answer(connection, method)


def answer(connection: socket.socket, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
    """The next answer, and not an octet more."""
    data = b""
    while not data.endswith(b"\r\n\r\n"):
        octet = connection.recv(1)
        assert octet, data
        data += octet
    first, *fields = data.decode("latin-1").split("\r\n")[:-2]
    status = int(first.split()[1])
    headers = {name.lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)}
    body, left = b"", 0 if method == "HEAD" or status == 304 else int(headers.get("content-length", 0))
    while len(body) < left:
        body += connection.recv(left - len(body))
    return status, headers, body


@contextmanager
def connected(place: Place) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", place.settings.web.port), timeout=30) as connection:
        yield connection


def one_per_worker(place: Place) -> list[socket.socket]:
    """An open connection to each of the workers: made while the others stand still."""
    workers = workers_of(place.program)
    assert len(workers) == WORKERS
    return [connected_to(place, [other for other in workers if other != worker]) for worker in workers]


def connected_to(place: Place, others: list[int]) -> socket.socket:
    for other in others:
        os.kill(other, signal.SIGSTOP)
    try:
        connection = socket.create_connection(("127.0.0.1", place.settings.web.port), timeout=30)
        assert ask(connection)[0] == 200
        return connection
    finally:
        for other in others:
            os.kill(other, signal.SIGCONT)


def test_after_a_retraction_every_worker_answers_a_conditional_request_with_200(place: Place) -> None:
    connections = one_per_worker(place)
    try:
        for round_ in range(5):
            (tag,) = {ask(each, "Accept-Encoding: gzip")[1]["etag"] for each in connections}  # the same everywhere
            same = f"If-None-Match: {tag}"
            assert {ask(each, "Accept-Encoding: gzip", same)[0] for each in connections} == {304}
            retracted = BODY.replace("나루군 옛 역".encode(), f"[기사 취소 {round_}] ".encode())
            place.publisher.publish(RSS, retracted, "")
            for each in connections:
                status, headers, body = ask(each, "Accept-Encoding: gzip", same)
                assert status == 200
                assert gzip.decompress(body) == retracted
                assert headers["etag"] != tag
    finally:
        for each in connections:
            each.close()
        place.publisher.publish(RSS, BODY, "")


# --- the shortcut ----------------------------------------------------------------------------

REQUESTS: list[tuple[str, str, tuple[str, ...]]] = [
    ("GET", RSS, ()),
    ("HEAD", RSS, ()),
    ("GET", RSS, ("Accept-Encoding: gzip, br",)),
    ("HEAD", RSS, ("Accept-Encoding: br;q=0.1, gzip",)),
    ("GET", KOREAN, ("Accept-Encoding: gzip",)),
    ("GET", KOREAN, ("If-None-Match: *",)),
    ("GET", RSS, ("If-None-Match: {tag}",)),
    ("GET", RSS, ('If-None-Match: "a", W/{tag}', 'If-None-Match: "b"')),
    ("GET", RSS, ("If-Modified-Since: {date}",)),
    ("GET", RSS, ('If-None-Match: "a"', "If-Modified-Since: {date}")),
    ("GET", RSS, ('If-Match: "a"',)),
    ("GET", RSS, ("Range: bytes=0-9",)),
    ("GET", RSS, ("Content-Length: 5\r\n\r\nhello",)),
    ("GET", RSS, ("Expect: 100-continue",)),
    ("GET", RSS, ("Sec-Fetch-Dest: document", "Accept: text/html")),
    ("GET", RSS, ("Upgrade: h2c", "Connection: Upgrade")),
    ("POST", RSS, ("Content-Length: 5\r\n\r\nhello",)),
    ("OPTIONS", RSS, ()),
    ("GET", "feeds/daily/../daily/articles.rss", ()),
    ("GET", "feeds/nothing.rss", ()),
    ("GET", "feeds/%2e%2e/secret.rss", ()),
    ("GET", "rss.xml", ()),
    ("GET", "old/rss.xml", ()),
    ("GET", "robots.txt/", ()),
    ("GET", "daily/", ()),
    ("GET", "sitemap-news.xml", ()),
]


def exchanged(place: Place, method: str, path: str, lines: tuple[str, ...]) -> tuple[int, dict[str, str], bytes]:
    with connected(place) as connection:
        first = ask(connection)[1]
        said = [line.format(tag=first["etag"], date=first.get("last-modified", "")) for line in lines]
        if said and said[-1].endswith("hello"):
            head = "\r\n".join((f"{method} /{quote(path, safe='/%')} HTTP/1.1", "Host: garam.example", *said))
            connection.sendall(head.encode())
            status, headers, body = answer(connection, method)
        else:
            status, headers, body = ask(connection, *said, path=path, method=method)
        while status == 100:
            status, headers, body = answer(connection, method)
        again = ask(connection)  # the connection is still in step
        assert again[0] == 200
        assert again[2] == BODY
    return status, {n: v for n, v in headers.items() if n not in ("date", "last-modified")}, body


@pytest.mark.parametrize(("method", "path", "lines"), REQUESTS)
def test_the_shortcut_answers_as_the_ordinary_way_does(
    place: Place, ordinary: Place, method: str, path: str, lines: tuple[str, ...]
) -> None:
    for _ in range(2):  # before and after a copy is at hand
        quick, plain = (exchanged(each, method, path, lines) for each in (place, ordinary))
        assert quick[0] == plain[0]
        assert {n: v.replace(ordinary.url, "") for n, v in plain[1].items()} == {
            n: v.replace(place.url, "") for n, v in quick[1].items()
        }
        assert quick[2].replace(place.url.encode(), b"") == plain[2].replace(ordinary.url.encode(), b"")


def test_requests_that_come_all_at_once_are_answered_in_their_order(place: Place) -> None:
    with connected(place) as connection:
        tag = ask(connection)[1]["etag"]
        wanted = [(RSS, ""), ("feeds/nothing.rss", ""), (RSS, f"If-None-Match: {tag}\r\n"), (KOREAN, ""), ("daily", ""),
                  (RSS, ""), (RSS, f"If-None-Match: {tag}\r\n")]  # fmt: skip
        asked = [f"GET /{quote(path)} HTTP/1.1\r\nHost: x\r\n{more}\r\n" for path, more in wanted]
        connection.sendall("".join(asked).encode())
        assert [answer(connection)[0] for _ in wanted] == [200, 404, 304, 200, 200, 200, 304]


@pytest.mark.parametrize("line", ["HTTP/1.0\r\n", "HTTP/1.1\r\nConnection: close\r\n"])
def test_a_connection_that_is_to_end_ends_after_the_answer(place: Place, line: str) -> None:
    with connected(place) as connection:
        connection.sendall(f"GET /{RSS} {line}Host: x\r\n\r\n".encode())
        data = b""
        while piece := connection.recv(65536):
            data += piece
    assert data.endswith(BODY)


def test_a_reader_that_is_slow_gets_every_octet_and_holds_nobody_up(place: Place) -> None:
    large = BODY * 200
    place.publisher.publish("feeds/daily/large.rss", large, "")
    with connected(place) as slow, connected(place) as other:
        request = b"GET /feeds/daily/large.rss HTTP/1.1\r\nHost: x\r\n\r\n"
        slow.sendall(request * 5)
        for _ in range(20):
            assert ask(other)[0] == 200
        for _ in range(5):
            assert answer(slow)[2] == large


def test_many_connections_and_nothing_is_mixed_up(place: Place) -> None:
    with httpx.Client(base_url=place.url, limits=httpx.Limits(max_connections=20)) as client:
        for n in range(60):
            path = FILES[n % len(FILES)]
            got = client.get(f"/{quote(path)}", headers={"accept-encoding": ("gzip", "br", "identity")[n % 3]})
            assert got.content == BODY
