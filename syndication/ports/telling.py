"""Who is told that something changed, and the store's part for it: what is owed to whom.

It publishes nothing: a thing is noted when its changed bytes stand where the listener will look.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from syndication.core.model import Outcome
from syndication.core.telling import Heard, Telling, Told


class Herald(Protocol):
    """Tells one listener. `at_once` is how many addresses one call may hold."""

    @property
    def at_once(self) -> int: ...

    def tell(self, urls: Sequence[str]) -> Outcome:
        """One attempt; a repetition is harmless. Never raises for what the far side says or does: accepted, refused
        (the same again would end the same way), or deferred, with reach transport where that holds for everything."""
        ...


class Tellings(Protocol):
    """What each listener was told, and what it is still owed."""

    def note_changed(self, listeners: Collection[str], marks: Mapping[str, str], now: datetime) -> None:
        """Note things as they are published now. Owed is what has another mark than when it was last noted: several
        changes are one. A parked thing that changes is owed anew."""
        ...

    def take_tellings(self, listener: str, now: datetime, until: datetime, limit: int) -> Sequence[Telling]:
        """Claim what is owed to a listener and due, until then. What changed last comes first: a retraction does not
        wait behind what was put off."""
        ...

    def settle_tellings(self, told: Sequence[Told], now: datetime) -> None:
        """Note what came of claimed ones. What changed meanwhile stays owed."""
        ...

    def heard(self) -> Sequence[Heard]:
        """How each listener stands, by name."""
        ...

    def tell_again(self, listener: str, now: datetime) -> int:
        """Make everything due that waits or was parked for a listener; returns how many."""
        ...

    def forget_told(self, listeners: Collection[str], before: datetime) -> int:
        """Drop what was told before then, and everything of listeners not named; returns how many."""
        ...
