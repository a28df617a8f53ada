"""What SmtpMailer makes of connections that break, stall or talk nonsense, before and after the final dot."""

from __future__ import annotations

import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syndication.adapters.smtp import SmtpMailer
from syndication.adapters.smtp.wire import Lost, Wire, elapsed
from syndication.core.model import Reach, Verdict
from syndication.ports import Mail
from tests.contract.relay import MAIL, PIPELINING, Given, Relay, Talk, carried, mails
from tests.contract.relay import relay as scripted
from tests.proxy import proxy

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
def test_a_pooled_connection_that_died_costs_no_mail(relay: Given, script: Callable[[Talk], None]):
    with relay(script) as (mailer, server):
        assert mailer.send(MAIL).verdict is Verdict.ACCEPTED
        time.sleep(0.1)
        assert mailer.send(MAIL).verdict is Verdict.ACCEPTED
        assert len(server.stored) == 2


def test_a_pooled_connection_that_fell_silent_costs_no_mail_and_little_time(relay: Given):
    def script(talk: Talk) -> None:
        if talk.number > 1:
            return talk.serve()
        talk.welcome()
        talk.take()
        return talk.stall()

    with relay(script, timeout=timedelta(seconds=1)) as (mailer, _):
        assert mailer.send(MAIL).verdict is Verdict.ACCEPTED
        outcome = mailer.send(MAIL)  # not a word is said about it on the silent one
        assert outcome.verdict is Verdict.ACCEPTED


def test_a_message_goes_over_a_fresh_connection_once_and_no_more(relay: Given):
    def script(talk: Talk) -> None:
        talk.welcome()
        if talk.number == 1:
            talk.take()
        talk.hear()
        talk.cut()

    with relay(script) as (mailer, server):
        assert mailer.send(MAIL).verdict is Verdict.ACCEPTED
        outcome = mailer.send(MAIL)
        assert (outcome.verdict, outcome.reach) == (Verdict.DEFERRED, Reach.TRANSPORT)
        assert len(server.talks) == 2


def test_a_message_about_which_something_was_said_is_not_carried_again(relay: Given):
    def script(talk: Talk) -> None:
        talk.welcome()
        if talk.number == 1:
            talk.take()
        talk.hear()
        talk.say("250 fine")
        talk.hear()
        talk.cut()

    with relay(script) as (mailer, server):
        assert mailer.send(MAIL).verdict is Verdict.ACCEPTED
        assert mailer.send(MAIL).verdict is Verdict.DEFERRED
        assert len(server.talks) == 1


# --- in the midst of a stream ----------------------------------------------------------------


def closes_after_the_second(talk: Talk) -> None:
    """421 as the answer to the second message of the first connection."""
    if talk.number > 1:
        return talk.serve()
    talk.welcome()
    talk.take()
    talk.take("421 4.3.2 going down")
    return None


def test_a_421_in_the_midst_of_a_stream_defers_what_it_answers_and_loses_nothing(relay: Given):
    letters = mails(4)
    with relay(closes_after_the_second) as (mailer, server):
        verdicts = [outcome.verdict for outcome in carried(mailer, *letters)]
        assert verdicts == [Verdict.ACCEPTED, Verdict.DEFERRED, Verdict.ACCEPTED, Verdict.ACCEPTED]
        assert [len(talk.stored) for talk in server.talks] == [2, 2]


def test_where_the_relay_is_gone_for_good_everything_that_was_drawn_is_deferred(relay: Given):
    def script(talk: Talk) -> None:
        if talk.number == 1:
            talk.welcome()
            talk.take()
            talk.take("421 4.3.2 going down")

    with relay(script) as (mailer, server):
        first, second, *others = carried(mailer, *mails(6))
        assert (first.verdict, second.verdict) == (Verdict.ACCEPTED, Verdict.DEFERRED)
        assert {(outcome.verdict, outcome.reach) for outcome in others} == {(Verdict.DEFERRED, Reach.TRANSPORT)}
        assert len(server.talks) == 2  # and not one for each


@pytest.mark.parametrize("hard", [True, False])
def test_what_was_drawn_ahead_when_a_connection_broke_goes_over_a_fresh_one(relay: Given, hard: bool):
    def script(talk: Talk) -> None:
        if talk.number > 1:
            return talk.serve()
        talk.welcome()
        talk.take()
        talk.envelope()
        talk.data()
        return talk.cut(hard=hard)

    letters = mails(5)
    with relay(script) as (mailer, server):
        verdicts = [outcome.verdict for outcome in carried(mailer, *letters)]
        assert verdicts == [Verdict.ACCEPTED, Verdict.UNCERTAIN, *[Verdict.ACCEPTED] * 3]
        assert server.stored == [mail.message for mail in letters]


def test_after_a_relay_that_refused_a_connection_none_is_made_for_a_while(relay: Given):
    def script(talk: Talk) -> None:
        talk.say("421 4.3.2 too many connections") if talk.number == 1 else talk.serve()

    with relay(script, back_off=timedelta(seconds=1)) as (mailer, server):
        outcomes = carried(mailer, *mails(5))
        assert {(outcome.verdict, outcome.reach) for outcome in outcomes} == {(Verdict.DEFERRED, Reach.TRANSPORT)}
        assert len(server.talks) == 1
        assert timedelta() < (outcomes[-1].retry_after or timedelta()) <= timedelta(seconds=1)
        time.sleep(1.05)
        assert mailer.send(MAIL).verdict is Verdict.ACCEPTED


def test_the_while_doubles_with_every_refusal_and_ends_with_a_connection(relay: Given):
    def script(talk: Talk) -> None:
        talk.say("554 no") if talk.number != 3 else talk.serve()

    waits = []
    with relay(script, back_off=timedelta(milliseconds=400)) as (mailer, server):
        for _ in range(2):
            mailer.send(MAIL)
            waits.append(mailer.send(MAIL).retry_after or timedelta())
            time.sleep(waits[-1].total_seconds() + 0.01)
        assert mailer.send(MAIL).verdict is Verdict.ACCEPTED
        server.talks[-1].socket.shutdown(socket.SHUT_RDWR)
        mailer.send(MAIL)
        waits.append(mailer.send(MAIL).retry_after or timedelta())
    first, second, third = (wait / timedelta(milliseconds=1) for wait in waits)
    assert 100 < first <= 400 < second <= 800
    assert 100 < third <= 400


# --- wherever it is cut ----------------------------------------------------------------------


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, 1300), st.sampled_from([(), PIPELINING]))
def test_wherever_a_connection_is_cut_each_mail_is_what_its_outcome_says(octets: int, offers: tuple[str, ...]):
    letters = mails(6)
    with scripted(Talk.serve, offers=offers) as (_, server), proxy(server.port) as way:
        way.cut_after(octets)
        with scripted(Talk.serve, port=way.port, back_off=timedelta()) as (mailer, _):
            told = list(mailer.carry(letters, lambda _: True))
    server.settled()
    taken = Counter(server.stored)
    for mail, outcome in told:
        allowed = {Verdict.ACCEPTED: (1,), Verdict.UNCERTAIN: (0, 1)}.get(outcome.verdict, (0,))
        assert taken[mail.message] in allowed
    assert sorted(mail.delivery_id for mail, _ in told) == [1, 2, 3, 4, 5, 6]


def test_a_connection_that_fell_into_a_black_hole_costs_its_message_no_more_than_the_wait(relay: Given):
    letters = mails(5)

    def ask(mail: Mail) -> bool:
        if mail.delivery_id == 2:
            way.blackhole(new=False)
        return True

    with relay(Talk.serve) as (_, server), proxy(server.port) as way:  # noqa: SIM117 - the one needs the other
        with relay(Talk.serve, port=way.port, timeout=timedelta(seconds=1)) as (mailer, _):
            began = time.monotonic()
            verdicts = [outcome.verdict for _, outcome in mailer.carry(letters, ask)]
            assert time.monotonic() - began < 4
    assert verdicts == [Verdict.ACCEPTED, Verdict.UNCERTAIN, *[Verdict.ACCEPTED] * 3]


def test_a_relay_that_is_down_and_comes_back_is_used_again(relay: Given):
    with relay(Talk.serve) as (_, server), proxy(server.port) as way:  # noqa: SIM117 - as above
        with relay(Talk.serve, port=way.port, back_off=timedelta(milliseconds=50)) as (mailer, _):
            assert mailer.send(MAIL).verdict is Verdict.ACCEPTED
            way.down()
            time.sleep(0.05)
            assert mailer.send(MAIL).reach is Reach.TRANSPORT
            way.pass_on()
            time.sleep(0.06)
            assert mailer.send(MAIL).verdict is Verdict.ACCEPTED
