"""The line in which mails of one slice wait for their places: none goes before its time, and none closes up.

It shares nothing with other processes: whoever gave the slice its pace reserved the places.
"""

from __future__ import annotations

import threading
import time
from datetime import timedelta

from syndication.ports import Pace

# A place that passed longer ago than this may by now be another worker's time. At 94 % of a quota, as much of it is
# left unused: lags up to 6 % of a second never add up to more than the quota within any second.
LATE = timedelta(milliseconds=60)


class Line:
    """Places at `start`, `start + every`, … from now on a monotonic clock; without a pace everybody may go at once."""

    def __init__(self, pace: Pace | None) -> None:
        self._every = pace.every.total_seconds() if pace else 0.0
        self._start = time.monotonic() + (pace.start.total_seconds() if pace else 0.0)
        self._late = max(LATE.total_seconds(), self._every / 2) if pace else float("inf")
        self._turn = threading.Lock()
        self._places = 0  # given out
        self._soonest = float("-inf")  # when the next one may go at all
        self._closed = False

    def step_up(self) -> bool:
        """Wait for the next place; False when it has passed too long ago to be used, or the line is closed.

        The first one is always used, so that even a slow machine gets on. The lock is held while waiting: whoever
        was suspended meanwhile still leaves at the distance of one place from the one before."""
        with self._turn:
            place = self._start + self._places * self._every
            self._places += 1
            wait = max(place, self._soonest) - time.monotonic()
            if wait > 0 and not self._closed:
                time.sleep(wait)
            now = time.monotonic()
            if self._closed or (self._places > 1 and now - place > self._late):
                return False
            self._soonest = now + self._every
            return True

    def close(self) -> None:
        """Let nobody go any more: the far side asked for a rest, which is longer than a slice should wait."""
        self._closed = True

    def ahead(self, waiting: int) -> timedelta:
        """How long until the place after those of the `waiting`."""
        place = self._start + (self._places + waiting) * self._every
        return timedelta(seconds=max(0.0, place - time.monotonic()))
