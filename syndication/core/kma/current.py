"""Reads the keyless file behind the weather widgets of the Korea Meteorological Administration's own pages.

It is undocumented (sfc_web_map.xml): nothing may depend on it. It opens no connection.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from lxml import etree

from syndication.core.kma.answers import Act, Refused, instant, plain_refusal
from syndication.core.model import Observation, Origin
from syndication.core.stations import BY_ID
from syndication.core.widget import KMA

_NUMBER = re.compile(r"[+-]?\d{1,3}(?:\.\d{1,2})?", re.ASCII)
_WORD = re.compile(r"[가-힣/ ]{1,12}")
_COLDEST, _HOTTEST = -60.0, 60.0
_CLEAR = frozenset(("맑음", "구름조금"))


def read_current(body: bytes, *, status: int = 200) -> tuple[Observation, ...]:
    """What each known station measured at the hour that the file names, in its order. Raises Refused.

    A dash and nothing are a sky that was not observed; a clear sky beside measured rain is not believed."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    if status != 200:
        raise plain_refusal("", status)
    try:
        root = etree.fromstring(body.strip(), parser)
    except (etree.XMLSyntaxError, ValueError):
        raise Refused("the answer is not readable XML", Act.LATER) from None
    weather = root.find("{*}weather") if isinstance(root.tag, str) else None
    at = _hour(weather) if weather is not None else None
    if weather is None or at is None:
        raise Refused("the answer has another shape than known", Act.LATER)
    seen: dict[str | None, Observation] = {}
    for measured in (_station(local, at) for local in weather.iterfind("{*}local")):
        if measured is not None:
            seen.setdefault(measured.station_id, measured)
    if not seen:
        raise Refused("NO_DATA: the file holds no station", Act.LATER, "03")
    return tuple(seen.values())


def _hour(weather: etree._Element) -> datetime | None:
    year, month, day, hour = (weather.get(name, "") for name in ("year", "month", "day", "hour"))
    at = instant(f"{year}{month.zfill(2)}{day.zfill(2)}", f"{hour.zfill(2)}00")
    return at.astimezone(UTC) if at else None


def _station(local: etree._Element, at: datetime) -> Observation | None:
    station = BY_ID.get(local.get("stn_id", "").strip())
    if station is None:
        return None
    temperature, rain = _number(local.get("ta")), _number(local.get("rn_hr1"))
    word = (local.get("desc") or "").strip()
    sky = word if _WORD.fullmatch(word) and not (word in _CLEAR and (rain or 0) > 0) else None
    return Observation(
        station=station.name,
        station_id=station.id,
        condition=sky,
        temperature=temperature if temperature is not None and _COLDEST < temperature < _HOTTEST else None,
        observed_at=at,
        origin=Origin.MAP,
        attribution=KMA,
    )


def _number(text: str | None) -> float | None:
    return float(text) if text and _NUMBER.fullmatch(text.strip()) else None
