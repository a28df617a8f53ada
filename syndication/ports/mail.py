"""How mail leaves, what is written down before and after, and how answers come back.

It does not choose whom to write to; the outbox does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from syndication.core.ledger import Entry, Testimony, Witness
from syndication.core.model import (
    Outcome,
    Verdict,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A finished message and its envelope. `message` is the exact bytes of the DATA phase before dot-stuffing."""

    sender: str
    recipient: str
    message: bytes
    delivery_id: int = 0  # 0: no Delivery of the outbox
    tags: Mapping[str, str] = field(default_factory=dict)  # [A-Za-z0-9_-], for providers that give them back


Intent = Callable[[Mail], bool]

HELD_BACK = Outcome(
    verdict=Verdict.DEFERRED, reason="held back right before it would have been handed over; nothing was"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """When mails may be handed over: the first `start` from now (at once, where that has passed), each further one
    `every` later. Who has fallen behind may make up for it at twice the pace, never all at once."""

    start: timedelta
    every: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """What the provider's account allows, counted in recipients."""

    per_second: float
    per_day: int
    sent_last_day: int


class Mailer(Protocol):
    def carry(
        self, mails: Iterable[Mail], intent: Intent, *, pace: Pace | None = None
    ) -> Iterator[tuple[Mail, Outcome]]:
        """Hand over mails one after another and yield each with its Outcome as soon as that is known, in any order.

        The next mail is drawn while the last one travels. Right before a mail could become theirs (the final dot, the
        provider's call) `intent` is asked, perhaps from another thread: on False nothing of it is handed over and its
        Outcome is HELD_BACK. Every mail that was drawn gets its Outcome. Never raises for what the far side says or
        does; what breaks before `intent` is deferred, what breaks after it is uncertain."""
        ...

    def quota(self) -> Quota | None:
        """What the provider's account allows now; None where nobody says. Raises Transient."""
        ...

    def close(self) -> None: ...


class Journal(Protocol):
    """What one sending process writes down outside the database, so that its death leaves little doubt.

    The process holds it locked for as long as it lives. Every line is with the operating system when the call returns
    (it survives the process, not the machine). Raises Transient when it cannot be written."""

    @property
    def name(self) -> str: ...

    def intend(self, lease_id: int, delivery_id: int, key: str) -> None:
        """Note that a Delivery is about to be handed over; `key` names it whatever becomes of the database."""
        ...

    def note(self, lease_id: int, delivery_id: int, outcome: Outcome) -> None:
        """Note what was answered."""
        ...


class Journals(Protocol):
    def own(self) -> Journal:
        """This process's journal, opened with the first call, anew when the file has vanished. Raises Transient.

        Never asked for while mails of ours are under way: the last one may be let go."""
        ...

    def recall(self, name: str, lease_id: int) -> Testimony | None:
        """What our own journal says about a lease of ours under which nothing is under way any more; None when the
        journal of that name is not our own."""
        ...

    def testimony(self, host: str, name: str, lease_id: int) -> Testimony | None:
        """What a journal says; None while its owner lives, on another machine, or when it is gone."""
        ...

    def entries(self) -> Iterable[Entry]:
        """Everything that is written down here, the oldest journal first."""
        ...

    def sweep(self, now: datetime) -> None:
        """Remove what nobody will ask for any more."""
        ...

    def witness(self) -> Witness | None:
        """What is known here, outside the database, of the database; None when nothing is."""
        ...

    def attest(self, witness: Witness) -> None:
        """Remember a witness; the highest lease of one epoch stands. Raises Transient."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A mail that came in, as it came. `sender` and `recipients` are the envelope's; None and empty where unknown."""

    message: bytes
    sender: str | None = None  # "" for the null sender of reports
    recipients: tuple[str, ...] = ()
    name: str = ""  # how the Postbox knows it


class Postbox(Protocol):
    """Where bounces, complaints and answers of readers arrive and wait to be read."""

    def look(self, limit: int) -> Iterator[Arrived]:
        """What has not been marked yet, oldest first. Raises Transient or Permanent."""
        ...

    def done(self, arrived: Arrived) -> None:
        """Mark a mail: it was read and what it said was stored."""
        ...

    def set_aside(self, arrived: Arrived) -> None:
        """Mark a mail that somebody should look at."""
        ...

    def close(self) -> None: ...
