"""The ports in memory: for tests, `try`, and whoever wants to understand a port by its smallest adapter.

Nothing here lasts or reaches the network.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

from syndication.adapters.memory.desk import MemoryWishes
from syndication.adapters.memory.feeds import MemoryFeeds
from syndication.adapters.memory.mailer import ACCEPTED
from syndication.adapters.memory.mailer import MemoryMailer as MemoryMailer
from syndication.adapters.memory.news import MemoryNews
from syndication.adapters.memory.outbox import MemoryOutbox
from syndication.adapters.memory.pictures import MemoryDarkroom as MemoryDarkroom
from syndication.adapters.memory.pictures import MemoryPictures
from syndication.adapters.memory.proposals import MemoryProposals
from syndication.adapters.memory.rows import Rows
from syndication.adapters.memory.telling import MemoryTellings
from syndication.core.model import Outcome, Verdict
from syndication.ports import Dropped, Fetched, Outrun, Permanent, Push


class MemoryStore(MemoryOutbox, MemoryWishes, MemoryProposals, MemoryNews, MemoryFeeds, MemoryTellings, MemoryPictures):
    """A `ports.Store` in one process."""

    def __init__(self, rows: Rows | None = None) -> None:
        self.rows = rows or Rows()

    def close(self) -> None:
        """There is nothing to let go of."""


@dataclass(slots=True)
class FixedClock:
    """A Clock that stands until it is moved."""

    at: datetime

    def now(self) -> datetime:
        return self.at

    def move(self, by: timedelta) -> None:
        self.at += by


@dataclass(slots=True)
class MemoryFetcher:
    """Answers from a table; an unknown URL is a 404."""

    answers: dict[str, Fetched | Exception] = field(default_factory=dict)

    def fetch(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        loopback: bool = False,
        authorization: str | None = None,
    ) -> Fetched:
        answer = self.answers.get(url, Permanent(f"{url} answered 404", status=404))
        if isinstance(answer, Exception):
            raise answer
        if etag is not None and etag == answer.etag:
            return Fetched(url=answer.url, body=None, etag=etag)
        return answer


@dataclass(slots=True)
class MemoryFolder:
    files: list[Dropped] = field(default_factory=list)
    finished: list[Dropped] = field(default_factory=list)
    refused: list[tuple[Dropped, str]] = field(default_factory=list)

    def look(self) -> Sequence[Dropped]:
        return list(self.files)

    def done(self, dropped: Dropped) -> None:
        self.files.remove(dropped)
        self.finished.append(dropped)

    def set_aside(self, dropped: Dropped, reason: str) -> None:
        self.files.remove(dropped)
        self.refused.append((dropped, reason))


@dataclass(slots=True)
class MemoryPortal:
    pushed: list[Push] = field(default_factory=list)
    answers: Mapping[str, Outcome] = field(default_factory=dict)  # by Partner id

    def push(self, push: Push) -> Outcome:
        outcome = self.answers.get(push.partner_id, ACCEPTED)
        if outcome.verdict is Verdict.ACCEPTED:
            self.pushed.append(push)
        return outcome


@dataclass(slots=True)
class MemoryPublisher:
    files: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    changed: dict[str, datetime] = field(default_factory=dict)
    now: Callable[[], datetime] | None = None  # without it nobody is told when a file changed
    marks: dict[str, str] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def publish(
        self, path: str, body: bytes, content_type: str, *, over: str | None = None, lasting: bool = False
    ) -> bool:
        with self.lock:
            if self.files.get(path, (None, ""))[0] == body:
                return False
            if over is not None and over != self.mark(path):
                raise Outrun(f"{path} was replaced meanwhile")
            self.files[path] = (body, content_type)
            self.marks[path] = str(int(self.mark(path) or 0) + 1)
            if self.now is not None:
                self.changed[path] = self.now()
            return True

    def mark(self, path: str) -> str:
        return self.marks.get(path, "")

    def digest(self, path: str) -> str | None:
        body = self.read(path)
        return None if body is None else hashlib.sha256(body).hexdigest()

    def read(self, path: str) -> bytes | None:
        return self.files[path][0] if path in self.files else None

    def changed_at(self, path: str) -> datetime | None:
        return self.changed.get(path)

    def try_out(self) -> None:
        """There is always room."""
