"""What becomes of the other mails when a connection dies: at rest, in the midst of a stream, wherever it is cut."""

from __future__ import annotations

import socket
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syndication.core.model import Reach, Verdict
from syndication.ports import Mail
from tests.contract.relay import MAIL, PIPELINING, Given, Talk, carried, mails
from tests.contract.relay import relay as scripted
from tests.proxy import proxy


@pytest.fixture(params=[(), PIPELINING], ids=["lockstep", "pipelining"])
def relay(request: pytest.FixtureRequest) -> Given:
    return partial(scripted, offers=request.param)


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
