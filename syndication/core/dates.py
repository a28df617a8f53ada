"""Reads the dates that Korean newspapers, feeds and weather services print, and writes dates for readers.

It never guesses: what is impossible, ambiguous or without a year is unknown. It knows no clock and no locale.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

SEOUL = ZoneInfo("Asia/Seoul")
_LONGEST = 120  # no printed date is longer: anything above is not one
_YEARS = range(1900, 2101)  # outside of it a number is a slip or a placeholder, no year of an article

LABELS = (
    "기사입력",
    "최종편집",
    "최종수정",
    "최초등록",
    "등록",
    "입력",
    "승인",
    "수정",
    "작성",
    "발행",
    "게재",
    "송고",
)

_WEEKDAYS = "월화수목금토일"
_ENGLISH_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_ENGLISH_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_MONTH_NUMBER = {name[:3].lower(): n for n, name in enumerate(_ENGLISH_MONTHS, 1)}

# Hours from UTC of the zone words of RFC 822 §5, and of Korea and Japan.
_ZONES = {
    "z": 0, "ut": 0, "utc": 0, "gmt": 0, "kst": 9, "jst": 9,
    "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A printed date. `at` is aware, or None when no time was printed; `on` is the local date (of Seoul)."""

    at: datetime | None
    on: date


# --- reading ---------------------------------------------------------------------------------

_LABEL = rf"(?:[\[(]?\s*(?:{'|'.join(LABELS)})\s*(?:일시|시간|일자|일|날짜)?\s*[:：]?\s*)?"
_DAY_WORD = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\.?\s*,?\s*)?"
_MONTH_WORD = r"(?P<word>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_WEEKDAY = re.compile(
    rf"\((?:[{_WEEKDAYS}](?:요일)?|(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*)\)|[{_WEEKDAYS}]요일,?", re.IGNORECASE
)
_NOON = r"(?:(?P<noon>오전|오후|am|pm)\s*)?"
_SECONDS = r"(?:\s?:\s?(?P<s>\d{1,2})(?:[.,]\d{1,9})?)?"
_CLOCK = (
    rf"{_NOON}(?:(?P<h>\d{{1,2}})\s?:\s?(?P<m>\d{{1,2}}){_SECONDS}"
    r"|(?P<h2>\d{1,2})\s*시(?:\s*(?P<m2>\d{1,2})\s*분(?:\s*(?P<s2>\d{1,2})\s*초)?)?)"
    r"(?:\s*(?P<noon2>am|pm))?"
)
_ZONE = r"(?:\s*\(?(?P<zone>[a-z]{1,5})?\s*(?:(?P<offset>[+-]\d{1,2}(?::?\d{2})?)(?:\s*\([a-z ]+\))?)?\)?)"
_TIME = rf"(?:(?:\s*[t,]\s*|\s+|(?<=일))[\[(]?{_CLOCK}[\])]?{_ZONE})?"
_END = rf"\s*\)?\]?\s*(?:{'|'.join(LABELS)})?"

_SHAPES = tuple(
    re.compile(_LABEL + shape + _END, re.IGNORECASE | re.ASCII)
    for shape in (
        # 2022-07-16 22:01:07, 2022.07.16 (토), 2022. 7. 16. 오후 10:01, 2022/07/16, 2022-07-16T22:01:07+09:00
        rf"(?P<year>\d{{4}})\s?(?P<sep>[-./])\s?(?P<month>\d{{1,2}})\s?(?P=sep)\s?(?P<day>\d{{1,2}})\.?{_TIME}",
        # 2022년 07월 16일 22:01:07, 2018년 03월 24일 01시 34분
        rf"(?P<year>\d{{4}})\s?년\s*(?P<month>\d{{1,2}})\s?월\s*(?P<day>\d{{1,2}})\s?일{_TIME}",
        # 20220716220107, 202207162201, 20220716, 20220716T220107Z
        r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)"
        rf"(?:[t ]?(?P<h>\d\d)(?P<m>\d\d)(?P<s>\d\d)?{_ZONE}|(?P<noon>)(?P<noon2>)(?P<h2>)(?P<m2>)(?P<s2>))",
        # RFC 822 and its usual slips: Sat, 16 Jul 2022 22:01:07 +0900 · Sat,16 Jul 2022 … · Sat, 16 07 2022 …
        rf"{_DAY_WORD}(?P<day>\d{{1,2}})[\s-]*(?:{_MONTH_WORD})[\s,-]*(?P<year>\d{{4}}|\d{{2}}){_TIME}",
        rf"(?:mon|tue|wed|thu|fri|sat|sun)\s*,\s*(?P<day>\d{{1,2}})\s+(?P<month>\d{{1,2}})\s+(?P<year>\d{{4}}){_TIME}",
        # Jul 16, 2022 10:01 PM
        rf"{_DAY_WORD}{_MONTH_WORD}\s*(?P<day>\d{{1,2}})\s*,\s*(?P<year>\d{{4}}){_TIME}",
        # Sat Jul 16 22:01:07 KST 2022, as C and Java print it
        rf"(?:mon|tue|wed|thu|fri|sat|sun)\s+{_MONTH_WORD}\s+(?P<day>\d{{1,2}})\s+(?P<h>\d\d):(?P<m>\d\d):(?P<s>\d\d)"
        r"(?:\s+(?P<zone>[a-z]{1,5}))?\s+(?P<year>\d{4})",
    )
)


def parse_moment(text: str, zone: tzinfo = SEOUL) -> Moment | None:
    """The date (and instant) that `text` prints and nothing else, or None when it prints none that is certain.

    A stamp's label (등록, 입력, 승인 …) may stand before it. A time without a zone is of `zone`; 24:00 is the start
    of the next day; a time in a zone nobody knows leaves only the date. Never raises."""
    plain = _plain(text)
    if plain is None:
        return None
    for shape in _SHAPES:
        found = shape.fullmatch(plain)
        if found:
            return _moment(found.groupdict(), zone)
    return None


def stamp_label(text: str) -> str | None:
    """The label with which a stamp begins (등록, 입력, 승인, 기사입력, 최종편집 …), or None."""
    bare = text.lstrip(" \t\xa0[(ㆍ·|")
    return next((label for label in LABELS if bare.startswith(label)), None)


def _plain(text: str) -> str | None:
    """One line in NFKC (full-width digits become plain ones) without its Korean weekday; None when it is too long."""
    if len(text) > _LONGEST:
        return None
    plain = " ".join(_WEEKDAY.sub(" ", unicodedata.normalize("NFKC", text)).split())
    return plain.replace("\u2212", "-").replace("\u2013", "-") if plain.isprintable() else None


def _moment(parts: dict[str, str | None], zone: tzinfo) -> Moment | None:
    on = _date(parts)
    if on is None:
        return None
    hour, minute, second = (_number(parts, name) for name in ("h", "m", "s"))
    if hour is None:
        return Moment(at=None, on=on)
    since_midnight = _since_midnight(hour, minute or 0, second or 0, parts.get("noon") or parts.get("noon2"))
    if since_midnight is None:
        return None
    where = _zone(parts.get("zone"), parts.get("offset"), zone)
    return Moment(at=None, on=on) if where is None else _instant(on, since_midnight, where)


def _date(parts: dict[str, str | None]) -> date | None:
    year = int(parts["year"] or 0)
    if len(parts["year"] or "") == 2:  # RFC 2822 §4.3
        year += 2000 if year < 50 else 1900
    word = parts.get("word")
    month = _MONTH_NUMBER[word.lower()] if word else int(parts["month"] or 0)
    try:
        return date(year, month, int(parts["day"] or 0)) if year in _YEARS else None
    except ValueError:
        return None


def _number(parts: dict[str, str | None], name: str) -> int | None:
    digits = parts.get(name) or parts.get(name + "2")
    return int(digits) if digits else None


def _since_midnight(hour: int, minute: int, second: int, noon: str | None) -> timedelta | None:
    """The time of day, up to 24:00 and with the leap second; None when there is no such time."""
    afternoon = noon is not None and noon.lower() in ("오후", "pm")
    if afternoon and hour < 12:
        hour += 12
    elif noon and not afternoon:
        if hour > 12:
            return None
        hour %= 12
    if minute > 59 or second > 60 or hour > 24 or (hour == 24 and (minute or second or noon)):
        return None
    return timedelta(hours=hour, minutes=minute, seconds=second)


def _zone(word: str | None, offset: str | None, default: tzinfo) -> tzinfo | None:
    """The zone that was printed, the default when none was, None for one nobody knows."""
    base = _ZONES.get(word.lower()) if word else 0
    if base is None:
        return None
    if offset is None:
        return timezone(timedelta(hours=base)) if word else default
    digits = offset[1:].replace(":", "")
    hours, minutes = (int(digits), 0) if len(digits) < 3 else (int(digits[:-2]), int(digits[-2:]))
    if (word and base) or hours > 14 or minutes > 59:
        return None if not (word and word.lower() == "kst" and (hours, minutes) == (9, 0)) else default
    ahead = timedelta(hours=hours, minutes=minutes)
    return timezone(ahead if offset[0] == "+" else -ahead)


def _instant(on: date, since_midnight: timedelta, zone: tzinfo) -> Moment:
    days, rest = divmod(since_midnight, timedelta(days=1))
    local = datetime.combine(on + timedelta(days=days), datetime.min.time()) + rest
    at = local.replace(tzinfo=zone)
    return Moment(at=at, on=at.astimezone(SEOUL).date())


# --- writing ---------------------------------------------------------------------------------


def korean_date(on: date) -> str:
    """2026년 1월 20일 화요일"""
    return f"{on.year}년 {on.month}월 {on.day}일 {_WEEKDAYS[on.weekday()]}요일"


def korean_short_date(on: date) -> str:
    """1월 20일(화)"""
    return f"{on.month}월 {on.day}일({_WEEKDAYS[on.weekday()]})"


def english_date(on: date) -> str:
    """Tuesday, 20 January 2026"""
    return f"{_ENGLISH_DAYS[on.weekday()]}, {on.day} {_ENGLISH_MONTHS[on.month - 1]} {on.year}"


def english_short_date(on: date) -> str:
    """20 Jan (Tue)"""
    return f"{on.day} {_ENGLISH_MONTHS[on.month - 1][:3]} ({_ENGLISH_DAYS[on.weekday()][:3]})"


def short_time(at: datetime, zone: tzinfo = SEOUL) -> str:
    """06:30, in the zone of the reader."""
    local = at.astimezone(zone)
    return f"{local.hour:02d}:{local.minute:02d}"


def korean_time(at: datetime, zone: tzinfo = SEOUL) -> str:
    """오전 6시 30분; 오후 3시 on the full hour."""
    local = at.astimezone(zone)
    half = "오전" if local.hour < 12 else "오후"
    minutes = f" {local.minute}분" if local.minute else ""
    return f"{half} {local.hour % 12 or 12}시{minutes}"


def english_time(at: datetime, zone: tzinfo = SEOUL) -> str:
    """6:30 am"""
    local = at.astimezone(zone)
    return f"{local.hour % 12 or 12}:{local.minute:02d} {'am' if local.hour < 12 else 'pm'}"
