"""What SmtpMailer promises, against a real server on loopback that follows a script, in lockstep and pipelining."""

from __future__ import annotations

import os
import threading
import time
from datetime import timedelta
from functools import partial

import pytest

from syndication.core.model import Reach, Verdict
from syndication.ports import HELD_BACK, Mail
from tests.contract.relay import MAIL, PIPELINING, Given, Talk, allow, carried, mails, refusing
from tests.contract.relay import relay as scripted


@pytest.fixture(params=[(), PIPELINING], ids=["lockstep", "pipelining"])
def relay(request: pytest.FixtureRequest) -> Given:
    return partial(scripted, offers=request.param)


# --- the ordinary way ------------------------------------------------------------------------


def test_an_accepted_mail_arrives_octet_for_octet_and_its_receipt_is_the_relays_queue_id(relay: Given):
    message = b".Subject: hi\r\n\r\n.dot\r\n..two\r\n.\r\nFrom the start\r\n" + b"x" * 900 + b"\r\n.\r\n"
    with relay(Talk.serve) as (mailer, server):
        outcome = mailer.send(Mail(sender=MAIL.sender, recipient=MAIL.recipient, message=message))
        assert (outcome.verdict, outcome.receipt, outcome.code) == (Verdict.ACCEPTED, "ABC123", "2.0.0")
        assert server.stored == [message]


def test_the_envelope_holds_addresses_as_typed_with_the_domain_as_a_label(relay: Given):
    with relay(Talk.serve) as (mailer, server):
        mailer.send(Mail(sender="News@paper.example", recipient="Reader-1@한글.kr", message=MAIL.message))
        assert "MAIL FROM:<News@paper.example>" in server.heard
        assert "RCPT TO:<Reader-1@xn--bj0bj06e.kr>" in server.heard


def test_many_mails_go_over_one_connection_and_the_farewell_is_said(relay: Given):
    letters = mails(20)
    with relay(Talk.serve) as (mailer, server):
        assert {outcome.verdict for outcome in carried(mailer, *letters)} == {Verdict.ACCEPTED}
        mailer.close()
        assert server.stored == [mail.message for mail in letters]
        assert (len(server.talks), server.heard[-1]) == (1, "QUIT")


def test_a_connection_stays_open_between_calls(relay: Given):
    with relay(Talk.serve) as (mailer, server):
        for _ in range(3):
            carried(mailer, *mails(2))
        assert [len(talk.stored) for talk in server.talks] == [6]


def test_no_mails_need_no_connection(relay: Given):
    with relay(Talk.serve) as (mailer, server):
        assert list(mailer.carry([], allow)) == []
        assert server.talks == []


def test_a_connection_carries_no_more_messages_than_set(relay: Given):
    with relay(Talk.serve, messages_per_connection=3) as (mailer, server):
        assert {outcome.verdict for outcome in carried(mailer, *mails(7))} == {Verdict.ACCEPTED}
        assert [len(talk.stored) for talk in server.talks] == [3, 3, 1]


def test_a_connection_idle_for_too_long_is_not_used_again(relay: Given):
    with relay(Talk.serve, idle=timedelta(milliseconds=50)) as (mailer, server):
        mailer.send(MAIL)
        time.sleep(0.1)
        assert mailer.send(MAIL).verdict is Verdict.ACCEPTED
        assert len(server.talks) == 2


def test_a_forked_child_leaves_its_parents_connection_alone(relay: Given):
    with relay(Talk.serve) as (mailer, server):
        mailer.send(MAIL)
        child = os.fork()
        if child == 0:
            os._exit(0 if mailer.send(MAIL).verdict is Verdict.ACCEPTED else 1)
        assert os.waitpid(child, 0)[1] == 0
        assert mailer.send(MAIL).verdict is Verdict.ACCEPTED
        assert [len(talk.stored) for talk in server.talks] == [2, 1]


def test_threads_may_use_one_mailer_at_the_same_time(relay: Given):
    verdicts: list[Verdict] = []
    with relay(Talk.serve) as (mailer, server):
        threads = [threading.Thread(target=lambda: verdicts.append(mailer.send(MAIL).verdict)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert verdicts == [Verdict.ACCEPTED] * 8
        assert len(server.stored) == 8


def test_a_relay_that_knows_only_helo_is_spoken_to(relay: Given):
    def old(talk: Talk) -> None:
        talk.say("220 old")
        talk.hear()
        talk.say("502 what is EHLO")
        talk.take()

    with relay(old) as (mailer, server):
        assert mailer.send(MAIL).verdict is Verdict.ACCEPTED
        assert server.heard[:2] == ["EHLO localhost", "HELO localhost"]


def test_a_relay_of_ones_own_names_no_quota(relay: Given):
    with relay(Talk.serve) as (mailer, _):
        assert mailer.quota() is None


# --- answers ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stage", "line", "verdict", "code", "reach", "suppress"),
    [
        ("GREETING", "421 4.3.2 too many connections", Verdict.DEFERRED, "4.3.2", Reach.TRANSPORT, False),
        ("GREETING", "554 no mail here", Verdict.DEFERRED, "554", Reach.TRANSPORT, False),
        ("MAIL", "421 4.3.2 going down", Verdict.DEFERRED, "4.3.2", Reach.TRANSPORT, False),
        ("MAIL", "451 4.7.1 not now", Verdict.DEFERRED, "4.7.1", Reach.TRANSPORT, False),
        ("MAIL", "452 4.3.1 disk full", Verdict.DEFERRED, "4.3.1", Reach.TRANSPORT, False),
        ("MAIL", "550 5.7.26 unauthenticated", Verdict.REFUSED, "5.7.26", Reach.ISSUE, False),
        ("MAIL", "552 5.3.4 too large", Verdict.REFUSED, "5.3.4", Reach.DELIVERY, False),
        ("MAIL", "553 5.7.1 sender not yours", Verdict.REFUSED, "5.7.1", Reach.ISSUE, False),
        ("RCPT", "421 4.7.28 slow down", Verdict.DEFERRED, "4.7.28", Reach.PROVIDER, False),
        ("RCPT", "450 4.2.1 busy", Verdict.DEFERRED, "4.2.1", Reach.DELIVERY, False),
        ("RCPT", "451 4.7.1 greylisted", Verdict.DEFERRED, "4.7.1", Reach.DELIVERY, False),
        ("RCPT", "452 4.2.2 mailbox full", Verdict.DEFERRED, "4.2.2", Reach.DELIVERY, False),
        ("RCPT", "550 5.1.1 no such user", Verdict.REFUSED, "5.1.1", Reach.DELIVERY, True),
        ("RCPT", "550 No such user here", Verdict.REFUSED, "550", Reach.DELIVERY, True),
        ("RCPT", "550 5.7.1 policy", Verdict.REFUSED, "5.7.1", Reach.DELIVERY, False),
        ("RCPT", "550 5.7.26 unauthenticated", Verdict.REFUSED, "5.7.26", Reach.ISSUE, False),
        ("RCPT", "552 5.2.2 mailbox full", Verdict.REFUSED, "5.2.2", Reach.DELIVERY, False),
        ("DATA", "421 4.3.2 going down", Verdict.DEFERRED, "4.3.2", Reach.TRANSPORT, False),
        ("DATA", "451 4.3.0 try later", Verdict.DEFERRED, "4.3.0", Reach.TRANSPORT, False),
        ("DATA", "452 4.3.1 disk full", Verdict.DEFERRED, "4.3.1", Reach.TRANSPORT, False),
        ("DATA", "550 5.7.1 policy", Verdict.REFUSED, "5.7.1", Reach.DELIVERY, False),
        ("DATA", "554 5.5.1 no valid recipients", Verdict.REFUSED, "5.5.1", Reach.DELIVERY, False),
        ("DOT", "421 4.3.2 going down", Verdict.DEFERRED, "4.3.2", Reach.TRANSPORT, False),
        ("DOT", "421 4.7.28 slow down", Verdict.DEFERRED, "4.7.28", Reach.PROVIDER, False),
        ("DOT", "451 4.3.0 try later", Verdict.DEFERRED, "4.3.0", Reach.TRANSPORT, False),
        ("DOT", "452 4.3.1 disk full", Verdict.DEFERRED, "4.3.1", Reach.TRANSPORT, False),
        ("DOT", "550 5.1.1 no such user", Verdict.REFUSED, "5.1.1", Reach.DELIVERY, True),
        ("DOT", "552 5.3.4 too large", Verdict.REFUSED, "5.3.4", Reach.DELIVERY, False),
        ("DOT", "554 5.7.26 unauthenticated", Verdict.REFUSED, "5.7.26", Reach.ISSUE, False),
    ],
)
def test_an_answer_is_judged_by_code_and_stage(
    relay: Given, stage: str, line: str, verdict: Verdict, code: str, reach: Reach, suppress: bool
):
    with relay(refusing(stage, line)) as (mailer, server):
        outcome = mailer.send(MAIL)
        assert (outcome.verdict, outcome.code, outcome.reach, outcome.suppress) == (verdict, code, reach, suppress)
        assert (server.stored != []) == (stage == "DOT")


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA", "DOT"])
def test_after_a_refusal_the_connection_serves_the_next_mails(relay: Given, stage: str):
    with relay(refusing(stage, "550 5.7.1 no")) as (mailer, server):
        verdicts = [outcome.verdict for outcome in carried(mailer, *mails(3))]
        assert verdicts == [Verdict.REFUSED, Verdict.ACCEPTED, Verdict.ACCEPTED]
        assert len(server.talks) == 1


def test_an_answer_of_many_lines_is_read_whole(relay: Given):
    lines = ("550-5.1.1 The account", "550-5.1.1 is not here.", "550 5.1.1 Goodbye")
    with relay(refusing("RCPT", *lines)) as (mailer, _):
        refused, accepted = carried(mailer, *mails(2))
        assert refused.reason == "rcpt: 550 The account is not here. Goodbye"
        assert accepted.verdict is Verdict.ACCEPTED


def test_a_reason_names_no_address_and_holds_no_control_characters(relay: Given):
    line = "550 5.1.1 <reader-1@example.com>: \x1b[31mno\x00 reader-1@example.com"
    with relay(refusing("RCPT", line)) as (mailer, _):
        assert mailer.send(MAIL).reason == "rcpt: 550 <address>: [31mno <address>"


# --- right before the final dot --------------------------------------------------------------


def test_a_mail_held_back_before_the_final_dot_is_not_handed_over_and_the_others_are(relay: Given):
    letters = mails(3)
    with relay(Talk.serve) as (mailer, server):
        told = [outcome for _, outcome in mailer.carry(letters, lambda mail: mail.delivery_id != 2)]
        assert [outcome.verdict for outcome in told] == [Verdict.ACCEPTED, Verdict.DEFERRED, Verdict.ACCEPTED]
        assert told[1] is HELD_BACK
        assert server.stored == [letters[0].message, letters[2].message]


def test_leave_is_asked_once_for_each_mail_right_before_its_own_final_dot(relay: Given):
    asked: list[int] = []
    taken: list[int] = []

    def ask(mail: Mail) -> bool:
        asked.append(mail.delivery_id)
        taken.append(len(server.stored))
        return True

    with relay(Talk.serve) as (mailer, server):
        assert [mail.delivery_id for mail, _ in mailer.carry(mails(3), ask)] == [1, 2, 3]
    assert (asked, taken) == ([1, 2, 3], [0, 1, 2])


def test_leave_is_asked_only_when_the_whole_message_is_there(relay: Given):
    letter = mails(1, b"Subject: hi\r\n\r\n" + b"x" * 76 + b"\r\n")[0]
    seen: list[bytes] = []

    def look(_: Mail) -> bool:
        for _ in range(100):
            seen[:] = [b"".join(server.talks[0].chunks).partition(b"DATA\r\n")[2]]
            if seen[0].endswith(letter.message):
                return True
            time.sleep(0.01)
        return False

    with relay(Talk.serve) as (mailer, server):
        assert [outcome.verdict for _, outcome in mailer.carry([letter], look)] == [Verdict.ACCEPTED]
    assert seen == [letter.message]


def test_leave_is_not_asked_for_a_mail_refused_before(relay: Given):
    asked: list[Mail] = []
    with relay(refusing("RCPT", "550 5.1.1 no")) as (mailer, _):
        list(mailer.carry([MAIL], lambda mail: bool(asked.append(mail))))
    assert asked == []


def test_what_asking_for_leave_raises_is_raised_once_every_mail_has_its_outcome(relay: Given):
    def ask(mail: Mail) -> bool:
        if mail.delivery_id == 2:
            raise RuntimeError("the journal is full")
        return True

    told: list[tuple[int, Verdict]] = []
    with relay(Talk.serve) as (mailer, server):
        with pytest.raises(RuntimeError, match="journal"):
            told.extend((mail.delivery_id, outcome.verdict) for mail, outcome in mailer.carry(mails(9), ask))
        assert told == [(1, Verdict.ACCEPTED), (2, Verdict.DEFERRED), (3, Verdict.DEFERRED)]  # 3 was drawn already
        server.settled()
        assert len(server.stored) == 1


def test_what_drawing_raises_is_raised_once_every_mail_has_its_outcome(relay: Given):
    def some():
        yield from mails(2)
        raise RuntimeError("the database is away")

    told: list[Verdict] = []
    with relay(Talk.serve) as (mailer, server):
        with pytest.raises(RuntimeError, match="database"):
            told.extend(outcome.verdict for _, outcome in mailer.carry(some(), allow))
        assert told == [Verdict.ACCEPTED] * 2
        assert len(server.stored) == 2
        assert mailer.send(MAIL).verdict is Verdict.ACCEPTED
        assert len(server.talks) == 1


def test_a_mailer_that_slept_past_its_time_does_not_send_the_final_dot(relay: Given):
    with relay(Talk.serve, total=timedelta(seconds=1)) as (mailer, server):
        ((_, outcome),) = mailer.carry([MAIL], lambda _: not time.sleep(0.9))
        assert outcome.verdict is Verdict.DEFERRED
        server.settled()
        assert server.stored == []


def test_a_caller_who_goes_away_leaves_nothing_half_said_for_the_next_one(relay: Given):
    letters = mails(4)
    with relay(Talk.serve) as (mailer, server):
        results = mailer.carry(letters, allow)
        assert next(results)[1].verdict is Verdict.ACCEPTED
        results.close()
        assert [outcome.verdict for outcome in carried(mailer, *letters[2:])] == [Verdict.ACCEPTED] * 2
        assert server.stored == [letters[0].message, *(mail.message for mail in letters[2:])]


def test_an_envelope_that_was_on_its_way_when_the_caller_went_away_is_answered_to_nobody():
    def slow_to_answer(talk: Talk) -> None:
        if talk.number > 1:
            return talk.serve()
        talk.welcome()
        talk.take()
        talk.hear()
        time.sleep(0.3)
        return talk.say("250 ok", "250 ok", "354 go on")

    letters = mails(3)
    with scripted(slow_to_answer, offers=PIPELINING) as (mailer, server):
        results = mailer.carry(letters, allow)
        assert next(results)[1].verdict is Verdict.ACCEPTED
        results.close()
        assert mailer.send(letters[2]).verdict is Verdict.ACCEPTED
        assert [len(talk.stored) for talk in server.talks] == [1, 1]


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
def test_an_address_that_cannot_be_written_to_is_refused_clearly_and_not_suppressed(
    relay: Given, recipient: str, words: str
):
    unfit = Mail(sender=MAIL.sender, recipient=recipient, message=MAIL.message)
    with relay(Talk.serve) as (mailer, server):
        outcome = mailer.send(unfit)
        assert (outcome.verdict, outcome.suppress) == (Verdict.REFUSED, False)
        assert words in (outcome.reason or "")
        assert server.talks == []


@pytest.mark.parametrize(
    "message",
    [
        b"a\n.\nMAIL FROM:<x@y.z>\r\n",
        b"a\r.\r\n",
        b"a\n\rb\r\n",
        b"a\rb\nc\r\n",
        "가".encode(),
        b"a\0b\r\n",
        b"x" * 999 + b"\r\n",
        b"x" * 2000,
        b"ok\r\n" * 400 + b"x" * 999 + b"\r\n" + b"ok\r\n" * 400,
        b"ok\r\n" * 20_000 + b"\n" + b"ok\r\n" * 20_000,
        b"ok\r\n" * 8191 + b"mid\r" + b"ok\r\n" * 8191,  # the bare CR is the last octet of a piece
        b"ok\r\n" * 8191 + b"middle\r",
    ],
)
def test_a_message_that_smtp_cannot_carry_is_refused(relay: Given, message: bytes):
    with relay(Talk.serve) as (mailer, server):
        outcome = mailer.send(Mail(sender=MAIL.sender, recipient=MAIL.recipient, message=message))
        assert outcome.verdict is Verdict.REFUSED
        assert server.talks == []


def test_mails_that_cannot_be_carried_hold_up_no_others(relay: Given):
    good, bad = mails(3), Mail(sender="a", recipient="b", message=b"")
    with relay(Talk.serve) as (mailer, server):
        told = list(mailer.carry([bad, good[0], bad, bad, good[1], bad, good[2], bad], allow))
        verdicts = [outcome.verdict for _, outcome in told]
        assert verdicts.count(Verdict.REFUSED) == 5
        assert server.stored == [mail.message for mail in good]
        assert len(server.talks) == 1


@pytest.mark.parametrize("message", [b"x" * 998 + b"\r\n", b"x" * 998, (b"y" * 998 + b"\r\n") * 3 + b"x" * 998])
def test_a_line_of_998_octets_is_carried(relay: Given, message: bytes):
    with relay(Talk.serve) as (mailer, server):
        outcome = mailer.send(Mail(sender=MAIL.sender, recipient=MAIL.recipient, message=message))
        assert outcome.verdict is Verdict.ACCEPTED
        assert server.stored == [message.removesuffix(b"\r\n") + b"\r\n"]


def test_a_mail_larger_than_the_relay_takes_is_refused_without_being_sent_and_the_others_are():
    small, (large,) = mails(3), mails(1, b"x" * 900)
    with scripted(Talk.serve, offers=("SIZE 500", "PIPELINING")) as (mailer, server):
        told = list(mailer.carry([small[0], large, small[1], small[2]], allow))
        assert [outcome.code for _, outcome in told] == ["2.0.0", "5.3.4", "2.0.0", "2.0.0"]
        assert told[1][1].verdict is Verdict.REFUSED
        assert server.stored == [mail.message for mail in small]
        assert f"MAIL FROM:<{small[0].sender}> SIZE={len(small[0].message)}" in server.heard


def test_the_size_is_told_without_stuffed_dots_and_with_the_last_line_break():
    with scripted(Talk.serve, offers=("SIZE",)) as (mailer, server):
        mailer.send(Mail(sender=MAIL.sender, recipient=MAIL.recipient, message=b".a\r\n.b\r\nc"))
        assert f"MAIL FROM:<{MAIL.sender}> SIZE=11" in server.heard


@pytest.mark.parametrize("size", ["0", "many", "99999999999999999999999", "-5", "٣"])
def test_a_size_that_names_no_limit_is_none(size: str):
    with scripted(Talk.serve, offers=(f"SIZE {size}",)) as (mailer, _):
        assert mailer.send(MAIL).verdict is Verdict.ACCEPTED
