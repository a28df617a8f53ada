"""Children of `run` and `work` are started again when they end and when they hang, and only then."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from syndication.cli import children
from syndication.cli.children import Child, Children

PATIENCE = timedelta(seconds=0.5)
# writes its process id and sleeps; what it was told to do with SIGTERM stands in the first word
PROGRAM = """
import os, pathlib, signal, sys, time
if sys.argv[1] == "deaf":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
with open(sys.argv[2], "a") as file:
    print(os.getpid(), file=file)
time.sleep(60)
"""


@contextmanager
def started(tmp_path: Path, how: str = "ordinary") -> Iterator[tuple[Children, Callable[[], list[int]]]]:
    told = tmp_path / "pids"
    command = [sys.executable, "-c", PROGRAM, how, str(told)]
    made = Children([Child(name="one", command=command, sign="worker@one")], logs=None)
    made.start()
    try:
        yield made, lambda: [int(line) for line in told.read_text().split()] if told.exists() else []
    finally:
        made.stop(timedelta(seconds=0.2))


def attend(made: Children, signs: Callable[[], dict[str, object] | None], seconds: float) -> None:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        made.keep_alive()
        made.look_for_signs(signs(), PATIENCE)
        time.sleep(0.05)


def test_one_that_shows_nothing_new_is_ended_and_started_again(tmp_path: Path):
    with started(tmp_path) as (made, pids):
        attend(made, lambda: {"worker@one": 7}, 2.5)
        assert len(pids()) >= 2
        assert not Path(f"/proc/{pids()[0]}").exists()


def test_one_that_never_showed_anything_is_as_suspect(tmp_path: Path):
    with started(tmp_path) as (made, pids):
        attend(made, dict, 2.5)
        assert len(pids()) >= 2


def test_one_that_shows_signs_is_left_alone_whatever_clock_they_come_from(tmp_path: Path):
    with started(tmp_path) as (made, pids):
        attend(made, lambda: {"worker@one": -time.monotonic()}, 1.5)
        assert len(pids()) == 1


def test_nobody_is_blamed_while_nobody_can_say(tmp_path: Path):
    with started(tmp_path) as (made, pids):
        attend(made, lambda: None, 1.5)
        assert len(pids()) == 1


@pytest.mark.parametrize("how", ["deaf", "stopped"])
def test_one_that_does_not_hear_is_killed(tmp_path: Path, how: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(children, "_LAST_PATIENCE", 0.5)
    with started(tmp_path, how) as (made, pids):
        ends = time.monotonic() + 5
        while not pids() and time.monotonic() < ends:
            time.sleep(0.05)
        if how == "stopped":
            os.kill(pids()[0], signal.SIGSTOP)
        attend(made, lambda: {"worker@one": 7}, 3.5)
        assert len(pids()) >= 2
        assert not Path(f"/proc/{pids()[0]}").exists()
