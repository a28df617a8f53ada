"""What comes back: addresses that prove themselves, reports, complaints, answers, and what codes say of an address."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndication.core import bounces, incoming, links, replies, returned
from syndication.core.addresses import provider
from syndication.core.bounces import Bearing, Patience
from syndication.core.incoming import Part
from syndication.core.links import Keys, Purpose
from syndication.core.model import EventKind
from tests.factories import KEYS

DOMAIN = "bounce.garam.example"
READER = "Reader-1@example.com"
OTHER_KEYS = Keys(current="k9", secrets={"k9": b"somebody else's throw-away secret"})
AT = datetime(2026, 1, 20, tzinfo=UTC)
DAY = timedelta(days=1)

MAKERS: dict[Purpose, Callable[[int, str, str, Keys], str]] = {
    Purpose.VERP: links.bounce_address,
    Purpose.REPLY: links.reply_address,
    Purpose.UNSUBSCRIBE: links.leave_address,
}
purposes = st.sampled_from(list(MAKERS))
numbers = st.integers(1, 2**63 - 1)


# --- addresses that mail comes back to -------------------------------------------------------


@given(purposes, numbers)
def test_an_address_of_ours_tells_for_what_and_for_whom_it_was_made(purpose: Purpose, number: int) -> None:
    slip = links.read_return(MAKERS[purpose](number, READER, DOMAIN, KEYS), DOMAIN, KEYS)
    assert slip is not None
    assert (slip.purpose, slip.number) == (purpose, number)
    assert links.made_for(slip, "reader-1@EXAMPLE.com", KEYS)
    assert not links.made_for(slip, "reader-2@example.com", KEYS)


@given(purposes, numbers, st.sampled_from([str.upper, str.lower, str.swapcase, str.title]))
def test_hosts_that_change_the_case_of_an_address_do_no_harm(
    purpose: Purpose, number: int, changed: Callable[[str], str]
) -> None:
    address = MAKERS[purpose](number, READER, DOMAIN, KEYS)
    assert len(address.partition("@")[0]) <= 64, "RFC 5321 section 4.5.3.1.1"
    assert address == address.lower()
    assert links.read_return(changed(address), DOMAIN, KEYS) == links.read_return(address, DOMAIN, KEYS)


@given(purposes, numbers, st.data())
def test_an_address_that_was_changed_anywhere_is_not_ours(purpose: Purpose, number: int, data: st.DataObject) -> None:
    local, _, domain = MAKERS[purpose](number, READER, DOMAIN, KEYS).partition("@")
    place = data.draw(st.integers(0, len(local) - 1))
    sign = data.draw(st.sampled_from("abcdefghijklmnopqrstuvwxyz234567+"))
    changed = f"{local[:place]}{sign}{local[place + 1 :]}@{domain}"
    if changed != f"{local}@{domain}":
        assert links.read_return(changed, DOMAIN, KEYS) is None
    cut = data.draw(st.integers(0, len(local) - 1))
    assert links.read_return(f"{local[:cut]}@{domain}", DOMAIN, KEYS) is None
    assert links.read_return(f"{local}{sign}@{domain}", DOMAIN, KEYS) is None


def test_an_address_made_for_one_thing_serves_for_no_other() -> None:
    address = links.leave_address(7, READER, DOMAIN, KEYS)
    for prefix in "br":
        assert links.read_return(f"{prefix}{address[1:]}", DOMAIN, KEYS) is None


def test_an_address_of_another_house_or_domain_is_not_ours() -> None:
    assert links.read_return(links.bounce_address(7, READER, DOMAIN, OTHER_KEYS), DOMAIN, KEYS) is None
    assert links.read_return(links.bounce_address(7, READER, "bounce.else.example", KEYS), DOMAIN, KEYS) is None


def test_an_address_made_under_an_older_key_is_still_read() -> None:
    both = Keys(current="k9", secrets={**OTHER_KEYS.secrets, **KEYS.secrets})
    slip = links.read_return(links.bounce_address(7, READER, DOMAIN, KEYS), DOMAIN, both)
    assert slip is not None
    assert links.made_for(slip, READER, both)


def test_an_address_tells_strangers_neither_the_reader_nor_the_number() -> None:
    locals_ = [links.bounce_address(n, READER, DOMAIN, KEYS)[2:40] for n in (1, 2, 3)]
    assert len({text[:8] for text in locals_}) == 3, "numbers in a row look nothing alike"


@given(st.text(max_size=200))
def test_no_address_at_all_breaks_the_reading(text: str) -> None:
    assert links.read_return(text, DOMAIN, KEYS) is None
    assert links.read_return(f"b+{text}@{DOMAIN}", DOMAIN, KEYS) is None


# --- mail providers --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("domain", "name"),
    [
        *[("naver.com", "naver"), ("NAVER.com", "naver"), ("gmail.com", "google"), ("googlemail.com", "google")],
        *[("hanmail.net", "kakao"), ("daum.net", "kakao"), ("kakao.com", "kakao"), ("nate.com", "nate")],
        *[("outlook.com", "microsoft"), ("outlook.kr", "microsoft"), ("hotmail.co.kr", "microsoft")],
        *[("live.co.uk", "microsoft"), ("msn.com", "microsoft"), ("hotmail.com.br", "microsoft")],
        *[("yahoo.com", "yahoo"), ("yahoo.co.jp", "yahoo"), ("yahoo.co.kr", "yahoo"), ("ymail.com", "yahoo")],
        *[("icloud.com", "apple"), ("me.com", "apple"), ("mac.com", "apple")],
        *[("garam.example", "garam.example"), ("yahoo.garam.example", "yahoo.garam.example")],
        *[("live.garam.example", "live.garam.example"), ("bücher.example", "xn--bcher-kva.example")],
        *[("naver.com.garam.example", "naver.com.garam.example"), ("notnaver.com", "notnaver.com")],
    ],
)
def test_a_provider_is_named_and_everybody_else_goes_by_the_domain(domain: str, name: str) -> None:
    assert provider(f"Reader-1@{domain}") == name


# --- what codes mean -------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"])
def test_an_address_that_does_not_exist_is_dead(code: str) -> None:
    assert bounces.bearing(code) is Bearing.DEAD


@pytest.mark.parametrize(
    "code", ["5.2.2", "4.2.2", "5.7.1", "5.7.26", "5.7.515", "4.7.650", "5.7.999", "5.6.1", "5.3.4"]
)
def test_a_full_mailbox_a_policy_or_the_mail_itself_say_nothing_about_the_address(code: str) -> None:
    assert bounces.bearing(code) is Bearing.NONE
    assert bounces.bearing(code, dead=True) is Bearing.NONE, "whatever its reporter says"


@pytest.mark.parametrize("code", [None, "5.0.0", "4.4.1", "5.4.4", "5.2.1", "4.3.0", "5.1.0", "5.4.310"])
def test_everything_else_is_counted_over_days(code: str | None) -> None:
    assert bounces.bearing(code) is Bearing.SOFT
    assert bounces.bearing(code, dead=True) is Bearing.DEAD


PATIENCE = Patience(days=3, within=7 * DAY)
hours = st.lists(st.integers(0, 24 * 20), max_size=12)


@given(hours, hours, st.randoms(use_true_random=False))
def test_counting_does_not_depend_on_the_order(soft: list[int], arrived: list[int], chance: random.Random) -> None:
    first = [AT + timedelta(hours=h) for h in soft], [AT + timedelta(hours=h) for h in arrived]
    mixed = list(first[0]), list(first[1])
    for one in mixed:
        chance.shuffle(one)
    assert bounces.worn_out(*first, PATIENCE) == bounces.worn_out(*mixed, PATIENCE)


@given(hours, hours)
def test_one_more_bounce_never_makes_an_address_better_and_one_more_delivery_never_worse(
    soft: list[int], arrived: list[int]
) -> None:
    at = [AT + timedelta(hours=h) for h in soft]
    there = [AT + timedelta(hours=h) for h in arrived]
    if bounces.worn_out(at, there, PATIENCE):
        assert bounces.worn_out(at, there[1:], PATIENCE)
    else:
        assert not bounces.worn_out(at[1:], there, PATIENCE)


def test_days_are_counted_in_the_publishers_zone() -> None:
    morning = datetime(2026, 1, 19, 21, 30, tzinfo=UTC)  # 06:30 of the 20th in Seoul, across midnight UTC
    one_day = [morning, morning + timedelta(hours=3), morning + timedelta(hours=17)]
    assert not bounces.worn_out(one_day, [], Patience(days=2))
    assert bounces.worn_out([morning, morning + timedelta(hours=18)], [], Patience(days=2))


# --- reports ---------------------------------------------------------------------------------


def mail(kind: str, body: str, **fields: str) -> Part:
    head = "".join(f"{name.replace('_', '-')}: {value}\n" for name, value in fields.items())
    return incoming.read(f"{head}Content-Type: {kind}\n\n{body}".replace("\n", "\r\n").encode())


def dsn(*blocks: str, kind: str = "message/delivery-status", encoding: str = "7bit", ours: str = "") -> Part:
    parts = (
        "Content-Type: text/plain\n\nThis is the mail system.\n",
        f"Content-Type: {kind}\nContent-Transfer-Encoding: {encoding}\n\n" + "\n".join(blocks),
        f"Content-Type: message/rfc822\n\n{ours or 'Subject: the morning'}\n\nhello\n",
    )
    body = "".join(f"--xx\n{part}\n" for part in parts) + "--xx--\n"
    return mail("multipart/report; report-type=delivery-status; boundary=xx", body, From="MAILER-DAEMON@relay.example")


HEAD = "Reporting-MTA: dns; relay.example\nArrival-Date: Tue, 20 Jan 2026 06:31:00 +0900\n"
GONE = (
    "Final-Recipient: rfc822; reader-1@example.com\nAction: failed\nStatus: 5.1.1\n"
    "Diagnostic-Code: smtp; 550 5.1.1 <reader-1@example.com>: Recipient address rejected:\n    User unknown\n"
)


def test_a_report_by_the_standard_is_read() -> None:
    (report,) = returned.reports(dsn(HEAD, GONE))
    assert (report.kind, report.code, report.recipients) == (EventKind.BOUNCED, "5.1.1", ("reader-1@example.com",))
    assert report.detail is not None
    assert "@" not in report.detail, "what is stored names nobody"


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        ("failed", EventKind.BOUNCED),
        ("Failed (bad destination mailbox)", EventKind.BOUNCED),
        ("error", EventKind.BOUNCED),
        ("delayed", EventKind.DELAYED),
        ("delivered", EventKind.DELIVERED),
        ("relayed", EventKind.SENT),
        ("expanded", EventKind.SENT),
    ],
)
def test_the_action_says_what_became_of_the_mail(action: str, kind: EventKind) -> None:
    (report,) = returned.reports(dsn(HEAD, GONE.replace("failed", action)))
    assert report.kind is kind


def test_an_action_that_is_not_known_says_nothing() -> None:
    assert not list(returned._delivery_status(dsn(HEAD, GONE.replace("failed", "wibbled"))))


@pytest.mark.parametrize(
    ("status", "said", "code"),
    [
        ("5.1.1", "550 5.7.1 whatever", "5.1.1"),
        ("5.0.0", "550 5.1.1 User unknown", "5.1.1"),
        ("5.0.0", "550 RCPT TO: no such user here", "5.1.1"),
        ("5.0.0", "552 mailbox is full", "5.2.2"),
        ("5.0.0", "554 message looks like spam", "5.7.1"),
        ("5.0.0", "550 사용자의 메일 용량이 초과되었습니다", "5.2.2"),
        ("5.0.0", "550 whatever", "5.0.0"),
        ("4.4.7", "delivery time expired", "4.4.7"),
        ("", "connect to mx.example.com[192.0.2.1]:25: Connection timed out", None),
        ("five", "192.0.2.1 said 5.1.1 of the software is running", None),
    ],
)
def test_a_code_that_says_little_gives_way_to_the_words(status: str, said: str, code: str | None) -> None:
    who = "Final-Recipient: rfc822; reader-1@example.com\nAction: failed\n"
    (report,) = returned.reports(dsn(HEAD, f"{who}Status: {status}\nDiagnostic-Code: smtp; {said}\n"))
    assert report.code == code


def test_reports_about_others_than_ascii_addresses_are_read() -> None:
    block = "Final-Recipient: utf-8; \\x{AC00}\\x{B78C}@example.com\nAction: failed\nStatus: 5.1.1\n"
    (report,) = returned.reports(dsn(HEAD, block, kind="message/global-delivery-status"))
    assert report.recipients == ("가람@example.com",)
    plain = "Final-Recipient: utf-8; 가람@example.com\nAction: failed\nStatus: 5.1.1\n"
    (report,) = returned.reports(dsn(HEAD, plain, kind="message/global-delivery-status", encoding="8bit"))
    assert report.recipients == ("가람@example.com",)


def test_a_status_in_base64_is_read() -> None:
    import base64

    packed = base64.encodebytes(f"{HEAD}\n{GONE}".encode()).decode()
    (report,) = returned.reports(dsn(packed, encoding="base64"))
    assert report.code == "5.1.1"


def test_a_report_that_a_mail_encloses_is_not_the_mails_own() -> None:
    inner = dsn(HEAD, GONE)
    octets = b"".join(f"{n}: {v}\r\n".encode() for n, v in inner.fields) + b"\r\n" + inner.body
    outer = incoming.read(
        b"From: reader-2@example.com\r\nContent-Type: multipart/mixed; boundary=yy\r\n\r\n"
        b"--yy\r\n\r\nLook at this.\r\n--yy\r\nContent-Type: message/rfc822\r\n\r\n" + octets + b"\r\n--yy--\r\n"
    )
    assert not list(returned._delivery_status(outer))


QMAIL = """Hi. This is the qmail-send program at mail.example.com.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<reader-1@example.com>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.
"""


def test_reports_in_the_words_of_known_mail_systems_are_read() -> None:
    (report,) = returned.reports(
        mail("text/plain", QMAIL, From="MAILER-DAEMON@mail.example.com", Subject="failure notice")
    )
    assert (report.kind, report.code, report.recipients) == (EventKind.BOUNCED, "5.1.1", ("reader-1@example.com",))


def test_a_failed_recipient_in_the_header_is_read() -> None:
    exim = mail("text/plain", "550 5.1.1 no such user\n", X_Failed_Recipients="reader-1@example.com")
    (report,) = returned.reports(exim)
    assert (report.code, report.recipients) == ("5.1.1", ("reader-1@example.com",))


@pytest.mark.parametrize(
    "said",
    [
        "보내신 메일이 아래의 이유로 반송되었습니다. 사유: 존재하지 않는 사용자입니다.",
        "메일 발송에 실패하였습니다.",
        "수신자를 찾을 수 없어 메일을 전달하지 못했습니다.",
    ],
)
def test_korean_words_of_mail_that_did_not_arrive_are_understood(said: str) -> None:
    report = returned.undelivered(mail("text/html; charset=utf-8", f"<p>{said}</p>", From="postmaster@example.com"))
    assert report is not None
    assert report.kind is EventKind.BOUNCED
    assert report.recipients == (), "it names nobody, so it can only count"


def test_a_story_that_is_sent_back_is_not_what_the_mail_system_says() -> None:
    ours = "Your message could not be delivered.\n\n----- Original message follows -----\n\n스팸 차단, no such user\n"
    report = returned.undelivered(mail("text/plain; charset=utf-8", ours, From="MAILER-DAEMON@example.com"))
    assert report is not None
    assert report.code is None


# --- complaints ------------------------------------------------------------------------------

ARF = """--xx
Content-Type: text/plain

This is an abuse report.
--xx
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: SomeLoop/1.0
Version: 1
Original-Mail-From: <{sender}>

--xx
Content-Type: message/rfc822

Return-Path: <{sender}>
List-Unsubscribe: <https://garam.example/u/k1.AAAA>, <mailto:u+x@bounce.garam.example>
Subject: the morning

hello
--xx--
"""


def test_a_complaint_is_read_with_what_identifies_the_mail() -> None:
    body = ARF.format(kind="abuse", sender="b+x@bounce.garam.example")
    found = returned.complaint(mail("multipart/report; report-type=feedback-report; boundary=xx", body))
    assert found is not None
    assert found.feedback == "abuse"
    assert set(found.senders) == {"b+x@bounce.garam.example"}
    assert "/u/k1.AAAA" in found.links


def test_a_bounce_is_no_complaint() -> None:
    assert returned.complaint(dsn(HEAD, GONE)) is None


# --- answers ---------------------------------------------------------------------------------

DIGEST = "Re: 가람 아침 1월 20일: 넷플릭스 구독취소 늘어"


def answer(text: str, subject: str = DIGEST, **fields: str) -> Part:
    return mail("text/plain; charset=utf-8", text, From="reader-1@example.com", Subject=subject, **fields)


@pytest.mark.parametrize(
    "text",
    [
        *("수신거부", "수신 거부 부탁드립니다.", "구독 취소해 주세요", "구독을 취소하고 싶습니다", "그만 보내주세요"),
        *(
            "메일 좀 보내지 마세요",
            "이제 안 받을게요",
            "더 이상 받고 싶지 않습니다",
            "뉴스레터 그만 받을게요",
            "탈퇴할게요",
        ),
        *("unsubscribe", "Please unsubscribe me.", "STOP", "opt out", "구독해지 신청합니다", "수신거부합니다 ^^"),
        "수신거부\n\n2026년 1월 20일 (화) 오전 6:30, 가람 아침 <morning@garam.example>님이 작성:\n\n> 소식\n> 끝",
        "> 오늘의 소식\n\n구독취소\n",
        "수신거부 요청\n\n-----Original Message-----\nFrom: 가람 아침\n\n오늘의 소식",
        "그만 보내 주세요.\n\n-- \n나루군 독자",
    ],
)
def test_a_wish_to_leave_is_understood(text: str) -> None:
    assert replies.wants_to_leave(answer(text))


@pytest.mark.parametrize(
    "text",
    [
        *(
            "수신거부하지 말아 주세요",
            "수신거부를 취소해 주세요",
            "수신거부는 어떻게 하나요?",
            "왜 수신거부가 안 되나요",
        ),
        *("기사 잘 읽었습니다. 고맙습니다.", "아이들을 전쟁에 보내지 마세요", "시청에 전화했는데 안 받고 끊어요"),
        *("수신거부 기능 기사 잘 봤습니다", "탈퇴 회원 기사 재미있네요", "don't unsubscribe me", ""),
        "> 수신거부\n\n잘 봤습니다",
        "고맙습니다\n\n2026년 1월 20일 (화) 오전 6:30, 가람 아침 <morning@garam.example>님이 작성:\n\n수신 거부",
        "고맙습니다\n\n________________________________\nFrom: 가람 아침\n\n수신거부",
        "고맙습니다\n\nOn Tue, 20 Jan 2026 at 06:30, 가람 아침 wrote:\n\n수신거부",
        "고맙습니다\n보낸 사람: 가람 아침\n수신거부",
        "요즘 기사 이야기를 길게 적습니다. " * 8 + "그런데 수신거부합니다 라는 말이 나오는 대목이 있었습니다.",
    ],
)
def test_everything_else_is_no_wish_to_leave(text: str) -> None:
    assert not replies.wants_to_leave(answer(text))


@pytest.mark.parametrize("subject", ["수신거부", "Re: 수신거부 부탁드립니다", "unsubscribe", "구독 취소해 주세요!"])
def test_a_subject_that_says_only_this_is_a_wish(subject: str) -> None:
    assert replies.wants_to_leave(answer("", subject))
    assert not replies.wants_to_leave(answer("", DIGEST))


def test_in_a_page_the_quoted_mail_is_not_the_readers_own_words() -> None:
    page = "<div>잘 봤습니다</div><blockquote><p>수신거부</p></blockquote>"
    assert not replies.wants_to_leave(mail("text/html; charset=utf-8", page))
    assert replies.wants_to_leave(mail("text/html; charset=utf-8", "<p>수신거부</p><blockquote>소식</blockquote>"))


@pytest.mark.parametrize(
    "fields",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Auto_Submitted": "auto-generated; owner-email=x"},
        {"Precedence": "bulk"},
        {"Precedence": "auto_reply"},
        {"X_Autoreply": "yes"},
        {"X_Autorespond": "vacation"},
        {"Return_Path": "<>"},
        {"List_Id": "<some.list.example>"},
        {"X_Loop": "answers@bounce.garam.example"},
    ],
)
def test_a_machine_says_so(fields: dict[str, str]) -> None:
    assert replies.automatic(answer("수신거부", **fields))


@pytest.mark.parametrize(
    "subject",
    [
        *(
            "자동 응답: 부재중입니다",
            "[자동회신] 메일을 받았습니다",
            "부재중",
            "휴가 중입니다",
            "Automatic reply: 가람 아침",
        ),
        *("Out of Office: back on Monday", "Auto: away", "읽음: 가람 아침", "=?utf-8?b?7J6Q64+Z7J2R64u1?="),
    ],
)
def test_a_vacation_program_is_known_by_its_subject(subject: str) -> None:
    assert replies.automatic(answer("며칠 뒤에 돌아옵니다", subject))


@pytest.mark.parametrize("subject", [DIGEST, "Re: 휴가철 고속도로 붐빈다", "Re: 부재중 투표 시작", "질문이 있습니다"])
def test_a_person_is_no_machine(subject: str) -> None:
    assert not replies.automatic(answer("잘 봤습니다", subject, Auto_Submitted="no"))


# --- hostile input ---------------------------------------------------------------------------


def everything(octets: bytes) -> None:
    """All that is ever read out of a mail."""
    part = incoming.read(octets)
    returned.reports(part)
    returned.complaint(part)
    returned.handed_on(part)
    returned.undelivered(part)
    returned.from_system(part)
    replies.automatic(part)
    replies.wants_to_leave(part)
    incoming.fingerprint(octets)


_PIECES = st.sampled_from(
    [
        *(
            b"\r\n",
            b"\n",
            b"\r\n\r\n",
            b"--xx",
            b"--xx--",
            b":",
            b" ",
            b"\t",
            b"\0",
            b"\xff\xfe",
            b"=?",
            b"?=",
            b"<",
            b">",
        ),
        *(b"Content-Type: multipart/report; boundary=xx\r\n", b"Content-Type: message/rfc822\r\n"),
        *(b"Content-Type: message/delivery-status\r\n", b"Content-Type: text/html; charset=idna\r\n"),
        *(b"Content-Transfer-Encoding: base64\r\n", b"Content-Transfer-Encoding: quoted-printable\r\n"),
        *(b"Final-Recipient: rfc822; a@example.com\r\n", b"Action: failed\r\n", b"Status: 5.1.1\r\n"),
        *(b"Final-Recipient: utf-8; \\x{110000}\\x{D800}@example.com\r\n", b"Subject: =?euc-kr?b?AAA?=\r\n"),
        *("수신거부".encode(), "수신거부".encode("cp949"), b"=XX=", b"AAAA", b"> ", b"On x wrote:\r\n"),
        *(b"Content-Type: text/plain; charset=utf-7\r\n", b"Content-Type: message/feedback-report\r\n"),
    ]
)


@settings(max_examples=400)
@given(st.lists(st.one_of(_PIECES, st.binary(max_size=30)), max_size=40).map(b"".join))
def test_whatever_comes_in_is_read_or_left_and_breaks_nothing(octets: bytes) -> None:
    everything(octets)


def nested(depth: int) -> bytes:
    head = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(depth))
    return head + b"Content-Type: text/plain\r\n\r\nhello\r\n"


HUGE = 10 * 1024 * 1024
HOSTILE = {
    "one line": b"a" * HUGE,
    "header without an end": b"X: y\r\n" * (HUGE // 6),
    "one field": b"Subject: " + b"=?utf-8?b?" * (HUGE // 10),
    "empty lines": b"\r\n" * (HUGE // 2),
    "nested parts": nested(200_000),
    "enclosed mails": b"Content-Type: message/rfc822\r\n\r\n" * (HUGE // 32),
    "many parts": b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + b"--x\r\n\r\n" * (HUGE // 7),
    "nearly delimiters": b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + b"\n--x " * (HUGE // 5),
    "blocks": b"Content-Type: message/delivery-status\r\n\r\n" + b"Action: failed\r\n\r\n" * (HUGE // 18),
    "base64": b"Content-Transfer-Encoding: base64\r\n\r\n" + b"QUJD" * (HUGE // 4),
    "open tags": b"Content-Type: text/html\r\n\r\n" + b"<" * HUGE,
    "open styles": b"Content-Type: text/html\r\n\r\n" + b"<style>" * (HUGE // 7),
    "entities": b"Content-Type: text/html\r\n\r\n" + b"&amp;" * (HUGE // 5),
    "quotes": b"\r\n" + b"> > > >\r\n" * (HUGE // 9),
    "almost signatures": b"\r\n" + (" " * 60 + "에서 보냄 \n").encode() * (HUGE // 80),
    "digits": b"\r\n" + b"550 5.1.1" * (HUGE // 9),
    "almost quoted": b"\r\n" + b"2026. " * (HUGE // 6),
    "wishes": b"\r\n" + "메일 ".encode() * (HUGE // 7),
    "hashes": b"From: MAILER-DAEMON@x.example\r\n\r\n" + b"(#" * (HUGE // 2),
    "failed recipients": b"X-Failed-Recipients: " + b"a@b.example," * (HUGE // 12),
    "addresses": b"From: MAILER-DAEMON@x.example\r\n\r\n" + b"<a@b.example>\r\n" * (HUGE // 15),
    "spaces": b"From: MAILER-DAEMON@x.example\r\n\r\n" + b" " * HUGE,
    "words": b"From: MAILER-DAEMON@x.example\r\n\r\n" + b"does not have a " * (HUGE // 16),
}


@pytest.mark.parametrize("octets", HOSTILE.values(), ids=HOSTILE.keys())
def test_ten_megabytes_of_anything_are_read_within_five_seconds(octets: bytes) -> None:
    began = time.process_time()
    everything(octets)
    assert time.process_time() - began < 5


def test_a_line_break_hidden_in_a_subject_does_not_come_out() -> None:
    part = incoming.read(b"Subject: =?utf-8?b?aGkNClJlcGx5LVRvOiB4QHkuZXhhbXBsZQ==?=\r\n\r\n")
    assert part.words("subject") == "hi Reply-To: x@y.example"


@pytest.mark.parametrize(
    "charset", ["euc-kr", "ks_c_5601-1987", "cp949", "utf-8", "iso-2022-kr", "nonsense", "idna", ""]
)
def test_korean_is_read_whatever_it_is_called(charset: str) -> None:
    octets = "수신거부".encode({"utf-8": "utf-8", "iso-2022-kr": "iso-2022-kr"}.get(charset, "cp949"))
    part = incoming.read(f"Content-Type: text/plain; charset={charset}\r\n\r\n".encode() + octets)
    assert part.text() == "수신거부"
    assert replies.wants_to_leave(part)
