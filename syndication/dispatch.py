"""Brings frozen Issues to their recipients: fan-out, claim, build, send, settle, reclaim, on all three Channels.

The outbox table is the truth: every function may be called at any time, by any number of workers, any number of times.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import structlog

from syndication import publish
from syndication.core import audience, ledger, partners, policy
from syndication.core.model import (
    Channel,
    Choices,
    Delivery,
    Issue,
    Outcome,
    Partner,
    Recipe,
    Verdict,
    What,
)
from syndication.core.rates import Rates, rates, within
from syndication.mailing import GIVE_UP_AFTER, Round, attempt, elapsed, in_words, stop_if_refused, unbuilt
from syndication.ports import HELD_BACK, Journal, Ports, Settlement, Setup, Slice, Transient
from syndication.press import Press, Send

log = structlog.get_logger()

CHUNK = 5000
SLICE = {Channel.EMAIL: 800, Channel.FEED: 8, Channel.PARTNER: 20}  # Deliveries of one lease at most
SMALLEST = 50  # mails of one lease; doubled while they go out quickly
UNTOLD = 1.0  # mails per second where the provider does not say what it allows: no account has less
QUICK = timedelta(seconds=2)
BUDGET = timedelta(seconds=20)  # one stretch of work; what is left waits for the next ring

# --- fan-out ---------------------------------------------------------------------------------


def fan_out(ports: Ports, setup: Setup, issue: Issue) -> None:
    """Make every Delivery of an Issue that is not there yet. Repeatable at any time.

    What goes wrong on one Channel is logged and stops neither the other Channels nor the next Issue."""
    edition = setup.editions.get(issue.edition_id)
    if edition is None:  # taken out of publisher.toml since: the others' Issues must still go out
        log.warning("issue not fanned out", issue=issue.id, edition=issue.edition_id, reason="no such Edition now")
        return
    done = ports.store.fanned_out(issue.id)
    for channel in edition.channels:
        if channel not in done:
            _fan_out_channel(ports, setup, issue, channel)


def _fan_out_channel(ports: Ports, setup: Setup, issue: Issue, channel: Channel) -> None:
    ways = {Channel.EMAIL: _fan_out_email, Channel.FEED: _fan_out_feeds, Channel.PARTNER: _fan_out_partners}
    try:
        ways[channel](ports, setup, issue)
    except Exception:  # it stays open and is tried again with the next tick
        log.exception("issue not fanned out", issue=issue.id, channel=channel.value)
    else:
        log.info("issue fanned out", issue=issue.id, channel=channel.value)


def _fan_out_email(ports: Ports, setup: Setup, issue: Issue) -> None:
    brought_by = _brought_by(ports, issue)
    after, recipes = 0, _recipes(ports, setup, issue, brought_by)
    while True:
        reached = ports.store.fan_out_email(
            issue,
            recipes,
            ports.clock.now(),
            after=after,
            limit=CHUNK,
            allowed=setup.allowed,
            seeds=setup.seeds,
            cohort=setup.cohort,
            brought_by=brought_by,
        )
        if reached is None:
            return
        # a reader may have chosen differently in between
        recipes = _recipes(ports, setup, issue, brought_by) if reached == after else {}
        after = reached


def _brought_by(ports: Ports, issue: Issue) -> frozenset[int]:
    """The Issues that may have brought a reader a story of this one; none unless stories are blocks of their own."""
    if not issue.content.by_story:
        return frozenset()
    return ports.store.issues_with([item.article.id for item in issue.content.items]) - {issue.id}


def _recipes(
    ports: Ports, setup: Setup, issue: Issue, brought_by: frozenset[int]
) -> dict[str, tuple[Recipe | None, str | None]]:
    """What the readers of an Issue get, by what they chose and what came to them before."""
    chosen = ports.store.distinct_choices(issue, brought_by)
    before = _brought(ports, chosen)
    return {key: _recipe(setup, issue, choices, before.get(key, frozenset())) for key, (choices, _) in chosen.items()}


def _brought(ports: Ports, keys: Iterable[str]) -> dict[str, frozenset[int]]:
    """The Articles that the readers of a key had from Issues before."""
    told = {key: past for key in keys if (past := audience.history(key))}
    every = {piece for past in told.values() for piece in past}
    recipes = ports.store.recipes({made for _, _, made in every}) if every else {}
    issues = {(number, revision): ports.store.issue(number, revision) for number, revision, _ in every}
    had = {
        (number, revision, made): audience.brought(recipes[made], there.content)
        for number, revision, made in every
        if made in recipes and (there := issues[number, revision]) is not None
    }
    return {key: frozenset().union(*(had.get(piece, frozenset()) for piece in past)) for key, past in told.items()}


def _recipe(setup: Setup, issue: Issue, choices: Choices, before: frozenset[int]) -> tuple[Recipe | None, str | None]:
    made = audience.recipe(choices, issue.content, setup.editions[issue.edition_id], without=before)
    if made is not None:
        return made, None
    there = audience.chosen_sections(choices, issue.content)
    return None, audience.ALL_BROUGHT if there and before else audience.NO_STORY


def fan_out_amended(ports: Ports, setup: Setup, issue: Issue) -> None:
    """Bring a new revision of an Issue to the Feeds and to the Partners that take whole digests.

    Mails need nothing: whoever still waits gets it when claimed."""
    edition = setup.editions[issue.edition_id]
    if Channel.FEED in edition.channels:
        _fan_out_feeds(ports, setup, issue)
    if Channel.PARTNER in edition.channels:
        _fan_out_partners(ports, setup, issue)


def _fan_out_feeds(ports: Ports, setup: Setup, issue: Issue) -> None:
    thing = issue_thing(issue)
    things = [(thing, feed) for feed in publish.feed_recipients(setup.editions[issue.edition_id])]
    _fan_out_to(ports, issue, Channel.FEED, things)


def _fan_out_partners(ports: Ports, setup: Setup, issue: Issue) -> None:
    things = [pair for partner in setup.partners.values() for pair in partner_things(setup, partner, issue)]
    _fan_out_to(ports, issue, Channel.PARTNER, things)


def _fan_out_to(ports: Ports, issue: Issue, channel: Channel, things: list[tuple[str, str]]) -> None:
    ports.store.fan_out_to(
        channel=channel,
        things=things,
        issue=issue,
        now=ports.clock.now(),
        not_before=issue.publish_at,
        expires_at=issue.expires_at,
    )


def partner_things(setup: Setup, partner: Partner, issue: Issue) -> list[tuple[str, str]]:
    """What one Partner gets of an Issue: (thing, recipient) pairs; each refusal is logged with its reason."""
    if partner.edition != issue.edition_id or not (setup.live or partner.rehearsed_with):
        return []
    recipient = f"partner:{partner.id}"
    if partner.what is What.DIGEST:
        return [(issue_thing(issue), recipient)]
    things = []
    for item in issue.content.items:
        reason = partners.wanted(partner, item.article, at=issue.publish_at)
        if reason is None:
            things.append((f"article:{item.article.id}/{item.article.revision}", recipient))
        else:
            log.info("article withheld from partner", partner=partner.id, article=item.article.id, reason=reason)
    return things


def issue_thing(issue: Issue) -> str:
    """What Feeds and Partners get of an Issue: each revision is a thing of its own."""
    return f"issue:{issue.id}" if issue.revision == 1 else f"issue:{issue.id}/{issue.revision}"


# --- drain -----------------------------------------------------------------------------------


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
    _settle_own(ports)
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
    _attest(ports, piece.lease_id)
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


# --- is this the true database? --------------------------------------------------------------


def in_doubt(ports: Ports) -> str | None:
    """Why nothing may be sent before the operator has looked; a database that never sent is taken as it is."""
    return ledger.doubt(ports.journals.witness(), ports.store.identity())


def _attest(ports: Ports, lease_id: int) -> None:
    """Remember outside the database that this lease was given out in it."""
    there = ports.store.identity()
    if there is None:
        ports.store.declare(uuid4().hex, 1)
        there = ports.store.identity()
    if there is not None:
        ports.journals.attest(replace(there, lease=max(there.lease, lease_id)))


# --- reclaim ---------------------------------------------------------------------------------


def reclaim(ports: Ports, setup: Setup) -> Mapping[str, int]:
    """Take back what dead workers held, resend where the Edition says so, settle what is over, close what is done."""
    now = ports.clock.now()
    _settle_own(ports)
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


def _settle_own(ports: Ports) -> None:
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
