"""What Outcomes and evidence make of Deliveries in memory, by the same rules as the SQL Store, and the look at them.

A lock stands in for transactions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from syndication.adapters.memory.claims import MemoryClaims
from syndication.adapters.memory.newsroom import OPEN_STATES
from syndication.adapters.memory.rows import ChannelRow, DeliveryRow
from syndication.core import ledger, policy
from syndication.core.ledger import Fate, Testimony
from syndication.core.model import (
    AddressKey,
    Balance,
    Channel,
    Delivery,
    DeliveryState,
    Event,
    EventKind,
    IssueState,
    Outcome,
    UncertainPolicy,
    Verdict,
)
from syndication.core.rates import Rates
from syndication.ports import Settlement, Uncertain

_S = DeliveryState
_RESEND_AFTER = timedelta(minutes=15)


class MemoryOutbox(MemoryClaims):
    def settle(
        self, lease_id: int, settlements: Sequence[Settlement], now: datetime, *, rates: Rates | None = None
    ) -> frozenset[int]:
        with self.rows.lock:
            done = frozenset(s.delivery_id for s in settlements if self._settle(lease_id, s, now))
            for name in rates.per_day if rates is not None else ():
                self._count(name, [s for s in settlements if s.delivery_id in done], rates)
            return done

    def _count(self, name: str, settled: Sequence[Settlement], rates: Rates | None) -> None:
        day = None if rates is None else rates.day_began_at
        handed = (Verdict.ACCEPTED, Verdict.UNCERTAIN)
        way = self._way(name)
        if day is not None and way.day_began_at is not None and way.day_began_at > day:
            return  # claimed before midnight, settled after it
        before = way.sent if way.day_began_at == day else 0
        gone = [s for s in settled if s.outcome.verdict in handed and name in ("", s.provider)]
        way.sent, way.day_began_at = before + len(gone), day

    def _settle(self, lease_id: int, settlement: Settlement, now: datetime) -> bool:
        row = self._held(lease_id, settlement.delivery_id, _S.CLAIMED, _S.SENDING, _S.UNCERTAIN)
        if row is None:
            return False
        outcome, next_at = settlement.outcome, settlement.next_at
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
        if outcome.suppress:
            self._suppress_reader(row.delivery, outcome, now)
        return True

    def _suppress_reader(self, delivery: Delivery, outcome: Outcome, now: datetime) -> None:
        reader = self.rows.subscriptions.get(delivery.subscription_id or 0)
        if reader is None:
            return
        news = Event(
            id=f"refused:{delivery.id}",
            kind=EventKind.BOUNCED,
            at=now,
            cause="refused while sending",
            delivery_id=delivery.id,
            subscription_id=reader.id,
        )
        reason = outcome.reason or "the address is dead"
        self.suppress(self.rows.key_of(reader.subscriber_id), reason=reason, event=news)

    def take_back(self, lease_id: int, testimony: Testimony | None, now: datetime) -> Mapping[str, int]:
        with self.rows.lock:
            lease = self.rows.leases.get(lease_id)
            if lease is None or not (testimony or lease.ended or lease.until < self.rows.database_now()):
                return {}
            held = (_S.CLAIMED, _S.SENDING, _S.UNCERTAIN)
            before = {n: r.delivery.state for n, r in self.rows.deliveries.items()}
            mine = [
                r for r in self.rows.deliveries.values() if r.delivery.lease_id == lease_id and r.delivery.state in held
            ]
            for row in mine:
                self._take_back(row, lease_id, testimony, now)
            lease.ended = True
            changed = [r.delivery for r in mine if r.delivery.state is not before[r.delivery.id]]
            return Counter(d.state.value for d in changed)

    def _take_back(self, row: DeliveryRow, lease_id: int, testimony: Testimony | None, now: datetime) -> None:
        mine = row.delivery
        fate = ledger.fate(mine, testimony)
        if fate is Fate.WAITS:
            self._wait_again(row, attempts=mine.attempts)
        elif isinstance(fate, Outcome):
            again = policy.retry_at(mine.attempts, now, mine.expires_at, f"{mine.thing} {mine.recipient}")
            next_at = again if fate.verdict is Verdict.DEFERRED else None
            self._settle(lease_id, Settlement(delivery_id=mine.id, outcome=fate, next_at=next_at), now)

    def expire(self, now: datetime, limit: int) -> int:
        with self.rows.lock:
            waiting = [r for r in self.rows.deliveries.values() if r.delivery.state is _S.WAITING]
            over = [r for r in waiting if r.delivery.expires_at <= now][:limit]
            for row in over:
                self._become(row, _S.EXPIRED, "its time had passed", now)
            return len(over)

    def deliveries_by_revision(self, issue_id: int) -> Mapping[int, tuple[int, int]]:
        mails = [d for d in self.deliveries(issue_id, Channel.EMAIL) if d.issue_revision is not None]
        waiting = Counter(d.issue_revision for d in mails if d.state is _S.WAITING)
        every = Counter(d.issue_revision for d in mails)
        return {n: (every[n] - waiting[n], waiting[n]) for n in every if n is not None}

    def waiting_mails(self, issue_id: int, after: int, limit: int) -> Sequence[tuple[int, AddressKey]]:
        with self.rows.lock:
            mails = [r.delivery for _, r in sorted(self.rows.deliveries.items()) if r.delivery.issue_id == issue_id]
            waiting = [d for d in mails if d.channel is Channel.EMAIL and d.state is _S.WAITING and d.id > after]
            return [(d.id, self.rows.key_of(int(d.recipient.partition(":")[2]))) for d in waiting[:limit]]

    def doubt(self, ids: Collection[int], reason: str, now: datetime) -> int:
        with self.rows.lock:
            waiting = [row for n in sorted(ids) if (row := self.rows.deliveries.get(n)) is not None]
            waiting = [row for row in waiting if row.delivery.state is _S.WAITING]
            for row in waiting:
                row.begun_at = now
                row.delivery = replace(row.delivery, state=_S.UNCERTAIN, reason=reason)
            return len(waiting)

    def age_out(self, before: datetime, limit: int) -> int:
        with self.rows.lock:
            old = {n for n, at in self.rows.closed_at.items() if at < before}
            gone = [r for r in self.rows.deliveries.values() if r.delivery.issue_id in old][:limit]
            for row in gone:
                mine = row.delivery
                channel = self.rows.channels.setdefault((mine.issue_id or 0, mine.channel), ChannelRow())
                channel.aged[mine.state, mine.reason] += 1
                channel.bounced += row.bounced_at is not None
                channel.complained += row.complained_at is not None
                del self.rows.deliveries[mine.id]
                del self.rows.delivery_keys[mine.channel, mine.thing, mine.recipient]
            return len(gone)

    def hold_issue(self, issue_id: int, reason: str, now: datetime) -> bool:
        return self._hold(issue_id, reason, was_held=False)

    def resume_issue(self, issue_id: int, now: datetime) -> bool:
        issue = self.rows.issues.get(issue_id)
        return issue is not None and issue.expires_at > now and self._hold(issue_id, None, was_held=True)

    def _hold(self, issue_id: int, reason: str | None, *, was_held: bool) -> bool:
        with self.rows.lock:
            issue = self.rows.issues.get(issue_id)
            if issue is None or (issue.held is not None) is not was_held or issue.state is not IssueState.FROZEN:
                return False
            self.rows.issues[issue_id] = replace(issue, held=reason, resumed=was_held)
            return True

    def cancel_issue(self, issue_id: int, reason: str, now: datetime) -> int:
        with self.rows.lock:
            issue = self.rows.issues[issue_id]
            if issue.state is IssueState.FROZEN and issue.expires_at > now:
                self.rows.issues[issue_id] = replace(issue, held=issue.held or reason, expires_at=now)
            waiting = [
                r
                for r in self.rows.deliveries.values()
                if r.delivery.issue_id == issue_id and r.delivery.state in (_S.WAITING, _S.CLAIMED)
            ]
            for row in waiting:
                self._become(row, _S.CANCELLED, reason, now)
            return len(waiting)

    def refusals(self, issue_id: int) -> tuple[int, int]:
        mails = [r for r in self.rows.deliveries.values() if r.delivery.issue_id == issue_id]
        mails = [r for r in mails if r.delivery.channel is Channel.EMAIL]
        failed = sum(r.delivery.state is _S.FAILED for r in mails)
        accepted = [r for r in mails if r.delivery.state is _S.ACCEPTED]
        return failed + sum(r.bounced_at is not None for r in accepted), failed + len(accepted)

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
            channel_row = self.rows.channels.get((issue_id, channel), ChannelRow())
            counts = Counter(d.state for d in self.deliveries(issue_id, channel))
            for (state, _), n in channel_row.aged.items():
                counts[state] += n
            terms = {s.value: n for s, n in counts.items() if s not in OPEN_STATES}
            accepted = [
                r
                for r in self.rows.deliveries.values()
                if (r.delivery.issue_id, r.delivery.channel, r.delivery.state) == (issue_id, channel, _S.ACCEPTED)
            ]
            return Balance(
                audience=channel_row.audience,
                waiting=sum(counts[s] for s in OPEN_STATES),
                bounced=channel_row.bounced + sum(r.bounced_at is not None for r in accepted),
                complained=channel_row.complained + sum(r.complained_at is not None for r in accepted),
                **terms,
            )

    def outcomes(self, issue_id: int, channel: Channel) -> Mapping[tuple[DeliveryState, str | None], int]:
        with self.rows.lock:
            aged = self.rows.channels.get((issue_id, channel), ChannelRow()).aged
            return Counter((d.state, d.reason) for d in self.deliveries(issue_id, channel)) + aged

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

    def due(self, channel: Channel, now: datetime, at_most: int | None = None) -> int:
        with self.rows.lock:
            return sum(r.delivery.next_at <= now for r in self._in(channel, _S.WAITING)[:at_most])

    def beat(self, name: str, now: datetime) -> None:
        self.rows.beats[name] = now

    def beats(self) -> Mapping[str, datetime]:
        return dict(self.rows.beats)
