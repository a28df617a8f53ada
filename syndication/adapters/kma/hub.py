"""Asks KMA's API Hub for the hours that all stations measured, and for the warnings in force: one call each.

It decides nothing: what the tables mean is in core.kma.columns.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import TypeVar

from syndication.adapters.asking import Web, refuse_busy
from syndication.adapters.kma.refusing import failure
from syndication.core.kma.answers import SEOUL, Refused
from syndication.core.kma.columns import read_alerts, read_hours
from syndication.core.model import Origin, WeatherReading
from syndication.core.stations import station_named
from syndication.ports import Clock, Transient

HUB = "https://apihub.kma.go.kr/api/typ01/url"
_READY = timedelta(minutes=8)  # after the full hour its table is there
_LATE = timedelta(minutes=4)  # where it is not, it is asked for again after this
_LOOK = timedelta(minutes=10)  # between two looks at the warnings
_MOST_CALLS = 20_000

T = TypeVar("T")


class _Hub:
    """What the two services share: a key, a clock, and a call whose refusals become the errors of ports."""

    fallback = False

    def __init__(
        self, *, key: str, clock: Clock, base_url: str = HUB, timeout: timedelta = timedelta(seconds=15)
    ) -> None:
        self._key = key.strip()
        self._clock = clock
        self._web = Web(base_url, timeout=timeout, secrets=(self._key,))
        self._timeout = timeout
        self.most_calls: int | None = _MOST_CALLS

    @property
    def calls(self) -> int:
        return self._web.calls

    def _asked(self, path: str, query: dict[str, str], read: Callable[[bytes, int], T], product: str) -> T:
        until = time.monotonic() + self._timeout.total_seconds()
        answer = self._web.get(path, query | {"authKey": self._key}, until=until)
        refuse_busy(answer, "the API Hub")
        try:
            return read(answer.body, answer.status)
        except Refused as refused:
            told = Refused(self._web.told(refused.said), refused.act, refused.code)
            raise failure(told, self._clock.now(), product=product, who="the API Hub") from None


class HubService(_Hub):
    """Implements ports.WeatherService: what every station's own instruments measured at the newest hour."""

    id = "kma-hub"
    _newest: datetime | None = None

    def read(self, stations: Sequence[str], on: date, *, at_most: int | None = None) -> WeatherReading:
        now = self._clock.now()
        wanted = {s.id for s in map(station_named, stations) if s is not None}
        hours = self._asked(
            "/kma_sfctm2.php",
            {"stn": "0", "disp": "0", "help": "0"},
            lambda body, status: read_hours(body, status=status),
            "지상관측(ASOS) 시간자료",
        )
        seen = tuple(o for o in hours if o.station_id in wanted)
        if not seen:
            raise Transient("the API Hub told none of the stations")
        self._newest = max((o.observed_at for o in seen if o.observed_at), default=None)
        return WeatherReading(origin=Origin.HUB, source_id=self.id, fetched_at=now, observations=seen)

    def next_check(self, now: datetime) -> datetime:
        """A little after the next full hour; soon where the newest hour is late."""
        hour = (now - _READY).astimezone(SEOUL).replace(minute=0, second=0, microsecond=0)
        late = self._newest is None or self._newest < hour
        return now + _LATE if late else hour + timedelta(hours=1) + _READY


class HubAlerts(_Hub):
    """Implements ports.WeatherService: the warnings in force all over the country."""

    id = "kma-alerts"

    def read(self, stations: Sequence[str], on: date, *, at_most: int | None = None) -> WeatherReading:
        now = self._clock.now()
        alerts = self._asked(
            "/wrn_now_data.php",
            {"fe": "f", "disp": "0", "help": "0"},
            lambda body, status: read_alerts(body, status=status),
            "특보자료 조회",
        )
        return WeatherReading(origin=Origin.HUB, source_id=self.id, fetched_at=now, alerts=alerts)

    def next_check(self, now: datetime) -> datetime:
        return now + _LOOK
