"""Asks AirKorea for the fine dust of the provinces that the stations lie in.

It decides nothing: what the answers mean is in core.air.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import date, datetime, timedelta

import structlog

from syndication.adapters.asking import Web
from syndication.core import air
from syndication.core.kma import plain_key
from syndication.core.kma.answers import SEOUL, Act, Refused
from syndication.core.model import AirQuality, Origin, WeatherReading
from syndication.core.stations import station_named
from syndication.ports import Clock, Permanent, Transient

log = structlog.get_logger()

SERVICE = "https://apis.data.go.kr/B552584/ArpltnInforInqireSvc"
_PRODUCT = "한국환경공단_에어코리아_대기오염정보"
_READY = timedelta(minutes=20)  # after the full hour its values are there
_LATE = timedelta(minutes=10)


class AirKoreaService:
    """Implements ports.WeatherService: the medians of each province's measuring places."""

    id = "airkorea"
    fallback = False

    def __init__(
        self,
        *,
        key: str,
        clock: Clock,
        base_url: str = SERVICE,
        timeout: timedelta = timedelta(seconds=10),
        within: timedelta = timedelta(seconds=90),
        most_calls: int | None = 500,
    ) -> None:
        self._key = plain_key(key)
        self._clock = clock
        self._web = Web(base_url, timeout=timeout, secrets=(self._key,))
        self._within = within
        self.most_calls = most_calls
        self._late = True

    @property
    def calls(self) -> int:
        return self._web.calls

    def read(self, stations: Sequence[str], on: date, *, at_most: int | None = None) -> WeatherReading:
        """One call for each province, no more than so many. Raises the first trouble when nothing came."""
        now, until = self._clock.now(), time.monotonic() + self._within.total_seconds()
        provinces = tuple(dict.fromkeys(s.province for s in map(station_named, stations) if s is not None))
        told: list[AirQuality] = []
        troubles: list[Transient | Permanent] = []
        for province in provinces[:at_most]:
            try:
                told += self._province(province, now, until)
            except (Transient, Permanent) as trouble:
                troubles.append(trouble)
                if isinstance(trouble, Permanent) or trouble.retry_after:
                    break
        if not told:
            raise troubles[0] if troubles else Transient("AirKorea told none of the provinces")
        if troubles:
            log.warning("fine dust incomplete", troubles=sorted({str(t) for t in troubles}))
        self._late = bool(troubles) or min(a.measured_at for a in told) < _hour(now)
        return WeatherReading(origin=Origin.AIRKOREA, source_id=self.id, fetched_at=now, air=tuple(told))

    def next_check(self, now: datetime) -> datetime:
        """A little after the next full hour; soon where a province is late."""
        return now + _LATE if self._late else _hour(now) + timedelta(hours=1) + _READY

    def _province(self, province: str, now: datetime, until: float) -> list[AirQuality]:
        query = {"serviceKey": self._key, **air.parameters(province)}
        answer = self._web.get(f"/{air.CALL}", query, until=until)
        try:
            places = air.read_places(answer.body, status=answer.status)
        except Refused as refused:
            raise self._failure(refused, now) from None
        quality = air.of_province(places, province)
        return [quality] if quality is not None and quality.measured_at <= now else []

    def _failure(self, refused: Refused, now: datetime) -> Transient | Permanent:
        said = f"AirKorea: {self._web.told(str(refused))}"
        if refused.act is Act.NEXT_DAY:
            midnight = (now.astimezone(SEOUL) + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
            return Transient(said, retry_after=midnight - now)
        if refused.act in (Act.OPERATOR, Act.NEVER):
            return Permanent(f"{said}; subscribe to {_PRODUCT} with this key at data.go.kr")
        return Transient(said)


def _hour(now: datetime) -> datetime:
    """The newest full hour whose values should be there."""
    return (now - _READY).astimezone(SEOUL).replace(minute=0, second=0, microsecond=0)
