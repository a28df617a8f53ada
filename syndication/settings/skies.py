"""The table [weather]: which weather services are asked, with which keys.

It resolves no secret and asks nobody.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from syndication.core.amazon import is_stand_in
from syndication.settings import kinds
from syndication.settings.fields import Table, defaulting, optional
from syndication.settings.problems import Wrong

_STAND_IN = "http://127.0.0.1:8601"


class Fallback(StrEnum):
    """Whose forecast stands in where KMA gives none."""

    NONE = "none"
    METNO = "metno"


@dataclass(frozen=True, slots=True, kw_only=True)
class WeatherSettings:
    kma_key: str | None = field(default=None, repr=False)  # of data.go.kr, decoded; None: its forecasts are not asked
    hub_key: str | None = field(default=None, repr=False)  # of KMA's API Hub
    air_key: str | None = field(default=None, repr=False)  # of data.go.kr, for AirKorea
    keyless: bool = False
    fallback: Fallback = Fallback.NONE
    daily_calls: int = 10_000
    stand_in: str | None = None  # address on this machine that answers for every service
    stations: tuple[str, ...] = ()  # to ask for: those named, else those of the Editions


def _stand_in(value: Any) -> str:
    words = kinds.text(value)
    if not is_stand_in(words):
        raise Wrong(f"{kinds.shown(words)} is no port of this machine", f'"{_STAND_IN}"')
    return words.rstrip("/")


WEATHER = Table(
    name="weather",
    about="Which weather services are asked. Without any, digests show only what pages print, and say so.",
    fields=(
        optional(
            "kma_key_from",
            kinds.environment_name,
            '"KMA_KEY"',
            "Environment variable with the decoded service key of data.go.kr: short-term forecast and, for weekly "
            "Issues, the medium range of the Korea Meteorological Administration (KMA).",
        ),
        optional(
            "hub_key_from",
            kinds.environment_name,
            '"KMA_HUB_KEY"',
            "Environment variable with the key of KMA's API Hub: what stations measured, and warnings in force.",
        ),
        optional(
            "air_key_from",
            kinds.environment_name,
            '"KMA_KEY"',
            "Environment variable with the key of data.go.kr that is subscribed to AirKorea: fine dust.",
        ),
        defaulting(
            "keyless",
            kinds.flag,
            "false",
            "true also tries the undocumented file behind KMA's own widgets, which needs no key.",
            "true",
        ),
        defaulting(
            "fallback",
            kinds.choice(Fallback),
            '"none"',
            "Whose forecast stands in where KMA gives none: none, or metno (MET Norway, CC BY 4.0).",
            '"metno"',
        ),
        defaulting(
            "daily_calls",
            kinds.whole(100, 1_000_000),
            "10000",
            "Calls that data.go.kr allows this key for each product in a day.",
        ),
        optional(
            "stand_in",
            _stand_in,
            f'"{_STAND_IN}"',
            "A port of this machine that answers for every service, such as the sandbox's origin; in rehearsal only. "
            "No key is needed then.",
        ),
        defaulting(
            "stations",
            kinds.several(kinds.station),
            "[]",
            "Stations to ask for; empty means those of the Editions. A town without one is its nearest.",
            '["서울", "가평"]',
        ),
    ),
)
