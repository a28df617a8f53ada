"""Asks for the medium-range forecast of the regions that the stations lie in.

It decides nothing: what to ask and what the answers mean is in core.kma.midterm.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import date, datetime, timedelta

import structlog

from syndication.adapters.asking import Web
from syndication.adapters.kma.refusing import failure
from syndication.core.kma import midterm, plain_key
from syndication.core.kma.answers import Act, Refused
from syndication.core.model import Origin, Outlook, WeatherReading
from syndication.core.stations import station_named
from syndication.ports import Clock, Permanent, Transient

log = structlog.get_logger()

MIDTERM = "https://apis.data.go.kr/1360000/MidFcstInfoService"
_PRODUCT = "기상청_중기예보 조회서비스"
_AGAIN = timedelta(minutes=10)


class MidTermService:
    """Implements ports.WeatherService: the days from the fourth on. Asked only where an Edition shows them."""

    id = "kma-midterm"
    fallback = False

    def __init__(
        self,
        *,
        key: str,
        clock: Clock,
        stations: Sequence[str],
        base_url: str = MIDTERM,
        timeout: timedelta = timedelta(seconds=10),
        within: timedelta = timedelta(seconds=60),
        most_calls: int | None = 10_000,
    ) -> None:
        self._key = plain_key(key)
        self._clock = clock
        self._regions = tuple(dict.fromkeys(midterm.region_of(s) for s in map(station_named, stations) if s))
        self._web = Web(base_url, timeout=timeout, secrets=(self._key,))
        self._within = within
        self.most_calls = most_calls
        self._kept: dict[tuple[str, datetime], Outlook] = {}
        self._late = False

    @property
    def calls(self) -> int:
        return self._web.calls

    def read(self, stations: Sequence[str], on: date, *, at_most: int | None = None) -> WeatherReading:
        """The newest issue of each region; where it is late, the one before. Raises the first trouble when nothing
        came."""
        now, until = self._clock.now(), time.monotonic() + self._within.total_seconds()
        told: list[Outlook] = []
        troubles: list[Transient | Permanent] = []
        for region in self._regions[: None if at_most is None else at_most // 2]:
            try:
                told.append(self._region(region, now, until))
            except (Transient, Permanent) as trouble:
                troubles.append(trouble)
                if isinstance(trouble, Permanent) or trouble.retry_after:
                    break
        if not told:
            raise troubles[0] if troubles else Transient("no region of the medium range is asked for")
        self._late = bool(troubles) or any(o.issued_at < midterm.newest_issue(now) for o in told)
        if troubles:
            log.warning("medium range incomplete", troubles=sorted({str(t) for t in troubles}))
        return WeatherReading(origin=Origin.KMA, source_id=self.id, fetched_at=now, outlooks=tuple(told))

    def next_check(self, now: datetime) -> datetime:
        return now + _AGAIN if self._late else midterm.next_issue(now)

    def _region(self, region: str, now: datetime, until: float) -> Outlook:
        issue = midterm.newest_issue(now)
        try:
            return self._issue(region, issue, until)
        except Refused as refused:
            if refused.act is not Act.ONE_SLOT_BACK:
                raise failure(refused, now, product=_PRODUCT) from None
        try:
            return self._issue(region, midterm.issue_before(issue), until)
        except Refused as refused:
            raise failure(refused, now, product=_PRODUCT) from None

    def _issue(self, region: str, issue: datetime, until: float) -> Outlook:
        kept = self._kept.get((region, issue))
        if kept is not None:
            return kept
        query = {"serviceKey": self._key, **midterm.parameters(region, issue)}
        answer = self._web.get(f"/{midterm.CALL}", query, until=until)
        try:
            outlook = midterm.read_outlook(answer.body, region=region, issue=issue, status=answer.status)
        except Refused as refused:
            raise Refused(self._web.told(refused.said), refused.act, refused.code) from None
        self._kept = {k: v for k, v in self._kept.items() if k[1] > issue - timedelta(days=1)} | {
            (region, issue): outlook
        }
        return outlook
