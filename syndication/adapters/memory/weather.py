"""What asking the weather services has learnt, in memory.

It decides nothing about when to ask.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from syndication.adapters.memory.rows import Rows
from syndication.core.model import ServiceState


class MemoryWeatherStates:
    rows: Rows

    def take_weather(self, service: str, now: datetime, until: datetime) -> ServiceState | None:
        with self.rows.lock:
            fresh = ServiceState(service=service, next_check_at=now)
            state, taken = self.rows.weather_services.setdefault(service, (fresh, None))
            if state.next_check_at > now or (taken is not None and taken > now):
                return None
            self.rows.weather_services[service] = (state, until)
            return state

    def settle_weather(self, state: ServiceState) -> None:
        with self.rows.lock:
            if state.service in self.rows.weather_services:
                self.rows.weather_services[state.service] = (state, None)

    def weather_states(self) -> Sequence[ServiceState]:
        with self.rows.lock:
            return [state for _, (state, _) in sorted(self.rows.weather_services.items())]
