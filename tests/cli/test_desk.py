"""The editor's commands: wished, seen in preview, sent, undone; why says what came of it."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Sample

NOTE = "눈길에 늦을 수 있습니다."


def numbers(sample: Sample) -> list[int]:
    """The stories of the Issue as it would be, by what preview prints."""
    lines = sample("preview").out.splitlines()
    return [int(line.split()[0]) for line in lines if line.split(" ")[0].isdigit() and ":" in line]


def test_a_wish_is_seen_at_once_in_preview_and_undone_as_easily(sample: Sample) -> None:
    sample.collected()
    first, second, *_ = numbers(sample)
    assert sample("desk", "drop", second, "--by", "데스크").code == 0
    said = sample("desk", "note", NOTE, "--always", "--by", "데스크")
    assert "until further notice" in said.out
    shown = sample("preview")
    assert f"- {second} " in shown.out
    assert "데스크" in shown.out
    (text,) = (sample.folder.parent / "here" / "preview").glob("*.txt")
    assert NOTE in text.read_text(encoding="utf-8")
    wishes = {f["do"]: f["id"] for f in sample("desk", "list", "--json").facts[0]["wishes"]}
    assert sample("desk", "undo", *wishes.values()).code == 0
    assert sample("desk", "undo", wishes["note"]).code == 1
    assert sample("desk", "list").out.strip() == "Nothing is wished."
    assert "undone by" in sample("desk", "list", "--all").out
    assert numbers(sample)[:2] == [first, second]


def test_the_file_is_read_each_time_and_its_mistakes_are_named_with_their_line(sample: Sample) -> None:
    sample.collected()
    (sample.folder / "desk.toml").write_text(
        f'[[wish]]\nnote = "{NOTE}"\n\n[[wish]]\nsubject = oops\n', encoding="utf-8"
    )
    shown = sample("preview")
    assert shown.code == 0
    assert "desk.toml line 5" in shown.err
    assert NOTE in shown.out
    checked = sample("check")
    assert (checked.code, "desk.toml line 5" in checked.err) == (1, True)
    assert sample("desk", "list").code == 1
    (sample.folder / "desk.toml").unlink()
    assert sample("check").code == 0


def test_why_tells_stories_folds_and_what_was_left_out(sample: Sample) -> None:
    assert sample("why").code == 1, "there is no Issue yet"
    sample.assembled()
    told = sample("why")
    assert told.code == 0
    assert "이 호의 머리기사입니다" in told.out
    facts = sample("why", "--json").facts[0]
    assert all(story["why"] for story in facts["stories"])
    one = facts["stories"][-1]["article"]
    assert sample("why", one).out.splitlines()[0].startswith(f"{one} ")
    assert "이 호의 머리기사입니다" in sample("status").out


def test_hold_and_release_work_before_and_after_freezing(sample: Sample) -> None:
    sample.collected()
    assert sample("desk", "hold", "교정 중").code == 0
    sample.show("06:00:30")
    assert sample("assemble").code == 0
    sample.show("06:01")
    assert sample("send").code == 0
    assert sample.mails == []
    assert sample("status").code == 1
    assert "goes on" in sample("desk", "release").out
    assert sample("send").code == 0
    assert len(sample.mails) == 3
    assert sample("desk", "release").code == 1


def test_a_frozen_issue_takes_wishes_up_by_amend(sample: Sample) -> None:
    sample.assembled()
    told = sample("desk", "note", NOTE, "--on", "2026-01-20")
    assert "amend --desk" in told.err
    assert "something else by now" in sample("preview", "--on", "2026-01-20").err
    assert "revision 2" in sample("amend", "--desk").out
    assert "something else by now" not in sample("preview", "--on", "2026-01-20").err
    sample.show("06:01")
    sample("send")
    assert all(NOTE in mail.text for mail in sample.mails if hasattr(mail, "text"))


def test_an_extra_issue_is_asked_for_and_goes_to_daily_readers(sample: Sample) -> None:
    sample.collected()
    sample.show("06:00:10")
    (number, *_) = numbers(sample)
    made = sample("extra", number, "--yes")
    assert "extra: 1 stories" in made.out
    sample("send")
    assert len(sample.mails) == 2, "the third reader has chosen other sections"
    assert str(number) in sample("why", "--cadence", "extra").out


@pytest.mark.parametrize(
    "words",
    [
        ("pin", "abc"),
        ("headline", "3", " "),
        ("note", "x" * 3000),
        ("pin", "3", "--on", "2026-02-30"),
        ("undo", "0"),
        ("pin", "3", "--edition", "nope"),
    ],
)
def test_what_makes_no_sense_ends_in_one_sentence(sample: Sample, words: tuple[str, ...]) -> None:
    answer = sample("desk", *words)
    assert answer.code != 0
    assert "Error" in answer.err


def test_commands_mean_the_daily_issue_unless_told_otherwise(sample: Sample) -> None:
    sample.collected()
    sample.show("06:00:10")
    (number, *_) = numbers(sample)
    sample("extra", number, "--yes")
    sample.show("06:00:30")
    sample("assemble")
    assert "2026-01-20 rests" in sample("pause").out
    assert sample("resume", "--cadence", "extra").code == 1, "the extra one does not rest"
    assert sample("resume").code == 0
    assert "has no weekly Issue yet" in sample("pause", "--cadence", "weekly").err
