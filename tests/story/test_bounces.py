"""What comes back after a morning: bounces, complaints, wishes to leave and answers, and what nobody may forge."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syndication import feedback
from syndication.adapters.memory import MemoryStore
from syndication.adapters.memory.postbox import MemoryPostbox
from syndication.core import links
from syndication.core.links import Keys
from syndication.core.model import Channel, DeliveryState, Event, EventKind, Outcome, Subscription, SubscriptionState
from syndication.core.model import Verdict as Answered
from syndication.feedback import Taken
from syndication.ports import Arrived, Permanent, Store, Transient
from tests.factories import KEYS
from tests.story.paper import DAY, FEED, TUESDAY, Paper, rss, story

DOMAIN = "bounce.garam.example"
NEWSROOM = "desk@garam.example"
S = DeliveryState
STRANGERS = Keys(current="k9", secrets={"k9": b"somebody else's throw-away secret"})


@pytest.fixture
def store() -> Store:
    """In memory: what the Stores make of news is held in contract/test_news.py."""
    return MemoryStore()


@pytest.fixture
def garam(paper: Paper) -> Paper:
    """The paper with a bounce domain, where answers of readers come to as well."""
    paper.setup = replace(paper.setup, bounce_domain=DOMAIN, replies=True, reply_to=NEWSROOM)
    return paper


def next_morning(garam: Paper, day: int) -> None:
    """A later morning with a story of its own."""
    garam.serve(FEED, rss(story(1), story(2), story(3), story(4 + day % 5)))
    assert garam.morning(TUESDAY + day * DAY) is not None


def sender_of(garam: Paper, n: int = 1, which: int = -1) -> str:
    """The envelope sender of a mail to a reader: where reports about it go."""
    return [m.sender for m in garam.mailer.sent if m.recipient == f"reader-{n}@example.com"][which]


def arrive(garam: Paper, to: str, message: bytes, sender: str | None = "") -> Taken:
    return feedback.take(garam.ports, garam.setup, Arrived(message=message, sender=sender, recipients=(to,)))


def dsn(status: str = "5.1.1", *, of: str = "reader-1@example.com", action: str = "failed") -> bytes:
    return f"""\
From: MAILER-DAEMON@relay.example
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary=xx
Auto-Submitted: auto-replied

--xx
Content-Type: text/plain

This is the mail system. 수신거부
--xx
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.example

Final-Recipient: rfc822; {of}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 {status} whatever the server said

--xx
Content-Type: message/rfc822

Subject: the morning

hello
--xx--
""".replace("\n", "\r\n").encode()


def arf(sender: str = "", *, kind: str = "abuse", links_: str = "") -> bytes:
    return f"""\
From: fbl@provider.example
Content-Type: multipart/report; report-type=feedback-report; boundary=xx

--xx
Content-Type: text/plain

Somebody complained.
--xx
Content-Type: message/feedback-report

Feedback-Type: {kind}
Version: 1

--xx
Content-Type: message/rfc822

Return-Path: <{sender}>
List-Unsubscribe: {links_}
Subject: the morning

hello
--xx--
""".replace("\n", "\r\n").encode()


def answer(text: str, *, by: str = "reader-1@example.com", subject: str = "Re: 가람 아침") -> bytes:
    head = f"From: {by}\r\nTo: x\r\nSubject: {subject}\r\nMessage-ID: <1@example.com>\r\n"
    return f"{head}Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n".encode()


def suppressed(garam: Paper, reader: Subscription) -> bool:
    return garam.store.suppressed(links.address_key(reader.address, KEYS))


def state_of(garam: Paper, reader: Subscription) -> SubscriptionState:
    found = garam.store.subscription(reader.id)
    assert found is not None
    return found.state


def to_newsroom(garam: Paper) -> list[EmailMessage]:
    sent = (m.message for m in garam.mailer.sent if m.recipient == NEWSROOM)
    return [email.message_from_bytes(octets, policy=email.policy.default) for octets in sent]


# --- bounces ---------------------------------------------------------------------------------


def test_a_dead_address_is_suppressed_and_gets_nothing_the_next_day(garam: Paper) -> None:
    reader, other = garam.subscribe(1), garam.subscribe(2)
    issue = garam.morning()
    assert issue is not None
    assert arrive(garam, sender_of(garam), dsn()) is Taken.APPLIED
    assert suppressed(garam, reader)
    assert not suppressed(garam, other)
    balance = garam.store.balance(issue.id, Channel.EMAIL)
    assert (balance.accepted, balance.bounced, balance.closes) == (2, 1, True)
    next_morning(garam, 1)
    assert (len(garam.mails_to(1)), garam.delivery_of(reader, TUESDAY + DAY).state) == (1, S.SUPPRESSED)


def test_the_same_report_again_is_known(garam: Paper) -> None:
    garam.subscribe(1)
    garam.morning()
    arrive(garam, sender_of(garam), dsn())
    assert arrive(garam, sender_of(garam).upper(), dsn()) is Taken.KNOWN, "also where a host changed the case"


def test_hosts_that_are_down_for_days_are_put_up_with_and_then_not_any_more(garam: Paper) -> None:
    reader = garam.subscribe(1)
    for day in range(5):
        assert not suppressed(garam, reader)
        next_morning(garam, day)
        arrive(garam, sender_of(garam), dsn("4.4.1"))
    assert suppressed(garam, reader)


def test_a_delay_is_evidence_and_no_bounce(garam: Paper) -> None:
    reader = garam.subscribe(1)
    lost = Outcome(verdict=Answered.UNCERTAIN, reason="no answer")
    garam.mailer.answers = {"reader-1@example.com": lost}
    issue = garam.morning()
    assert issue is not None
    assert garam.delivery_of(reader).state is S.UNCERTAIN
    arrive(garam, sender_of(garam), dsn("4.4.1", action="delayed"))
    assert garam.delivery_of(reader).state is S.ACCEPTED
    assert garam.store.balance(issue.id, Channel.EMAIL).bounced == 0


def test_what_bounced_behind_the_readers_address_suppresses_nobody_at_once(garam: Paper) -> None:
    reader, victim = garam.subscribe(1), garam.subscribe(2)
    garam.morning()
    arrive(garam, sender_of(garam), dsn(of="reader-2@example.com"))
    assert not suppressed(garam, victim)
    assert not suppressed(garam, reader), "mail that was sent on from there may have more ways to the reader"
    assert [one.code for one in garam.store.events(garam.delivery_of(reader).id)] == [None]


def test_the_reader_may_be_named_in_other_letters(garam: Paper) -> None:
    reader = garam.subscribe(1)
    garam.morning()
    arrive(garam, sender_of(garam), dsn(of="READER-1@Example.COM"))
    assert suppressed(garam, reader)


# --- what nobody may forge -------------------------------------------------------------------


def forged(garam: Paper) -> dict[str, str]:
    reader = garam.store.subscriptions()[0]
    delivery, good = garam.delivery_of(reader), sender_of(garam)
    address = reader.address
    return {
        "no token": f"b+@{DOMAIN}",
        "a guess": f"b+{'a' * 47}@{DOMAIN}",
        "cut": good.replace(good[-22:-20], "", 1),
        "changed": good[:10] + ("a" if good[10] != "a" else "b") + good[11:],
        "another key": links.bounce_address(delivery.id, address, DOMAIN, STRANGERS),
        "another domain": good.replace(DOMAIN, "bounce.else.example"),
        "another purpose": links.reply_address(delivery.id, address, DOMAIN, KEYS),
        "another prefix": "b" + links.leave_address(delivery.id, address, DOMAIN, KEYS)[1:],
        "another reader": links.bounce_address(delivery.id, "reader-9@example.com", DOMAIN, KEYS),
        "no such delivery": links.bounce_address(10**9, address, DOMAIN, KEYS),
        "a number too large": links.bounce_address(2**64 - 1, address, DOMAIN, KEYS),
    }


@pytest.mark.parametrize(
    "message", [dsn(), arf(), dsn("4.4.1", action="delayed")], ids=["bounce", "complaint", "delay"]
)
def test_forged_foreign_and_swapped_reports_change_nothing(garam: Paper, message: bytes) -> None:
    reader = garam.subscribe(1)
    garam.morning()
    before = garam.delivery_of(reader)
    for what, address in forged(garam).items():
        assert arrive(garam, address, message) in (Taken.UNMATCHED, Taken.DROPPED), what
    assert garam.delivery_of(reader) == before
    assert not garam.store.events(before.id)
    assert not suppressed(garam, reader)
    assert state_of(garam, reader) is SubscriptionState.ACTIVE


def test_a_report_about_a_number_that_means_somebody_else_now_changes_nothing(garam: Paper) -> None:
    """As after a database was restored: the old mails' numbers are given out again."""
    garam.subscribe(1)
    garam.morning()
    reader = garam.store.subscriptions()[0]
    old = links.bounce_address(garam.delivery_of(reader).id, "somebody@example.org", DOMAIN, KEYS)
    assert arrive(garam, old, dsn(of="somebody@example.org")) is Taken.UNMATCHED
    assert not suppressed(garam, reader)


def test_without_a_bounce_domain_no_address_is_ours(garam: Paper) -> None:
    garam.subscribe(1)
    garam.morning()
    address = sender_of(garam)
    garam.setup = replace(garam.setup, bounce_domain=None)
    assert arrive(garam, address, dsn()) is Taken.UNMATCHED


def test_only_addresses_of_ours_are_expected(garam: Paper) -> None:
    garam.subscribe(1)
    garam.morning()
    assert feedback.expects(garam.setup, sender_of(garam))
    assert feedback.expects(garam.setup, f"FBL@{DOMAIN}")
    assert feedback.expects(garam.setup, f"unsubscribe@{DOMAIN}")
    for address in ("", f"anybody@{DOMAIN}", f"b+{'a' * 47}@{DOMAIN}", "desk@garam.example", f"fbl@x.{DOMAIN}"):
        assert not feedback.expects(garam.setup, address)


_TWISTS = st.sampled_from([b"", b"\r\n", b"\r\n\r\n", b"--xx\r\n", b"--xx--\r\n", b"\0", b"\xff", b"=?utf-8?b?", b">"])


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), _TWISTS), min_size=1, max_size=6), st.booleans())
def test_reports_cut_and_mixed_in_any_way_break_nothing_and_touch_nobody_else(
    garam: Paper, cuts: list[tuple[float, float, bytes]], null: bool
) -> None:
    bystander = garam.store.subscriptions()[0] if garam.store.subscriptions() else garam.subscribe(1)
    if not garam.mailer.sent:
        garam.subscribe(2)
        garam.morning()
    before = garam.delivery_of(bystander)
    message = dsn(of="reader-1@example.com") + arf(sender_of(garam, 2))
    for start, end, between in cuts:
        message = message[: int(start * len(message))] + between + message[int(end * len(message)) :]
    arrive(garam, sender_of(garam, 2), message[:20_000], "" if null else "x@example.com")
    assert garam.delivery_of(bystander) == before
    assert not suppressed(garam, bystander)
    assert state_of(garam, bystander) is SubscriptionState.ACTIVE


# --- complaints ------------------------------------------------------------------------------


def test_a_complaint_suppresses_and_ends_at_once(garam: Paper) -> None:
    reader = garam.subscribe(1)
    issue = garam.morning()
    assert issue is not None
    assert arrive(garam, f"fbl@{DOMAIN}", arf(sender_of(garam))) is Taken.APPLIED
    assert suppressed(garam, reader)
    assert state_of(garam, reader) is SubscriptionState.ENDED
    assert garam.store.balance(issue.id, Channel.EMAIL).complained == 1
    with pytest.raises(Permanent):
        garam.subscribe(1)


@pytest.mark.parametrize("kind", ["not-spam", "auth-failure", "virus", "other", ""])
def test_what_is_no_complaint_of_a_reader_changes_nothing(garam: Paper, kind: str) -> None:
    reader = garam.subscribe(1)
    garam.morning()
    assert arrive(garam, f"fbl@{DOMAIN}", arf(sender_of(garam), kind=kind)) is Taken.DROPPED
    assert not suppressed(garam, reader)


def test_a_complaint_that_only_a_leave_link_identifies_ends_what_that_link_may_end(garam: Paper) -> None:
    reader = garam.subscribe(1)
    garam.morning()
    (mail,) = garam.mails_to(1)
    assert arrive(garam, f"fbl@{DOMAIN}", arf(links_=mail["List-Unsubscribe"])) is Taken.APPLIED
    assert state_of(garam, reader) is SubscriptionState.ENDED
    assert not suppressed(garam, reader)


def test_a_loop_that_only_encloses_our_mail_complains(garam: Paper) -> None:
    reader = garam.subscribe(1)
    garam.morning()
    enclosing = (
        f"From: staff@provider.example\r\nSubject: complaint\r\nContent-Type: message/rfc822\r\n\r\n"
        f"Return-Path: <{sender_of(garam)}>\r\nSubject: the morning\r\n\r\nhello\r\n"
    )
    assert arrive(garam, f"fbl@{DOMAIN}", enclosing.encode()) is Taken.APPLIED
    assert suppressed(garam, reader)


# --- wishes to leave -------------------------------------------------------------------------


def reply_to(mail: EmailMessage) -> str:
    return str(mail["Reply-To"].addresses[0].addr_spec)


def mailto(mail: EmailMessage) -> str:
    return str(mail["List-Unsubscribe"]).partition("<mailto:")[2].rstrip(">").partition("?")[0]


@pytest.mark.parametrize("where", [reply_to, lambda mail: ""], ids=["reply-to", "return-path"])
def test_a_reader_who_answers_so_gets_nothing_more(garam: Paper, where: Callable[[EmailMessage], str]) -> None:
    reader = garam.subscribe(1)
    garam.morning()
    address = where(garam.mails_to(1)[0]) or sender_of(garam)
    by = "another-address@example.org"  # many have several; the token tells who reads
    assert arrive(garam, address, answer("수신거부 부탁드립니다", by=by), by) is Taken.APPLIED
    assert state_of(garam, reader) is SubscriptionState.ENDED
    next_morning(garam, 1)
    assert len(garam.mails_to(1)) == 1
    assert not to_newsroom(garam)


def test_a_mail_to_the_leave_address_ends_the_subscription_whatever_it_says(garam: Paper) -> None:
    reader = garam.subscribe(1)
    garam.morning()
    address = mailto(garam.mails_to(1)[0])
    robot = answer("This message was generated by your mail program.").replace(
        b"To: x", b"Auto-Submitted: auto-generated"
    )
    assert arrive(garam, address, robot, "reader-1@example.com") is Taken.APPLIED
    assert state_of(garam, reader) is SubscriptionState.ENDED
    assert arrive(garam, address, robot, "reader-1@example.com") is Taken.KNOWN


def test_a_bounce_to_the_leave_address_ends_nothing(garam: Paper) -> None:
    reader = garam.subscribe(1)
    garam.morning()
    assert arrive(garam, mailto(garam.mails_to(1)[0]), dsn()) is Taken.DROPPED
    assert state_of(garam, reader) is SubscriptionState.ACTIVE


def test_the_token_of_a_leave_link_may_come_as_subject(garam: Paper) -> None:
    reader = garam.subscribe(1)
    token = links.sign(links.Token(purpose=links.Purpose.UNSUBSCRIBE, number=reader.id), KEYS)
    manage = links.sign(links.Token(purpose=links.Purpose.MANAGE, number=reader.id), KEYS)
    asked = f"unsubscribe@{DOMAIN}"
    arrive(garam, asked, answer("", subject=f"leave {manage}"), "reader-1@example.com")
    assert state_of(garam, reader) is SubscriptionState.ACTIVE
    assert arrive(garam, asked, answer("", subject=f"leave {token}"), "reader-1@example.com") is Taken.APPLIED
    assert state_of(garam, reader) is SubscriptionState.ENDED


def test_a_from_line_alone_ends_nothing_and_the_newsroom_reads_it(garam: Paper) -> None:
    reader = garam.subscribe(1)
    postbox = MemoryPostbox()
    garam.ports = replace(garam.ports, postbox=postbox)
    postbox.put(answer("수신거부"))
    assert feedback.collect(garam.ports, garam.setup) == {Taken.PASSED_ON: 1}
    assert state_of(garam, reader) is SubscriptionState.ACTIVE
    assert len(to_newsroom(garam)) == 1


def test_vacation_programs_end_nothing_and_reach_nobody(garam: Paper) -> None:
    reader = garam.subscribe(1)
    garam.morning()
    away = answer("부재중입니다. 수신거부", subject="자동 응답: 부재중")
    for address in (sender_of(garam), reply_to(garam.mails_to(1)[0])):
        assert arrive(garam, address, away, "reader-1@example.com") is Taken.DROPPED
        assert arrive(garam, address, answer("수신거부"), "") is Taken.DROPPED
    assert state_of(garam, reader) is SubscriptionState.ACTIVE
    assert not to_newsroom(garam)


# --- answers ---------------------------------------------------------------------------------


def test_an_answer_reaches_the_newsroom_with_the_answer_itself(garam: Paper) -> None:
    garam.subscribe(1)
    garam.morning()
    text = "기사 잘 읽었습니다."
    said = (
        b"From: reader-1@example.com\r\nSubject: =?utf-8?b?6rCA656M?=\r\nMessage-ID: <1@example.com>\r\n"
        b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        b"6riw7IKsIOyemCDsnb3sl4jsirXri4jri6QuDQoNCj4g7Iug66y4\r\n"
    )
    assert arrive(garam, reply_to(garam.mails_to(1)[0]), said, "reader-1@example.com") is Taken.PASSED_ON
    (passed,) = to_newsroom(garam)
    assert (passed["Subject"], passed["Reply-To"]) == ("가람", "reader-1@example.com")
    assert passed["From"].addresses[0].addr_spec == garam.setup.outlet.sender_address
    own, enclosed = passed.iter_parts()
    assert text in own.get_content()
    assert "신문" not in own.get_content(), "what is quoted is in the answer itself"
    assert enclosed.get_content_type() == "message/rfc822"
    assert enclosed.get_content()["Message-ID"] == "<1@example.com>"


def test_what_was_passed_on_does_not_go_round_in_circles(garam: Paper) -> None:
    garam.subscribe(1)
    garam.morning()
    address = reply_to(garam.mails_to(1)[0])
    arrive(garam, address, answer("안녕하세요"), "reader-1@example.com")
    (passed,) = to_newsroom(garam)
    assert arrive(garam, address, passed.as_bytes(), NEWSROOM) is Taken.DROPPED
    assert len(to_newsroom(garam)) == 1


def test_an_answer_with_raw_octets_and_endless_lines_is_passed_on_as_a_file(garam: Paper) -> None:
    garam.subscribe(1)
    garam.morning()
    raw = b"From: reader-1@example.com\nSubject: x\nContent-Type: text/plain; charset=euc-kr\n\n"
    raw += "기사 ".encode("cp949") * 2000 + b"\0\r\r\n.\r\n"
    assert arrive(garam, reply_to(garam.mails_to(1)[0]), raw, "reader-1@example.com") is Taken.PASSED_ON
    sent = garam.mailer.sent[-1].message
    assert sent.isascii()
    assert b"\0" not in sent
    assert sent.count(b"\n") == sent.count(b"\r\n") == sent.count(b"\r")
    assert max(map(len, sent.split(b"\r\n"))) <= 998
    own, enclosed = to_newsroom(garam)[0].iter_parts()
    assert "기사" in own.get_content()
    assert enclosed.get_content() == raw


@pytest.mark.parametrize("name", ["Subject", "From", "Reply-To", "Message-ID"])
def test_nothing_in_an_answer_becomes_a_line_of_our_header(garam: Paper, name: str) -> None:
    garam.subscribe(1)
    garam.morning()
    hidden = "=?utf-8?q?x=0D=0ABcc:_victim@example.com=0D=0A?= <a@b.example>\r\n Bcc: victim@example.com"
    message = f"{name}: {hidden}\r\n\r\n안녕하세요\r\n".encode()
    assert arrive(garam, reply_to(garam.mails_to(1)[0]), message, "a@b.example") is Taken.PASSED_ON
    (passed,) = to_newsroom(garam)
    assert passed["Bcc"] is None
    assert set(passed.keys()) <= {
        *("From", "To", "Reply-To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress"),
        *("X-Loop", "MIME-Version", "Content-Type"),
    }


def test_an_answer_is_kept_where_nobody_is_to_get_it(garam: Paper) -> None:
    garam.subscribe(1)
    garam.morning()
    address = reply_to(garam.mails_to(1)[0])
    for setup in (
        replace(garam.setup, replies=False),
        replace(garam.setup, reply_to=None),
        replace(garam.setup, allowed=frozenset()),  # a rehearsal writes to nobody who is not named
    ):
        garam.setup = setup
        assert arrive(garam, address, answer("안녕하세요"), "reader-1@example.com") is Taken.KEPT
    assert not to_newsroom(garam)


def test_an_answer_that_cannot_be_passed_on_now_comes_again(garam: Paper) -> None:
    garam.subscribe(1)
    garam.morning()
    address = reply_to(garam.mails_to(1)[0])
    garam.mailer.answers = {NEWSROOM: Outcome(verdict=Answered.DEFERRED, reason="busy")}
    with pytest.raises(Transient):
        arrive(garam, address, answer("안녕하세요"), "reader-1@example.com")
    garam.mailer.answers = {}
    assert arrive(garam, address, answer("안녕하세요"), "reader-1@example.com") is Taken.PASSED_ON


# --- the mailbox -----------------------------------------------------------------------------


def test_a_mailbox_is_read_once_by_what_its_headers_name(garam: Paper) -> None:
    reader = garam.subscribe(1)
    garam.morning()
    postbox = MemoryPostbox()
    garam.ports = replace(garam.ports, postbox=postbox)
    postbox.put(b"Delivered-To: " + sender_of(garam).encode() + b"\r\nReturn-Path: <>\r\n" + dsn())
    postbox.put(b"To: nobody@example.com\r\nReturn-Path: <>\r\n" + dsn())
    assert feedback.collect(garam.ports, garam.setup) == {Taken.APPLIED: 1, Taken.UNMATCHED: 1}
    assert suppressed(garam, reader)
    assert (postbox.read, postbox.kept) == (["1/1"], ["1/2"]), "what nobody can be found for is there to be seen"
    assert feedback.collect(garam.ports, garam.setup) == {}


def test_a_mail_is_marked_only_after_what_it_says_was_done(garam: Paper) -> None:
    reader = garam.subscribe(1)
    garam.morning()
    postbox = MemoryPostbox()
    garam.ports = replace(garam.ports, postbox=postbox)
    postbox.put(b"Delivered-To: " + reply_to(garam.mails_to(1)[0]).encode() + b"\r\n" + answer("안녕하세요"))
    postbox.put(b"Delivered-To: " + sender_of(garam).encode() + b"\r\n" + dsn())
    garam.mailer.answers = {NEWSROOM: Outcome(verdict=Answered.DEFERRED, reason="busy")}
    with pytest.raises(Transient):
        feedback.collect(garam.ports, garam.setup)
    assert postbox.read == ["1/2"], "the others are read all the same"
    assert suppressed(garam, reader)
    garam.mailer.answers = {}
    assert feedback.collect(garam.ports, garam.setup) == {Taken.PASSED_ON: 1}


# --- Events ----------------------------------------------------------------------------------


def test_an_ending_that_names_only_the_delivery_ends_its_subscription(garam: Paper) -> None:
    reader = garam.subscribe(1)
    garam.morning()
    news = Event(
        id="far:1",
        kind=EventKind.ENDED,
        at=garam.clock.now(),
        cause="ses",
        delivery_id=garam.delivery_of(reader).id,
    )
    assert feedback.apply(garam.ports, garam.setup, news)
    assert not feedback.apply(garam.ports, garam.setup, news)
    assert state_of(garam, reader) is SubscriptionState.ENDED


def test_a_resend_that_waits_is_not_sent_once_the_first_one_is_heard_of(garam: Paper) -> None:
    reader = garam.subscribe(1)
    garam.mailer.answers = {"reader-1@example.com": Outcome(verdict=Answered.UNCERTAIN, reason="no answer")}
    garam.morning()
    delivery = garam.delivery_of(reader)
    garam.store.resolve(delivery.id, S.WAITING, garam.clock.now(), "the operator's word")
    garam.mailer.answers = {}
    told = Event(id="far:2", kind=EventKind.DELIVERED, at=garam.clock.now(), cause="ses", delivery_id=delivery.id)
    feedback.apply(garam.ports, garam.setup, told)
    garam.clock.move(timedelta(minutes=30))
    garam.drain()
    assert len(garam.mails_to(1)) == 1
    assert garam.delivery_of(reader).state is S.ACCEPTED
