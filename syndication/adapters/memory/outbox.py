"""Deliveries in memory: fan-out, claim, begin, settle and reclaim by the same rules as the SQL Store.

A lock stands in for transactions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from syndication.adapters.memory.newsroom import OPEN_STATES, MemoryNewsroom
from syndication.adapters.memory.readership import MemoryReadership
from syndication.adapters.memory.rows import ChannelRow, DeliveryRow, LeaseRow
from syndication.core.audience import choices_hash, recipe_hash
from syndication.core.model import (
    Balance,
    Channel,
    Choices,
    Delivery,
    DeliveryState,
    Event,
    EventKind,
    Issue,
    IssueState,
    Outcome,
    Recipe,
    Subscription,
    SubscriptionState,
    UncertainPolicy,
    Verdict,
)
from syndication.ports import Slice, Uncertain

_S = DeliveryState
_RESEND_AFTER = timedelta(minutes=15)
_REHEARSAL = "rehearsal: address is not on the allow list"


class MemoryOutbox(MemoryNewsroom, MemoryReadership):
    # --- fan-out ---

    def distinct_choices(self, issue: Issue) -> Mapping[str, tuple[Choices, str]]:
        with self.rows.lock:
            return {choices_hash(s.choices, s.language): (s.choices, s.language) for s in self._audience(issue)}

    def _audience(self, issue: Issue) -> list[Subscription]:
        return [
            s
            for s in self.subscriptions(issue.edition_id)
            if s.state is SubscriptionState.ACTIVE
            and s.choices.cadence is issue.cadence
            and s.started_at <= issue.frozen_at
        ]

    def fan_out_email(
        self,
        issue: Issue,
        recipes: Mapping[str, tuple[Recipe | None, str | None]],
        now: datetime,
        *,
        after: int,
        limit: int,
        allowed: frozenset[str] | None,
    ) -> int | None:
        with self.rows.lock:
            if self.rows.issues[issue.id].state is not IssueState.FROZEN:
                return None
            for key, (made, reason) in recipes.items():
                if made is not None:
                    self.rows.recipes[recipe_hash(made)] = made
                self.rows.issue_recipes.setdefault(
                    (issue.id, key), (None if made is None else recipe_hash(made), reason)
                )
            channel = self.rows.channels.setdefault((issue.id, Channel.EMAIL), ChannelRow())
            chunk = [s for s in self._audience(issue) if s.id > after][:limit]
            for reader in chunk:
                channel.audience += self._add_mail(issue, reader, now, allowed)
            if not chunk and self._left_over(issue):
                return 0
            if not chunk:
                channel.fanned_out_at = channel.fanned_out_at or now
                return None
            return chunk[-1].id

    def _left_over(self, issue: Issue) -> bool:
        there = {d.subscription_id for d in self.deliveries(issue.id, Channel.EMAIL)}
        return any(s.id not in there for s in self._audience(issue))

    def _add_mail(self, issue: Issue, reader: Subscription, now: datetime, allowed: frozenset[str] | None) -> int:
        known = self.rows.issue_recipes.get((issue.id, choices_hash(reader.choices, reader.language)))
        if known is None:
            return 0
        recipe, reason = known
        key = self.rows.key_of(reader.subscriber_id)
        state = _S.WAITING
        if key in self.rows.suppressions:
            state, reason = _S.SUPPRESSED, self.rows.suppressions[key]
        elif allowed is not None and key.digest not in allowed:
            state, reason = _S.EXCLUDED, _REHEARSAL
        elif recipe is None:
            state = _S.EXCLUDED
        return self._add(
            Delivery(
                id=next(self.rows.numbers),
                channel=Channel.EMAIL,
                thing=f"issue:{issue.id}",
                recipient=f"subscriber:{reader.subscriber_id}",
                issue_id=issue.id,
                subscription_id=reader.id,
                recipe_hash=recipe,
                state=state,
                reason=reason,
                next_at=issue.publish_at,
                expires_at=issue.expires_at,
                settled_at=None if state is _S.WAITING else now,
            ),
            now,
        )

    def _add(self, delivery: Delivery, now: datetime) -> int:
        key = (delivery.channel, delivery.thing, delivery.recipient)
        if key in self.rows.delivery_keys:
            return 0
        self.rows.delivery_keys[key] = delivery.id
        self.rows.deliveries[delivery.id] = DeliveryRow(delivery, now)
        return 1

    def fan_out_to(
        self,
        *,
        channel: Channel,
        things: Sequence[tuple[str, str]],
        issue: Issue,
        now: datetime,
        not_before: datetime,
        expires_at: datetime,
    ) -> int:
        with self.rows.lock:
            if self.rows.issues[issue.id].state is not IssueState.FROZEN:
                return 0
            row = self.rows.channels.setdefault((issue.id, channel), ChannelRow())
            added = 0
            for thing, recipient in dict.fromkeys(things):
                if (channel, thing, recipient) in self.rows.delivery_keys:
                    continue
                sequence = None
                if channel is Channel.PARTNER:
                    sequence = self.rows.sequences[recipient] = self.rows.sequences.get(recipient, 0) + 1
                added += self._add(
                    Delivery(
                        id=next(self.rows.numbers),
                        channel=channel,
                        thing=thing,
                        recipient=recipient,
                        issue_id=issue.id,
                        recipe_hash=None,
                        state=_S.WAITING,
                        next_at=not_before,
                        expires_at=expires_at,
                        sequence=sequence,
                    ),
                    now,
                )
            row.audience += added
            row.fanned_out_at = row.fanned_out_at or now
            return added

    def fanned_out(self, issue_id: int) -> frozenset[Channel]:
        done = ((c, row) for (i, c), row in self.rows.channels.items() if i == issue_id)
        return frozenset(c for c, row in done if row.fanned_out_at is not None)

    def recipe(self, recipe_hash: str) -> Recipe:
        return self.rows.recipes[recipe_hash]

    # --- claim to settle ---

    def claim(
        self,
        channel: Channel,
        now: datetime,
        *,
        limit: int,
        lease: timedelta,
        owner: str,
        allowed: frozenset[str] | None = None,
    ) -> Slice | None:
        with self.rows.lock:
            for row in self._in(channel, _S.WAITING):
                if row.delivery.expires_at <= now:
                    self._become(row, _S.EXPIRED, "its time had passed", now)
            claimed: list[DeliveryRow] = []
            while not claimed:
                due = self._next_due(channel, now, limit)
                if not due:
                    return None
                claimed = [row for row in due if not self._dropped(row, now, allowed)]
            lease_id = next(self.rows.numbers)
            self.rows.leases[lease_id] = LeaseRow(self.rows.database_now() + lease)
            for row in claimed:
                row.delivery = replace(
                    row.delivery, state=_S.CLAIMED, lease_id=lease_id, attempts=row.delivery.attempts + 1
                )
            return Slice(lease_id=lease_id, deliveries=tuple(row.delivery for row in claimed))

    def _next_due(self, channel: Channel, now: datetime, limit: int) -> list[DeliveryRow]:
        due = [r for r in self._in(channel, _S.WAITING) if r.delivery.next_at <= now and self._is_next(r.delivery)]
        return sorted(due, key=lambda r: (r.delivery.next_at, r.delivery.id))[:limit]

    def _in(self, channel: Channel, state: DeliveryState) -> list[DeliveryRow]:
        return [r for r in self.rows.deliveries.values() if (r.delivery.channel, r.delivery.state) == (channel, state)]

    def _is_next(self, mine: Delivery) -> bool:
        """Nothing older is open for the same Partner."""
        if mine.channel is not Channel.PARTNER:
            return True
        others = (r.delivery for r in self.rows.deliveries.values() if r.delivery.recipient == mine.recipient)
        return not any(d.state in OPEN_STATES and (d.sequence or 0) < (mine.sequence or 0) for d in others)

    def _dropped(self, row: DeliveryRow, now: datetime, allowed: frozenset[str] | None = None) -> bool:
        reader = self.rows.subscriptions.get(row.delivery.subscription_id or 0)
        if reader is None:
            return False
        if self.rows.key_of(reader.subscriber_id) in self.rows.suppressions:
            self._become(row, _S.SUPPRESSED, "suppressed", now)
            return True
        if reader.state is not SubscriptionState.ACTIVE:
            self._become(row, _S.CANCELLED, "unsubscribed", now)
            return True
        if allowed is not None and self.rows.key_of(reader.subscriber_id).digest not in allowed:
            self._become(row, _S.EXCLUDED, _REHEARSAL, now)
            return True
        return False

    def _become(self, row: DeliveryRow, state: DeliveryState, reason: str | None, now: datetime) -> None:
        row.delivery = replace(row.delivery, state=state, reason=reason, lease_id=None, settled_at=now)

    def _held(self, lease_id: int, delivery_id: int, *states: DeliveryState) -> DeliveryRow | None:
        row = self.rows.deliveries.get(delivery_id)
        held = row is not None and row.delivery.lease_id == lease_id and row.delivery.state in states
        return row if held else None

    def begin(self, lease_id: int, delivery_id: int, now: datetime, *, outlast: timedelta) -> bool:
        with self.rows.lock:
            row = self._held(lease_id, delivery_id, _S.CLAIMED)
            if row is None or self._dropped(row, now) or row.delivery.expires_at <= now:
                return False
            lease = self.rows.leases[lease_id]
            if lease.ended or lease.until <= self.rows.database_now() + outlast:
                return False
            row.begun_at = now
            row.delivery = replace(row.delivery, state=_S.SENDING)
            return True

    def settle(
        self, lease_id: int, delivery_id: int, outcome: Outcome, now: datetime, *, next_at: datetime | None = None
    ) -> bool:
        with self.rows.lock:
            row = self._held(lease_id, delivery_id, _S.CLAIMED, _S.SENDING, _S.UNCERTAIN)
            if row is None:
                return False
            match outcome.verdict:
                case Verdict.ACCEPTED:
                    self._become(row, _S.ACCEPTED, outcome.reason, now)
                    row.delivery = replace(row.delivery, receipt=outcome.receipt)
                case Verdict.REFUSED:
                    self._become(row, _S.FAILED, outcome.reason, now)
                case Verdict.UNCERTAIN:
                    row.delivery = replace(row.delivery, state=_S.UNCERTAIN, reason=outcome.reason)
                case Verdict.DEFERRED if next_at is None:
                    self._become(row, _S.EXPIRED, f"no time left to try again: {outcome.reason}", now)
                case Verdict.DEFERRED:
                    row.delivery = replace(
                        row.delivery, state=_S.WAITING, reason=outcome.reason, next_at=next_at, lease_id=None
                    )
            reader = self.rows.subscriptions.get(row.delivery.subscription_id or 0)
            if outcome.suppress and reader is not None:
                reason = outcome.reason or "the address is dead"
                news = Event(
                    id=f"refused:{delivery_id}",
                    kind=EventKind.BOUNCED,
                    at=now,
                    cause="refused while sending",
                    delivery_id=delivery_id,
                    subscription_id=reader.id,
                )
                self.suppress(self.rows.key_of(reader.subscriber_id), reason=reason, event=news)
            return True

    def renew(self, lease_id: int, lease: timedelta) -> bool:
        with self.rows.lock:
            row = self.rows.leases[lease_id]
            if row.ended or row.until <= self.rows.database_now():
                return False
            row.until = self.rows.database_now() + lease
            return True

    def release(self, lease_id: int) -> None:
        with self.rows.lock:
            for row in self.rows.deliveries.values():
                if row.delivery.lease_id == lease_id and row.delivery.state is _S.CLAIMED:
                    row.delivery = replace(
                        row.delivery, state=_S.WAITING, lease_id=None, attempts=row.delivery.attempts - 1
                    )
            begun = any(
                r.delivery.lease_id == lease_id and r.delivery.state is _S.SENDING
                for r in self.rows.deliveries.values()
            )
            self.rows.leases[lease_id].ended = not begun

    def reclaim(self) -> Mapping[str, int]:
        with self.rows.lock:
            now = self.rows.database_now()
            dead = {n for n, lease in self.rows.leases.items() if not lease.ended and lease.until < now}
            counts: Counter[str] = Counter()
            for row in self.rows.deliveries.values():
                held = row.delivery.lease_id in dead and row.delivery.state in (_S.CLAIMED, _S.SENDING)
                if held and row.delivery.state is _S.SENDING and row.delivery.channel is Channel.EMAIL:
                    reason = "the worker ended between the intent and the answer"
                    row.delivery = replace(row.delivery, state=_S.UNCERTAIN, reason=reason)
                    counts[_S.UNCERTAIN.value] += 1
                elif held:
                    row.delivery = replace(row.delivery, state=_S.WAITING, lease_id=None)
                    counts[_S.WAITING.value] += 1
            for number in dead:
                self.rows.leases[number].ended = True
            return {_S.WAITING.value: counts["waiting"], _S.UNCERTAIN.value: counts["uncertain"]} if dead else {}

    def resend_uncertain(self, policies: Mapping[str, UncertainPolicy], now: datetime) -> int:
        with self.rows.lock:
            rows = [r for r in self._in(Channel.EMAIL, _S.UNCERTAIN) if self._may_resend(r, policies, now)]
            for row in rows:
                row.resent = True
                row.delivery = replace(row.delivery, state=_S.WAITING, lease_id=None, next_at=now)
            return len(rows)

    def _may_resend(self, row: DeliveryRow, policies: Mapping[str, UncertainPolicy], now: datetime) -> bool:
        issue = self.rows.issues.get(row.delivery.issue_id or 0)
        return (
            issue is not None
            and policies.get(issue.edition_id) is UncertainPolicy.RESEND
            and not row.resent
            and row.begun_at is not None
            and row.begun_at <= now - _RESEND_AFTER
            and row.delivery.expires_at > now
        )

    def resolve(self, delivery_id: int, state: DeliveryState, now: datetime, reason: str) -> bool:
        with self.rows.lock:
            row = self.rows.deliveries.get(delivery_id)
            if row is None or row.delivery.state is not _S.UNCERTAIN:
                return False
            self._become(row, state, reason, now)
            if state is _S.WAITING:
                row.delivery = replace(row.delivery, next_at=now, settled_at=None)
            return True

    # --- looking ---

    def balance(self, issue_id: int, channel: Channel) -> Balance:
        with self.rows.lock:
            counts = Counter(d.state for d in self.deliveries(issue_id, channel))
            terms = {s.value: n for s, n in counts.items() if s not in OPEN_STATES}
            audience = self.rows.channels.get((issue_id, channel), ChannelRow()).audience
            return Balance(audience=audience, waiting=sum(counts[s] for s in OPEN_STATES), **terms)

    def outcomes(self, issue_id: int, channel: Channel) -> Mapping[tuple[DeliveryState, str | None], int]:
        return Counter((d.state, d.reason) for d in self.deliveries(issue_id, channel))

    def deliveries(self, issue_id: int, channel: Channel | None = None) -> Sequence[Delivery]:
        with self.rows.lock:
            every = (r.delivery for _, r in sorted(self.rows.deliveries.items()))
            return [d for d in every if d.issue_id == issue_id and channel in (None, d.channel)]

    def delivery(self, delivery_id: int) -> Delivery | None:
        row = self.rows.deliveries.get(delivery_id)
        return None if row is None else row.delivery

    def uncertain(self) -> Sequence[Uncertain]:
        with self.rows.lock:
            rows = [r for _, r in sorted(self.rows.deliveries.items()) if r.delivery.state is _S.UNCERTAIN]
            return [Uncertain(delivery=r.delivery, since=r.begun_at or r.created_at) for r in rows]

    def due(self, channel: Channel, now: datetime) -> int:
        with self.rows.lock:
            return sum(r.delivery.next_at <= now for r in self._in(channel, _S.WAITING))

    def beat(self, name: str, now: datetime) -> None:
        self.rows.beats[name] = now

    def beats(self) -> Mapping[str, datetime]:
        return dict(self.rows.beats)
