"""What goes to partners and to the feeds' place.

It does not build what is sent; `render` does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from syndication.core.model import (
    Outcome,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """One document for one Partner. `key` is stable across retries: the idempotency key."""

    partner_id: str
    key: str
    url: str
    secrets: tuple[str, ...]
    body: bytes
    content_type: str
    at: datetime
    sequence: int
    loopback: bool = False


class Portal(Protocol):
    def push(self, push: Push) -> Outcome: ...


class Publisher(Protocol):
    def publish(self, path: str, body: bytes, content_type: str) -> bool:
        """Replace the file at `path` atomically, only when its bytes changed; returns whether they did."""
        ...

    def read(self, path: str) -> bytes | None: ...

    def changed_at(self, path: str) -> datetime | None:
        """When the bytes at `path` last changed; None when there are none."""
        ...
