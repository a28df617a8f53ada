"""Whose each answer is: none is ever taken for another message's, however a relay cuts them up or miscounts them."""

from __future__ import annotations

import time
from datetime import timedelta
from functools import partial

import pytest

from syndication.core.model import Reach, Verdict
from tests.contract.relay import MAIL, PIPELINING, Talk, carried, mails, said
from tests.contract.relay import relay as scripted

relay = partial(scripted, offers=PIPELINING)

GONE = "550 5.1.1 no such user"


# --- whose answer it is ----------------------------------------------------------------------


@pytest.mark.parametrize("in_octets", [False, True])
def test_answers_are_told_apart_however_they_are_cut_up(in_octets: bool):
    """Glued to one another or octet by octet, of one line or of many."""
    long = ("250-2.1.0 one", "250-2.1.0 two", "250 2.1.0 three")

    def script(talk: Talk) -> None:
        talk.welcome()
        while True:
            while (command := talk.hear()) != "DATA":
                if command == "QUIT":
                    return
            said(talk, (*long, "250", "354-go", "354 on"), in_octets=in_octets)
            talk.data()
            number = len(talk.stored)
            odd = ("550-5.7.1 no", f"550 5.7.1 number {number}")
            said(
                talk, odd if number % 2 else ("250-2.0.0 Ok", f"250 2.0.0 queued as N{number:04}"), in_octets=in_octets
            )

    with relay(script) as (mailer, server):
        outcomes = carried(mailer, *mails(6))
        assert [outcome.receipt for outcome in outcomes[1::2]] == ["N0002", "N0004", "N0006"]
        assert [outcome.reason for outcome in outcomes[::2]] == [f"body: 550 no number {n}" for n in (1, 3, 5)]
        assert len(server.talks) == 1


OK, GO_ON, STRAY = "250 ok", "354 go on", "250 2.0.0 Ok: queued as STRAY"
OUT_OF_COUNT = [
    (STRAY, OK, OK, GO_ON),
    (OK, STRAY, OK, GO_ON),
    (OK, OK, GO_ON, STRAY),
    (OK, OK, GO_ON, GONE),
    (OK, GONE, OK, GO_ON),
    (GONE, OK, OK, GO_ON),
    (OK, GONE, "503 what", OK),
    (OK, GO_ON),
    (GO_ON, OK, OK),
    (OK, OK, OK),
    (OK, OK, "220 relay.example ready"),
    (OK, "150 what", GO_ON),
]


@pytest.mark.parametrize("ahead", [0, 1], ids=["first", "after another"])
@pytest.mark.parametrize("group", OUT_OF_COUNT, ids=lambda group: " ".join(line[:3] for line in group))
def test_answers_out_of_count_are_nobodys(group: tuple[str, ...], ahead: int):
    """A mail is neither accepted nor refused by an answer that may be another one's; it goes another way, or waits."""

    def script(talk: Talk) -> None:
        if talk.number > 1:
            return talk.serve()
        talk.welcome()
        for _ in range(ahead):
            talk.take()
        while talk.hear() != "DATA":
            pass
        talk.say(*group)
        return talk.stall()

    letters = mails(ahead + 2)
    with relay(script) as (mailer, server):
        outcomes = carried(mailer, *letters)
        verdicts = [outcome.verdict for outcome in outcomes]
        assert not any(outcome.suppress for outcome in outcomes)
        if ahead:  # its own answer may have come together with those that do not match
            assert verdicts.pop(0) in (Verdict.ACCEPTED, Verdict.UNCERTAIN)
            assert verdicts == [Verdict.ACCEPTED] * 2
            assert server.stored == [mail.message for mail in letters]
        else:  # on a fresh connection nothing is tried twice
            assert verdicts == [Verdict.DEFERRED, Verdict.ACCEPTED]
            assert server.stored == [letters[1].message]


def test_an_answer_that_is_missing_is_waited_for_and_no_other_is_taken_for_it():
    def script(talk: Talk) -> None:
        if talk.number > 1:
            return talk.serve()
        talk.welcome()
        while talk.hear() != "DATA":
            pass
        talk.say(OK, OK)
        return talk.stall()

    letters = mails(2)
    with relay(script, timeout=timedelta(seconds=1)) as (mailer, server):
        assert [outcome.verdict for outcome in carried(mailer, *letters)] == [Verdict.DEFERRED, Verdict.ACCEPTED]
        assert server.stored == [letters[1].message]


@pytest.mark.parametrize(
    "lines",
    [
        (STRAY, GONE, OK, OK, GO_ON),
        (GONE, STRAY, OK, OK, GO_ON),
        (STRAY, "451 4.3.0 later", OK, OK, GO_ON),
        (OK, GO_ON, OK),
        (OK, OK, GO_ON),
    ],
    ids=lambda lines: " ".join(line[:3] for line in lines),
)
def test_where_answers_to_a_final_dot_are_out_of_count_its_message_is_uncertain(lines: tuple[str, ...]):
    def script(talk: Talk) -> None:
        if talk.number > 1:
            return talk.serve()
        talk.until_data()
        talk.data()
        while talk.hear() != "DATA":
            pass
        talk.say(*lines)
        return talk.stall()

    letters = mails(3)
    with relay(script) as (mailer, server):
        first, *others = carried(mailer, *letters)
        assert (first.verdict, first.suppress) == (Verdict.UNCERTAIN, False)
        assert [outcome.verdict for outcome in others] == [Verdict.ACCEPTED] * 2
        assert server.stored == [mail.message for mail in letters]


@pytest.mark.parametrize(
    ("lines", "verdict"),
    [
        ((OK, GONE), Verdict.UNCERTAIN),
        ((GONE, OK), Verdict.UNCERTAIN),
        ((OK, OK), Verdict.UNCERTAIN),
        ((OK, "421 4.4.2 idle for too long"), Verdict.ACCEPTED),
        ((GONE, "421 4.7.0 too many errors"), Verdict.REFUSED),
    ],
)
def test_a_last_message_with_two_answers_is_uncertain_but_a_relay_may_add_that_it_hangs_up(
    lines: tuple[str, ...], verdict: Verdict
):
    def script(talk: Talk) -> None:
        if talk.number > 1:
            return talk.serve()
        talk.until_data()
        talk.data()
        talk.say(*lines)
        return talk.stall()

    with relay(script) as (mailer, server):
        assert mailer.send(MAIL).verdict is verdict
        assert mailer.send(MAIL).verdict is Verdict.ACCEPTED
        assert len(server.talks) == 2


def test_something_said_while_a_connection_rests_is_nobodys_answer():
    def script(talk: Talk) -> None:
        if talk.number > 1:
            return talk.serve()
        talk.welcome()
        talk.take()
        time.sleep(0.05)
        talk.say(STRAY)
        return talk.stall()

    with relay(script) as (mailer, server):
        assert mailer.send(MAIL).verdict is Verdict.ACCEPTED
        time.sleep(0.1)
        assert mailer.send(MAIL).verdict is Verdict.ACCEPTED
        assert len(server.talks) == 2


def test_two_greetings_are_one_too_many():
    def script(talk: Talk) -> None:
        talk.say("220 relay.example ready", "220 relay.example ready")
        talk.greet()
        talk.go_on()

    with relay(script) as (mailer, server):
        outcome = mailer.send(MAIL)
        assert (outcome.verdict, outcome.reach) == (Verdict.DEFERRED, Reach.TRANSPORT)
        assert server.stored == []
