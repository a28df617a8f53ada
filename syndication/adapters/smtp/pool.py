"""Open connections between calls, and how many may be open at once after a relay has refused some.

It knows no messages. Connections are opened and left here, used in `lane`.
"""

from __future__ import annotations

import os
import threading
from datetime import timedelta

from syndication.adapters.smtp.relay import LONGEST_BACK_OFF, Relay
from syndication.adapters.smtp.session import Session
from syndication.adapters.smtp.wire import elapsed
from syndication.core.model import Outcome, Reach, Verdict

WIDEN_AFTER = 100  # accepted messages in a row: one more connection may be tried


class Pool:
    """Connections to one relay. Their number halves when the relay is overburdened and grows slowly again.

    After a connection was refused none is opened for a while, each time for twice as long."""

    def __init__(self, relay: Relay) -> None:
        self.relay = relay
        self.width = relay.connections
        self._idle: list[Session] = []
        self._lock = threading.Lock()
        self._process = os.getpid()
        self._accepted = 0
        self._narrowed_at: timedelta | None = None
        self._refusals = 0
        self._closed_until = timedelta()

    def take(self, until: timedelta, *, fresh: bool = False) -> Session | Outcome:
        """A connection that can be trusted with a message, or the Outcome that says why there is none."""
        while not fresh and (session := self._pop()) is not None:
            if session.fit(until):
                return session
            session.leave()
        return self._open(until)

    def give(self, session: Session) -> None:
        """Keep a connection for later; one too many, or of no use any more, is let go."""
        if not session.usable:
            return session.drop()
        with self._lock:
            wanted = len(self._idle) < self.width
            if wanted:
                self._idle.append(session)
        return None if wanted else session.leave()

    def note(self, outcome: Outcome) -> None:
        """Take an Outcome into account: narrower after trouble with the relay, wider after long peace."""
        with self._lock:
            if outcome.verdict is Verdict.ACCEPTED:
                self._accepted += 1
                if self._accepted % WIDEN_AFTER == 0 and self.width < self.relay.connections:
                    self.width += 1
            elif outcome.reach is Reach.TRANSPORT:
                self._narrow()

    def close(self) -> None:
        while (session := self._pop()) is not None:
            session.leave()

    def _pop(self) -> Session | None:
        if self._process != os.getpid():  # after a fork: another thread of the parent may have held the lock
            self._lock, self._process = threading.Lock(), os.getpid()
        with self._lock:
            return self._idle.pop() if self._idle else None

    def _open(self, until: timedelta) -> Session | Outcome:
        rest = self._closed_until - elapsed()
        if rest > timedelta():
            return Outcome(
                verdict=Verdict.DEFERRED,
                reason=f"connect: the relay refused the last {self._refusals}; none is tried for a while",
                reach=Reach.TRANSPORT,
                retry_after=rest,
            )
        opened = Session.open(self.relay, until)
        with self._lock:
            if isinstance(opened, Session):
                self._refusals = 0
            else:
                self._closed_until = elapsed() + min(
                    self.relay.back_off * 2 ** min(self._refusals, 20), LONGEST_BACK_OFF
                )
                self._refusals += 1
        return opened

    def _narrow(self) -> None:
        """Halve; what several connections hear at the same moment counts once."""
        self._accepted = 0
        now = elapsed()
        if self._narrowed_at is None or now - self._narrowed_at > self.relay.back_off:
            self._narrowed_at = now
            self.width = max(1, self.width // 2)
