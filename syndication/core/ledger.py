"""What becomes of a Delivery whose worker is gone, by what that worker's journal tells.

It reads no journal and changes no row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from syndication.core.model import AddressKey, Channel, Delivery, DeliveryState, Issue, Outcome, Verdict

NO_ANSWER = "the worker ended between the intent and the answer"
NO_JOURNAL = "its worker is gone or unheard of, and no journal tells how far it came"


@dataclass(frozen=True, slots=True, kw_only=True)
class Testimony:
    """What a journal tells about one lease, once nobody holds it any more."""

    intended: frozenset[int]  # Deliveries
    outcomes: Mapping[int, Outcome]
    complete: bool  # nothing is missing: what is not in `intended` was never handed over


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a journal: how it began, an intent, an Outcome; one without all of these could not be read."""

    boot: str | None = None  # which start of which machine it was written under
    lease: int | None = None
    delivery: int | None = None
    key: str | None = None  # of an intent: names the Delivery whatever becomes of the database
    outcome: Outcome | None = None

    @property
    def unreadable(self) -> bool:
        return self.boot is None and self.lease is None


def testimony_of(entries: Iterable[Entry], lease_id: int, *, boot: str) -> Testimony:
    """What a journal tells about one lease. It is complete when it was begun under this very start of the machine
    and every line can be read: then no intent is missing."""
    intended, outcomes, began, readable = set[int](), dict[int, Outcome](), "", True
    for entry in entries:
        began = entry.boot or began
        readable = readable and not entry.unreadable
        if entry.lease != lease_id or entry.delivery is None:
            continue
        if entry.outcome is None:
            intended.add(entry.delivery)
        else:
            outcomes[entry.delivery] = entry.outcome
    complete = readable and began == boot and boot not in ("", "unknown")
    return Testimony(intended=frozenset(intended), outcomes=outcomes, complete=complete)


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """What is known outside the database of the database that sends: which one it is, and how far it had come."""

    installation: str
    epoch: int  # how often it was declared to be the true one
    lease: int  # the highest number of a lease that was seen


def doubt(witness: Witness | None, database: Witness | None) -> str | None:
    """Why nothing may be sent from this database before the operator has looked; None when all is well.

    A database that nobody ever sent from is taken as it is."""
    if database is None:
        return None if witness is None else "the database is new here, and another one has been sent from before"
    if witness is None:
        return "the database has been sent from elsewhere: it was copied or moved here"
    if witness.installation != database.installation:
        return "the database is another one than was sent from here before"
    if database.epoch < witness.epoch or database.lease < witness.lease:
        return "the database is older than what was sent from here: it was restored"
    return None


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


def durable_key(issue: Issue, key: AddressKey) -> str:
    """What names a mail in journals: it means the same in a restored database, where numbers may be given anew."""
    return f"{issue.edition_id}/{issue.cadence}/{issue.on.isoformat()} {key.key_id}:{key.digest}"


def issue_named(durable: str) -> tuple[str, str, str] | None:
    """Edition, cadence and date in a durable key; None where it is none."""
    parts = durable.partition(" ")[0].rsplit("/", 2)
    return (parts[0], parts[1], parts[2]) if len(parts) == 3 else None
