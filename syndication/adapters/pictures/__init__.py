"""Makes strangers' pictures ours with Pillow, each in a process of its own that may take little time and memory.

It fetches and keeps nothing. What a decoder does with bad bytes, a crash included, ends with that process.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from syndication.core.pictures import LARGE, LARGE_OCTETS, SMALL, SMALL_OCTETS
from syndication.ports import Permanent, Print, Transient

MOST_PIXELS = 40_000_000  # of the first frame: 120 MB while it is decoded
MOST_MEMORY = 900 * 1024 * 1024
_CHILD = Path(__file__).with_name("child.py")
_PRINTS = ({"width": LARGE, "octets": LARGE_OCTETS}, {"width": SMALL, "octets": SMALL_OCTETS})


class PillowDarkroom:
    """Implements ports.Darkroom. `seconds` is processor time; a machine that is busy may take longer."""

    def __init__(self, *, seconds: int = 10, patience: timedelta = timedelta(seconds=30)) -> None:
        self._told = json.dumps({"seconds": seconds, "memory": MOST_MEMORY, "pixels": MOST_PIXELS, "prints": _PRINTS})
        self._patience = patience

    def develop(self, body: bytes) -> tuple[Print, Print]:
        answer = self._answer(body)
        try:
            return _prints(answer)
        except (ValueError, LookupError, TypeError):
            raise Permanent("its decoder broke") from None

    def _answer(self, body: bytes) -> bytes:
        command = [sys.executable, "-I", str(_CHILD), self._told]
        try:
            done = subprocess.run(  # noqa: S603 - our own program, our own words
                command, input=body, capture_output=True, check=False, timeout=self._patience.total_seconds()
            )
        except subprocess.TimeoutExpired:
            raise Transient("nobody had time to decode the picture") from None
        except OSError as error:
            raise Transient(f"no picture can be decoded: {error.strerror}") from None
        if done.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
            raise Permanent("it takes too long to decode")
        if done.returncode != 0 or not done.stdout:
            raise Permanent("its decoder broke")
        return done.stdout


def _prints(answer: bytes) -> tuple[Print, Print]:
    head, _, rest = answer.partition(b"\n")
    told = json.loads(head)
    if "refused" in told:
        raise Permanent(told["refused"])
    large, small = told["prints"]
    split = large["octets"]
    return (
        Print(body=rest[:split], width=large["width"], height=large["height"]),
        Print(body=rest[split:], width=small["width"], height=small["height"]),
    )
