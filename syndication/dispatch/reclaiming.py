"""Takes back what dead workers held, and ends what is over.

It sends nothing; what a journal tells is judged in `core.ledger`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

import structlog

from syndication.core.model import (
    Channel,
    Issue,
)
from syndication.dispatch.fanning import CHUNK, fan_out
from syndication.mailing import stop_if_refused
from syndication.ports import Ports, Setup

log = structlog.get_logger()


def reclaim(ports: Ports, setup: Setup) -> Mapping[str, int]:
    """Take back what dead workers held, resend where the Edition says so, settle what is over, close what is done."""
    now = ports.clock.now()
    settle_own(ports)
    counts = _take_back(ports)
    policies = {edition.id: edition.uncertain for edition in setup.editions.values()}
    resent = ports.store.resend_uncertain(policies, now)
    expired = _expire(ports, now)
    closed = ports.store.close_settled(now, among=_counted(ports, setup))
    if closed:
        ports.journals.sweep(now)
    for issue in ports.store.open_issues():  # bounces come back long after the last slice was settled
        stop_if_refused(ports, setup, issue.id)
    aged = ports.store.age_out(now - setup.keep, CHUNK)  # a chunk with each round: nobody waits for it
    told = {**counts, "resent": resent, "expired": expired, "closed": len(closed), "aged": aged}
    if any(told.values()):
        log.info("outbox reclaimed", **told)
    return told


def _take_back(ports: Ports) -> Counter[str]:
    """End leases that are over or whose holder is dead, each by what its journal tells."""
    counts = Counter({"waiting": 0, "uncertain": 0})
    for lease in ports.store.leases():
        told = ports.journals.testimony(lease.host, lease.journal, lease.id) if lease.journal else None
        if lease.over or told is not None:
            counts.update(ports.store.take_back(lease.id, told, ports.clock.now()))
    return counts


def settle_own(ports: Ports) -> None:
    """Settle what a lost database or a suspension kept this process from settling: its own journal knows."""
    for lease in ports.store.leases():
        told = ports.journals.recall(lease.journal, lease.id) if lease.journal else None
        if told is not None:
            ports.store.take_back(lease.id, told, ports.clock.now())


def _expire(ports: Ports, now: datetime) -> int:
    expired = 0
    while done := ports.store.expire(now, CHUNK):
        expired += done
    return expired


def _counted(ports: Ports, setup: Setup) -> list[int]:
    """Issues past their time whose audience is known on every Channel.

    One that no worker was there for is fanned out now: its readers are counted as expired, not forgotten."""
    over = [issue for issue in ports.store.open_issues() if issue.expires_at <= ports.clock.now()]
    for issue in over:
        fan_out(ports, setup, issue)
    return [issue.id for issue in over if ports.store.fanned_out(issue.id) >= _channels(setup, issue)]


def _channels(setup: Setup, issue: Issue) -> frozenset[Channel]:
    edition = setup.editions.get(issue.edition_id)
    return frozenset(edition.channels) if edition is not None else frozenset()
