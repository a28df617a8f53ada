"""Asks the Korea Meteorological Administration for observations and forecasts over HTTP.

It decides nothing about the weather: what to ask and what the answers mean is in core.kma.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from datetime import time as wall_time
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import httpcore
import httpx
import structlog

from syndication.core import kma
from syndication.core.kma import Base, Call
from syndication.core.kma.answers import SEOUL, Act, Item, Page, Refused, read_page
from syndication.core.model import Forecast, Observation, Origin, WeatherReading
from syndication.core.stations import Station, station_named
from syndication.ports import Clock, Permanent, Transient

log = structlog.get_logger()

SERVICE = "https://apis.data.go.kr/1360000/VilageFcstInfoService_2.0"
SOURCE_ID = "kma"
_ROWS = 1000
_MOST_PAGES = 20
_KEPT_ANSWERS = 512
_ADVICE: Mapping[str | None, str] = {
    "12": "the address of the service is not known there",
    "20": "subscribe to 기상청_단기예보 조회서비스 with this key at data.go.kr",
    "21": "the key is blocked for now: see data.go.kr",
    "30": "put the key in as data.go.kr shows it and subscribe to 기상청_단기예보 조회서비스 with it",
    "31": "the subscription has ended: renew it at data.go.kr",
    "32": "register this machine's address for the key at data.go.kr",
}

_Cell = tuple[int, int]


class KmaService:
    """Implements ports.WeatherService.

    `key` in either form that the portal shows; `key_name` is authKey at the API Hub's mirror. `timeout` bounds one
    answer, `within` a whole reading. Answers to one issue and cell never change, so each is asked for once; after
    the daily quota is used up nothing is asked until the next day in Seoul.
    """

    def __init__(
        self,
        *,
        key: str,
        clock: Clock,
        base_url: str = SERVICE,
        key_name: str = "serviceKey",
        timeout: timedelta = timedelta(seconds=10),
        within: timedelta = timedelta(seconds=90),
        max_bytes: int = 4_000_000,
    ) -> None:
        self._key = kma.plain_key(key)
        self._key_name = key_name
        self._clock = clock
        self._web = _Web(base_url.rstrip("/"), timeout, max_bytes)
        self._within = within
        self._answers: dict[tuple[Call, Base, _Cell], tuple[Item, ...]] = {}
        self._stopped_until: datetime | None = None

    def read(self, stations: Sequence[str], on: date) -> WeatherReading:
        """What is known about the stations whose names are known; a station that nothing came for is left out.

        Raises Transient or Permanent when nothing came for any of them.
        """
        places = self._places(stations)
        now = self._clock.now()
        if self._stopped_until is not None and now < self._stopped_until:
            raise Transient("the daily quota of the KMA key is used up", retry_after=self._stopped_until - now)
        asking = _Asking(now=now, on=on, until=time.monotonic() + self._within.total_seconds())
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
            raise asking.failure(self._stopped_until)
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
            tomorrow = now.astimezone(SEOUL).date() + timedelta(days=1)
            self._stopped_until = datetime.combine(tomorrow, wall_time.min, SEOUL)

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
        words = urlencode({self._key_name: self._key, **query}, quote_via=quote, safe="")
        try:
            status, body = self._web.get(f"/{call}?{words}", until=asking.until)
            return read_page(body, status=status)
        except Refused as refused:
            if more and refused.act is Act.ONE_SLOT_BACK:
                return Page(items=(), total=None)  # beyond the last page there are no data
            # a gateway may repeat what it was sent
            raise Refused(self._without_key(refused.said), refused.act, refused.code) from None

    def _without_key(self, text: str) -> str:
        for form in (self._key, quote(self._key, safe="")):
            text = text.replace(form, "***") if form else text
        return text


@dataclass(slots=True)
class _Asking:
    """One reading while it is put together."""

    now: datetime
    on: date
    until: float  # on the monotonic clock
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
        grave = next((t for t in self.troubles if isinstance(t, Permanent)), None)
        refused = [t for t in self.troubles if isinstance(t, Refused)]
        for act in (Act.OPERATOR, Act.NEVER):
            grave = grave or next((_told(t) for t in refused if t.act is act), None)
        if grave is not None:
            return grave
        words = next((str(t) for t in self.troubles), "KMA gave no values")
        return Transient(words, retry_after=stopped_until - self.now if stopped_until else None)


def _told(refused: Refused) -> Permanent:
    advice = _ADVICE.get(refused.code)
    return Permanent(f"KMA refused: {refused}" + (f"; {advice}" if advice else ""))


# --- HTTP ------------------------------------------------------------------------------------


class _Web:
    """GETs from one base address, within size and time, without redirects; what it says names no query.

    Below httpx's client on purpose: that one logs every URL, and here the key is part of it.
    """

    def __init__(self, base_url: str, timeout: timedelta, max_bytes: int) -> None:
        if urlsplit(base_url).scheme not in ("http", "https"):
            raise ValueError(f"the address of KMA's service must begin with https://, not {base_url[:60]!r}")
        self._base_url = base_url
        self._host = urlsplit(base_url).hostname
        self._timeout = timeout.total_seconds()
        self._max_bytes = max_bytes
        self._tls = httpx.create_ssl_context(trust_env=False)

    def get(self, path: str, *, until: float) -> tuple[int, bytes]:
        """Status and body. Raises Transient, or Permanent for a redirect and what is too large."""
        network = _TimedNetwork(min(until, time.monotonic() + self._timeout))
        pool = httpcore.ConnectionPool(ssl_context=self._tls, network_backend=network, max_connections=1)
        headers = [("Accept", "application/json"), ("Accept-Encoding", "identity"), ("Connection", "close")]
        try:
            with pool, pool.stream("GET", self._base_url + path, headers=headers) as answer:
                if 300 <= answer.status < 400:
                    raise Permanent(f"{self._host} redirects elsewhere (HTTP {answer.status}): check its address")
                return answer.status, self._body(answer.iter_stream())
        except (httpcore.TimeoutException, TimeoutError):
            raise Transient(f"{self._host} took too long") from None
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
            raise Transient(f"{self._host} could not be read: {type(error).__name__}") from None

    def _body(self, chunks: Iterable[bytes]) -> bytes:
        body = bytearray()
        for chunk in chunks:
            body += chunk
            if len(body) > self._max_bytes:
                raise Permanent(f"{self._host} sent more than {self._max_bytes:,} bytes")
        return bytes(body)


class _TimedNetwork(httpcore.NetworkBackend):
    """Connections whose every step ends by one deadline, however slowly the far side drips."""

    def __init__(self, until: float) -> None:
        self._until = until
        self._plain = httpcore.SyncBackend()

    def left(self) -> float:
        rest = self._until - time.monotonic()
        if rest <= 0:
            raise httpcore.ReadTimeout
        return rest

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        return _TimedStream(self._plain.connect_tcp(host, port, self.left(), local_address, socket_options), self)


class _TimedStream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, network: _TimedNetwork) -> None:
        self._stream = stream
        self._network = network

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._network.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._network.left())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _TimedStream(self._stream.start_tls(ssl_context, server_hostname, self._network.left()), self._network)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
