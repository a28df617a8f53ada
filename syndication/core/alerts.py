"""Which of the warnings in force concern a station's town.

It reads no answers (`kma.columns` does); a warning that names no place of a station is not shown beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime

from syndication.core.model import Alert
from syndication.core.regions import METROPOLITAN, province_of
from syndication.core.stations import Station

# Warning regions (특보구역) of stations that lie in no town of their own name.
_REGIONS: Mapping[str, tuple[str, ...]] = {
    "93": ("춘천",),
    "102": ("서해5도",),
    "104": ("강릉",),
    "115": ("울릉도.독도", "울릉도"),
    "135": ("영동",),
    "169": ("흑산도.홍도", "흑산도"),
    "172": ("고창",),
    "181": ("청주",),
    "184": ("제주도북부",),
    "185": ("제주도서부",),
    "188": ("제주도동부",),
    "189": ("제주도남부",),
    "255": ("창원",),
}
_NOT_PART = re.compile(r"\([^()]*\)|\s")
_TAIL = re.compile(r"(?<=..)(?:평지|시|군)$")
_LEVELS = ("특보", "주의보", "경보", "중대경보")


def alerts_at(station: Station, alerts: Iterable[Alert]) -> tuple[Alert, ...]:
    """The warnings for a station's own region or its whole province, the gravest first, each kind once."""
    mine = sorted((a for a in alerts if concerns(a, station)), key=_gravity)
    once = {alert.kind: alert for alert in reversed(mine)}
    return tuple(sorted(once.values(), key=_gravity))


def concerns(alert: Alert, station: Station) -> bool:
    """Whether a warning is for the region that a station lies in. Cities with several regions get the warning of any
    of them: `part_of` says which."""
    if alert.province is not None and alert.province != station.province:
        return False
    region = _plain(alert.region)
    if province_of(alert.region) == station.province or region in _names(station):
        return True
    return alert.province is not None and part_of(alert, station) is not None


def part_of(alert: Alert, station: Station) -> str | None:
    """The part of a station's city that alone is warned (서울동남권), or None where all of it is."""
    city = station.province
    if city not in METROPOLITAN or station.name != city or province_of(alert.region) is not None:
        return None
    region = _plain(alert.region)
    return region if region.startswith(city) and region != city else None


def begins_later(alert: Alert, now: datetime) -> bool:
    """Whether it is declared and not yet in force."""
    return alert.effective_at is not None and alert.effective_at > now


def _names(station: Station) -> tuple[str, ...]:
    return _REGIONS.get(station.id, (_TAIL.sub("", station.name),))


def _plain(region: str) -> str:
    """강릉평지 and 강릉시 are 강릉; 신안(흑산면제외) is 신안."""
    return _TAIL.sub("", _NOT_PART.sub("", region))


def _gravity(alert: Alert) -> tuple[int, str]:
    return -_LEVELS.index(alert.level) if alert.level in _LEVELS else 0, alert.kind
