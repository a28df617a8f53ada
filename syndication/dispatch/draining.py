"""Sends what is due on a Channel, slice by slice, for one stretch of a worker's time.

How one slice of mails is carried is `mailing`'s business.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from syndication.core import policy
from syndication.core.model import (
    Channel,
    Delivery,
    Outcome,
    Verdict,
)
from syndication.core.rates import Rates, rates, within
from syndication.dispatch.doubt import attest, in_doubt
from syndication.dispatch.reclaiming import settle_own
from syndication.mailing import GIVE_UP_AFTER, Round, attempt, elapsed, in_words, unbuilt
from syndication.ports import HELD_BACK, Journal, Ports, Settlement, Setup, Slice, Transient
from syndication.press import Press, Send

log = structlog.get_logger()

SLICE = {Channel.EMAIL: 800, Channel.FEED: 8, Channel.PARTNER: 20}  # Deliveries of one lease at most
SMALLEST = 50  # mails of one lease; doubled while they go out quickly
UNTOLD = 1.0  # mails per second where the provider does not say what it allows: no account has less
QUICK = timedelta(seconds=2)
BUDGET = timedelta(seconds=20)  # one stretch of work; what is left waits for the next ring


@dataclass(slots=True, kw_only=True)
class _Stretch:
    """One worker's stretch of work on a Channel: it ends with its time, or when nothing goes out this way."""

    press: Press
    channel: Channel
    ends: timedelta
    counts: Counter[str] = field(default_factory=Counter)
    blocked: int = 0

    @property
    def over(self) -> bool:
        return elapsed() >= self.ends or self.blocked >= GIVE_UP_AFTER

    def note(self, outcome: Outcome) -> None:
        self.counts[outcome.verdict.value] += 1
        self.blocked = self.blocked + 1 if outcome.common else 0
        if self.blocked == GIVE_UP_AFTER:
            log.warning("channel blocked", channel=self.channel.value, code=outcome.code, reason=outcome.reason)


def drain(
    ports: Ports,
    setup: Setup,
    channel: Channel,
    *,
    owner: str,
    budget: timedelta = BUDGET,
    press: Press | None = None,
) -> Mapping[str, int]:
    """Send what is due on a Channel until nothing is, or until the budget is spent; returns counts by verdict.

    `press` is what a worker keeps for its life. Nothing leaves the house while the database is in doubt."""
    press = press or Press(ports=ports, setup=setup)
    if channel is not Channel.FEED and (doubt := in_doubt(ports)) is not None:
        log.error("sending rests", reason=doubt)
        return {}
    settle_own(ports)
    stretch = _Stretch(press=press, channel=channel, ends=elapsed() + budget)
    size = SMALLEST if channel is Channel.EMAIL else SLICE[channel]
    while not stretch.over:
        began = elapsed()
        rates = rates_now(ports, setup) if channel is Channel.EMAIL else None
        journal = ports.journals.own()  # the one that the lease names is the one that is written
        piece = _claim(stretch, owner, size, rates, journal)
        if piece is None:
            break
        if not piece.deliveries:
            if not _worth_waiting_for(stretch, piece):
                break
            continue
        if channel is Channel.EMAIL:
            _mail_slice(stretch, piece, rates, began, journal)
            size = min(size * 2, SLICE[channel]) if elapsed() - began < QUICK else max(size // 2, SMALLEST)
        else:
            _send_slice(stretch, piece)
    return stretch.counts


def _claim(stretch: _Stretch, owner: str, size: int, rates: Rates | None, journal: Journal) -> Slice | None:
    ports, setup = stretch.press.ports, stretch.press.setup
    return ports.store.claim(
        stretch.channel,
        ports.clock.now(),
        limit=size,
        lease=setup.lease,
        owner=owner,
        journal=journal.name,
        allowed=setup.allowed,
        rates=rates,
    )


def _worth_waiting_for(stretch: _Stretch, piece: Slice) -> bool:
    """Wait until mail may go again, where that is a moment; what rests for longer waits for the next ring."""
    wait = piece.pace.start if piece.pace is not None else timedelta(0)
    if wait > QUICK or elapsed() + wait >= stretch.ends:
        return False
    time.sleep(wait.total_seconds())
    return True


def rates_now(ports: Ports, setup: Setup) -> Rates | None:
    """How fast mail may go now, by the publisher's limits and the provider's account."""
    own = rates(setup.limits, setup.warm_up, ports.clock.now(), ZoneInfo(setup.zone))
    try:
        quota = ports.mailer.quota()
    except Transient as error:
        log.warning("quota not told", reason=str(error))
        return within(own, UNTOLD, 1)
    return own if quota is None else within(own, quota.per_second, quota.per_day - quota.sent_last_day)


def _mail_slice(stretch: _Stretch, piece: Slice, rates: Rates | None, began: timedelta, journal: Journal) -> None:
    """Send one slice of mails, and remember outside the database how far it has come."""
    ports = stretch.press.ports
    sending = Round(
        press=stretch.press,
        piece=piece,
        journal=journal,
        rates=rates,
        claimed_at=began,
        ends=stretch.ends,
    )
    attest(ports, piece.lease_id)
    try:
        sending.send()
    finally:
        stretch.counts.update(sending.counts)
        stretch.blocked = GIVE_UP_AFTER if sending.blocked else 0


def _send_slice(stretch: _Stretch, piece: Slice) -> None:
    """Send one claimed slice; whatever stays unsent goes back to the outbox with the lease."""
    store, lease = stretch.press.ports.store, stretch.press.setup.lease
    renewed = elapsed()
    try:
        for delivery in piece.deliveries:
            if stretch.over:
                break
            if elapsed() - renewed > lease - attempt(lease):
                if not store.renew(piece.lease_id, lease):
                    break
                renewed = elapsed()
            outcome = _send_one(stretch.press, stretch.channel, piece.lease_id, delivery)
            if outcome is not None:
                stretch.note(outcome)
    finally:
        store.release(piece.lease_id)


def _send_one(press: Press, channel: Channel, lease_id: int, delivery: Delivery) -> Outcome | None:
    """Build, record the intent, send, settle; None when the intent was refused and nothing was sent."""
    ports, lease = press.ports, press.setup.lease
    try:
        send = press.prepare(channel, delivery)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with one Delivery must not stop the others
        outcome = unbuilt(error)
    else:
        asked = elapsed()
        if not ports.store.begin(lease_id, [delivery.id], ports.clock.now(), outlast=attempt(lease)):
            return None
        held_up = elapsed() - asked > lease / 4  # suspended, or a slow database: the lease may be over meanwhile
        outcome = HELD_BACK if held_up else _attempted(send, delivery)
    settlement = Settlement(delivery_id=delivery.id, outcome=outcome, next_at=_next_at(ports, delivery, outcome))
    settled = ports.store.settle(lease_id, [settlement], ports.clock.now())
    log.info(
        "delivery settled" if settled else "delivery had moved on",
        delivery=delivery.id,
        channel=channel.value,
        verdict=outcome.verdict.value,
        code=outcome.code,
    )
    return outcome


def _attempted(send: Send, delivery: Delivery) -> Outcome:
    """The Outcome of an attempt. What may have been handed over is handed over again: an idempotency key or equal
    bytes make the repetition harmless."""
    try:
        outcome = send()
    except Exception as error:  # a full disk, a foreign server's surprise: the next Delivery must still go out
        log.exception("attempt broke down", delivery=delivery.id)
        outcome = Outcome(verdict=Verdict.UNCERTAIN, reason=f"the attempt broke down: {in_words(error)}")
    return replace(outcome, verdict=Verdict.DEFERRED) if outcome.verdict is Verdict.UNCERTAIN else outcome


def _next_at(ports: Ports, delivery: Delivery, outcome: Outcome) -> datetime | None:
    if outcome.verdict is not Verdict.DEFERRED:
        return None
    if outcome is HELD_BACK:
        return ports.clock.now()
    return policy.retry_at(
        delivery.attempts,
        ports.clock.now(),
        delivery.expires_at,
        f"{delivery.thing} {delivery.recipient}",
        channel=delivery.channel,
        retry_after=outcome.retry_after,
    )
