"""The Publisher on a local folder: whole files or none, changed only when bytes change, never outside the folder."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syndication.adapters.files import FilePublisher
from syndication.adapters.memory import MemoryPublisher
from syndication.ports import Permanent, Publisher, Transient

FEED = "feeds/daily/digest.rss"
RSS = "application/rss+xml; charset=utf-8"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "published"


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_what_is_published_is_read_back_and_stands_as_a_file(folder: Path) -> None:
    publisher: Publisher = FilePublisher(folder)
    assert publisher.read(FEED) is None
    assert publisher.changed_at(FEED) is None
    before = datetime.now(UTC)
    assert publisher.publish(FEED, b"<rss/>", RSS)
    assert publisher.read(FEED) == b"<rss/>" == (folder / FEED).read_bytes()
    changed_at = publisher.changed_at(FEED)
    assert changed_at is not None
    assert abs((changed_at - before).total_seconds()) < 5
    assert names(folder) == {FEED}


def test_the_same_bytes_change_nothing_not_even_the_time(folder: Path) -> None:
    publisher = FilePublisher(folder)
    publisher.publish(FEED, b"one", RSS)
    os.utime(folder / FEED, (1_700_000_000, 1_700_000_000))
    inode = (folder / FEED).stat().st_ino
    assert not publisher.publish(FEED, b"one", RSS)
    assert publisher.changed_at(FEED) == datetime.fromtimestamp(1_700_000_000, UTC)
    assert (folder / FEED).stat().st_ino == inode
    assert publisher.publish(FEED, b"two", RSS)
    assert publisher.changed_at(FEED) != datetime.fromtimestamp(1_700_000_000, UTC)


def test_in_memory_too_a_file_changes_when_its_bytes_do() -> None:
    hours = iter((6, 7))
    publisher = MemoryPublisher(now=lambda: datetime(2026, 1, 20, next(hours), tzinfo=UTC))
    assert publisher.changed_at(FEED) is None
    told = [(publisher.publish(FEED, body, RSS), publisher.changed_at(FEED)) for body in (b"one", b"one", b"two")]
    assert [(changed, at and at.hour) for changed, at in told] == [(True, 6), (False, 6), (True, 7)]


def test_empty_bytes_are_a_file(folder: Path) -> None:
    publisher = FilePublisher(folder)
    assert publisher.publish("a.rss", b"", RSS)
    assert publisher.read("a.rss") == b""
    assert not publisher.publish("a.rss", b"", RSS)


def test_a_web_server_may_read_what_is_published(folder: Path) -> None:
    FilePublisher(folder).publish(FEED, b"x", RSS)
    assert (folder / FEED).stat().st_mode & 0o777 == 0o644


def test_korean_names_are_names(folder: Path) -> None:
    assert FilePublisher(folder).publish("feeds/가람/사회.rss", b"x", RSS)
    assert FilePublisher(folder).read("feeds/가람/사회.rss") == b"x"


OUTSIDE = [
    *("", ".", "..", "/", "/etc/passwd", "../x", "a/../../x", "a/..", "a//b", "a/", "./a", "a/./b", "a\\b", "a\x00b"),
    *("a\nb", ".hidden", "a/.hidden", "~/../x\x7f", "\ud800", "가" * 86, "x" * 256),
]


@pytest.mark.parametrize("path", OUTSIDE)
def test_paths_that_could_lead_elsewhere_are_refused_with_a_sentence(folder: Path, path: str) -> None:
    publisher = FilePublisher(folder)
    for call in (
        lambda: publisher.publish(path, b"x", RSS),
        lambda: publisher.read(path),
        lambda: publisher.changed_at(path),
    ):
        with pytest.raises(Permanent, match="no path inside the publishing folder"):
            call()
    assert not folder.exists() or names(folder) == set()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None)
@given(st.text(alphabet="./\\~a가\x00\n%:", max_size=12))
def test_no_path_ever_leaves_the_folder(tmp_path: Path, path: str) -> None:
    folder = tmp_path / "inside"
    (tmp_path / "witness").write_bytes(b"w")
    before = names(tmp_path) - {str(Path("inside") / n) for n in (names(folder) if folder.exists() else ())}
    try:
        FilePublisher(folder).publish(path, path.encode("utf-8", "replace"), RSS)
    except (Permanent, Transient):
        pass
    assert names(tmp_path) - {str(Path("inside") / n) for n in (names(folder) if folder.exists() else ())} == before


def test_a_link_out_of_the_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    folder.mkdir()
    (folder / "out").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Permanent, match="through a link"):
        FilePublisher(folder).publish("out/x.rss", b"x", RSS)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_file_in_the_place_of_a_folder_is_told(folder: Path) -> None:
    publisher = FilePublisher(folder)
    publisher.publish("a", b"x", RSS)
    with pytest.raises(Permanent, match="same name"):
        publisher.publish("a/b.rss", b"x", RSS)
    publisher.publish("c/d.rss", b"x", RSS)
    with pytest.raises(Permanent, match="same name"):
        publisher.publish("c", b"x", RSS)
    assert publisher.read("a/b.rss") is None
    assert publisher.read("c") is None
    assert publisher.changed_at("c") is None


_FULL_DISK = """
import resource, sys
from pathlib import Path
from syndication.adapters.files import FilePublisher
from syndication.ports import Transient
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
try:
    FilePublisher(Path(sys.argv[1])).publish("feeds/daily/digest.rss", b"new" * 1000, "application/rss+xml")
except Transient as error:
    print(error)
"""


def test_a_disk_that_takes_no_more_is_transient_and_leaves_the_old_file_alone(folder: Path) -> None:
    publisher = FilePublisher(folder)
    publisher.publish(FEED, b"old", RSS)
    command = [sys.executable, "-c", _FULL_DISK, str(folder)]
    made = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    assert made.stdout.startswith(f"{FEED} could not be published")
    assert publisher.read(FEED) == b"old"
    assert names(folder) == {FEED}


def test_what_killed_writers_left_is_neither_published_nor_kept(folder: Path) -> None:
    publisher = FilePublisher(folder)
    publisher.publish(FEED, b"old", RSS)
    left = (folder / FEED).parent / ".publishing-abc123_x.tmp"
    left.write_bytes(b"half")
    with pytest.raises(Permanent):
        publisher.read("feeds/daily/.publishing-abc123_x.tmp")
    publisher.publish(FEED, b"old", RSS)
    assert not left.exists()


# --- killed at any point ---------------------------------------------------------------------

_KILLED = """
import os, signal, sys
from pathlib import Path
from syndication.adapters.files import FilePublisher

publisher, steps = FilePublisher(Path(sys.argv[1])), int(sys.argv[2])
body = b"new" * 200_000
seen = 0

def step(event, args):
    global seen
    if event in ("open", "os.rename", "os.remove", "os.mkdir", "os.chmod", "fcntl.flock", "os.scandir", "os.listdir"):
        seen += 1
        if seen == steps:
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(step)
publisher.publish("feeds/daily/digest.rss", body, "application/rss+xml")
"""


def test_a_writer_killed_before_any_of_its_steps_leaves_the_old_bytes_or_the_new(folder: Path) -> None:
    publisher = FilePublisher(folder)
    seen = set()
    for steps in range(1, 40):
        publisher.publish(FEED, b"old", RSS)
        made = subprocess.run([sys.executable, "-c", _KILLED, str(folder), str(steps)], cwd=Path(__file__).parents[2])
        seen.add(publisher.read(FEED))
        assert publisher.read(FEED) in (b"old", b"new" * 200_000)
        assert names(folder) - {FEED} == {n for n in names(folder) if "/.publishing-" in n}
        if made.returncode == 0:
            break
        assert made.returncode == -signal.SIGKILL
    else:
        raise AssertionError("the writer never came to its end")
    assert steps > 5
    assert seen == {b"old", b"new" * 200_000}


_WRITER = """
import sys
from pathlib import Path
from syndication.adapters.files import FilePublisher
publisher = FilePublisher(Path(sys.argv[1]))
print("ready", flush=True)
for n in range(10**9):
    publisher.publish("feeds/daily/digest.rss", str(n % 10).encode() * 300_000, "application/rss+xml")
"""


@pytest.mark.slow
def test_writers_killed_at_random_leave_whole_files_and_readers_see_only_whole_ones(folder: Path) -> None:
    chance = random.Random(20260120)
    publisher = FilePublisher(folder)
    publisher.publish(FEED, b"0" * 300_000, RSS)
    for _ in range(8):
        command = [sys.executable, "-c", _WRITER, str(folder)]
        root = Path(__file__).parents[2]
        writers = [subprocess.Popen(command, stdout=subprocess.PIPE, cwd=root) for _ in range(2)]
        for writer in writers:
            assert writer.stdout is not None
            writer.stdout.readline()
        until = time.monotonic() + chance.uniform(0.05, 0.3)
        while time.monotonic() < until:
            body = publisher.read(FEED)
            assert body is not None
            assert (len(body), len(set(body))) == (300_000, 1)
        for writer in writers:
            writer.kill()
            writer.wait()
            assert writer.stdout is not None
            writer.stdout.close()
        body = publisher.read(FEED)
        assert body is not None
        assert (len(body), len(set(body))) == (300_000, 1)
    publisher.publish(FEED, b"end", RSS)
    assert names(folder) == {FEED}


def test_writers_at_once_each_publish_whole_files(folder: Path) -> None:
    publisher = FilePublisher(folder)
    bodies = [str(n).encode() * 50_000 for n in range(8)]
    threads = [threading.Thread(target=publisher.publish, args=(FEED, body, RSS)) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert publisher.read(FEED) in bodies
    assert names(folder) == {FEED}
