"""How fast mail may go: limits by the second and by the day, a new sender's ramp, and who belongs to its first cohort.

It counts nothing itself: what was sent is the Store's to know.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

EVERYTHING = ""  # the way that every mail goes
MOSTLY = 0.94  # of what a provider's account allows: its window and ours do not begin at the same moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Mails per second and per local day by mail provider; "" is everything."""

    per_second: Mapping[str, float] = field(default_factory=dict)
    per_day: Mapping[str, int] = field(default_factory=dict)
    day_began_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What the publisher allows one way; None is no limit."""

    per_second: float | None = None
    per_day: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmUp:
    """A new sender's ramp: on its n-th local day at most `steps[n]` mails go to each of `providers`; then as many as
    they like."""

    began_on: date
    steps: tuple[int, ...]
    providers: tuple[str, ...]

    def most(self, on: date) -> int | None:
        """The most mails that a provider gets on a local date; None when the ramp is over."""
        day = (on - self.began_on).days
        if day < 0:
            return 0
        return self.steps[day] if day < len(self.steps) else None


def rates(limits: Mapping[str, Limit], warm_up: WarmUp | None, now: datetime, zone: ZoneInfo) -> Rates | None:
    """What holds at an instant; None when nothing is limited."""
    local = now.astimezone(zone)
    per_second = {name: limit.per_second for name, limit in limits.items() if limit.per_second is not None}
    per_day = {name: limit.per_day for name, limit in limits.items() if limit.per_day is not None}
    most = warm_up.most(local.date()) if warm_up is not None else None
    if warm_up is not None and most is not None:
        per_day |= {name: min(most, per_day.get(name, most)) for name in warm_up.providers}
    if not per_second and not per_day:
        return None
    began = datetime.combine(local.date(), time(), tzinfo=zone)
    return Rates(per_second=per_second, per_day=per_day, day_began_at=began.astimezone(now.tzinfo))


def within(own: Rates | None, per_second: float, left_today: int) -> Rates:
    """The publisher's own limits within what the provider's account allows."""
    own = own or Rates()
    most = min(own.per_second.get(EVERYTHING, per_second), per_second * MOSTLY)
    per_day = own.per_day if left_today > 0 else {**own.per_day, EVERYTHING: 0}
    return Rates(per_second={**own.per_second, EVERYTHING: most}, per_day=per_day, day_began_at=own.day_began_at)


def cohort_below(share: float) -> str | None:
    """The address digests (hex) below this belong to a share of all readers, always the same ones; None is everybody.

    A share that grows keeps whom it had."""
    return None if share >= 1 else f"{int(max(share, 0) * 0x1_0000_0000):08x}"
