"""SesMailer and everything that goes wrong: what was surely not handed over waits, what may have been is uncertain.

The stand-in's log is the judge: no mail is in it twice, and none that is said to wait is in it at all.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from syndication.adapters.ses import SesMailer, answers
from syndication.core.model import Outcome, Reach, Verdict
from syndication.ports import HELD_BACK, Mail
from syndication.sandbox.ses import Habits, Rule, Wrong, accepted
from tests.contract.amazon import account, carry, mail, mails, send, standing_in
from tests.contract.endpoint import closed_port

QUICK = timedelta(seconds=1)
DEFERRED, REFUSED, UNCERTAIN = Verdict.DEFERRED, Verdict.REFUSED, Verdict.UNCERTAIN

# --- what SES says no to ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "words", "verdict", "reach"),
    [
        ("TooManyRequestsException", "Maximum sending rate exceeded.", DEFERRED, Reach.TRANSPORT),
        ("TooManyRequestsException", "Daily message quota exceeded.", DEFERRED, Reach.TRANSPORT),
        ("LimitExceededException", "Daily message quota exceeded.", DEFERRED, Reach.TRANSPORT),
        ("AccountSuspendedException", "Your account is suspended.", DEFERRED, Reach.ISSUE),
        ("SendingPausedException", "Sending is paused.", DEFERRED, Reach.ISSUE),
        ("MailFromDomainNotVerifiedException", "x", DEFERRED, Reach.ISSUE),
        ("NotFoundException", "Configuration set digest does not exist.", DEFERRED, Reach.ISSUE),
        ("MessageRejected", "Email address is not verified. The following identities failed", DEFERRED, Reach.ISSUE),
        ("MessageRejected", "Email content contains a virus.", REFUSED, Reach.DELIVERY),
        ("BadRequestException", "Local address contains control or whitespace", REFUSED, Reach.DELIVERY),
    ],
)
def test_an_error_of_ses_is_judged_by_its_name_and_never_fails_a_reader_for_what_is_ours(
    tmp_path: Path, code: str, words: str, verdict: Verdict, reach: Reach
):
    with standing_in(tmp_path, Rule(wrong=Wrong.ERROR, code=code, words=words)) as (mailer, _):
        outcome = send(mailer, mail(1))
    assert (outcome.verdict, outcome.reach, outcome.code) == (verdict, reach, code)
    assert not outcome.suppress
    assert accepted(tmp_path) == []


def test_throttling_rests_a_moment_and_the_days_quota_for_long():
    said = answers.refused(429, "TooManyRequestsException", "Maximum sending rate exceeded.", whole=True)
    daily = answers.refused(429, "TooManyRequestsException", "Daily message quota exceeded.", whole=True)
    limit = answers.refused(400, "LimitExceededException", "x", whole=True)
    assert said.retry_after is not None
    assert said.retry_after < timedelta(minutes=1)
    assert daily.retry_after == limit.retry_after == answers.A_DAYS_QUOTA >= timedelta(minutes=30)


@pytest.mark.parametrize(
    ("status", "code", "verdict", "reach"),
    [
        (403, "UnrecognizedClientException", DEFERRED, Reach.ISSUE),
        (403, "InvalidSignatureException", DEFERRED, Reach.ISSUE),
        (403, "SomethingNewException", DEFERRED, Reach.ISSUE),
        (403, "ExpiredTokenException", DEFERRED, Reach.TRANSPORT),
        (400, "ThrottlingException", DEFERRED, Reach.TRANSPORT),
        (429, "SomethingNewException", DEFERRED, Reach.TRANSPORT),
        (400, "SomethingNewException", DEFERRED, Reach.DELIVERY),
        (500, "InternalFailure", UNCERTAIN, Reach.DELIVERY),
        (503, "ServiceUnavailable", UNCERTAIN, Reach.DELIVERY),
        (503, "TooManyRequestsException", UNCERTAIN, Reach.DELIVERY),
        (404, "404", UNCERTAIN, Reach.DELIVERY),
        (302, "", UNCERTAIN, Reach.DELIVERY),
        (0, "", UNCERTAIN, Reach.DELIVERY),
        (400, "<html>", UNCERTAIN, Reach.DELIVERY),
    ],
)
def test_other_answers_wait_where_they_are_a_clear_no_of_ses_and_are_uncertain_elsewhere(
    status: int, code: str, verdict: Verdict, reach: Reach
):
    outcome = answers.refused(status, code, "x", whole=True)
    assert (outcome.verdict, outcome.reach) == (verdict, reach)


@pytest.mark.parametrize("status", [0, 302, 404, 500, 503])
def test_before_the_request_was_whole_no_answer_makes_it_uncertain(status: int):
    assert answers.refused(status, "", "x", whole=False).verdict is DEFERRED


def test_a_reason_names_no_address():
    said = answers.refused(400, "MessageRejected", "identities failed: reader-1@example.com, x", whole=True)
    assert "@" not in (said.reason or "")


# --- what breaks -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "verdict"),
    [
        (Wrong.CUT_BEFORE, UNCERTAIN),
        (Wrong.CUT_AFTER, UNCERTAIN),
        (Wrong.STATUS, UNCERTAIN),
        (Wrong.STATUS_AFTER, UNCERTAIN),
        (Wrong.HTML, UNCERTAIN),
        (Wrong.NO_ID, UNCERTAIN),
        (Wrong.THROTTLE, DEFERRED),
    ],
)
def test_what_happened_after_the_whole_request_is_uncertain_unless_ses_said_no(
    tmp_path: Path, wrong: Wrong, verdict: Verdict
):
    with standing_in(tmp_path, Rule(wrong=wrong)) as (mailer, _):
        assert send(mailer, mail(1)).verdict is verdict


def test_an_answer_that_comes_too_late_is_uncertain_and_the_mail_was_taken_once(tmp_path: Path):
    rule = Rule(wrong=Wrong.LATE, seconds=2)
    with standing_in(tmp_path, rule, answer_time=timedelta(seconds=0.5)) as (mailer, _):
        assert send(mailer, mail(1)).verdict is UNCERTAIN
        time.sleep(2)
    assert len(accepted(tmp_path)) == 1


def test_a_provider_that_cannot_be_reached_is_waited_for():
    mailer = SesMailer(account(f"http://127.0.0.1:{closed_port()}"))
    outcome = send(mailer, mail(1))
    assert (outcome.verdict, outcome.reach) == (DEFERRED, Reach.TRANSPORT)


def test_a_connection_cut_before_the_request_was_whole_hands_nothing_over(tmp_path: Path):
    large = mail(1, message=mail(1).message + b"x" * 16_000_000)
    with standing_in(tmp_path, Rule(wrong=Wrong.CUT_READING)) as (mailer, _):
        outcome = send(mailer, large)
    assert (outcome.verdict, outcome.reach) == (DEFERRED, Reach.TRANSPORT)


def test_faults_among_many_leave_nothing_twice_and_nothing_lost(tmp_path: Path):
    rules = [
        Rule(wrong=Wrong.CUT_AFTER, first=3, every=11),
        Rule(wrong=Wrong.CUT_BEFORE, first=5, every=13),
        Rule(wrong=Wrong.STATUS_AFTER, first=7, every=17),
        Rule(wrong=Wrong.NO_ID, first=9, every=19),
    ]
    with standing_in(tmp_path, *rules, at_once=6, habits=Habits(per_second=10_000)) as (mailer, _):
        told = carry(mailer, *mails(120))
    taken = [int(call.tags["delivery"]) for call in accepted(tmp_path)]
    assert len(taken) == len(set(taken))
    assert set(told) == set(range(1, 121))
    assert {n for n in told if told[n].verdict is Verdict.ACCEPTED} <= set(taken)
    assert set(taken) <= {n for n in told if told[n].verdict in (Verdict.ACCEPTED, UNCERTAIN)}
    assert {n for n in told if told[n].verdict is DEFERRED}.isdisjoint(taken)


# --- hostile servers -------------------------------------------------------------------------


@contextmanager
def server(talk: Callable[[socket.socket], None], **values: object) -> Iterator[SesMailer]:
    """A mailer that speaks to a server which does with each connection as told."""
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def run() -> None:
        while not over.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=once, args=(connection,), daemon=True).start()

    def once(connection: socket.socket) -> None:
        with connection:
            connection.settimeout(10)
            try:
                talk(connection)
            except OSError:
                pass

    threading.Thread(target=run, daemon=True).start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    mailer = SesMailer(account(url, answer_time=QUICK, **values), at_once=2, total=timedelta(seconds=3))
    try:
        yield mailer
    finally:
        over.set()
        listener.close()
        mailer.close()


def heard(connection: socket.socket) -> None:
    """Read one whole request."""
    octets = b""
    while b"\r\n\r\n" not in octets:
        octets += connection.recv(65536)
    head, _, body = octets.partition(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(65536)


def answering(octets: bytes) -> Callable[[socket.socket], None]:
    def talk(connection: socket.socket) -> None:
        heard(connection)
        connection.sendall(octets)

    return talk


def http(body: bytes, head: bytes = b"200 OK", more: bytes = b"") -> bytes:
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n%s\r\n%s" % (head, len(body), more, body)


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\r\n\r\n",
        b"250 2.0.0 Ok: queued\r\n",
        http(b""),
        http(b"[]"),
        http(b"null"),
        http(b"{}"),
        http(b'{"MessageId": null}'),
        http(b'{"MessageId": 12}'),
        http(b'{"MessageId": ""}'),
        http(b'{"MessageId": "two words"}'),
        http(b'{"MessageId": "' + b"x" * 100_000 + b'"}'),
        http(b'{"MessageId": "cut'),
        http(b"[" * 50_000),
        http(b"\xff\xfe\x00"),
        http(b"<html>", b"400 Bad"),
        http(b"[1]", b"400 Bad"),
        http(b'{"code": 12}', b"400 Bad"),
        http(b"{}", b"301 Moved", b"Location: http://127.0.0.1:1/\r\n"),
        http(b"x", b"200 OK", b"Content-Encoding: gzip\r\n"),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
    ],
)
def test_an_answer_that_is_none_leaves_the_mail_uncertain(octets: bytes):
    with server(answering(octets)) as mailer:
        assert send(mailer, mail(1)).verdict is UNCERTAIN


def test_a_server_that_never_answers_is_given_up_in_time():
    with server(lambda connection: time.sleep(10)) as mailer:
        began = time.monotonic()
        assert send(mailer, mail(1)).verdict is UNCERTAIN
        assert time.monotonic() - began < 3


def test_a_server_that_answers_drop_by_drop_is_given_up_in_time_and_the_next_mail_gets_a_new_connection():
    calls = 0

    def talk(connection: socket.socket) -> None:
        nonlocal calls
        calls += 1
        heard(connection)
        if calls > 1:
            return connection.sendall(http(b'{"MessageId": "0102-x"}'))
        for octet in b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100:
            connection.sendall(bytes([octet]))
            time.sleep(0.5)
        return None

    with server(talk) as mailer:
        began = time.monotonic()
        assert send(mailer, mail(1)).verdict is UNCERTAIN
        assert time.monotonic() - began < 5
        assert send(mailer, mail(2)).verdict is Verdict.ACCEPTED


def test_mails_that_wait_behind_hanging_calls_are_given_back_untouched():
    asked: list[int] = []

    def intent(one: Mail) -> bool:
        asked.append(one.delivery_id)
        return True

    def drip(connection: socket.socket) -> None:
        heard(connection)
        for _ in range(40):
            connection.sendall(b"HTTP/1.1 200 OK\r\nX: x"[:1])
            time.sleep(0.3)

    with server(drip) as mailer:
        told: dict[int, Outcome] = {m.delivery_id: o for m, o in mailer.carry(mails(3), intent)}
    assert {n for n in told if told[n].verdict is UNCERTAIN} == set(asked)
    assert all(told[n] is HELD_BACK for n in told if n not in asked)


def over_tls(listener: socket.socket) -> Outcome:
    """What becomes of a mail to a server that takes connections here, spoken to by TLS."""
    url = f"https://127.0.0.1:{listener.getsockname()[1]}"
    mailer = SesMailer(account(url, answer_time=QUICK, connect_time=QUICK), at_once=1)
    with listener:
        return send(mailer, mail(1))


def test_a_handshake_that_never_comes_is_no_call():
    outcome = over_tls(socket.create_server(("127.0.0.1", 0)))
    assert (outcome.verdict, outcome.reach) == (DEFERRED, Reach.TRANSPORT)


def test_a_certificate_that_nobody_vouches_for_is_no_call(tmp_path: Path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path))
    listener = socket.create_server(("127.0.0.1", 0))

    def shake() -> None:
        try:
            context.wrap_socket(listener.accept()[0], server_side=True)
        except OSError:
            pass

    threading.Thread(target=shake, daemon=True).start()
    outcome = over_tls(listener)
    assert (outcome.verdict, outcome.reach, outcome.code) == (DEFERRED, Reach.TRANSPORT, "SSLError")


def self_signed(folder: Path) -> Path:
    """A file with a certificate that signed itself, and its key."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    made = made.not_valid_before(datetime(2020, 1, 1)).not_valid_after(datetime(2120, 1, 1))
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / "server.pem"
    path.write_bytes(pem + made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return path


# --- mails that cannot be sent ---------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"recipient": "nobody"},
        {"recipient": "한글@example.com"},
        {"sender": "no sender"},
        {"tags": {"delivery": "열둘"}},
        {"tags": {"a b": "c"}},
        {"message": b"x" * (31 * 1024 * 1024)},
    ],
)
def test_a_mail_that_ses_cannot_take_is_refused_without_a_call_or_an_intent(tmp_path: Path, wrong: dict[str, object]):
    asked: list[Mail] = []
    with standing_in(tmp_path) as (mailer, _):
        told = list(mailer.carry([mail(1, **wrong), mail(2)], lambda m: not asked.append(m)))
    assert {m.delivery_id: o.verdict for m, o in told} == {1: REFUSED, 2: Verdict.ACCEPTED}
    assert [m.delivery_id for m in asked] == [2]
