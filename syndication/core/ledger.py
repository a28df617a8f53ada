"""What becomes of a Delivery whose worker is gone, by what that worker's journal tells.

It reads no journal and changes no row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from syndication.core.model import Channel, Delivery, DeliveryState, Outcome, Verdict

NO_ANSWER = "the worker ended between the intent and the answer"
NO_JOURNAL = "its worker is gone or unheard of, and no journal tells how far it came"


@dataclass(frozen=True, slots=True, kw_only=True)
class Testimony:
    """What a journal tells about one lease, once nobody holds it any more."""

    intended: frozenset[int]  # Deliveries
    outcomes: Mapping[int, Outcome]
    complete: bool  # nothing is missing: what is not in `intended` was never handed over


class Fate(StrEnum):
    """What becomes of a Delivery that has no Outcome."""

    WAITS = "waits"  # nothing was handed over, or it may be told again: the outbox has it back
    STAYS = "stays"  # it is uncertain already and nothing new is known


def fate(delivery: Delivery, testimony: Testimony | None) -> Outcome | Fate:
    """What a Delivery of a lease that is over becomes."""
    if delivery.state is DeliveryState.CLAIMED or delivery.channel is not Channel.EMAIL:
        return Fate.WAITS
    told = None if testimony is None else testimony.outcomes.get(delivery.id)
    if told is not None and told.verdict is not Verdict.UNCERTAIN:
        return told
    if testimony is not None and testimony.complete and delivery.id not in testimony.intended:
        return Fate.WAITS
    if delivery.state is DeliveryState.UNCERTAIN:
        return Fate.STAYS
    if told is not None:
        return told
    began = testimony is not None and delivery.id in testimony.intended
    return Outcome(verdict=Verdict.UNCERTAIN, reason=NO_ANSWER if began else NO_JOURNAL)
