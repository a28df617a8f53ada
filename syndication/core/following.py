"""When the page of an Article is looked at, again and for how long, and what its absence means.

It asks no clock and fetches nothing; the verb does, one look after the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from syndication.core.model import Source, SourceKind, SourceLink

PAGES_A_LOOK = 30
WATCH = timedelta(days=3)  # how long pages of a list are looked at again, where the settings say nothing
_AGAIN = tuple(timedelta(hours=h) for h in (1, 4, 12, 24, 36, 48, 72, 120, 168, 336, 672))  # after the first look
_TRIES = 4  # looks that gave no Article
_FIRST_RETRY = timedelta(minutes=10)
_MISSES = 2  # looks, so that one slip of a site takes nothing back
_MISSED_AGAIN = timedelta(hours=1)
_MANY = 3


def watched(source: Source) -> timedelta:
    """How long Articles' own pages are looked at again after they were first seen."""
    if source.watch is not None:
        return source.watch
    return WATCH if source.kind is SourceKind.PAGE_LIST else timedelta(0)


def read(link: SourceLink, source: Source, now: datetime, *, identity: str | None = None) -> SourceLink:
    """The link after a look that worked, also one that found nothing changed."""
    ends = link.first_seen_at + watched(source)
    ahead = (link.first_seen_at + step for step in _AGAIN)
    following = next((at for at in ahead if at > now and at <= ends), None)
    return replace(
        link, identity=identity or link.identity, next_check_at=following, failures=0, missing=0, last_error=None
    )


def failed(link: SourceLink, now: datetime, why: str, *, wait: timedelta | None = None) -> SourceLink:
    """The link after a look that gave no Article: later and later, and given up after four."""
    failures = link.failures + 1
    retry = max(_FIRST_RETRY * 6 ** (failures - 1), wait or timedelta(0))
    following = now + retry if failures < _TRIES or (link.identity is not None and failures < 2 * _TRIES) else None
    return replace(link, failures=failures, next_check_at=following, last_error=why[:500])


def missed(link: SourceLink, source: Source, now: datetime, why: str) -> SourceLink:
    """The link after a look that met 404 or 410: once more in an hour, then as long as it is watched."""
    missing = link.missing + 1
    if link.identity is None:
        return replace(failed(link, now, why), missing=missing)
    ends = link.first_seen_at + watched(source)
    again = now + (_MISSED_AGAIN if missing < _MISSES else 4 * _MISSED_AGAIN)
    following = again if missing < _MISSES or again <= ends else None
    return replace(link, missing=missing, next_check_at=following, last_error=why[:500])


def gone(link: SourceLink, status: int | None) -> bool:
    """Whether its Article is to be proposed for retraction: said to be gone for good, or missing at two looks."""
    return link.identity is not None and (status == 410 or link.missing >= _MISSES)


def site_is_down(answers: Sequence[bool]) -> bool:
    """Whether so many pages are missing at once that it is the site's trouble and not the Articles': `answers` say
    of each page looked at, whose Article is known, whether it was there."""
    missing = answers.count(False)
    return missing >= _MANY and missing * 2 > len(answers)
