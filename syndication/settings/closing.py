"""Days on which an Edition does not appear: Korean public holidays from a library, and days of the publisher's own.

It decides nothing: `core.timetable` asks whether a date is among them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from typing import Any

from syndication.settings.problems import Wrong

_FIRST_YEAR, _LAST_YEAR = 2020, 2060  # the moon's calendar is known that far
OWN = "휴간일"


class OnHolidays(StrEnum):
    """What an Edition does on public holidays."""

    PUBLISH = "publish"
    REST = "rest"


def day(value: Any) -> date:
    """A date as TOML writes it: 2026-08-14."""
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value.strip())
        except ValueError:
            raise Wrong("this is not a date", "2026-08-14") from None
    if isinstance(value, datetime) or not isinstance(value, date):
        raise Wrong("this is not a date", "2026-08-14")
    return value


def closed(on_holidays: OnHolidays, own: Iterable[date]) -> Mapping[date, str]:
    """The names of the days without an Issue, by date: holidays where the Edition rests on them, and its own."""
    holidays = korean_holidays() if on_holidays is OnHolidays.REST else {}
    return {**holidays, **{on: holidays.get(on, OWN) for on in own}}


@cache
def korean_holidays() -> Mapping[date, str]:
    """Public holidays of Korea with their substitutes, by the `holidays` package.

    What is declared at short notice (임시공휴일) comes with a newer package, or by hand among an Edition's own days."""
    import holidays

    return dict(holidays.country_holidays("KR", years=range(_FIRST_YEAR, _LAST_YEAR + 1), language="ko"))
