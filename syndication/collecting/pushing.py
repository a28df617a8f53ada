"""Takes in what a CMS pushes, by the same way as what is fetched: the same rules, the same identities, once.

It knows no web and no token: whoever calls it has seen to that.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import structlog

from syndication.collecting.storing import Look, keep
from syndication.core.model import FirstPoll, SetAside, Source, SourceState
from syndication.core.pushed import read_push
from syndication.core.sources import legible, plausible
from syndication.ports import Permanent, Ports

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What one push came to."""

    new: int
    revised: int
    known: int
    held: int  # other stories in the place of known ones: they wait for the editor
    proposed: int  # withdrawals that wait for the editor
    set_aside: tuple[SetAside, ...] = ()


def receive(ports: Ports, source: Source, body: bytes, *, domain: str) -> Received:
    """Store what a push brings; the same push again finds it known.

    Raises pushed.Refused, Permanent for a Source nobody registered, and the store's own errors."""
    taken = read_push(body, outlet=source.outlet)
    now = ports.clock.now()
    state = next((s for s in ports.store.source_states() if s.source_id == source.id), None)
    if state is None:
        raise Permanent(f"the Source {source.id} is not known to the store")
    # a CMS pushes what it publishes: nothing of it stood there before
    pushed = replace(source, first_poll=FirstPoll.TAKE)
    look = Look(ports=ports, source=pushed, state=state, now=now, domain=domain)
    reading = plausible(legible(taken.reading), now)
    stored = keep(look, reading)
    proposed = [ports.store.propose_retraction(name, source.id, why, now) for name, why in taken.withdrawn]
    ports.store.settle_source(_heard(state, look, new=stored.new > 0))
    log.info(
        "articles pushed",
        source=source.id,
        new=stored.new,
        revised=stored.revised,
        held=stored.held,
        proposed=sum(proposed),
        set_aside=len(reading.set_aside),
    )
    return Received(
        new=stored.new,
        revised=stored.revised,
        known=stored.known,
        held=stored.held,
        proposed=sum(proposed),
        set_aside=reading.set_aside,
    )


def _heard(state: SourceState, look: Look, *, new: bool) -> SourceState:
    return replace(
        state,
        first_polled_at=state.first_polled_at or look.now,
        last_checked_at=look.now,
        last_ok_at=look.now,
        last_new_at=look.now if new else state.last_new_at,
        failures=0,
        last_error=None,
    )
