"""Who outside is told that something of ours changed, what is owed to each, and when it is tried again.

It talks to nobody and stores nothing. Telling carries no content: whoever is told comes and fetches, so that ten
changes of one thing are told once and a repetition does no harm.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from syndication.core.model import Outcome, Reach, Verdict

FIRST_RETRY = timedelta(seconds=30)
LONGEST_RETRY = timedelta(minutes=30)
GIVEN_UP_AFTER = timedelta(days=3)  # of one change; the next one is told as if nothing had been


class Ear(StrEnum):
    """What kind of far side is told, and of what."""

    HUB = "websub"  # of feeds
    SEARCH = "indexnow"  # of pages


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """A far side that wants to know when something changed."""

    ear: Ear
    url: str

    @property
    def name(self) -> str:
        """What it is known by: who moves to another address is another one, and told everything anew."""
        return f"{self.ear} {self.url}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """That a listener is to be told of a thing. `mark` says which bytes or Revision: a mark is told once."""

    listener: str
    thing: str  # feeds/daily/articles.rss; article:34; issue:12
    mark: str
    owed_since: datetime
    attempts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What came of a Telling: told, to be tried again at an instant, or parked with the reason alone."""

    telling: Telling
    reason: str | None = None  # None: it was told
    again_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """How one listener stands: of how many things it knows, waits to hear, or will not hear and why."""

    listener: str
    told: int = 0
    waiting: int = 0
    parked: Mapping[str, int] = field(default_factory=dict)  # by reason
    owed_since: datetime | None = None  # the oldest that waits
    reason: str | None = None  # why the last attempt of one that waits failed


def answered(telling: Telling, outcome: Outcome, now: datetime) -> Told:
    """What an answer means for a Telling."""
    if outcome.verdict is Verdict.ACCEPTED:
        return Told(telling=telling)
    reason = f"{outcome.code or 'no answer'}: {outcome.reason or 'not taken'}"
    if outcome.verdict is Verdict.REFUSED:
        return Told(telling=telling, reason=reason)
    if now - telling.owed_since >= GIVEN_UP_AFTER:
        return Told(telling=telling, reason=f"given up after {GIVEN_UP_AFTER.days} days; the last answer was {reason}")
    wait = max(_delay(telling), min(outcome.retry_after or timedelta(), GIVEN_UP_AFTER))
    return Told(telling=telling, reason=reason, again_at=now + wait)


def rests(outcome: Outcome) -> bool:
    """Whether an answer holds for everything that this listener is to be told: nothing more is tried for now."""
    return outcome.verdict is not Verdict.ACCEPTED and outcome.reach is Reach.TRANSPORT


def on_site(url: str, home: str) -> bool:
    """Whether a page lies on the host of our own pages: search engines believe us about no other (IndexNow: 422)."""
    try:
        page, ours = urlsplit(url), urlsplit(home)
        return page.scheme in ("http", "https") and page.netloc.lower() == ours.netloc.lower() != ""
    except ValueError:
        return False


def _delay(telling: Telling) -> timedelta:
    """30 seconds, doubling to half an hour; up to a half longer, so that not all come back at once."""
    step = min(FIRST_RETRY * (1 << min(telling.attempts, 20)), LONGEST_RETRY)
    return step * (1 + _share(f"{telling.listener}\0{telling.thing}\0{telling.attempts}") / 2)


def _share(key: str) -> float:
    """A number in [0, 1) that looks like chance and is always the same for the same attempt."""
    return int.from_bytes(hashlib.sha256(f"tell\0{key}".encode()).digest()[:4]) / 2**32
