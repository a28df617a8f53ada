"""What SmtpMailer makes of connections that break, stall or talk nonsense, before and after the final dot."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest

from syndication.adapters.smtp import SmtpMailer
from syndication.adapters.smtp.wire import Lost, Wire, elapsed
from syndication.core.model import Reach, Verdict
from syndication.ports import Mail
from tests.contract.relay import MAIL, PIPELINING, Given, Relay, Talk, carried, mails
from tests.contract.relay import relay as scripted

BIG = Mail(sender=MAIL.sender, recipient=MAIL.recipient, message=(b"x" * 76 + b"\r\n") * 100_000)


@pytest.fixture(params=[(), PIPELINING], ids=["lockstep", "pipelining"])
def relay(request: pytest.FixtureRequest) -> Given:
    return partial(scripted, offers=request.param)


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
    talk.stall()


def stall_after_rcpt(talk: Talk) -> None:
    talk.welcome()
    talk.hear()
    talk.say("250 fine")
    talk.stall()


def drip(talk: Talk) -> None:
    """An answer that never ends, a sign at a time: each single read is fast."""
    for _ in range(200):
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
def test_what_breaks_before_the_final_dot_is_deferred_and_in_time(relay: Given, script: Callable[[Talk], None]):
    with relay(script, timeout=timedelta(milliseconds=400)) as (mailer, server):
        began = time.monotonic()
        outcome = mailer.send(MAIL)
        assert outcome.verdict is Verdict.DEFERRED
        assert outcome.reason
        assert time.monotonic() - began < 5
        assert server.stored == []


def test_an_answer_without_end_is_given_up_before_the_time_is(relay: Given):
    with relay(endless_answer) as (mailer, _):
        assert mailer.send(MAIL).reason == "connect: the answer is not SMTP"


def test_a_connection_cut_in_the_midst_of_the_body_is_deferred(relay: Given):
    def script(talk: Talk) -> None:
        talk.until_data()
        talk.socket.recv(1000)
        talk.cut(hard=True)

    with relay(script) as (mailer, _):
        assert mailer.send(BIG).verdict is Verdict.DEFERRED


def test_a_relay_that_stops_reading_in_the_midst_of_the_body_is_deferred_in_time(relay: Given):
    def script(talk: Talk) -> None:
        talk.until_data()
        time.sleep(1)  # what was not read hides the client's farewell

    with relay(script, timeout=timedelta(milliseconds=300)) as (mailer, _):
        assert mailer.send(BIG).verdict is Verdict.DEFERRED


@pytest.mark.parametrize("line", ["451 4.3.0 disk full", "554 5.6.0 no", "550 5.1.1 no such user", "250 2.0.0 Ok"])
def test_after_an_answer_in_the_midst_of_the_body_the_final_dot_is_not_sent_and_nobody_is_refused(
    relay: Given, line: str
):
    went_on = threading.Event()
    rest: list[bytes] = []

    def script(talk: Talk) -> None:
        talk.until_data()
        talk.line()
        talk.say(line)
        went_on.set()
        while octets := talk.socket.recv(65536):
            rest.append(octets)

    def wait(_: Mail) -> bool:
        asked.append(went_on.wait(5))
        time.sleep(0.05)
        return True

    asked: list[bool] = []
    with relay(script) as (mailer, server):
        ((_, outcome),) = mailer.carry([MAIL], wait)
        assert asked == [True]
        assert (outcome.verdict, outcome.suppress) == (Verdict.DEFERRED, False)
        server.settled()
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
    talk.stall()


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
def test_a_mail_whose_answer_is_lost_after_the_final_dot_is_uncertain_and_sent_once(
    relay: Given, script: Callable[[Talk], None]
):
    with relay(script, timeout=timedelta(milliseconds=400)) as (mailer, server):
        outcome = mailer.send(MAIL)
        assert outcome.verdict is Verdict.UNCERTAIN
        assert outcome.reason
        assert len(server.stored) == 1
        assert len(server.talks) == 1


def test_a_relay_that_falls_silent_after_the_final_dot_is_trouble_for_everybody(relay: Given):
    with relay(accept_and_stall, timeout=timedelta(milliseconds=200)) as (mailer, _):
        outcome = mailer.send(MAIL)
        assert (outcome.verdict, outcome.reach) == (Verdict.UNCERTAIN, Reach.TRANSPORT)


def test_a_connection_that_breaks_over_one_message_is_trouble_for_that_one_only(relay: Given):
    with relay(cut_after_rcpt) as (mailer, _):
        outcome = mailer.send(MAIL)
        assert (outcome.verdict, outcome.reach) == (Verdict.DEFERRED, Reach.DELIVERY)


def test_after_an_uncertain_mail_the_next_ones_get_a_connection_of_their_own(relay: Given):
    def script(talk: Talk) -> None:
        accept_and_cut(talk) if talk.number == 1 else talk.serve()

    letters = mails(3)
    with relay(script) as (mailer, server):
        verdicts = [outcome.verdict for outcome in carried(mailer, *letters)]
        assert verdicts == [Verdict.UNCERTAIN, Verdict.ACCEPTED, Verdict.ACCEPTED]
        assert server.stored == [mail.message for mail in letters]


def test_a_final_dot_that_was_not_sent_since_the_connection_was_gone_is_not_uncertain(relay: Given):
    def script(talk: Talk) -> None:
        talk.until_data()
        talk.line()
        talk.cut(hard=True)

    with relay(script) as (mailer, server):

        def until_reset(_: Mail) -> bool:
            server.settled()
            return True

        ((_, outcome),) = mailer.carry([MAIL], until_reset)
        assert outcome.verdict is Verdict.DEFERRED


def test_a_write_says_whether_anything_of_it_may_have_left():
    def begun(script: Callable[[Talk], None]) -> tuple[Relay, Wire]:
        server = Relay(script, lambda plain: plain)
        until = elapsed() + timedelta(seconds=5)
        return server, Wire("127.0.0.1", server.port, patience=timedelta(milliseconds=200), until=until)

    server, wire = begun(lambda talk: talk.cut(hard=True))
    while not wire.waiting:
        time.sleep(0.01)
    with pytest.raises(Lost) as nothing:
        wire.write(b".\r\n")
    server.close()
    server, wire = begun(lambda talk: time.sleep(0.5))
    with pytest.raises(Lost) as some:
        wire.write(b"x" * 20_000_000)
    server.close()
    assert (nothing.value.unsent, some.value.unsent) == (True, False)
