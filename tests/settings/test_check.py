"""Laws of `check`: each mistake is named with its file, line and field, and all of them at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.settings import BadSettings, Problem, check, load
from syndication.settings.schema import TABLES

SOUND = """\
mode = "rehearsal"
[outlet]
name = "가람일보"
domain = "garam.example"
url = "https://morning.garam.example"
address = "가람시 한빛로 1"
contact = "editor@garam.example"
sender = "가람 아침 <morning@garam.example>"
accent = "#1a5fb4"
[[source]]
id = "city-desk"
kind = "feed"
url = "https://www.garam.example/rss.xml"
outlet = "garam"
every = "30m"
[[edition]]
id = "daily"
title = "가람 아침"
zone = "Asia/Seoul"
days = ["월", "화"]
hour = "06:30"
lead = "10m"
weather_grace = "5m"
expires_after = "12h"
cap = 25
sections = ["사회", "경제"]
stations = ["서울", "대전"]
sources = ["city-desk"]
channels = ["email", "partner"]
[storage]
folder = "var"
[mail]
port = 25
[rehearsal]
allow = ["reader-1@example.com"]
"""
PARTNER = """\
name = "한빛포털"
url = "https://portal.example/inbox"
edition = "daily"
secrets_from = "PORTAL_SECRET"
sections = ["*"]
"""
SECRET = "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVowMTIzNDU="
KEY = "0123456789abcdef0123456789abcdef"
ENVIRON = {"PORTAL_SECRET": SECRET}
LIVE_ENVIRON = {**ENVIRON, "ADDRESS_KEY": KEY}


@dataclass(frozen=True)
class Publisher:
    folder: Path

    def write(self, text: str, partner: str | None = PARTNER) -> Publisher:
        (self.folder / "partners").mkdir(exist_ok=True)
        (self.folder / "publisher.toml").write_text(text, encoding="utf-8")
        if partner is not None:
            (self.folder / "partners" / "portal.toml").write_text(partner, encoding="utf-8")
        return self

    def problems(self, environ: Mapping[str, str] = ENVIRON) -> tuple[Problem, ...]:
        return check(self.folder / "publisher.toml", environ)


@pytest.fixture
def publisher(tmp_path: Path) -> Publisher:
    return Publisher(tmp_path)


def line_of(text: str, words: str) -> int:
    return text[: text.index(words)].count("\n") + 1


def live(text: str = SOUND) -> str:
    """A sound live publisher, off the names reserved for samples."""
    text = text.replace('mode = "rehearsal"', 'mode = "live"').replace("garam.example", "garam-ilbo.kr")
    return text + '[keys]\naddress_key_from = "ADDRESS_KEY"\n'


def test_a_sound_publisher_has_no_problem(publisher: Publisher) -> None:
    assert publisher.write(SOUND).problems() == ()


def test_a_sound_live_publisher_has_no_problem(publisher: Publisher) -> None:
    assert publisher.write(live()).problems(LIVE_ENVIRON) == ()


# Each: what stands there, what stands there instead, the field named, words of the wrong, words of the right.
MISTAKES = [
    ('accent = "#1a5fb4"', 'accent = "#1ab"', "outlet.accent", "six hexadecimal digits", 'accent = "#11aabb"'),
    ('accent = "#1a5fb4"', 'accent = "blue"', "outlet.accent", "six hexadecimal digits", 'accent = "#1a5fb4"'),
    ("https://morning.garam.example", "morning.garam.example", "outlet.url", "no web address", "url = "),
    ('domain = "garam.example"', 'domain = "https://garam.example/"', "outlet.domain", "no domain", '"garam.example"'),
    ("<morning@garam.example>", "morning@garam.example", "outlet.sender", "< >", "sender = "),
    ("<morning@garam.example>", "<morning@garam>", "outlet.sender", "not complete", "sender = "),
    ('name = "가람일보"', 'name = ""', "outlet.name", "empty", "name = "),
    ('name = "가람일보"', 'name = "가람\\n일보"', "outlet.name", "control character", "name = "),
    ('name = "가람일보"', "name = 5", "outlet.name", "a number", "name = "),
    ('id = "city-desk"', 'id = "City Desk"', "source[1].id", "part of a link", 'id = "city-desk"'),
    ('kind = "feed"', 'kind = "rss feed"', "source[1].kind", "none of", "kind = "),
    ("https://www.garam", "http://127.0.0.1:2/", "source[1].url", "loopback is not true", "loopback = true"),
    ("https://www.garam", "http://localhost/", "source[1].url", "loopback is not true", "loopback = true"),
    ("https://www.garam", "http://192.168.0.4/", "source[1].url", "private", "a public address"),
    ("https://www.garam", "https://user:word@www.garam", "source[1].url", "secret", "without user name and password"),
    ('every = "30m"', "every = 30", "source[1].every", "no unit", '"30m"'),
    ('every = "30m"', 'every = "30 parsecs"', "source[1].every", "not a length of time", '"30m"'),
    ('every = "30m"', 'every = "0s"', "source[1].every", "outside", '"30m"'),
    ('every = "30m"', "loopback = true", "source[1].loopback", "does not name this machine", "false"),
    ('every = "30m"', 'loopback = "yes"', "source[1].loopback", "true or false", "loopback = false"),
    ('every = "30m"', 'evrey = "30m"', "source[1].evrey", 'did you mean "every"', 'every = "30m"'),
    ('id = "daily"', 'id = "feeds"', "edition[1].id", "use", 'id = "daily"'),
    ("Asia/Seoul", "Seoul", "edition[1].zone", "time zone", '"Asia/Seoul"'),
    ("Asia/Seoul", "Asia/Soul", "edition[1].zone", "time zone", '"Asia/Seoul"'),
    ('"화"]', '"화욜"]', "edition[1].days[2]", "no weekday", "화"),
    ('"화"]', '"mon"]', "edition[1].days[2]", "twice", "each one once"),
    ('days = ["월", "화"]', "days = []", "edition[1].days", "empty", "days = "),
    ('days = ["월", "화"]', 'days = "월"', "edition[1].days", "a list is expected", '["월"]'),
    ('hour = "06:30"', 'hour = "6시 30분"', "edition[1].hour", "24-hour clock", 'hour = "06:30"'),
    ('hour = "06:30"', 'hour = "24:30"', "edition[1].hour", "no time that a day has", 'hour = "06:30"'),
    ('lead = "10m"', 'lead = "25h"', "edition[1].lead", "outside", "lead = "),
    ('weather_grace = "5m"', 'weather_grace = "11m"', "edition[1].weather_grace", "10m", 'weather_grace = "5m"'),
    ('expires_after = "12h"', 'expires_after = "3d"', "edition[1].expires_after", "outside", "12h"),
    ("cap = 25", "cap = 0", "edition[1].cap", "outside 1 to", "cap = 25"),
    ("cap = 25", "cap = 2.5", "edition[1].cap", "whole number", "cap = 25"),
    ("cap = 25", "cap = true", "edition[1].cap", "whole number", "cap = 25"),
    ('["서울", "대전"]', '["서울", "없는곳"]', "edition[1].stations[2]", '"없는곳"', "대전"),
    ('sources = ["city-desk"]', 'sources = ["city-desks"]', "edition[1].sources[1]", "city-desks", '"city-desk"'),
    ('channels = ["email",', 'channels = ["mail",', "edition[1].channels[1]", "none of", '"email"'),
    ("port = 25", "port = 70000", "mail.port", "outside", "port = 587"),
    ("port = 25", 'password = "x"', "mail.password", "secret", 'password_from = "MAIL_PASSWORD"'),
    ("port = 25", 'password_from = "Geheim!"', "mail.password_from", "environment variable", "MAIL_PASSWORD"),
    ("port = 25", "cap = 3", "mail.cap", "here", "cap under [[edition]]"),
    ('folder = "var"', 'database = "sqlite:///x"', "storage.database", "embedded", 'database_from = "DATABASE_URL"'),
    ('["reader-1@example.com"]', '["reader-1"]', "rehearsal.allow[1]", "name@domain", "allow = "),
    ('["reader-1@example.com"]', '["a@b.kr", "A@B.kr"]', "rehearsal.allow[2]", "already", "once"),
    ("[storage]", "[storige]", "storige", "no table", "[storage]"),
    ("[[edition]]", "[edition]", "edition", "two brackets", "[[edition]]"),
    ("[storage]", "[[storage]]", "storage", "one pair of brackets", "[storage]"),
    ('mode = "rehearsal"', 'mode = "alive"', "mode", "none of", 'mode = "live"'),
    ('mode = "rehearsal"', 'moed = "live"', "moed", 'did you mean "mode"', 'mode = "live"'),
]


@pytest.mark.parametrize(("before", "after", "field", "wrong", "right"), MISTAKES, ids=lambda words: words[:40])
def test_a_mistake_is_named_where_it_stands_with_what_would_be_right(
    publisher: Publisher, before: str, after: str, field: str, wrong: str, right: str
) -> None:
    assert SOUND.count(before) >= 1
    text = SOUND.replace(before, after, 1)
    found = [p for p in publisher.write(text).problems() if p.field == field]
    assert len(found) == 1
    assert wrong in found[0].wrong
    assert right in found[0].right
    assert found[0].file == "publisher.toml"
    assert found[0].line == first_difference(SOUND, text)


def first_difference(one: str, other: str) -> int:
    pairs = zip(one.splitlines(), other.splitlines(), strict=False)
    return next(n for n, (a, b) in enumerate(pairs, start=1) if a != b)


def test_a_drop_folder_source_without_folder_is_named_at_its_table(publisher: Publisher) -> None:
    text = SOUND.replace('kind = "feed"', 'kind = "folder"')
    found = {p.field: p for p in publisher.write(text).problems()}
    assert set(found) == {"source[1].folder", "source[1].url"}
    assert found["source[1].folder"].line == line_of(text, "[[source]]")
    assert found["source[1].folder"].right == 'folder = "drop"'


def test_a_lead_too_short_for_the_weather_grace_is_named_at_the_grace(publisher: Publisher) -> None:
    (found,) = publisher.write(SOUND.replace('lead = "10m"', 'lead = "4m"')).problems()
    assert (found.field, found.line) == ("edition[1].weather_grace", line_of(SOUND, "weather_grace"))
    assert (found.right, "4m" in found.wrong) == ('weather_grace = "2m"', True)


def test_all_mistakes_are_found_at_once_in_reading_order(publisher: Publisher) -> None:
    text = SOUND.replace('"06:30"', '"6"').replace("cap = 25", "cap = 0").replace("#1a5fb4", "red")
    found = publisher.write(text, PARTNER.replace("daily", "dayly")).problems()
    assert [(p.file, p.field) for p in found] == [
        ("publisher.toml", "outlet.accent"),
        ("publisher.toml", "edition[1].hour"),
        ("publisher.toml", "edition[1].cap"),
        ("partners/portal.toml", "edition"),
    ]


@pytest.mark.parametrize("key", [f"{t.name}.{f.name}" for t in TABLES for f in t.fields if f.required])
def test_a_missing_field_is_named_at_the_head_of_its_table(publisher: Publisher, key: str) -> None:
    table, name = key.split(".")
    head = f"[{table}]" if table == "outlet" else f"[[{table}]]"
    before, after = SOUND.split(head)
    text = before + head + re.sub(rf"^{name} = .*\n", "", after, count=1, flags=re.MULTILINE)
    assert text != SOUND
    found = [p for p in publisher.write(text).problems() if p.wrong == "this is missing"]
    where = table if table == "outlet" else f"{table}[1]"
    assert [(p.field, p.line) for p in found] == [(f"{where}.{name}", line_of(text, head))]
    assert found[0].right.startswith(f"{name} = ")


def test_without_outlet_source_or_edition_each_is_asked_for(publisher: Publisher) -> None:
    found = publisher.write("", None).problems()
    assert [(p.field, p.line, p.is_error) for p in found] == [
        ("outlet", 1, True),
        ("source", 1, True),
        ("edition", 1, True),
    ]


@pytest.mark.parametrize("table", ["source", "edition"])
def test_an_id_that_stands_twice_is_named_at_its_second_place(publisher: Publisher, table: str) -> None:
    rest = SOUND[SOUND.index(f"[[{table}]]") :]
    block = rest[: rest.index("\n[", 3) + 1]
    text = SOUND.replace(block, block + block)
    found = publisher.write(text).problems()
    assert [(p.field, p.line) for p in found] == [(f"{table}[2].id", line_of(text, block) + block.count("\n") + 1)]


def test_two_partners_with_one_id_are_named(publisher: Publisher) -> None:
    publisher.write(SOUND, PARTNER)
    (publisher.folder / "partners" / "second.toml").write_text('id = "portal"\n' + PARTNER, encoding="utf-8")
    found = publisher.problems()
    assert [(p.file, p.line, p.field) for p in found] == [("partners/second.toml", 1, "id")]
    assert "partners/portal.toml" in found[0].wrong


# --- texts that are no TOML -------------------------------------------------------------------

BROKEN = [
    ('hour = "06:30"', "hour = 06:30", "hour", 'hour = "06:30"'),
    ('hour = "06:30"', 'hour = "06:30', "hour", "key = "),
    ('name = "가람일보"', "name = 가람일보", "name", 'name = "가람일보"'),
    ("cap = 25", 'hour = "07:00"', "hour", "each key once"),
    ("cap = 25", "cap 25", "", "key = "),
    ("cap = 25", "cap: 25", "", "key = "),
]


@pytest.mark.parametrize(("before", "after", "field", "right"), BROKEN, ids=lambda words: words[:20])
def test_a_text_that_is_no_toml_is_named_by_its_line(
    publisher: Publisher, before: str, after: str, field: str, right: str
) -> None:
    text = SOUND.replace(before, after, 1)
    (found,) = publisher.write(text).problems()
    line = SOUND[: SOUND.index(before)].count("\n") + 1
    assert (found.file, found.line, found.field, found.is_error) == ("publisher.toml", line, field, True)
    assert right in found.right


def test_a_breach_in_one_file_does_not_hide_what_is_wrong_in_another(publisher: Publisher) -> None:
    found = publisher.write("x = \n", PARTNER.replace("edition", "edtion")).problems()
    assert {(p.file, p.line) for p in found} == {("publisher.toml", 1), ("partners/portal.toml", 3)}


def test_a_file_in_another_encoding_is_named_by_the_first_line_that_is_not_utf8(publisher: Publisher) -> None:
    publisher.write(SOUND)
    (publisher.folder / "publisher.toml").write_bytes(SOUND.encode("cp949"))
    (found,) = publisher.problems()
    assert (found.line, "UTF-8" in found.wrong) == (3, True)


def test_a_byte_order_mark_and_windows_line_ends_are_no_mistake(publisher: Publisher) -> None:
    publisher.write(SOUND)
    body = ("\ufeff" + SOUND.replace('"06:30"', '"6"')).replace("\n", "\r\n").encode()
    (publisher.folder / "publisher.toml").write_bytes(body)
    (found,) = publisher.problems()
    assert (found.field, found.line) == ("edition[1].hour", line_of(SOUND, "hour ="))


def test_a_file_that_is_not_there_is_told_with_what_writes_one(tmp_path: Path) -> None:
    (found,) = check(tmp_path / "publisher.toml", {})
    assert "syndication init" in found.right


def test_tables_nested_without_end_are_a_problem_and_no_crash(publisher: Publisher) -> None:
    (found,) = publisher.write("x = " + "[" * 50_000, None).problems()
    assert found.is_error


# --- between files, mode and environment ------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "field", "wrong"),
    [
        ('edition = "daily"', 'edition = "weekly"', "edition", "no Edition"),
        ("https://portal.example/inbox", "http://127.0.0.1:2/", "url", "loopback is not true"),
        ('sections = ["*"]', 'rights = ["not-for-passing-on"]', "rights", "never go"),
        ('secrets_from = "PORTAL_SECRET"', f'secrets_from = "{SECRET}"', "secrets_from", "a secret stands in the file"),
        ('secrets_from = "PORTAL_SECRET"', 'secret = "x"', "secret", "a secret stands in the file"),
    ],
)
def test_a_partners_mistake_is_named_in_its_own_file(
    publisher: Publisher, before: str, after: str, field: str, wrong: str
) -> None:
    text = PARTNER.replace(before, after)
    found = [p for p in publisher.write(SOUND, text).problems() if p.is_error and p.wrong != "this is missing"]
    assert [(p.file, p.line, p.field) for p in found] == [("partners/portal.toml", line_of(text, after), field)]
    assert wrong in found[0].wrong


def test_a_missing_partner_secret_is_a_warning_in_rehearsal_and_an_error_when_live(publisher: Publisher) -> None:
    (rehearsing,) = publisher.write(SOUND).problems({})
    (living,) = publisher.write(live()).problems({"ADDRESS_KEY": KEY})
    for found in (rehearsing, living):
        assert (found.file, found.field) == ("partners/portal.toml", "secrets_from")
        assert "PORTAL_SECRET" in found.wrong
    assert (rehearsing.is_error, living.is_error) == (False, True)


def test_a_partner_of_an_edition_without_the_channel_is_a_warning(publisher: Publisher) -> None:
    (found,) = publisher.write(SOUND.replace('["email", "partner"]', '["email"]')).problems()
    assert (found.field, found.is_error) == ("edition", False)


LIVE_MISTAKES = [
    ("https://morning", "http://morning", "outlet.url", "https"),
    ("morning@garam-ilbo.kr>", "morning@elsewhere.kr>", "outlet.sender", "elsewhere.kr"),
    ('domain = "garam-ilbo.kr"', 'domain = "garam.example"', "outlet.domain", "reserved for samples"),
    ('[keys]\naddress_key_from = "ADDRESS_KEY"\n', "", "keys.address_key_from", "no key"),
    ("[storage]", '[clock]\nstarts_at = "2026-01-20T06:00:00+09:00"\n[storage]', "clock.starts_at", "live"),
    ("[storage]", "[sandbox]\n[storage]", "sandbox", "live"),
]


@pytest.mark.parametrize(("before", "after", "field", "wrong"), LIVE_MISTAKES, ids=lambda words: words[:20])
def test_what_a_rehearsal_may_and_a_live_installation_may_not_is_an_error_when_live(
    publisher: Publisher, before: str, after: str, field: str, wrong: str
) -> None:
    text = live().replace(before, after, 1)
    assert text != live()
    living = [p for p in publisher.write(text).problems(LIVE_ENVIRON) if p.field == field]
    assert [(wrong in p.wrong, p.is_error) for p in living] == [(True, True)]
    rehearsing = publisher.write(text.replace('"live"', '"rehearsal"')).problems(LIVE_ENVIRON)
    assert [p for p in rehearsing if p.is_error] == []


def test_a_partner_is_pushed_to_by_https_when_live(publisher: Publisher) -> None:
    found = publisher.write(live(), PARTNER.replace("https:", "http:")).problems(LIVE_ENVIRON)
    assert [(p.field, p.right) for p in found] == [("url", 'url = "https://portal.example/inbox"')]


@pytest.mark.parametrize("form", ['"2026-01-20T06:00:00"', "2026-01-20T06:00:00", "2026-01-20"])
def test_a_clock_needs_an_instant_with_an_offset(publisher: Publisher, form: str) -> None:
    (found,) = publisher.write(SOUND + f"[clock]\nstarts_at = {form}\n").problems()
    assert found.field == "clock.starts_at"
    assert "+09:00" in found.right


def test_a_drop_folder_must_exist(publisher: Publisher) -> None:
    text = SOUND.replace('kind = "feed"', 'kind = "folder"').replace(
        'url = "https://www.garam.example/rss.xml"', 'folder = "desk"'
    )
    (found,) = publisher.write(text).problems()
    assert (found.field, found.line) == ("source[1].folder", line_of(text, "folder ="))
    (publisher.folder / "desk").mkdir()
    assert publisher.problems() == ()


def test_both_kinds_of_database_at_once_are_a_mistake(publisher: Publisher) -> None:
    text = SOUND.replace('folder = "var"', 'database = "embedded"\ndatabase_from = "DB"')
    (found,) = publisher.write(text).problems({**ENVIRON, "DB": "postgresql://localhost/x"})
    assert found.field == "storage.database_from"


@pytest.mark.parametrize(
    ("value", "words"),
    [(None, "no DB"), ("", "empty"), ("mysql://localhost/x", "does not hold a URL"), ("postgresql:/db/x", "not hold")],
)
def test_a_database_url_that_cannot_be_used_is_named_without_repeating_it(
    publisher: Publisher, value: str | None, words: str
) -> None:
    publisher.write(SOUND.replace('folder = "var"', 'database_from = "DB"'))
    (found,) = publisher.problems(ENVIRON if value is None else {**ENVIRON, "DB": value})
    assert (found.field, found.is_error) == ("storage.database_from", True)
    assert words in found.wrong
    assert not value or value not in str(found)


# --- secrets are never repeated ---------------------------------------------------------------

HIDDEN = "hunter2-XYZZY"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("port = 25", f'password = "{HIDDEN}"'),
        ("port = 25", f'pasword_from = "{HIDDEN}"'),
        ("port = 25", f'password_from = "{HIDDEN}"'),
        ("port = 25", f'user_from = ["{HIDDEN}"]'),
        ('folder = "var"', f'database = "postgresql://me:{HIDDEN}@db/x"'),
        ('folder = "var"', f'database_url = "postgresql://me:{HIDDEN}@db/x"'),
        ("https://www.garam.example/", f"https://me:{HIDDEN}@www.garam.example/"),
        ("https://www.garam.example/rss.xml", f"ftp://www.garam.example/?key={HIDDEN}"),
        ("https://morning.garam.example", f"https://morning.garam.example/?token={HIDDEN}"),
        ('name = "가람일보"', f'api_key = "{HIDDEN}"'),
        ("port = 25", f"password = {HIDDEN}"),
    ],
)
def test_no_message_repeats_a_secret(publisher: Publisher, before: str, after: str) -> None:
    found = publisher.write(SOUND.replace(before, after, 1)).problems()
    assert found
    assert not any(HIDDEN in str(problem) for problem in found)
    with pytest.raises(BadSettings) as caught:
        load(publisher.folder, ENVIRON)
    assert HIDDEN not in str(caught.value)


def test_load_raises_every_problem_that_check_finds(publisher: Publisher) -> None:
    publisher.write(SOUND.replace("cap = 25", "cap = 0"), PARTNER.replace("daily", "x"))
    with pytest.raises(BadSettings) as caught:
        load(publisher.folder, ENVIRON)
    assert caught.value.problems == publisher.problems()
    assert "publisher.toml:25: edition[1].cap" in str(caught.value)


def test_checking_writes_nothing(publisher: Publisher) -> None:
    publisher.write(SOUND).problems()
    assert sorted(p.name for p in publisher.folder.iterdir()) == ["partners", "publisher.toml"]


# --- whatever is written ----------------------------------------------------------------------

LINES = SOUND.splitlines()
MUTATION = st.tuples(
    st.integers(0, len(LINES) - 1),
    st.one_of(
        st.none(), st.sampled_from([*LINES, "cap = [", "x = {a=1}", "[[source]]", "[edition]"]), st.text(max_size=30)
    ),
)


@given(st.lists(MUTATION, min_size=1, max_size=4))
def test_whatever_is_written_every_problem_names_a_line_of_the_file(
    tmp_path_factory: pytest.TempPathFactory, mutations: list[tuple[int, str | None]]
) -> None:
    lines: list[str | None] = list(LINES)
    for number, line in mutations:
        lines[number] = line
    text = "\n".join(line for line in lines if line is not None)
    folder = tmp_path_factory.mktemp("any")
    (folder / "publisher.toml").write_text(text, encoding="utf-8", newline="")
    for problem in check(folder, {}):
        assert 1 <= problem.line <= text.count("\n") + 1
        assert problem.wrong
        assert problem.right


@pytest.mark.parametrize(
    ("key", "value", "wrong"),
    [
        ("domain", "http://[::1", "is no domain name"),
        ("name", "\u200b", "holds no visible sign"),
    ],
)
def test_values_that_only_look_like_something_are_named(publisher: Publisher, key: str, value: str, wrong: str) -> None:
    text = re.sub(rf'(?m)^{key} = ".*?"', lambda _: f'{key} = "{value}"', SOUND, count=1)
    found = [p for p in publisher.write(text).problems() if p.field == f"outlet.{key}"]
    assert [p.line for p in found] == [line_of(text, f'{key} = "{value}"')]
    assert wrong in found[0].wrong
