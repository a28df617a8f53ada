"""Interface words, dates and numbers in the reader's language: Korean is the source, English comes from a catalogue.

Content (titles, summaries, names of places and sections) is never translated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from io import StringIO
from zoneinfo import ZoneInfo

from babel.dates import format_skeleton
from babel.messages.pofile import read_po

from syndication.core.dates import (
    english_date,
    english_short_date,
    english_time,
    korean_date,
    korean_short_date,
    korean_time,
    short_time,
)

SOURCE = "ko"
LANGUAGES = (SOURCE, "en")
CATALOGUE = "words/{language}.po"  # its name among the templates
SKY = "sky"  # context of the weather service's words: 눈 is snow there
ALERT = "alert"  # of its warnings: kinds and levels
AIR = "air"  # of the grades of fine dust

_CONTEXT_ENDS = "\x04"  # between context and message, as in compiled gettext catalogues


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The words of one language; calling it looks a message up, as gettext's `_` does."""

    language: str  # ko, en or a regional form of them
    catalogue: Mapping[str, str]  # Korean text -> this language's; empty for Korean

    def __call__(self, text: str, /, **values: object) -> str:
        """The words for a Korean text, its {places} filled; the text itself where there is no translation."""
        said = self.catalogue.get(text, text)
        return said.format(**values) if values else said

    @property
    def korean(self) -> bool:
        return spoken(self.language) == SOURCE

    def sky(self, word: str) -> str:
        """A sky word of the weather service in this language; a word that is not one of its own stays as printed."""
        return self._term(SKY, word)

    def alert(self, kind: str, level: str) -> str:
        """한파주의보; Cold wave advisory."""
        return f"{kind}{level}" if self.korean else f"{self._term(ALERT, kind)} {self._term(ALERT, level)}"

    def air(self, grade: str) -> str:
        """The grade of fine dust in this language: 보통; Moderate."""
        return self._term(AIR, grade)

    def _term(self, context: str, word: str) -> str:
        return self.catalogue.get(f"{context}{_CONTEXT_ENDS}{word.replace(' ', '')}", word)

    def day(self, on: date) -> str:
        """2026년 1월 20일 화요일; Tuesday, 20 January 2026."""
        return korean_date(on) if self.korean else english_date(on)

    def short_day(self, on: date) -> str:
        """1월 20일; 20 Jan."""
        return (korean_short_date(on) if self.korean else english_short_date(on)).partition("(")[0].strip()

    def day_of_week(self, on: date) -> str:
        """1월 20일(화); 20 Jan (Tue)."""
        return korean_short_date(on) if self.korean else english_short_date(on)

    def month(self, on: date) -> str:
        """2026년 1월; January 2026."""
        first = datetime(on.year, on.month, 1)  # noqa: DTZ001 - a day, no instant
        return format_skeleton("yMMMM", first, locale=spoken(self.language))

    def hour(self, at: datetime, zone: str) -> str:
        """오전 6시, 오전 6시 30분; 6:30 am."""
        return (korean_time if self.korean else english_time)(at, ZoneInfo(zone))

    def moment(self, at: datetime, zone: str) -> str:
        """1월 20일 05:10; 20 Jan 05:10."""
        return f"{self.short_day(at.astimezone(ZoneInfo(zone)).date())} {short_time(at, ZoneInfo(zone))}"

    def printed(self, at: datetime | None, on: date | None, *, today: date, zone: str) -> str:
        """07:10 on the day itself, else 1월 19일 18:30; the bare date where no time is known; empty when undated."""
        if at is None:
            return self._day_beside(on, today) if on else ""
        local, clock = at.astimezone(ZoneInfo(zone)).date(), short_time(at, ZoneInfo(zone))
        return clock if local == today else f"{self._day_beside(local, today)} {clock}"

    def _day_beside(self, on: date, today: date) -> str:
        """With its year where that is not today's."""
        if on.year == today.year:
            return self.short_day(on)
        return f"{on.year}년 {self.short_day(on)}" if self.korean else f"{self.short_day(on)} {on.year}"


def words(language: str, templates: Mapping[str, str]) -> Words:
    """The words of `ko`, `en` or a regional form of them; any other language gets English.

    `templates` holds the catalogue words/en.po; Korean needs none. Raises KeyError where it is missing and babel's
    PoFileError where it is no catalogue."""
    known = spoken(language)
    found = {} if known == SOURCE else _messages(templates[CATALOGUE.format(language=known)])
    return Words(language=language if _tag(language) == known else known, catalogue=found)


def spoken(language: str) -> str:
    """The interface language beside content of this language: ours where we speak it, else English."""
    tag = _tag(language)
    return tag if tag in LANGUAGES else "en"


def observed_degrees(value: float) -> str:
    """-11.0, 0.8: a measured temperature with its one decimal, as the weather service prints it."""
    return f"{round(value, 1) + 0.0:.1f}"


def forecast_degrees(value: float) -> str:
    """-8°, 3°, 2.5°: a forecast temperature, without a nought behind the point."""
    return f"{round(value, 1) + 0.0:g}°"


def _tag(language: str) -> str:
    return language.replace("_", "-").partition("-")[0].lower()


@cache
def _messages(text: str) -> Mapping[str, str]:
    """Every translation of a catalogue by its message, or by context and message."""
    found = read_po(StringIO(text), abort_invalid=True)
    said = ((m.context, str(m.id), str(m.string)) for m in found if m.id and m.string and not m.fuzzy)
    return {f"{context}{_CONTEXT_ENDS}{korean}" if context else korean: other for context, korean, other in said}
