"""The Portal against real servers on loopback: what is signed and sent, and what each kind of answer comes to."""

from __future__ import annotations

import base64
import datetime as d
import ipaddress
import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from syndication.adapters.webhook import WebhookPortal
from syndication.adapters.webhook.portal import signed_headers, webhook_id
from syndication.core.model import Verdict
from syndication.ports import Portal, Push

NEW = "whsec_" + base64.b64encode(b"a throw-away sample secret 1 ...").decode()
OLD = "whsec_" + base64.b64encode(b"a throw-away sample secret 0 ...").decode()
BODY = '{"type":"article.published","timestamp":"2026-01-19T18:00:00Z","data":{"title":"표본"}}'.encode()
QUICK = timedelta(seconds=1)

Reply = Callable[[BaseHTTPRequestHandler], None]


def push(url: str, **values: object) -> Push:
    words: dict[str, object] = {
        "partner_id": "portal",
        "key": "push-1",
        "url": url,
        "secrets": (NEW,),
        "body": BODY,
        "content_type": "application/json; charset=utf-8",
        "at": datetime.now(UTC),
        "sequence": 7,
        "loopback": True,
        **values,
    }
    return Push(**words)  # type: ignore[arg-type]


@dataclass
class Endpoint:
    """A Partner's endpoint: what it was sent and where it listens."""

    url: str = ""
    reply: Reply = lambda _: None
    taken: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    def answers(self, status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> str:
        def reply(request: BaseHTTPRequestHandler) -> None:
            request.send_response_only(status)
            for name, value in ({"Content-Length": str(len(body))} | (headers or {})).items():
                request.send_header(name, value)
            request.end_headers()
            request.wfile.write(body)

        self.reply = reply
        return self.url


@contextmanager
def serving(tls: ssl.SSLContext | None = None) -> Iterator[Endpoint]:
    told = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            told.taken.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            try:
                told.reply(self)
            except OSError:
                pass

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            pass

    server = Server(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    told.url = f"http{'s' if tls else ''}://127.0.0.1:{server.server_address[1]}/hook"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield told
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with serving() as told:
        yield told


@contextmanager
def raw(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that does with each connection as told, without any HTTP of its own."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(5)

    def run() -> None:
        try:
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(5)
                talk(connection)
        except OSError:
            pass

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/hook"
    finally:
        listener.close()
        thread.join(6)


# --- what is sent ----------------------------------------------------------------------------


def test_a_push_is_a_post_of_exactly_these_bytes_with_its_key_time_and_sequence(endpoint: Endpoint) -> None:
    portal: Portal = WebhookPortal()
    outcome = portal.push(push(endpoint.answers(204) + "?a=%20b"))
    assert outcome.verdict is Verdict.ACCEPTED
    ((path, headers, body),) = endpoint.taken
    assert (path, body) == ("/hook?a=%20b", BODY)
    assert headers["content-type"] == "application/json; charset=utf-8"
    assert headers["webhook-id"] == "push-1"
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 5
    assert headers["x-sequence"] == "7"
    assert headers["host"] == endpoint.url.split("/")[2]


def test_the_independent_verifier_accepts_what_we_sign_and_refuses_what_was_tampered_with(endpoint: Endpoint) -> None:
    WebhookPortal().push(push(endpoint.answers(200)))
    ((_, headers, body),) = endpoint.taken
    verifier = Webhook(NEW)
    assert verifier.verify(body, headers) == json.loads(BODY)
    for tampered, with_headers in [
        (body.replace("표본".encode(), "변조".encode()), headers),
        (body, headers | {"webhook-id": "push-2"}),
        (body, headers | {"webhook-timestamp": str(int(headers["webhook-timestamp"]) + 1)}),
    ]:
        with pytest.raises(WebhookVerificationError):
            verifier.verify(tampered, with_headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(OLD).verify(body, headers)


def test_while_secrets_rotate_holders_of_either_accept(endpoint: Endpoint) -> None:
    WebhookPortal().push(push(endpoint.answers(200), secrets=(NEW, OLD)))
    ((_, headers, body),) = endpoint.taken
    assert len(headers["webhook-signature"].split(" ")) == 2
    for secret in (NEW, OLD):
        Webhook(secret).verify(body, headers)


def test_a_repeat_has_the_same_id_and_its_own_time() -> None:
    first = push("https://portal.example/", at=datetime(2026, 1, 19, 21, tzinfo=UTC))
    again = replace(first, at=first.at + timedelta(minutes=5))
    assert signed_headers(first)["webhook-id"] == signed_headers(again)["webhook-id"]
    assert int(signed_headers(again)["webhook-timestamp"]) - int(signed_headers(first)["webhook-timestamp"]) == 300
    assert signed_headers(first) == signed_headers(first)


@pytest.mark.parametrize(
    "key", ["a.b@garam.example", "article:1/2 portal", "한글", "x\r\nEvil: 1", "", "k" * 200, "\ud800"]
)
def test_a_key_that_the_standard_forbids_becomes_a_stable_id_without_full_stops(key: str) -> None:
    made = webhook_id(key)
    assert made == webhook_id(key)
    assert made.isascii()
    assert made.startswith("msg_")
    assert not set(made) & set(". \r\n")
    assert made != webhook_id(key + "x")


@pytest.mark.parametrize("secrets", [(), ("",), ("whsec_",), ("whsec_***",), ("c2VjcmV0",), (NEW, "whsec_=")])
def test_nothing_goes_out_unsigned_and_no_secret_is_told(endpoint: Endpoint, secrets: tuple[str, ...]) -> None:
    outcome = WebhookPortal().push(push(endpoint.answers(200), secrets=secrets))
    assert outcome.verdict is Verdict.DEFERRED
    assert outcome.reason is not None
    assert "secret" in outcome.reason
    assert not any(secret in outcome.reason for secret in secrets if len(secret) > 6)
    assert endpoint.taken == []


def test_a_long_document_arrives_whole(endpoint: Endpoint) -> None:
    body = json.dumps({"data": "가" * 1_000_000}, ensure_ascii=False).encode()
    assert WebhookPortal().push(push(endpoint.answers(200), body=body)).verdict is Verdict.ACCEPTED
    assert endpoint.taken[0][2] == body


# --- answers ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        *((status, Verdict.ACCEPTED) for status in (200, 201, 202, 204, 299)),
        *(
            (status, Verdict.REFUSED)
            for status in (400, 401, 403, 404, 405, 406, 410, 413, 415, 421, 422, 451, 301, 308)
        ),
        *(
            (status, Verdict.DEFERRED)
            for status in (408, 409, 425, 429, 500, 501, 502, 503, 504, 599, 302, 303, 304, 307)
        ),
    ],
)
def test_what_each_status_comes_to(endpoint: Endpoint, status: int, verdict: Verdict) -> None:
    outcome = WebhookPortal().push(push(endpoint.answers(status)))
    assert (outcome.verdict, outcome.code) == (verdict, f"HTTP {status}")
    assert len(endpoint.taken) == 1


def test_a_partner_that_is_gone_is_named_disabled(endpoint: Endpoint) -> None:
    assert WebhookPortal().push(push(endpoint.answers(410))).reason == "partner disabled"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_never_followed(endpoint: Endpoint, status: int) -> None:
    with serving() as elsewhere:
        elsewhere.answers(200)
        url = endpoint.answers(status, {"Location": elsewhere.url + "?token=secret"})
        outcome = WebhookPortal().push(push(url))
        assert outcome.verdict is not Verdict.ACCEPTED
        assert elsewhere.taken == []
        assert "secret" not in str(outcome)


@pytest.mark.parametrize("header", ["webhook-receipt", "Receipt-Id", "X-Request-Id"])
def test_the_far_sides_id_is_the_receipt(endpoint: Endpoint, header: str) -> None:
    assert WebhookPortal().push(push(endpoint.answers(200, {header: "far-42"}))).receipt == "far-42"


def test_without_an_id_the_answers_hash_is_the_receipt(endpoint: Endpoint) -> None:
    one = WebhookPortal().push(push(endpoint.answers(200, body=b"one")))
    two = WebhookPortal().push(push(endpoint.answers(200, {"X-Request-Id": "a b\x7f"}, body=b"two")))
    assert str(one.receipt).startswith("sha256:")
    assert one.receipt != two.receipt
    assert str(two.receipt).startswith("sha256:")


NOW = datetime(2026, 1, 19, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "120"}, timedelta(minutes=2)),
        ({"Retry-After": "0"}, timedelta()),
        ({"Retry-After": "99999999999999999999"}, timedelta(days=1)),
        ({"Retry-After": "Mon, 19 Jan 2026 21:10:00 GMT"}, timedelta(minutes=10)),
        ({"Retry-After": "Mon, 19 Jan 2026 20:00:00 GMT"}, timedelta()),
        ({"Retry-After": "Tue, 19 Jan 2027 20:00:00 GMT"}, timedelta(days=1)),
        (
            {"Retry-After": "Thu, 01 Jan 2032 00:05:00 GMT", "Date": "Thu, 01 Jan 2032 00:00:00 GMT"},
            timedelta(minutes=5),
        ),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-5"}, None),
        ({}, None),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_honoured_within_reason(
    endpoint: Endpoint, status: int, headers: dict[str, str], wait: timedelta | None
) -> None:
    outcome = WebhookPortal().push(push(endpoint.answers(status, headers), at=NOW))
    assert (outcome.verdict, outcome.retry_after) == (Verdict.DEFERRED, wait)


# --- faults ----------------------------------------------------------------------------------


def timed(portal: WebhookPortal, made: Push) -> tuple[object, float]:
    began = time.monotonic()
    return portal.push(made), time.monotonic() - began


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


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
