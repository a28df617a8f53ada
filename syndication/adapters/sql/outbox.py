"""What Outcomes and evidence make of Deliveries in SQL, and the look at them: the Outbox part of the Store.

Every change is conditional on the state and the lease it was won under.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, delete, func, insert, or_, select, update

from syndication.adapters.sql import ways
from syndication.adapters.sql.base import among, insert_new, lock
from syndication.adapters.sql.claims import Claims, as_delivery
from syndication.adapters.sql.newsroom import OPEN_STATES
from syndication.adapters.sql.readership import suppress_key
from syndication.adapters.tables import (
    beat,
    delivery,
    installation,
    issue,
    issue_channel,
    issue_sum,
    lease,
    subscriber,
    subscription,
    way,
)
from syndication.core import ledger, policy
from syndication.core.ledger import Fate, Testimony, Witness
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
from syndication.core.rates import EVERYTHING, Rates
from syndication.ports import Settlement, Uncertain

_S = DeliveryState
RESEND_AFTER = timedelta(minutes=15)  # what an uncertain mail waits for evidence before its one resending
_ANSWERABLE = (_S.CLAIMED, _S.SENDING, _S.UNCERTAIN)


class Outbox(Claims):
    def settle(
        self, lease_id: int, settlements: Sequence[Settlement], now: datetime, *, rates: Rates | None = None
    ) -> frozenset[int]:
        if not settlements:
            return frozenset()
        with self._writes() as db:
            done = _settle(db, lease_id, settlements, now)
            if rates is not None and rates.per_day:
                ways.count_sent(db, _sent(settlements, done), rates)
            return done

    def take_back(self, lease_id: int, testimony: Testimony | None, now: datetime) -> Mapping[str, int]:
        over = lease.c.id == lease_id
        if testimony is None:
            over = and_(over, or_(lease.c.ended, lease.c.until < self._now))
        question = select(lease.c.id).where(over)
        if self._postgresql:
            question = question.with_for_update(skip_locked=True)
        with self._writes() as db:
            if db.execute(question).scalar() is None:
                return {}
            held = and_(delivery.c.lease_id == lease_id, delivery.c.state.in_(_ANSWERABLE))
            lock(db, select(delivery.c.id).where(held).order_by(delivery.c.id))
            rows = [as_delivery(row) for row in db.execute(select(delivery).where(held).order_by(delivery.c.id))]
            fates = [(row, ledger.fate(row, testimony)) for row in rows]
            told = [_evidence(row, fate, now) for row, fate in fates if isinstance(fate, Outcome)]
            _settle(db, lease_id, told, now)
            waiting = [row.id for row, fate in fates if fate is Fate.WAITS]
            _wait_again(db, waiting)
            db.execute(update(lease).where(lease.c.id == lease_id).values(ended=True))
        counts = Counter(_settled(s, lease_id, now)["state"].value for s in told)
        return counts + Counter({_S.WAITING.value: len(waiting)})

    def hold_issue(self, issue_id: int, reason: str, now: datetime) -> bool:
        resting = and_(issue.c.id == issue_id, issue.c.state == IssueState.FROZEN, issue.c.held.is_(None))
        with self._writes() as db:
            return bool(db.execute(update(issue).where(resting).values(held=reason, held_at=now)).rowcount)

    def resume_issue(self, issue_id: int, now: datetime) -> bool:
        held = and_(issue.c.id == issue_id, issue.c.held.is_not(None), issue.c.expires_at > now)
        with self._writes() as db:
            return bool(db.execute(update(issue).where(held).values(held=None)).rowcount)

    def cancel_issue(self, issue_id: int, reason: str, now: datetime) -> int:
        waiting = and_(delivery.c.issue_id == issue_id, delivery.c.state.in_((_S.WAITING, _S.CLAIMED)))
        still_open = and_(issue.c.id == issue_id, issue.c.state == IssueState.FROZEN, issue.c.expires_at > now)
        over = {"held": func.coalesce(issue.c.held, reason), "held_at": now, "expires_at": now}
        with self._writes() as db:
            db.execute(update(issue).where(still_open).values(over))  # what comes back later is not sent either
            lock(db, select(delivery.c.id).where(waiting).order_by(delivery.c.id))
            return db.execute(
                update(delivery).where(waiting).values(state=_S.CANCELLED, reason=reason, lease_id=None, settled_at=now)
            ).rowcount

    def pause_provider(self, provider: str, until: datetime, reason: str) -> None:
        with self._writes() as db:
            ways.pause(db, provider, until, reason)

    def pauses(self, now: datetime) -> Mapping[str, tuple[datetime, str]]:
        with self._reads() as db:
            rows = db.execute(select(way).where(way.c.paused_until > now).order_by(way.c.name))
            return {row.name: (row.paused_until, row.reason) for row in rows}

    def expire(self, now: datetime, limit: int) -> int:
        """Settle up to `limit` waiting Deliveries whose time has passed; returns how many."""
        open_ones = select(issue.c.id).where(issue.c.state == IssueState.FROZEN, issue.c.expires_at <= now)
        mine = and_(delivery.c.issue_id.in_(open_ones), delivery.c.state == _S.WAITING, delivery.c.expires_at <= now)
        over = select(delivery.c.id).where(mine).limit(limit)
        if self._postgresql:
            over = over.with_for_update(skip_locked=True)  # whoever else changes one of them now is not waited for
        with self._writes() as db:
            ids = over.cte("over")
            expired = db.execute(
                update(delivery)
                .where(delivery.c.id.in_(select(ids.c.id)))
                .values(state=_S.EXPIRED, reason="its time had passed", settled_at=now)
                .returning(delivery.c.id)  # SQLite's driver does not count where a statement begins with WITH
            )
            return len(expired.all())

    def resend_uncertain(self, policies: Mapping[str, UncertainPolicy], now: datetime) -> int:
        editions = [name for name, policy in policies.items() if policy is UncertainPolicy.RESEND]
        theirs = select(issue.c.id).where(issue.c.edition_id.in_(editions))
        with self._writes() as db:
            return db.execute(
                update(delivery)
                .where(
                    delivery.c.state == _S.UNCERTAIN,
                    delivery.c.channel == Channel.EMAIL,
                    delivery.c.resent.is_(False),
                    delivery.c.begun_at <= now - RESEND_AFTER,
                    delivery.c.expires_at > now,
                    delivery.c.issue_id.in_(theirs),
                )
                .values(state=_S.WAITING, resent=True, lease_id=None, next_at=now)
            ).rowcount

    def resolve(self, delivery_id: int, state: DeliveryState, now: datetime, reason: str) -> bool:
        settled_at = None if state is _S.WAITING else now
        with self._writes() as db:
            done = db.execute(
                update(delivery)
                .where(delivery.c.id == delivery_id, delivery.c.state == _S.UNCERTAIN)
                .values(state=state, reason=reason, lease_id=None, next_at=now, settled_at=settled_at)
            )
            return done.rowcount == 1

    def balance(self, issue_id: int, channel: Channel) -> Balance:
        with self._reads() as db:
            audience = db.execute(
                select(issue_channel.c.audience).where(
                    issue_channel.c.issue_id == issue_id, issue_channel.c.channel == channel
                )
            ).scalar()
            counts = Counter[DeliveryState]()
            for question in (_rows_by_state(issue_id, channel), _sums_by_state(issue_id, channel)):
                counts.update({_S(state): n for state, n in db.execute(question)})
            later = db.execute(
                select(func.count(delivery.c.bounced_at), func.count(delivery.c.complained_at)).where(
                    _returned(issue_id), delivery.c.channel == channel
                )
            ).one()
            aged = db.execute(
                select(
                    func.coalesce(func.sum(issue_sum.c.bounced), 0), func.coalesce(func.sum(issue_sum.c.complained), 0)
                ).where(issue_sum.c.issue_id == issue_id, issue_sum.c.channel == channel)
            ).one()
        terms = {s.value: n for s, n in counts.items() if s not in OPEN_STATES}
        return Balance(
            audience=audience or 0,
            waiting=sum(counts[s] for s in OPEN_STATES),
            bounced=later[0] + int(aged[0]),
            complained=later[1] + int(aged[1]),
            **terms,
        )

    def refusals(self, issue_id: int) -> tuple[int, int]:
        mails = and_(delivery.c.issue_id == issue_id, delivery.c.channel == Channel.EMAIL)
        answered = select(delivery.c.state, func.count()).where(mails, delivery.c.state.in_((_S.FAILED, _S.ACCEPTED)))
        bounced = select(func.count(delivery.c.bounced_at)).where(_returned(issue_id))
        with self._reads() as db:
            counts: Counter[str] = Counter(dict(db.execute(answered.group_by(delivery.c.state)).tuples().all()))
            return counts[_S.FAILED] + db.execute(bounced).scalar_one(), counts.total()

    def outcomes(self, issue_id: int, channel: Channel) -> Mapping[tuple[DeliveryState, str | None], int]:
        with self._reads() as db:
            rows = db.execute(
                select(delivery.c.state, delivery.c.reason, func.count().label("n"))
                .where(delivery.c.issue_id == issue_id, delivery.c.channel == channel)
                .group_by(delivery.c.state, delivery.c.reason)
            )
            aged = db.execute(select(issue_sum).where(issue_sum.c.issue_id == issue_id, issue_sum.c.channel == channel))
            counts = Counter({(_S(row.state), row.reason): row.n for row in rows})
            counts.update({(_S(row.state), row.reason or None): row.number for row in aged})
            return counts

    def deliveries(self, issue_id: int, channel: Channel | None = None) -> Sequence[Delivery]:
        question = select(delivery).where(delivery.c.issue_id == issue_id).order_by(delivery.c.id)
        if channel is not None:
            question = question.where(delivery.c.channel == channel)
        with self._reads() as db:
            return [as_delivery(row) for row in db.execute(question)]

    def delivery(self, delivery_id: int) -> Delivery | None:
        with self._reads() as db:
            row = db.execute(select(delivery).where(delivery.c.id == delivery_id)).one_or_none()
        return None if row is None else as_delivery(row)

    def uncertain(self) -> Sequence[Uncertain]:
        with self._reads() as db:
            rows = db.execute(select(delivery).where(delivery.c.state == _S.UNCERTAIN).order_by(delivery.c.id)).all()
        return [Uncertain(delivery=as_delivery(row), since=row.begun_at or row.created_at) for row in rows]

    def due(self, channel: Channel, now: datetime, at_most: int | None = None) -> int:
        waiting = select(delivery.c.id).where(
            delivery.c.channel == channel, delivery.c.state == _S.WAITING, delivery.c.next_at <= now
        )
        with self._reads() as db:
            return db.execute(select(func.count()).select_from(waiting.limit(at_most).subquery())).scalar_one()

    def deliveries_by_revision(self, issue_id: int) -> Mapping[int, tuple[int, int]]:
        waiting = func.count().filter(delivery.c.state == _S.WAITING)
        question = (
            select(delivery.c.issue_revision, func.count(), waiting)
            .where(delivery.c.issue_id == issue_id, delivery.c.channel == Channel.EMAIL)
            .group_by(delivery.c.issue_revision)
        )
        with self._reads() as db:
            return {revision: (n - left, left) for revision, n, left in db.execute(question)}

    def waiting_mails(self, issue_id: int, after: int, limit: int) -> Sequence[tuple[int, AddressKey]]:
        question = (
            select(delivery.c.id, subscriber.c.key_id, subscriber.c.digest)
            .join(subscription, subscription.c.id == delivery.c.subscription_id)
            .join(subscriber, subscriber.c.id == subscription.c.subscriber_id)
            .where(delivery.c.issue_id == issue_id, delivery.c.channel == Channel.EMAIL)
            .where(delivery.c.state == _S.WAITING, delivery.c.id > after)
            .order_by(delivery.c.id)
            .limit(limit)
        )
        with self._reads() as db:
            return [(row.id, AddressKey(key_id=row.key_id, digest=row.digest)) for row in db.execute(question)]

    def doubt(self, ids: Collection[int], reason: str, now: datetime) -> int:
        waiting = and_(delivery.c.id.in_(sorted(ids)), delivery.c.state == _S.WAITING)
        with self._writes() as db:
            lock(db, select(delivery.c.id).where(waiting).order_by(delivery.c.id))
            return db.execute(
                update(delivery).where(waiting).values(state=_S.UNCERTAIN, reason=reason, begun_at=now)
            ).rowcount

    def identity(self) -> Witness | None:
        with self._reads() as db:
            row = db.execute(select(installation)).one_or_none()
            if row is None:
                return None
            if self._postgresql:
                last = db.exec_driver_sql("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM lease_id_seq")
            else:
                last = db.exec_driver_sql("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'lease'")
            return Witness(installation=row.id, epoch=row.epoch, lease=int(last.scalar_one()))

    def declare(self, installation_id: str, epoch: int) -> None:
        with self._writes() as db:
            if self._postgresql:
                db.exec_driver_sql("LOCK TABLE installation IN EXCLUSIVE MODE")
            db.execute(delete(installation).where(installation.c.epoch < epoch))
            if db.execute(select(installation.c.id)).first() is None:
                db.execute(insert(installation).values(id=installation_id, epoch=epoch))

    def beat(self, name: str, now: datetime) -> None:
        with self._writes() as db:
            if not db.execute(update(beat).where(beat.c.name == name).values(at=now)).rowcount:
                db.execute(insert_new(db, beat).values(name=name, at=now))

    def beats(self) -> Mapping[str, datetime]:
        with self._reads() as db:
            return {row.name: row.at for row in db.execute(select(beat))}


def _settle(db: Connection, lease_id: int, settlements: Sequence[Settlement], now: datetime) -> frozenset[int]:
    """Write the Outcomes in one go, in the order of the rows; whatever moved on since is left alone."""
    told = {s.delivery_id: s for s in settlements}
    mine = and_(among(db, delivery.c.id, told), delivery.c.lease_id == lease_id, delivery.c.state.in_(_ANSWERABLE))
    question = select(delivery.c.id, delivery.c.subscription_id).where(mine).order_by(delivery.c.id)
    if db.dialect.name == "postgresql":
        question = question.with_for_update(key_share=True)
    readers = dict(db.execute(question).tuples().all())
    if readers:
        db.execute(_SETTLE, [_settled(told[n], lease_id, now) for n in readers])
    for n, reader in readers.items():
        if told[n].outcome.suppress:
            _suppress_reader(db, reader, n, told[n].outcome, now)
    return frozenset(readers)


def _rows_by_state(issue_id: int, channel: Channel) -> Select[Any]:
    mine = and_(delivery.c.issue_id == issue_id, delivery.c.channel == channel)
    return select(delivery.c.state, func.count()).where(mine).group_by(delivery.c.state)


def _sums_by_state(issue_id: int, channel: Channel) -> Select[Any]:
    mine = and_(issue_sum.c.issue_id == issue_id, issue_sum.c.channel == channel)
    return select(issue_sum.c.state, func.sum(issue_sum.c.number)).where(mine).group_by(issue_sum.c.state)


def _returned(issue_id: int) -> ColumnElement[bool]:
    """Accepted mails of an Issue that bounced or were complained about: few, and in an index of their own."""
    came_back = or_(delivery.c.bounced_at.is_not(None), delivery.c.complained_at.is_not(None))
    return and_(delivery.c.issue_id == issue_id, delivery.c.state == _S.ACCEPTED, came_back)


def _evidence(row: Delivery, outcome: Outcome, now: datetime) -> Settlement:
    """An Outcome that a journal tells, as the worker would have settled it."""
    deferred = outcome.verdict is Verdict.DEFERRED
    key = f"{row.thing} {row.recipient}"
    next_at = policy.retry_at(row.attempts, now, row.expires_at, key) if deferred else None
    return Settlement(delivery_id=row.id, outcome=outcome, next_at=next_at, provider=row.provider)


_SETTLE = (
    update(delivery)
    .where(delivery.c.id == bindparam("which"))
    .values(
        state=bindparam("state"),
        reason=bindparam("reason"),
        code=bindparam("code"),
        receipt=bindparam("receipt"),
        settled_at=bindparam("settled_at"),
        lease_id=bindparam("lease_id"),
        next_at=func.coalesce(bindparam("next_at", type_=delivery.c.next_at.type), delivery.c.next_at),
    )
)


def _settled(settlement: Settlement, lease_id: int, now: datetime) -> dict[str, Any]:
    outcome, next_at = settlement.outcome, settlement.next_at
    row: dict[str, Any] = {
        "which": settlement.delivery_id,
        "reason": outcome.reason,
        "code": outcome.code,
        "receipt": None,
        "settled_at": now,
        "lease_id": None,
        "next_at": None,
    }
    match outcome.verdict:
        case Verdict.ACCEPTED:
            return {**row, "state": _S.ACCEPTED, "receipt": outcome.receipt}
        case Verdict.REFUSED:
            return {**row, "state": _S.FAILED}
        case Verdict.UNCERTAIN:
            return {**row, "state": _S.UNCERTAIN, "settled_at": None, "lease_id": lease_id}
    if next_at is None:
        return {**row, "state": _S.EXPIRED, "reason": f"no time left to try again: {outcome.reason}"}
    return {**row, "state": _S.WAITING, "settled_at": None, "next_at": next_at}


def _sent(settlements: Sequence[Settlement], done: frozenset[int]) -> Counter[str]:
    """How many mails were handed over or may have been, by provider and in all."""
    handed = (Verdict.ACCEPTED, Verdict.UNCERTAIN)
    gone = [s for s in settlements if s.delivery_id in done and s.outcome.verdict in handed]
    counts = Counter(s.provider for s in gone if s.provider is not None)
    counts[EVERYTHING] = len(gone)
    return counts


def _wait_again(db: Connection, ids: Sequence[int]) -> None:
    if ids:
        theirs = among(db, delivery.c.id, ids)
        db.execute(update(delivery).where(theirs).values(state=_S.WAITING, reason=None, lease_id=None))


def _suppress_reader(
    db: Connection, subscription_id: int | None, delivery_id: int, outcome: Outcome, now: datetime
) -> None:
    key = db.execute(
        select(subscriber.c.key_id, subscriber.c.digest)
        .join(subscription, subscription.c.subscriber_id == subscriber.c.id)
        .where(subscription.c.id == subscription_id)
    ).one_or_none()
    if key is None:
        return
    news = Event(
        id=f"refused:{delivery_id}",
        kind=EventKind.BOUNCED,
        at=now,
        cause="refused while sending",
        delivery_id=delivery_id,
        subscription_id=subscription_id,
        detail=f"{outcome.code or ''} {outcome.reason or ''}".strip(),
    )
    suppress_key(db, AddressKey(key_id=key.key_id, digest=key.digest), outcome.reason or "the address is dead", news)
