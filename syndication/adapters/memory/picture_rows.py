"""What the in-memory Store remembers of pictures, as plain rows.

It has no rules: those are in `pictures`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from syndication.core.pictures import Picture


@dataclass(slots=True, kw_only=True)
class PictureRow:
    loopback: bool
    wanted_at: datetime
    next_at: datetime | None
    taken_until: datetime | None = None
    attempts: int = 0
    reason: str | None = None
    picture: Picture | None = None
    articles: set[int] = field(default_factory=set)  # that name it

    @property
    def state(self) -> str:
        if self.picture is not None:
            return "kept"
        return "wanted" if self.next_at is not None else self.reason or "none"
