"""Asks the short-term forecast service (단기예보) for observations and forecasts, cell by cell of its grid.

It decides nothing about the weather: what to ask and what the answers mean is in core.kma.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import structlog

from syndication.adapters.asking import Web
from syndication.adapters.kma.refusing import failure, next_day
from syndication.core import kma
from syndication.core.kma import Base, Call
from syndication.core.kma.answers import Act, Item, Page, Refused, read_page
from syndication.core.model import Forecast, Observation, Origin, WeatherReading
from syndication.core.stations import Station, station_named
from syndication.ports import Clock, Permanent, Transient

log = structlog.get_logger()

VILLAGE = "https://apis.data.go.kr/1360000/VilageFcstInfoService_2.0"
SOURCE_ID = "kma"
_AGAIN = timedelta(minutes=3)  # where something was missing or late; doubled while it stays so
_SLOWEST_AGAIN = timedelta(minutes=20)
_ROWS = 1000
_MOST_PAGES = 20
_KEPT_ANSWERS = 512
_PRODUCT = "기상청_단기예보 조회서비스"

_Cell = tuple[int, int]


class KmaService:
    """Implements ports.WeatherService: the short-term forecast and the hours measured in cells of its grid.

    `key` in either form that the portal shows; `key_name` is authKey at the API Hub's mirror. `timeout` bounds one
    answer, `within` a whole reading. Answers to one issue and cell never change, so each is asked for once; after
    the daily quota is used up nothing is asked until the next day in Seoul.
    """

    id = SOURCE_ID
    fallback = False

    def __init__(
        self,
        *,
        key: str,
        clock: Clock,
        base_url: str = VILLAGE,
        key_name: str = "serviceKey",
        timeout: timedelta = timedelta(seconds=10),
        within: timedelta = timedelta(seconds=90),
        max_bytes: int = 4_000_000,
        most_calls: int | None = 10_000,
    ) -> None:
        self._key = kma.plain_key(key)
        self._key_name = key_name
        self._clock = clock
        self.most_calls = most_calls
        self._web = Web(base_url, timeout=timeout, max_bytes=max_bytes, secrets=(self._key,))
        self._incomplete = 0  # readings in a row
        self._within = within
        self._answers: dict[tuple[Call, Base, _Cell], tuple[Item, ...]] = {}
        self._stopped_until: datetime | None = None

    @property
    def calls(self) -> int:
        return self._web.calls

    def next_check(self, now: datetime) -> datetime:
        """When the next issue can be asked for; soon where one was late or a cell was missing."""
        if self._incomplete:
            return now + min(_AGAIN * (1 << min(self._incomplete - 1, 8)), _SLOWEST_AGAIN)
        return min(kma.next_issue(call, now) for call in (Call.OBSERVATION, Call.FORECAST))

    def read(self, stations: Sequence[str], on: date, *, at_most: int | None = None) -> WeatherReading:
        """What is known about the stations whose names are known; a station that nothing came for is left out.

        Raises Transient or Permanent when nothing came for any of them.
        """
        places = self._places(stations)
        now = self._clock.now()
        if self._stopped_until is not None and now < self._stopped_until:
            raise Transient("the daily quota of the KMA key is used up", retry_after=self._stopped_until - now)
        last_call = None if at_most is None else self.calls + at_most
        asking = _Asking(now=now, on=on, until=time.monotonic() + self._within.total_seconds(), last_call=last_call)
        for cell in dict.fromkeys((p.nx, p.ny) for p in places):
            here = [p for p in places if (p.nx, p.ny) == cell]
            asking.observations += self._observed(asking, cell, here)
            asking.forecasts += self._forecast(asking, cell, here)
        return self._reading(asking)

    def _places(self, names: Sequence[str]) -> list[Station]:
        found = {name: station_named(name) for name in names}
        strange = [name for name, station in found.items() if station is None]
        if strange:
            log.warning("weather stations not known", stations=strange)
        places = list({s.id: s for s in found.values() if s is not None}.values())
        if not places:
            raise Permanent(f"no weather station is known by the names {', '.join(names) or '(none)'}")
        return places

    def _reading(self, asking: _Asking) -> WeatherReading:
        if not asking.observations and not asking.forecasts:
            self._incomplete += 1
            raise asking.failure(self._stopped_until)
        self._incomplete = self._incomplete + 1 if asking.troubles else 0
        if asking.troubles:
            log.warning("weather incomplete", troubles=sorted({str(t) for t in asking.troubles}))
        return WeatherReading(
            origin=Origin.KMA,
            source_id=SOURCE_ID,
            fetched_at=asking.now,
            observations=tuple(asking.observations),
            forecasts=tuple(asking.forecasts),
        )

    # --- one cell ----------------------------------------------------------------------------

    def _observed(self, asking: _Asking, cell: _Cell, here: Sequence[Station]) -> list[Observation]:
        found = self._newest(asking, Call.OBSERVATION, cell)
        if found is None:
            return []
        items, base = found
        seen = (kma.observation(items, base, station=s.name, station_id=s.id) for s in here)
        return [o for o in seen if o is not None]

    def _forecast(self, asking: _Asking, cell: _Cell, here: Sequence[Station]) -> list[Forecast]:
        found = self._newest(asking, Call.FORECAST, cell)
        if found is None:
            return []
        items, base = found
        said = [kma.forecast(items, base, place=s.name, on=asking.on) for s in here]
        early = kma.low_high_base(asking.on, base)
        if early is not None and any(f is None or f.low is None or f.high is None for f in said):
            before = self._tried(asking, Call.FORECAST, early, cell)
            older = (kma.forecast(before or (), early, place=s.name, on=asking.on) for s in here)
            said = [kma.completed(new, old) for new, old in zip(said, older, strict=True)]
        return [f for f in said if f is not None]

    def _newest(self, asking: _Asking, call: Call, cell: _Cell) -> tuple[tuple[Item, ...], Base] | None:
        """The newest issue that is there: where it is late, the one before."""
        base = kma.newest_base(call, asking.now)
        items = self._tried(asking, call, base, cell)
        if items is None and asking.last is Act.ONE_SLOT_BACK:
            base = kma.one_back(call, base)
            items = self._tried(asking, call, base, cell)
        return None if items is None else (items, base)

    def _tried(self, asking: _Asking, call: Call, base: Base, cell: _Cell) -> tuple[Item, ...] | None:
        """The items of one issue and cell; None, with the trouble noted, when they could not be had."""
        asking.last = None
        kept = self._answers.get((call, base, cell))
        if kept is not None or asking.ended:
            return kept
        if time.monotonic() >= asking.until:
            asking.note(Transient("KMA took too long"))
            return None
        try:
            items = self._asked(asking, call, base, cell)
        except (Refused, Transient, Permanent) as trouble:
            asking.note(trouble)
            self._stop_if_spent(trouble, asking.now)
            return None
        self._keep((call, base, cell), items)
        return items

    def _stop_if_spent(self, trouble: Exception, now: datetime) -> None:
        if isinstance(trouble, Refused) and trouble.act is Act.NEXT_DAY:
            self._stopped_until = next_day(now)

    def _keep(self, key: tuple[Call, Base, _Cell], items: tuple[Item, ...]) -> None:
        while len(self._answers) >= _KEPT_ANSWERS:
            del self._answers[next(iter(self._answers))]
        self._answers[key] = items

    # --- one call ----------------------------------------------------------------------------

    def _asked(self, asking: _Asking, call: Call, base: Base, cell: _Cell) -> tuple[Item, ...]:
        """Every page of one answer. Raises Refused, Transient or Permanent."""
        found: dict[Item, None] = {}
        for page in range(1, _MOST_PAGES + 1):
            before = len(found)
            one = self._page(asking, call, kma.parameters(base, *cell, page=page, rows=_ROWS), more=before > 0)
            found.update(dict.fromkeys(one.items))
            whole = one.total is not None and len(found) >= one.total
            if whole or len(found) == before or (one.total is None and len(one.items) < _ROWS):
                return kma.answering(found, base, *cell)
        raise Refused("the answer has too many pages", Act.LATER)

    def _page(self, asking: _Asking, call: Call, query: Mapping[str, str], *, more: bool) -> Page:
        if asking.last_call is not None and self.calls >= asking.last_call:
            raise Refused("the calls that are left for today are used up", Act.NEXT_DAY, "22")
        try:
            answer = self._web.get(f"/{call}", {self._key_name: self._key, **query}, until=asking.until)
            return read_page(answer.body, status=answer.status)
        except Refused as refused:
            if more and refused.act is Act.ONE_SLOT_BACK:
                return Page(items=(), total=None)  # beyond the last page there are no data
            raise Refused(self._web.told(refused.said), refused.act, refused.code) from None


@dataclass(slots=True)
class _Asking:
    """One reading while it is put together."""

    now: datetime
    on: date
    until: float  # on the monotonic clock
    last_call: int | None = None  # the service's count of calls at which it stops
    last: Act | None = None
    ended: bool = False  # asking on would only repeat the same refusal
    observations: list[Observation] = field(default_factory=list)
    forecasts: list[Forecast] = field(default_factory=list)
    troubles: list[Exception] = field(default_factory=list)

    def note(self, trouble: Exception) -> None:
        self.troubles.append(trouble)
        self.last = trouble.act if isinstance(trouble, Refused) else None
        self.ended = self.ended or self.last in (Act.OPERATOR, Act.NEXT_DAY) or isinstance(trouble, Permanent)

    def failure(self, stopped_until: datetime | None) -> Exception:
        """What to raise when nothing came: the gravest trouble."""
        grave: Exception | None = next((t for t in self.troubles if isinstance(t, Permanent)), None)
        refused = [t for t in self.troubles if isinstance(t, Refused)]
        for act in (Act.OPERATOR, Act.NEVER):
            grave = grave or next((failure(t, self.now, product=_PRODUCT) for t in refused if t.act is act), None)
        if grave is not None:
            return grave
        words = next((str(t) for t in self.troubles), "KMA gave no values")
        return Transient(words, retry_after=stopped_until - self.now if stopped_until else None)
