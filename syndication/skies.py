"""Collecting the weather: asks each weather service when it is due and stores what it tells.

It decides nothing about an Issue's weather (`core.weather` does), and one failing service never stops the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

import structlog

from syndication.core.dates import SEOUL
from syndication.core.model import ServiceState, WeatherReading
from syndication.core.weather import lacking_forecast
from syndication.ports import Permanent, Ports, Setup, Transient, WeatherService

log = structlog.get_logger()

LEASE = timedelta(minutes=5)  # longer than any reading: a worker that died gives its service back after it
NONE_SET_UP = "no weather service is set up: digests show only what pages print ([weather] in publisher.toml)"
_NONE = "none"  # the row that says that we have said so
_FIRST_RETRY, _SLOWEST_RETRY = timedelta(minutes=1), timedelta(minutes=15)
_FIRST_AFTER_REFUSAL, _SLOWEST_AFTER_REFUSAL = timedelta(minutes=10), timedelta(hours=6)
_MEMORY = timedelta(hours=30)


def fetch(ports: Ports, setup: Setup) -> tuple[WeatherReading, ...]:
    """Ask every service that is due for today's weather at the publisher's stations; what came was stored.

    Services that only stand in come last and are asked only for stations that still have no forecast of the day.
    Where none is set up that is said once, and everything else goes on."""
    if not ports.weather:
        _say_once(ports)
        return ()
    now = ports.clock.now()
    told: list[WeatherReading] = []
    for service in sorted(ports.weather, key=lambda s: s.fallback):
        try:
            stations = _wanted(ports, setup, service, now)
            reading = _ask(ports, service, stations, now) if stations else None
        except Exception as error:  # one service's trouble must not stop the next; its row says "broken off"
            log.exception("weather service broke off", service=service.id, error=str(error))
            continue
        told += [reading] if reading is not None else []
    return tuple(told)


def _say_once(ports: Ports) -> None:
    """Once in an installation's life, not with every tick of every worker."""
    now = ports.clock.now()
    state = ports.store.take_weather(_NONE, now, now + LEASE)
    if state is not None:
        log.warning(NONE_SET_UP)
        ports.store.settle_weather(replace(state, next_check_at=now + timedelta(days=36500), last_error=NONE_SET_UP))


def _wanted(ports: Ports, setup: Setup, service: WeatherService, now: datetime) -> tuple[str, ...]:
    if not service.fallback:
        return setup.weather_stations
    readings = ports.store.weather_since(now - _MEMORY)
    return lacking_forecast(readings, stations=setup.weather_stations, on=_today(now))


def _ask(ports: Ports, service: WeatherService, stations: Sequence[str], now: datetime) -> WeatherReading | None:
    """One reading, stored; None when the service is not due, has no calls left today or gave nothing."""
    state = ports.store.take_weather(service.id, now, now + LEASE)
    if state is None:
        return None
    today, before = _today(now), service.calls
    left = None if service.most_calls is None else service.most_calls - state.called(today)
    if left is not None and left <= 0:
        ports.store.settle_weather(_spent(state, today, service))
        return None
    reading: WeatherReading | None = None
    settled = replace(state, next_check_at=now + _SLOWEST_RETRY, failures=state.failures + 1, last_error="broken off")
    try:
        reading = service.read(stations, today, at_most=left)
        ports.store.store_weather(reading)
        settled = _read(state, service, now)
    except (Transient, Permanent) as error:
        settled = _failed(state, error, now)
        log.warning("weather not read", service=service.id, error=str(error), again_at=str(settled.next_check_at))
    finally:
        calls = state.called(today) + service.calls - before
        ports.store.settle_weather(replace(settled, calls=calls, calls_on=today))
    if reading is not None:
        log.info("weather read", service=service.id, **_counts(reading))
    return reading


def _counts(reading: WeatherReading) -> dict[str, int]:
    return {
        "observations": len(reading.observations),
        "forecasts": len(reading.forecasts),
        "alerts": len(reading.alerts or ()),
        "air": len(reading.air),
        "outlooks": len(reading.outlooks),
    }


def _read(state: ServiceState, service: WeatherService, now: datetime) -> ServiceState:
    again = max(service.next_check(now), now + timedelta(seconds=30))
    return replace(state, next_check_at=again, last_ok_at=now, failures=0, last_error=None)


def _failed(state: ServiceState, error: Transient | Permanent, now: datetime) -> ServiceState:
    """Later and later, and not before the service allows: what only the operator can change is asked rarely."""
    lasting = isinstance(error, Permanent)
    first, slowest = (_FIRST_AFTER_REFUSAL, _SLOWEST_AFTER_REFUSAL) if lasting else (_FIRST_RETRY, _SLOWEST_RETRY)
    wait = min(first * (1 << min(state.failures, 12)), slowest)
    asked = error.retry_after if isinstance(error, Transient) else None
    return replace(
        state, next_check_at=now + max(wait, asked or wait), failures=state.failures + 1, last_error=str(error)[:500]
    )


def _spent(state: ServiceState, today: date, service: WeatherService) -> ServiceState:
    tomorrow = datetime(today.year, today.month, today.day, tzinfo=SEOUL) + timedelta(days=1)
    said = f"the {service.most_calls:,} calls of {today} are used up"
    log.warning("weather not asked", service=service.id, why=said)
    return replace(state, next_check_at=tomorrow, last_error=said)


def _today(now: datetime) -> date:
    """The day in Seoul, whose forecasts are asked for and whose quota counts."""
    return now.astimezone(SEOUL).date()
