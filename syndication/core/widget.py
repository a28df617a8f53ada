"""The weather tables that newspaper pages print, read line by line.

It decides nothing about their use (`weather` does) and knows nothing of pages but lines.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from syndication.core.model import Observation, Origin
from syndication.core.stations import BY_NAME, LONGEST_NAME, STATIONS, WIDGET_ORDER, Station

KMA = "기상청"

# Words that KMA prints for the sky. The longest that fits wins: 구름많음 before 구름, 비/눈 before 비.
_SKIES = """
맑음 구름조금 구름많음 구름 흐림 비 눈 비/눈 눈/비 소나기 소낙눈 진눈깨비 박무 연무 안개 낮은안개 안개비 이슬비 가랑비
빗방울 눈날림 빗방울눈날림 황사 뇌우 천둥번개 우박 싸락눈 구름많고비 구름많고눈 구름많고비/눈 구름많고소나기 흐리고비
흐리고눈 흐리고비/눈 흐리고소나기
"""
CONDITIONS = tuple(sorted(_SKIES.split(), key=lambda word: (-len(word), word)))

_LONGEST_LINE = 60
_COLDEST, _WARMEST = -60.0, 60.0  # no station of ours has been near: beyond it stands a missing mark (-99.0) or a slip
_DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d"
_PLAIN = str.maketrans(
    dict.fromkeys(_DASHES, "-")
    | {chr(0xFF10 + n): str(n) for n in range(10)}
    | {
        "．": ".",
        "＋": "+",
        "／": "/",
        "（": "(",
        "）": ")",
        "\xa0": " ",
        "\u3000": " ",
        "\u200b": None,
        "\ufeff": None,
    }
)
_BULLET = re.compile(r"[\s•●▪■·∙‧・◦○*ㆍ]+")
_DEGREE = r"(?:℃|°\s?C|º\s?C|˚\s?C)"
_VALUE = re.compile(
    rf"(?P<number>[-+]?\d{{1,3}}(?:\.\d{{1,2}})?)?\s*(?P<degree>{_DEGREE})$|(?P<bare>[-+]?\d{{1,3}}\.\d)$"
)
_WORDS = re.compile(r"[가-힣A-Za-z/() ]*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class WidgetLine:
    """One line that may belong to a weather table, and what speaks for it."""

    observation: Observation
    degrees: bool  # ℃ is printed
    bulleted: bool

    @property
    def sure(self) -> bool:
        """Whether a known station stands with degrees."""
        return self.degrees and self.observation.station_id is not None

    @property
    def telling(self) -> bool:
        """Whether it may be the first or the last line of a table: it says more than a place or some words."""
        sky = self.observation.condition in CONDITIONS
        return self.sure or (sky and (self.observation.station_id is not None or self.bulleted))

    @property
    def likely(self) -> bool:
        """Whether it may stand inside a table."""
        return self.telling or self.degrees or (self.observation.station_id is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A weather table on a page: its line numbers and what it says."""

    lines: tuple[int, ...]
    observations: tuple[Observation, ...]


# --- one line --------------------------------------------------------------------------------


def read_widget_line(line: str) -> Observation | None:
    """What one line of a weather table says, or None when it cannot be one.

    맑음동두천 -11.0℃ · -거제 0.8℃ (no sky observation: unknown, and no minus) · 비서울3.6℃ · 박무0.6℃ (no name) ·
    맑음고창 (no number). A line alone proves little: `tables` judges it by its neighbours."""
    read = _read(line)
    return read.observation if read else None


def _read(line: str) -> WidgetLine | None:
    if len(line) > _LONGEST_LINE:
        return None
    plain = line.translate(_PLAIN).strip()
    bullet = _BULLET.match(plain)
    bare = plain[bullet.end() :] if bullet else plain
    value = _VALUE.search(bare)
    words, ahead, loose = _undashed(bare[: value.start()] if value else bare)
    if not _WORDS.match(words) or (value is None and not words):
        return None
    condition, name, station = _split(words)
    observation = Observation(
        station=name,
        station_id=station.id if station else None,
        condition=condition,
        temperature=None if loose else _temperature(value),
        observed_at=None,
        origin=Origin.WIDGET,
        attribution=None,
    )
    return WidgetLine(
        observation=observation,
        degrees=value is not None and value.group("degree") is not None,
        bulleted=bullet is not None or ahead,
    )


def _undashed(words: str) -> tuple[str, bool, bool]:
    """The words of a line without the dashes around them, whether one stood ahead and whether one stood behind.

    A dash before a name stands for the sky that was not observed; one loose before the number for nothing certain."""
    bare = words.strip()
    inner = bare.strip("- ")
    return inner, bare.startswith("-"), bool(inner) and bare.endswith("-")


def _temperature(value: re.Match[str] | None) -> float | None:
    digits = (value.group("number") or value.group("bare")) if value else None
    degrees = float(digits) if digits else None
    return degrees if degrees is not None and _COLDEST < degrees < _WARMEST else None


def _split(words: str) -> tuple[str | None, str | None, Station | None]:
    """(condition, station as printed, station) of the words of a line, each None where unknown or blank."""
    if not words:
        return None, None, None
    whole = _known(words)
    if whole:
        return None, words, whole
    for condition in CONDITIONS:
        if words.startswith(condition):
            rest = words[len(condition) :].strip(" -")
            if not rest or _known(rest):
                return condition, rest or None, _known(rest)
    return _by_name(words) or _by_condition(words)


def _known(name: str) -> Station | None:
    """The station of a name exactly as widgets print it: 홍성(예) is known, 강진 for 강진군 is not."""
    bare = name.partition("(")[0] if name.endswith(")") else name
    return BY_NAME.get(bare)


def _by_name(words: str) -> tuple[str, str, Station] | None:
    """A word nobody knows before the longest known station at the end: the word passes through as text."""
    bare = words.partition("(")[0] if words.endswith(")") else words
    for size in range(min(LONGEST_NAME, len(bare) - 1), 1, -1):
        station = BY_NAME.get(bare[-size:])
        if station:
            at = len(bare) - size
            return words[:at].strip(" -"), words[at:], station
    return None


def _by_condition(words: str) -> tuple[str | None, str, None]:
    """A known condition before a name nobody knows. 비 and 눈 begin names too (비봉): one syllable is no name."""
    for condition in CONDITIONS:
        rest = words[len(condition) :].strip(" -")
        if words.startswith(condition) and len(rest) > 1:
            return condition, rest, None
    return None, words, None


# --- the lines of a page ---------------------------------------------------------------------

_FEW = 3  # that many sure lines are a table even without bullets


def tables(lines: Sequence[str]) -> tuple[Table, ...]:
    """The weather tables among the lines of a page, in order.

    A table is a run of lines (blank ones between do not part it) that read as weather and among which known stations
    stand with degrees; lists of font sizes, reactions and place names never are one."""
    read = [(n, _likely(line)) for n, line in enumerate(lines) if line.strip()]
    out = []
    for weather, run in groupby(read, key=lambda item: item[1] is not None):
        members = _trimmed([(n, line) for n, line in run if line is not None]) if weather else []
        if _is_table([line for _, line in members]):
            found = _placed([line.observation for _, line in members])
            out.append(Table(lines=tuple(n for n, _ in members), observations=found))
    return tuple(out)


def _likely(line: str) -> WidgetLine | None:
    read = _read(line)
    return read if read and read.likely else None


def _trimmed(run: list[tuple[int, WidgetLine]]) -> list[tuple[int, WidgetLine]]:
    """A run without the lines at its ends that say nothing about weather."""
    telling = [n for n, (_, line) in enumerate(run) if line.telling]
    return run[telling[0] : telling[-1] + 1] if telling else []


def _is_table(run: Sequence[WidgetLine]) -> bool:
    sure = [line for line in run if line.sure]
    if len(sure) >= _FEW:
        return True
    return bool(sure) and all(line.bulleted or line.observation.condition in CONDITIONS for line in run)


def _placed(found: Sequence[Observation]) -> tuple[Observation, ...]:
    """Observations with the number of each nameless station, where its place in the list proves which one it is."""
    if len(found) == len(WIDGET_ORDER) and _in_order(found):
        return tuple(replace(seen, station_id=station.id) for seen, station in zip(found, WIDGET_ORDER, strict=True))
    return tuple(
        seen if seen.station is not None else replace(seen, station_id=_between(found, n))
        for n, seen in enumerate(found)
    )


def _in_order(found: Sequence[Observation]) -> bool:
    named = [seen.station_id in (None, station.id) for seen, station in zip(found, WIDGET_ORDER, strict=True)]
    blank = [seen.station is not None or seen.station_id is None for seen in found]
    return all(named) and all(blank) and any(seen.station_id for seen in found)


_PLACE = {station.id: n for n, station in enumerate(STATIONS)}


def _between(found: Sequence[Observation], n: int) -> str | None:
    """The one station that the table of stations has between this line's neighbours, or None."""
    before = _PLACE.get((found[n - 1].station_id or "") if n else "")
    after = _PLACE.get((found[n + 1].station_id or "") if n + 1 < len(found) else "")
    return STATIONS[before + 1].id if before is not None and after == before + 2 else None
