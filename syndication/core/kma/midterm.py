"""What to ask the Korea Meteorological Administration's medium-range forecast, and what its answers mean.

It opens no connection and reads no clock: 기상청_중기예보 조회서비스 (data.go.kr 15059468), getMidLandFcst.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

from syndication.core.kma import ATTRIBUTION, number
from syndication.core.kma.answers import SEOUL, Act, Refused, read_body, records
from syndication.core.model import Outlook, OutlookDay
from syndication.core.stations import Station

CALL = "getMidLandFcst"
_SLOTS = (6, 18)
_DELAY = timedelta(minutes=30)
_FIRST_DAY, _LAST_DAY = 3, 10
_HALVES_UNTIL = 7  # later days have neither Am nor Pm

# 예보구역코드 of 중기육상예보. An unknown one is answered with zeros and empty texts, never with an error.
REGIONS: Mapping[str, str] = {
    "수도권": "11B00000",
    "강원영서": "11D10000",
    "강원영동": "11D20000",
    "대전·세종·충남": "11C20000",
    "충북": "11C10000",
    "광주·전남": "11F20000",
    "전북": "11F10000",
    "대구·경북": "11H10000",
    "부산·울산·경남": "11H20000",
    "제주": "11G00000",
}
_OF_PROVINCE = {province: name for name in REGIONS for province in name.split("·")}
_OF_PROVINCE |= dict.fromkeys(("서울", "인천", "경기"), "수도권")
_EAST_OF_THE_RIDGE = frozenset(("90", "100", "104", "105", "106", "216"))


def region_of(station: Station) -> str:
    """The name of the forecast region, a key of REGIONS, in which a station lies."""
    if station.province == "강원":
        return "강원영동" if station.id in _EAST_OF_THE_RIDGE else "강원영서"
    return _OF_PROVINCE[station.province]


def newest_issue(now: datetime) -> datetime:
    """The newest issue (06:00 or 18:00 in Seoul) that can be asked for at `now`."""
    local = (now - _DELAY).astimezone(SEOUL)
    passed = [hour for hour in _SLOTS if hour <= local.hour]
    day = local.date() if passed else local.date() - timedelta(days=1)
    return datetime(day.year, day.month, day.day, passed[-1] if passed else _SLOTS[-1], tzinfo=SEOUL)


def issue_before(issue: datetime) -> datetime:
    return newest_issue(issue - timedelta(hours=1))


def next_issue(now: datetime) -> datetime:
    """When an issue newer than that of `now` can be asked for."""
    return newest_issue(now) + timedelta(hours=12) + _DELAY


def parameters(region: str, issue: datetime) -> dict[str, str]:
    """The query of a call, without the key. Raises KeyError for a region that is none."""
    local = issue.astimezone(SEOUL)
    return {
        "numOfRows": "10",
        "pageNo": "1",
        "dataType": "JSON",
        "regId": REGIONS[region],
        "tmFc": f"{local:%Y%m%d%H%M}",
    }


def read_outlook(body: bytes, *, region: str, issue: datetime, status: int = 200) -> Outlook:
    """The days that an answer tells; what is absent or empty is not told, never nought. Raises Refused.

    The 06:00 issue begins with the fourth day after its own, the 18:00 issue with the fifth."""
    items = [item for item in records(read_body(body, status=status)) if item.get("regId") == REGIONS[region]]
    if not items:
        raise Refused("the answer is of another region than asked for", Act.LATER)
    first = issue.astimezone(SEOUL).date()
    days = (_day(items[0], n, first + timedelta(days=n)) for n in range(_FIRST_DAY, _LAST_DAY + 1))
    told = tuple(day for day in days if day.morning or day.afternoon)
    if not told:
        raise Refused("NO_DATA", Act.ONE_SLOT_BACK, "03")
    return Outlook(region=region, days=told, issued_at=issue.astimezone(UTC), attribution=ATTRIBUTION)


def _day(item: Mapping[str, str], n: int, on: date) -> OutlookDay:
    morning, afternoon = (f"{n}Am", f"{n}Pm") if n <= _HALVES_UNTIL else (str(n), str(n))
    words = [item.get(f"wf{half}", "").strip() or None for half in (morning, afternoon)]
    chances = [_chance(item.get(f"rnSt{half}", "")) for half in (morning, afternoon)]
    return OutlookDay(
        on=on,
        morning=words[0],
        afternoon=words[1],
        rain_morning=chances[0] if words[0] else None,  # a nought beside no word is filling
        rain_afternoon=chances[1] if words[1] else None,
    )


def _chance(text: str) -> int | None:
    value = number(text)
    return round(value) if value is not None and 0 <= value <= 100 else None
