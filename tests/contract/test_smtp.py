"""What SmtpMailer promises, against a real server on loopback that follows a script."""

from __future__ import annotations

import os
import threading
import time
from datetime import timedelta

import pytest

from syndication.core.model import Verdict
from syndication.ports import Mail
from tests.contract.relay import MAIL, Talk, refusing, relay

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


# --- answers ---------------------------------------------------------------------------------


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
