"""The drop folder on a real disk: when a file counts, and that none is ever lost."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest

from syndication.adapters.folder import DropFolder
from syndication.ports import Dropped


def looked(path: Path) -> list[str]:
    """Names after one more look, by a folder object of its own: as another process would."""
    return [dropped.name for dropped in DropFolder(path).look()]


def test_a_file_counts_when_unchanged_for_two_looks_of_whatever_process(tmp_path: Path) -> None:
    (tmp_path / "기사.txt").write_text("제목\n\n본문")
    assert looked(tmp_path) == []
    assert looked(tmp_path) == ["기사.txt"]


def test_a_file_that_grew_or_was_touched_waits_one_look_more(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("제목")
    looked(tmp_path)
    file.write_text("제목\n\n본문")
    assert looked(tmp_path) == []
    facts = file.stat()
    os.utime(file, ns=(facts.st_atime_ns, facts.st_mtime_ns + 1))
    assert looked(tmp_path) == []
    file.write_text("제목\n\n본물")  # same size
    os.utime(file, ns=(facts.st_atime_ns, facts.st_mtime_ns + 1))  # and same time
    assert looked(tmp_path) == []
    assert looked(tmp_path) == ["a.txt"]


def test_a_state_that_nobody_can_read_costs_one_look_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("제목\n\n본문")
    looked(tmp_path)
    for broken in ("", "[]", '{"a.txt": 1}', "null", "\udce3"):
        (tmp_path / ".looks.json").write_bytes(broken.encode("utf-8", "surrogateescape"))
        assert looked(tmp_path) == []
    assert looked(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("name", [".hidden", "a.txt~", "a.part", "a.TMP", "a.crdownload", "~$a.txt", "Thumbs.db"])
def test_hidden_and_unfinished_files_never_count(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("x")
    assert looked(tmp_path) == looked(tmp_path) == []
    assert (tmp_path / name).exists()


def test_links_and_folders_never_count(tmp_path: Path) -> None:
    secret = tmp_path / "elsewhere"
    secret.mkdir()
    (secret / "s.txt").write_text("secret")
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "link.txt").symlink_to(secret / "s.txt")
    (folder / "sub").mkdir()
    os.mkfifo(folder / "pipe.txt")
    assert looked(folder) == looked(folder) == []


def test_done_moves_and_never_overwrites(tmp_path: Path) -> None:
    for text in ("하나", "둘", "셋"):
        (tmp_path / "a.txt").write_text(text)
        folder = DropFolder(tmp_path)
        folder.look()
        (dropped,) = folder.look()
        folder.done(dropped)
        assert not (tmp_path / "a.txt").exists()
    kept = {file.name: file.read_text() for file in (tmp_path / "done").iterdir()}
    assert kept == {"a.txt": "하나", "a.2.txt": "둘", "a.3.txt": "셋"}


def test_a_file_replaced_after_the_look_stays_for_the_next(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("하나")
    folder = DropFolder(tmp_path)
    folder.look()
    (dropped,) = folder.look()
    (tmp_path / "a.txt").write_text("둘")
    folder.done(dropped)
    assert (tmp_path / "a.txt").read_text() == "둘"
    assert list((tmp_path / "done").iterdir()) == []


def test_set_aside_lays_the_reason_beside(tmp_path: Path) -> None:
    (tmp_path / "그림.txt").write_bytes(b"\x89PNG")
    folder = DropFolder(tmp_path)
    folder.look()
    (dropped,) = folder.look()
    folder.set_aside(dropped, "it is a PNG picture")
    aside = tmp_path / "set-aside"
    assert (aside / "그림.txt").read_bytes() == b"\x89PNG"
    assert (aside / "그림.txt.reason.txt").read_text() == "it is a PNG picture\n"


def test_a_file_above_the_limit_is_set_aside_unread(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"x" * 1001)
    assert list(DropFolder(tmp_path, max_bytes=1000).look()) == []
    assert (tmp_path / "set-aside" / "a.txt").stat().st_size == 1001
    assert "larger than 1,000 bytes" in (tmp_path / "set-aside" / "a.txt.reason.txt").read_text()


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_korean_names_count_however_they_are_composed(tmp_path: Path, form: str) -> None:
    name = unicodedata.normalize(form, "도서관 개관.txt")
    (tmp_path / name).write_text("x")
    looked(tmp_path)
    folder = DropFolder(tmp_path)
    (dropped,) = folder.look()
    assert dropped.name == name
    folder.done(dropped)
    assert (tmp_path / "done" / name).exists()


def test_a_name_in_another_character_set_counts_too(tmp_path: Path) -> None:
    name = os.fsdecode("기사.txt".encode("cp949"))
    (tmp_path / name).write_text("x")
    looked(tmp_path)
    assert looked(tmp_path) == [name]


def test_a_second_done_for_the_same_file_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("하나")
    folder = DropFolder(tmp_path)
    folder.look()
    (dropped,) = folder.look()
    folder.done(dropped)
    folder.done(dropped)
    folder.set_aside(Dropped(name="never.txt", body=b""), "never there")
    assert [file.name for file in (tmp_path / "done").iterdir()] == ["a.txt"]
    assert list((tmp_path / "set-aside").iterdir()) == []


def test_the_folder_is_made_when_it_is_not_there(tmp_path: Path) -> None:
    assert looked(tmp_path / "new" / "in") == []
    assert (tmp_path / "new" / "in" / "done").is_dir()
