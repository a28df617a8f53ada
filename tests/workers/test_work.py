"""`syndication work` from outside: it sends, starts again who was killed, shows who lives, and leaves nobody behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from syndication.cli import staff
from syndication.core.model import Channel
from tests.servers import die_with_parent
from tests.workers.installation import Installation, wait_until
from workers.broker import QUEUES

COMMAND = [sys.executable, "-c", "from syndication.cli import main; main(prog_name='syndication')", "work"]

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("run")]


def living(folder: Path, word: str) -> dict[int, str]:
    """Processes of this installation whose command line holds a word."""
    mark = f"SYNDICATION_PUBLISHER={folder / 'publisher.toml'}".encode()
    found = {}
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and mark in (entry / "environ").read_bytes().split(b"\0"):
                words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                if word in words:
                    found[int(entry.name)] = words
        except OSError:
            continue
    return found


def test_it_sends_starts_again_who_was_killed_and_ends_cleanly(tmp_path: Path):
    installation = Installation(folder=tmp_path, readers=20)
    installation.write()
    house = installation.open()
    issue = installation.fill(house)
    with installation.sink() as sink, (tmp_path / "output").open("wb") as output:
        program = subprocess.Popen(
            COMMAND,
            env=installation.environ,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            preexec_fn=die_with_parent,
        )
        told = (tmp_path / "output").read_text
        assert wait_until(lambda: sink.count() == 20, 40), told()
        assert wait_until(lambda: house.store.balance(issue.id, Channel.EMAIL).accepted == 20, 10)
        signs = {child.sign for child in staff.workers(house.settings, 2)}
        assert wait_until(lambda: signs <= house.store.beats().keys(), 30), house.store.beats()

        (first,) = living(tmp_path, "worker-1@")
        os.kill(first, signal.SIGKILL)
        assert wait_until(lambda: living(tmp_path, "worker-1@").keys() - {first} != set(), 15), told()
        assert "worker-1 ended with -9; it starts again in 1 s" in told()

        program.send_signal(signal.SIGTERM)
        assert program.wait(30) == 0
    assert living(tmp_path, "celery") == {}
    assert "Traceback" not in told()
    house.close()


def test_beat_lives_as_long_as_a_queue_that_exists_is_served():
    assert staff.beat().sign in {f"queue-{queue}" for queue in QUEUES}


@pytest.mark.parametrize("pool", ["threads", "gevent"])
def test_a_pool_whose_tasks_share_a_process_is_refused(tmp_path: Path, pool: str):
    installation = Installation(folder=tmp_path, readers=1)
    installation.write()
    words = [sys.executable, "-m", "celery", "-A", "workers.app", "worker", "--pool", pool, "--concurrency", "2"]
    ended = subprocess.run(words, env=installation.environ, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode != 0
    if pool == "threads":  # gevent is not even installed
        assert "workers run one task per process: start them with --pool prefork, or solo" in ended.stderr
