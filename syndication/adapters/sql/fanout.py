"""From an Issue's audience to Deliveries in SQL: the fan-out half of the Outbox.

Which blocks a reader gets is decided in core.audience; here equal choices share one Recipe row.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Text,
    and_,
    case,
    cast,
    exists,
    false,
    func,
    literal,
    null,
    or_,
    select,
    true,
    update,
)

from syndication.adapters.sql.base import Base, insert_new, lock
from syndication.adapters.sql.codec import CHOICES, RECIPE, load
from syndication.adapters.sql.recipes import add_recipes
from syndication.adapters.tables import (
    delivery,
    issue,
    issue_channel,
    issue_recipe,
    partner,
    recipe,
    subscriber,
    subscription,
    suppression,
)
from syndication.core.audience import cadences_of
from syndication.core.model import (
    Channel,
    Choices,
    DeliveryState,
    Issue,
    IssueState,
    Recipe,
    SubscriptionState,
)

SEED, REGULAR = 1, 5  # priorities: the newsroom's own addresses go first, as soon as the Issue is frozen
NOT_IN_COHORT = "cut-over: not yet among the readers that are written to from here"
REHEARSAL = "rehearsal: address is not on the allow list"


class FanOut(Base):
    def distinct_choices(self, issue: Issue, brought_by: Collection[int] = ()) -> Mapping[str, tuple[Choices, str]]:
        readers = (
            select(_key(brought_by).label("key"), subscription.c.choices, subscription.c.language)
            .where(_audience(issue))
            .subquery()
        )
        with self._reads() as db:
            rows = db.execute(
                select(readers.c.key, func.min(readers.c.choices), func.min(readers.c.language)).group_by(readers.c.key)
            )
            return {key: (load(CHOICES, choices), language) for key, choices, language in rows}

    def readers_by_choices(self, issue: Issue, *, allowed: frozenset[str] | None) -> Sequence[tuple[Choices, int, int]]:
        may = true() if allowed is None else subscriber.c.digest.in_(sorted(allowed))
        question = (
            select(func.min(subscription.c.choices), func.count(), func.sum(case((may, 1), else_=0)))
            .join(subscriber, subscriber.c.id == subscription.c.subscriber_id)
            .where(_audience(issue))
            .group_by(subscription.c.choices_hash)
        )
        with self._reads() as db:
            return [
                (load(CHOICES, choices), readers, int(of_these)) for choices, readers, of_these in db.execute(question)
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
        seeds: frozenset[str] = frozenset(),
        cohort: str | None = None,
        brought_by: Collection[int] = (),
    ) -> int | None:
        with self._writes() as db:
            if not _still_open(db, issue):
                return None
            _count_channel(db, issue, Channel.EMAIL)
            add_recipes(db, issue, recipes)
            last = _last_of_chunk(db, issue, after, limit)
            if last is None:
                _fanned_out(db, issue, Channel.EMAIL, now)
                return None
            key = _key(brought_by)
            if db.execute(select(_unforeseen(issue, after, last, key))).scalar():
                return after  # somebody chose differently since the recipes were made: once more, with theirs
            added = db.execute(_email_rows(db, issue, now, after, last, allowed, seeds, cohort, key)).rowcount
            _count(db, issue, Channel.EMAIL, added)
        return int(last)

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
        with self._writes() as db:
            if not _still_open(db, issue):
                return 0
            _count_channel(db, issue, channel)
            known = {(row.thing, row.recipient) for row in db.execute(_already(channel, issue))}
            new = [pair for pair in dict.fromkeys(things) if pair not in known]
            added = sum(_add_one(db, channel, pair, issue, now, not_before, expires_at) for pair in new)
            _count(db, issue, channel, added)
            _fanned_out(db, issue, channel, now)
        return added

    def fanned_out(self, issue_id: int) -> frozenset[Channel]:
        with self._reads() as db:
            done = db.execute(
                select(issue_channel.c.channel).where(
                    issue_channel.c.issue_id == issue_id, issue_channel.c.fanned_out_at.is_not(None)
                )
            ).scalars()
            return frozenset(map(Channel, done))

    def recipes(self, hashes: Collection[str]) -> Mapping[str, Recipe]:
        with self._reads() as db:
            rows = db.execute(select(recipe).where(recipe.c.hash.in_(sorted(hashes))))
            return {row.hash: load(RECIPE, row.content) for row in rows}


def _audience(issue: Issue) -> ColumnElement[bool]:
    """Active Subscriptions that stood when the Issue was frozen: who comes later waits for the next one."""
    return and_(
        subscription.c.edition_id == issue.edition_id,
        subscription.c.cadence.in_(cadences_of(issue.cadence)),
        subscription.c.state == SubscriptionState.ACTIVE,
        subscription.c.started_at <= issue.frozen_at,
    )


def _key(brought_by: Collection[int]) -> ColumnElement[str]:
    """Under which key a reader's Recipe is found, as `core.audience.readers_key` writes it.

    Readers to whom the same Issues came by the same Recipes share it: what is excluded is decided once for all."""
    if not brought_by:
        return subscription.c.choices_hash
    told = (
        cast(delivery.c.issue_id, Text)
        .concat("/")
        .concat(cast(delivery.c.issue_revision, Text))
        .concat("/")
        .concat(delivery.c.recipe_hash)
    )
    ordered = (
        select(told.label("told"))
        .where(
            delivery.c.channel == Channel.EMAIL,
            delivery.c.thing.in_([f"issue:{number}" for number in sorted(brought_by)]),
            delivery.c.recipient == literal("subscriber:") + cast(subscription.c.subscriber_id, Text),
            delivery.c.state == DeliveryState.ACCEPTED,
        )
        .order_by(delivery.c.issue_id)
        .correlate(subscription)
        .subquery()
    )
    all_told = select(func.aggregate_strings(ordered.c.told, ",")).correlate(subscription).scalar_subquery()
    return subscription.c.choices_hash.concat(func.coalesce(literal(" ").concat(all_told), ""))


def _still_open(db: Connection, wanted: Issue) -> bool:
    """Whether an Issue is open, and still the one that somebody read: nobody is put down for what was amended."""
    same = and_(issue.c.id == wanted.id, issue.c.revision == wanted.revision)
    open_one = select(issue.c.id).where(same, issue.c.state == IssueState.FROZEN)
    if db.dialect.name == "postgresql":
        open_one = open_one.with_for_update(read=True)  # it cannot be closed while Deliveries are added
    return db.execute(open_one).scalar() is not None


def _last_of_chunk(db: Connection, issue: Issue, after: int, limit: int) -> int | None:
    """The last reader of the next chunk; nobody in it can choose anew before the chunk is done."""
    chunk = (
        select(subscription.c.id)
        .where(_audience(issue), subscription.c.id > after)
        .order_by(subscription.c.id)
        .limit(limit)
    )
    if db.dialect.name == "postgresql":
        chunk = chunk.with_for_update(read=True)
    last: int | None = db.execute(select(func.max(chunk.subquery().c.id))).scalar()
    return last


def _unforeseen(issue: Issue, after: int, last: int, key: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a reader of the chunk has chosen what no Recipe of the Issue was made for."""
    foreseen = exists().where(
        issue_recipe.c.issue_id == issue.id,
        issue_recipe.c.issue_revision == issue.revision,
        issue_recipe.c.choices_hash == key,
    )
    chunk = and_(_audience(issue), subscription.c.id > after, subscription.c.id <= last)
    return exists().where(chunk, ~foreseen.correlate(subscription))


def _email_rows(
    db: Connection,
    issue: Issue,
    now: datetime,
    after: int,
    last: int,
    allowed: frozenset[str] | None,
    seeds: frozenset[str],
    cohort: str | None,
    key: ColumnElement[str],
) -> Any:
    suppressed = suppression.c.digest.is_not(None)
    barred = false() if allowed is None else (subscriber.c.digest.not_in(sorted(allowed)) if allowed else true())
    seed = subscriber.c.digest.in_(sorted(seeds)) if seeds else false()
    later = false() if cohort is None else subscriber.c.digest >= cohort
    excluded = or_(barred, later, issue_recipe.c.recipe_hash.is_(None))
    state = case(
        (suppressed, DeliveryState.SUPPRESSED), (excluded, DeliveryState.EXCLUDED), else_=DeliveryState.WAITING
    )
    reason = case(
        (suppressed, suppression.c.reason), (barred, REHEARSAL), (later, NOT_IN_COHORT), else_=issue_recipe.c.reason
    )
    rows = (
        select(
            literal(Channel.EMAIL.value),
            literal(f"issue:{issue.id}"),
            literal("subscriber:") + cast(subscriber.c.id, Text),
            literal(issue.id),
            literal(issue.revision),
            subscription.c.id,
            issue_recipe.c.recipe_hash,
            subscriber.c.provider,
            cast(state, Text),
            reason,
            case((seed, SEED), else_=REGULAR),
            case(
                (seed, literal(now, delivery.c.next_at.type)),
                else_=literal(issue.publish_at, delivery.c.next_at.type),
            ),
            literal(issue.expires_at, delivery.c.expires_at.type),
            literal(now, delivery.c.created_at.type),
            case((or_(suppressed, excluded), literal(now, delivery.c.settled_at.type)), else_=null()),
        )
        .select_from(subscription)
        .join(subscriber, subscriber.c.id == subscription.c.subscriber_id)
        .join(
            issue_recipe,
            and_(
                issue_recipe.c.issue_id == issue.id,
                issue_recipe.c.issue_revision == issue.revision,
                issue_recipe.c.choices_hash == key,
            ),
        )
        .outerjoin(
            suppression,
            and_(suppression.c.key_id == subscriber.c.key_id, suppression.c.digest == subscriber.c.digest),
        )
        .where(_audience(issue), subscription.c.id > after, subscription.c.id <= last)
    )
    names = (
        "channel thing recipient issue_id issue_revision subscription_id recipe_hash provider state reason "
        "priority next_at expires_at created_at settled_at"
    )
    return insert_new(db, delivery, ("channel", "thing", "recipient")).from_select(names.split(), rows)


def _already(channel: Channel, issue: Issue) -> Select[Any]:
    return select(delivery.c.thing, delivery.c.recipient).where(
        delivery.c.issue_id == issue.id, delivery.c.channel == channel
    )


def _add_one(
    db: Connection,
    channel: Channel,
    pair: tuple[str, str],
    issue: Issue,
    now: datetime,
    not_before: datetime,
    expires_at: datetime,
) -> int:
    thing, recipient = pair
    if db.execute(
        select(
            exists().where(delivery.c.channel == channel, delivery.c.thing == thing, delivery.c.recipient == recipient)
        )
    ).scalar():
        return 0  # the same thing came to them with another Issue
    sequence = _next_sequence(db, recipient) if channel is Channel.PARTNER else None
    row = insert_new(db, delivery).values(
        channel=channel,
        thing=thing,
        recipient=recipient,
        issue_id=issue.id,
        issue_revision=issue.revision,
        state=DeliveryState.WAITING,
        next_at=not_before,
        expires_at=expires_at,
        created_at=now,
        sequence=sequence,
    )
    return db.execute(row).rowcount


def _next_sequence(db: Connection, recipient: str) -> int:
    """The next number of this Partner; the row lock keeps the numbers in the order of commits."""
    db.execute(insert_new(db, partner).values(id=recipient, sequence=0))
    number: int = db.execute(
        update(partner)
        .where(partner.c.id == recipient)
        .values(sequence=partner.c.sequence + 1)
        .returning(partner.c.sequence)
    ).scalar_one()
    return number


def _count_channel(db: Connection, issue: Issue, channel: Channel) -> None:
    """The row that counts this audience, held: two that fan out the same take turns."""
    db.execute(insert_new(db, issue_channel).values(issue_id=issue.id, channel=channel, audience=0))
    mine = and_(issue_channel.c.issue_id == issue.id, issue_channel.c.channel == channel)
    lock(db, select(issue_channel.c.channel).where(mine))


def _count(db: Connection, issue: Issue, channel: Channel, added: int) -> None:
    if added:
        db.execute(
            update(issue_channel)
            .where(issue_channel.c.issue_id == issue.id, issue_channel.c.channel == channel)
            .values(audience=issue_channel.c.audience + added)
        )


def _fanned_out(db: Connection, issue: Issue, channel: Channel, now: datetime) -> None:
    db.execute(
        update(issue_channel)
        .where(
            issue_channel.c.issue_id == issue.id,
            issue_channel.c.channel == channel,
            issue_channel.c.fanned_out_at.is_(None),
        )
        .values(fanned_out_at=now)
    )
