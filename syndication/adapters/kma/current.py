"""Asks for the keyless file behind KMA's own widgets. Nobody promises that it answers.

It decides nothing: what the file means is in core.kma.current.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from syndication.adapters.asking import Web, refuse_busy
from syndication.core.kma.answers import SEOUL, Refused
from syndication.core.kma.current import read_current
from syndication.core.model import Origin, WeatherReading
from syndication.core.stations import station_named
from syndication.ports import Clock, Permanent, Transient

SITE = "https://www.kma.go.kr"
_READY = timedelta(minutes=12)
_LATE = timedelta(minutes=10)


class CurrentService:
    """Implements ports.WeatherService: what the stations measured at the hour that the file names."""

    id = "kma-map"
    fallback = False
    most_calls: int | None = None

    def __init__(self, *, clock: Clock, base_url: str = SITE, timeout: timedelta = timedelta(seconds=15)) -> None:
        self._clock = clock
        self._web = Web(base_url, timeout=timeout)
        self._timeout = timeout
        self._newest: datetime | None = None

    @property
    def calls(self) -> int:
        return self._web.calls

    def read(self, stations: Sequence[str], on: date, *, at_most: int | None = None) -> WeatherReading:
        now = self._clock.now()
        until = time.monotonic() + self._timeout.total_seconds()
        answer = self._web.get("/XML/weather/sfc_web_map.xml", {}, until=until)
        refuse_busy(answer, "the keyless file")
        if answer.status in (403, 404, 410):
            raise Permanent(f"the keyless file is not there any more (HTTP {answer.status})")
        try:
            measured = read_current(answer.body, status=answer.status)
        except Refused as refused:
            raise Transient(f"the keyless file: {refused}") from None
        wanted = {s.id for s in map(station_named, stations) if s is not None}
        seen = tuple(o for o in measured if o.station_id in wanted)
        self._newest = max((o.observed_at for o in seen if o.observed_at), default=None)
        return WeatherReading(origin=Origin.MAP, source_id=self.id, fetched_at=now, observations=seen)

    def next_check(self, now: datetime) -> datetime:
        """A little after the next full hour; soon where the file stands still."""
        hour = (now - _READY).astimezone(SEOUL).replace(minute=0, second=0, microsecond=0)
        late = self._newest is None or self._newest < hour
        return now + _LATE if late else hour + timedelta(hours=1) + _READY
