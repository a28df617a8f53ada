"""What the editor wants of an Issue, as it was said and as it came out.

It does not say what a wish does; `core.desk` and `core.curate` do.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Do(StrEnum):
    """What a wish asks for."""

    PIN = "pin"  # in the Issue, whatever else there is
    DROP = "drop"  # not in the Issue
    LEAD = "lead"  # the first story of the Issue
    HEADLINE = "headline"
    SUMMARY = "summary"
    SUBJECT = "subject"  # of the mail
    NOTE = "note"  # from the desk, above the weather
    HOLD = "hold"  # made and frozen, but not sent


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One wish of the desk: for one local date, or until further notice."""

    do: Do
    edition_id: str
    article: str | None = None  # the number of an Article, or its web address
    words: str | None = None
    on: date | None = None  # None: until further notice
    by: str
    at: datetime
    id: int = 0  # 0: it stands in the file
    undone_by: str | None = None
    undone_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wished:
    """A wish as it was taken up in an Issue, or why it was not."""

    wish: Wish
    article_id: int | None = None
    refused: str | None = None
