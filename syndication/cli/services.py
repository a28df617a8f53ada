"""Says how the weather services stand, for `status`.

It asks none of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from syndication.core.dates import SEOUL, short_time
from syndication.core.model import ServiceState


def weather_services(states: Iterable[ServiceState], now: datetime) -> Iterator[str]:
    """One line for each: when it answered last, when it is asked next, and what it said instead."""
    today = now.astimezone(SEOUL).date()
    for state in states:
        if state.last_ok_at is None and not state.calls:
            yield f"weather: {state.last_error or 'never asked'}"
            continue
        last = _moment(state.last_ok_at) if state.last_ok_at else "never"
        counted = f"{state.called(today):,} calls today"
        again = f"asked again {_moment(state.next_check_at)}"
        trouble = f"; failed {state.failures} times: {state.last_error}" if state.last_error else ""
        yield f"weather service {state.service}: answered {last}, {again}, {counted}{trouble}"


def _moment(at: datetime) -> str:
    local = at.astimezone(SEOUL)
    return f"{local:%m-%d} {short_time(at, SEOUL)}"
