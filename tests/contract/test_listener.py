"""What the port for mail that comes back answers, and when."""

from __future__ import annotations

import smtplib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from syndication.adapters.listener import CONNECTIONS, LARGEST, Listener
from syndication.ports import Arrived, Permanent, Transient

OURS = "b+ours@bounce.garam.example"
REPORT = b"Subject: failure\r\n\r\nit did not arrive\r\n"


class Taker:
    """Takes what comes, or fails as told."""

    def __init__(self) -> None:
        self.taken: list[Arrived] = []
        self.failure: Exception | None = None
        self.before: Callable[[], object] = lambda: None

    def take(self, arrived: Arrived) -> None:
        self.before()
        if self.failure is not None:
            raise self.failure
        self.taken.append(arrived)


@pytest.fixture
def taker() -> Taker:
    return Taker()


@pytest.fixture(params=["smtp", "lmtp"])
def port(request: pytest.FixtureRequest, taker: Taker) -> Iterator[int]:
    yield from listening(taker, request.param)


@pytest.fixture
def smtp_port(taker: Taker) -> Iterator[int]:
    yield from listening(taker, "smtp")


def listening(taker: Taker, protocol: str) -> Iterator[int]:
    listener = Listener(
        take=taker.take,
        expects=lambda address: address.lower() == OURS,
        protocol=protocol,
        timeout=timedelta(seconds=2),
        taking=timedelta(seconds=1),
    )
    yield listener.start()
    listener.stop()


class Talk:
    """A conversation by hand."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), 10)
        self.lines = self.socket.makefile("rb")
        self.greeting = self.hear()
        self.greeted = False

    def hear(self) -> str:
        while True:
            line = self.lines.readline().decode()
            if line[3:4] != "-":
                return line.strip()

    def say(self, line: str) -> str:
        self.socket.sendall(f"{line}\r\n".encode())
        return self.hear()

    def hello(self) -> None:
        if self.greeted:
            return
        self.greeted = True
        if not self.say("LHLO me").startswith("250"):
            assert self.say("EHLO me").startswith("250")

    def send(self, message: bytes = REPORT, *, sender: str = "", recipient: str = OURS) -> str:
        self.hello()
        assert self.say(f"MAIL FROM:<{sender}>").startswith("250")
        answer = self.say(f"RCPT TO:<{recipient}>")
        if not answer.startswith("250"):
            return answer
        assert self.say("DATA").startswith("354")
        self.socket.sendall(message + b".\r\n")
        return self.hear()


def test_a_report_is_taken_as_it_came(port: int, taker: Taker) -> None:
    assert Talk(port).send(REPORT + b"..leading dot\r\n").startswith("250")
    (arrived,) = taker.taken
    assert (arrived.message, arrived.sender, arrived.recipients) == (REPORT + b".leading dot\r\n", "", (OURS,))


def test_it_is_answered_only_after_it_was_taken(port: int, taker: Taker) -> None:
    done = threading.Event()
    taker.before = lambda: (time.sleep(0.2), done.set())
    assert Talk(port).send().startswith("250")
    assert done.is_set()


@pytest.mark.parametrize("address", ["anybody@bounce.garam.example", "b+forged@bounce.garam.example", "x@else.example"])
def test_mail_for_anybody_else_is_refused(port: int, taker: Taker, address: str) -> None:
    assert Talk(port).send(recipient=address).startswith("550 5.1.1")
    assert not taker.taken


@pytest.mark.parametrize("failure", [Transient("the database is away"), RuntimeError("a bug"), OSError("disk")])
def test_what_cannot_be_stored_now_stays_with_the_far_side(port: int, taker: Taker, failure: Exception) -> None:
    taker.failure = failure
    answer = Talk(port).send()
    assert answer.startswith("451")
    assert "database" not in answer, "nobody outside is told about our house"
    taker.failure = None
    assert Talk(port).send().startswith("250")


def test_what_takes_too_long_stays_with_the_far_side(port: int, taker: Taker) -> None:
    taker.before = lambda: time.sleep(2.5)  # longer than the far side itself is waited for
    assert Talk(port).send().startswith("451")


def test_what_can_never_be_taken_is_refused(port: int, taker: Taker) -> None:
    taker.failure = Permanent("no")
    assert Talk(port).send().startswith("554")


def test_recipients_are_taken_one_at_a_time_so_that_each_has_an_answer(port: int) -> None:
    talk = Talk(port)
    talk.hello()
    talk.say("MAIL FROM:<>")
    assert talk.say(f"RCPT TO:<{OURS}>").startswith("250")
    assert talk.say(f"RCPT TO:<{OURS.upper()}>").startswith("452 4.5.3")


def test_one_connection_brings_many_reports(port: int, taker: Taker) -> None:
    talk = Talk(port)
    for _ in range(20):
        assert talk.send().startswith("250")
    assert len(taker.taken) == 20


def test_a_mail_that_is_too_large_is_refused_before_and_after_it_travelled(smtp_port: int, taker: Taker) -> None:
    talk = Talk(smtp_port)
    talk.hello()
    assert talk.say(f"MAIL FROM:<> SIZE={LARGEST + 1}").startswith("552")
    line = b"a" * 900 + b"\r\n"
    assert talk.send(line * (LARGEST // len(line) + 20)).startswith("552")
    assert not taker.taken


def test_a_line_that_never_ends_is_cut_off(smtp_port: int, taker: Taker) -> None:
    talk = Talk(smtp_port)
    talk.hello()
    talk.say("MAIL FROM:<>")
    talk.say(f"RCPT TO:<{OURS}>")
    talk.say("DATA")
    with pytest.raises(OSError):
        talk.socket.sendall(b"a" * (100 << 20))
    assert not taker.taken


def test_who_says_nothing_is_hung_up_on(smtp_port: int) -> None:
    talk = Talk(smtp_port)
    began = time.monotonic()
    assert talk.lines.readline() == b""
    assert time.monotonic() - began < 5


def test_connections_are_not_without_number(smtp_port: int) -> None:
    talks = [Talk(smtp_port) for _ in range(CONNECTIONS)]
    assert all(talk.greeting.startswith("220") for talk in talks)
    assert Talk(smtp_port).greeting.startswith("421")
    talks.pop().socket.close()
    talks.pop().lines.close()


def test_the_standard_library_can_talk_to_it(smtp_port: int, taker: Taker) -> None:
    with smtplib.SMTP("127.0.0.1", smtp_port, timeout=10) as client:
        client.sendmail("mailer-daemon@example.com", [OURS], REPORT)
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            client.sendmail("", ["who@else.example"], REPORT)
    assert [arrived.sender for arrived in taker.taken] == ["mailer-daemon@example.com"]
