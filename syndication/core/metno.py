"""Reads MET Norway's Locationforecast: the forecast of a place where the Korean service gave none.

It opens no connection. Locationforecast 2.0, https://api.met.no/weatherapi/locationforecast/2.0/documentation
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo

from syndication.core.model import Forecast, Origin

ATTRIBUTION = "MET Norway (CC BY 4.0)"  # the licence asks to be named beside what is shown
_COLDEST, _HOTTEST = -70.0, 60.0
_NIGHT, _DAY = range(3, 8), range(12, 17)  # the hours of which all must be told for a low, for a high
_MORNING, _AFTERNOON = range(6, 12), range(12, 24)
_WHEN = re.compile(r"_(?:day|night|polartwilight)$")

# The 41 symbols of https://nrkno.github.io/yr-weather-symbols/, two of them misspelled for ever.
_SKY = {"clearsky": "맑음", "fair": "구름조금", "partlycloudy": "구름많음", "cloudy": "흐림", "fog": "안개"}
_FALLING = {
    "rain": "비",
    "rainshowers": "소나기",
    "sleet": "비/눈",
    "sleetshowers": "비/눈",
    "snow": "눈",
    "snowshowers": "눈",
}
_STORM = "뇌우"
_HEAVINESS = ("light", "", "heavy")
WORDS: Mapping[str, str] = (
    _SKY
    | {heavy + base: word for base, word in _FALLING.items() for heavy in _HEAVINESS}
    | {f"{heavy}{base}andthunder": _STORM for base in _FALLING for heavy in _HEAVINESS}
    | {"lightssleetshowersandthunder": _STORM, "lightssnowshowersandthunder": _STORM}
)
_WEIGHT = {word: n for n, word in enumerate((*_SKY.values(), *dict.fromkeys(_FALLING.values()), _STORM))}


class Unreadable(Exception):
    """An answer that is no forecast."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One instant of a forecast and what the time after it brings, up to the next step."""

    at: datetime
    temperature: float | None
    sky: str | None
    chance: int | None  # of precipitation, per cent; told for few places only


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """A whole answer: its steps in order, and when the model's result came out."""

    steps: tuple[Step, ...]
    updated_at: datetime | None


def read_ahead(body: bytes) -> Ahead:
    """The steps of an answer. Raises Unreadable. The last steps of a model lack next_1_hours."""
    try:
        tree = json.loads(body)
    except (ValueError, RecursionError):
        raise Unreadable("the answer is not readable JSON") from None
    series = _at(tree, "properties", "timeseries")
    steps = [step for raw in (series if isinstance(series, list) else []) if (step := _step(raw)) is not None]
    if not steps:
        raise Unreadable("the answer holds no forecast")
    updated = _instant(_at(tree, "properties", "meta", "updated_at"))
    return Ahead(steps=tuple(sorted(steps, key=lambda s: s.at)), updated_at=updated)


def forecast(ahead: Ahead, *, place: str, on: date, zone: tzinfo) -> Forecast | None:
    """What the steps tell of a local date; None when nothing.

    A low only where the small hours are told, a high only where the early afternoon is: the rest of a day has other
    extremes than the day."""
    hours = [(step.at.astimezone(zone).hour, step) for step in ahead.steps if step.at.astimezone(zone).date() == on]
    warmth = [(hour, s.temperature) for hour, s in hours if s.temperature is not None]
    chances = [s.chance for _, s in hours if s.chance is not None]
    low = min((t for _, t in warmth), default=None) if _covers(warmth, _NIGHT) else None
    high = max((t for _, t in warmth), default=None) if _covers(warmth, _DAY) else None
    morning, afternoon = _word(hours, _MORNING), _word(hours, _AFTERNOON)
    if low is None and high is None and morning is None and afternoon is None:
        return None
    return Forecast(
        place=place,
        on=on,
        low=low,
        high=high,
        morning=morning,
        afternoon=afternoon,
        rain_chance=max(chances, default=None),
        issued_at=ahead.updated_at,
        origin=Origin.METNO,
        attribution=ATTRIBUTION,
    )


def sky_word(symbol: str) -> str | None:
    """The Korean word for a symbol_code with or without its time of day; None for one that is not known."""
    return WORDS.get(_WHEN.sub("", symbol))


def _covers(warmth: Sequence[tuple[int, float]], hours: range) -> bool:
    return set(hours) <= {hour for hour, _ in warmth}


def _word(hours: Iterable[tuple[int, Step]], of: range) -> str | None:
    """What falls, if anything does, else the most frequent sky; of equals the greyer one."""
    known = Counter(step.sky for hour, step in hours if hour in of and step.sky)
    falling = Counter({word: n for word, n in known.items() if word not in _SKY.values()})
    counted = falling or known
    return max(counted, key=lambda word: (counted[word], _WEIGHT[word])) if counted else None


def _step(raw: object) -> Step | None:
    at = _instant(_at(raw, "time"))
    if at is None:
        return None
    symbols = [s for s in _next(raw, "summary", "symbol_code") if isinstance(s, str)]
    chances = [c for c in map(_finite, _next(raw, "details", "probability_of_precipitation")) if c is not None]
    temperature = _finite(_at(raw, "data", "instant", "details", "air_temperature"))
    return Step(
        at=at,
        temperature=temperature if temperature is not None and _COLDEST < temperature < _HOTTEST else None,
        sky=sky_word(symbols[0]) if symbols else None,
        chance=round(chances[0]) if chances and 0 <= chances[0] <= 100 else None,
    )


def _next(raw: object, *path: str) -> Iterator[object]:
    """The values of the nearest period, for as far as it is told; twelve hours are too long for a half-day."""
    found = (_at(raw, "data", period, *path) for period in ("next_1_hours", "next_6_hours"))
    return (value for value in found if value is not None)


def _at(tree: object, *path: str) -> object:
    for name in path:
        tree = tree.get(name) if isinstance(tree, Mapping) else None
    return tree


def _finite(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < 1e6 and math.isfinite(value) else None


def _instant(value: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
        return at.astimezone(UTC) if at is not None and at.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None
