"""What asking the weather services has learnt, and what a reading tells beyond observations and forecasts, in SQL.

It decides nothing about when to ask.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import RowMapping, or_, select, update

from syndication.adapters.sql.base import Base, insert_new
from syndication.adapters.tables.weather import weather_service
from syndication.core.model import AirQuality, Alert, Outlook, ServiceState, WeatherReading

_BEYOND = TypeAdapter(tuple[tuple[Alert, ...] | None, tuple[AirQuality, ...], tuple[Outlook, ...]])


class WeatherStates(Base):
    def take_weather(self, service: str, now: datetime, until: datetime) -> ServiceState | None:
        free = or_(weather_service.c.taken_until.is_(None), weather_service.c.taken_until <= now)
        with self._writes() as db:
            db.execute(insert_new(db, weather_service), [{"service": service, "next_check_at": now}])
            row = (
                db.execute(
                    update(weather_service)
                    .where(weather_service.c.service == service, weather_service.c.next_check_at <= now, free)
                    .values(taken_until=until)
                    .returning(weather_service)
                )
                .mappings()
                .one_or_none()
            )
        return None if row is None else _state(row)

    def settle_weather(self, state: ServiceState) -> None:
        values = {name: getattr(state, name) for name in ServiceState.__slots__ if name != "service"}
        with self._writes() as db:
            mine = weather_service.c.service == state.service
            db.execute(update(weather_service).where(mine).values(taken_until=None, **values))

    def weather_states(self) -> Sequence[ServiceState]:
        with self._reads() as db:
            rows = db.execute(select(weather_service).order_by(weather_service.c.service)).mappings()
            return [_state(row) for row in rows]


def _state(row: RowMapping) -> ServiceState:
    return ServiceState(**{name: row[name] for name in ServiceState.__slots__})


def dump_beyond(reading: WeatherReading) -> str | None:
    """Warnings, fine dust and outlooks as JSON; None where a reading tells nothing of them."""
    told = (reading.alerts, reading.air, reading.outlooks)
    return None if told == (None, (), ()) else _BEYOND.dump_json(told, exclude_defaults=True).decode()


def load_beyond(words: str | None) -> dict[str, Any]:
    """The fields of a WeatherReading that `dump_beyond` kept."""
    alerts, air, outlooks = _BEYOND.validate_json(words) if words else (None, (), ())
    return {"alerts": alerts, "air": air, "outlooks": outlooks}
