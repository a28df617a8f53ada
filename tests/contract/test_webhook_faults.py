"""The Portal among faults: servers that break off, drip or never answer, bad addresses and bad certificates."""

from __future__ import annotations

import datetime as d
import ipaddress
import socket
import ssl
import struct
import time
from collections.abc import Callable, Iterator
from datetime import UTC, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from standardwebhooks.webhooks import Webhook

from syndication.adapters.webhook import WebhookPortal
from syndication.core.model import Verdict
from syndication.ports import Push
from tests.contract.endpoint import BODY, NEW, QUICK, Endpoint, closed_port, endpoint, push, raw, serving

__all__ = ["endpoint"]  # the fixture

# --- faults ----------------------------------------------------------------------------------


def timed(portal: WebhookPortal, made: Push) -> tuple[object, float]:
    began = time.monotonic()
    return portal.push(made), time.monotonic() - began


def test_nobody_listening_is_deferred_and_nothing_was_sent() -> None:
    outcome = WebhookPortal().push(push(f"http://127.0.0.1:{closed_port()}/"))
    assert (outcome.verdict, outcome.code) == (Verdict.DEFERRED, "connection")
    assert "before anything was sent" in str(outcome.reason)


def test_a_dead_name_is_deferred() -> None:
    def unknown(host: str, port: int) -> list[str]:
        raise socket.gaierror("Name or service not known")

    outcome = WebhookPortal(resolver=unknown).push(push("https://nobody.example/"))
    assert outcome.verdict is Verdict.DEFERRED
    assert "before anything was sent" in str(outcome.reason)


def test_a_name_server_that_never_answers_costs_the_timeout_and_no_more() -> None:
    def forever(host: str, port: int) -> list[str]:
        time.sleep(5)
        return ["127.0.0.1"]

    outcome, took = timed(WebhookPortal(QUICK, resolver=forever), push("https://portal.example/"))
    assert outcome.verdict is Verdict.DEFERRED  # type: ignore[attr-defined]
    assert took < 3


def _read_all(connection: socket.socket) -> None:
    data = b""
    while not data.endswith(BODY):
        data += connection.recv(65_536)


def silence(connection: socket.socket) -> None:
    _read_all(connection)
    time.sleep(3)


def reset(connection: socket.socket) -> None:
    _read_all(connection)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def drip(connection: socket.socket) -> None:
    _read_all(connection)
    for octet in b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n":
        connection.send(bytes([octet]))
        time.sleep(0.2)


def continues(connection: socket.socket) -> None:
    _read_all(connection)
    for _ in range(60):
        connection.send(b"HTTP/1.1 102 Processing\r\n\r\n")
        time.sleep(0.05)


def garbage(connection: socket.socket) -> None:
    _read_all(connection)
    connection.send(b"\x00\xff not HTTP at all\r\n\r\n")


def endless_header(connection: socket.socket) -> None:
    _read_all(connection)
    connection.send(b"HTTP/1.1 200 OK\r\nX: ")
    while True:
        connection.send(b"a" * 65_536)


def hangs_up(connection: socket.socket) -> None:
    _read_all(connection)


@pytest.mark.parametrize("talk", [silence, reset, drip, continues, garbage, endless_header, hangs_up])
def test_no_answer_after_the_document_was_handed_over_is_deferred_and_says_so(
    talk: Callable[[socket.socket], None],
) -> None:
    with raw(talk) as url:
        outcome, took = timed(WebhookPortal(QUICK), push(url))
    assert outcome.verdict is Verdict.DEFERRED  # type: ignore[attr-defined]
    assert "after the document was handed over" in str(outcome.reason)  # type: ignore[attr-defined]
    assert took < 3


def test_a_far_side_that_takes_nothing_in_ends_by_the_timeout() -> None:
    def asleep(connection: socket.socket) -> None:
        time.sleep(3)

    with raw(asleep) as url:
        outcome, took = timed(WebhookPortal(QUICK), push(url, body=b"x" * 30_000_000))
    assert outcome.verdict is Verdict.DEFERRED  # type: ignore[attr-defined]
    assert took < 3


def accepts_then_drips(connection: socket.socket) -> None:
    _read_all(connection)
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\nX-Request-Id: far-1\r\n\r\n")
    time.sleep(3)


def accepts_then_floods(connection: socket.socket) -> None:
    _read_all(connection)
    connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        connection.send(b"10000\r\n" + b"a" * 65_536 + b"\r\n")


def accepts_then_breaks(connection: socket.socket) -> None:
    _read_all(connection)
    connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n")


@pytest.mark.parametrize("talk", [accepts_then_drips, accepts_then_floods, accepts_then_breaks])
def test_once_accepted_the_rest_of_the_answer_changes_nothing(talk: Callable[[socket.socket], None]) -> None:
    with raw(talk) as url:
        outcome, took = timed(WebhookPortal(QUICK), push(url))
    assert outcome.verdict is Verdict.ACCEPTED  # type: ignore[attr-defined]
    assert outcome.receipt  # type: ignore[attr-defined]
    assert took < 3


# --- addresses -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        *(
            "http://169.254.169.254/latest",
            "http://10.0.0.1/",
            "http://[fd00::1]/",
            "http://0.0.0.0/",
            "http://[::ffff:10.0.0.1]/",
        ),
        *(
            "ftp://portal.example/",
            "https://user:secret@portal.example/",
            "http://2130706433/",
            "/hook",
            "",
            "http://a b/",
        ),
    ],
)
def test_addresses_that_are_not_public_are_refused_even_where_loopback_is_named(url: str) -> None:
    outcome = WebhookPortal(QUICK).push(push(url))
    assert (outcome.verdict, outcome.code) == (Verdict.REFUSED, "address")
    assert "secret" not in str(outcome.reason)


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost"])
def test_loopback_is_refused_unless_the_profile_names_it(endpoint: Endpoint, host: str) -> None:
    url = endpoint.answers(200).replace("127.0.0.1", host)
    outcome = WebhookPortal(QUICK).push(push(url, loopback=False))
    assert (outcome.verdict, outcome.code) == (Verdict.REFUSED, "address")
    assert endpoint.taken == []


def test_a_name_with_one_address_that_is_not_public_is_refused_as_a_whole(endpoint: Endpoint) -> None:
    portal = WebhookPortal(QUICK, resolver=lambda host, port: ["127.0.0.1", "10.0.0.1"])
    assert portal.push(push(endpoint.answers(200))).verdict is Verdict.REFUSED
    assert endpoint.taken == []


def test_a_name_is_resolved_once_so_that_a_second_answer_cannot_lead_elsewhere(endpoint: Endpoint) -> None:
    asked = []

    def turning(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    url = endpoint.answers(200).replace("127.0.0.1", "portal.example")
    assert WebhookPortal(QUICK, resolver=turning).push(push(url)).verdict is Verdict.ACCEPTED
    assert asked == ["portal.example"]
    assert endpoint.taken[0][1]["host"].startswith("portal.example:")


def test_an_address_that_does_not_answer_gives_way_to_the_next(endpoint: Endpoint) -> None:
    portal = WebhookPortal(QUICK, resolver=lambda host, port: ["127.0.0.2", "127.0.0.1"])
    assert portal.push(push(endpoint.answers(200))).verdict is Verdict.ACCEPTED


def test_a_proxy_of_the_environment_is_not_used(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port()}")
    assert WebhookPortal(QUICK).push(push(endpoint.answers(200))).verdict is Verdict.ACCEPTED


# --- certificates ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for 127.0.0.1 with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "표본")])
    now = d.datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM) + key.private_bytes(serialization.Encoding.PEM, *form)
    )
    return path


@pytest.fixture
def secure(certificate: Path) -> Iterator[Endpoint]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with serving(context) as told:
        yield told


def test_a_trusted_certificate_is_accepted(secure: Endpoint, certificate: Path) -> None:
    portal = WebhookPortal(tls=ssl.create_default_context(cafile=str(certificate)))
    assert portal.push(push(secure.answers(200))).verdict is Verdict.ACCEPTED
    Webhook(NEW).verify(secure.taken[0][2], secure.taken[0][1])


def test_a_certificate_of_nobody_or_for_another_name_gets_nothing(secure: Endpoint, certificate: Path) -> None:
    nobody = WebhookPortal(QUICK).push(push(secure.answers(200)))
    trusting = ssl.create_default_context(cafile=str(certificate))
    elsewhere = WebhookPortal(QUICK, tls=trusting, resolver=lambda host, port: ["127.0.0.1"])
    other = elsewhere.push(push(secure.url.replace("127.0.0.1", "portal.example")))
    for outcome in (nobody, other):
        assert outcome.verdict is Verdict.DEFERRED
        assert "certificate" in str(outcome.reason)
        assert "before anything was sent" in str(outcome.reason)
    assert secure.taken == []
