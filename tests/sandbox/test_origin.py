"""The sandbox origin: a folder over HTTP as a polite web server would serve it."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from syndication.sandbox.origin import Origin


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    served = tmp_path / "served"
    (served / "inner").mkdir(parents=True)
    (served / "page.txt").write_text("가람시 소식\n", encoding="utf-8")
    (served / "page.html").write_text("<p>가람시</p>", encoding="utf-8")
    (served / "feed.xml").write_text("<rss/>", encoding="utf-8")
    (served / "inner" / "가람 신문.txt").write_text("안쪽", encoding="utf-8")
    (served / ".hidden.txt").write_text("no")
    (tmp_path / "secret.txt").write_text("no")
    (served / "way-out.txt").symlink_to(tmp_path / "secret.txt")
    return served


@pytest.fixture
def origin(folder: Path) -> Iterator[Origin]:
    server = Origin(folder)
    server.start()
    yield server
    server.stop()


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("page.txt", "text/plain; charset=utf-8"),
        ("page.html", "text/html; charset=utf-8"),
        ("feed.xml", "application/rss+xml; charset=utf-8"),
    ],
)
def test_a_file_comes_with_its_type_tag_and_date(origin: Origin, folder: Path, path: str, kind: str):
    answer = httpx.get(f"{origin.url}/{path}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
    assert answer.content == (folder / path).read_bytes()
    assert answer.headers["etag"].startswith('"')
    assert answer.headers["last-modified"].endswith("GMT")


def test_what_is_known_is_not_sent_again_until_it_changes(origin: Origin, folder: Path):
    url = f"{origin.url}/page.txt"
    first = httpx.get(url)
    tag, date = first.headers["etag"], first.headers["last-modified"]
    for known in ({"If-None-Match": tag}, {"If-None-Match": f'"x", W/{tag}'}, {"If-Modified-Since": date}):
        again = httpx.get(url, headers=known)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
    (folder / "page.txt").write_text("새 소식\n", encoding="utf-8")
    assert httpx.get(url, headers={"If-None-Match": tag, "If-Modified-Since": date}).status_code == 200


def test_an_unreadable_date_counts_as_none(origin: Origin):
    assert httpx.get(f"{origin.url}/page.txt", headers={"If-Modified-Since": "yesterday"}).status_code == 200


def test_head_tells_the_length_and_sends_nothing(origin: Origin, folder: Path):
    answer = httpx.head(f"{origin.url}/page.txt")
    assert answer.content == b""
    assert int(answer.headers["content-length"]) == (folder / "page.txt").stat().st_size


def test_names_in_hangul_and_folders_are_found(origin: Origin):
    assert httpx.get(f"{origin.url}/inner/가람 신문.txt?day=1").text == "안쪽"


@pytest.mark.parametrize(
    "path",
    [
        "",
        "inner",
        "nothing.txt",
        ".hidden.txt",
        "way-out.txt",
        "%2e%2e/secret.txt",
        "..%2Fsecret.txt",
        "%00",
        "inner/%5c..",
    ],
)
def test_nothing_else_is_served(origin: Origin, path: str):
    with httpx.Client() as client:
        request = client.build_request("GET", origin.url)
        request.url = request.url.copy_with(raw_path=f"/{path}".encode())
        assert client.send(request).status_code == 404


def test_a_connection_is_kept_open_for_the_next_request(origin: Origin):
    with socket.create_connection(("127.0.0.1", origin.port)) as caller:
        for _ in range(3):
            caller.sendall(b"HEAD /page.txt HTTP/1.1\r\nHost: x\r\n\r\n")
            assert caller.recv(4096).startswith(b"HTTP/1.1 200 ")


def test_as_a_process_it_says_where_it_listens_and_ends_within_a_second_of_sigterm(folder: Path):
    command = [sys.executable, "-m", "syndication.sandbox.origin", "--folder", str(folder), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        assert server.stdout
        assert server.stderr
        port = int(server.stdout.readline().removeprefix("ready "))
        with httpx.Client() as client:
            assert client.get(f"http://127.0.0.1:{port}/page.txt").status_code == 200
            began = time.monotonic()
            server.send_signal(signal.SIGTERM)
            assert server.wait(5) == 0
        assert time.monotonic() - began < 1
        assert server.stderr.read() == ""


def test_a_port_that_is_taken_is_said_plainly(origin: Origin, folder: Path):
    command = [sys.executable, "-m", "syndication.sandbox.origin", "--folder", str(folder), "--port", str(origin.port)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("cannot listen on 127.0.0.1: Address already in use")
