"""A Postbox in memory: mails that were put into it, and what became of their marks.

It reads nothing in them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from syndication.ports import Arrived


@dataclass(slots=True)
class MemoryPostbox:
    """Mails by the order in which they came; `read` and `kept` are the names of those that were marked."""

    mails: list[Arrived] = field(default_factory=list)
    read: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)

    def put(self, message: bytes) -> None:
        self.mails.append(Arrived(message=message, name=f"1/{len(self.mails) + 1}"))

    def look(self, limit: int) -> Iterator[Arrived]:
        marked = {*self.read, *self.kept}
        yield from [mail for mail in self.mails if mail.name not in marked][:limit]

    def done(self, arrived: Arrived) -> None:
        self.read.append(arrived.name)

    def set_aside(self, arrived: Arrived) -> None:
        self.kept.append(arrived.name)

    def close(self) -> None:
        """There is no connection."""
