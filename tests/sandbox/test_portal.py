"""The sandbox portal: takes what is rightly signed once, refuses the rest, fails on demand."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from standardwebhooks import Webhook

from syndication.sandbox.portal import LOG, RECEIPT_HEADER, Portal, clock_of, receipts

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
OLDER = "whsec_" + base64.b64encode(bytes(range(32, 64))).decode()
NOW = datetime(2026, 1, 19, 21, 30, tzinfo=UTC)
BODY = '{"type":"article.published","data":{"title":"가람시 소식"}}'.encode()


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Portal]:
    server = Portal(tmp_path, [SECRET, OLDER], now=lambda: NOW)
    server.start()
    yield server
    server.stop()


def signed(
    webhook_id: str = "msg-1", *, body: bytes = BODY, at: datetime = NOW, secret: str = SECRET, **more: str
) -> dict[str, str]:
    """Headers as the reference library signs them."""
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(webhook_id, at, body.decode()),
        "content-type": "application/json",
        **more,
    }


def post(portal: Portal, headers: dict[str, str], *, body: bytes = BODY, query: str = "") -> httpx.Response:
    return httpx.post(f"{portal.url}/articles{query}", content=body, headers=headers)


def test_what_the_reference_library_signs_is_taken_and_kept(portal: Portal, tmp_path: Path):
    answer = post(portal, signed(**{"webhook-sequence": "7"}))
    assert answer.status_code == 200
    (kept,) = receipts(tmp_path)
    assert (kept.webhook_id, kept.receipt) == ("msg-1", answer.headers[RECEIPT_HEADER])
    assert (kept.body.encode(), kept.content_type, kept.received_at) == (BODY, "application/json", NOW)
    assert kept.headers["webhook-sequence"] == "7"
    assert json.loads(kept.path.read_bytes())["sha256"] == hashlib.sha256(BODY).hexdigest()
    assert "webhook-signature" not in kept.headers


def test_the_same_id_again_is_answered_alike_and_kept_once(portal: Portal, tmp_path: Path):
    first, again = post(portal, signed()), post(portal, signed(at=NOW + timedelta(seconds=60)))
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.headers[RECEIPT_HEADER] == again.headers[RECEIPT_HEADER]
    assert (first.json()["new"], again.json()["new"]) == (True, False)
    assert len(receipts(tmp_path)) == 1
    assert [line.split("\t")[3] for line in (tmp_path / LOG).read_text().splitlines()] == ["new", "again"]


def test_every_secret_in_use_is_good_and_one_right_signature_is_enough(portal: Portal):
    assert post(portal, signed("a", secret=OLDER)).status_code == 200
    both = signed("b")
    both["webhook-signature"] = "v1a,nonsense v1,wrong= " + both["webhook-signature"]
    assert post(portal, both).status_code == 200


@pytest.mark.parametrize("minutes", [-4.9, 4.9])
def test_a_timestamp_within_five_minutes_is_good(portal: Portal, minutes: float):
    assert post(portal, signed(at=NOW + timedelta(minutes=minutes))).status_code == 200


@pytest.mark.parametrize("minutes", [-5.1, 5.1, -60 * 24])
def test_a_timestamp_further_off_is_refused(portal: Portal, tmp_path: Path, minutes: float):
    assert post(portal, signed(at=NOW + timedelta(minutes=minutes))).status_code == 401
    assert list(receipts(tmp_path)) == []


def test_what_was_tampered_with_is_refused(portal: Portal, tmp_path: Path):
    stranger = "whsec_" + base64.b64encode(b"x" * 32).decode()
    old_version = base64.b64encode(hmac.new(bytes(range(32)), BODY, hashlib.sha256).digest()).decode()
    tampered = [
        (signed(), BODY + b" "),
        ({**signed(), "webhook-id": "msg-2"}, BODY),
        ({**signed(), "webhook-timestamp": str(int(NOW.timestamp()) + 1)}, BODY),
        (signed(secret=stranger), BODY),
        ({**signed(), "webhook-signature": signed()["webhook-signature"].replace("v1,", "v2,")}, BODY),
        ({**signed(), "webhook-signature": "v1," + old_version}, BODY),
        ({**signed(), "webhook-signature": "v1,"}, BODY),
    ]
    assert {post(portal, headers, body=body).status_code for headers, body in tampered} == {401}
    assert list(receipts(tmp_path)) == []


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_missing_header_is_refused(portal: Portal, name: str):
    headers = signed()
    del headers[name]
    assert post(portal, headers).status_code == 400


@pytest.mark.parametrize(
    ("name", "value"), [("webhook-timestamp", "soon"), ("webhook-timestamp", "-1"), ("webhook-id", "a b")]
)
def test_a_malformed_header_is_refused(portal: Portal, name: str, value: str):
    assert post(portal, {**signed(), name: value}).status_code == 400


def test_an_id_cannot_lead_out_of_the_folder(portal: Portal, tmp_path: Path):
    assert post(portal, signed("../../x/" + "y" * 200)).status_code == 200
    (kept,) = receipts(tmp_path)
    assert kept.path.parent == tmp_path


@pytest.mark.parametrize("status", [302, 410, 429, 503])
def test_a_fault_that_is_asked_for_comes_and_nothing_is_taken(portal: Portal, tmp_path: Path, status: int):
    answer = post(portal, signed(), query=f"?status={status}&retry_after=30")
    assert (answer.status_code, answer.headers["retry-after"]) == (status, "30")
    assert list(receipts(tmp_path)) == []


def test_a_fault_can_end_after_some_attempts_of_the_same_document(portal: Portal):
    answers = [post(portal, signed(), query="?status=503&times=2").status_code for _ in range(3)]
    assert answers == [503, 503, 200]
    assert post(portal, signed("msg-2"), query="?status=503&times=2").status_code == 503


@pytest.mark.parametrize(("when", "taken"), [("before", 0), ("after", 1)])
def test_it_hangs_up_before_or_after_taking_the_document(portal: Portal, tmp_path: Path, when: str, taken: int):
    with pytest.raises(httpx.RemoteProtocolError):
        post(portal, signed(), query=f"?drop={when}")
    assert len(receipts(tmp_path)) == taken


def test_a_slow_answer_comes_after_the_document_was_taken(portal: Portal, tmp_path: Path):
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{portal.url}/?delay=2", content=BODY, headers=signed(), timeout=0.5)
    assert len(receipts(tmp_path)) == 1


def test_a_body_without_length_or_too_long_is_refused(portal: Portal):
    chunked = httpx.post(portal.url, content=iter([b"a"]), headers=signed())
    assert chunked.status_code == 411
    with socket.create_connection(("127.0.0.1", portal.port)) as caller:
        caller.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n")
        assert caller.recv(4096).startswith(b"HTTP/1.1 413 ")


def test_getting_is_not_posting(portal: Portal):
    assert httpx.get(portal.url).status_code == 405


@pytest.mark.parametrize("secret", ["whsec_", "whsec_!!!", "whsec_c2hvcnQ="])
def test_a_secret_that_cannot_be_one_is_refused(tmp_path: Path, secret: str):
    with pytest.raises(ValueError, match="24 to 64"):
        Portal(tmp_path, [secret])


def test_a_shifted_clock_follows_its_file(tmp_path: Path):
    told = tmp_path / "clock.json"
    now = clock_of(told)
    assert abs(now() - datetime.now(UTC)) < timedelta(seconds=5)
    told.write_text('{"offset": -3600}')
    assert abs(now() - datetime.now(UTC) + timedelta(hours=1)) < timedelta(seconds=5)
    told.write_text("{")
    assert abs(now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_as_a_process_it_takes_a_document_and_ends_within_a_second_of_sigterm(tmp_path: Path):
    (tmp_path / "clock.json").write_text('{"offset": -86400}')
    command = [sys.executable, "-m", "syndication.sandbox.portal", "--folder", str(tmp_path / "box"), "--port", "0"]
    command += ["--clock", str(tmp_path / "clock.json"), "--secret-from", "SECRETS"]
    environ = {**os.environ, "SECRETS": f"{SECRET} {OLDER}"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=environ, **pipes) as server:
        port = int(server.stdout.readline().removeprefix("ready "))
        headers = signed(at=datetime.now(UTC) - timedelta(days=1))
        assert httpx.post(f"http://127.0.0.1:{port}/", content=BODY, headers=headers).status_code == 200
        began = time.monotonic()
        server.send_signal(signal.SIGTERM)
        assert server.wait(5) == 0
        assert time.monotonic() - began < 1
        assert server.stderr.read() == ""


def test_without_a_secret_it_says_what_is_missing(tmp_path: Path):
    environ = {name: value for name, value in os.environ.items() if name != "PORTAL_SECRETS"}
    command = [sys.executable, "-m", "syndication.sandbox.portal", "--folder", str(tmp_path)]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=10, check=False)
    assert (done.returncode, done.stderr) == (2, "environment variable PORTAL_SECRETS: no secret is set\n")
