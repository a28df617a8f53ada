"""Collecting: polls the Sources that are due and stores what they say as Articles and weather.

It decides nothing about Issues, and one bad Source, item or file never stops the next.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

import structlog

from syndication.collecting import apis, lists
from syndication.collecting.apis import DIALECTS
from syndication.collecting.storing import NOTHING, Look, keep, says_nothing, total
from syndication.core.health import troubles
from syndication.core.model import (
    Reading,
    SetAside,
    Source,
    SourceKind,
    SourceState,
)
from syndication.core.rhythm import MEMORY
from syndication.core.sources import read_dropped, read_input
from syndication.ports import Dropped, Fetched, Folder, Permanent, Ports, Stored, Transient

log = structlog.get_logger()

LEASE = timedelta(minutes=10)  # longer than any poll: a worker that died gives its Source back after it
_FIRST_RETRY = timedelta(minutes=1)
_SLOWEST_RETRY = timedelta(hours=1)  # a site that was down all night is asked again before the morning
_SLOWEST_AFTER_REFUSAL = timedelta(hours=6)
_NEXT_PAGES = timedelta(minutes=2)  # a list that led to more than one look may follow is read on soon


class Polling(StrEnum):
    """What one look at a Source came to."""

    READ = "read"
    UNCHANGED = "unchanged"
    NOT_DUE = "not due"  # or somebody else is looking
    FAILED = "failed"
    ENDED = "ended"  # 410 Gone


@dataclass(frozen=True, slots=True, kw_only=True)
class Polled:
    """What one look at a Source came to, and what it brought."""

    COLUMNS: ClassVar[tuple[str, ...]] = (
        *("Source", "result", "new", "revised", "held", "known", "stations", "set aside", "why"),
    )

    source_id: str
    result: Polling
    new: int = 0
    revised: int = 0
    known: int = 0
    held: int = 0  # other stories in the place of known ones: they wait for the editor
    observations: int = 0
    set_aside: tuple[SetAside, ...] = ()
    warnings: tuple[str, ...] = ()
    error: str | None = None
    next_check_at: datetime | None = None

    def row(self) -> tuple[str, ...]:
        """The values of COLUMNS as text."""
        why = self.error or "; ".join(f"{a.what}: {a.reason}" for a in self.set_aside[:3])
        counts = (self.new, self.revised, self.held, self.known, self.observations, len(self.set_aside))
        return (self.source_id, self.result.value, *map(str, counts), why)


def due(ports: Ports, sources: Iterable[Source]) -> list[str]:
    """Ids of the Sources whose next check has come, the longest waiting first."""
    now = ports.clock.now()
    wanted = {source.id for source in sources if source.kind is not SourceKind.PUSH}
    states = [
        s for s in ports.store.source_states() if s.source_id in wanted and not s.ended and s.next_check_at <= now
    ]
    return [state.source_id for state in sorted(states, key=lambda s: (s.next_check_at, s.source_id))]


def fetch(ports: Ports, source: Source, *, outlet_domain: str, key: str | None = None) -> Polled:
    """Look at one Source if it is due and store what it says. Only the store's own errors come out of it.

    `key` is what an API asks for."""
    now = ports.clock.now()
    state = ports.store.take_source(source.id, now, now + LEASE)
    if state is None:
        return Polled(source_id=source.id, result=Polling.NOT_DUE)
    try:
        look = Look(ports=ports, source=source, state=state, now=now, domain=outlet_domain, key=key)
        polled, settled = _poll(look)
    except (Transient, Permanent) as error:
        polled, settled = _failed(source, state, now, str(error), error)
    ports.store.settle_source(settled)
    polled = replace(polled, next_check_at=settled.next_check_at)
    log.info(
        "source polled",
        source=source.id,
        result=polled.result.value,
        new=polled.new,
        revised=polled.revised,
        held=polled.held,
        set_aside=len(polled.set_aside),
        error=polled.error,
    )
    return polled


def troubled(ports: Ports, sources: Iterable[Source], now: datetime) -> dict[str, str]:
    """Why a morning is degraded, by the id of the Source that has ended, cannot be read or is abnormally silent."""
    return troubles(sources, ports.store.source_states(), ports.store.arrivals(now - MEMORY), now)


def silent(sources: Iterable[Source], states: Iterable[SourceState], now: datetime) -> list[str]:
    """Ids of the Sources that have ended, cannot be read, or were quiet for longer than their rhythm allows."""
    return list(troubles(sources, states, {}, now))


# --- one look --------------------------------------------------------------------------------


def _poll(look: Look) -> tuple[Polled, SourceState]:
    match look.source.kind:
        case SourceKind.FOLDER:
            return _poll_folder(look)
        case SourceKind.PAGE_LIST:
            return _poll_list(look)
        case kind if kind in DIALECTS:
            return _poll_api(look)
        case SourceKind.PUSH:
            raise Permanent(f"nothing is fetched for {look.source.id}: its articles are pushed")
    return _poll_input(look)


def _poll_input(look: Look) -> tuple[Polled, SourceState]:
    """A feed or a page."""
    source, state, now = look.source, look.state, look.now
    got = _fetched(look)
    if got.ended:
        return _ended(look)
    if got.body is None:
        followed = lists.follow(look)
        return _polled(source, Polling.UNCHANGED, followed.stored, followed.readings), _looked(look, followed.stored)
    reading = read_input(got.body, url=got.url, content_type=got.content_type, outlet=source.outlet, first_seen=now)
    if says_nothing(reading) and reading.set_aside:
        polled, failed = _failed(source, state, now, reading.set_aside[0].reason)
        return replace(polled, set_aside=reading.set_aside), failed
    stored = keep(look, reading)
    lists.watch(look, reading)
    followed = lists.follow(look)
    settled = replace(_looked(look, [stored]), etag=got.etag, last_modified=got.last_modified)
    return _polled(source, Polling.READ, [stored, *followed.stored], [reading, *followed.readings]), settled


def _fetched(look: Look) -> Fetched:
    return look.ports.fetcher.fetch(
        look.source.location,
        etag=look.state.etag,
        last_modified=look.state.last_modified,
        loopback=look.source.loopback,
    )


def _ended(look: Look) -> tuple[Polled, SourceState]:
    ended = replace(_looked(look, None), ended=True, last_error="HTTP 410: gone")
    return Polled(source_id=look.source.id, result=Polling.ENDED, error="the address is gone for good (410)"), ended


def _poll_list(look: Look) -> tuple[Polled, SourceState]:
    """A list, then the pages that it and earlier looks led to."""
    source = look.source
    got = _fetched(look)
    if got.ended:
        return _ended(look)
    found: tuple[lists.Link, ...] = ()
    if got.body is not None:
        found, why = lists.links_of(look, got)
        if why is not None:
            polled, failed = _failed(source, look.state, look.now, why)
            return polled, failed
        look.ports.store.note_links(source.id, found, look.now, due=not look.baseline)
        _weather_of(look, got)
    followed = lists.follow(look)
    settled = replace(_looked(look, followed.stored if got.body is None else [NOTHING, *followed.stored]))
    if got.body is not None:
        settled = replace(settled, etag=got.etag, last_modified=got.last_modified)
    if followed.wait is not None:
        settled = replace(settled, next_check_at=max(settled.next_check_at, look.now + followed.wait))
    elif followed.more:
        settled = replace(settled, next_check_at=min(settled.next_check_at, look.now + _NEXT_PAGES))
    unchanged = got.body is None and not followed.readings
    return _polled(
        source, Polling.UNCHANGED if unchanged else Polling.READ, followed.stored, followed.readings
    ), settled


def _weather_of(look: Look, got: Fetched) -> None:
    """The weather that the list itself carries, where it may serve."""
    if look.source.weather and got.body is not None:
        read = read_input(got.body, url=got.url, content_type=got.content_type, outlet=look.source.outlet)
        keep(look, replace(read, articles=()))


def _poll_api(look: Look) -> tuple[Polled, SourceState]:
    """A CMS by its API, from where the last look left off."""
    walked = apis.walk(look)
    if walked.ended:
        return _ended(look)
    followed = lists.follow(look)
    result = Polling.UNCHANGED if walked.cursor is None else Polling.READ
    settled = _looked(look, walked.stored or None)
    if walked.cursor is not None:
        settled = replace(settled, cursor=walked.cursor, etag=walked.etag, last_modified=walked.last_modified)
    stored, readings = [*walked.stored, *followed.stored], [*walked.readings, *followed.readings]
    return _polled(look.source, result, stored, readings), settled


def _poll_folder(look: Look) -> tuple[Polled, SourceState]:
    folder = look.ports.folders.get(look.source.id)
    if folder is None:
        raise Permanent(f"no drop folder is set up for {look.source.id}")
    taken = [_take_file(look, folder, dropped) for dropped in folder.look()]
    stored = [stored for stored, _ in taken]
    return _polled(look.source, Polling.READ, stored, [reading for _, reading in taken]), _looked(
        look, [*stored, NOTHING]
    )


def _take_file(look: Look, folder: Folder, dropped: Dropped) -> tuple[Stored, Reading]:
    """Store what one file says and put it away; a file that cannot be put away is named and found again."""
    reading = read_dropped(dropped.name, dropped.body, look.source.outlet)
    stored = NOTHING
    try:
        if says_nothing(reading):
            reading = _with_reason(reading, dropped)
            folder.set_aside(dropped, "; ".join(a.reason for a in reading.set_aside))
        else:
            stored = keep(look, reading)
            folder.done(dropped)  # after storing: what dies in between is found again and known
    except (Transient, Permanent) as error:
        left = SetAside(what=dropped.name, reason=str(error))
        reading = replace(reading, set_aside=(*reading.set_aside, left))
    return stored, reading


def _with_reason(reading: Reading, dropped: Dropped) -> Reading:
    if reading.set_aside:
        return reading
    return replace(reading, set_aside=(SetAside(what=dropped.name, reason="no article was found in it"),))


def _polled(source: Source, result: Polling, stored: Sequence[Stored], readings: Sequence[Reading]) -> Polled:
    sums = total(stored)
    return Polled(
        source_id=source.id,
        result=result,
        new=sums.new,
        revised=sums.revised,
        known=sums.known,
        held=sums.held,
        observations=sum(len(r.observations) for r in readings),
        set_aside=tuple(a for r in readings for a in r.set_aside),
        warnings=tuple(w for r in readings for w in r.warnings),
    )


# --- what polling has learnt -----------------------------------------------------------------


def _looked(look: Look, stored: Sequence[Stored] | None) -> SourceState:
    """The state after a look that worked. `stored` is None where nothing was read."""
    state, now = look.state, look.now
    return replace(
        state,
        next_check_at=now + look.source.every + spread(look.source),
        first_polled_at=state.first_polled_at or (now if stored else None),
        last_checked_at=now,
        last_ok_at=now,
        last_new_at=now if stored and total(stored).new else state.last_new_at,
        failures=0,
        last_error=None,
    )


def _failed(
    source: Source, state: SourceState, now: datetime, reason: str, error: Transient | Permanent | None = None
) -> tuple[Polled, SourceState]:
    """The state after a look that did not work: later and later, and not before the far side allows."""
    failures = state.failures + 1
    wait = retry_wait(source, failures, lasting=not isinstance(error, Transient))
    asked = error.retry_after if isinstance(error, Transient) else None
    settled = replace(
        state,
        next_check_at=now + max(wait, asked or wait) + spread(source),
        last_checked_at=now,
        failures=failures,
        last_error=reason[:500],
    )
    return Polled(source_id=source.id, result=Polling.FAILED, error=reason), settled


def retry_wait(source: Source, failures: int, *, lasting: bool) -> timedelta:
    """How long to leave a Source alone after so many failures in a row; `lasting`: time alone does not cure them."""
    first = source.every if lasting else min(_FIRST_RETRY, source.every)
    slowest = max(source.every, _SLOWEST_AFTER_REFUSAL if lasting else _SLOWEST_RETRY)
    return min(first * (1 << min(failures - 1, 12)), slowest)


def spread(source: Source) -> timedelta:
    """Up to a tenth of the Source's rhythm, always the same for one Source: so that not all are asked at once."""
    return source.every * (int(hashlib.sha256(source.id.encode()).hexdigest()[:4], 16) / 0xFFFF / 10)
