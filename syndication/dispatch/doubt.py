"""Whether the database is the one that was sent from.

It decides nothing: `core.ledger` does.
"""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

from syndication.core import ledger
from syndication.ports import Ports


def in_doubt(ports: Ports) -> str | None:
    """Why nothing may be sent before the operator has looked; a database that never sent is taken as it is."""
    return ledger.doubt(ports.journals.witness(), ports.store.identity())


def attest(ports: Ports, lease_id: int) -> None:
    """Remember outside the database that this lease was given out in it."""
    there = ports.store.identity()
    if there is None:
        ports.store.declare(uuid4().hex, 1)
        there = ports.store.identity()
    if there is not None:
        ports.journals.attest(replace(there, lease=max(there.lease, lease_id)))
