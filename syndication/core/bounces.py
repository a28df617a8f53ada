"""What a bounce says about the address it came from: that it is dead, that something is wrong there, or nothing.

It reads no reports and counts in no store: codes and instants in, a judgement out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from syndication.core.model import Event, EventKind
from syndication.core.policy import DEAD_ADDRESS, OUR_FAULT


class Bearing(StrEnum):
    """What a bounce means for the address."""

    DEAD = "dead"  # it does not exist: never write to it again
    SOFT = "soft"  # something is wrong with it or with its host: counted over days
    NONE = "none"  # about the mail, about us, or about a full mailbox: its owner can do nothing about it


# Enhanced status codes (RFC 3463, RFC 7504 and the IANA registry), the first line that fits decides. The class is not
# looked at: what a host held for days and gave up comes back as 4.x.x.
_TABLE: tuple[tuple[str, Bearing], ...] = (
    (r"[45]\.2\.2", Bearing.NONE),  # mailbox full: its owner may clear it tomorrow
    (r"[45]\.2\.3|[45]\.3\.4", Bearing.NONE),  # this mail is too large
    (r"[45]\.7\.\d+", Bearing.NONE),  # policy, authentication, spam: a judgement on us
    (r"[45]\.5\.\d+|[45]\.6\.\d+", Bearing.NONE),  # protocol and content
    (r"[45]\.3\.[35]", Bearing.NONE),  # a feature is missing, the host is set up wrongly
    (r"[45]\.4\.6", Bearing.NONE),  # a loop between hosts
    (r".*", Bearing.SOFT),
)
_RULES = tuple((re.compile(shape), bearing) for shape, bearing in _TABLE)


def bearing(code: str | None, *, dead: bool = False) -> Bearing:
    """What a bounce with this enhanced status code means; `dead` where its reporter says that the address is gone.

    A code that never suppresses beats the reporter's word. Without a code the bounce counts as soft."""
    if code in DEAD_ADDRESS:
        return Bearing.DEAD
    if code in OUR_FAULT:
        return Bearing.NONE
    found = next(bearing for shape, bearing in _RULES if shape.fullmatch(code or ""))
    return Bearing.DEAD if dead and found is Bearing.SOFT else found


def bearing_of(news: Event) -> Bearing:
    """What an Event means for the address; NONE for everything that is no bounce."""
    return bearing(news.code, dead=news.suppress) if news.kind is EventKind.BOUNCED else Bearing.NONE


# --- counting over days ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long soft bounces are put up with: on how many different local days within which time."""

    days: int = 5
    within: timedelta = timedelta(days=30)
    zone: str = "Asia/Seoul"


def worn_out(soft: Iterable[datetime], delivered: Iterable[datetime], patience: Patience) -> bool:
    """Whether soft bounces came on so many different days within the time, with no delivery in between.

    The order in which the instants are given does not matter."""
    zone = ZoneInfo(patience.zone)
    row: list[datetime] = []  # soft bounces since the last delivery
    for at, arrived in sorted([(at, False) for at in soft] + [(at, True) for at in delivered], key=_when):
        row = [] if arrived else [*(other for other in row if at - other <= patience.within), at]
        if len({other.astimezone(zone).date() for other in row}) >= patience.days:
            return True
    return False


def _when(seen: tuple[datetime, bool]) -> tuple[datetime, bool]:
    at, arrived = seen
    return at, not arrived  # at the same instant the delivery comes first


# --- why an address is not written to --------------------------------------------------------

WORN_OUT = "mail to it came back on many days"
DEAD = "the address does not exist"
COMPLAINED = "the reader complained about the mail"

_WEIGHTS = {WORN_OUT: 1, DEAD: 2, COMPLAINED: 3}


def outweighs(reason: str, since: datetime, event_id: str, old: tuple[str, datetime, str]) -> bool:
    """Whether a Suppression's reason replaces the one that is there: the graver one, then the earlier one.

    So the one that stays does not depend on which was heard of first. What others suppressed for stays as it is. Of
    an address that is worn out the latest bounce is kept."""
    there, there_since, there_event = old
    if there not in _WEIGHTS:
        return False
    if _WEIGHTS[reason] != _WEIGHTS[there]:
        return _WEIGHTS[reason] > _WEIGHTS[there]
    earlier = (since, event_id) < (there_since, there_event)
    return earlier is not (reason == WORN_OUT)
