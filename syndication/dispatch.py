"""Brings frozen Issues to their recipients: fan-out, claim, build, send, settle, reclaim, on all three Channels.

The outbox table is the truth: every function may be called at any time, by any number of workers, any number of times.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from syndication import publish
from syndication.core import audience, partners, policy
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
from syndication.ports import Ports, Setup, Slice
from syndication.press import Press, Send

log = structlog.get_logger()

CHUNK = 5000
SLICE = {Channel.EMAIL: 50, Channel.FEED: 8, Channel.PARTNER: 20}
BUDGET = timedelta(seconds=20)  # one stretch of work; what is left waits for the next ring
GIVE_UP_AFTER = 2  # answers in a row that concern everything: the rest is left in peace until the next ring

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
    after: int | None = 0
    while after is not None:
        # asked anew for each chunk: a reader may have chosen differently in between
        recipes = {
            key: _recipe(setup, issue, choices) for key, (choices, _) in ports.store.distinct_choices(issue).items()
        }
        after = ports.store.fan_out_email(
            issue, recipes, ports.clock.now(), after=after, limit=CHUNK, allowed=setup.allowed
        )


def _recipe(setup: Setup, issue: Issue, choices: Choices) -> tuple[Recipe | None, str | None]:
    made = audience.recipe(choices, issue.content, setup.editions[issue.edition_id])
    return (made, None) if made is not None else (None, audience.NO_STORY)


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
    return f"issue:{issue.id}"


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
        return _elapsed() >= self.ends or self.blocked >= GIVE_UP_AFTER

    def note(self, outcome: Outcome) -> None:
        self.counts[outcome.verdict.value] += 1
        self.blocked = self.blocked + 1 if outcome.common else 0
        if self.blocked == GIVE_UP_AFTER:
            log.warning("channel blocked", channel=self.channel.value, code=outcome.code, reason=outcome.reason)


def drain(ports: Ports, setup: Setup, channel: Channel, *, owner: str, budget: timedelta = BUDGET) -> Mapping[str, int]:
    """Send what is due on a Channel until nothing is, or until the budget is spent; returns counts by verdict."""
    stretch = _Stretch(press=Press(ports=ports, setup=setup), channel=channel, ends=_elapsed() + budget)
    while not stretch.over:
        piece = ports.store.claim(
            channel,
            ports.clock.now(),
            limit=SLICE[channel],
            lease=setup.lease,
            owner=owner,
            allowed=setup.allowed,
        )
        if piece is None:
            break
        _send_slice(stretch, piece)
    return stretch.counts


def _send_slice(stretch: _Stretch, piece: Slice) -> None:
    """Send one claimed slice; whatever stays unsent goes back to the outbox with the lease."""
    store, lease = stretch.press.ports.store, stretch.press.setup.lease
    renewed = _elapsed()
    try:
        for delivery in piece.deliveries:
            if stretch.over:
                break
            if _elapsed() - renewed > lease - attempt(lease):
                if not store.renew(piece.lease_id, lease):
                    break
                renewed = _elapsed()
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
        outcome = _unbuilt(error)
    else:
        asked = _elapsed()
        if not ports.store.begin(lease_id, delivery.id, ports.clock.now(), outlast=attempt(lease)):
            return None
        held_up = _elapsed() - asked > lease / 4  # suspended, or a slow database: the lease may be over meanwhile
        outcome = HELD_UP if held_up else _attempted(channel, send, delivery)
    settled = ports.store.settle(
        lease_id, delivery.id, outcome, ports.clock.now(), next_at=_next_at(ports, channel, delivery, outcome)
    )
    log.info(
        "delivery settled" if settled else "delivery had moved on",
        delivery=delivery.id,
        channel=channel.value,
        verdict=outcome.verdict.value,
        code=outcome.code,
    )
    return outcome


HELD_UP = Outcome(
    verdict=Verdict.DEFERRED, reason="held up between the intent and the sending; nothing was handed over"
)


def _unbuilt(error: Exception) -> Outcome:
    """What cannot be found or read will not be tomorrow; anything else (a database that is away) may pass."""
    verdict = Verdict.REFUSED if isinstance(error, (ValueError, LookupError)) else Verdict.DEFERRED
    return Outcome(verdict=verdict, reason=f"cannot be built: {_in_words(error)}")


def _attempted(channel: Channel, send: Send, delivery: Delivery) -> Outcome:
    """The Outcome of an attempt; one that breaks down half-way may have been handed over."""
    try:
        outcome = send()
    except Exception as error:  # a full disk, a foreign server's surprise: the next Delivery must still go out
        log.exception("attempt broke down", delivery=delivery.id)
        outcome = Outcome(verdict=Verdict.UNCERTAIN, reason=f"the attempt broke down: {_in_words(error)}")
    return _told_again(channel, outcome)


def attempt(lease: timedelta) -> timedelta:
    """The longest that one attempt may take: its time-outs end it well before its lease does."""
    return lease * 2 / 3


def _in_words(error: Exception) -> str:
    return f"{type(error).__name__}: {policy.clean(str(error))}"


def _told_again(channel: Channel, outcome: Outcome) -> Outcome:
    """Feeds and Partners may be told again: an idempotency key or equal bytes make the repetition harmless.

    So may a mail that was refused for no fault of its reader: a relay that is set up wrongly refuses everybody."""
    if channel is Channel.EMAIL:
        again = outcome.verdict is Verdict.REFUSED and outcome.common
    else:
        again = outcome.verdict is Verdict.UNCERTAIN
    return replace(outcome, verdict=Verdict.DEFERRED) if again else outcome


def _next_at(ports: Ports, channel: Channel, delivery: Delivery, outcome: Outcome) -> datetime | None:
    if outcome.verdict is not Verdict.DEFERRED:
        return None
    if outcome is HELD_UP:
        return ports.clock.now()
    return policy.retry_at(
        delivery.attempts,
        ports.clock.now(),
        delivery.expires_at,
        f"{delivery.thing} {delivery.recipient}",
        channel=channel,
        retry_after=outcome.retry_after,
    )


def _elapsed() -> timedelta:
    """Time since boot on a clock that goes on while the machine or the process is suspended."""
    return timedelta(seconds=time.clock_gettime(time.CLOCK_BOOTTIME))


# --- reclaim ---------------------------------------------------------------------------------


def reclaim(ports: Ports, setup: Setup) -> Mapping[str, int]:
    """Take back what dead workers held, resend where the Edition says so, close what is settled."""
    counts = dict(ports.store.reclaim())
    policies = {edition.id: edition.uncertain for edition in setup.editions.values()}
    resent = ports.store.resend_uncertain(policies, ports.clock.now())
    closed = ports.store.close_settled(ports.clock.now(), among=_counted(ports, setup))
    if any(counts.values()) or resent or closed:
        log.info("outbox reclaimed", **counts, resent=resent, closed=list(closed))
    return {**counts, "resent": resent, "closed": len(closed)}


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
