"""What an Issue says about the weather: whom it believes for each station, how fresh that must be, and why.

It asks no service (`kma`, `metno` and `air` read those answers) and reads no pages (`widget` reads their tables).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, tzinfo

from syndication.core.alerts import alerts_at
from syndication.core.dates import short_time
from syndication.core.kma.midterm import region_of
from syndication.core.model import (
    AirQuality,
    Alert,
    Forecast,
    Observation,
    Origin,
    Outlook,
    StationWeather,
    Weather,
    WeatherReading,
)
from syndication.core.stations import BY_ID, Station, station_named
from syndication.core.trust import believed
from syndication.core.widget import KMA, read_widget_line

__all__ = [
    "AIR_FRESH_FOR",
    "ALERTS_FRESH_FOR",
    "FRESH_FOR",
    "NONE",
    "WIDGET_STALE",
    "choose_weather",
    "explained",
    "lacking_forecast",
    "read_widget_line",
    "refusal",
]

FRESH_FOR = timedelta(hours=3)  # an hourly observation may come two hours late; older ones are not the morning's
ALERTS_FRESH_FOR = timedelta(hours=1)  # a warning may have been lifted since: without a fresh look it is not repeated
AIR_FRESH_FOR = timedelta(hours=4)  # AirKorea's hours come one to two hours late
OUTLOOK_FRESH_FOR = timedelta(hours=26)  # two issues a day; the one before may stand in
NONE = "오늘 날씨 정보를 받지 못해 싣지 않았습니다."
WIDGET_STALE = "오늘 날씨 정보를 받지 못했고, 신문 지면의 날씨 표는 오늘 것으로 확인되지 않아 싣지 않았습니다."

OtherDates = Callable[[WeatherReading], Iterable[date]]

_MEASURED = (Origin.HUB, Origin.KMA, Origin.MAP)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Morning:
    """What the readings hold for one Issue."""

    now: datetime
    observations: tuple[Observation, ...]  # usable ones, the newest hour first, then pages
    forecasts: tuple[Forecast, ...]  # of its date: KMA's newest first, then the fallback's
    alerts: tuple[Alert, ...]
    air: tuple[AirQuality, ...]  # newest first
    outlooks: tuple[Outlook, ...]  # newest first
    refused: bool  # a page's table was there and not taken
    why: tuple[str, ...]


def choose_weather(
    readings: Sequence[WeatherReading],
    *,
    stations: Sequence[str],
    on: date,
    now: datetime,
    zone: tzinfo,
    other_dates: OtherDates = lambda _: (),
    fresh_for: timedelta = FRESH_FOR,
    outlook_at: Sequence[str] = (),
) -> Weather:
    """The weather of the Issue of local date `on`, put together at `now`.

    `readings`: newest first, of any origin. `stations`: names wanted, in the order of printing (Edition's and
    readers' choices); none means every station there is. `zone`: the Edition's. `other_dates`: for a widget's reading
    the other local dates on which a page carried exactly its values (the store's `widget_dates`). `outlook_at`: names
    of stations whose regions' medium-range forecast is wanted.

    Per station the measurements of the last `fresh_for` are weighed by `core.trust`; only where there is none, a
    page's widget that is proved to be of `on` stands in, and then `last_resort` is set. `observed_at` is there when
    one hour holds for all. Without any station `note` says why. Every choice leaves its reason in `why`."""
    morning = _morning(readings, on=on, now=now, zone=zone, other_dates=other_dates, fresh_for=fresh_for)
    chosen = tuple(_chosen(_wanted(stations, morning), morning, zone))
    if not chosen:
        return Weather(note=WIDGET_STALE if morning.refused else NONE, why=morning.why)
    seen = [s.observation for s in chosen if s.observation]
    hours = {o.observed_at for o in seen}
    outlooks = tuple(_outlooks(outlook_at, morning, on))
    return Weather(
        stations=chosen,
        attribution=_attribution(chosen, outlooks),
        observed_at=hours.pop() if len(hours) == 1 else None,
        last_resort=any(o.origin is Origin.WIDGET for o in seen),
        outlooks=outlooks,
        why=morning.why,
    )


def refusal(reading: WeatherReading, *, on: date, other_dates: Iterable[date]) -> str | None:
    """Why a page's widget must not stand for the weather of `on`, or None when it may as a last resort.

    Pages print no hour of observation, and their tables stay frozen for weeks: only the page's own date line, and
    values that stood on no other day, speak for it."""
    if reading.on is None:
        return "the page prints no date line, so its weather table has no date"
    if reading.on != on:
        return f"the page's date line says {reading.on.isoformat()}, not {on.isoformat()}"
    elsewhere = sorted(day for day in other_dates if day != on)
    if elsewhere:
        return f"the same values stood on a page of {elsewhere[-1].isoformat()}"
    return None


def explained(weather: Weather, *, all_of_it: bool = True) -> Iterator[str]:
    """For the operator, line by line: where each shown value is from and what was not believed; without `all_of_it`
    only what is out of the ordinary."""
    yield from (f"weather: {why}" for why in weather.why)
    if weather.last_resort:
        yield "weather: no measurement came for some stations: a newspaper page stands in, and says so"
    if not weather.stations:
        yield f"weather: none ({weather.note})" if weather.note else "weather: none"
    for station in weather.stations:
        told = station.why if all_of_it else [why for why in station.why if any(mark in why for mark in _UNUSUAL)]
        told = [*told, *(f"{alert.name} for {alert.region}" for alert in station.alerts)] if all_of_it else told
        if station.air is not None and all_of_it:
            told = [*told, f"fine dust: the median of {station.air.places} places in {station.air.province}"]
        if told:
            yield f"weather of {station.station}: {'; '.join(told)}"


_UNUSUAL = ("left out", "apart", "third value", "forecast of metno")


def lacking_forecast(readings: Sequence[WeatherReading], *, stations: Sequence[str], on: date) -> tuple[str, ...]:
    """The stations (names) for which KMA has told no low, high or half-day of `on`: a fallback is asked for those."""
    told = {_key(f.place) for r in readings if r.origin is not Origin.METNO for f in r.forecasts if f.on == on}
    return tuple(name for name in dict.fromkeys(stations) if _key(name) not in told)


# --- what is usable --------------------------------------------------------------------------


def _morning(
    readings: Sequence[WeatherReading],
    *,
    on: date,
    now: datetime,
    zone: tzinfo,
    other_dates: OtherDates,
    fresh_for: timedelta,
) -> _Morning:
    measured = [o for r in readings if r.origin in _MEASURED for o in _fresh(r, now, fresh_for)]
    measured.sort(key=lambda o: o.observed_at or now - fresh_for, reverse=True)
    widgets = [r for r in readings if r.origin is Origin.WIDGET and r.observations and _seen_on(r, on, now, zone)]
    refused = [(r, why) for r in widgets if (why := refusal(r, on=on, other_dates=other_dates(r))) is not None]
    unfit = [r for r, _ in refused]
    printed = [o for r in widgets if r not in unfit for o in r.observations if _says_something(o)]
    alerts, about_alerts = _alerts(readings, now)
    return _Morning(
        now=now,
        observations=(*measured, *printed),
        forecasts=tuple(_forecasts(readings, on, now)),
        alerts=alerts,
        air=tuple(a for r in readings for a in r.air if now - AIR_FRESH_FOR <= a.measured_at <= now),
        outlooks=tuple(o for r in readings for o in r.outlooks if now - OUTLOOK_FRESH_FOR <= o.issued_at <= now),
        refused=bool(refused),
        why=(*_said_of_stale(readings, now, fresh_for, zone), *_said_of_pages(refused), *about_alerts),
    )


def _forecasts(readings: Sequence[WeatherReading], on: date, now: datetime) -> list[Forecast]:
    """KMA's, the newest issue first, before the fallback's; none of an issue to come."""
    told = [f for r in readings for f in r.forecasts if f.on == on and (f.issued_at is None or f.issued_at <= now)]
    told.sort(key=lambda f: f.issued_at.timestamp() if f.issued_at else 0.0, reverse=True)
    return sorted(told, key=lambda f: f.origin is Origin.METNO)


def _alerts(readings: Sequence[WeatherReading], now: datetime) -> tuple[tuple[Alert, ...], tuple[str, ...]]:
    """The warnings of the newest look, and why there are none where that look is old."""
    looks = [r for r in readings if r.alerts is not None and r.fetched_at <= now]
    newest = max(looks, key=lambda r: r.fetched_at, default=None)
    if newest is None or newest.alerts is None:
        return (), ()
    if newest.fetched_at < now - ALERTS_FRESH_FOR:
        return (), ("warnings left out: they were last looked at more than an hour ago and may have been lifted",)
    return newest.alerts, ()


def _fresh(reading: WeatherReading, now: datetime, fresh_for: timedelta) -> Iterator[Observation]:
    """Observations that are neither old nor of an hour to come; one without an hour counts from its fetching."""
    for seen in reading.observations:
        at = seen.observed_at or reading.fetched_at
        if _says_something(seen) and now - fresh_for <= at <= now:
            yield seen


def _says_something(seen: Observation) -> bool:
    return seen.condition is not None or seen.temperature is not None


def _seen_on(reading: WeatherReading, on: date, now: datetime, zone: tzinfo) -> bool:
    """Whether a page was looked at on the Issue's own local date: an older look is neither taken nor worth a word."""
    return reading.fetched_at <= now and reading.fetched_at.astimezone(zone).date() == on


def _said_of_stale(
    readings: Sequence[WeatherReading], now: datetime, fresh_for: timedelta, zone: tzinfo
) -> Iterator[str]:
    """A word for each origin whose newest measurement is too old."""
    for origin in _MEASURED:
        hours = [o.observed_at for r in readings if r.origin is origin for o in r.observations if o.observed_at]
        newest = max((at for at in hours if at <= now), default=None)
        if newest is not None and newest < now - fresh_for:
            yield f"{origin}: its newest hour is {_moment(newest, zone)}, too old to be this morning's"


def _said_of_pages(refused: Sequence[tuple[WeatherReading, str]]) -> Iterator[str]:
    return (f"page of {reading.source_id} refused: {why}" for reading, why in refused)


# --- station by station ----------------------------------------------------------------------


def _wanted(stations: Sequence[str], morning: _Morning) -> dict[str, str]:
    """Station number (or the name itself where no number is known) by the name to print, each station once."""
    names = stations or [*map(_name, morning.observations), *(f.place for f in morning.forecasts)]
    out: dict[str, str] = {}
    for name in names:
        if name:
            out.setdefault(_key(name), name)
    return {name: key for key, name in out.items()}


def _name(seen: Observation) -> str:
    known = BY_ID.get(seen.station_id or "")
    return seen.station or (known.name if known else "")


def _key(name: str) -> str:
    station = station_named(name)
    return station.id if station else name


def _chosen(wanted: dict[str, str], morning: _Morning, zone: tzinfo) -> Iterator[StationWeather]:
    observed: dict[str, list[Observation]] = {}
    for seen in morning.observations:
        observed.setdefault(seen.station_id or _key(seen.station or ""), []).append(seen)
    foretold: dict[str, list[Forecast]] = {}
    for told in morning.forecasts:
        foretold.setdefault(_key(told.place), []).append(told)
    for name, key in wanted.items():
        forecast, why = _merged(foretold.get(key, []), zone)
        observation, reasons = believed(observed.get(key, []), forecast, zone=zone)
        known = BY_ID.get(key)
        alerts = alerts_at(known, morning.alerts) if known else ()
        if observation or forecast or alerts:
            yield StationWeather(
                station=name,
                station_id=key,
                observation=observation,
                forecast=forecast,
                alerts=alerts,
                air=_air(known, morning),
                why=(*reasons, *why),
            )


def _air(station: Station | None, morning: _Morning) -> AirQuality | None:
    """The newest of the station's province."""
    mine = [a for a in morning.air if station is not None and a.province == station.province]
    return max(mine, key=lambda a: a.measured_at, default=None)


_PARTS = ("low", "high", "morning", "afternoon", "rain_chance")


def _merged(forecasts: Sequence[Forecast], zone: tzinfo) -> tuple[Forecast | None, tuple[str, ...]]:
    """The newest forecast, with what only an older one of the same date and origin says (lows come at 02:00 and no
    more), and where each part is from. KMA's is never mixed with a fallback's: two models are two days."""
    own = [f for f in forecasts if f.origin is not Origin.METNO] or list(forecasts)
    if not own:
        return None, ()
    merged, sources = own[0], {_issue(own[0], zone): [p for p in _PARTS if getattr(own[0], p) is not None]}
    for older in own[1:]:
        new = [p for p in _PARTS if getattr(merged, p) is None and getattr(older, p) is not None]
        if new:
            merged = replace(merged, **{part: getattr(older, part) for part in new})
            sources.setdefault(_issue(older, zone), []).extend(new)
    return merged, tuple(
        f"{', '.join(part.replace('_', ' ') for part in parts)}: {issue}" for issue, parts in sources.items() if parts
    )


def _issue(forecast: Forecast, zone: tzinfo) -> str:
    when = f" of {_moment(forecast.issued_at, zone)}" if forecast.issued_at else ""
    return f"forecast of {forecast.origin}{when}"


def _moment(at: datetime, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%m-%d} {short_time(at, zone)}"


def _outlooks(stations: Sequence[str], morning: _Morning, on: date) -> Iterator[Outlook]:
    """The newest medium-range forecast of each region that the stations lie in, from the day after `on`."""
    known = [s for s in map(station_named, stations) if s is not None]
    for region in dict.fromkeys(map(region_of, known)):
        mine = [o for o in morning.outlooks if o.region == region]
        newest = max(mine, key=lambda o: o.issued_at, default=None)
        days = tuple(day for day in newest.days if day.on > on) if newest else ()
        if newest and days:
            yield replace(newest, days=days)


def _attribution(chosen: Sequence[StationWeather], outlooks: Sequence[Outlook]) -> str:
    """Everybody whose values are shown, in order. Values of numbered stations are KMA's, whoever printed them
    (Weather Act: passing them on takes naming the source)."""
    named = [o.attribution or KMA for s in chosen if (o := s.observation)]
    named += [f.attribution or KMA for s in chosen if (f := s.forecast)]
    named += [a.attribution or KMA for s in chosen for a in s.alerts]
    named += [o.attribution or KMA for o in outlooks]
    named += [s.air.attribution for s in chosen if s.air and s.air.attribution]
    return ", ".join(dict.fromkeys(named))
