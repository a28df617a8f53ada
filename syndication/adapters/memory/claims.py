"""Leases on Deliveries in memory, and how fast mail may go, by the same rules as the SQL Store.

A lock stands in for transactions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from syndication.adapters.memory.fanout import REHEARSAL, MemoryFanOut
from syndication.adapters.memory.newsroom import OPEN_STATES
from syndication.adapters.memory.rows import DeliveryRow, LeaseRow, WayRow
from syndication.core.ledger import Witness
from syndication.core.model import Channel, Delivery, DeliveryState, Subscription, SubscriptionState
from syndication.core.rates import Rates
from syndication.ports import Lease, Pace, Slice

_S = DeliveryState
_AHEAD = timedelta(seconds=1)
_LOOK_AGAIN = timedelta(minutes=1)
_NO_TIME = timedelta(0)


class MemoryClaims(MemoryFanOut):
    def claim(
        self,
        channel: Channel,
        now: datetime,
        *,
        limit: int,
        lease: timedelta,
        owner: str,
        journal: str | None = None,
        allowed: frozenset[str] | None = None,
        rates: Rates | None = None,
    ) -> Slice | None:
        with self.rows.lock:
            rates = rates if rates is not None and channel is Channel.EMAIL else Rates()
            room = self._room(rates, now)
            limit = min(limit, room.get("", limit))
            if limit <= 0 and channel is Channel.EMAIL:
                return Slice(lease_id=0, deliveries=(), pace=Pace(start=self._wait(rates, now), every=_NO_TIME))
            claimed: list[DeliveryRow] = []
            while not claimed:
                due = self._next_due(channel, now, limit, room if channel is Channel.EMAIL else {})
                if not due:
                    return None
                claimed = [row for row in due if not self._dropped(row, now, allowed)]
            lease_id = next(self.rows.numbers)
            self.rows.leases[lease_id] = LeaseRow(channel, owner, journal, self.rows.database_now() + lease)
            kept = [row for row in _within(claimed, room) if self._claim(row, lease_id, now)]
            return Slice(
                lease_id=lease_id,
                deliveries=tuple(row.delivery for row in kept),
                readers=self._readers(kept),
                pace=self._reserve(kept, rates),
            )

    def _claim(self, row: DeliveryRow, lease_id: int, now: datetime) -> bool:
        """Move a Delivery under the lease, at the newest revision of its Issue; False when nothing is left of it."""
        mine = row.delivery
        issue = self.rows.issues.get(mine.issue_id or 0)
        if mine.channel is Channel.EMAIL and issue is not None and not row.resent:
            was = (issue.id, issue.revision, f"was:{mine.recipe_hash}")
            if (mine.issue_revision or 0) < issue.revision and was in self.rows.issue_recipes:
                recipe, reason = self.rows.issue_recipes[was]
                mine = replace(mine, issue_revision=issue.revision, recipe_hash=recipe)
                if recipe is None:
                    row.delivery = replace(mine, state=_S.EXCLUDED, reason=reason, settled_at=now)
                    return False
        row.delivery = replace(mine, state=_S.CLAIMED, lease_id=lease_id, attempts=mine.attempts + 1)
        return True

    def _readers(self, rows: Sequence[DeliveryRow]) -> Mapping[int, Subscription]:
        numbers = {row.delivery.subscription_id for row in rows}
        return {n: self.rows.subscriptions[n] for n in numbers if n is not None and n in self.rows.subscriptions}

    def _next_due(self, channel: Channel, now: datetime, limit: int, room: Mapping[str, int]) -> list[DeliveryRow]:
        due = [r for r in self._in(channel, _S.WAITING) if r.delivery.next_at <= now and self._is_next(r.delivery)]
        due = [r for r in due if not self._rests(r.delivery) and room.get(r.delivery.provider or "?", 1) > 0]
        return sorted(due, key=lambda r: (r.priority, r.delivery.next_at, r.delivery.id))[:limit]

    def _rests(self, delivery: Delivery) -> bool:
        issue = self.rows.issues.get(delivery.issue_id or 0)
        return issue is not None and issue.held is not None

    def _in(self, channel: Channel, state: DeliveryState) -> list[DeliveryRow]:
        return [r for r in self.rows.deliveries.values() if (r.delivery.channel, r.delivery.state) == (channel, state)]

    def _is_next(self, mine: Delivery) -> bool:
        """Nothing older is open for the same Partner."""
        if mine.channel is not Channel.PARTNER:
            return True
        others = (r.delivery for r in self.rows.deliveries.values() if r.delivery.recipient == mine.recipient)
        return not any(d.state in OPEN_STATES and (d.sequence or 0) < (mine.sequence or 0) for d in others)

    def _dropped(self, row: DeliveryRow, now: datetime, allowed: frozenset[str] | None = None) -> bool:
        """Whether a Delivery must not go out; it is settled then."""
        if row.delivery.expires_at <= now:
            self._become(row, _S.EXPIRED, "its time had passed", now)
            return True
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
            self._become(row, _S.EXCLUDED, REHEARSAL, now)
            return True
        return False

    def _become(self, row: DeliveryRow, state: DeliveryState, reason: str | None, now: datetime) -> None:
        row.delivery = replace(row.delivery, state=state, reason=reason, lease_id=None, settled_at=now)

    def _held(self, lease_id: int, delivery_id: int, *states: DeliveryState) -> DeliveryRow | None:
        row = self.rows.deliveries.get(delivery_id)
        held = row is not None and row.delivery.lease_id == lease_id and row.delivery.state in states
        return row if held else None

    def begin(self, lease_id: int, ids: Collection[int], now: datetime, *, outlast: timedelta) -> frozenset[int]:
        with self.rows.lock:
            return frozenset(n for n in sorted(ids) if self._begin(lease_id, n, now, outlast))

    def _begin(self, lease_id: int, delivery_id: int, now: datetime, outlast: timedelta) -> bool:
        row = self._held(lease_id, delivery_id, _S.CLAIMED)
        lease = self.rows.leases.get(lease_id)
        if row is None or lease is None or row.delivery.expires_at <= now or self._dropped(row, now):
            return False
        if lease.ended or lease.until <= self.rows.database_now() + outlast or self._rests(row.delivery):
            return False
        row.begun_at = now
        row.delivery = replace(row.delivery, state=_S.SENDING)
        return True

    def renew(self, lease_id: int, lease: timedelta) -> bool:
        with self.rows.lock:
            row = self.rows.leases[lease_id]
            if row.ended or row.until <= self.rows.database_now():
                return False
            row.until = self.rows.database_now() + lease
            return True

    def release(self, lease_id: int, untouched: Collection[int] = ()) -> None:
        with self.rows.lock:
            mine = [r for r in self.rows.deliveries.values() if r.delivery.lease_id == lease_id]
            for row in mine:
                begun = row.delivery.id in untouched and row.delivery.state in (_S.SENDING, _S.UNCERTAIN)
                if begun or row.delivery.state is _S.CLAIMED:
                    self._wait_again(row, attempts=row.delivery.attempts - 1)
            if lease_id in self.rows.leases and not any(r.delivery.state is _S.SENDING for r in mine):
                self.rows.leases[lease_id].ended = True

    def _wait_again(self, row: DeliveryRow, *, attempts: int) -> None:
        row.delivery = replace(row.delivery, state=_S.WAITING, reason=None, lease_id=None, attempts=attempts)

    def leases(self) -> Sequence[Lease]:
        with self.rows.lock:
            now = self.rows.database_now()
            doubtful = {r.delivery.lease_id for r in self._in(Channel.EMAIL, _S.UNCERTAIN)}
            return [
                Lease(
                    id=n,
                    channel=row.channel,
                    host=row.owner.partition("/")[0],
                    owner=row.owner.partition("/")[2],
                    journal=row.journal,
                    over=row.ended or row.until < now,
                )
                for n, row in sorted(self.rows.leases.items())
                if not row.ended or (n in doubtful and row.journal is not None)
            ]

    def identity(self) -> Witness | None:
        if self.rows.installation is None:
            return None
        name, epoch = self.rows.installation
        return Witness(installation=name, epoch=epoch, lease=max(self.rows.leases, default=0))

    def declare(self, installation_id: str, epoch: int) -> None:
        with self.rows.lock:
            if self.rows.installation is None or self.rows.installation[1] < epoch:
                self.rows.installation = (installation_id, epoch)

    # --- how fast ---

    def pause_provider(self, provider: str, until: datetime, reason: str) -> None:
        with self.rows.lock:
            way = self._way(provider)
            way.paused = max(way.paused or (until, reason), (until, reason))

    def pauses(self, now: datetime) -> Mapping[str, tuple[datetime, str]]:
        with self.rows.lock:
            paused = {name: way.paused for name, way in sorted(self.rows.ways.items())}
            return {name: pause for name, pause in paused.items() if pause is not None and pause[0] > now}

    def _way(self, name: str) -> WayRow:
        now = self.rows.database_now()
        return self.rows.ways.setdefault(name, WayRow(next_at=now))

    def _room(self, rates: Rates, now: datetime) -> dict[str, int]:
        """How many mails may go to each limited or paused provider now; "" is everything."""
        room = {}
        for name, rate in rates.per_second.items():
            every = timedelta(seconds=1) / rate
            later = max(self._way(name).next_at - self.rows.database_now(), _NO_TIME)
            room[name] = max(0, (max(_AHEAD, every) - later) // every)
        for name in rates.per_day:
            left = self._left_today(name, rates)
            room[name] = min(room.get(name, left), left)
        return room | dict.fromkeys(self.pauses(now), 0)

    def _left_today(self, name: str, rates: Rates) -> int:
        way = self._way(name)
        sent = way.sent if way.day_began_at == rates.day_began_at else 0
        return max(0, rates.per_day[name] - sent - self._in_flight(name))

    def _in_flight(self, name: str) -> int:
        mails = [r.delivery for state in (_S.CLAIMED, _S.SENDING) for r in self._in(Channel.EMAIL, state)]
        return sum(name in ("", d.provider) for d in mails)

    def _wait(self, rates: Rates, now: datetime) -> timedelta:
        until, _ = self.pauses(now).get("", (now, ""))
        if "" in rates.per_day and self._left_today("", rates) == 0:
            return max(until - now, _LOOK_AGAIN)
        return max(until - now, timedelta(seconds=1) / rates.per_second.get("", 1))

    def _reserve(self, rows: Sequence[DeliveryRow], rates: Rates) -> Pace | None:
        now = self.rows.database_now()
        counts = Counter(row.delivery.provider for row in rows)
        starts = {}
        for name, rate in rates.per_second.items():
            way = self._way(name)
            starts[name] = max(way.next_at, now)
            way.next_at = starts[name] + timedelta(seconds=1) / rate * (len(rows) if name == "" else counts[name])
        if "" not in starts:
            return None
        return Pace(start=starts[""] - now, every=timedelta(seconds=1) / rates.per_second[""])


def _within(rows: Sequence[DeliveryRow], room: Mapping[str, int]) -> list[DeliveryRow]:
    """Those of the rows, in their order, that keep each provider within its room."""
    seen: Counter[str | None] = Counter()
    kept = []
    for row in rows:
        provider = row.delivery.provider
        seen[provider] += 1
        if provider is None or provider not in room or seen[provider] <= room[provider]:
            kept.append(row)
    return kept
