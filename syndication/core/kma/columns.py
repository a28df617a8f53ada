"""Reads the text tables of the Korea Meteorological Administration's API Hub: hours of stations, warnings in force.

It opens no connection; what to believe is decided in `core.weather`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from syndication.core.kma.answers import Act, Refused, decoded, instant, plain_refusal
from syndication.core.model import Alert, Observation, Origin
from syndication.core.regions import province_of
from syndication.core.stations import BY_ID
from syndication.core.widget import CONDITIONS, KMA

# kma_sfctm2: 46 columns parted by blanks (API Hub, 지상관측 시간자료 help=1).
_TM, _STN, _TA, _RN, _WC, _WW = 0, 1, 11, 15, 22, 24
_COLUMNS = 46
_VS_FROM_END = 14  # visibility in units of 10 m
_HEADS = {_TA: "TA", _RN: "RN", _WW: "WW", _WW + 1: "CA"}
_FOG = 100
_NUMBER = re.compile(r"[+-]?\d{1,5}(?:\.\d{1,3})?", re.ASCII)
_COLDEST, _HOTTEST = -60.0, 60.0  # -99.0 marks a temperature that is missing; -9.0 is one

# Sky by tenths of cloud (지상기상관측지침): up to and including each.
_CLOUDS = ((2, "맑음"), (5, "구름조금"), (8, "구름많음"), (10, "흐림"))


def read_hours(body: bytes, *, status: int = 200) -> tuple[Observation, ...]:
    """What each station of a kma_sfctm2 table measured, the newest hour of each. Raises Refused.

    Missing marks are those of each column: -9 and -9.0 for wind, rain and cloud, -99.0 for temperatures, so -9.0 is a
    temperature. The sky is the station's own word, else its cloud cover while nothing falls; else unknown."""
    lines = _lines(body, status)
    _check_heads(lines)
    newest: dict[str, Observation] = {}
    for seen in map(_hour, _rows(lines)):
        key = (seen.station_id or "") if seen else ""
        if seen and (key not in newest or _later(seen, newest[key])):
            newest[key] = seen
    if not newest:
        raise Refused("NO_DATA: the table holds no station", Act.LATER, "03")
    return tuple(newest.values())


def read_alerts(body: bytes, *, status: int = 200) -> tuple[Alert, ...]:
    """The warnings in force that a wrn_now_data table tells, the newest word on each; none is a fine answer.

    Preliminary ones and lifted ones (CMD 해제) are not in force. Raises Refused."""
    lines = _lines(body, status)
    said = [row for line in _rows(lines) if (row := _alert(line)) is not None]
    if not said and not any("START" in line or line.startswith("#") for line in lines):
        raise plain_refusal(" ".join(lines), status)
    newest: dict[tuple[str | None, str, str], tuple[Alert, bool]] = {}
    for alert, lifted in sorted(said, key=lambda row: row[0].issued_at or datetime.min.replace(tzinfo=UTC)):
        newest[(alert.province, alert.region, alert.kind)] = (alert, lifted)
    return tuple(alert for alert, lifted in newest.values() if not lifted and alert.level != _PRELIMINARY)


# --- lines -----------------------------------------------------------------------------------


def _lines(body: bytes, status: int) -> list[str]:
    """The lines of a table; an error in JSON, in HTML or by status is refused. The markers may be missing."""
    text = decoded(body).strip("\ufeff \r\n\t")
    if text.startswith("{"):
        raise _refused(text, status)
    if status != 200 or not text or text.startswith("<"):
        raise plain_refusal(text, status)
    return text.splitlines()


def _refused(text: str, status: int) -> Refused:
    """The Hub's own error: {"result": {"status": 403, "message": "활용신청이 필요한 API 입니다."}}."""
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return Refused("the answer is not readable JSON", Act.LATER)
    result = told.get("result") if isinstance(told, Mapping) else None
    inner = result if isinstance(result, Mapping) else {}
    code = inner.get("status")
    return plain_refusal(str(inner.get("message") or text), code if isinstance(code, int) else status)


def _rows(lines: Sequence[str]) -> Iterator[str]:
    return (line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#"))


def _check_heads(lines: Sequence[str]) -> None:
    """Where the table names its columns, the ones read here must be where they are looked for."""
    heads = next((line.lstrip("# ").split() for line in lines if line.startswith("#") and "YYMMDDHHMI" in line), None)
    if heads is not None and any(heads[n : n + 1] != [name] for n, name in _HEADS.items()):
        raise Refused("the table has other columns than documented", Act.LATER)


def _later(one: Observation, other: Observation) -> bool:
    return one.observed_at is not None and other.observed_at is not None and one.observed_at > other.observed_at


# --- an hour of a station --------------------------------------------------------------------


def _hour(line: str) -> Observation | None:
    """One row, None where it is none or its station is not known."""
    words = line.split()
    station = BY_ID.get(words[_STN].lstrip("0")) if len(words) >= _COLUMNS - 1 else None
    at = (
        instant(words[_TM][:8], words[_TM][8:12]) if station and re.fullmatch(r"\d{12}", words[_TM], re.ASCII) else None
    )
    if station is None or at is None:
        return None
    temperature = _number(words[_TA])
    known = temperature is not None and _COLDEST < temperature < _HOTTEST
    return Observation(
        station=station.name,
        station_id=station.id,
        condition=_sky(words),
        temperature=temperature if known else None,
        observed_at=at.astimezone(UTC),
        origin=Origin.HUB,
        attribution=KMA,
    )


def _sky(words: Sequence[str]) -> str | None:
    """The station's word where it gave one that is known, else its clouds; unknown while something else is noted."""
    extra = len(words) - _COLUMNS
    noted = [] if extra < 0 else list(words[_WW : _WW + 1 + extra])  # a text of several words widens the row
    while len(noted) > 1 and _number(noted[-1]) is not None:
        noted.pop()
    told = "".join(noted)
    if told not in ("", "-"):
        return told if told in CONDITIONS else None
    if _falling(words) or _noted(words[_WC]) or _foggy(words):
        return None
    return _clouds(words[_WW + len(noted)])


def _falling(words: Sequence[str]) -> bool:
    return (_number(words[_RN]) or 0.0) > 0


def _noted(code: str) -> bool:
    """Whether a code of present weather is given (WMO table 4677) that is more than a change of clouds."""
    value = _number(code)
    return value is None or value > 3


def _foggy(words: Sequence[str]) -> bool:
    seen = _number(words[-_VS_FROM_END])
    return seen is not None and 0 <= seen < _FOG


def _clouds(word: str) -> str | None:
    tenths = _number(word)
    if tenths is None or tenths < 0:
        return None
    return next((sky for most, sky in _CLOUDS if tenths <= most), None)


def _number(word: str) -> float | None:
    return float(word) if _NUMBER.fullmatch(word) else None


# --- a warning -------------------------------------------------------------------------------

# 특보종류: documented letters; the answers of 2026 print the words themselves.
_KINDS: Mapping[str, str] = {
    "W": "강풍",
    "R": "호우",
    "C": "한파",
    "D": "건조",
    "O": "폭풍해일",
    "N": "지진해일",
    "V": "풍랑",
    "T": "태풍",
    "S": "대설",
    "Y": "황사",
    "H": "폭염",
    "F": "안개",
}
_SAME = {"해일": "폭풍해일"}
_PRELIMINARY = "예비특보"
_LEVELS = {"1": _PRELIMINARY, "2": "주의보", "3": "경보", "예비": _PRELIMINARY, "주의": "주의보"}
_LEVELS |= {word: word for word in (_PRELIMINARY, "주의보", "경보", "중대경보")}
_LIFTED = frozenset("347")  # 해제, 대치해제, 변경해제
_REG_UP_KO, _REG_KO, _TM_FC, _TM_EF, _WRN, _LVL, _CMD = 1, 3, 4, 5, 6, 7, 8
_REGION = re.compile(r"[0-9A-Za-z가-힣·.,()\- ]{1,40}")


def _alert(line: str) -> tuple[Alert, bool] | None:
    """One row and whether it lifts the warning; None where it is none. A level that is not known is no guess: 특보."""
    words = [word.strip() for word in line.rstrip("= \t").split(",")]
    if len(words) <= _CMD or not _REGION.fullmatch(words[_REG_KO]):
        return None
    kind = _KINDS.get(words[_WRN].upper(), _SAME.get(words[_WRN], words[_WRN]))
    if kind not in _KINDS.values():
        return None
    alert = Alert(
        kind=kind,
        level=_LEVELS.get(words[_LVL], "특보"),
        region=words[_REG_KO],
        province=province_of(words[_REG_UP_KO]),
        issued_at=_instant(words[_TM_FC]),
        effective_at=_instant(words[_TM_EF]),
        attribution=KMA,
    )
    return alert, "해제" in words[_CMD] or words[_CMD] in _LIFTED


def _instant(word: str) -> datetime | None:
    at = instant(word[:8], word[8:12]) if re.fullmatch(r"\d{12}", word, re.ASCII) else None
    return at.astimezone(UTC) if at else None
