"""Child programs of `run` and `work`: started, restarted with growing pauses or when they hang, stopped together.

It knows nothing of what they do.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import IO

from syndication.cli.house import err

_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 30.0
_LAST_PATIENCE = 60.0  # seconds from asking one that hangs to end until it is killed
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    name: str
    command: Sequence[str]
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)  # secrets go this way, never as words
    sign: str | None = None  # the name under which it shows signs of life


@dataclass(slots=True, kw_only=True)
class _Running:
    child: Child
    program: subprocess.Popen[bytes]
    log: IO[bytes] | None
    pause: float = _FIRST_PAUSE
    restart_at: float | None = None
    shown: object = None  # its last sign of life
    shown_at: float = field(default_factory=time.monotonic)
    asked_at: float | None = None  # when it was asked to end because it hangs


@dataclass(slots=True)
class Children:
    """A set of programs that live and end together; each writes a log file of its own, if there is a folder for it."""

    wanted: Sequence[Child]
    logs: Path | None
    _running: list[_Running] = field(default_factory=list)

    def start(self) -> None:
        if self.logs is not None:
            self.logs.mkdir(parents=True, exist_ok=True)
        for child in self.wanted:
            log = None if self.logs is None else (self.logs / f"{child.name}.log").open("ab")
            self._running.append(_Running(child=child, program=_spawn(child, log), log=log))

    def keep_alive(self) -> None:
        """Start again whoever ended, after a pause that doubles."""
        for one in self._running:
            if one.program.poll() is None:
                continue
            now = time.monotonic()
            if one.restart_at is None:
                one.restart_at = now + one.pause
                _signal_group(one.program)  # what a killed one may have left of its session
                where = f" (see {self.logs / one.child.name}.log)" if self.logs else ""
                ended = f"{one.child.name} ended with {one.program.returncode}"
                _say(f"! {ended}; it starts again in {one.pause:.0f} s{where}")
            elif now >= one.restart_at:
                one.pause, one.restart_at = min(one.pause * 2, _LONGEST_PAUSE), None
                one.shown_at, one.asked_at = now, None
                one.program = _spawn(one.child, one.log)

    def look_for_signs(self, signs: Mapping[str, object] | None, patience: timedelta) -> None:
        """End whoever has shown nothing new for so long; `keep_alive` starts it again. None: nobody can say now.

        What is shown is only compared with what was shown before: clocks may be wrong."""
        now = time.monotonic()
        for one in self._running:
            if one.child.sign is None or one.program.poll() is not None:
                continue
            shown = None if signs is None else signs.get(one.child.sign)
            if signs is None or shown != one.shown:
                one.shown, one.shown_at = shown, now
            elif one.asked_at is None and now - one.shown_at > patience.total_seconds():
                one.asked_at = now
                _say(f"! {one.child.name} has shown no sign of life for {now - one.shown_at:.0f} s; it is ended")
                _signal(one.program, signal.SIGTERM)
            elif one.asked_at is not None and now - one.asked_at > _LAST_PATIENCE:
                _signal_group(one.program)

    def signal(self, number: int) -> None:
        """Send a signal to everything that runs, each with all it has started."""
        for one in self._running:
            try:
                os.killpg(one.program.pid, number)
            except ProcessLookupError:
                pass

    def stop(self, within: timedelta) -> None:
        """Ask all of them to end, then insist; nobody is left when it returns."""
        ends = time.monotonic() + within.total_seconds()
        for number, patience in ((signal.SIGTERM, within.total_seconds() * 0.75), (signal.SIGQUIT, None)):
            for one in self._running:
                _signal(one.program, number)
            until = time.monotonic() + patience if patience is not None else ends
            while time.monotonic() < until and any(one.program.poll() is None for one in self._running):
                time.sleep(0.05)
        for one in self._running:
            _signal_group(one.program)
            one.program.wait()
            if one.log is not None:
                one.log.close()
        self._running.clear()


def _say(words: str) -> None:
    err.print(words, markup=False, soft_wrap=True)


def _spawn(child: Child, log: IO[bytes] | None) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own modules with our own words
        list(child.command),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=None if log is None else subprocess.STDOUT,
        start_new_session=True,  # Ctrl-C reaches the supervisor alone, which ends them in order
        preexec_fn=die_with_parent,
        env={**os.environ, "PYTHONUNBUFFERED": "1", **child.environ},
    )


def die_with_parent() -> None:
    """PR_SET_PDEATHSIG (prctl(2)): a killed supervisor leaves nobody behind."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _signal(program: subprocess.Popen[bytes], number: int) -> None:
    if program.poll() is None:
        program.send_signal(number)


def _signal_group(program: subprocess.Popen[bytes]) -> None:
    """Whatever is left of a child's session."""
    try:
        os.killpg(program.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def taken_ports(wanted: Mapping[str, int]) -> dict[str, int]:
    """Which of these loopback ports somebody listens on."""
    taken = {}
    for name, port in wanted.items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                taken[name] = port
    return taken
