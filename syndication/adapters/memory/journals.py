"""Journals in memory: for tests and previews. A journal's owner is dead once `dead` names it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from syndication.core.ledger import Entry, Testimony, Witness, testimony_of
from syndication.core.model import Outcome

_BOOT = "memory"


@dataclass(slots=True)
class MemoryJournal:
    name: str
    lines: list[Entry] = field(default_factory=lambda: [Entry(boot=_BOOT)])

    def intend(self, lease_id: int, delivery_id: int, key: str) -> None:
        self.lines.append(Entry(lease=lease_id, delivery=delivery_id, key=key))

    def note(self, lease_id: int, delivery_id: int, outcome: Outcome) -> None:
        self.lines.append(Entry(lease=lease_id, delivery=delivery_id, outcome=outcome))


@dataclass(slots=True)
class MemoryJournals:
    written: dict[str, MemoryJournal] = field(default_factory=lambda: {"1": MemoryJournal("1")})
    dead: set[str] = field(default_factory=set)
    seen: Witness | None = None

    def own(self) -> MemoryJournal:
        """The newest journal whose owner lives."""
        living = [journal for name, journal in self.written.items() if name not in self.dead]
        if not living:
            name = str(len(self.written) + 1)
            living = [self.written.setdefault(name, MemoryJournal(name))]
        return living[-1]

    def die(self) -> None:
        """Let the present owner be killed: whoever sends next is another one."""
        self.dead.add(self.own().name)

    def recall(self, name: str, lease_id: int) -> Testimony | None:
        return testimony_of(self.own().lines, lease_id, boot=_BOOT) if name == self.own().name else None

    def testimony(self, host: str, name: str, lease_id: int) -> Testimony | None:
        if name not in self.dead or name not in self.written:
            return None
        return testimony_of(self.written[name].lines, lease_id, boot=_BOOT)

    def entries(self) -> Iterable[Entry]:
        return [line for journal in self.written.values() for line in journal.lines]

    def sweep(self, now: datetime) -> None:
        """Nothing is kept longer than the process."""

    def witness(self) -> Witness | None:
        return self.seen

    def attest(self, witness: Witness) -> None:
        if self.seen is None or (witness.epoch, witness.lease) > (self.seen.epoch, self.seen.lease):
            self.seen = witness
