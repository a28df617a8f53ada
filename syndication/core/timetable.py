"""When an Edition's Issues are due: cut-off, hour and expiry of each local date, and what is owed now.

It reads no clock and knows no Articles; every instant it returns is aware and in UTC.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from syndication.core.model import Cadence, Edition

_DAY = timedelta(days=1)
_AHEAD = 400 * _DAY  # who appears in no year, never does
_WEEK = 7
_LONGEST_REST = 14  # days of which the stories are still told
OVERDUE_AFTER = timedelta(minutes=15)


class Task(StrEnum):
    """What a due slot asks for."""

    ASSEMBLE = "assemble"
    MISSED = "missed"  # its time has long passed, or a newer date took its place: record it, send nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One local date of an Edition; the date is the key, whatever hour or zone the Edition has by then."""

    on: date
    cut_off_at: datetime
    publish_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """One thing owed now."""

    slot: Slot
    kind: Task


def slot(edition: Edition, on: date) -> Slot:
    """The instants of the Edition's Issue of one local date, whether or not it publishes on that weekday."""
    publish_at = instant(on, edition.hour, ZoneInfo(edition.zone))
    return Slot(
        on=on,
        cut_off_at=publish_at - edition.lead,
        publish_at=publish_at,
        expires_at=publish_at + edition.expires_after,
    )


def slot_at(edition: Edition, now: datetime) -> Slot:
    """The instants of an Issue that is made now, out of turn, under the readers' date."""
    return Slot(on=local_date(edition, now), cut_off_at=now, publish_at=now, expires_at=now + edition.expires_after)


def due(
    edition: Edition,
    now: datetime,
    *,
    last_on: date | None,
    adopted_at: datetime,
    cadence: Cadence = Cadence.DAILY,
) -> tuple[Duty, ...]:
    """What is owed at `now`, oldest date first: at most one Issue to assemble, after the dates that were missed.

    `last_on` is the newest local date that has an Issue in any state: nothing up to it is owed again, so a changed
    hour or zone never gives two Issues for one date. Without it dates count from the Edition's adoption, by
    `_counts`. Of several dates after an outage only the newest that has not expired is assembled.
    """
    slots = _slots_until(edition, now, last_on=last_on, adopted_at=adopted_at, cadence=cadence)
    owed = [s for s in slots if s.cut_off_at <= now]
    newest = owed[-1] if owed and now < owed[-1].expires_at else None
    duties = (Duty(slot=s, kind=Task.ASSEMBLE if s is newest else Task.MISSED) for s in owed)
    return tuple(d for d in duties if d.kind is Task.ASSEMBLE or adopted_at <= d.slot.cut_off_at)


def next_slot(edition: Edition, now: datetime, cadence: Cadence = Cadence.DAILY) -> Slot | None:
    """The first slot whose hour is still to come; None for an Edition without publishing days."""
    first = local_date(edition, now)
    slots = (slot(edition, on) for on in _publishing_dates(edition, first, first + _AHEAD, cadence))
    return next((s for s in slots if s.publish_at > now), None)


def overdue(
    edition: Edition,
    now: datetime,
    last_on: date | None,
    *,
    adopted_at: datetime,
    grace: timedelta = OVERDUE_AFTER,
    cadence: Cadence = Cadence.DAILY,
) -> Slot | None:
    """The newest slot whose hour passed more than `grace` ago and that has no Issue in any state."""
    owed = _slots_until(edition, now, last_on=last_on, adopted_at=adopted_at, cadence=cadence)
    return next((s for s in reversed(owed) if s.publish_at + grace <= now), None)


def local_date(edition: Edition, now: datetime) -> date:
    """The date that the Edition's readers have at `now`."""
    return now.astimezone(ZoneInfo(edition.zone)).date()


def publishes_on(edition: Edition, on: date, cadence: Cadence = Cadence.DAILY) -> bool:
    """Whether `on` is a publishing day that exists in the Edition's zone and is none of its closed days.

    The weekly Issue of a closed day comes on the first day after it that is open, within its week. An extra one has
    no days: it comes when it is told to."""
    if cadence is Cadence.WEEKLY:
        return _is_weekly(edition, on)
    return cadence is Cadence.DAILY and on.weekday() in edition.days and _is_open(edition, on)


def _is_weekly(edition: Edition, on: date) -> bool:
    if edition.weekly is None:
        return False
    days_late = (on.weekday() - edition.weekly) % _WEEK
    earlier = (on - n * _DAY for n in range(1, days_late + 1))
    return _is_open(edition, on) and not any(_is_open(edition, day) for day in earlier)


def _is_open(edition: Edition, on: date) -> bool:
    return on not in edition.closed and _exists(on, ZoneInfo(edition.zone))


def rest_before(edition: Edition, on: date) -> timedelta:
    """How long the Edition rested before a date: its days without an Issue right before it."""
    days = 0
    while days < _LONGEST_REST and not publishes_on(edition, on - (days + 1) * _DAY):
        days += 1
    return days * _DAY


def instant(on: date, at: time, zone: ZoneInfo) -> datetime:
    """The UTC instant of a local wall time.

    A time that the clocks skip becomes the first instant after the gap; of a time that comes twice, the first.
    """
    wall = datetime.combine(on, at.replace(tzinfo=None, fold=0), zone)
    found = wall.astimezone(UTC)
    if _same_wall(found, wall):
        return found
    return _end_of_gap(wall.replace(fold=1).astimezone(UTC), found, zone)


def _slots_until(
    edition: Edition, now: datetime, *, last_on: date | None, adopted_at: datetime, cadence: Cadence
) -> list[Slot]:
    """Slots that count and whose cut-off may have come, oldest first."""
    first = last_on + _DAY if last_on else local_date(edition, adopted_at)
    last = local_date(edition, now + edition.lead) + _DAY
    slots = (slot(edition, on) for on in _publishing_dates(edition, first, last, cadence))
    return [s for s in slots if _counts(s, adopted_at)]


def _counts(of: Slot, adopted_at: datetime) -> bool:
    """Whether an installation that adopted the Edition at that instant owes this slot.

    Adopted by its hour, today's Issue is still expected. Adopted later the first one is the next: whoever sets up
    an Edition at noon does not want the morning's digest to go out at noon.
    """
    return adopted_at <= of.publish_at


def _publishing_dates(edition: Edition, first: date, last: date, cadence: Cadence) -> Iterator[date]:
    for n in range((last - first).days + 1):
        on = first + n * _DAY
        if publishes_on(edition, on, cadence):
            yield on


def _exists(on: date, zone: ZoneInfo) -> bool:
    """Whether the zone has this date at all: Samoa left out 2011-12-30."""
    walls = (datetime.combine(on, at, zone) for at in (time(12), time.min, time.max))
    return any(_same_wall(wall.astimezone(UTC), wall) for wall in walls)


def _same_wall(found: datetime, wall: datetime) -> bool:
    return found.astimezone(wall.tzinfo).replace(tzinfo=None) == wall.replace(tzinfo=None)


def _end_of_gap(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The instant at which the offset changes, between an instant before and one after it."""
    old = before.astimezone(zone).utcoffset()
    low, high = int(before.timestamp()), int(after.timestamp())
    while high - low > 1:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == old:
            low = middle
        else:
            high = middle
    return datetime.fromtimestamp(high, UTC)
