"""What answers mean, and when to try again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.core.model import Channel, Reach, Verdict
from syndication.core.policy import OUR_FAULT, PUSH_RETRIES, Stage, classify_smtp, clean, receipt, retry_at

NOW = datetime(2026, 1, 19, 21, 30, tzinfo=UTC)
FAR = NOW + timedelta(days=400)
BEFORE_DOT = [stage for stage in Stage if stage is not Stage.BODY]
OPENING = [Stage.CONNECT, Stage.EHLO, Stage.TLS, Stage.AUTH, Stage.RESET]
ABOUT_MAIL = [Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.BODY]
STATUSES = st.one_of(st.none(), st.from_regex(r"[245]\.\d{1,3}\.\d{1,3}", fullmatch=True))


# --- answers ---------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [250, 251, 252, 200, 299])
def test_a_positive_answer_to_the_final_dot_is_acceptance(code: int):
    outcome = classify_smtp(code, "2.0.0", "Ok: queued as 4bXyZ1", stage=Stage.BODY)
    assert (outcome.verdict, outcome.receipt, outcome.code) == (Verdict.ACCEPTED, "4bXyZ1", "2.0.0")


@pytest.mark.parametrize(
    ("text", "id_"),
    [
        ("Ok: queued as 4bXyZ1", "4bXyZ1"),
        ("OK id=1rQabc-0001aB-2C", "1rQabc-0001aB-2C"),
        ("OK  1768858200 d2e1a72fcca58-7abc.123 - gsmtp", "OK 1768858200 d2e1a72fcca58-7abc.123 - gsmtp"),
        ("Ok 0100018d-5e2f-4d3c-000000", "Ok 0100018d-5e2f-4d3c-000000"),
        ("", None),
    ],
)
def test_the_receipt_is_the_far_sides_id(text: str, id_: str | None):
    assert receipt(text) == id_


@pytest.mark.parametrize("status", ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"])
@pytest.mark.parametrize("stage", [Stage.RCPT, Stage.BODY])
def test_a_dead_address_is_suppressed(status: str, stage: Stage):
    outcome = classify_smtp(550, status, "no", stage=stage)
    assert (outcome.verdict, outcome.suppress, outcome.code) == (Verdict.REFUSED, True, status)


@pytest.mark.parametrize(
    "text",
    [
        "No such user here",
        "<reader-1@example.com>: Recipient address rejected: User unknown in local recipient table",
        "Unknown user",
        "Mailbox not found",
        "Recipient does not exist",
        "The email account that you tried to reach does not exist",
        "Requested action not taken: mailbox unknown",
        "Invalid recipient",
        "sorry, no mailbox here by that name",
        "This user doesn't have a paper.example account",
        "존재하지 않는 사용자입니다",
    ],
)
def test_without_enhanced_code_550_at_rcpt_suppresses_where_the_text_says_no_such_user(text: str):
    assert classify_smtp(550, None, text, stage=Stage.RCPT).suppress
    assert not classify_smtp(550, None, text, stage=Stage.BODY).suppress
    assert not classify_smtp(450, None, text, stage=Stage.RCPT).suppress


@pytest.mark.parametrize(
    "text",
    [
        "mailbox unavailable",
        "Message rejected as spam",
        "Access denied",
        "User over quota",
        "relaying denied",
        "",
        "Sender address rejected: unknown user",
        "Service unavailable; client host blocked",
        "this mailbox is disabled for now",
    ],
)
def test_any_other_550_suppresses_nobody(text: str):
    outcome = classify_smtp(550, None, text, stage=Stage.RCPT)
    assert (outcome.verdict, outcome.suppress) == (Verdict.REFUSED, False)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (552, "5.2.2"),
        (550, "5.2.1"),
        (550, "5.7.1"),
        (550, "5.7.26"),
        (550, "5.7.515"),
        (552, None),
        (554, "5.7.0"),
        (550, "5.4.1"),
        (554, "5.6.0"),
    ],
)
@pytest.mark.parametrize("stage", [Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.BODY])
def test_full_mailboxes_and_policy_fail_the_mail_and_suppress_nobody(code: int, status: str, stage: Stage):
    outcome = classify_smtp(code, status, "No such user", stage=stage)  # the code counts, not the words
    assert (outcome.verdict, outcome.suppress) == (Verdict.REFUSED, False)


def test_a_dead_address_in_the_envelope_sender_is_not_the_readers():
    assert not classify_smtp(550, "5.1.1", "unknown sender", stage=Stage.MAIL).suppress


def test_qmails_way_of_writing_the_enhanced_code_is_read():
    outcome = classify_smtp(550, None, "sorry, no mailbox here by that name. (#5.1.1)", stage=Stage.RCPT)
    assert (outcome.code, outcome.suppress) == ("5.1.1", True)
    assert not classify_smtp(554, None, "sorry, message has been denied (#5.7.1)", stage=Stage.BODY).suppress


@given(
    st.integers(400, 499),
    st.sampled_from([None, "4.2.2", "4.7.1", "5.1.1", "2.0.0"]),
    st.text(),
    st.sampled_from(Stage),
)
def test_every_4xx_is_deferred_whatever_stands_beside_it(code: int, status: str | None, text: str, stage: Stage):
    outcome = classify_smtp(code, status, text, stage=stage)
    assert (outcome.verdict, outcome.suppress) == (Verdict.DEFERRED, False)


@given(st.sampled_from(OPENING), st.integers(400, 599), STATUSES, st.text())
def test_a_relay_that_does_not_let_us_in_fails_nobodys_mail_and_everything_waits(
    stage: Stage, code: int, status: str | None, text: str
):
    outcome = classify_smtp(code, status, text, stage=stage)
    assert (outcome.verdict, outcome.reach) == (Verdict.DEFERRED, Reach.TRANSPORT)


@pytest.mark.parametrize("code", [454, 503, 530, 534, 535, 538])
@pytest.mark.parametrize("stage", ABOUT_MAIL)
def test_a_conversation_gone_wrong_or_not_logged_in_fails_nobodys_mail(code: int, stage: Stage):
    assert classify_smtp(code, None, "5.5.1 not now", stage=stage).verdict is Verdict.DEFERRED


def test_an_enhanced_code_of_another_class_is_not_believed():
    outcome = classify_smtp(550, "4.1.1", "what", stage=Stage.RCPT)
    assert (outcome.verdict, outcome.code, outcome.suppress) == (Verdict.REFUSED, "550", False)


@given(st.integers(0, 1000).filter(lambda c: c // 100 not in (4, 5)), st.one_of(st.none(), st.just("2.0.0")), st.text())
def test_what_makes_no_sense_is_uncertain_after_the_final_dot_and_deferred_before(
    code: int, status: str | None, text: str
):
    after = classify_smtp(code, status, text, stage=Stage.BODY).verdict
    assert after is (Verdict.ACCEPTED if code // 100 == 2 and code != 221 else Verdict.UNCERTAIN)
    assert {classify_smtp(code, status, text, stage=stage).verdict for stage in BEFORE_DOT} == {Verdict.DEFERRED}


@given(
    st.integers(-5, 2000),
    st.one_of(st.none(), st.from_regex(r"[245]\.\d{1,3}\.\d{1,3}", fullmatch=True)),
    st.text(),
    st.sampled_from(Stage),
)
def test_only_a_5xx_about_the_recipient_ever_suppresses(code: int, status: str | None, text: str, stage: Stage):
    outcome = classify_smtp(code, status, text, stage=stage)
    if outcome.suppress:
        assert 500 <= code <= 599
        assert stage in (Stage.RCPT, Stage.BODY)
        assert outcome.verdict is Verdict.REFUSED
    if outcome.verdict in (Verdict.ACCEPTED, Verdict.UNCERTAIN):
        assert stage is Stage.BODY


@pytest.mark.parametrize(
    ("code", "status", "stage", "whom"),
    [
        # our own fault
        (550, "5.7.26", Stage.BODY, Reach.ISSUE),
        (550, "5.7.515", Stage.BODY, Reach.ISSUE),
        (421, "4.7.650", Stage.RCPT, Reach.ISSUE),
        (421, "4.7.27", Stage.BODY, Reach.ISSUE),
        (550, "5.7.9", Stage.MAIL, Reach.ISSUE),
        (553, "5.1.8", Stage.MAIL, Reach.ISSUE),
        (553, "5.1.8", Stage.RCPT, Reach.ISSUE),
        (550, None, Stage.MAIL, Reach.ISSUE),
        (501, "5.5.4", Stage.MAIL, Reach.ISSUE),
        # everything that goes this way
        (421, "4.3.2", Stage.CONNECT, Reach.TRANSPORT),
        (535, "5.7.8", Stage.AUTH, Reach.TRANSPORT),
        (530, "5.7.0", Stage.MAIL, Reach.TRANSPORT),
        (454, "4.7.0", Stage.BODY, Reach.TRANSPORT),
        (421, None, Stage.MAIL, Reach.TRANSPORT),
        (450, "4.7.1", Stage.MAIL, Reach.TRANSPORT),
        (452, "4.3.1", Stage.MAIL, Reach.TRANSPORT),
        (452, "4.3.1", Stage.RCPT, Reach.TRANSPORT),
        (452, None, Stage.BODY, Reach.TRANSPORT),
        (451, "4.3.0", Stage.BODY, Reach.TRANSPORT),
        (451, "4.3.2", Stage.BODY, Reach.TRANSPORT),
        (421, "4.4.2", Stage.RCPT, Reach.TRANSPORT),
        (421, None, Stage.DATA, Reach.TRANSPORT),
        # everybody at the recipient's provider
        (421, None, Stage.RCPT, Reach.PROVIDER),
        (421, "4.7.28", Stage.BODY, Reach.PROVIDER),
        (421, "4.7.1", Stage.RCPT, Reach.PROVIDER),
        (451, "4.7.500", Stage.BODY, Reach.PROVIDER),
        (450, "4.7.0", Stage.RCPT, Reach.PROVIDER),
        (451, "4.4.5", Stage.BODY, Reach.PROVIDER),
        # this mail
        (450, "4.7.1", Stage.RCPT, Reach.DELIVERY),
        (451, "4.7.1", Stage.BODY, Reach.DELIVERY),
        (450, None, Stage.RCPT, Reach.DELIVERY),
        (451, None, Stage.RCPT, Reach.DELIVERY),
        (450, "4.2.1", Stage.RCPT, Reach.DELIVERY),
        (452, "4.2.2", Stage.RCPT, Reach.DELIVERY),
        (452, "4.2.2", Stage.BODY, Reach.DELIVERY),
        (451, "4.4.1", Stage.RCPT, Reach.DELIVERY),
        (550, "5.1.1", Stage.RCPT, Reach.DELIVERY),
        (550, "5.7.1", Stage.RCPT, Reach.DELIVERY),
        (554, "5.7.1", Stage.BODY, Reach.DELIVERY),
        (552, "5.2.2", Stage.RCPT, Reach.DELIVERY),
        (552, "5.3.4", Stage.MAIL, Reach.DELIVERY),
        (554, "5.3.4", Stage.MAIL, Reach.DELIVERY),
        (552, None, Stage.BODY, Reach.DELIVERY),
    ],
)
def test_an_answer_concerns_the_mail_the_provider_the_transport_or_the_whole_issue(
    code: int, status: str | None, stage: Stage, whom: Reach
):
    assert classify_smtp(code, status, "", stage=stage).reach is whom


@pytest.mark.parametrize("status", sorted(OUR_FAULT))
@pytest.mark.parametrize("stage", ABOUT_MAIL)
def test_our_own_fault_stops_the_issue_with_the_verdict_that_was_given_and_suppresses_nobody(status: str, stage: Stage):
    outcome = classify_smtp(int(status[0]) * 100 + 50, status, "no such user", stage=stage)
    coded = Verdict.DEFERRED if status[0] == "4" else Verdict.REFUSED
    assert (outcome.verdict, outcome.reach, outcome.suppress) == (coded, Reach.ISSUE, False)


@pytest.mark.parametrize(
    "text",
    [
        "<news@paper.example>: Sender address rejected: not owned by user news",
        "<news@paper.example>: Sender address rejected: not logged in",
        "<reader-1@example.com>: Relay access denied",
        "relaying denied",
        "Unable to relay",
        "SMTP; Client does not have permissions to send as this sender",
        "Message rejected: Email address is not verified",
    ],
)
@pytest.mark.parametrize("stage", [Stage.RCPT, Stage.BODY])
def test_a_relay_that_will_not_send_for_us_stops_the_issue(text: str, stage: Stage):
    assert classify_smtp(554, "5.7.1", text, stage=stage).reach is Reach.ISSUE


@pytest.mark.parametrize("text", ["Mailbox full", "over quota", "user has too many messages"])
def test_without_enhanced_code_452_at_rcpt_is_about_the_mailbox_where_the_text_says_so(text: str):
    assert classify_smtp(452, None, text, stage=Stage.RCPT).reach is Reach.DELIVERY
    assert classify_smtp(452, None, "Insufficient system storage", stage=Stage.RCPT).reach is Reach.TRANSPORT


@given(st.integers(400, 599), STATUSES, st.text(), st.sampled_from(Stage))
def test_a_refusal_of_everything_is_our_own_fault_and_a_wait_never_suppresses(
    code: int, status: str | None, text: str, stage: Stage
):
    outcome = classify_smtp(code, status, text, stage=stage)
    assert outcome.verdict is Verdict.DEFERRED or outcome.reach in (Reach.DELIVERY, Reach.ISSUE)
    assert not outcome.suppress or outcome.reach is Reach.DELIVERY


@given(st.text(max_size=3000))
def test_stored_words_are_one_short_line_without_addresses(text: str):
    words = clean(f"{text} reader-1@example.com <Reader.2+x@mail.example.com>")
    assert len(words) <= 200
    assert "\n" not in words
    assert "\r" not in words
    assert "reader-1@" not in words
    assert "Reader.2" not in words


# --- when to try again -----------------------------------------------------------------------


@given(st.text())
def test_the_first_mail_retry_comes_after_greylisting(key: str):
    at = retry_at(1, NOW, FAR, key)
    assert at
    assert timedelta(minutes=5) <= at - NOW < timedelta(minutes=15)


@given(st.text(), st.integers(1, 60), st.sampled_from(Channel))
def test_a_retry_lies_ahead_within_bounds_and_is_always_the_same(key: str, attempts: int, channel: Channel):
    at = retry_at(attempts, NOW, FAR, key, channel=channel)
    assert at == retry_at(attempts, NOW, FAR, key, channel=channel)
    assert at
    assert NOW < at <= NOW + (timedelta(hours=2.5) if channel is Channel.EMAIL else timedelta(hours=29))


@given(st.text())
def test_waits_grow_with_the_attempts(key: str):
    waits = [(retry_at(n, NOW, FAR, key) or FAR) - NOW for n in (1, 3, 5)]
    assert waits == sorted(waits)


def test_different_deliveries_do_not_come_back_together():
    assert len({retry_at(1, NOW, FAR, f"issue:1 subscriber:{n}") for n in range(100)}) > 95


@given(st.text(), st.integers(1, 20), st.timedeltas(timedelta(0), timedelta(hours=30)), st.sampled_from(Channel))
def test_no_retry_is_set_at_or_after_expiry(key: str, attempts: int, left: timedelta, channel: Channel):
    at = retry_at(attempts, NOW, NOW + left, key, channel=channel)
    assert at is None or at < NOW + left


def test_the_far_side_may_ask_for_more_time_but_not_for_less():
    asked = retry_at(1, NOW, FAR, "k", retry_after=timedelta(hours=5))
    assert asked == NOW + timedelta(hours=5)
    assert retry_at(1, NOW, FAR, "k", retry_after=timedelta(seconds=1)) == retry_at(1, NOW, FAR, "k")
    assert retry_at(1, NOW, FAR, "k", retry_after=timedelta.max) is None


def test_partners_are_tried_again_by_the_recommended_schedule():
    waits = [(retry_at(n, NOW, FAR, "k", channel=Channel.PARTNER) or FAR) - NOW for n in range(1, 12)]
    for wait, step in zip(waits, (*PUSH_RETRIES, PUSH_RETRIES[-1], PUSH_RETRIES[-1]), strict=True):
        assert step <= wait <= step * 1.2
