"""How PostgreSQL finds the rows that the Store's questions are about: the plan of every statement of a call.

It judges nothing; a test says which tables may not be read as a whole, a benchmark prints what the manual shows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, event

from syndication.core.bounces import Patience
from syndication.core.model import Channel, Event, EventKind, Issue, Outcome, Verdict
from syndication.ports import Settlement, Store

LEASE = timedelta(seconds=90)

_PLANNED = re.compile(r"\s*(?:SELECT|INSERT|UPDATE|DELETE|WITH)\b", re.IGNORECASE)
_READ_WHOLE = re.compile(r"Seq Scan on (\w+)")


@contextmanager
def explained(engine: Engine) -> Iterator[list[tuple[str, str]]]:
    """The statements of a block, each in one line, with its plan."""
    told: list[tuple[str, str]] = []

    def explain(_: Any, cursor: Any, statement: str, parameters: Any, __: Any, many: bool) -> None:
        if _PLANNED.match(statement) and not many:
            cursor.execute(f"EXPLAIN (COSTS OFF) {statement}", parameters)
            told.append((" ".join(statement.split()), "\n".join(row[0] for row in cursor.fetchall())))

    event.listen(engine, "before_cursor_execute", explain)
    try:
        yield told
    finally:
        event.remove(engine, "before_cursor_execute", explain)


def read_whole(plan: str) -> frozenset[str]:
    """The tables that a plan reads from the first row to the last."""
    return frozenset(_READ_WHOLE.findall(plan))


def calls(store: Store, issue: Issue) -> dict[str, Callable[[], object]]:
    """The calls of a morning, in an order in which each finds something to do."""
    now = issue.publish_at + timedelta(minutes=1)
    piece = store.claim(Channel.EMAIL, now, limit=800, lease=LEASE, owner="host/1")
    assert piece
    some = [delivery.id for delivery in piece.deliveries[:100]]
    accepted = Outcome(verdict=Verdict.ACCEPTED, receipt="250 queued")
    news = Event(id="e1", kind=EventKind.BOUNCED, at=now, cause="dsn", delivery_id=some[0], code="5.1.1")
    return {
        "claim": lambda: store.claim(Channel.EMAIL, now, limit=800, lease=LEASE, owner="host/2"),
        "begin": lambda: store.begin(piece.lease_id, some, now, outlast=LEASE / 2),
        "settle": lambda: store.settle(
            piece.lease_id, [Settlement(delivery_id=n, outcome=accepted, next_at=None) for n in some], now
        ),
        "release": lambda: store.release(piece.lease_id),
        "leases": store.leases,
        "uncertain": store.uncertain,
        "expire": lambda: store.expire(now, 5000),
        "balance": lambda: store.balance(issue.id, Channel.EMAIL),
        "refusals": lambda: store.refusals(issue.id),
        "delivery_by_receipt": lambda: store.delivery_by_receipt("r2"),
        "learn": lambda: store.learn([news], Patience()),
        "due": lambda: store.due(Channel.EMAIL, now, 1000),
    }
