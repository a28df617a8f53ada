"""What a journal tells: all that a killed process wrote, and never more certainty than it can give."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from syndication.adapters import journals
from syndication.adapters.journals import FileJournals
from syndication.core import ledger
from syndication.core.ledger import Witness
from syndication.core.model import Outcome, Verdict
from syndication.ports import Transient

ACCEPTED = Outcome(verdict=Verdict.ACCEPTED, receipt="4F1A", code="2.0.0")
KEY = "daily/daily/2026-01-20 k1:00ff"


def another_process(folder: Path, *, ends: str) -> subprocess.Popen[str]:
    """A process that intends three mails under lease 7, hears of one, and says so."""
    program = textwrap.dedent(f"""
        import sys, time
        from pathlib import Path
        from syndication.adapters.journals import FileJournals
        from syndication.core.model import Outcome, Verdict
        journal = FileJournals(Path({str(folder)!r})).own()
        for number in (1, 2, 3):
            journal.intend(7, number, "key " + str(number))
        journal.note(7, 1, Outcome(verdict=Verdict.ACCEPTED, receipt="4F1A", code="2.0.0"))
        print(journal.name, flush=True)
        {ends}
    """)
    return subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)


def name_told_by(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_a_killed_process_leaves_every_intent_and_every_answer(tmp_path: Path) -> None:
    process = another_process(tmp_path, ends="time.sleep(60)")
    name = name_told_by(process)
    here = FileJournals(tmp_path)
    assert here.testimony("host", name, 7) is None, "its owner lives"
    process.send_signal(signal.SIGSTOP)
    assert here.testimony("host", name, 7) is None, "a stopped one lives"
    process.kill()
    process.wait()
    told = here.testimony("host", name, 7)
    assert told is not None
    assert told == ledger.Testimony(intended=frozenset({1, 2, 3}), outcomes={1: ACCEPTED}, complete=True)


def test_a_journal_that_is_gone_or_named_from_outside_tells_nothing(tmp_path: Path) -> None:
    here = FileJournals(tmp_path / "journals")
    (tmp_path / "elsewhere.journal").write_text("")
    assert here.testimony("host", "nobody.journal", 7) is None
    assert here.testimony("host", "../elsewhere.journal", 7) is None
    assert here.testimony("host", "/etc/passwd", 7) is None


def dead(folder: Path) -> tuple[FileJournals, Path]:
    """A journal whose owner is gone."""
    process = another_process(folder, ends="")
    name = name_told_by(process)
    process.wait()
    return FileJournals(folder), folder / name


def test_a_journal_from_before_a_restart_of_the_machine_is_never_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, file = dead(tmp_path)
    monkeypatch.setattr(journals, "boot_id", lambda: "another start")
    told = here.testimony("host", file.name, 7)
    assert told is not None
    assert (told.complete, told.intended, told.outcomes) == (False, frozenset({1, 2, 3}), {1: ACCEPTED})


@pytest.mark.parametrize(
    "damage", [b"\x00\x00\x00\x00", b'{"lease":7,"int', b"not json\n", b'{"lease":"x","intent":1}\n']
)
def test_a_damaged_journal_is_never_complete(tmp_path: Path, damage: bytes) -> None:
    here, file = dead(tmp_path)
    with file.open("ab") as journal:
        journal.write(damage)
    told = here.testimony("host", file.name, 7)
    assert told is not None
    assert not told.complete
    assert told.intended == {1, 2, 3}


def test_an_empty_journal_is_never_complete(tmp_path: Path) -> None:
    here, file = dead(tmp_path)
    file.write_bytes(b"")
    told = here.testimony("host", file.name, 7)
    assert told is not None
    assert not told.complete


def test_of_another_lease_a_complete_journal_tells_that_nothing_was_handed_over(tmp_path: Path) -> None:
    here, file = dead(tmp_path)
    told = here.testimony("host", file.name, 8)
    assert told == ledger.Testimony(intended=frozenset(), outcomes={}, complete=True)


def test_a_process_recalls_its_own_leases_and_nobody_elses(tmp_path: Path) -> None:
    here = FileJournals(tmp_path)
    own = here.own()
    own.intend(3, 30, KEY)
    own.note(3, 30, ACCEPTED)
    assert here.testimony("host", own.name, 3) is None
    recalled = here.recall(own.name, 3)
    assert recalled is not None
    assert recalled.outcomes == {30: ACCEPTED}
    assert here.recall("other.journal", 3) is None


def test_a_journal_that_was_deleted_under_its_owner_is_begun_anew_and_recalls_nothing(tmp_path: Path) -> None:
    here = FileJournals(tmp_path)
    first = here.own()
    first.intend(3, 30, KEY)
    first.path.unlink()
    assert here.recall(first.name, 3) is None, "what it said is gone: nothing is certain"
    assert here.own().name != first.name


def test_a_child_process_begins_a_journal_of_its_own(tmp_path: Path) -> None:
    here = FileJournals(tmp_path)
    mine = here.own().name
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, here.own().name.encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reading, 200).decode() != mine
    assert here.own().name == mine


def test_a_full_journal_is_followed_by_another_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = FileJournals(tmp_path)
    first = here.own()
    monkeypatch.setattr(journals, "LARGEST", 10)
    second = here.own()
    assert second.name != first.name
    told = here.testimony("host", first.name, 1)
    assert told is not None
    assert told.complete, "it was let go of: whoever asks may read it"


def test_a_line_that_the_disk_had_no_room_for_spoils_no_later_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = FileJournals(tmp_path)
    first = here.own()
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, line: write(file, line[:9]))
    with pytest.raises(Transient, match="the disk is full"):
        first.intend(1, 10, KEY)
    monkeypatch.undo()
    second = here.own()
    second.intend(2, 20, KEY)
    assert second.name != first.name
    told = here.recall(second.name, 2)
    assert told == ledger.Testimony(intended=frozenset({20}), outcomes={}, complete=True)


def test_a_process_that_lives_through_a_recovery_begins_anew(tmp_path: Path) -> None:
    """A restored database gives the numbers of leases and Deliveries anew: old lines would speak of other readers."""
    here = FileJournals(tmp_path)
    here.attest(Witness(installation="a", epoch=1, lease=7))
    first = here.own()
    here.attest(Witness(installation="a", epoch=1, lease=8))
    assert here.own().name == first.name
    FileJournals(tmp_path).attest(Witness(installation="a", epoch=2, lease=5))
    assert here.own().name != first.name


def test_where_nothing_can_be_written_nothing_is_intended(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(Transient, match="no journal can be written"):
        FileJournals(blocked / "journals").own()


def test_old_journals_are_swept_and_living_and_young_ones_kept(tmp_path: Path) -> None:
    here, old = dead(tmp_path)
    _, young = dead(tmp_path)
    living = here.own().path
    now = datetime.now(UTC)
    for file in (old, living):
        os.utime(file, (0, 0))
    here.sweep(now)
    assert (old.exists(), young.exists(), living.exists()) == (False, True, True)
    here.sweep(now + journals.KEPT + timedelta(days=1))
    assert not young.exists()


def test_the_witness_remembers_the_highest_lease_of_the_newest_epoch(tmp_path: Path) -> None:
    here = FileJournals(tmp_path)
    assert here.witness() is None
    for epoch, lease in ((1, 5), (1, 3), (2, 1), (1, 9)):
        here.attest(Witness(installation="a", epoch=epoch, lease=lease))
    assert here.witness() == Witness(installation="a", epoch=2, lease=1)


@pytest.mark.parametrize(
    "words", ["", "{", "[]", '{"installation": "a"}', '{"installation":"a","epoch":"x","lease":1}']
)
def test_a_witness_that_cannot_be_read_is_none(tmp_path: Path, words: str) -> None:
    (tmp_path / "witness.json").write_text(words)
    assert FileJournals(tmp_path).witness() is None


DATABASE = Witness(installation="a", epoch=2, lease=100)


@pytest.mark.parametrize(
    ("seen", "there", "doubted"),
    [
        (None, None, False),  # it never sent
        (DATABASE, DATABASE, False),
        (Witness(installation="a", epoch=2, lease=90), DATABASE, False),
        (Witness(installation="a", epoch=1, lease=500), DATABASE, True),
        (Witness(installation="a", epoch=2, lease=101), DATABASE, True),  # restored
        (Witness(installation="a", epoch=3, lease=1), DATABASE, True),
        (Witness(installation="b", epoch=1, lease=1), DATABASE, True),  # another one
        (None, DATABASE, True),  # copied to another machine
        (DATABASE, None, True),  # made anew
    ],
)
def test_a_database_is_doubted_when_more_was_sent_than_it_knows(
    seen: Witness | None, there: Witness | None, doubted: bool
) -> None:
    assert (ledger.doubt(seen, there) is not None) is doubted
