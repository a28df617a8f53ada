"""Answers as every weather service would, in its own shape, with made-up weather (표본): for rehearsals.

It keeps nothing and knows no key: the same question at the same time gets the same answer.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from syndication.core.kma.answers import SEOUL
from syndication.core.stations import STATIONS, Station

Query = Mapping[str, str]
JSON, TEXT, XML = "application/json;charset=UTF-8", "text/plain; charset=euc-kr", "text/xml; charset=utf-8"

_COLD_AT = (4, 7)  # hours of the lowest
_SNOW = frozenset(("강원",))
_DUST = {"서울": (64, 41), "경기": (71, 38), "제주": (22, 11)}
_MID_WORDS = ("맑음", "구름많음", "흐리고 눈", "흐림", "맑음", "구름많음", "맑음", "맑음")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One answer."""

    status: int
    body: bytes
    content_type: str
    headers: Mapping[str, str]


def answer(path: str, query: Query, now: datetime) -> Said | None:
    """What the service of a path says at `now`, or None where no service is meant."""
    name = path.rstrip("/").rpartition("/")[2]
    told = _ANSWERS.get(name)
    if told is None:
        return None
    try:
        body, content_type = told(query, now.astimezone(SEOUL))
    except (KeyError, ValueError):
        body, content_type = _refused("10", "INVALID_REQUEST_PARAMETER_ERROR"), JSON
    changed = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    stamps = {"Last-Modified": format_datetime(changed, usegmt=True)} if name == "compact" else {}
    return Said(status=200, body=body, content_type=content_type, headers=stamps)


# --- the made-up weather ---------------------------------------------------------------------


def temperature(station: Station, at: datetime) -> float:
    """Colder in the north and before sunrise."""
    hour = at.astimezone(SEOUL).hour
    warmer = max(0.0, 7.0 - abs(hour - 14)) if not _COLD_AT[0] <= hour <= _COLD_AT[1] else 0.0
    return round(5.5 - 2.4 * (station.lat - 33.2) + warmer * 0.9 - 2.0, 1)


def snows(station: Station) -> bool:
    return station.province in _SNOW


def _cloud(station: Station) -> int:
    return 10 if snows(station) else int(station.id) % 9


# --- data.go.kr ------------------------------------------------------------------------------


def _page(items: list[dict[str, object]], query: Query) -> bytes:
    rows, page = int(query["numOfRows"]), int(query["pageNo"])
    start = (page - 1) * rows
    body = {
        "dataType": "JSON",
        "items": {"item": items[start : start + rows]},
        "pageNo": page,
        "numOfRows": rows,
        "totalCount": len(items),
    }
    return _whole({"header": {"resultCode": "00", "resultMsg": "NORMAL_SERVICE"}, "body": body})


def _whole(response: object) -> bytes:
    return json.dumps({"response": response}, ensure_ascii=False).encode()


def _refused(code: str, message: str) -> bytes:
    return _whole({"header": {"resultCode": code, "resultMsg": message}})


def _cell(query: Query) -> Station:
    wanted = (int(query["nx"]), int(query["ny"]))
    return next((s for s in STATIONS if (s.nx, s.ny) == wanted), STATIONS[0])


def _issue(query: Query) -> datetime:
    return datetime.strptime(query["base_date"] + query["base_time"], "%Y%m%d%H%M").replace(tzinfo=SEOUL)


def _observed(query: Query, now: datetime) -> tuple[bytes, str]:
    issue, station = _issue(query), _cell(query)
    if now < issue + timedelta(minutes=35):
        return _refused("03", "NO_DATA"), JSON
    values = {"T1H": f"{temperature(station, issue):.1f}", "PTY": "3" if snows(station) else "0", "RN1": "0"}
    return _page([_item(query, name, obsrValue=value) for name, value in values.items()], query), JSON


def _foretold(query: Query, now: datetime) -> tuple[bytes, str]:
    issue, station = _issue(query), _cell(query)
    if now < issue + timedelta(minutes=8):
        return _refused("03", "NO_DATA"), JSON
    items = []
    for n in range(1, 49):
        at = issue + timedelta(hours=n)
        for name, value in _hour(station, at).items():
            items.append(_item(query, name, fcstDate=f"{at:%Y%m%d}", fcstTime=f"{at:%H00}", fcstValue=value))
    return _page(items, query), JSON


def _hour(station: Station, at: datetime) -> dict[str, str]:
    values = {
        "TMP": f"{round(temperature(station, at))}",
        "SKY": "4" if snows(station) else "1",
        "PTY": "3" if snows(station) else "0",
        "POP": "80" if snows(station) else "10",
        "PCP": "강수없음",
    }
    if at.hour == 6:
        values["TMN"] = f"{temperature(station, at):.1f}"
    if at.hour == 15:
        values["TMX"] = f"{temperature(station, at.replace(hour=14)):.1f}"
    return values


def _item(query: Query, category: str, **value: str) -> dict[str, object]:
    base = {"baseDate": query["base_date"], "baseTime": query["base_time"], "category": category}
    return {**base, "nx": int(query["nx"]), "ny": int(query["ny"]), **value}


def _medium(query: Query, now: datetime) -> tuple[bytes, str]:
    issue = datetime.strptime(query["tmFc"], "%Y%m%d%H%M").replace(tzinfo=SEOUL)
    if now < issue + timedelta(minutes=20):
        return _refused("03", "NO_DATA"), JSON
    item: dict[str, object] = {"regId": query["regId"]}
    for n, word in enumerate(_MID_WORDS[: 11 - (4 if issue.hour == 6 else 5)], 4 if issue.hour == 6 else 5):
        for half in ("Am", "Pm") if n <= 7 else ("",):
            item |= {f"wf{n}{half}": word, f"rnSt{n}{half}": 70 if "눈" in word else 20}
    return _page([item], query), JSON


def _dust(query: Query, now: datetime) -> tuple[bytes, str]:
    at = (now - timedelta(minutes=15)).replace(minute=0)
    pm10, pm25 = _DUST.get(query["sidoName"], (34, 18))
    text = f"{at:%Y-%m-%d %H:00}" if at.hour else f"{at - timedelta(days=1):%Y-%m-%d} 24:00"
    common = {"sidoName": query["sidoName"], "dataTime": text, "pm10Flag": None, "pm25Flag": None}
    items = [
        common | {"stationName": f"표본{n}", "pm10Value": str(pm10 + n), "pm25Value": str(pm25 + n)} for n in (-2, 0, 2)
    ]
    items.append(common | {"stationName": "표본고장", "pm10Value": "-", "pm25Value": "-", "pm10Flag": "통신장애"})
    header = {"resultCode": "00", "resultMsg": "NORMAL_CODE"}
    return _whole({"header": header, "body": {"totalCount": len(items), "items": items}}), JSON


# --- the API Hub and the keyless file --------------------------------------------------------


def _hours(query: Query, now: datetime) -> tuple[bytes, str]:
    at = (now - timedelta(minutes=5)).replace(minute=0)
    rows = "\n".join(_row(station, at) for station in STATIONS)
    return f"#START7777\n{rows}\n#7777END\n".encode("euc-kr"), TEXT


def _row(station: Station, at: datetime) -> str:
    words = ["-9"] * 46
    words[0], words[1], words[3] = f"{at:%Y%m%d%H%M}", station.id, "2.1"
    words[11], words[12], words[13] = f"{temperature(station, at):.1f}", "-20.0", "45.0"
    words[15] = "-9.0"
    words[24], words[25] = "눈" if snows(station) else "-", str(_cloud(station))
    words[28], words[32] = "-", "2000"
    return " ".join(words)


def _warnings(query: Query, now: datetime) -> tuple[bytes, str]:
    since = f"{now - timedelta(hours=9):%Y%m%d}2100"
    rows = (
        f"L1100000,서울특별시,L1100200,서울서북권,{since},{since},한파,주의,발표,,=",
        f"L1020000,강원특별자치도,L1020710,강릉평지,{since},{since},대설,경보,변경,,=",
        f"L1030000,대전광역시,L1030100,대전,{since},{since},건조,주의,해제,,=",
    )
    head = "# REG_UP,REG_UP_KO,REG_ID,REG_KO,TM_FC,TM_EF,WRN,LVL,CMD,ED_TM"
    return "\n".join(("#START7777", head, *rows, "#7777END", "")).encode("euc-kr"), TEXT


def _map(query: Query, now: datetime) -> tuple[bytes, str]:
    at = (now - timedelta(minutes=10)).replace(minute=0)
    rows = "".join(
        f'<local stn_id="{s.id}" icon="" desc="{_icon(s)}" ta="{temperature(s, at):.1f}">{s.name}</local>'
        for s in STATIONS
    )
    head = f'<weather year="{at:%Y}" month="{at:%m}" day="{at:%d}" hour="{at:%H}">'
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><current xmlns="current">{head}{rows}</weather></current>'.encode(),
        XML,
    )


def _icon(station: Station) -> str:
    return "눈" if snows(station) else "-"


# --- MET Norway ------------------------------------------------------------------------------


def _compact(query: Query, now: datetime) -> tuple[bytes, str]:
    lat, lon = float(query["lat"]), float(query["lon"])
    station = min(STATIONS, key=lambda s: (s.lat - lat) ** 2 + (s.lon - lon) ** 2)
    begin = now.replace(minute=0, second=0, microsecond=0)
    steps = list(_steps(station, begin))
    meta = {"updated_at": f"{begin.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"}
    return json.dumps({"type": "Feature", "properties": {"meta": meta, "timeseries": steps}}).encode(), JSON


def _steps(station: Station, begin: datetime) -> Iterator[dict[str, object]]:
    for n in range(36):
        at = begin + timedelta(hours=n)
        symbol = "snow" if snows(station) else "fair_day" if 7 <= at.hour < 18 else "fair_night"
        yield {
            "time": f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "data": {
                "instant": {"details": {"air_temperature": temperature(station, at)}},
                "next_1_hours": {"summary": {"symbol_code": symbol}, "details": {"precipitation_amount": 0.0}},
            },
        }


_ANSWERS: Mapping[str, Callable[[Query, datetime], tuple[bytes, str]]] = {
    "getUltraSrtNcst": _observed,
    "getVilageFcst": _foretold,
    "getMidLandFcst": _medium,
    "getCtprvnRltmMesureDnsty": _dust,
    "kma_sfctm2.php": _hours,
    "wrn_now_data.php": _warnings,
    "sfc_web_map.xml": _map,
    "compact": _compact,
}
