"""How often a Source brings something, and when it has been quiet or unreadable for too long.

It asks no clock and no Store: arrivals are handed in. A declared rhythm beats what was learnt.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta

from syndication.core.model import Source, SourceState

MEMORY = timedelta(days=36)  # arrivals older than this teach nothing
UNTAUGHT = timedelta(hours=36)  # the rhythm of a Source of which nothing was declared or learnt
_DAY, _WEEK = timedelta(days=1), timedelta(days=7)
_WEEKS = 4
_LEAST_WEEKS = 3  # fewer alike are chance
_GROWN = 1.25  # a gap may be so much longer than the longest one before
_NEVER_READ = 5  # attempts: an address that never worked is a mistake, whatever its rhythm
_UNREAD = 3  # looks in a row without an answer
_UNREAD_FOR = timedelta(hours=2)


def trouble(source: Source, state: SourceState, arrivals: Sequence[datetime], now: datetime) -> str | None:
    """Why a morning without more from this Source is degraded, or None: ended, unreadable, or abnormally silent."""
    if state.ended:
        return "it has ended (410 Gone): take it out or give its new address"
    return _unread(source, state, now) or _silent(source, state, arrivals, now)


def longest_silence(source: Source, arrivals: Sequence[datetime], state: SourceState, now: datetime) -> timedelta:
    """How long a Source may be without anything new: as declared, else a quarter longer than its longest silence of
    the last weeks and at least 36 hours, else 36 hours."""
    if source.silent_after is not None:
        return source.silent_after
    if state.first_polled_at is None or now - state.first_polled_at < 2 * _WEEK:
        return UNTAUGHT
    times = sorted(at for at in arrivals if now - MEMORY <= at <= now)
    longest = max((b - a for a, b in itertools.pairwise(times)), default=timedelta(0))
    return max(UNTAUGHT, longest * _GROWN)


def missing_today(state: SourceState, arrivals: Sequence[datetime], now: datetime) -> int:
    """In how many of the last weeks something came within the 24 hours up to this time of this weekday, when that was
    so in each of them, at least three, and nothing came today; else 0."""
    begun = state.first_polled_at
    known = [n for n in range(1, _WEEKS + 1) if begun is not None and begun <= now - n * _WEEK - _DAY]
    if len(known) < _LEAST_WEEKS or _came(arrivals, now):
        return 0
    return len(known) if all(_came(arrivals, now - n * _WEEK) for n in known) else 0


def _came(arrivals: Sequence[datetime], until: datetime) -> bool:
    return any(until - _DAY < at <= until for at in arrivals)


def _unread(source: Source, state: SourceState, now: datetime) -> str | None:
    why = f" (last error: {state.last_error})" if state.last_error else ""
    longest = source.silent_after or UNTAUGHT
    if state.first_polled_at is None and state.failures >= _NEVER_READ:
        return f"it was never read in {state.failures} attempts{why}"
    if state.first_polled_at is None and state.last_new_at is None:
        late = now - state.next_check_at
        return f"it was never read, and that for {span(late)}{why}" if late > longest else None
    since = state.last_ok_at
    if state.failures >= _UNREAD and since is not None and now - since > max(_UNREAD_FOR, 3 * source.every):
        return f"it could not be read for {span(now - since)}{why}"
    return None


def _silent(source: Source, state: SourceState, arrivals: Sequence[datetime], now: datetime) -> str | None:
    since = state.last_new_at or state.first_polled_at
    if since is None:
        return None
    why = f" (last error: {state.last_error})" if state.last_error else ""
    longest = longest_silence(source, arrivals, state, now)
    if now - since > longest:
        return f"nothing new for {span(now - since)}, expected within {span(longest)}{why}"
    weeks = 0 if source.silent_after is not None else missing_today(state, arrivals, now)
    if weeks:
        return f"nothing new for {span(now - since)}; on this day of each of the last {weeks} weeks there was{why}"
    return None


def span(length: timedelta) -> str:
    """A length a person can read: 45 min, 3 h, 2 days."""
    minutes = int(length.total_seconds() // 60)
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} days"
