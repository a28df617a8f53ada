"""Every reader gets back exactly what was put into a header, and no line breaks a limit."""

from __future__ import annotations

import base64
import email
import email.policy
import locale
import random
import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta, timezone
from email.header import decode_header, make_header
from email.utils import parsedate_to_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wcwidth import iter_graphemes

from syndication.core.links import BadAddress
from syndication.render import headers
from syndication.render.headers import BadHeader, Field

PIECES = (
    "가람시", "나루군 ", "  ", "뉴스", " ", "hello", "Breaking News ", "A", "=?UTF-8?B?aGk=?=", "=?utf-8?q?=EA?=",
    "=?", "?=", '"', "'", "\\", "👨‍👩‍👧‍👦", "🇰🇷", "☀️", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "ᄒ", "ᅡ", "ᆫ", "각", "é", "e\u0301" * 40, "ﬀ", "(광고) ",
    "\u00a0", "\u3000", "\u200b", "…", "“인용”", "<a@b>", "=", "_", "a_b", "=20", "%20", ",", ";", ":", "\u200f", "𝕏",
    "漢字", "x" * 100, "ABCDEFGHIJKLMNOPQRSTUVWXYZ" * 4,
)  # fmt: skip


def mixed_subjects(count: int) -> list[str]:
    chance = random.Random(20260120)
    return [
        "".join(chance.choice(PIECES) for _ in range(chance.randint(1, chance.choice((3, 8, 20, 80)))))
        for _ in range(count)
    ]


SUBJECTS = mixed_subjects(3000)


def as_mail(*fields: Field) -> bytes:
    return headers.write(fields) + b"\r\nbody\r\n"


def read_by_default_policy(field: Field) -> str:
    return str(email.message_from_bytes(as_mail(field), policy=email.policy.default)[field.name])


def read_by_legacy(field: Field) -> str:
    return str(make_header(decode_header(email.message_from_bytes(as_mail(field))[field.name])))


# --- subjects --------------------------------------------------------------------------------


def test_3000_mixed_subjects_come_back_exactly_in_pythons_two_readers():
    for subject in SUBJECTS:
        field = headers.unstructured("Subject", subject)
        assert read_by_default_policy(field) == subject
        assert read_by_legacy(field) == subject


def test_3000_mixed_subjects_come_back_exactly_in_perl():
    perl = shutil.which("perl")
    if perl is None or subprocess.run([perl, "-MEncode", "-e1"], capture_output=True, check=False).returncode:
        pytest.skip("needs the Debian package perl (perl with Encode)")
    script = (
        "while (<STDIN>) { chomp; print encode_base64(encode('UTF-8', decode('MIME-Header', decode_base64($_))), ''), "
        '"\\n" }'
    )
    values = [headers.unstructured("Subject", subject).value.encode() for subject in SUBJECTS]
    done = subprocess.run(
        [perl, "-MEncode", "-MMIME::Base64", "-e", script],
        input=b"".join(base64.b64encode(value) + b"\n" for value in values),
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert [base64.b64decode(line).decode() for line in done.stdout.splitlines()] == SUBJECTS


def test_3000_mixed_subjects_keep_every_limit():
    for subject in SUBJECTS:
        lines = str(headers.unstructured("Subject", subject)).split("\r\n")
        assert all(line.isascii() and len(line) <= 78 for line in lines)
        encoded = [line for line in lines if "=?UTF-8?B?" in line]
        assert all(len(line) <= 76 for line in encoded)
        assert all(line.startswith(" ") for line in lines[1:])
        assert all(len(word) <= 75 for line in encoded for word in line.split() if word.startswith("=?"))


@given(st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=200))
def test_any_text_without_control_characters_comes_back_exactly(subject: str):
    field = headers.unstructured("Subject", subject)
    assert read_by_default_policy(field) == subject
    assert read_by_legacy(field) == subject


def test_words_part_at_graphemes_so_that_a_reader_who_joins_nothing_shows_whole_signs():
    long_sign = "e" + "\u0301" * 21  # 43 octets: too long for the first word, not for the others
    subject = ("👨‍👩‍👧‍👦각é☀️가람시" + long_sign) * 20
    words = headers.unstructured("Subject", subject).value.split("\r\n ")
    shown = [base64.b64decode(word.removeprefix("=?UTF-8?B?").removesuffix("?=")).decode() for word in words]
    assert [sign for word in shown for sign in iter_graphemes(word)] == list(iter_graphemes(subject))


def test_a_single_sign_longer_than_a_word_is_parted_at_code_points():
    subject = "e" + "\u0301" * 200
    field = headers.unstructured("Subject", subject)
    assert read_by_default_policy(field) == subject
    assert max(len(word) for word in field.value.split("\r\n ")) <= 75


@pytest.mark.parametrize("subject", ["Hello, world!", "a", "", "50% off? (no)", "x=y?z=", "'quoted' \"text\" \\"])
def test_short_plain_ascii_stays_as_it_is(subject: str):
    assert str(headers.unstructured("Subject", subject)) == f"Subject: {subject}"


@pytest.mark.parametrize(
    "subject", [" lead", "trail ", "two  blanks", "=?UTF-8?B?aGk=?=", "a =? b", "word " * 40 + "end"]
)
def test_ascii_that_a_reader_could_misread_is_encoded(subject: str):
    field = headers.unstructured("Subject", subject)
    assert field.value.startswith("=?UTF-8?B?")
    assert read_by_default_policy(field) == read_by_legacy(field) == subject


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("한 줄\r\nBcc: x@example.com", "한 줄 Bcc: x@example.com"),
        ("plain\nX-Evil: 1", "plain X-Evil: 1"),
        ("tab\there", "tab here"),
        ("no\x00thing\x1b[31m", "nothing[31m"),
        ("half \ud83d sign", "half \ufffd sign"),
        ("line\u2028separator", "line separator"),
    ],
)
def test_line_breaks_become_blanks_and_control_characters_go(typed: str, kept: str):
    field = headers.unstructured("Subject", typed)
    assert read_by_default_policy(field) == kept
    assert len(email.message_from_bytes(as_mail(field)).keys()) == 1


# --- names and addresses ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("display", "written"),
    [
        ("Garam Ilbo", "From: Garam Ilbo <news@paper.example>"),
        ("Kim, J. (desk)", 'From: "Kim, J. (desk)" <news@paper.example>'),
        ('a "b" \\c', 'From: "a \\"b\\" \\\\c" <news@paper.example>'),
        ("가람일보", "From: =?UTF-8?B?6rCA656M7J2867O0?= <news@paper.example>"),
        ("=?UTF-8?B?aGk=?=", "From: =?UTF-8?B?PT9VVEYtOD9CP2FHaz0/PQ==?= <news@paper.example>"),
        ("", "From: news@paper.example"),
        (" \t ", "From: news@paper.example"),
    ],
)
def test_a_display_name_is_written_in_the_plainest_way_that_says_exactly_this(display: str, written: str):
    field = headers.mailbox("From", display, "news@paper.example")
    assert str(field) == written
    parsed = email.message_from_bytes(as_mail(field), policy=email.policy.default)["From"].addresses
    assert [(a.display_name, a.addr_spec) for a in parsed] == [(display.strip(), "news@paper.example")]


@given(st.text(max_size=120))
def test_whatever_a_display_name_holds_there_is_one_address_and_it_is_ours(display: str):
    mail = as_mail(headers.mailbox("From", display, "news@paper.example"), Field("X-After", "1"))
    parsed = email.message_from_bytes(mail, policy=email.policy.default)
    assert parsed.keys() == ["From", "X-After"]
    assert [a.addr_spec for a in parsed["From"].addresses] == ["news@paper.example"]
    assert all(len(line) <= 78 or " " not in line.strip() for line in mail.decode("ascii").split("\r\n"))


@given(st.text(st.sampled_from('가나 a.,"\\<>@=?_()'), min_size=1, max_size=14))
def test_a_display_name_that_fits_one_word_comes_back_exactly(display: str):
    mail = as_mail(headers.mailbox("From", display, "news@paper.example"))
    (parsed,) = email.message_from_bytes(mail, policy=email.policy.default)["From"].addresses
    assert parsed.display_name == re.sub(" +", " ", display).strip()


def test_long_plain_names_fold_between_words():
    field = headers.mailbox("From", "The Garam County Daily Morning Paper " * 4, "news@paper.example")
    assert all(len(line) <= 78 for line in str(field).split("\r\n"))
    (parsed,) = email.message_from_bytes(as_mail(field), policy=email.policy.default)["From"].addresses
    assert parsed.display_name == ("The Garam County Daily Morning Paper " * 4).strip()


def test_a_domain_is_written_as_a_label_and_a_local_part_as_typed():
    assert headers.mailbox("To", "", "Hong@한글.kr").value == "Hong@xn--bj0bj06e.kr"


@pytest.mark.parametrize(
    "address",
    [
        "홍@example.com",
        "a@b@example.com",
        "a",
        "a b@example.com",
        "a@example.com\r\nBcc: x@y.example",
        "<a@example.com>",
    ],
)
def test_an_address_that_cannot_be_written_to_is_refused_in_words(address: str):
    with pytest.raises(BadAddress):
        headers.mailbox("To", "이름", address)


# --- lists, ids, dates -----------------------------------------------------------------------


def test_list_unsubscribe_is_one_raw_line_however_long():
    url = "https://paper.example/u/" + "k1." + "A1b2-_" * 150
    field = headers.list_unsubscribe(url, "leave@paper.example")
    assert str(field) == f"List-Unsubscribe: <{url}>, <mailto:leave@paper.example>"
    assert "\r\n" not in field.value
    assert read_by_default_policy(field) == field.value


def test_a_whole_mailto_is_taken_as_it_is():
    field = headers.list_unsubscribe("https://paper.example/u/x", "mailto:leave@paper.example?subject=leave")
    assert field.value.endswith(", <mailto:leave@paper.example?subject=leave>")


@pytest.mark.parametrize(
    "url",
    [
        "https://paper.example/" + "x" * 998,
        "https://가람.kr/u/x",
        "https://paper.example/u x",
        "https://paper.example/u>,<https://evil.example",
        "https://paper.example/\r\nBcc: x",
        "javascript:alert(1)",
        "",
    ],
)
def test_a_link_that_cannot_stand_raw_is_refused_in_words(url: str):
    with pytest.raises(BadHeader, match="List-Unsubscribe"):
        headers.list_unsubscribe(url)


def test_list_id_has_a_description_and_an_identifier():
    assert headers.list_id("", "daily.paper.example").value == "<daily.paper.example>"
    field = headers.list_id("아침 소식", "daily.paper.example")
    assert read_by_legacy(field) == "아침 소식 <daily.paper.example>"


@pytest.mark.parametrize(
    "identifier", ["daily", "데일리.paper.example", "a b.example", "a..example", "x" * 256 + ".example", ""]
)
def test_a_bad_list_identifier_is_refused_in_words(identifier: str):
    with pytest.raises(BadHeader, match="List-Id"):
        headers.list_id("", identifier)


@pytest.mark.parametrize("given_", ["abc@paper.example", "<abc@paper.example>"])
def test_a_message_id_stands_in_angle_brackets(given_: str):
    assert str(headers.message_id("Message-ID", given_)) == "Message-ID: <abc@paper.example>"


@pytest.mark.parametrize(
    "bad", ["abc", "a b@paper.example", "a@b@c.example", "가@paper.example", "a@x.example>\r\nX: y", "@x.example"]
)
def test_a_bad_message_id_is_refused_in_words(bad: str):
    with pytest.raises(BadHeader, match="Message-ID"):
        headers.message_id("Message-ID", bad)


def test_a_date_is_written_in_its_own_offset_and_in_english_whatever_the_locale():
    seoul = datetime(2026, 1, 20, 6, 30, 5, tzinfo=timezone(timedelta(hours=9)))
    assert headers.date("Date", seoul).value == "Tue, 20 Jan 2026 06:30:05 +0900"
    newfoundland = seoul.astimezone(timezone(timedelta(hours=-3, minutes=-30)))
    assert headers.date("Date", newfoundland).value == "Mon, 19 Jan 2026 18:00:05 -0330"
    odd = seoul.astimezone(timezone(timedelta(hours=8, minutes=27, seconds=52)))
    assert headers.date("Date", odd).value == "Mon, 19 Jan 2026 21:30:05 +0000"
    with pytest.raises(BadHeader, match="offset"):
        headers.date("Date", datetime(2026, 1, 20))
    assert locale.setlocale(locale.LC_TIME)


@given(st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1)), st.integers(-14 * 60, 14 * 60))
def test_any_date_is_read_back_to_the_second(at: datetime, minutes: int):
    moment = at.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=minutes)))
    assert parsedate_to_datetime(headers.date("Date", moment).value) == moment.astimezone(UTC)


# --- the header as a whole -------------------------------------------------------------------


def test_no_field_comes_twice():
    with pytest.raises(BadHeader, match="twice"):
        headers.write([Field("Subject", "a"), Field("SUBJECT", "b")])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Sub ject", "a"),
        ("", "a"),
        ("제목", "a"),
        ("Subject", "가"),
        ("Subject", "a\nb"),
        ("Subject", "a\r\nb"),
        ("Subject", "a\r\n "),
        ("Subject", "x" * 1000),
    ],
)
def test_a_field_that_no_header_can_hold_is_refused(name: str, value: str):
    with pytest.raises(BadHeader):
        Field(name, value)
