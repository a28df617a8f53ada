"""Observations, Forecasts and the weather of an Issue.

It does not say whom to believe; `core.weather` does.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Origin(StrEnum):
    """Where a weather value comes from, most trusted first."""

    KMA = "kma"
    WIDGET = "widget"  # printed on a newspaper page: a labelled last resort


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What one station measured. None means unknown, never clear and never zero."""

    station: str | None  # name as printed
    station_id: str | None
    condition: str | None  # the word as printed, e.g. 맑음
    temperature: float | None  # ℃
    observed_at: datetime | None  # None: the hour is unknown
    origin: Origin
    attribution: str | None  # who, as printed without 제공: 기상청


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    place: str
    on: date
    low: float | None = None
    high: float | None = None
    morning: str | None = None
    afternoon: str | None = None
    rain_chance: int | None = None  # per cent, the day's highest
    issued_at: datetime | None = None
    origin: Origin = Origin.KMA
    attribution: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WeatherReading:
    """One answer of one weather origin. `on` is the date it claims (a page's date line), if any."""

    origin: Origin
    source_id: str
    fetched_at: datetime
    on: date | None = None
    observations: tuple[Observation, ...] = ()
    forecasts: tuple[Forecast, ...] = ()

    @property
    def fingerprint(self) -> str:
        """The values without the page's date: equal on two days when a widget stood still."""
        seen = [(o.station, o.condition, o.temperature, o.observed_at) for o in self.observations]
        told = [(f.place, f.on, f.low, f.high, f.morning, f.afternoon, f.rain_chance) for f in self.forecasts]
        return hashlib.sha256(repr((seen, told)).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class StationWeather:
    """One station in an Issue: what was observed and what is forecast for the Issue's date."""

    station: str
    station_id: str
    observation: Observation | None = None
    forecast: Forecast | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """The weather of an Issue. Without stations, `note` says why there is none."""

    stations: tuple[StationWeather, ...] = ()
    attribution: str | None = None
    observed_at: datetime | None = None  # None: hour unknown
    last_resort: bool = False  # taken from a page's widget
    note: str | None = None
