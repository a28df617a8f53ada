"""Reads AirKorea's measurements of fine dust and sums them up by province.

It opens no connection (한국환경공단_에어코리아_대기오염정보, data.go.kr 15073861, getCtprvnRltmMesureDnsty).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median

from syndication.core.kma.answers import Act, Refused, instant, read_body, records
from syndication.core.model import AirQuality
from syndication.core.regions import province_of

ATTRIBUTION = "한국환경공단 에어코리아"
CALL = "getCtprvnRltmMesureDnsty"
_ROWS = 200  # more than any province has places
_TOGETHER = timedelta(hours=1)  # hours of one answer differ by so much
_MOST = 1500  # µg/m³; the worst dust storms stay below
_WHOLE = re.compile(r"\d{1,4}", re.ASCII)
_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d)", re.ASCII)

# 환경부 통합대기환경지수: up to and including each, in µg/m³.
_GRADES = ("좋음", "보통", "나쁨", "매우나쁨")
_PM10 = (30, 80, 150)
_PM25 = (15, 35, 75)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One measuring place at one hour, in µg/m³."""

    name: str
    province: str
    pm10: int | None
    pm25: int | None
    at: datetime


def parameters(province: str) -> dict[str, str]:
    """The query of a call for a province by its short name, without the key."""
    return {"returnType": "json", "numOfRows": str(_ROWS), "pageNo": "1", "sidoName": province, "ver": "1.0"}


def read_places(body: bytes, *, status: int = 200) -> tuple[Place, ...]:
    """What each place of an answer measured; a flag (통신장애, 점검및교정) voids its value, a grade beside it tells
    nothing. totalCount is not believed. Raises Refused."""
    items = records(read_body(body, status=status))
    places = [place for item in items if (place := _place(item)) is not None]
    if not places:
        raise Refused("NO_DATA: the answer holds no measuring place", Act.LATER, "03")
    return tuple(places)


def of_province(places: Iterable[Place], province: str) -> AirQuality | None:
    """The medians of a province's places at their newest hour, or the hour before where one is late; None without."""
    mine = [p for p in places if p.province == province and (p.pm10 is not None or p.pm25 is not None)]
    newest = max((p.at for p in mine), default=None)
    if newest is None:
        return None
    told = list({p.name: p for p in sorted(mine, key=lambda p: p.at) if newest - p.at <= _TOGETHER}.values())
    return AirQuality(
        province=province,
        pm10=_median([p.pm10 for p in told]),
        pm25=_median([p.pm25 for p in told]),
        measured_at=newest,
        places=len(told),
        attribution=ATTRIBUTION,
    )


def coarse_grade(value: int) -> str:
    """The word for 미세먼지 (PM10)."""
    return _grade(value, _PM10)


def fine_grade(value: int) -> str:
    """The word for 초미세먼지 (PM2.5)."""
    return _grade(value, _PM25)


def _grade(value: int, limits: Sequence[int]) -> str:
    return _GRADES[sum(value > limit for limit in limits)]


def _median(values: Iterable[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return round(median(known)) if known else None


def _place(said: Mapping[str, str]) -> Place | None:
    at, province = _instant(said.get("dataTime", "")), province_of(said.get("sidoName", ""))
    if at is None or province is None or not said.get("stationName"):
        return None
    return Place(
        name=said["stationName"],
        province=province,
        pm10=_value(said.get("pm10Value", ""), said.get("pm10Flag", "")),
        pm25=_value(said.get("pm25Value", ""), said.get("pm25Flag", "")),
        at=at,
    )


def _value(text: str, flag: str) -> int | None:
    return int(text) if not flag and _WHOLE.fullmatch(text) and int(text) <= _MOST else None


def _instant(text: str) -> datetime | None:
    """2026-09-21 24:00 is midnight of the next day, in Seoul."""
    found = _TIME.fullmatch(text)
    at = instant("".join(found.groups()[:3]), "".join(found.groups()[3:])) if found else None
    return at.astimezone(UTC) if at else None
