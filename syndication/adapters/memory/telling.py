"""What far sides are owed about our feeds and pages, in memory.

It decides nothing: what an answer means is said by `core.telling`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from syndication.adapters.memory.rows import Rows
from syndication.adapters.memory.telling_rows import TellingRow
from syndication.core.telling import Heard, Telling, Told


class MemoryTellings:
    rows: Rows

    def note_changed(self, listeners: Collection[str], marks: Mapping[str, str], now: datetime) -> None:
        with self.rows.lock:
            for listener in listeners:
                for thing, mark in marks.items():
                    self._note(listener, thing, mark, now)

    def _note(self, listener: str, thing: str, mark: str, now: datetime) -> None:
        row = self.rows.tellings.get((listener, thing))
        if row is None:
            self.rows.tellings[listener, thing] = TellingRow(mark=mark, next_at=now, owed_since=now)
        elif row.mark != mark:
            row.mark = mark
            if row.next_at is None:
                row.owe(now)

    def take_tellings(self, listener: str, now: datetime, until: datetime, limit: int) -> Sequence[Telling]:
        with self.rows.lock:
            due = sorted(
                (-row.owed_since.timestamp() if row.owed_since else 0.0, thing)
                for (whose, thing), row in self.rows.tellings.items()
                if whose == listener
                and row.next_at is not None
                and row.next_at <= now
                and (row.taken_until is None or row.taken_until <= now)
            )
            return [self._take(listener, thing, until) for _, thing in due[:limit]]

    def _take(self, listener: str, thing: str, until: datetime) -> Telling:
        row = self.rows.tellings[listener, thing]
        row.taken_until = until
        assert row.owed_since is not None
        return Telling(listener=listener, thing=thing, mark=row.mark, owed_since=row.owed_since, attempts=row.attempts)

    def settle_tellings(self, told: Sequence[Told], now: datetime) -> None:
        with self.rows.lock:
            for one in told:
                row = self.rows.tellings.get((one.telling.listener, one.telling.thing))
                if row is not None and one.reason is None:
                    _told(row, one, now)
                elif row is not None and row.next_at is not None:
                    _failed(row, one, now)

    def heard(self) -> Sequence[Heard]:
        with self.rows.lock:
            names = sorted({listener for listener, _ in self.rows.tellings})
            return [
                _heard(name, [row for (whose, _), row in self.rows.tellings.items() if whose == name]) for name in names
            ]

    def tell_again(self, listener: str, now: datetime) -> int:
        with self.rows.lock:
            mine = [row for (whose, _), row in self.rows.tellings.items() if whose == listener]
            owed = [row for row in mine if row.next_at is not None or row.parked]
            for row in owed:
                row.owe(now)
            return len(owed)

    def forget_told(self, listeners: Collection[str], before: datetime) -> int:
        with self.rows.lock:
            gone = [
                place
                for place, row in self.rows.tellings.items()
                if place[0] not in listeners
                or (row.next_at is None and row.told_at is not None and row.told_at < before)
            ]
            for place in gone:
                del self.rows.tellings[place]
            return len(gone)


def _told(row: TellingRow, one: Told, now: datetime) -> None:
    row.told_at, row.taken_until = now, None
    if row.mark == one.telling.mark:
        row.rest()
    else:
        row.owe(now)


def _failed(row: TellingRow, one: Told, now: datetime) -> None:
    row.taken_until, row.attempts, row.reason = None, row.attempts + 1, one.reason
    row.next_at = one.again_at if row.mark == one.telling.mark else one.again_at or now


def _heard(listener: str, rows: Sequence[TellingRow]) -> Heard:
    waiting = [row for row in rows if row.next_at is not None]
    reasons = Counter(row.reason for row in waiting if row.reason is not None)
    return Heard(
        listener=listener,
        told=sum(row.next_at is None and not row.parked for row in rows),
        waiting=len(waiting),
        parked=dict(Counter(row.reason for row in rows if row.parked and row.reason is not None)),
        owed_since=min((row.owed_since for row in waiting if row.owed_since is not None), default=None),
        reason=max(reasons, key=lambda reason: reasons[reason], default=None),
    )
