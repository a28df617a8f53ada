"""What an Issue says about the weather: for each station the freshest observation and the forecast of its date.

It asks no service (`kma` reads those answers) and reads no pages (`widget` reads their tables).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, tzinfo

from syndication.core.model import Forecast, Observation, Origin, StationWeather, Weather, WeatherReading
from syndication.core.stations import BY_ID, station_named
from syndication.core.widget import KMA, read_widget_line

__all__ = ["FRESH_FOR", "NONE", "WIDGET_STALE", "choose_weather", "read_widget_line", "refusal"]

FRESH_FOR = timedelta(hours=3)  # an hourly observation may come two hours late; older ones are not the morning's
NONE = "오늘 날씨 정보를 받지 못해 싣지 않았습니다."
WIDGET_STALE = "오늘 날씨 정보를 받지 못했고, 신문 지면의 날씨 표는 오늘 것으로 확인되지 않아 싣지 않았습니다."

OtherDates = Callable[[WeatherReading], Iterable[date]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Morning:
    """What the readings hold for one Issue: usable observations, best first, and the forecasts of its date."""

    observations: tuple[Observation, ...]
    forecasts: tuple[Forecast, ...]  # newest first
    refused: bool  # a page's table was there and not taken


def choose_weather(
    readings: Sequence[WeatherReading],
    *,
    stations: Sequence[str],
    on: date,
    now: datetime,
    zone: tzinfo,
    other_dates: OtherDates = lambda _: (),
    fresh_for: timedelta = FRESH_FOR,
) -> Weather:
    """The weather of the Issue of local date `on`, put together at `now`.

    `readings`: newest first, of any origin. `stations`: names wanted, in the order of printing (Edition's and
    readers' choices); none means every station there is. `zone`: the Edition's. `other_dates`: for a widget's reading
    the other local dates on which a page carried exactly its values (the store's `widget_dates`).

    Per station KMA's newest observation of the last `fresh_for` is taken; only where there is none, a page's widget
    that is proved to be of `on`, and then `last_resort` is set. `observed_at` is there when one hour holds for all.
    Without any station `note` says why."""
    morning = _morning(readings, on=on, now=now, zone=zone, other_dates=other_dates, fresh_for=fresh_for)
    chosen = tuple(_chosen(_wanted(stations, morning), morning))
    if not chosen:
        return Weather(note=WIDGET_STALE if morning.refused else NONE)
    seen = [s.observation for s in chosen if s.observation]
    hours = {o.observed_at for o in seen}
    return Weather(
        stations=chosen,
        attribution=_attribution(chosen),
        observed_at=hours.pop() if len(hours) == 1 else None,
        last_resort=any(o.origin is Origin.WIDGET for o in seen),
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
    measured = [o for r in readings if r.origin is Origin.KMA for o in _fresh(r, now, fresh_for)]
    measured.sort(key=lambda o: o.observed_at or now - fresh_for, reverse=True)
    widgets = [r for r in readings if r.origin is Origin.WIDGET and r.observations and _seen_on(r, on, now, zone)]
    usable = [r for r in widgets if refusal(r, on=on, other_dates=other_dates(r)) is None]
    printed = [o for r in usable for o in r.observations if _says_something(o)]
    forecasts = [f for r in readings for f in r.forecasts if f.on == on and (f.issued_at is None or f.issued_at <= now)]
    forecasts.sort(key=lambda f: f.issued_at.timestamp() if f.issued_at else 0.0, reverse=True)
    return _Morning(observations=(*measured, *printed), forecasts=tuple(forecasts), refused=len(usable) < len(widgets))


def _fresh(reading: WeatherReading, now: datetime, fresh_for: timedelta) -> Iterator[Observation]:
    """KMA's observations that are neither old nor of an hour to come; one without an hour counts from its fetching."""
    for seen in reading.observations:
        at = seen.observed_at or reading.fetched_at
        if _says_something(seen) and now - fresh_for <= at <= now:
            yield seen


def _says_something(seen: Observation) -> bool:
    return seen.condition is not None or seen.temperature is not None


def _seen_on(reading: WeatherReading, on: date, now: datetime, zone: tzinfo) -> bool:
    """Whether a page was looked at on the Issue's own local date: an older look is neither taken nor worth a word."""
    return reading.fetched_at <= now and reading.fetched_at.astimezone(zone).date() == on


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


def _chosen(wanted: dict[str, str], morning: _Morning) -> Iterator[StationWeather]:
    observed: dict[str, Observation] = {}
    for seen in morning.observations:
        observed.setdefault(seen.station_id or _key(seen.station or ""), seen)
    for name, key in wanted.items():
        forecast = _merged([f for f in morning.forecasts if _key(f.place) == key])
        if key in observed or forecast:
            yield StationWeather(station=name, station_id=key, observation=observed.get(key), forecast=forecast)


def _merged(forecasts: Sequence[Forecast]) -> Forecast | None:
    """The newest forecast, with what only an older one of the same date says (lows come at 02:00 and no more)."""
    if not forecasts:
        return None
    merged = forecasts[0]
    for older in forecasts[1:]:
        merged = replace(
            merged,
            low=merged.low if merged.low is not None else older.low,
            high=merged.high if merged.high is not None else older.high,
            morning=merged.morning or older.morning,
            afternoon=merged.afternoon or older.afternoon,
            rain_chance=merged.rain_chance if merged.rain_chance is not None else older.rain_chance,
        )
    return merged


def _attribution(chosen: Sequence[StationWeather]) -> str:
    """Everybody whose values are shown, in order. Values of numbered stations are KMA's, whoever printed them
    (Weather Act: passing them on takes naming the source)."""
    named = [o.attribution or KMA for s in chosen if (o := s.observation)]
    named += [f.attribution or KMA for s in chosen if (f := s.forecast)]
    return ", ".join(dict.fromkeys(named))
