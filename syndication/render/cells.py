"""What a reader sees of the weather: one cell per station, and the line beneath that says whose values they are.

It chooses no stations and trusts no origin: `core.weather` has done both.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from syndication.core.air import coarse_grade, fine_grade
from syndication.core.alerts import part_of
from syndication.core.model import (
    AirQuality,
    Alert,
    Forecast,
    Observation,
    Origin,
    Outlook,
    OutlookDay,
    StationWeather,
    Weather,
)
from syndication.core.stations import BY_ID
from syndication.render.words import Words, forecast_degrees, observed_degrees

# The first that fits: what falls from the sky comes before what covers it.
_GLYPHS = tuple(
    (re.compile(pattern), glyph)
    for pattern, glyph in (
        ("천둥|뇌우|번개|낙뢰", "⛈️"),
        ("진눈깨비|비.*눈|눈.*비|빗방울눈날림", "🌨️"),
        ("소나기|소낙", "🌦️"),
        ("눈|우박|싸락", "🌨️"),
        ("비|빗방울|이슬", "🌧️"),
        ("안개|박무|연무|황사|먼지", "🌫️"),
        ("흐", "☁️"),
        ("구름\\s*많", "🌥️"),
        ("구름\\s*조금", "🌤️"),
        ("맑", "☀️"),
    )
)

LAST_RESORT = "기상청에서 바로 받지 못해 신문 지면의 날씨 표에서 옮긴 값입니다."


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One station as words; an empty string is left out."""

    place: str
    glyph: str
    sky: str
    temperature: str  # "-11.0", without unit; empty when it was not observed
    instead: str  # what stands where the temperature would
    details: tuple[str, ...]  # forecast lines
    remark: str  # its own hour or origin, where that differs from the common one
    alerts: tuple[str, ...] = ()  # warnings in force, the gravest first

    @property
    def lines(self) -> tuple[str, ...]:
        """The small lines beneath temperature and sky."""
        return (*self.details, self.remark) if self.remark else self.details

    @property
    def said(self) -> str:
        """All of it on one line."""
        temperature = f"{self.temperature}℃" if self.temperature else self.instead
        return " · ".join(filter(None, (*self.alerts, self.sky, temperature, *self.lines)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """The days after of one forecast region as lines."""

    region: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WeatherView:
    cells: tuple[Cell, ...]
    source: str
    warning: str  # labels a last resort
    nothing: str  # said when there are no cells, with the reason
    outlooks: tuple[Ahead, ...] = ()


def view(weather: Weather, words: Words, zone: str, *, details: bool = True) -> WeatherView:
    """The weather of an Issue in the reader's language; without `details` the forecast lines are left out."""
    own_hours = any(_own_hour(s.observation, weather) for s in weather.stations)
    return WeatherView(
        cells=tuple(_cell(s, weather, words, zone, own_hours=own_hours, details=details) for s in weather.stations),
        source=" · ".join(
            filter(
                None,
                (
                    _attribution(weather, words),
                    _hour(weather, words, zone, own_hours),
                    dust_note(weather.stations, words),
                ),
            )
        ),
        warning=words(LAST_RESORT) if weather.last_resort and not _mixed(weather) else "",
        nothing="" if weather.stations else words(weather.note or "오늘 날씨 정보를 받지 못해 싣지 않았습니다."),
        outlooks=tuple(days_ahead(outlook, words) for outlook in weather.outlooks) if weather.stations else (),
    )


def glyph(sky: str | None) -> str:
    """The picture of a sky word, or nothing for one that is not known."""
    return next((picture for pattern, picture in _GLYPHS if sky and pattern.search(sky)), "")


def _cell(
    station: StationWeather, weather: Weather, words: Words, zone: str, *, own_hours: bool, details: bool
) -> Cell:
    observation, forecast = station.observation, station.forecast
    sky = _sky(station)
    temperature = _finite(observation.temperature if observation else None)
    return Cell(
        place=station.station,
        glyph=glyph(sky),
        sky=words.sky(sky) if sky else words("관측 없음"),
        temperature="" if temperature is None else observed_degrees(temperature),
        instead=words("기온 관측 없음"),
        details=(*_details(forecast, words), *air_words(station.air, words)) if details or observation is None else (),
        remark=_remark(observation, weather, words, zone, own_hours=own_hours),
        alerts=tuple(alert_words(alert, station, words) for alert in station.alerts),
    )


def _sky(station: StationWeather) -> str | None:
    """The observed word; a forecast never stands in for a sky that was looked at and not seen."""
    return (station.observation.condition or None) if station.observation else None


def _details(forecast: Forecast | None, words: Words) -> tuple[str, ...]:
    if forecast is None:
        return ()
    chance = "" if forecast.rain_chance is None else f"{words('강수확률')} {forecast.rain_chance}%"
    return tuple(filter(None, (_range(forecast, words), _halves(forecast, words), chance)))


def _range(forecast: Forecast | None, words: Words) -> str:
    if forecast is None:
        return ""
    ends = ((words("최저"), _finite(forecast.low)), (words("최고"), _finite(forecast.high)))
    return " · ".join(f"{name} {forecast_degrees(value)}" for name, value in ends if value is not None)


def _halves(forecast: Forecast, words: Words) -> str:
    halves = ((words("오전"), forecast.morning), (words("오후"), forecast.afternoon))
    return " · ".join(f"{name} {words.sky(sky)}" for name, sky in halves if sky)


def alert_words(alert: Alert, station: StationWeather, words: Words) -> str:
    """한파주의보, with the part of a city where it is not for all of it."""
    place = BY_ID.get(station.station_id)
    part = part_of(alert, place) if place else None
    said = words.alert(alert.kind, alert.level)
    return f"{said} ({part})" if part else said


def air_words(air: AirQuality | None, words: Words) -> tuple[str, ...]:
    """A line for the grade of each size of fine dust that was measured."""
    if air is None:
        return ()
    told = []
    if air.pm10 is not None:
        told.append(f"{words('미세먼지')} {words.air(coarse_grade(air.pm10))}")
    if air.pm25 is not None:
        told.append(f"{words('초미세먼지')} {words.air(fine_grade(air.pm25))}")
    return tuple(told)


def dust_note(stations: Iterable[StationWeather], words: Words) -> str:
    """What the grades of fine dust are of; nothing where none is told."""
    return words("미세먼지는 시도별 중간값") if any(s.air for s in stations) else ""


def days_ahead(outlook: Outlook, words: Words) -> Ahead:
    return Ahead(region=outlook.region, lines=tuple(_day_ahead(day, words) for day in outlook.days))


def _day_ahead(day: OutlookDay, words: Words) -> str:
    """1월 24일(토) 오전 흐리고 비 60% · 오후 구름많음 20%; one word where both halves are alike."""
    morning, afternoon = (
        _half_ahead(sky, chance, words)
        for sky, chance in ((day.morning, day.rain_morning), (day.afternoon, day.rain_afternoon))
    )
    if morning == afternoon:
        return f"{words.day_of_week(day.on)} {morning}"
    halves = ((words("오전"), morning), (words("오후"), afternoon))
    return f"{words.day_of_week(day.on)} " + " · ".join(f"{name} {said}" for name, said in halves if said)


def _half_ahead(sky: str | None, chance: int | None, words: Words) -> str:
    return " ".join(filter(None, (words.sky(sky) if sky else "", f"{chance}%" if sky and chance is not None else "")))


def _attribution(weather: Weather, words: Words) -> str:
    return words("{who} 제공", who=weather.attribution) if weather.attribution else words("제공처 미상")


def _hour(weather: Weather, words: Words, zone: str, own_hours: bool) -> str:
    if not any(s.observation for s in weather.stations):
        return words("예보")
    if weather.observed_at:
        return words("{when} 관측", when=words.hour(weather.observed_at, zone))
    return words("관측 시각은 지점마다 표시") if own_hours else words("관측 시각 미상")


def _own_hour(observation: Observation | None, weather: Weather) -> datetime | None:
    if observation is None or observation.observed_at == weather.observed_at:
        return None
    return observation.observed_at


def _remark(observation: Observation | None, weather: Weather, words: Words, zone: str, *, own_hours: bool) -> str:
    if observation is None:
        return ""
    own = _own_hour(observation, weather)
    unknown = own_hours and observation.observed_at is None and weather.observed_at is None
    hour = words("{when} 관측", when=words.hour(own, zone)) if own else words("시각 미상") if unknown else ""
    copied = observation.origin is Origin.WIDGET and _mixed(weather)
    return " · ".join(filter(None, (hour, words("신문 지면 값") if copied else "")))


def _mixed(weather: Weather) -> bool:
    """Whether only some observations come from a newspaper page, so that one label cannot hold for all."""
    return len({s.observation.origin for s in weather.stations if s.observation}) > 1


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
