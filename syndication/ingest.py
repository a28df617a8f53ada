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

from syndication.core.health import troubles
from syndication.core.model import (
    FirstPoll,
    Found,
    Origin,
    Reading,
    SetAside,
    Source,
    SourceKind,
    SourceState,
    WeatherReading,
)
from syndication.core.rhythm import MEMORY
from syndication.core.sources import read_dropped, read_input
from syndication.ports import Dropped, Folder, Permanent, Ports, Stored, Transient

log = structlog.get_logger()

LEASE = timedelta(minutes=10)  # longer than any poll: a worker that died gives its Source back after it
_FIRST_RETRY = timedelta(minutes=1)
_SLOWEST_RETRY = timedelta(hours=1)  # a site that was down all night is asked again before the morning
_SLOWEST_AFTER_REFUSAL = timedelta(hours=6)
NOTHING = Stored(new=0, revised=0, known=0)


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

    COLUMNS: ClassVar[tuple[str, ...]] = ("Source", "result", "new", "revised", "known", "stations", "set aside", "why")

    source_id: str
    result: Polling
    new: int = 0
    revised: int = 0
    known: int = 0
    observations: int = 0
    set_aside: tuple[SetAside, ...] = ()
    warnings: tuple[str, ...] = ()
    error: str | None = None
    next_check_at: datetime | None = None

    def row(self) -> tuple[str, ...]:
        """The values of COLUMNS as text."""
        why = self.error or "; ".join(f"{a.what}: {a.reason}" for a in self.set_aside[:3])
        counts = (self.new, self.revised, self.known, self.observations, len(self.set_aside))
        return (self.source_id, self.result.value, *map(str, counts), why)


def due(ports: Ports, sources: Iterable[Source]) -> list[str]:
    """Ids of the Sources whose next check has come, the longest waiting first."""
    now = ports.clock.now()
    wanted = {source.id for source in sources}
    states = [
        s for s in ports.store.source_states() if s.source_id in wanted and not s.ended and s.next_check_at <= now
    ]
    return [state.source_id for state in sorted(states, key=lambda s: (s.next_check_at, s.source_id))]


def fetch(ports: Ports, source: Source, *, outlet_domain: str) -> Polled:
    """Look at one Source if it is due and store what it says. Only the store's own errors come out of it."""
    now = ports.clock.now()
    state = ports.store.take_source(source.id, now, now + LEASE)
    if state is None:
        return Polled(source_id=source.id, result=Polling.NOT_DUE)
    try:
        polled, settled = _poll(ports, source, state, now, outlet_domain)
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


def _poll(ports: Ports, source: Source, state: SourceState, now: datetime, domain: str) -> tuple[Polled, SourceState]:
    if source.kind is SourceKind.FOLDER:
        return _poll_folder(ports, source, state, now, domain)
    got = ports.fetcher.fetch(
        source.location, etag=state.etag, last_modified=state.last_modified, loopback=source.loopback
    )
    if got.ended:
        ended = replace(_looked(source, state, now), ended=True, last_error="HTTP 410: gone")
        return Polled(source_id=source.id, result=Polling.ENDED, error="the address is gone for good (410)"), ended
    if got.body is None:
        return Polled(source_id=source.id, result=Polling.UNCHANGED), _looked(source, state, now)
    reading = read_input(got.body, url=got.url, content_type=got.content_type, outlet=source.outlet, first_seen=now)
    if _says_nothing(reading) and reading.set_aside:
        polled, failed = _failed(source, state, now, reading.set_aside[0].reason)
        return replace(polled, set_aside=reading.set_aside), failed
    stored = _store(ports, source, state, reading, now, domain)
    settled = replace(_looked(source, state, now, stored), etag=got.etag, last_modified=got.last_modified)
    return _polled(source, stored, [reading]), settled


def _poll_folder(
    ports: Ports, source: Source, state: SourceState, now: datetime, domain: str
) -> tuple[Polled, SourceState]:
    folder = ports.folders.get(source.id)
    if folder is None:
        raise Permanent(f"no drop folder is set up for {source.id}")
    taken = [_take_file(ports, source, state, folder, dropped, now, domain) for dropped in folder.look()]
    total = _total([stored for stored, _ in taken])
    return _polled(source, total, [reading for _, reading in taken]), _looked(source, state, now, total)


def _take_file(
    ports: Ports, source: Source, state: SourceState, folder: Folder, dropped: Dropped, now: datetime, domain: str
) -> tuple[Stored, Reading]:
    """Store what one file says and put it away; a file that cannot be put away is named and found again."""
    reading = read_dropped(dropped.name, dropped.body, source.outlet)
    stored = NOTHING
    try:
        if _says_nothing(reading):
            reading = _with_reason(reading, dropped)
            folder.set_aside(dropped, "; ".join(a.reason for a in reading.set_aside))
        else:
            stored = _store(ports, source, state, reading, now, domain)
            folder.done(dropped)  # after storing: what dies in between is found again and known
    except (Transient, Permanent) as error:
        left = SetAside(what=dropped.name, reason=str(error))
        reading = replace(reading, set_aside=(*reading.set_aside, left))
    return stored, reading


def _with_reason(reading: Reading, dropped: Dropped) -> Reading:
    if reading.set_aside:
        return reading
    return replace(reading, set_aside=(SetAside(what=dropped.name, reason="no article was found in it"),))


def _says_nothing(reading: Reading) -> bool:
    return not (reading.articles or reading.teasers or reading.observations or reading.forecasts)


def _store(ports: Ports, source: Source, state: SourceState, reading: Reading, now: datetime, domain: str) -> Stored:
    """Store Articles, and the page's weather where the Source may serve as weather."""
    baseline = source.first_poll is FirstPoll.BASELINE and state.first_polled_at is None
    found = [_owned(found, source) for found in reading.articles]
    stored = ports.store.store_articles(source, found, now, domain=domain, baseline=baseline)
    if source.weather and reading.observations:
        ports.store.store_weather(
            WeatherReading(
                origin=Origin.WIDGET,
                source_id=source.id,
                fetched_at=now,
                on=reading.date_line,
                observations=reading.observations,
            )
        )
    return stored


def _owned(found: Found, source: Source) -> Found:
    """An Article with what the publisher said of its Source: rights, and section and region where it names none."""
    content = found.content
    return replace(
        found,
        content=replace(
            content,
            rights=source.rights,
            rights_holder=source.rights_holder,
            section=content.section or source.section,
            region=content.region or source.region,
        ),
    )


def _total(stored: Sequence[Stored]) -> Stored:
    return Stored(
        new=sum(s.new for s in stored), revised=sum(s.revised for s in stored), known=sum(s.known for s in stored)
    )


def _polled(source: Source, total: Stored, readings: Sequence[Reading]) -> Polled:
    return Polled(
        source_id=source.id,
        result=Polling.READ,
        new=total.new,
        revised=total.revised,
        known=total.known,
        observations=sum(len(r.observations) for r in readings),
        set_aside=tuple(a for r in readings for a in r.set_aside),
        warnings=tuple(w for r in readings for w in r.warnings),
    )


# --- what polling has learnt -----------------------------------------------------------------


def _looked(source: Source, state: SourceState, now: datetime, stored: Stored | None = None) -> SourceState:
    """The state after a look that worked."""
    return replace(
        state,
        next_check_at=now + source.every + spread(source),
        first_polled_at=state.first_polled_at or (now if stored is not None else None),
        last_checked_at=now,
        last_ok_at=now,
        last_new_at=now if stored is not None and stored.new else state.last_new_at,
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
