"""Readers of single values: each takes what TOML gave and returns the value meant, or raises Wrong.

They see one value at a time; what must agree between values is judged in `agreement`. A few lines over the usual
length: one reader beside the other is how they are found.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from datetime import datetime, time, timedelta
from difflib import get_close_matches
from enum import StrEnum
from functools import cache
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from syndication.core.addresses import judge_url
from syndication.core.links import BadAddress, normal_address
from syndication.core.regions import nearest_station
from syndication.core.stations import BY_NAME, WIDGET_ORDER, station_named
from syndication.settings.problems import Wrong

Read = Callable[[Any], Any]

_LONGEST_TEXT = 500
_KINDS: tuple[tuple[type, str], ...] = (
    (bool, "true or false"),
    (str, "text"),
    (int, "a number"),
    (float, "a number"),
    (datetime, "an instant"),
    (time, "a time of day"),
    (list, "a list"),
    (dict, "a table"),
)


def shown(value: Any) -> str:
    """The value as its author would recognise it: short, and without the query of a URL."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "a table"
    words = re.sub(r"\?\S*", "?…", str(value)) if "://" in str(value) else str(value)
    words = words if len(words) <= 60 else words[:59] + "…"
    return f'"{words}"' if isinstance(value, str) else words


def nearest(word: str, known: tuple[str, ...] | list[str]) -> str | None:
    """The known word that was probably meant."""
    lower = {name.lower(): name for name in known}
    close = get_close_matches(word.lower(), list(lower), n=1, cutoff=0.6)
    return lower[close[0]] if close else None


def _must_be(value: Any, kind: type, article: str) -> None:
    if isinstance(value, kind) and not (isinstance(value, bool) and kind is not bool):
        return
    found = next((name for type_, name in _KINDS if isinstance(value, type_)), "something else")
    what = found if isinstance(value, list | dict) else f"{shown(value)}, {found}"
    raise Wrong(f"this is {what}, where {article} is expected")


# --- words -----------------------------------------------------------------------------------


def text(value: Any) -> str:
    """One line of text that is not blank."""
    _must_be(value, str, "text in quotation marks")
    words: str = value.strip()
    if not words:
        raise Wrong("this is empty")
    if not any(c.isprintable() for c in words):
        raise Wrong("this holds no visible sign")
    if any(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 or c in "\u2028\u2029" for c in words):
        raise Wrong("this holds a line break or another control character")
    if len(words) > _LONGEST_TEXT:
        raise Wrong(f"this is longer than {_LONGEST_TEXT} characters")
    return words


def slug(value: Any) -> str:
    """A short name for permanent links and keys: small letters, digits and single hyphens."""
    words = text(value)
    if not re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", words) or len(words) > 40:
        raise Wrong(
            f"{shown(words)} cannot be part of a link: small letters a-z, digits and single hyphens, at most 40 signs",
            _slug_of(words),
        )
    return words


def _slug_of(words: str) -> str | None:
    plain = re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")[:40].strip("-")
    return f'"{plain}"' if plain else None


def choice(options: type[StrEnum] | tuple[str, ...]) -> Read:
    """One of some words."""
    words = tuple(str(option) for option in options)

    def read(value: Any) -> Any:
        _must_be(value, str, "text in quotation marks")
        if value not in words:
            meant = nearest(value, words)
            every = ", ".join(f'"{word}"' for word in words)
            raise Wrong(f"{shown(value)} is none of {every}", f'"{meant}"' if meant else None)
        return options(value) if isinstance(options, type) else value

    return read


def environment_name(value: Any) -> str:
    """The name of an environment variable. What stands there instead is never repeated: it may be the secret."""
    _must_be(value, str, "the name of an environment variable")
    if not re.fullmatch(r"[A-Z][A-Z0-9_]{0,63}", value):
        raise Wrong(
            "this is not the name of an environment variable (capital letters, digits, _); secrets themselves must "
            "never stand in this file"
        )
    return str(value)


def embedded(instead: str) -> Read:
    """The word "embedded"; anything else goes into the environment and is never repeated, as it may hold a password."""

    def read(value: Any) -> str:
        if value != "embedded":
            raise Wrong('only "embedded" may stand here; a URL stands in the environment', instead, whole=True)
        return "embedded"

    return read


# --- numbers and time ------------------------------------------------------------------------


def flag(value: Any) -> bool:
    _must_be(value, bool, "true or false without quotation marks")
    return bool(value)


def whole(least: int, most: int) -> Read:
    """A whole number within bounds."""

    def read(value: Any) -> int:
        _must_be(value, int, "a whole number without quotation marks")
        if not least <= value <= most:
            raise Wrong(f"{value} lies outside {least} to {most}")
        return int(value)

    return read


_UNITS = {
    **dict.fromkeys(("s", "sec", "second", "seconds", "초"), timedelta(seconds=1)),
    **dict.fromkeys(("m", "min", "minute", "minutes", "분"), timedelta(minutes=1)),
    **dict.fromkeys(("h", "hour", "hours", "시간"), timedelta(hours=1)),
    **dict.fromkeys(("d", "day", "days", "일"), timedelta(days=1)),
}
_PART = re.compile(r"([0-9]{1,6})\s*([a-z가-힣]+)\s*")


def duration(least: timedelta, most: timedelta) -> Read:
    """A length of time written with its unit, such as "30m", "36h", "10 min" or "1h 30m"."""

    def read(value: Any) -> timedelta:
        if isinstance(value, int) and not isinstance(value, bool):
            raise Wrong(f"{value} has no unit", f'"{value}m" for minutes, "{value}s" for seconds')
        _must_be(value, str, "a length of time in quotation marks")
        length = _length(value)
        if not least <= length <= most:
            raise Wrong(f'"{value}" lies outside {in_words(least)} to {in_words(most)}')
        return length

    return read


def _length(words: str) -> timedelta:
    lower = words.strip().lower()
    parts = _PART.findall(lower)
    if not parts or _PART.sub("", lower) or any(unit not in _UNITS for _, unit in parts):
        raise Wrong(f"{shown(words)} is not a length of time: a number and s, m, h or d")
    return sum((int(number) * _UNITS[unit] for number, unit in parts), timedelta())


def in_words(length: timedelta) -> str:
    """A length of time as it may be written in the file: 1h 30m."""
    seconds, words = int(length.total_seconds()), []
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m"), (1, "s")):
        number, seconds = divmod(seconds, size)
        words += [f"{number}{unit}"] if number else []
    return " ".join(words) or "0s"


def time_of_day(value: Any) -> time:
    """ "06:30" or "06:30:15"; also a TOML local time."""
    if isinstance(value, time):
        return value.replace(microsecond=0)
    _must_be(value, str, "a time of day in quotation marks")
    match = re.fullmatch(r"\s*([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?\s*", value)
    if not match:
        raise Wrong(f"{shown(value)} is not a time of day on the 24-hour clock")
    try:
        hour, minute, second = (int(part or 0) for part in match.groups())
        return time(hour, minute, second)
    except ValueError:
        raise Wrong(f"{shown(value)} is no time that a day has: 00:00 to 23:59:59") from None


def instant(value: Any) -> datetime:
    """A date and time with its offset from UTC."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            raise Wrong(f"{shown(value)} is not a date and time") from None
    _must_be(value, datetime, "a date and time with offset")
    if value.utcoffset() is None:
        raise Wrong(f"{value.isoformat()} has no offset from UTC", f'"{value.isoformat()}+09:00" for Korean time')
    return value  # type: ignore[no-any-return]


_WEEKDAYS = {
    name: day
    for day, names in enumerate(("월 mon", "화 tue tues", "수 wed", "목 thu thur thurs", "금 fri", "토 sat", "일 sun"))
    for name in names.split()
}
_WEEKDAYS |= {f"{korean}요일": day for korean, day in _WEEKDAYS.items() if len(korean) == 1}
_WEEKDAYS |= {
    name: day for day, name in enumerate(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"))
}


def weekday(value: Any) -> int:
    """A weekday by its Korean or English name: 월, 월요일, mon, Monday. Monday is 0."""
    _must_be(value, str, "the name of a weekday")
    day = _WEEKDAYS.get(value.strip().lower())
    if day is None:
        meant = nearest(value, list(_WEEKDAYS))
        raise Wrong(f"{shown(value)} is no weekday", f'"{meant}"' if meant else None)
    return day


@cache
def _zones() -> list[str]:
    return sorted(available_timezones())


def zone(value: Any) -> str:
    """A time zone of the IANA database."""
    words = text(value)
    if words not in _zones():
        tail = {name.rpartition("/")[2]: name for name in _zones()}
        meant = nearest(words, _zones()) or tail.get(nearest(words, list(tail)) or "")
        raise Wrong(f"{shown(words)} is no time zone of the IANA database", f'"{meant}"' if meant else None)
    ZoneInfo(words)
    return words


def station(value: Any) -> str:
    """The name of a weather station as the Korea Meteorological Administration prints it; for a town without one that
    of the nearest."""
    words = text(value)
    found = station_named(words) or nearest_station(words)
    if found is None:
        meant = nearest(words, list(BY_NAME))
        some = ", ".join(one.name for one in WIDGET_ORDER)
        raise Wrong(f"there is no weather station {shown(words)}", f'"{meant}"' if meant else f"one such as {some}")
    return found.name


# --- addresses -------------------------------------------------------------------------------


def url(value: Any) -> str:
    """An http or https address whose shape is sound; whether its host is public is judged when it is fetched."""
    words = text(value)
    reason = judge_url(words)
    if reason is not None:
        raise Wrong(f"{shown(words)} is no web address: {reason}" if "@" not in words else reason)
    return words


def base_url(value: Any) -> str:
    """A URL that others are built upon: without query, fragment or closing slash."""
    words: str = url(value)
    parts = urlsplit(words)
    if parts.query or parts.fragment or "?" in words or "#" in words:
        bare = f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/")
        raise Wrong(f"{shown(words)} has a query or a fragment; links are built upon it", f'"{bare}"')
    return words.rstrip("/")


def domain(value: Any) -> str:
    """A domain name, as lower-case A-label."""
    words = text(value)
    try:
        return normal_address(f"x@{words}").removeprefix("x@")
    except BadAddress:
        host = _host_in(words)
        right = f'"{host}"' if host and host != words and "." in host else None
        raise Wrong(f"{shown(words)} is no domain name: no https://, no path, at least one dot", right) from None


def _host_in(words: str) -> str | None:
    """The host of what was probably meant as a web address."""
    try:
        return urlsplit(words if "//" in words else f"//{words}").hostname if "@" not in words else None
    except ValueError:
        return None


def mail_address(value: Any) -> str:
    """An e-mail address, kept as typed."""
    words = text(value)
    try:
        normal_address(words)
    except BadAddress as error:
        raise Wrong(f"{shown(words)} is no e-mail address: {error}") from None
    return words


def sender(value: Any) -> tuple[str, str]:
    """Name and address out of "가람 아침 <morning@garam.example>"."""
    words = text(value)
    match = re.fullmatch(r"(?P<name>[^<>]+?)\s*<(?P<address>[^<>]+)>", words)
    if not match:
        raise Wrong(f"{shown(words)} is not a name followed by an address in < >")
    return match["name"].strip().strip('"'), mail_address(match["address"])


def host(value: Any) -> str:
    """A host name or an IP address, without scheme or port."""
    words = text(value)
    try:
        return str(ipaddress.ip_address(words.strip("[]")))
    except ValueError:
        pass
    if not re.fullmatch(r"(?!-)[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})*\.?", words):
        raise Wrong(f"{shown(words)} is neither a host name nor an IP address: no scheme, no port")
    return words


def accent(value: Any) -> str:
    """A colour of six hexadecimal digits, in small letters."""
    words = text(value)
    if not re.fullmatch(r"#[0-9A-Fa-f]{6}", words):
        raise Wrong(f"{shown(words)} is no colour of # and six hexadecimal digits", _six_digits(words))
    return words.lower()


def _six_digits(words: str) -> str | None:
    digits = words.strip().removeprefix("#").lower()
    if re.fullmatch(r"[0-9a-f]{3}", digits):
        digits = "".join(d * 2 for d in digits)
    return f'"#{digits}"' if re.fullmatch(r"[0-9a-f]{6}", digits) else None


# --- several ---------------------------------------------------------------------------------


class WrongElement(Wrong):
    """A wrong element of a list, by its position counted from 0."""

    def __init__(self, position: int, cause: Wrong) -> None:
        super().__init__(cause.wrong, cause.right)
        self.position = position


def several(read: Read, *, least: int = 0) -> Read:
    """A list without repetitions, each element read alike."""

    def read_all(value: Any) -> tuple[Any, ...]:
        if isinstance(value, str):
            raise Wrong(f"this is one text, where a list is expected: {shown(value)}", f'["{value}"]')
        _must_be(value, list, "a list in square brackets")
        found: list[Any] = []
        for position, element in enumerate(value):
            try:
                found.append(_unlike(read(element), found, element))
            except Wrong as error:
                raise WrongElement(position, error) from None
        if len(found) < least:
            raise Wrong("this list is empty")
        return tuple(found)

    return read_all


def _unlike(value: Any, found: list[Any], written: Any) -> Any:
    if value in found:
        raise Wrong(f"{shown(written)} stands here twice", "each one once")
    return value


def one_or_several(read: Read) -> Read:
    """One value, or a list of them; always read as several."""
    read_all = several(read, least=1)

    def read_any(value: Any) -> tuple[Any, ...]:
        return tuple(read_all(value)) if isinstance(value, list) else (read(value),)

    return read_any
