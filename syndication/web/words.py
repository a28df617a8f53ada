"""Interface words in the reader's language: Korean is the source, other languages come from catalogues.

It never translates content, only the words around it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from io import StringIO
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_skeleton
from babel.messages.pofile import read_po

SOURCE = "ko"
LANGUAGES = (SOURCE, "en")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One language's words. Calling it gives the words for a Korean text, with named places filled."""

    language: str
    catalogue: Mapping[str, str]

    def __call__(self, text: str, **values: object) -> str:
        words = self.catalogue.get(text) or text
        return words.format(**values) if values else words

    def day(self, on: date) -> str:
        """2026년 1월 20일 화요일 · Tuesday, January 20, 2026"""
        return format_date(on, "full", locale=self.language)

    def short_day(self, on: date) -> str:
        """1월 20일 · Jan 20"""
        return format_skeleton("MMMd", datetime(on.year, on.month, on.day), locale=self.language)  # noqa: DTZ001

    def month(self, on: date) -> str:
        """2026년 1월 · January 2026"""
        return format_skeleton("yMMMM", datetime(on.year, on.month, on.day), locale=self.language)  # noqa: DTZ001

    def moment(self, at: datetime, zone: str) -> str:
        """1월 20일 05:10 in the named zone."""
        local = at.astimezone(ZoneInfo(zone))
        return f"{self.short_day(local.date())} {local:%H:%M}"


def catalogues(templates: Mapping[str, str]) -> dict[str, Words]:
    """Words for every language, read from web/<language>.po beside the pages."""
    found = {SOURCE: Words(language=SOURCE, catalogue={})}
    for language in LANGUAGES[1:]:
        po = read_po(StringIO(templates[f"web/{language}.po"]), locale=language)
        entries = {str(m.id): str(m.string) for m in po if m.id and m.string}
        found[language] = Words(language=language, catalogue=entries)
    return found


def negotiate(accept_language: str) -> str:
    """The best of our languages for an Accept-Language header; Korean when it names none of them."""
    best, quality = SOURCE, 0.0
    for part in accept_language[:1000].split(","):
        tag, _, parameter = part.strip().partition(";")
        language = tag.strip().lower().partition("-")[0]
        weight = _weight(parameter)
        if language in LANGUAGES and weight > quality:
            best, quality = language, weight
    return best


def of_edition(language: str) -> str:
    """The interface language beside content of this language: ours where we speak it, else English."""
    short = language.lower().partition("-")[0]
    return short if short in LANGUAGES else "en"


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return max(0.0, min(1.0, float(value)))
    except ValueError:
        return 0.0
