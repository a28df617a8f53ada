"""Turns what the Korean services refuse into the errors that cross ports.

It asks nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta

from syndication.core.kma.answers import SEOUL, Act, Refused
from syndication.ports import Permanent, Transient

_ADVICE: Mapping[str | None, str] = {
    "12": "the address of the service is not known there",
    "20": "subscribe to {product} with this key",
    "21": "the key is blocked for now",
    "30": "put the key in as the portal shows it and subscribe to {product} with it",
    "31": "the subscription to {product} has ended: renew it",
    "32": "register this machine's address for the key",
}


def failure(refused: Refused, now: datetime, *, product: str, who: str = "KMA") -> Transient | Permanent:
    """The error of a port for a refusal, with what the operator can do."""
    if refused.act is Act.NEXT_DAY:
        return Transient(f"{who}: {refused}", retry_after=next_day(now) - now)
    if refused.act not in (Act.OPERATOR, Act.NEVER):
        return Transient(f"{who}: {refused}")
    advice = _ADVICE.get(refused.code)
    return Permanent(f"{who} refused: {refused}" + (f"; {advice.format(product=product)}" if advice else ""))


def next_day(now: datetime) -> datetime:
    """Midnight in Seoul, when quotas begin anew."""
    return datetime.combine(now.astimezone(SEOUL).date() + timedelta(days=1), time.min, SEOUL)
