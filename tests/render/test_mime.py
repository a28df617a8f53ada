"""A built mail gives back its parts exactly, breaks no limit, and is the same bytes everywhere."""

from __future__ import annotations

import email
import email.policy
import hashlib
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.render import mime
from syndication.render.headers import BadHeader
from syndication.render.mime import Letter

LETTER = Letter(
    message_id="0123456789abcdef@paper.example",
    date=datetime(2026, 1, 20, 6, 30, tzinfo=timezone(timedelta(hours=9))),
    subject="[가람일보] 1월 20일 화요일 · 가람시 새 도서관 문 열어",
    sender_name="가람일보",
    sender_address="news@paper.example",
    recipient="reader-1@example.com",
    reply_to="desk@paper.example",
    list_id="daily.paper.example",
    list_name="아침 소식",
    unsubscribe_url="https://paper.example/u/k1.AAAA",
    html="<p>안녕하세요</p>\n",
    text="안녕하세요\n",
)

# written by hand from RFC 5322, RFC 2047, RFC 2046 and RFC 8058
GOLDEN = """\
From: =?UTF-8?B?6rCA656M7J2867O0?= <news@paper.example>
To: reader-1@example.com
Reply-To: desk@paper.example
Subject: Good morning
Date: Tue, 20 Jan 2026 06:30:00 +0900
Message-ID: <0123456789abcdef@paper.example>
List-Id: =?UTF-8?B?7JWE7LmoIOyGjOyLnQ==?= <daily.paper.example>
List-Unsubscribe: <https://paper.example/u/k1.AAAA>
List-Unsubscribe-Post: List-Unsubscribe=One-Click
Precedence: bulk
X-Auto-Response-Suppress: All
MIME-Version: 1.0
Content-Type: multipart/alternative;
 boundary="BOUNDARY"

--BOUNDARY
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: base64

7JWI64WV7ZWY7IS47JqUDQo=
--BOUNDARY
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: quoted-printable

<p>Good morning</p>

--BOUNDARY--
"""


def canonical(text: str) -> str:
    """What travels: every line break is CRLF (RFC 2045 section 6.8)."""
    return re.sub("\r?\n", "\r\n", text)


def parts(message: bytes) -> tuple[str, str]:
    parsed = email.message_from_bytes(message, policy=email.policy.default)
    text, html = parsed.iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert not parsed.defects + text.defects + html.defects
    return html.get_content(), text.get_content()


def assert_travels_safely(message: bytes) -> None:
    assert message.isascii()
    assert message.count(b"\r") == message.count(b"\n") == message.count(b"\r\n")
    header, _, body = message.partition(b"\r\n\r\n")
    assert max(map(len, header.split(b"\r\n"))) <= 998
    assert max(map(len, body.split(b"\r\n"))) <= 76
    assert not any(line.startswith(b"From ") for line in message.split(b"\r\n"))


def test_a_digest_mail_is_exactly_these_octets():
    letter = replace(LETTER, subject="Good morning", html="<p>Good morning</p>\n")
    boundary = "=_" + hashlib.sha256(b"boundary\0" + b"0123456789abcdef@paper.example").hexdigest()[:32]
    assert mime.build(letter).decode() == GOLDEN.replace("\n", "\r\n").replace("BOUNDARY", boundary)


@given(st.text(), st.text())
def test_any_text_comes_back_exactly_with_its_line_breaks_as_crlf(html: str, text: str):
    message = mime.build(replace(LETTER, html=html, text=text))
    assert parts(message) == (canonical(html), canonical(text))
    assert_travels_safely(message)


@given(
    st.lists(
        st.sampled_from(["From ", ".", "..", "\n", "\r\n", "\r", " ", "\t", "=", "가", "x" * 80, "--", "=_", "&amp;"])
    ).map("".join)
)
def test_text_that_mail_programs_stumble_over_comes_back_exactly(text: str):
    message = mime.build(replace(LETTER, html=text, text=text))
    assert parts(message) == (canonical(text), canonical(text))
    assert_travels_safely(message)


@pytest.mark.parametrize(
    "text",
    [
        *("", "x" * 10_000, "가" * 10_000, ".\n.\n..\n", "From here\nFrom there\n", "trailing  \n\t\n"),
        *("x" * count + " \n" for count in range(70, 80)),
    ],
)
def test_edges_come_back_exactly(text: str):
    message = mime.build(replace(LETTER, html=text, text=text))
    assert parts(message) == (canonical(text), canonical(text))
    assert_travels_safely(message)


def test_a_lone_surrogate_becomes_the_replacement_character():
    assert parts(mime.build(replace(LETTER, html="a\ud83db")))[0] == "a\ufffdb"


def test_each_part_takes_the_shorter_encoding():
    assert mime.encode("plain ascii " * 50).encoding == "quoted-printable"
    assert mime.encode("한글로만 쓴 글입니다. " * 50).encoding == "base64"
    for share in range(0, 60, 2):
        text = ("a" * (60 - share) + "가" * share + "\n") * 20
        octets = canonical(text).encode()
        chosen = len(mime.encode(text).data)
        assert chosen <= -(-len(octets) // 57) * 78


def test_the_subject_and_names_are_read_back():
    parsed = email.message_from_bytes(mime.build(LETTER), policy=email.policy.default)
    assert parsed["Subject"] == LETTER.subject
    assert [(a.display_name, a.addr_spec) for a in parsed["From"].addresses] == [("가람일보", "news@paper.example")]
    assert parsed["Date"].datetime == LETTER.date


def test_no_field_comes_twice_and_text_comes_first():
    parsed = email.message_from_bytes(mime.build(LETTER), policy=email.policy.default)
    names = [name.lower() for name in parsed.keys()]  # noqa: SIM118 - a Message yields repeated names by keys() alone
    assert len(names) == len(set(names))
    assert [part.get_content_type() for part in parsed.iter_parts()] == ["text/plain", "text/html"]


def test_a_message_without_unsubscribing_is_no_bulk_mail():
    letter = replace(LETTER, unsubscribe_url=None, list_id=None, auto_submitted=True)
    parsed = email.message_from_bytes(mime.build(letter), policy=email.policy.default)
    assert parsed["Auto-Submitted"] == "auto-generated"
    assert parsed["X-Auto-Response-Suppress"] == "All"
    assert not {"Precedence", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post"} & set(parsed.keys())


def test_tags_and_feedback_id_come_along():
    letter = replace(
        LETTER, tags=(("X-Delivery", "42"), ("X-Issue", "가람 12")), feedback_id="12:daily:digest:garamilbo"
    )
    parsed = email.message_from_bytes(mime.build(letter), policy=email.policy.default)
    assert (parsed["X-Delivery"], parsed["X-Issue"]) == ("42", "가람 12")
    assert parsed["Feedback-ID"] == "12:daily:digest:garamilbo"


@pytest.mark.parametrize(
    "tags", [(("Bcc", "x@example.com"),), (("X-A", "1"), ("x-a", "2")), (("X-Auto-Response-Suppress", "None"),)]
)
def test_a_tag_cannot_take_the_place_of_a_field(tags: tuple[tuple[str, str], ...]):
    with pytest.raises(BadHeader):
        mime.build(replace(LETTER, tags=tags))


@given(st.text(), st.text())
def test_the_boundary_stands_in_no_part(html: str, text: str):
    boundary = mime.boundary_of(LETTER.message_id).encode()
    assert boundary not in mime.encode(html + boundary.decode()).data
    assert mime.build(replace(LETTER, html=html, text=text)).count(boundary) == 4


def test_different_messages_have_different_boundaries():
    assert mime.boundary_of("a@x.example") != mime.boundary_of("b@x.example")
    assert mime.boundary_of("<a@x.example>") == mime.boundary_of("a@x.example")


def test_parts_encoded_before_are_joined_to_the_same_octets():
    joined = mime.join(replace(LETTER, html="", text=""), text=mime.encode(LETTER.text), html=mime.encode(LETTER.html))
    assert joined == mime.build(LETTER)


def test_the_same_letter_is_the_same_octets_in_another_process():
    script = (
        "import sys; sys.path.insert(0, '.')\n"
        "from tests.render.test_mime import LETTER\nfrom syndication.render import mime\n"
        "sys.stdout.buffer.write(mime.build(LETTER))"
    )
    made = {
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=Path(__file__).parents[2],
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": "C"},
            capture_output=True,
            check=True,
            timeout=30,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "America/St_Johns"))
    }
    assert made == {mime.build(LETTER)}
