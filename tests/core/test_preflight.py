"""Laws of the look at a finished mail: what is right is fine, and every fault is told by its name."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.core.preflight import Expected, judge_links_fetched, judge_mail, links_of, told_once
from syndication.core.preflight.header import ADVERTISING, resembles_mark
from syndication.core.preflight.mail import BadWord, decoded, opened
from syndication.core.remarks import Remark, Severity
from tests.core.asking import one, said, wrong

AT = datetime(2026, 1, 19, 21, 30, tzinfo=UTC)
LEAVE = "https://news.example.com/u/k1.AAAA"
TITLE = "가람역 앞 횡단보도에 바닥 신호등 설치"

HTML = f"""<!doctype html><html lang="ko"><head><title>x</title><style>p {{ color: red }}</style></head><body>
<h1>가람 아침</h1>
<p><a href="https://www.example.com/news/1">{TITLE}</a> 두 곳에 신호등이 들어섰다. 열 곳으로 넓힌다.</p>
<img src="https://img.example.com/1.jpg" alt="신호등" width="544" height="306">
<p><a href="{LEAVE}">수신거부</a> <a href="mailto:editor@example.com">문의</a></p></body></html>"""
TEXT = f"가람 아침\n\n{TITLE}\n  두 곳에 신호등이 들어섰다. 열 곳으로 넓힌다.\n\n수신거부\n{LEAVE}\n\n문의\n"

FIELDS = {
    "DKIM-Signature": "v=1; a=rsa-sha256; d=example.com; s=mail;\r\n h=from:to:subject:date:message-id:\r\n"
    " list-unsubscribe:list-unsubscribe-post; bh=AAAA; b=AAAA",
    "From": "=?UTF-8?B?6rCA656M?= <morning@example.com>",
    "To": "reader-1@example.com",
    "Subject": "=?UTF-8?B?6rCA656MIOyVhOy5qA==?=",
    "Date": "Tue, 20 Jan 2026 06:30:00 +0900",
    "Message-ID": "<0123abcd@example.com>",
    "List-Unsubscribe": f"<{LEAVE}>, <mailto:leave@example.com>",
    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    "MIME-Version": "1.0",
    "Content-Type": 'multipart/alternative;\r\n boundary="=_b"',
}
EXPECTED = Expected(
    label="daily 2026-01-20",
    author="example.com",
    home="example.com",
    publish_at=AT,
    budget=85_000,
    hard=100_000,
    signing=True,
    titles=(TITLE,),
)


def part(kind: str, words: str) -> str:
    code = base64.encodebytes(words.encode()).decode().replace("\n", "\r\n")
    return f"--=_b\r\nContent-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{code}"


def mail(fields: Mapping[str, str | None] | None = None, *, html: str = HTML, text: str | None = TEXT) -> bytes:
    """The right mail with these fields instead; None leaves one out."""
    chosen = {**FIELDS, **(fields or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in chosen.items() if value is not None)
    parts = ([part("plain", text)] if text is not None else []) + [part("html", html)]
    return f"{head}\r\n{''.join(parts)}--=_b--\r\n".encode()


def judged(message: bytes | None = None, **expected: Any) -> list[Remark]:
    values = {name: getattr(EXPECTED, name) for name in Expected.__slots__} | expected
    return judge_mail(mail() if message is None else message, Expected(**values))


def encoded(words: str) -> str:
    return f"=?UTF-8?B?{base64.b64encode(words.encode()).decode()}?="


def test_a_right_mail_is_fine_in_every_respect() -> None:
    assert said(judged()) == [
        ("fine", "size-html"),
        ("fine", "header-good"),
        ("fine", "links-good"),
        ("fine", "images-good"),
        ("fine", "unsubscribe-link"),
    ]


# --- size -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "severity"), [(85_000, "fine"), (85_001, "warning"), (100_000, "warning"), (100_001, "wrong")]
)
def test_the_html_is_counted_in_bytes_before_its_encoding(count: int, severity: str) -> None:
    room = count - len(HTML.encode())
    filler = "한" * (room // 3) + "x" * (room % 3)
    html = HTML.replace("</body>", filler + "</body>")
    assert len(html.encode()) == count
    assert one(judged(mail(html=html)), "size-html").severity == severity


# --- header ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "check"),
    [
        ({"From": "morning@example.net"}, "header-from"),
        ({"From": "a@example.com, b@example.com"}, "header-from"),
        ({"From": "morning@news.example.com"}, "header-from"),
        ({"To": "a@example.com, b@example.com"}, "header-to"),
        ({"Cc": "b@example.com"}, "header-to"),
        ({"Subject": ""}, "header-subject"),
        ({"Subject": "=?UTF-8?B?7JWI64WV"}, "header-subject"),
        ({"Subject": "=?UTF-8?B?!!!!?="}, "header-subject"),
        ({"Subject": "=?UTF-8?B?/////w==?="}, "header-subject"),
        ({"Subject": "=?no-charset?B?AAAA?="}, "header-subject"),
        ({"Subject": encoded("가" * 40)}, "header-subject"),
        ({"Subject": encoded("가\n나")}, "header-subject"),
        ({"Date": "yesterday"}, "header-date"),
        ({"Date": "Tue, 20 Jan 2026 06:30:00"}, "header-date"),
        ({"Date": "Tue, 20 Jan 2025 06:30:00 +0900"}, "header-date"),
        ({"Message-ID": "<0123abcd@example.net>"}, "header-message_id"),
        ({"Message-ID": "0123abcd@example.com"}, "header-message_id"),
        ({"List-Unsubscribe": "<mailto:leave@example.com>"}, "header-unsubscribe"),
        ({"List-Unsubscribe": f"<{LEAVE.replace('https', 'http')}>"}, "header-unsubscribe"),
        ({"List-Unsubscribe": f"<{LEAVE}>,\r\n <mailto:leave@example.com>"}, "header-unsubscribe"),
        ({"List-Unsubscribe": encoded(f"<{LEAVE}>")}, "header-unsubscribe"),
        ({"List-Unsubscribe-Post": "List-Unsubscribe = One-Click"}, "header-unsubscribe"),
        ({"List-Unsubscribe-Post": None}, "header-unsubscribe"),
        ({"DKIM-Signature": None}, "header-signature"),
        ({"DKIM-Signature": "v=1; h=from:to:subject:date:list-unsubscribe"}, "header-signature"),
        ({"from": "morning@example.com"}, "header-once"),
        ({"SUBJECT": "again"}, "header-once"),
        ({"X-Long": "x" * 991}, "header-lines"),
        ({"X-Bare": "a\nb"}, "header-lines"),
        ({"X-Null": "a\0b"}, "header-lines"),
        ({"X-Eight": "é"}, "header-octets"),
        *(({name: None}, "header-missing") for name in ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version")),
    ],
)
def test_a_fault_of_the_header_is_wrong_and_named(fields: dict[str, str | None], check: str) -> None:
    assert check in wrong(judged(mail(fields)))


@pytest.mark.parametrize(
    "fields",
    [
        {"From": '"Garam, Morning" <morning@EXAMPLE.com>'},
        {"To": "=?UTF-8?B?6rCA656M?=\r\n <reader-1@example.com>"},
        {"Subject": "plain words"},
        {"Subject": "=?UTF-8?B?6rCA656M?=\r\n =?UTF-8?Q?_=EC=95=84=EC=B9=A8?="},
        {"Date": "Mon, 19 Jan 2026 21:30:00 +0000"},
        {"List-Unsubscribe": f"<mailto:leave@example.com>, <{LEAVE}>"},
        {"X-Long": "x" * 990},
        {"Received": "from a by b"},
    ],
)
def test_what_is_written_another_way_is_right(fields: dict[str, str | None]) -> None:
    assert wrong(judged(mail(fields))) == []


def test_a_way_that_rewrites_a_field_need_not_have_it_signed() -> None:
    message = mail({"DKIM-Signature": "v=1; h=from:to:subject:list-unsubscribe:list-unsubscribe-post"})
    assert wrong(judged(message)) == ["header-signature"]
    assert wrong(judged(message, rewritten=frozenset({"date", "message-id"}))) == []


def test_an_unsigned_mail_is_right_where_the_relay_signs() -> None:
    assert wrong(judged(mail({"DKIM-Signature": None}), signing=False)) == []


def test_a_rehearsal_may_leave_by_plain_http() -> None:
    url = LEAVE.replace("https", "http")
    message = mail({"List-Unsubscribe": f"<{url}>"}, html=HTML.replace(LEAVE, url), text=TEXT.replace(LEAVE, url))
    assert wrong(judged(message, live=False)) == []
    assert wrong(judged(message)) == ["header-unsubscribe"]


# --- (광고) ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("subject", "advertising", "severity"),
    [
        (f"{ADVERTISING} 봄 구독 할인", True, "fine"),
        (f"{ADVERTISING}봄 구독 할인", True, "fine"),
        ("봄 구독 할인", True, "wrong"),
        (f"봄 구독 할인 {ADVERTISING}", True, "wrong"),
        ("(광 고) 봄 구독 할인", True, "wrong"),
        ("[광고] 봄 구독 할인", True, "wrong"),
        (f"{ADVERTISING} 봄 구독 할인", False, "wrong"),
        ("[광고] 봄 구독 할인", False, "warning"),
        ("광고 시장이 커진다", False, None),
        ("봄이 왔다", False, None),
    ],
)
def test_an_advertising_edition_begins_with_its_mark_and_no_other_does(
    subject: str, advertising: bool, severity: str | None
) -> None:
    remarks = judged(mail({"Subject": encoded(subject)}), advertising=advertising)
    assert next((r.severity.value for r in remarks if r.check == "advertising-mark"), None) == severity


@pytest.mark.parametrize(
    "subject",
    [
        "(광 고)",
        "[광고]",
        "<광고>",
        "(광/고)",
        "（광고）",
        "(광​고)",
        "( 광고 )",
        "★광고★",
        "광고)",
        "(광.고)",
        "{광고}",
        "【광고】",
    ],
)
def test_a_look_alike_is_seen(subject: str) -> None:
    assert resembles_mark(f"{subject} 봄 구독 할인")


@pytest.mark.parametrize(
    "subject", [f"{ADVERTISING} x", "광고 시장", "광고주협회", "'광고' 논란", "“광고” 논란", "광주 고교생", "", "고광"]
)
def test_a_headline_about_advertising_is_no_look_alike(subject: str) -> None:
    assert not resembles_mark(subject)


# --- links ----------------------------------------------------------------------------------------


def with_link(url: str) -> bytes:
    return mail(html=HTML.replace("</body>", f'<a href="{url}">x</a></body>'))


@pytest.mark.parametrize(
    ("url", "check", "severity"),
    [
        ("", "links-empty", "wrong"),
        ("#top", "links-empty", "wrong"),
        ("/news/1", "links-relative", "wrong"),
        ("news/1", "links-relative", "wrong"),
        ("//www.example.com/x", "links-relative", "wrong"),
        ("javascript:alert(1)", "links-broken", "wrong"),
        ("ftp://www.example.com/", "links-broken", "wrong"),
        ("https://", "links-broken", "wrong"),
        ("https://www.example.com/a b", "links-broken", "wrong"),
        ("https://[::1", "links-broken", "wrong"),
        ("https://0x7f000001/", "links-broken", "wrong"),
        ("https://editor:secret@www.example.com/", "links-secret", "wrong"),
        ("http://localhost:8600/x", "links-inner", "wrong"),
        ("http://127.0.0.1:8600/x", "links-inner", "wrong"),
        ("https://10.0.0.3/", "links-inner", "wrong"),
        ("https://[::1]/", "links-inner", "wrong"),
        ("https://cms/", "links-inner", "wrong"),
        ("https://news.garam.example/x", "links-inner", "wrong"),
        ("http://www.example.com/x", "links-plain", "warning"),
    ],
)
def test_a_link_that_readers_cannot_follow_is_named(url: str, check: str, severity: str) -> None:
    remark = one(judged(with_link(url)), check)
    assert remark.severity == severity
    assert "1" in str(remark.says)


@pytest.mark.parametrize(
    "url",
    ["https://www.example.com/x?a=1&b=2#c", "tel:+82212345678", "https://8.8.8.8/", "https://한국.example.com/뉴스"],
)
def test_other_links_are_right(url: str) -> None:
    assert wrong(judged(with_link(url))) == []


def test_a_secret_in_a_link_is_not_repeated() -> None:
    remark = one(judged(with_link("https://editor:hunter2@www.example.com/")), "links-secret")
    assert "hunter2" not in str(remark.says)
    assert "editor" not in str(remark.says)


def test_links_of_a_rehearsal_to_this_machine_are_no_fault_and_said_so() -> None:
    assert one(judged(with_link("http://127.0.0.1:8600/x"), live=False), "links-inner").severity is Severity.SKIPPED
    assert wrong(judged(with_link("/x"), live=False)) == ["links-relative"]


def test_links_to_ask_are_web_links_once_each_without_the_way_out() -> None:
    html = HTML.replace("</body>", '<a href="https://www.example.com/news/1">x</a><a href="/y">y</a></body>')
    assert links_of(mail(html=html)) == ("https://www.example.com/news/1",)


def test_a_link_that_does_not_open_is_a_warning() -> None:
    answers = {"https://a.example.com/": None, "https://b.example.com/": "HTTP 404"}
    assert said(judge_links_fetched("x", answers)) == [("warning", "links-dead")]
    assert said(judge_links_fetched("x", {"https://a.example.com/": None})) == [("fine", "links-fetched")]
    assert judge_links_fetched("x", {}) == []


# --- images ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("image", "check", "severity"),
    [
        ('<img src="https://img.example.com/1.jpg" width="1" height="1">', "images-alt", "wrong"),
        ('<img src="https://img.example.com/1.jpg" alt="x" width="1">', "images-measure", "warning"),
        ('<img src="https://img.example.com/1.jpg" alt="x" height="1">', "images-measure", "warning"),
        ('<img src="data:image/png;base64,AAAA" alt="x" width="1" height="1">', "images-data", "wrong"),
        ('<img src="cid:1" alt="x" width="1" height="1">', "images-data", "wrong"),
        ('<img src="/1.jpg" alt="x" width="1" height="1">', "images-source", "wrong"),
        ('<img alt="x" width="1" height="1">', "images-source", "wrong"),
        ('<img src="http://localhost/1.jpg" alt="x" width="1" height="1">', "images-inner", "wrong"),
        ('<img src="http://img.example.com/1.jpg" alt="x" width="1" height="1">', "images-plain", "warning"),
    ],
)
def test_an_image_that_readers_do_not_see_or_hear_is_named(image: str, check: str, severity: str) -> None:
    assert one(judged(mail(html=HTML.replace("</body>", f"{image}</body>"))), check).severity == severity


def test_an_image_that_is_mere_ornament_has_an_empty_alt() -> None:
    image = '<img src="https://img.example.com/1.jpg" alt="" width="1" height="auto">'
    assert wrong(judged(mail(html=HTML.replace("</body>", f"{image}</body>")))) == []


# --- the way out, the text ------------------------------------------------------------------------


def test_the_way_out_stands_in_both_parts() -> None:
    assert "unsubscribe-link" in wrong(judged(mail(html=HTML.replace(LEAVE, "https://news.example.com/other"))))
    assert "unsubscribe-link" in wrong(judged(mail(text=TEXT.replace(LEAVE, ""))))


@pytest.mark.parametrize(
    ("html", "text", "check", "severity"),
    [
        (HTML, None, "text-parts", "wrong"),
        (HTML, " \n", "text-empty", "wrong"),
        (HTML, f"{TITLE} {LEAVE}", "text-differs", "warning"),
        (HTML, "보이는 것과는 아주 다른 말을 길게 늘어놓은 글이다 " * 5 + TITLE + LEAVE, "text-differs", "warning"),
        (HTML, TEXT.replace(TITLE, "다른 제목"), "text-stories", "warning"),
        (HTML.replace(TITLE, "다른 제목"), TEXT, "text-stories", "warning"),
        (HTML.replace("</h1>", "\x02subject\x03</h1>"), TEXT, "text-unfilled", "wrong"),
        (HTML.replace("</h1>", "{slot:subject}</h1>"), TEXT, "text-unfilled", "wrong"),
        (HTML.replace('alt="신호등"', 'alt="\\u{a0}"'), TEXT, "text-unfilled", "wrong"),
        (HTML.replace("</h1>", "</h1><mj-text>"), TEXT, "text-unfilled", "wrong"),
        (HTML, TEXT + "\x02subject\x03", "text-unfilled", "wrong"),
        (HTML, TEXT + "\ufffd", "text-unfilled", "warning"),
        (HTML.replace(' lang="ko"', ""), TEXT, "text-language", "warning"),
        (HTML.replace("</body>", "<script>1</script></body>"), TEXT, "text-elements", "wrong"),
        (HTML.replace("</body>", "<form></form></body>"), TEXT, "text-elements", "wrong"),
    ],
)
def test_a_fault_of_the_words_is_named(html: str, text: str | None, check: str, severity: str) -> None:
    assert severity in [r.severity for r in judged(mail(html=html, text=text)) if r.check == check]


def test_a_story_about_templates_is_no_unfilled_slot() -> None:
    words = "{{ title }} {% if %} {slot:subject} <mj-text> \\u{a0}"
    assert wrong(judged(mail(text=TEXT + words))) == []
    assert wrong(judged(mail(html=HTML.replace("</h1>", "{{ title }}</h1>")))) == []


def test_a_title_that_is_wrapped_over_lines_is_there() -> None:
    assert said(judged(mail(text=TEXT.replace("바닥 신호등", "바닥\n  신호등")))) == said(judged())


# --- opening --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("plain", "plain"),
        ("=?UTF-8?B?6rCA656M?= =?UTF-8?B?IOyVhOy5qA==?=", "가람 아침"),
        ("=?utf-8?q?a_b=3D?= c", "a b= c"),
        ("a =?utf-8?q?b?=", "a b"),
        ("", ""),
    ],
)
def test_a_subject_is_read_as_readers_see_it(value: str, shown: str) -> None:
    assert decoded(value) == shown


def test_a_broken_word_is_not_read() -> None:
    for value in ("=?UTF-8?B?7JWI64WV", "=?x?B?AA==?=", "=?UTF-8?B?gA==?="):
        with pytest.raises(BadWord):
            decoded(value)


def test_what_was_said_of_one_mail_is_not_repeated_for_the_next_but_for_its_size() -> None:
    first, second = judged(), judged(label="daily 2026-01-20 smallest")
    assert said(told_once([*first, *second])) == [*said(first), ("fine", "size-html")]
    other = judged(with_link("/x"), label="other")
    assert ("wrong", "links-relative") in said(told_once([*first, *other]))


@given(st.binary(max_size=400))
def test_any_octets_are_judged(octets: bytes) -> None:
    for message in (octets, mail().replace(b"PGE", octets[:3]), mail()[: len(octets) * 3] + octets):
        opened(message)
        for remark in judged(message):
            assert str(remark.says)
        links_of(message)


@given(st.text(), st.text())
def test_any_page_and_text_is_judged(html: str, text: str) -> None:
    cleaned = html.encode("utf-8", "replace").decode()
    for remark in judged(mail({"Subject": encoded(text.encode("utf-8", "replace").decode())}, html=cleaned, text=TEXT)):
        assert str(remark.says)


@given(st.text())
def test_any_value_is_read_or_refused(value: str) -> None:
    try:
        decoded(value)
    except BadWord:
        pass


def test_the_date_may_be_of_another_offset_and_not_of_another_day() -> None:
    assert wrong(judged(publish_at=AT + timedelta(hours=30))) == []
    assert wrong(judged(publish_at=AT + timedelta(days=3))) == ["header-date"]
