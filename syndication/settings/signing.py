"""Reads which keys sign mail, from when on: the list [mail] dkim.

It fetches no key; what cannot be agreed upon between keys is said in `environment`, where they are known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from syndication.settings import kinds
from syndication.settings.problems import Wrong

EXAMPLE = '[{ selector = "mail2026", key_from = "DKIM_KEY" }]'


@dataclass(frozen=True, slots=True, kw_only=True)
class DkimKey:
    """One key as the publisher names it."""

    selector: str
    key_from: str  # environment name
    since: datetime | None = None  # None: from the beginning


def dkim_key(value: Any) -> DkimKey:
    """A key out of { selector = …, key_from = …, from = … }; the last may be left out."""
    if not isinstance(value, Mapping):
        raise Wrong(f"this is {kinds.shown(value)}, where a table is expected", EXAMPLE)
    known = ("selector", "key_from", "from")
    unknown = next((key for key in value if key not in known), None)
    if unknown is not None:
        raise Wrong(f'a key has no "{unknown}"; it has selector, key_from and, if it is to begin later, from', EXAMPLE)
    missing = next((key for key in known[:2] if key not in value), None)
    if missing is not None:
        raise Wrong(f"{missing} is missing", EXAMPLE)
    return DkimKey(
        selector=kinds.slug(value["selector"]),
        key_from=kinds.environment_name(value["key_from"]),
        since=_start(value["from"]) if "from" in value else None,
    )


def _start(value: Any) -> datetime:
    """An instant with its offset; a bare date begins at 00:00 UTC."""
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value.strip())
        except ValueError:
            return kinds.instant(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, time(), UTC)
    return kinds.instant(value)
