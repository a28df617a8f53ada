"""What SmtpMailer promises, against a real server on loopback that follows a script."""

from __future__ import annotations

import base64
import datetime as dt
import ipaddress
import os
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from syndication.adapters.smtp import SmtpMailer
from syndication.core.model import Verdict
from syndication.ports import Mail, Permanent

MAIL = Mail(sender="news@paper.example", recipient="reader-1@example.com", message=b"Subject: hi\r\n\r\nhello\r\n")


class Cut(Exception):
    """The script hangs up."""


@dataclass
class Talk:
    """One connection as the script sees it."""

    socket: socket.socket
    number: int  # counted from 1
    heard: list[str] = field(default_factory=list)
    stored: list[bytes] = field(default_factory=list)

    def say(self, *lines: str) -> None:
        self.socket.sendall("".join(f"{line}\r\n" for line in lines).encode())

    def hear(self) -> str:
        line = self._line().decode().rstrip("\r\n")
        self.heard.append(line)
        return line

    def _line(self) -> bytes:
        octets = b""
        while not octets.endswith(b"\n"):
            more = self.socket.recv(1)
            if not more:
                raise Cut
            octets += more
        return octets

    def data(self) -> bytes:
        """The message up to the final dot, unstuffed."""
        lines = []
        while (line := self._line()) != b".\r\n":
            lines.append(line.removeprefix(b"."))
        self.stored.append(b"".join(lines))
        return self.stored[-1]

    def cut(self, *, hard: bool = False) -> None:
        if hard:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise Cut

    def until_data(self, *, size: str = "") -> None:
        """Everything up to the 354."""
        self.welcome(size=size)
        self.envelope()

    def welcome(self, *, size: str = "") -> None:
        self.say("220 relay.example ready")
        self.hear()
        self.say("250-relay.example", *([f"250-SIZE {size}"] if size else []), "250 HELP")

    def envelope(self) -> None:
        while True:
            command = self.hear().upper()
            if command == "DATA":
                self.say("354 go on")
                return
            self.say("250 2.0.0 fine")

    def serve(self, final: str = "250 2.0.0 Ok: queued as ABC123") -> None:
        """An ordinary relay for as long as the client likes."""
        self.welcome()
        while True:
            command = self.hear().upper()
            if command == "QUIT":
                self.say("221 bye")
                return
            if command == "DATA":
                self.say("354 go on")
                self.data()
                self.say(final)
            else:
                self.say("250 2.0.0 fine")


class Relay:
    """A listening socket; every connection runs the script in a thread of its own."""

    def __init__(self, script: Callable[[Talk], None], wrap: Callable[[socket.socket], socket.socket]) -> None:
        self.script, self.wrap = script, wrap
        self.talks: list[Talk] = []
        self.failures: list[AssertionError] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self.listener.getsockname()[1])
        self.threads: list[threading.Thread] = []
        self.acceptor = threading.Thread(target=self._accept, daemon=True)
        self.acceptor.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._talk, args=(connection,), daemon=True)
            self.threads.append(thread)
            thread.start()

    def _talk(self, connection: socket.socket) -> None:
        connection.settimeout(10)
        talk = Talk(connection, len(self.talks) + 1)
        self.talks.append(talk)
        try:
            talk.socket = self.wrap(connection)
            self.script(talk)
        except (Cut, OSError):
            pass
        except AssertionError as error:
            self.failures.append(error)
        finally:
            talk.socket.close()

    @property
    def stored(self) -> list[bytes]:
        return [message for talk in self.talks for message in talk.stored]

    @property
    def heard(self) -> list[str]:
        return [line for talk in self.talks for line in talk.heard]

    def close(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for thread in self.threads:
            thread.join(5)
        assert not self.failures


@contextmanager
def relay(
    script: Callable[[Talk], None], *, wrap: Callable[[socket.socket], socket.socket] = lambda s: s, **options: Any
) -> Iterator[tuple[SmtpMailer, Relay]]:
    server = Relay(script, wrap)
    options = {"timeout": timedelta(seconds=5), "total": timedelta(seconds=20)} | options
    mailer = SmtpMailer(host=options.pop("host", "127.0.0.1"), port=server.port, **options)
    try:
        yield mailer, server
    finally:
        mailer.close()
        server.close()


# --- the ordinary way ------------------------------------------------------------------------


def test_an_accepted_mail_arrives_octet_for_octet_and_its_receipt_is_the_relays_queue_id():
    message = b".Subject: hi\r\n\r\n.dot\r\n..two\r\n.\r\nFrom the start\r\n" + b"x" * 900 + b"\r\n.\r\n"
    with relay(Talk.serve) as (mailer, server):
        outcome = mailer.send(Mail(sender=MAIL.sender, recipient=MAIL.recipient, message=message))
        assert (outcome.verdict, outcome.receipt, outcome.code) == (Verdict.ACCEPTED, "ABC123", "2.0.0")
        assert server.stored == [message]


def test_the_envelope_holds_addresses_as_typed_with_the_domain_as_a_label():
    with relay(Talk.serve) as (mailer, server):
        mailer.send(Mail(sender="News@paper.example", recipient="Reader-1@한글.kr", message=MAIL.message))
        assert "MAIL FROM:<News@paper.example>" in server.heard
        assert "RCPT TO:<Reader-1@xn--bj0bj06e.kr>" in server.heard


def test_many_mails_go_over_one_connection_and_the_farewell_is_said():
    with relay(Talk.serve) as (mailer, server):
        assert {mailer.send(MAIL).verdict for _ in range(20)} == {Verdict.ACCEPTED}
        mailer.close()
        assert (len(server.talks), len(server.stored), server.heard[-1]) == (1, 20, "QUIT")


def test_a_connection_carries_no_more_messages_than_set():
    with relay(Talk.serve, messages_per_connection=3) as (mailer, server):
        assert {mailer.send(MAIL).verdict for _ in range(7)} == {Verdict.ACCEPTED}
        assert [len(talk.stored) for talk in server.talks] == [3, 3, 1]


def test_a_connection_idle_for_too_long_is_not_used_again():
    with relay(Talk.serve, idle=timedelta(milliseconds=50)) as (mailer, server):
        mailer.send(MAIL)
        time.sleep(0.1)
        assert mailer.send(MAIL).verdict is Verdict.ACCEPTED
        assert len(server.talks) == 2


def test_a_forked_child_leaves_its_parents_connection_alone():
    with relay(Talk.serve) as (mailer, server):
        mailer.send(MAIL)
        child = os.fork()
        if child == 0:
            os._exit(0 if mailer.send(MAIL).verdict is Verdict.ACCEPTED else 1)
        assert os.waitpid(child, 0)[1] == 0
        assert mailer.send(MAIL).verdict is Verdict.ACCEPTED
        assert [len(talk.stored) for talk in server.talks] == [2, 1]


def test_threads_take_turns_on_one_mailer():
    verdicts: list[Verdict] = []
    with relay(Talk.serve) as (mailer, server):
        threads = [threading.Thread(target=lambda: verdicts.append(mailer.send(MAIL).verdict)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert verdicts == [Verdict.ACCEPTED] * 8
        assert len(server.stored) == 8


def test_a_relay_that_knows_only_helo_is_spoken_to():
    def old(talk: Talk) -> None:
        talk.say("220 old")
        talk.hear()
        talk.say("502 what is EHLO")
        talk.envelope()
        talk.data()
        talk.say("250 ok")

    with relay(old) as (mailer, server):
        assert mailer.send(MAIL).verdict is Verdict.ACCEPTED
        assert server.heard[:2] == ["EHLO localhost", "HELO localhost"]


# --- breaks before the final dot: nothing was handed over ------------------------------------


def cut_at_once(talk: Talk) -> None:
    talk.cut()


def cut_before_mail(talk: Talk) -> None:
    talk.welcome()
    talk.cut()


def cut_after_rcpt(talk: Talk) -> None:
    talk.welcome()
    for _ in range(2):
        talk.hear()
        talk.say("250 fine")
    talk.cut()


def cut_instead_of_354(talk: Talk) -> None:
    talk.welcome()
    for _ in range(2):
        talk.hear()
        talk.say("250 fine")
    talk.hear()
    talk.cut(hard=True)


def stall_at_greeting(talk: Talk) -> None:
    time.sleep(1)


def stall_after_rcpt(talk: Talk) -> None:
    talk.welcome()
    talk.hear()
    talk.say("250 fine")
    time.sleep(1)


def drip(talk: Talk) -> None:
    """An answer that never ends, a sign at a time: each single read is fast."""
    for _ in range(40):
        talk.socket.sendall(b"2")
        time.sleep(0.05)


def endless_answer(talk: Talk) -> None:
    for _ in range(10_000):
        talk.say("220-welcome and welcome and welcome again")


def endless_line(talk: Talk) -> None:
    talk.socket.sendall(b"220 " + b"x" * 1_000_000)


def garbage(talk: Talk) -> None:
    talk.socket.sendall(b"\x16\x03\x01\xff\x00HTTP/1.1 400 Bad Request\r\n\r\n")


def codes_that_differ(talk: Talk) -> None:
    talk.say("220-one", "554 two")


def silent_success(talk: Talk) -> None:
    talk.say("250 not a greeting")
    time.sleep(0.2)


@pytest.mark.parametrize(
    "script",
    [
        cut_at_once,
        cut_before_mail,
        cut_after_rcpt,
        cut_instead_of_354,
        stall_at_greeting,
        stall_after_rcpt,
        drip,
        endless_answer,
        endless_line,
        garbage,
        codes_that_differ,
        silent_success,
    ],
    ids=lambda script: script.__name__,
)
def test_what_breaks_before_the_final_dot_is_deferred_and_in_time(script: Callable[[Talk], None]):
    with relay(script, timeout=timedelta(milliseconds=400)) as (mailer, server):
        began = time.monotonic()
        outcome = mailer.send(MAIL)
        assert outcome.verdict is Verdict.DEFERRED
        assert outcome.reason
        assert time.monotonic() - began < 1.5
        assert server.stored == []


def test_an_answer_without_end_is_given_up_before_the_time_is():
    with relay(endless_answer) as (mailer, _):
        assert mailer.send(MAIL).reason == "connect: the answer is not SMTP"


def test_a_connection_cut_in_the_midst_of_the_body_is_deferred():
    def script(talk: Talk) -> None:
        talk.until_data()
        talk.socket.recv(1000)
        talk.cut(hard=True)

    big = Mail(sender=MAIL.sender, recipient=MAIL.recipient, message=(b"x" * 76 + b"\r\n") * 100_000)
    with relay(script) as (mailer, _):
        assert mailer.send(big).verdict is Verdict.DEFERRED


def test_a_relay_that_stops_reading_in_the_midst_of_the_body_is_deferred_in_time():
    def script(talk: Talk) -> None:
        talk.until_data()
        time.sleep(1)

    big = Mail(sender=MAIL.sender, recipient=MAIL.recipient, message=(b"x" * 76 + b"\r\n") * 100_000)
    with relay(script, timeout=timedelta(milliseconds=300)) as (mailer, _):
        assert mailer.send(big).verdict is Verdict.DEFERRED


@pytest.mark.parametrize(
    ("line", "verdict"), [("451 4.3.0 disk full", Verdict.DEFERRED), ("554 5.6.0 no", Verdict.REFUSED)]
)
def test_an_answer_in_the_midst_of_the_body_is_believed_and_the_final_dot_is_not_sent(line: str, verdict: Verdict):
    went_on = threading.Event()
    rest: list[bytes] = []

    def script(talk: Talk) -> None:
        talk.until_data()
        talk.say(line)
        went_on.set()
        while octets := talk.socket.recv(65536):
            rest.append(octets)

    def wait() -> bool:
        return went_on.wait(5) and not time.sleep(0.05)

    with relay(script) as (mailer, server):
        assert mailer.send(MAIL, before_final_dot=wait).verdict is verdict
        server.threads[0].join(5)
        assert not b"".join(rest).endswith(b"\r\n.\r\n")


def test_nobody_listening_is_deferred():
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = int(closed.getsockname()[1])
    outcome = SmtpMailer(host="127.0.0.1", port=port).send(MAIL)
    assert (outcome.verdict, outcome.code) == (Verdict.DEFERRED, None)
    assert "cannot connect" in (outcome.reason or "")


# --- from the final dot on -------------------------------------------------------------------


def accept_and_cut(talk: Talk) -> None:
    talk.until_data()
    talk.data()
    talk.cut(hard=True)


def accept_and_stall(talk: Talk) -> None:
    talk.until_data()
    talk.data()
    time.sleep(1)


def accept_and_mumble(talk: Talk) -> None:
    talk.until_data()
    talk.data()
    talk.say("!!! ??? what")


def accept_and_answer_half(talk: Talk) -> None:
    talk.until_data()
    talk.data()
    talk.socket.sendall(b"250 2.0")
    talk.cut()


def accept_and_ask_for_more(talk: Talk) -> None:
    talk.until_data()
    talk.data()
    talk.say("354 go on")


@pytest.mark.parametrize(
    "script",
    [accept_and_cut, accept_and_stall, accept_and_mumble, accept_and_answer_half, accept_and_ask_for_more],
    ids=lambda script: script.__name__,
)
def test_a_mail_whose_answer_is_lost_after_the_final_dot_is_uncertain_and_sent_once(script: Callable[[Talk], None]):
    with relay(script, timeout=timedelta(milliseconds=400)) as (mailer, server):
        outcome = mailer.send(MAIL)
        assert outcome.verdict is Verdict.UNCERTAIN
        assert outcome.reason
        assert len(server.stored) == 1
        assert len(server.talks) == 1


def test_after_an_uncertain_mail_the_next_one_gets_a_connection_of_its_own():
    def script(talk: Talk) -> None:
        accept_and_cut(talk) if talk.number == 1 else talk.serve()

    with relay(script) as (mailer, _):
        assert [mailer.send(MAIL).verdict for _ in range(2)] == [Verdict.UNCERTAIN, Verdict.ACCEPTED]


# --- answers ---------------------------------------------------------------------------------


def refusing(stage: str, *lines: str) -> Callable[[Talk], None]:
    """A relay that answers one stage for one message with `lines` and is ordinary otherwise."""

    def script(talk: Talk) -> None:
        refused = False
        if stage == "GREETING":
            talk.say(*lines)
            return
        talk.welcome()
        while (command := talk.hear().upper()) != "QUIT":
            if command.startswith(stage) and not refused:
                refused = True
                talk.say(*lines)
            elif command == "DATA":
                talk.say("354 go on")
                talk.data()
                talk.say(*(lines if stage == "DOT" and not refused else ("250 ok",)))
                refused = refused or stage == "DOT"
            else:
                talk.say("250 fine")

    return script


@pytest.mark.parametrize(
    ("stage", "line", "verdict", "code", "suppress"),
    [
        ("GREETING", "421 4.3.2 too many connections", Verdict.DEFERRED, "4.3.2", False),
        ("GREETING", "554 no mail here", Verdict.DEFERRED, "554", False),
        ("MAIL", "451 4.7.1 greylisted", Verdict.DEFERRED, "4.7.1", False),
        ("MAIL", "553 5.7.1 sender not yours", Verdict.REFUSED, "5.7.1", False),
        ("RCPT", "450 4.2.1 busy", Verdict.DEFERRED, "4.2.1", False),
        ("RCPT", "452 4.2.2 mailbox full", Verdict.DEFERRED, "4.2.2", False),
        ("RCPT", "550 5.1.1 no such user", Verdict.REFUSED, "5.1.1", True),
        ("RCPT", "550 No such user here", Verdict.REFUSED, "550", True),
        ("RCPT", "550 5.7.1 policy", Verdict.REFUSED, "5.7.1", False),
        ("RCPT", "552 5.2.2 mailbox full", Verdict.REFUSED, "5.2.2", False),
        ("DATA", "554 5.5.1 no valid recipients", Verdict.REFUSED, "5.5.1", False),
        ("DOT", "451 4.3.0 try later", Verdict.DEFERRED, "4.3.0", False),
        ("DOT", "452 4.3.1 disk full", Verdict.DEFERRED, "4.3.1", False),
        ("DOT", "421 4.3.2 going down", Verdict.DEFERRED, "4.3.2", False),
        ("DOT", "550 5.1.1 no such user", Verdict.REFUSED, "5.1.1", True),
        ("DOT", "552 5.3.4 too large", Verdict.REFUSED, "5.3.4", False),
        ("DOT", "554 5.7.26 unauthenticated", Verdict.REFUSED, "5.7.26", False),
    ],
)
def test_an_answer_is_judged_by_code_and_stage(stage: str, line: str, verdict: Verdict, code: str, suppress: bool):
    with relay(refusing(stage, line)) as (mailer, _):
        outcome = mailer.send(MAIL)
        assert (outcome.verdict, outcome.code, outcome.suppress) == (verdict, code, suppress)


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA", "DOT"])
def test_after_a_refusal_the_connection_serves_the_next_mail(stage: str):
    with relay(refusing(stage, "550 5.7.1 no")) as (mailer, server):
        assert [mailer.send(MAIL).verdict for _ in range(2)] == [Verdict.REFUSED, Verdict.ACCEPTED]
        assert len(server.talks) == 1
        assert ("RSET" in server.heard) == (stage in ("RCPT", "DATA"))


def test_an_answer_of_many_lines_is_read_whole():
    lines = ("550-5.1.1 The account", "550-5.1.1 is not here.", "550 5.1.1 Goodbye")
    with relay(refusing("RCPT", *lines)) as (mailer, _):
        outcome = mailer.send(MAIL)
        assert outcome.reason == "rcpt: 550 The account is not here. Goodbye"
        assert mailer.send(MAIL).verdict is Verdict.ACCEPTED


def test_a_reason_names_no_address_and_holds_no_control_characters():
    with relay(refusing("RCPT", "550 5.1.1 <reader-1@example.com>: \x1b[31mno\x00 reader-1@example.com")) as (
        mailer,
        _,
    ):
        assert mailer.send(MAIL).reason == "rcpt: 550 <address>: [31mno <address>"


# --- a pooled connection that died -----------------------------------------------------------


def hangs_up_when_idle(talk: Talk) -> None:
    if talk.number > 1:
        return talk.serve()
    talk.until_data()
    talk.data()
    talk.say("250 ok")
    return None


def says_421_when_idle(talk: Talk) -> None:
    if talk.number > 1:
        return talk.serve()
    talk.until_data()
    talk.data()
    talk.say("250 ok")
    talk.say("421 idle for too long")
    return None


def dies_at_the_next_mail(talk: Talk) -> None:
    if talk.number > 1:
        return talk.serve()
    talk.until_data()
    talk.data()
    talk.say("250 ok")
    talk.hear()
    return talk.cut(hard=True)


def says_421_at_the_next_mail(talk: Talk) -> None:
    if talk.number > 1:
        return talk.serve()
    talk.until_data()
    talk.data()
    talk.say("250 ok")
    talk.hear()
    talk.say("421 4.7.0 enough for one connection")
    return None


@pytest.mark.parametrize(
    "script",
    [hangs_up_when_idle, says_421_when_idle, dies_at_the_next_mail, says_421_at_the_next_mail],
    ids=lambda script: script.__name__,
)
def test_a_pooled_connection_that_died_costs_no_mail(script: Callable[[Talk], None]):
    with relay(script) as (mailer, server):
        assert mailer.send(MAIL).verdict is Verdict.ACCEPTED
        time.sleep(0.1)
        assert mailer.send(MAIL).verdict is Verdict.ACCEPTED
        assert len(server.stored) == 2


# --- right before the final dot --------------------------------------------------------------


def test_a_mail_held_back_before_the_final_dot_is_deferred_and_nothing_was_handed_over():
    with relay(Talk.serve) as (mailer, server):
        outcome = mailer.send(MAIL, before_final_dot=lambda: False)
        assert outcome.verdict is Verdict.DEFERRED
        server.threads[0].join(5)
        assert not server.threads[0].is_alive()
        assert server.stored == []
        assert mailer.send(MAIL, before_final_dot=lambda: True).verdict is Verdict.ACCEPTED
        assert len(server.stored) == 1


def test_the_hook_of_the_mailer_stands_before_every_final_dot():
    asked: list[int] = []
    with relay(Talk.serve, before_final_dot=lambda: bool(asked.append(1)) or True) as (mailer, _):
        for _ in range(3):
            mailer.send(MAIL)
    assert len(asked) == 3


def test_the_hook_is_not_asked_for_a_mail_refused_before():
    asked: list[int] = []
    with relay(refusing("RCPT", "550 5.1.1 no")) as (mailer, _):
        mailer.send(MAIL, before_final_dot=lambda: bool(asked.append(1)))
    assert asked == []


def test_when_the_hook_fails_nothing_is_handed_over():
    def broken() -> bool:
        raise RuntimeError("the journal is full")

    with relay(Talk.serve) as (mailer, server):
        with pytest.raises(RuntimeError, match="journal"):
            mailer.send(MAIL, before_final_dot=broken)
        server.threads[0].join(5)
        assert not server.threads[0].is_alive()
        assert server.stored == []


def test_a_mailer_that_slept_past_its_time_does_not_send_the_final_dot():
    with relay(Talk.serve, total=timedelta(seconds=1)) as (mailer, server):
        outcome = mailer.send(MAIL, before_final_dot=lambda: not time.sleep(0.9))
        assert outcome.verdict is Verdict.DEFERRED
        server.threads[0].join(5)
        assert server.stored == []


# --- what is never handed to a relay ---------------------------------------------------------


@pytest.mark.parametrize(
    ("recipient", "words"),
    [
        ("홍@example.com", "plain ASCII"),
        ("a b@example.com", "blank"),
        ("a@example.com>\r\nDATA", "not a valid name"),
        ("a", "name@domain"),
    ],
)
def test_an_address_that_cannot_be_written_to_is_refused_clearly_and_not_suppressed(recipient: str, words: str):
    with relay(Talk.serve) as (mailer, server):
        outcome = mailer.send(Mail(sender=MAIL.sender, recipient=recipient, message=MAIL.message))
        assert (outcome.verdict, outcome.suppress) == (Verdict.REFUSED, False)
        assert words in (outcome.reason or "")
        assert server.talks == []


@pytest.mark.parametrize(
    "message",
    [b"a\n.\nMAIL FROM:<x@y.z>\r\n", b"a\r.\r\n", "가".encode(), b"a\0b\r\n", b"x" * 999 + b"\r\n", b"x" * 2000],
)
def test_a_message_that_smtp_cannot_carry_is_refused(message: bytes):
    with relay(Talk.serve) as (mailer, server):
        outcome = mailer.send(Mail(sender=MAIL.sender, recipient=MAIL.recipient, message=message))
        assert outcome.verdict is Verdict.REFUSED
        assert server.talks == []


def test_a_line_of_998_octets_is_carried():
    message = b"x" * 998 + b"\r\n"
    with relay(Talk.serve) as (mailer, server):
        assert (
            mailer.send(Mail(sender=MAIL.sender, recipient=MAIL.recipient, message=message)).verdict is Verdict.ACCEPTED
        )
        assert server.stored == [message]


def test_a_mail_larger_than_the_relay_takes_is_refused_without_being_sent():
    def script(talk: Talk) -> None:
        talk.until_data(size="10")

    with relay(script) as (mailer, server):
        outcome = mailer.send(MAIL)
        assert (outcome.verdict, outcome.code) == (Verdict.REFUSED, "5.3.4")
        assert not any(line.startswith("MAIL") for line in server.heard)


@pytest.mark.parametrize("size", ["0", "many", "99999999999999999999999", "-5"])
def test_a_size_that_names_no_limit_is_none(size: str):
    def script(talk: Talk) -> None:
        talk.until_data(size=size)
        talk.data()
        talk.say("250 ok")

    with relay(script) as (mailer, _):
        assert mailer.send(MAIL).verdict is Verdict.ACCEPTED


# --- encryption and login --------------------------------------------------------------------


@dataclass(frozen=True)
class Certificate:
    file: str
    context: ssl.SSLContext


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "relay.example")])
    now = dt.datetime.now(dt.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder: Path = tmp_path_factory.mktemp("tls")
    pem = built.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "both.pem").write_bytes(pem + private)
    (folder / "ca.pem").write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "both.pem")
    return Certificate(file=str(folder / "ca.pem"), context=context)


def starttls(
    certificate: Certificate, after: Callable[[Talk], None], *, offer: str = "250 STARTTLS", more: str = ""
) -> Callable[[Talk], None]:
    def script(talk: Talk) -> None:
        talk.say("220 relay")
        talk.hear()
        talk.say("250-relay", offer)
        assert talk.hear() == "STARTTLS"
        talk.socket.sendall(b"220 go ahead\r\n" + more.encode())
        talk.socket = certificate.context.wrap_socket(talk.socket, server_side=True)
        talk.hear()
        after(talk)

    return script


def after_tls(talk: Talk) -> None:
    talk.say("250-relay", "250 AUTH PLAIN LOGIN")
    while (command := talk.hear()) != "QUIT":
        if command == "DATA":
            talk.say("354 go on")
            talk.data()
            talk.say("250 ok")
        else:
            talk.say("235 welcome" if command.startswith("AUTH") else "250 fine")
    talk.say("221 bye")


def test_starttls_with_a_trusted_certificate_carries_many_mails_on_one_connection(certificate: Certificate):
    with relay(starttls(certificate, after_tls), tls="starttls", ca_file=certificate.file) as (mailer, server):
        assert [mailer.send(MAIL).verdict for _ in range(3)] == [Verdict.ACCEPTED] * 3
        assert len(server.talks) == 1


def test_implicit_tls_carries_many_mails_on_one_connection(certificate: Certificate):
    def wrap(plain: socket.socket) -> socket.socket:
        return certificate.context.wrap_socket(plain, server_side=True)

    with relay(Talk.serve, wrap=wrap, tls="implicit", ca_file=certificate.file) as (mailer, server):
        assert [mailer.send(MAIL).verdict for _ in range(3)] == [Verdict.ACCEPTED] * 3
        assert len(server.talks) == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_certificate_that_is_not_trusted_or_names_another_host_is_refused(certificate: Certificate, host: str):
    trusted = certificate.file if host == "localhost" else None  # trusted, but made out to 127.0.0.1 alone
    with relay(starttls(certificate, after_tls), host=host, tls="starttls", ca_file=trusted) as (mailer, server):
        outcome = mailer.send(MAIL)
        assert outcome.verdict is Verdict.DEFERRED
        assert "certificate is not trusted" in (outcome.reason or "")
        assert not any(line.startswith("MAIL") for line in server.heard)


def test_where_starttls_is_not_offered_nothing_is_sent_in_the_clear():
    with relay(Talk.serve, tls="starttls", user="u", password="p") as (mailer, server):
        outcome = mailer.send(MAIL)
        assert outcome.verdict is Verdict.DEFERRED
        assert "does not offer STARTTLS" in (outcome.reason or "")
        assert server.heard == ["EHLO localhost"]


def test_what_was_said_in_the_clear_after_starttls_is_never_believed(certificate: Certificate):
    script = starttls(certificate, after_tls, more="250 AUTH PLAIN\r\n")
    with relay(script, tls="starttls", ca_file=certificate.file) as (mailer, server):
        outcome = mailer.send(MAIL)
        assert outcome.verdict is Verdict.DEFERRED
        assert "between STARTTLS and the encryption" in (outcome.reason or "")
        assert server.heard == ["EHLO localhost", "STARTTLS"]


def test_plain_login_is_preferred(certificate: Certificate):
    options = {"tls": "starttls", "ca_file": certificate.file, "user": "news", "password": "비밀"}
    with relay(starttls(certificate, after_tls), **options) as (mailer, server):
        assert mailer.send(MAIL).verdict is Verdict.ACCEPTED
        assert "AUTH PLAIN " + base64.b64encode("\0news\0비밀".encode()).decode() in server.heard


def test_login_step_by_step_where_plain_is_not_offered():
    def script(talk: Talk) -> None:
        talk.say("220 relay")
        talk.hear()
        talk.say("250-relay", "250 AUTH=LOGIN")
        assert talk.hear() == "AUTH LOGIN"
        talk.say("334 VXNlcm5hbWU6")
        assert base64.b64decode(talk.hear()) == b"news"
        talk.say("334 UGFzc3dvcmQ6")
        assert base64.b64decode(talk.hear()) == b"secret"
        talk.say("235 welcome")
        talk.envelope()
        talk.data()
        talk.say("250 ok")

    with relay(script, user="news", password="secret") as (mailer, _):
        assert mailer.send(MAIL).verdict is Verdict.ACCEPTED


def test_a_refused_login_fails_nobody_and_shows_no_secret():
    def script(talk: Talk) -> None:
        talk.say("220 relay")
        talk.hear()
        talk.say("250-relay", "250 AUTH PLAIN")
        talk.hear()
        talk.say("535 5.7.8 wrong password hunter2")

    with relay(script, user="news", password="hunter2") as (mailer, _):
        outcome = mailer.send(MAIL)
        assert (outcome.verdict, outcome.code) == (Verdict.DEFERRED, "5.7.8")
        assert "hunter2" not in (outcome.reason or "")
        assert "hunter2" not in repr(mailer.relay)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"host": "smtp.example.com"}, "without encryption"),
        ({"host": "192.0.2.1"}, "without encryption"),
        ({"host": "127.0.0.1", "user": "u"}, "go together"),
        ({"host": "127.0.0.1", "hello": "가람.kr"}, "EHLO"),
        ({"host": "127.0.0.1", "port": 0}, "no port"),
    ],
)
def test_a_relay_that_cannot_be_safe_or_work_is_not_made(options: dict[str, Any], words: str):
    with pytest.raises(Permanent, match=words):
        SmtpMailer(**options)
