"""What travels together with PIPELINING (RFC 2920), at which pace, and whose each answer is."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from itertools import pairwise

import pytest

from syndication.core.model import Reach, Verdict
from syndication.ports import Mail, Pace
from tests.contract.relay import PIPELINING, Script, Talk, allow, carried, mails, said
from tests.contract.relay import relay as scripted

relay = partial(scripted, offers=PIPELINING)

ENVELOPE = b"MAIL FROM:<%b>\r\nRCPT TO:<%b>\r\nDATA\r\n"


def envelope(mail: Mail) -> bytes:
    return ENVELOPE % (mail.sender.encode(), mail.recipient.encode())


# --- what travels together -------------------------------------------------------------------


def test_the_final_dot_travels_together_with_the_next_envelope():
    letters = mails(4)
    with relay(Talk.serve) as (mailer, server):
        carried(mailer, *letters)
        chunks = server.talks[0].chunks
    assert chunks[1] == envelope(letters[0])
    for last, following in pairwise(letters):
        assert any(chunk.endswith(b".\r\n" + envelope(following)) for chunk in chunks)
        assert not any(chunk.startswith(b"MAIL") for chunk in chunks[2:]), last


def test_where_it_is_not_offered_every_command_waits_for_its_answer():
    with scripted(Talk.serve) as (mailer, server):
        carried(mailer, *mails(3))
        assert all(chunk.count(b"\r\n") == 1 for chunk in server.talks[0].chunks if chunk[:4] in (b"MAIL", b"RCPT"))


@pytest.mark.parametrize(("offers", "trips"), [((), 4), (PIPELINING, 1)], ids=["lockstep", "pipelining"])
def test_a_message_costs_one_round_trip_and_four_in_lockstep(offers: tuple[str, ...], trips: int):
    greeting_hello_and_first_envelope, farewell = 3, 1
    with scripted(Talk.serve, offers=offers) as (mailer, server):
        carried(mailer, *mails(20, b"Subject: hi\r\n\r\n" + b"x" * 900))
        mailer.close()
        assert 20 * trips <= server.talks[0].turns <= 20 * trips + greeting_hello_and_first_envelope + farewell


def test_the_next_mail_is_drawn_before_a_final_dot_and_no_further_one():
    drawn: list[int] = []
    asked: list[tuple[int, int]] = []

    def some() -> Iterator[Mail]:
        for mail in mails(4):
            drawn.append(mail.delivery_id)
            yield mail

    def ask(mail: Mail) -> bool:
        asked.append((mail.delivery_id, len(drawn)))
        return True

    with relay(Talk.serve) as (mailer, _):
        list(mailer.carry(some(), ask))
    assert asked == [(1, 2), (2, 3), (3, 4), (4, 4)]


def test_a_final_dot_waits_no_longer_than_the_drawing_of_the_next_mail_takes():
    drawn: list[float] = []

    def slow() -> Iterator[Mail]:
        first, second = mails(2)
        yield first
        time.sleep(0.3)
        drawn.append(time.monotonic())
        yield second

    with relay(Talk.serve) as (mailer, _):
        told = [time.monotonic() for _ in mailer.carry(slow(), allow)]
    assert told[0] - drawn[0] < 0.25


# --- the pace --------------------------------------------------------------------------------


def noted(count: int, times: list[float]) -> Iterator[Mail]:
    for mail in mails(count):
        times.append(time.monotonic())
        yield mail


@pytest.mark.parametrize("offers", [(), PIPELINING], ids=["lockstep", "pipelining"])
@pytest.mark.parametrize("connections", [1, 3])
def test_mails_are_drawn_and_handed_over_no_sooner_than_the_pace_says(offers: tuple[str, ...], connections: int):
    start, every = timedelta(milliseconds=60), timedelta(milliseconds=40)
    drawn: list[float] = []
    handed_over: list[float] = []

    def ask(_: Mail) -> bool:
        handed_over.append(time.monotonic())
        return True

    with scripted(Talk.serve, offers=offers, connections=connections) as (mailer, _):
        began = time.monotonic()
        told = list(mailer.carry(noted(6, drawn), ask, pace=Pace(start=start, every=every)))
    assert [outcome.verdict for _, outcome in told] == [Verdict.ACCEPTED] * 6
    assert drawn[0] - began >= 0.06
    assert min(later - sooner for sooner, later in pairwise(drawn)) >= 0.04
    assert all(at - began >= 0.06 + 0.04 * n for n, at in enumerate(sorted(handed_over)))


def test_a_mail_does_not_wait_for_its_final_dot_until_the_next_one_is_due():
    pace = Pace(start=timedelta(), every=timedelta(milliseconds=300))
    with relay(Talk.serve) as (mailer, _):
        began = time.monotonic()
        times = [time.monotonic() - began for _ in mailer.carry(mails(2), allow, pace=pace)]
    assert times[0] < 0.3 <= times[1]


def test_a_pace_that_is_no_hindrance_leaves_the_envelopes_together():
    letters = mails(4)
    with relay(Talk.serve) as (mailer, server):
        list(mailer.carry(letters, allow, pace=Pace(start=timedelta(), every=timedelta(0))))
        assert any(chunk.endswith(b".\r\n" + envelope(letters[1])) for chunk in server.talks[0].chunks)


def test_time_that_passed_unused_is_not_made_up_for():
    drawn: list[float] = []
    pace = Pace(start=timedelta(), every=timedelta(milliseconds=40))
    with relay(Talk.serve) as (mailer, _):
        for mail, _ in mailer.carry(noted(5, drawn), allow, pace=pace):
            time.sleep(0.2 if mail.delivery_id == 1 else 0)
    assert min(later - sooner for sooner, later in pairwise(drawn)) >= 0.04


# --- a refused envelope with DATA already travelling -----------------------------------------


def answering(*groups: tuple[str, ...], to_dot: tuple[str, ...] = ("554 5.5.1 no",), in_octets: bool = False) -> Script:
    """Says a group of lines to the first envelopes of the first connection, each in one piece; then all is ordinary.

    Where a group ends with 354, what comes then is taken in and answered by `to_dot`."""

    def script(talk: Talk) -> None:
        talk.welcome()
        for group in groups if talk.number == 1 else ():
            while talk.hear() != "DATA":
                pass
            said(talk, group, in_octets=in_octets)
            if group[-1].startswith("354"):
                talk.data()
                said(talk, to_dot, in_octets=in_octets)
        talk.go_on()

    return script


GONE = "550 5.1.1 no such user"


@pytest.mark.parametrize("in_octets", [False, True])
@pytest.mark.parametrize(
    ("group", "verdict", "reach", "suppress"),
    [
        (("250 ok", GONE, "503 5.5.1 out of order"), Verdict.REFUSED, Reach.DELIVERY, True),
        (("250 ok", GONE, "554 5.5.1 no valid recipients"), Verdict.REFUSED, Reach.DELIVERY, True),
        (("250 ok", "450 4.2.1 busy", "503 what"), Verdict.DEFERRED, Reach.DELIVERY, False),
        (
            ("250 ok", "550-5.1.1 no", "550-5.1.1 such", "550 5.1.1 user", "503-no", "503 no"),
            *(Verdict.REFUSED, Reach.DELIVERY, True),
        ),
        (("451 4.3.0 not now", "503 MAIL first", "503 RCPT first"), Verdict.DEFERRED, Reach.TRANSPORT, False),
        (("550 5.7.26 unauthenticated", "503 MAIL first", "503 RCPT first"), Verdict.REFUSED, Reach.ISSUE, False),
        (("250 ok", "250 ok", "451 4.3.0 not now"), Verdict.DEFERRED, Reach.TRANSPORT, False),
    ],
)
def test_a_refused_envelope_with_data_already_travelling_ends_cleanly(
    group: tuple[str, ...], verdict: Verdict, reach: Reach, suppress: bool, in_octets: bool
):
    letters = mails(4)
    with relay(answering(("250 ok", "250 ok", "354 go on"), group, to_dot=("250 ok",), in_octets=in_octets)) as (
        mailer,
        server,
    ):
        first, second, *others = carried(mailer, *letters)
        assert (second.verdict, second.reach, second.suppress) == (verdict, reach, suppress)
        assert {outcome.verdict for outcome in (first, *others)} == {Verdict.ACCEPTED}
        assert server.stored == [letters[0].message, letters[2].message, letters[3].message]
        assert len(server.talks) == 1
        assert server.heard.count("RSET") == 1


@pytest.mark.parametrize("to_dot", [("554 5.5.1 no valid recipients",), ("250 ok",), ("451 4.3.0 what",)])
def test_a_relay_that_waits_for_a_message_without_recipients_gets_a_lone_dot(to_dot: tuple[str, ...]):
    letters = mails(3)
    with relay(answering(("250 ok", GONE, "354 go on"), to_dot=to_dot)) as (mailer, server):
        first, *others = carried(mailer, *letters)
        assert (first.verdict, first.suppress) == (Verdict.REFUSED, True)
        assert [outcome.verdict for outcome in others] == [Verdict.ACCEPTED] * 2
        assert server.stored == [b"", letters[1].message, letters[2].message]
        assert len(server.talks) == 1


def test_a_relay_that_has_a_recipient_gets_no_lone_dot():
    """It refused MAIL and went on all the same: an empty mail would reach a reader."""
    letters = mails(2)
    with relay(answering(("550 5.7.1 not you", "250 ok", "354 go on"))) as (mailer, server):
        first, second = carried(mailer, *letters)
        assert (first.verdict, first.reach) == (Verdict.REFUSED, Reach.ISSUE)
        assert second.verdict is Verdict.ACCEPTED
        assert server.stored == [letters[1].message]
        assert len(server.talks) == 2


@pytest.mark.parametrize("end", ["cut", "421", "silence"])
def test_a_refusal_stands_whatever_becomes_of_the_lone_dot(end: str):
    def script(talk: Talk) -> None:
        if talk.number > 1:
            return talk.serve()
        talk.welcome()
        while talk.hear() != "DATA":
            pass
        talk.say("250 ok", GONE, "354 go on")
        talk.data()
        if end == "421":
            talk.say("421 4.3.2 bye")
        return talk.cut() if end == "cut" else talk.stall()

    letters = mails(2)
    with relay(script, timeout=timedelta(seconds=1)) as (mailer, server):
        first, second = carried(mailer, *letters)
        assert (first.verdict, first.suppress) == (Verdict.REFUSED, True)
        assert second.verdict is Verdict.ACCEPTED
        assert server.stored == [b"", letters[1].message]


def test_a_refusal_with_the_connection_closed_behind_it_stands_and_the_rest_goes_over_another():
    letters = mails(3)
    with relay(answering(("250 ok", GONE, "421 4.7.0 too many errors"))) as (mailer, server):
        first, *others = carried(mailer, *letters)
        assert (first.verdict, first.suppress) == (Verdict.REFUSED, True)
        assert [outcome.verdict for outcome in others] == [Verdict.ACCEPTED] * 2
        assert len(server.talks) == 2
