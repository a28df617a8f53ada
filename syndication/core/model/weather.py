"""Observations, Forecasts, Alerts, AirQuality, Outlooks and the weather of an Issue.

It does not say whom to believe; `core.weather` does.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Origin(StrEnum):
    """Where a weather value comes from, most trusted first."""

    HUB = "kma-hub"  # the station's own measurement, from KMA's API Hub
    KMA = "kma"  # KMA's open API: a cell of the forecast grid, its forecasts
    MAP = "kma-map"  # the keyless file behind KMA's own widgets: undocumented
    METNO = "metno"  # MET Norway: a model's forecast, never an observation
    AIRKOREA = "airkorea"
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
class Alert:
    """A weather warning (특보) in force for a region, as KMA declared it."""

    kind: str  # 한파, 호우, …
    level: str  # 주의보, 경보, 중대경보; 특보 where the level is not known
    region: str  # as printed: 강릉평지, 서울동남권
    province: str | None = None  # short name: 강원
    issued_at: datetime | None = None
    effective_at: datetime | None = None
    attribution: str | None = None

    @property
    def name(self) -> str:
        """한파주의보."""
        return self.kind + self.level


@dataclass(frozen=True, slots=True, kw_only=True)
class AirQuality:
    """Fine dust of a province: the median of its measuring places in µg/m³. None: not measured."""

    province: str  # short name
    pm10: int | None
    pm25: int | None
    measured_at: datetime
    places: int  # how many places told one of the values
    attribution: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlookDay:
    """A day of the medium-range forecast. Days far off tell morning and afternoon alike. None: not told."""

    on: date
    morning: str | None = None
    afternoon: str | None = None
    rain_morning: int | None = None  # per cent
    rain_afternoon: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """The medium-range forecast (중기예보) of a forecast region."""

    region: str  # 수도권, 강원영동, …
    days: tuple[OutlookDay, ...]
    issued_at: datetime
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
    alerts: tuple[Alert, ...] | None = None  # None: it was not about them; empty: there are none
    air: tuple[AirQuality, ...] = ()
    outlooks: tuple[Outlook, ...] = ()

    @property
    def fingerprint(self) -> str:
        """The values without the page's date: equal on two days when a widget stood still."""
        seen = [(o.station, o.condition, o.temperature, o.observed_at) for o in self.observations]
        told = [(f.place, f.on, f.low, f.high, f.morning, f.afternoon, f.rain_chance) for f in self.forecasts]
        beyond = (self.alerts, self.air, self.outlooks)
        values = (seen, told) if beyond == (None, (), ()) else (seen, told, *beyond)
        return hashlib.sha256(repr(values).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceState:
    """What asking has learnt of a weather service so far (all instants UTC)."""

    service: str
    next_check_at: datetime
    last_ok_at: datetime | None = None
    failures: int = 0
    last_error: str | None = None
    calls: int = 0  # made on `calls_on`
    calls_on: date | None = None  # whose day the quota counts: Seoul's

    def called(self, on: date) -> int:
        """The calls made on a day."""
        return self.calls if self.calls_on == on else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StationWeather:
    """One station in an Issue: what was observed, what is forecast for the Issue's date, what its region warns of."""

    station: str
    station_id: str
    observation: Observation | None = None
    forecast: Forecast | None = None
    alerts: tuple[Alert, ...] = ()
    air: AirQuality | None = None
    why: tuple[str, ...] = ()  # for the operator: where each value comes from, and what was not believed


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """The weather of an Issue. Without stations, `note` says why there is none."""

    stations: tuple[StationWeather, ...] = ()
    attribution: str | None = None
    observed_at: datetime | None = None  # None: hour unknown
    last_resort: bool = False  # taken from a page's widget
    note: str | None = None
    outlooks: tuple[Outlook, ...] = ()  # only where the Edition asks for them
    why: tuple[str, ...] = ()  # for the operator: what was refused or missing, and why
