"""`init` begins a publisher.toml and overwrites nothing; `check` names file, line, field and what would be right."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Command


def test_a_publisher_begun_with_init_is_in_order_and_can_be_asked(command: Command) -> None:
    begun = command("init", "paper")
    assert begun.code == 0
    written = sorted(p.as_posix() for p in Path("paper").rglob("*") if p.is_file())
    assert written == ["paper/partners/example.toml.sample", "paper/publisher.toml"]
    assert all(path in begun.out for path in written)
    assert command("--publisher", "paper", "check").code == 0
    assert command("--publisher", "paper/publisher.toml", "check").code == 0
    assert command("--publisher", "paper", "subscriber", "list", "--json").facts == []


def test_init_in_this_folder_makes_commands_find_it(command: Command) -> None:
    assert command("init").code == 0
    assert command("check").code == 0
    assert command("check", "--json").facts == [[]]


def test_init_twice_overwrites_nothing(command: Command) -> None:
    command("init")
    Path("publisher.toml").write_text("mine")
    again = command("init")
    assert again.code == 1
    assert "publisher.toml" in again.err
    assert Path("publisher.toml").read_text() == "mine"


@pytest.mark.parametrize("folder", ["file", "file/below", "/proc/1/nothing", "/dev/null/x"])
def test_init_where_no_folder_can_be_says_so(command: Command, folder: str) -> None:
    Path("file").write_text("")
    answer = command("init", folder)
    assert answer.code == 1
    assert answer.err.startswith("Error: ")


MISTAKES = {
    'name = "가람일보 (표본)"': ('nmae = "가람일보 (표본)"', "nmae"),
    'domain = "garam.example"': ("domain = 3", "domain"),
    'accent = "#1a5fb4"': ('accent = "blue"', "accent"),
    'zone = "Asia/Seoul"': ('zone = "Asia/Soul"', "zone"),
    'hour = "06:01"': ('hour = "25:99"', "hour"),
    'lead = "40s"': ('lead = "soon"', "lead"),
    'stations = ["서울", "대전", "광주", "부산"]': ('stations = ["아틀란티스"]', "stations"),
    "cap = 25": ("cap = -1", "cap"),
    "port = 8602": ("port = 99999", "port"),
    'mode = "rehearsal"': ('mode = "life"', "mode"),
    'kind = "feed"': ('kind = "fax"', "kind"),
    'starts_at = "2026-01-20T06:00:00+09:00"': ('starts_at = "yesterday"', "starts_at"),
}


@pytest.fixture
def starter() -> Path:
    from syndication.settings import write_starter

    write_starter(Path("sample"))
    return Path("sample/publisher.toml")


@pytest.mark.parametrize("right", MISTAKES)
def test_a_mistake_is_named_with_file_line_field_and_what_would_be_right(
    command: Command, starter: Path, right: str
) -> None:
    wrong, field = MISTAKES[right]
    text = starter.read_text()
    line = next(n for n, words in enumerate(text.splitlines(), 1) if right in words)
    starter.write_text(text.replace(right, wrong, 1))
    answer = command("--publisher", starter, "check")
    assert answer.code == 1
    said = [words for words in answer.err.splitlines() if f"publisher.toml:{line}" in words]
    assert len(said) == 1, answer.err
    assert field in said[0]
    (problems,) = command("--publisher", starter, "check", "--json").facts
    assert (problems[0]["line"], problems[0]["wrong"] != "") == (line, True)
    assert field in problems[0]["field"]


def test_a_mistake_of_a_partner_is_named_in_the_partners_own_file(command: Command, starter: Path) -> None:
    partner = starter.parent / "partners" / "portal.toml"
    partner.write_text(partner.read_text().replace('what = "articles"', 'what = "everything"'))
    answer = command("--publisher", starter, "check")
    assert answer.code == 1
    assert "partners/portal.toml:" in answer.err
    assert "what" in answer.err


def test_every_mistake_is_named_at_once(command: Command, starter: Path) -> None:
    text = starter.read_text()
    for right in ('name = "가람일보 (표본)"', 'zone = "Asia/Seoul"', "cap = 25"):
        text = text.replace(right, MISTAKES[right][0], 1)
    starter.write_text(text)
    answer = command("--publisher", starter, "check")
    assert all(word in answer.err for word in ("nmae", "zone", "cap"))


def test_check_writes_nothing(command: Command, starter: Path) -> None:
    before = sorted(starter.parent.rglob("*"))
    starter.write_text(starter.read_text().replace("cap = 25", "cap = -1"))
    command("--publisher", starter, "check")
    assert sorted(starter.parent.rglob("*")) == before
