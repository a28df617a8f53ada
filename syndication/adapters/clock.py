"""The Clock: real time, or real time shifted so that a rehearsal begins on a chosen morning.

It tells no local time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemClock:
    """`ports.Clock` from the machine's clock, plus an offset that is zero outside rehearsals."""

    offset: timedelta = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset
