"""What to ask the Korea Meteorological Administration's short-term forecast service, and what its values mean.

It opens no connection and reads no clock: 기상청_단기예보 조회서비스 2.0 (data.go.kr 15084084) as pure decisions.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from urllib.parse import unquote

from syndication.core.kma.answers import SEOUL, Act, Item, Refused
from syndication.core.model import Forecast, Observation, Origin

ATTRIBUTION = "기상청"

# --- what to ask -----------------------------------------------------------------------------


class Call(StrEnum):
    OBSERVATION = "getUltraSrtNcst"  # the last full hour; knows precipitation but no sky
    NEXT_HOURS = "getUltraSrtFcst"  # six hours ahead
    FORECAST = "getVilageFcst"  # three to five days ahead


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rhythm:
    """When a call's issues are made (minutes of the Seoul day) and how long after that they can be asked for."""

    slots: tuple[int, ...]
    delay: timedelta


_RHYTHMS = {
    Call.OBSERVATION: _Rhythm(slots=tuple(range(0, 24 * 60, 60)), delay=timedelta(minutes=40)),
    Call.NEXT_HOURS: _Rhythm(slots=tuple(range(30, 24 * 60, 60)), delay=timedelta(minutes=15)),
    Call.FORECAST: _Rhythm(slots=tuple(range(2 * 60, 24 * 60, 3 * 60)), delay=timedelta(minutes=10)),
}


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Base:
    """One issue: the Seoul date and time by which it is asked for."""

    on: date
    at: time

    @property
    def instant(self) -> datetime:
        """When it was made, in UTC."""
        return datetime.combine(self.on, self.at, SEOUL).astimezone(UTC)

    @property
    def text(self) -> str:
        """As items print it: 202601200500."""
        return f"{self.on:%Y%m%d}{self.at:%H%M}"


def newest_base(call: Call, now: datetime) -> Base:
    """The newest issue that can be asked for at `now`; shortly after midnight that is one of the day before."""
    rhythm = _RHYTHMS[call]
    return _last_slot(rhythm, (now - rhythm.delay).astimezone(SEOUL))


def next_issue(call: Call, now: datetime) -> datetime:
    """When an issue newer than that of `now` can be asked for."""
    rhythm = _RHYTHMS[call]
    step = timedelta(minutes=rhythm.slots[1] - rhythm.slots[0])
    return newest_base(call, now).instant + step + rhythm.delay


def one_back(call: Call, base: Base) -> Base:
    """The issue before."""
    just_before = datetime.combine(base.on, base.at, SEOUL) - timedelta(minutes=1)
    return _last_slot(_RHYTHMS[call], just_before)


def _last_slot(rhythm: _Rhythm, local: datetime) -> Base:
    minute = local.hour * 60 + local.minute
    passed = [slot for slot in rhythm.slots if slot <= minute]
    on = local.date() if passed else local.date() - timedelta(days=1)
    slot = passed[-1] if passed else rhythm.slots[-1]
    return Base(on=on, at=time(slot // 60, slot % 60))


def low_high_base(on: date, newest: Base) -> Base | None:
    """The issue that holds a date's low and high, where `newest` may lack them: later issues drop what is past.

    The 0200 issue is the last one with the low and the high of its own date; None when `newest` is no later.
    """
    early = Base(on=on, at=time(2, 0))
    return early if early < newest and newest.on == on else None


def parameters(base: Base, nx: int, ny: int, *, page: int, rows: int) -> dict[str, str]:
    """The query of a call, without the key."""
    return {
        "numOfRows": str(rows),
        "pageNo": str(page),
        "dataType": "JSON",
        "base_date": f"{base.on:%Y%m%d}",
        "base_time": f"{base.at:%H%M}",
        "nx": str(nx),
        "ny": str(ny),
    }


def plain_key(key: str) -> str:
    """The service key unencoded, from either form that the portal shows: encoding it twice makes it unknown (30)."""
    key = key.strip()
    return unquote(key) if re.search(r"%[0-9A-Fa-f]{2}", key) else key


def answering(items: Iterable[Item], base: Base, nx: int, ny: int) -> tuple[Item, ...]:
    """The items that are of the issue and cell asked for. Raises Refused when there are none."""
    found = tuple(items)
    right = tuple(i for i in found if i.base == base.text and (i.nx, i.ny) == (nx, ny))
    if right:
        return right
    if found:
        raise Refused("the answer is of another issue or cell than asked for", Act.LATER)
    raise Refused("NO_DATA", Act.ONE_SLOT_BACK, "03")


# --- values ----------------------------------------------------------------------------------

_NUMBER = re.compile(r"[+-]?\d{1,4}(?:\.\d{1,4})?", re.ASCII)
_MISSING = 900.0  # +900 and above or -900 and below
_COLDEST, _HOTTEST = -70.0, 60.0


def number(value: str) -> float | None:
    """A value as a number; None for "-", words and the marks of missing values. "-9" is a number."""
    found = float(value) if _NUMBER.fullmatch(value.strip()) else None
    return None if found is None or abs(found) >= _MISSING else found


def degrees(value: str | None) -> float | None:
    """℃; None too for what no place in Korea can have."""
    found = number(value) if value is not None else None
    return found if found is not None and _COLDEST <= found <= _HOTTEST else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """Rain in mm or snow in cm, from `low` up to `high` (None: or more)."""

    low: float
    high: float | None


_AMOUNT = re.compile(
    r"(?P<low>\d+(?:\.\d+)?)\s*(?:mm|cm)?\s*(?:[~∼-]\s*(?P<high>\d+(?:\.\d+)?)\s*)?(?:mm|cm)?\s*(?P<word>미만|이상)?",
    re.ASCII,
)


def amount(value: str) -> Amount | None:
    """PCP, SNO and RN1: 강수없음, 1mm 미만, 1.0mm, 30.0~50.0mm, 50.0mm 이상, or a plain number; None when missing."""
    text = value.strip()
    if text in ("강수없음", "적설없음"):
        return Amount(low=0.0, high=0.0)
    match = _AMOUNT.fullmatch(text)
    if match is None or float(match["low"]) >= _MISSING:
        return None
    low = float(match["low"])
    if match["word"] == "미만":
        return Amount(low=0.0, high=low)
    if match["word"] == "이상":
        return Amount(low=low, high=None)
    return Amount(low=low, high=float(match["high"] or low))


# PTY of the short-term forecast is 0 1 2 3 4, of the ultra-short calls 0 1 2 3 5 6 7.
_PRECIPITATION: Mapping[int, str] = {
    1: "비",
    2: "비/눈",
    3: "눈",
    4: "소나기",
    5: "빗방울",
    6: "빗방울눈날림",
    7: "눈날림",
}
_SKY: Mapping[int, str] = {1: "맑음", 2: "구름조금", 3: "구름많음", 4: "흐림"}  # 2 ended in forecasts in 2019


def condition(precipitation: str | None, sky: str | None) -> str | None:
    """The word for PTY and SKY codes: precipitation wins. Unknown, never clear, where either is not understood."""
    falling = number(precipitation) if precipitation is not None else None
    if falling is None:
        return None
    if falling != 0:
        return _word(_PRECIPITATION, falling)
    covered = number(sky) if sky is not None else None
    return None if covered is None else _word(_SKY, covered)


def _word(words: Mapping[int, str], code: float) -> str | None:
    return words.get(int(code)) if code == int(code) else None


# --- weather ---------------------------------------------------------------------------------


def observation(items: Sequence[Item], base: Base, *, station: str, station_id: str | None) -> Observation | None:
    """What a station's cell measured at an hour, from getUltraSrtNcst; None when nothing was measured.

    That call tells no sky: without precipitation the condition is unknown.
    """
    values = {i.category: i.value for i in items}
    temperature, word = degrees(values.get("T1H")), condition(values.get("PTY"), None)
    if temperature is None and word is None:
        return None
    return Observation(
        station=station,
        station_id=station_id,
        condition=word,
        temperature=temperature,
        observed_at=base.instant,
        origin=Origin.KMA,
        attribution=ATTRIBUTION,
    )


_MORNING = range(6, 12)
_AFTERNOON = range(12, 24)
_Hours = Mapping[datetime, Mapping[str, str]]


def forecast(items: Sequence[Item], base: Base, *, place: str, on: date) -> Forecast | None:
    """What an issue of getVilageFcst says about a local date; None when it says nothing.

    Low and high only where the issue names them (TMN, TMX). A half-day's word is its precipitation, if any falls,
    else its most frequent sky; the later days' three-hourly slots count alike.
    """
    hours = _hours(items, on)
    low, high = _extreme(hours, "TMN"), _extreme(hours, "TMX")
    chances = [c for values in hours.values() if (c := number(values.get("POP", ""))) is not None and 0 <= c <= 100]
    morning, afternoon = _half_day(hours, _MORNING), _half_day(hours, _AFTERNOON)
    if low is None and high is None and not chances and morning is None and afternoon is None:
        return None
    return Forecast(
        place=place,
        on=on,
        low=low,
        high=high,
        morning=morning,
        afternoon=afternoon,
        rain_chance=round(max(chances)) if chances else None,
        issued_at=base.instant,
        attribution=ATTRIBUTION,
    )


def completed(newer: Forecast | None, older: Forecast | None) -> Forecast | None:
    """The newer forecast with what only the older one still tells: the low, the high, the morning."""
    if newer is None or older is None:
        return newer or older
    return replace(
        newer,
        low=older.low if newer.low is None else newer.low,
        high=older.high if newer.high is None else newer.high,
        morning=newer.morning or older.morning,
        afternoon=newer.afternoon or older.afternoon,
        rain_chance=older.rain_chance if newer.rain_chance is None else newer.rain_chance,
    )


def _hours(items: Sequence[Item], on: date) -> _Hours:
    """The values of a date by hour and category."""
    hours: dict[datetime, dict[str, str]] = {}
    for item in items:
        if item.at is not None and item.at.date() == on:
            hours.setdefault(item.at, {})[item.category] = item.value
    return hours


def _extreme(hours: _Hours, category: str) -> float | None:
    found = [t for values in hours.values() if (t := degrees(values.get(category))) is not None]
    return (min if category == "TMN" else max)(found, default=None)


def _half_day(hours: _Hours, of: range) -> str | None:
    words = [condition(hours[at].get("PTY"), hours[at].get("SKY")) for at in sorted(hours) if at.hour in of]
    known = Counter(word for word in words if word is not None)
    falling = Counter({word: n for word, n in known.items() if word in _PRECIPITATION.values()})
    counted = falling or known
    return max(counted, key=lambda word: (counted[word], _WEIGHT[word])) if counted else None


_WEIGHT = {word: n for n, word in enumerate((*_SKY.values(), *_PRECIPITATION.values()))}  # of equals the greyer one
