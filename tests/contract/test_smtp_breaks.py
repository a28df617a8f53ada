"""What SmtpMailer makes of connections that break, stall or talk nonsense, before and after the final dot."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest

from syndication.adapters.smtp import SmtpMailer
from syndication.core.model import Verdict
from syndication.ports import Mail
from tests.contract.relay import MAIL, Talk, relay

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
