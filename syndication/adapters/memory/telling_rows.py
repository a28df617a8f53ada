"""What the in-memory Store remembers of who was told what, as plain rows.

It has no rules but how a row begins and ends to be owed: the others are in `telling`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(slots=True, kw_only=True)
class TellingRow:
    mark: str
    told_at: datetime | None = None
    owed_since: datetime | None = None
    next_at: datetime | None = None
    taken_until: datetime | None = None
    attempts: int = 0
    reason: str | None = None

    def owe(self, now: datetime) -> None:
        self.next_at, self.owed_since, self.attempts, self.reason = now, now, 0, None

    def rest(self) -> None:
        self.next_at, self.owed_since, self.attempts, self.reason = None, None, 0, None

    @property
    def parked(self) -> bool:
        return self.next_at is None and self.reason is not None
