"""The weather services, and what the store remembers of asking them.

It does not say whom to believe; `core.weather` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol

from syndication.core.model import ServiceState, WeatherReading


class WeatherService(Protocol):
    """One service that tells observations, forecasts, warnings or fine dust."""

    @property
    def id(self) -> str:
        """Short and lasting: its state is kept under it."""
        ...

    @property
    def fallback(self) -> bool:
        """Whether it is asked only for stations for which no other service told a forecast."""
        ...

    @property
    def most_calls(self) -> int | None:
        """Calls that it allows us in one day of Seoul; None: it does not say."""
        ...

    @property
    def calls(self) -> int:
        """Calls made by this process since it began, whatever came of them."""
        ...

    def read(self, stations: Sequence[str], on: date, *, at_most: int | None = None) -> WeatherReading:
        """What it tells of stations (names) on a local date, within so many calls. Raises Transient or Permanent."""
        ...

    def next_check(self, now: datetime) -> datetime:
        """When to ask again after the reading just made: when something new is due, soon where part of it failed."""
        ...


class WeatherStates(Protocol):
    """When each service is asked next, and how often it was. Every method is one transaction."""

    def take_weather(self, service: str, now: datetime, until: datetime) -> ServiceState | None:
        """Claim a service for asking until `until`, from its first time on; None when it is not due or somebody else
        has it."""
        ...

    def settle_weather(self, state: ServiceState) -> None: ...

    def weather_states(self) -> Sequence[ServiceState]: ...
