"""The mails of one call as lanes draw them: one at a time, at the pace that was asked for.

It opens no connection; what a lane cannot carry it may give back for another one.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable
from datetime import timedelta

from syndication.adapters.smtp.letter import Letter, letter
from syndication.adapters.smtp.wire import elapsed
from syndication.core.model import Outcome
from syndication.ports import Mail, Pace

Unfit = tuple[Mail, Outcome]


class Supply:
    """Shared by all lanes of a call. What breaks on the caller's side is kept: it is raised when all is settled."""

    def __init__(self, mails: Iterable[Mail], *, total: timedelta, pace: Pace | None, lanes: int) -> None:
        self.failure: BaseException | None = None
        self.halted = False  # no further message may become theirs
        self.abandoned = False  # the caller has gone: nobody waits for Outcomes
        self._mails = iter(mails)
        self._total = total
        self._pace = pace
        self._due_at = elapsed() + pace.start if pace else timedelta()
        self._given_back: deque[Letter] = deque()
        self._lanes = lanes
        self._connected: set[int] = set()  # lanes that hold or open a connection
        self._lock = threading.Lock()
        self._over = threading.Event()

    def draw(self, lane: int, *, width: int) -> Letter | Unfit | None:
        """The next mail as soon as it is due, made ready or with the Outcome that says why not.

        None when the lane is to end: nothing is left, or more than `width` lanes are at work."""
        while True:
            with self._lock:
                if self._given_back:
                    return self._given_back.popleft()
                if self._over.is_set() or self._lanes > width:
                    self._lanes -= 1
                    self._connected.discard(lane)  # in the same breath: nothing can be given back to it any more
                    return None
                rest = self._rest()
                mail = self._next() if rest <= 0 else None
            if mail is not None:
                return self._ready(mail)
            self._over.wait(rest)

    def draw_ahead(self, *, width: int) -> Letter | Unfit | None:
        """The next mail if it is due now; None says nothing about later."""
        with self._lock:
            if self._given_back:
                return self._given_back.popleft()
            if self._over.is_set() or self._lanes > width or self._rest() > 0:
                return None
            mail = self._next()
        return None if mail is None else self._ready(mail)

    def connected(self, lane: int, *, whether: bool) -> None:
        with self._lock:
            (self._connected.add if whether else self._connected.discard)(lane)

    def give_back(self, lane: int, drawn: Letter) -> bool:
        """Leave a letter to another lane that holds or opens a connection, and end; False when there is none."""
        with self._lock:
            self._connected.discard(lane)
            if self._connected:
                self._given_back.append(drawn)
                self._lanes -= 1
            return bool(self._connected)

    def fail(self, failure: BaseException) -> None:
        """Draw no more: something broke on the caller's side."""
        self.failure = self.failure or failure
        self._over.set()

    def halt(self) -> None:
        """Draw no more and hand over nothing more."""
        self.halted = True
        self._over.set()

    def abandon(self) -> None:
        self.abandoned = True
        self.halt()

    def _rest(self) -> float:
        """Seconds until the next mail is due."""
        return (self._due_at - elapsed()).total_seconds() if self._pace else 0.0

    def _next(self) -> Mail | None:
        try:
            mail = next(self._mails, None)
        except Exception as failure:  # noqa: BLE001 - the caller's own; it is raised there once all is settled
            self.fail(failure)
            return None
        if mail is None:
            self._over.set()
        elif self._pace:
            self._due_at = elapsed() + self._pace.every
        return mail

    def _ready(self, mail: Mail) -> Letter | Unfit:
        made = letter(mail, elapsed() + self._total)
        return made if isinstance(made, Letter) else (mail, made)
