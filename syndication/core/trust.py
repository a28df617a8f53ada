"""Which of several measurements of one station is believed, what others add to it, and the reason for each choice.

Freshness is `weather`'s: what comes here may all be used.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo

from syndication.core.dates import short_time
from syndication.core.model import Forecast, Observation, Origin

# Most trusted first: a station's own instruments, its cell of KMA's grid, a file without a promise, a printed page.
ORDER = (Origin.HUB, Origin.KMA, Origin.MAP, Origin.WIDGET)
SAME_HOUR = timedelta(minutes=30)
NEAR = 3.0  # ℃: a cell of 5 km and its station may differ by so much
FAR = 10.0  # ℃: one of two so far apart is broken
_ABOUT_THE_DAY = 8.0  # ℃ beyond the day's forecast low and high that a measurement may lie

_FALLS = ("비", "눈", "소나기", "진눈깨비", "빗방울", "우박", "뇌우", "천둥", "소낙", "싸락")
_BRIGHT = frozenset(("맑음", "구름조금", "구름 조금"))


def believed(
    seen: Sequence[Observation], forecast: Forecast | None, *, zone: tzinfo
) -> tuple[Observation | None, tuple[str, ...]]:
    """What is shown of a station, and why.

    The newest hour counts; of one hour the most trusted origin. Its temperature is left out where another one of that
    hour is so far off that one must be broken and neither a third nor the day's forecast decides. Its sky is
    completed by another of that hour; rain or snow that one names wins over cloud and nothing, and beside a clear sky
    the sky is unknown."""
    ordered = _of_the_newest_hour(seen)
    if not ordered:
        return None, ()
    first = ordered[0]
    temperature, about_degrees = _temperature(ordered, forecast)
    condition, about_sky = _condition(ordered)
    shown = replace(first, condition=condition, temperature=temperature)
    why = (_source(first, zone), *about_degrees, *about_sky)
    return (shown if condition is not None or temperature is not None else None), why


def falls(condition: str | None) -> bool:
    """Whether a word says that something falls from the sky."""
    return condition is not None and any(word in condition for word in _FALLS)


def _of_the_newest_hour(seen: Sequence[Observation]) -> list[Observation]:
    """The best of each origin at the newest hour, most trusted first; pages, that print no hour, only when alone."""
    dated = [o for o in seen if o.origin is not Origin.WIDGET]
    pool = dated or list(seen)
    newest = max((o.observed_at for o in pool if o.observed_at), default=None)
    best: dict[Origin, Observation] = {}
    for one in pool:
        if _same_hour(one.observed_at, newest):
            best.setdefault(one.origin, one)
    return [best[origin] for origin in ORDER if origin in best]


def _same_hour(at: datetime | None, newest: datetime | None) -> bool:
    return newest is None or (at is not None and newest - at <= SAME_HOUR)


def _temperature(ordered: Sequence[Observation], forecast: Forecast | None) -> tuple[float | None, tuple[str, ...]]:
    told = [(o.origin, o.temperature) for o in ordered if o.temperature is not None]
    if not told:
        return None, ()
    origin, first = told[0]
    others = [(o, t) for o, t in told[1:] if abs(t - first) > NEAR]
    why = [] if origin is ordered[0].origin else [f"temperature: {origin}, because {ordered[0].origin} told none"]
    why += [f"{o} says {t:.1f} ℃, {abs(t - first):.1f} ℃ apart from {origin}" for o, t in others]
    if not any(abs(t - first) > FAR for _, t in others):
        return first, tuple(why)
    right = _agreed(told, forecast)
    if right is None:
        return None, (*why, "temperature left out: nothing says which of them is broken")
    return right[1], (*why, f"temperature: {right[0]}, which a third value bears out")


def _agreed(told: Sequence[tuple[Origin, float]], forecast: Forecast | None) -> tuple[Origin, float] | None:
    """The most trusted value that another one or the day's forecast bears out while it does not bear out the rest."""
    for origin, value in told:
        if any(o is not origin and abs(t - value) <= NEAR for o, t in told):
            return origin, value
    likely = [(origin, value) for origin, value in told if _within(value, forecast)]
    return likely[0] if len(likely) == 1 else None


def _within(value: float, forecast: Forecast | None) -> bool:
    if forecast is None or forecast.low is None or forecast.high is None:
        return False
    return forecast.low - _ABOUT_THE_DAY <= value <= forecast.high + _ABOUT_THE_DAY


def _condition(ordered: Sequence[Observation]) -> tuple[str | None, tuple[str, ...]]:
    told = [(o.origin, o.condition) for o in ordered if o.condition]
    if not told:
        return None, ("sky: nobody told it",)
    falling = next(((o, c) for o, c in told if falls(c)), None)
    if falling is None:
        return told[0][1], tuple(_from(told[0], ordered))
    bright = next(((o, c) for o, c in told if c in _BRIGHT), None)
    if bright is not None:
        return None, (f"sky left out: {falling[0]} says {falling[1]}, {bright[0]} says {bright[1]}",)
    return falling[1], tuple(_from(falling, ordered))


def _from(told: tuple[Origin, str | None], ordered: Sequence[Observation]) -> Iterator[str]:
    if told[0] is not ordered[0].origin:
        yield f"sky: {told[0]}, because {ordered[0].origin} told {ordered[0].condition or 'none'}"


def _source(seen: Observation, zone: tzinfo) -> str:
    if seen.origin is Origin.WIDGET:
        return "printed on a newspaper page of the day, at an unknown hour"
    when = short_time(seen.observed_at, zone) if seen.observed_at else "an unknown hour"
    return f"measured at {when}: {seen.origin}"
