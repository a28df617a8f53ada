"""Wires the weather services that the settings ask for; `bootstrap` wires the rest.

It decides nothing: whom to believe is core.weather's.
"""

from __future__ import annotations

from syndication.adapters import airkorea, kma, metno
from syndication.ports import Clock, WeatherService
from syndication.settings import Settings
from syndication.settings.skies import Fallback, WeatherSettings

_STAND_IN_KEY = "stand-in"


def asks_weather(wanted: WeatherSettings) -> bool:
    """Whether any service is asked at all."""
    keys = (wanted.kma_key, wanted.hub_key, wanted.air_key, wanted.stand_in)
    return any(keys) or wanted.keyless or wanted.fallback is not Fallback.NONE


def weather_services(settings: Settings, clock: Clock, agent: str) -> tuple[WeatherService, ...]:
    """One for each key, and those that need none; a stand-in answers in the place of every one."""
    wanted, here = settings.weather, settings.weather.stand_in
    key = _STAND_IN_KEY if here else None
    made: list[WeatherService] = []
    if hub := wanted.hub_key or key:
        made.append(kma.HubService(key=hub, clock=clock, base_url=here or kma.HUB))
        made.append(kma.HubAlerts(key=hub, clock=clock, base_url=here or kma.HUB))
    if portal := wanted.kma_key or key:
        made += _forecasts(settings, clock, portal)
    if wanted.keyless:
        made.append(kma.CurrentService(clock=clock, base_url=here or kma.SITE))
    if air := wanted.air_key or key:
        made.append(airkorea.AirKoreaService(key=air, clock=clock, base_url=here or airkorea.SERVICE))
    if wanted.fallback is Fallback.METNO:
        made.append(metno.MetnoService(user_agent=agent, clock=clock, base_url=here or metno.SERVICE))
    return tuple(made)


def _forecasts(settings: Settings, clock: Clock, key: str) -> list[WeatherService]:
    """The short-term forecast; the medium range where an Edition has weekly Issues."""
    wanted, here = settings.weather, settings.weather.stand_in
    weekly = tuple(station for e in settings.editions if e.weekly is not None for station in e.stations)
    calls = wanted.daily_calls
    made: list[WeatherService] = [
        kma.KmaService(key=key, clock=clock, base_url=here or kma.VILLAGE, most_calls=calls),
    ]
    if weekly:
        made.append(
            kma.MidTermService(key=key, clock=clock, stations=weekly, base_url=here or kma.MIDTERM, most_calls=calls)
        )
    return made
