"""The line in which mails of one slice wait for their places: none goes before its time, and none in a bunch.

It shares nothing with other processes: whoever gave the slice its pace reserved the places.
"""

from __future__ import annotations

import threading
import time
from datetime import timedelta

from syndication.ports import Pace

# A place that passed longer ago than this may by now be another worker's time. At 94 % of a quota 6 % of each second
# are free: as long as nobody is later than this, no second ever holds more mails than the quota, and half of what is
# free is left for what happens on the way.
LATE = timedelta(milliseconds=30)


class Line:
    """Places at `start`, `start + every`, … from now on a monotonic clock; without a pace everybody may go at once.

    `usual` is by how much lines of this process begin late as a rule, on a slow machine: the whole line is moved by
    that much. Lines of others are late alike; what brings too many mails into one second is being later than usual."""

    def __init__(self, pace: Pace | None, *, usual: timedelta = timedelta(0)) -> None:
        self._paced = pace is not None
        self._every = pace.every.total_seconds() if pace else 0.0
        self._start = time.monotonic() + (pace.start.total_seconds() if pace else 0.0)
        self._late = max(LATE.total_seconds(), self._every / 2)
        self._usual = usual.total_seconds()
        self._turn = threading.Lock()
        self._places = 0  # given out
        self._soonest = float("-inf")  # when the next one may go at all
        self._closed = False
        self.failure: Exception | None = None
        self.began_late = timedelta(0)  # by how much the first one was late

    def step_up(self) -> bool:
        """Wait for the next place; False when it has passed too long ago to be used, or the line is closed.

        The first one is always used, so that even a slow machine gets on. The lock is held while waiting: whoever
        was suspended meanwhile still leaves one by one, at half the usual distance until the lag is made up for."""
        with self._turn:
            if self._closed:
                return False
            place = self._start + self._places * self._every
            self._places += 1
            wait = max(place, self._soonest) - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            return self._go(place, time.monotonic())

    def _go(self, place: float, now: float) -> bool:
        """Whether the place is used, now."""
        lag = now - place
        if self._places == 1:
            self.began_late = timedelta(seconds=max(0.0, lag)) if self._paced else timedelta(0)
            self._start += min(max(0.0, lag), self._usual + self._late)
        elif self._closed or (self._paced and lag > self._late):
            return False
        self._soonest = now + self._every / 2
        return True

    def close(self) -> None:
        """Let nobody go any more: the far side asked for a rest, which is longer than a slice should wait."""
        self._closed = True

    def fail(self, error: Exception, *, closing: bool = True) -> None:
        """Remember what broke on our side first; with `closing` nobody goes any more."""
        self.failure = self.failure or error
        self._closed = self._closed or closing

    def ahead(self, waiting: int) -> timedelta:
        """How long until the place after those of the `waiting`."""
        place = self._start + (self._places + waiting) * self._every
        return timedelta(seconds=max(0.0, place - time.monotonic()))
