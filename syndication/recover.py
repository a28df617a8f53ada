"""Brings a restored or copied database up to what was really sent, before it may send again.

What was sent is known outside it: this house's journals, and what providers report. It never guesses: a mail with an
intent and no answer becomes uncertain.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import uuid4

from syndication import assemble
from syndication.core import ledger
from syndication.core.bounces import Patience
from syndication.core.ledger import Witness
from syndication.core.model import AddressKey, Cadence, Event, EventKind, Issue, Verdict
from syndication.dispatch import fan_out, in_doubt
from syndication.ports import Ports, Setup

CHUNK = 5000
Named = tuple[str, str, str]  # Edition, cadence and local date
DOUBTFUL = "a journal has its intent and no answer, and the database knows nothing of it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What the journals know of mails that the database still holds for unsent."""

    doubt: str | None  # why nothing is sent now
    sent: int = 0
    uncertain: int = 0
    journals: int = 0  # mails that any journal here names
    unmatched: int = 0  # of these, mails of Issues that the database does not have


def survey(ports: Ports) -> Findings:
    """What `recover` would do; nothing is changed."""
    told = _told(ports)
    counts = {True: 0, False: 0}
    for _, _, _, sent in _matches(ports, told):
        counts[sent] += 1
    return Findings(
        doubt=in_doubt(ports),
        sent=counts[True],
        uncertain=counts[False],
        journals=told.mails,
        unmatched=_unmatched(ports, told),
    )


def recover(ports: Ports, setup: Setup) -> Findings:
    """Settle what the journals know, and call this database the true one from now on: it may send again.

    What is due is frozen and fanned out first: the journals may know of mails that a backup is too old to hold."""
    assemble.publish_due(ports, setup)
    for issue in ports.store.open_issues():
        fan_out(ports, setup, issue)
    told, now, doubt = _told(ports), ports.clock.now(), in_doubt(ports)
    sent, uncertain = list[Event](), list[int]()
    for number, key, issue, accepted in _matches(ports, told):
        if accepted:
            sent.append(_sent(number, key, issue, now))
        else:
            uncertain.append(number)
    for start in range(0, len(sent), CHUNK):
        ports.store.learn(sent[start : start + CHUNK], Patience())
    for start in range(0, len(uncertain), CHUNK):
        ports.store.doubt(uncertain[start : start + CHUNK], DOUBTFUL, now)
    _declare(ports)
    return Findings(
        doubt=doubt,
        sent=len(sent),
        uncertain=len(uncertain),
        journals=told.mails,
        unmatched=_unmatched(ports, told),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What journals name: the mails of open Issues each by its durable key, True when it was accepted and False when
    nobody knows; all others, of many mornings, only counted by Edition, cadence and date."""

    known: Mapping[str, bool]
    elsewhere: Mapping[Named | None, int]

    @property
    def mails(self) -> int:
        return len(self.known) + sum(self.elsewhere.values())


def _told(ports: Ports) -> _Told:
    wanted = {(i.edition_id, i.cadence.value, i.on.isoformat()) for i in ports.store.open_issues()}
    known = dict[str, bool]()
    elsewhere = Counter[Named | None]()
    for key, accepted in _attempts(ports):
        if (name := ledger.issue_named(key)) in wanted:
            known[key] = accepted or known.get(key, False)
        else:
            elsewhere[name] += 1
    return _Told(known=known, elsewhere=elsewhere)


def _attempts(ports: Ports) -> Iterator[tuple[str, bool]]:
    """The mails that were handed over (True) or may have been (False), by their durable keys, attempt by attempt."""
    unanswered: dict[tuple[int, int], str] = {}
    for entry in ports.journals.entries():
        if entry.lease is None or entry.delivery is None:
            continue
        attempt = (entry.lease, entry.delivery)
        if entry.key is not None:
            if attempt in unanswered:  # a restored database gives the same numbers anew
                yield unanswered[attempt], False
            unanswered[attempt] = entry.key
        elif entry.outcome is not None:
            key = unanswered.pop(attempt, None)
            # a clear no settles its own attempt only, and it may be tried again
            if key is not None and entry.outcome.verdict in (Verdict.ACCEPTED, Verdict.UNCERTAIN):
                yield key, entry.outcome.verdict is Verdict.ACCEPTED
    yield from ((key, False) for key in unanswered.values())


def _unmatched(ports: Ports, told: _Told) -> int:
    """How many of these mails belong to Issues that the database does not have."""
    return sum(number for name, number in told.elsewhere.items() if not _has(ports, name))


def _has(ports: Ports, name: Named | None) -> bool:
    if name is None:
        return False
    edition, cadence, on = name
    try:
        return ports.store.issue_on(edition, Cadence(cadence), date.fromisoformat(on)) is not None
    except ValueError:
        return False


def _matches(ports: Ports, told: _Told) -> Iterator[tuple[int, AddressKey, Issue, bool]]:
    """The waiting mails of open Issues that a journal names, and whether they were accepted."""
    for issue in ports.store.open_issues():
        after = 0
        while mails := ports.store.waiting_mails(issue.id, after, CHUNK):
            after = mails[-1][0]
            for number, key in mails:
                sent = told.known.get(ledger.durable_key(issue, key))
                if sent is not None:
                    yield number, key, issue, sent


def _sent(number: int, key: AddressKey, issue: Issue, now: datetime) -> Event:
    return Event(
        id=f"journal:{ledger.durable_key(issue, key)}",
        kind=EventKind.SENT,
        at=now,
        cause="a journal tells that it was accepted",
        delivery_id=number,
    )


def _declare(ports: Ports) -> None:
    """A new epoch, known to the database and outside it."""
    there, seen = ports.store.identity(), ports.journals.witness()
    name = there.installation if there is not None else uuid4().hex
    epoch = max(there.epoch if there is not None else 0, seen.epoch if seen is not None else 0) + 1
    ports.store.declare(name, epoch)
    now = ports.store.identity()
    ports.journals.attest(now or Witness(installation=name, epoch=epoch, lease=0))
