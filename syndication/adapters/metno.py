"""Asks MET Norway for the forecast of places for which the Korean service gave none.

Its terms (https://api.met.no/doc/TermsOfService): an identifying User-Agent with a way to reach us, no call before
Expires, If-Modified-Since with the very Last-Modified, four decimals at most, no rush on the full hour. It decides
nothing: what the answers mean is in core.metno.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import structlog

from syndication.adapters.asking import Answer, Web, refuse_busy
from syndication.core.dates import SEOUL
from syndication.core.metno import Ahead, Unreadable, forecast, read_ahead
from syndication.core.model import Forecast, Origin, WeatherReading
from syndication.core.stations import Station, station_named
from syndication.ports import Clock, Permanent, Transient

log = structlog.get_logger()

SERVICE = "https://api.met.no/weatherapi/locationforecast/2.0"
_SHORTEST, _LONGEST = timedelta(minutes=10), timedelta(hours=3)
_BETWEEN = 0.1  # seconds from one call to the next: 10 a second, half of what they allow
_KEPT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """The last answer for a place."""

    ahead: Ahead
    last_modified: str | None
    expires_at: datetime


class MetnoService:
    """Implements ports.WeatherService, as a fallback. `user_agent` names the installation and its contact."""

    id = "metno"
    fallback = True
    most_calls: int | None = 5_000

    def __init__(
        self,
        *,
        user_agent: str,
        clock: Clock,
        base_url: str = SERVICE,
        timeout: timedelta = timedelta(seconds=15),
        within: timedelta = timedelta(seconds=90),
    ) -> None:
        self._clock = clock
        self._web = Web(base_url, timeout=timeout, user_agent=user_agent)
        self._within = within
        self._kept: dict[str, _Kept] = {}
        self._spread = timedelta(seconds=int(hashlib.sha256(user_agent.encode()).hexdigest()[:4], 16) % 240 + 30)
        self._next: datetime | None = None

    @property
    def calls(self) -> int:
        return self._web.calls

    def read(self, stations: Sequence[str], on: date, *, at_most: int | None = None) -> WeatherReading:
        """The forecasts of a local date in Seoul. Raises the first trouble when nothing came."""
        now, until = self._clock.now(), time.monotonic() + self._within.total_seconds()
        last_call = None if at_most is None else self.calls + at_most
        told: list[Forecast] = []
        troubles: list[Transient | Permanent] = []
        places = list({s.id: s for s in map(station_named, stations) if s is not None}.values())
        for place in places:
            if last_call is not None and self.calls >= last_call:
                break
            try:
                said = forecast(self._ahead(place, now, until).ahead, place=place.name, on=on, zone=SEOUL)
            except (Transient, Permanent) as trouble:
                troubles.append(trouble)
                if isinstance(trouble, Permanent) or trouble.retry_after:
                    break
                continue
            told += [said] if said is not None else []
        if not told:
            raise troubles[0] if troubles else Transient("MET Norway told nothing of the day")
        if troubles:
            log.warning("fallback forecast incomplete", troubles=sorted({str(t) for t in troubles}))
        self._next = min(self._kept[p.id].expires_at for p in places if p.id in self._kept)
        return WeatherReading(origin=Origin.METNO, source_id=self.id, fetched_at=now, forecasts=tuple(told))

    def next_check(self, now: datetime) -> datetime:
        """When the first answer has expired, and never sooner; a little later than that, the same for one of us."""
        soonest, latest = now + _SHORTEST, now + _LONGEST
        return min(max(self._next or soonest, soonest), latest) + self._spread

    def _ahead(self, place: Station, now: datetime, until: float) -> _Kept:
        kept = self._kept.get(place.id)
        if kept is not None and now < kept.expires_at:
            return kept
        if self._web.calls:
            time.sleep(_BETWEEN)
        since = {"If-Modified-Since": kept.last_modified} if kept and kept.last_modified else {}
        query = {"lat": f"{place.lat:.3f}", "lon": f"{place.lon:.3f}"}
        answer = self._web.get("/compact", query, until=until, headers=since)
        found = self._read(answer, kept, now)
        while len(self._kept) >= _KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[place.id] = found
        return found

    def _read(self, answer: Answer, kept: _Kept | None, now: datetime) -> _Kept:
        refuse_busy(answer, "MET Norway")
        expires = now + _lifetime(answer)
        if answer.status == 304 and kept is not None:
            return _Kept(ahead=kept.ahead, last_modified=kept.last_modified, expires_at=expires)
        if answer.status not in (200, 203):
            raise Permanent(f"MET Norway refused: HTTP {answer.status}; see api.met.no/doc/TermsOfService")
        if answer.status == 203:
            log.warning("MET Norway says that this version of its service will end")
        try:
            ahead = read_ahead(answer.body)
        except Unreadable as error:
            raise Transient(f"MET Norway: {error}") from None
        return _Kept(ahead=ahead, last_modified=answer.headers.get("last-modified"), expires_at=expires)


def _lifetime(answer: Answer) -> timedelta:
    """How long an answer holds, by its own clock: ours may be set for a rehearsal."""
    sent, expires = answer.instant("date"), answer.instant("expires")
    said = expires - sent if sent is not None and expires is not None else _SHORTEST
    return min(max(said, _SHORTEST), _LONGEST)
