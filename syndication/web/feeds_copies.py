"""Published files ready to be sent, each in the codings that were asked for, kept in memory within a bound.

It never shows a file that has been replaced since: the place is asked with every request.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from starlette.concurrency import run_in_threadpool

from syndication.web.conditional import IDENTITY, entity_tag, http_date, packed, worth_packing
from syndication.web.feeds_places import Found, Mark, Place

Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What is said of a file besides its validators: with every answer, and only with its bytes."""

    always: Headers
    entity: Headers
    packable: bool = True


MOST_OCTETS = 64 * 1024 * 1024
_OVERHEAD = 2_000  # octets of a copy beside its bytes
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Reply:
    """A finished answer: what ASGI is told of it, and the same as the lines that go over the wire, without Date."""

    status: int
    headers: Headers
    body: bytes = b""
    lines: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        fields = b"".join(b"%b: %b\r\n" % each for each in self.headers)
        object.__setattr__(self, "lines", b"%b\r\n" % fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A file in one coding, with its finished answers."""

    mark: Mark | None
    source: bytes  # of which bytes this is the coding
    body: bytes
    etag: str
    changed_at: datetime | None  # what Last-Modified says, if it may be said
    dated_from: float  # Unix seconds
    dated: tuple[Reply, Reply]  # 200 and 304
    undated: tuple[Reply, Reply]

    def reply(self, *, same: bool) -> Reply:
        """200, or 304 for a client that has the same bytes."""
        return (self.dated if self.is_dated() else self.undated)[same]

    def is_dated(self) -> bool:
        """Whether the second in which the bytes changed is over: before, others might come under the same date."""
        return time.time() >= self.dated_from


def ready(found: Found, coding: str, label: Label) -> Ready:
    """The file in a coding, or as it is where that is not worth it."""
    coding = coding if label.packable and worth_packing(found.body) else IDENTITY
    body = packed(found.body, coding)
    etag = entity_tag(body)
    stamped = _stamped(found.changed_at)
    brief = [(b"etag", etag.encode()), *label.always]
    dated = [] if stamped is None else [(b"last-modified", http_date(stamped).encode())]
    encoding = [] if coding == IDENTITY else [(b"content-encoding", coding.encode())]
    full = [(b"content-length", str(len(body)).encode()), *encoding, *label.entity, *brief]
    return Ready(
        mark=found.mark,
        source=_digest(found.body),
        body=body,
        etag=etag,
        changed_at=stamped,
        dated_from=-math.inf if stamped is None else stamped.timestamp() + 1,  # and the server's Date is up to 1 s old
        dated=(Reply(200, [*full, *dated], body), Reply(304, [*brief, *dated])),
        undated=(Reply(200, full, body), Reply(304, brief)),
    )


def _stamped(changed_at: datetime | None) -> datetime | None:
    """The whole second after a change: whoever got the bytes before it within the same second holds an earlier date."""
    return None if changed_at is None else changed_at.replace(microsecond=0) + _SECOND


def _digest(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()


class Copies:
    """The files of a place, ready to be sent. To be used from one event loop."""

    def __init__(self, place: Place, label: Callable[[str], Label], *, most: int = MOST_OCTETS) -> None:
        self._place = place
        self._label = label
        self._most = most
        self._octets = 0
        self._kept: OrderedDict[tuple[str, str], Ready] = OrderedDict()
        self._under_way: dict[tuple[str, str], asyncio.Task[Ready | None]] = {}

    def at_hand(self, path: str, coding: str) -> Ready | None:
        """The file in a coding when it is kept and the place says at once that it still stands. Raises Transient."""
        key = (path, coding)
        kept = self._kept.get(key)
        if kept is None or kept.mark is None or not self._place.quick or self._place.mark(path) != kept.mark:
            return None
        self._kept.move_to_end(key)
        return kept

    async def current(self, path: str, coding: str) -> Ready | None:
        """The file in a coding as it stands now; None when there is none. Raises Transient.

        Whoever comes while another reads it waits for that, and then makes sure that nothing came in between."""
        key = (path, coding)
        while (others := self._under_way.get(key)) is not None:
            await asyncio.wait([others])
            kept = self.at_hand(path, coding)
            if kept is not None:
                return kept
        task = asyncio.create_task(self._fetch(path, coding))
        self._under_way[key] = task
        task.add_done_callback(lambda _: self._under_way.pop(key, None))
        return await asyncio.shield(task)

    async def _fetch(self, path: str, coding: str) -> Ready | None:
        key = (path, coding)
        kept = self._kept.get(key)
        fresh = await run_in_threadpool(self._read, path, coding, kept)
        if fresh is not kept:
            self._keep(key, fresh)
        return fresh

    def _read(self, path: str, coding: str, kept: Ready | None) -> Ready | None:
        if kept is not None and kept.mark is not None and self._place.mark(path) == kept.mark:
            return kept
        found = self._place.read(path)
        if found is None:
            return None
        if kept is not None and kept.changed_at == _stamped(found.changed_at) and kept.source == _digest(found.body):
            return replace(kept, mark=found.mark)
        return ready(found, coding, self._label(path))

    def _keep(self, key: tuple[str, str], fresh: Ready | None) -> None:
        before = self._kept.pop(key, None)
        self._octets -= _size(before)
        if fresh is None or _size(fresh) * 4 > self._most:
            return
        self._kept[key] = fresh
        self._octets += _size(fresh)
        while self._octets > self._most:
            self._octets -= _size(self._kept.popitem(last=False)[1])


def _size(kept: Ready | None) -> int:
    return 0 if kept is None else len(kept.body) + _OVERHEAD
