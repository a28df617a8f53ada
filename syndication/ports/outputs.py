"""What goes to partners and to the feeds' place.

It does not build what is sent; `render` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from syndication.core.model import (
    Issue,
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
    """The place that what we publish is served from: whole files by path, each replaced at once."""

    def publish(
        self, path: str, body: bytes, content_type: str, *, over: str | None = None, lasting: bool = False
    ) -> bool:
        """Replace the file at `path` atomically, only when its bytes changed; returns whether they did.

        With `over` only while `mark(path)` is still that: raises Outrun otherwise. Of several at once who say the same
        `over` one wins, so whoever asked for the mark before reading what the bytes are made of never puts older ones
        in the place of newer ones. `lasting`: no other bytes will ever stand at this path."""
        ...

    def mark(self, path: str) -> str:
        """A word that is another one after each replacement of the file at `path`; "" while there is none."""
        ...

    def digest(self, path: str) -> str | None:
        """SHA-256 of the bytes at `path`, in hex; None when there are none."""
        ...

    def read(self, path: str) -> bytes | None: ...

    def changed_at(self, path: str) -> datetime | None:
        """When the bytes at `path` last changed; None when there are none."""
        ...

    def try_out(self) -> None:
        """See whether files can be published here. Raises Permanent or Transient, with what there is to do."""
        ...


class Invalidation(Protocol):
    def __call__(self, paths: Sequence[str]) -> None:
        """Let those who keep copies of these published paths fetch them anew. Raises Transient or Permanent."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A finished page, or a file that pages need. `lasting`: its path names exactly these bytes."""

    path: str
    body: bytes
    content_type: str
    lasting: bool = False


class Pages(Protocol):
    def __call__(self, issue: Issue) -> Sequence[Copy]:
        """The readers' page of an Issue, after the files that it needs."""
        ...
