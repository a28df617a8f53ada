"""Laws of later news that hold for every kind of Store."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import select

from syndication.adapters import tables
from syndication.adapters.memory import MemoryStore
from syndication.adapters.sql import SqlStore
from syndication.core import links
from syndication.core.bounces import Patience
from syndication.core.model import (
    AddressKey,
    Channel,
    Choices,
    Consent,
    Delivery,
    DeliveryState,
    Event,
    EventKind,
    Outcome,
    Recipe,
    Subscription,
    SubscriptionState,
    Verdict,
)
from syndication.ports import Permanent, Settlement, Store
from tests import factories
from tests.factories import KEYS, MORNING, ON

DAY = timedelta(days=1)
RECIPE = Recipe(blocks=("head", "foot"), first_item=0)
PATIENCE = Patience(days=3, within=10 * DAY)
S = DeliveryState
K = EventKind
CONSENT = Consent(at=MORNING, how="sample", text_version="sample-1")
LATER = MORNING + timedelta(hours=1)


def publish(store: Store, day: int = 0) -> int:
    """An Issue fanned out to everybody who reads; returns its id."""
    issue = store.freeze(factories.frozen(on=ON + day * DAY, at=MORNING + day * DAY), {})
    every = dict.fromkeys(store.distinct_choices(issue), (RECIPE, None))
    after: int | None = 0
    while after is not None:
        after = store.fan_out_email(issue, every, MORNING, after=after, limit=100, allowed=None)
    return issue.id


def only(store: Store, issue_id: int, reader: Subscription) -> Delivery:
    (found,) = [d for d in store.deliveries(issue_id, Channel.EMAIL) if d.subscription_id == reader.id]
    return found


def send(store: Store, *, until: DeliveryState = S.ACCEPTED, now: datetime = MORNING) -> None:
    """Take everything that is due as far as a state."""
    if until is S.WAITING:
        return
    piece = store.claim(
        Channel.EMAIL, now, limit=100, lease=timedelta(minutes=5), owner="host/worker", journal="worker.journal"
    )
    assert piece is not None
    ids = [d.id for d in piece.deliveries]
    if until is S.CLAIMED:
        return
    assert store.begin(piece.lease_id, ids, now, outlast=timedelta(seconds=1)) == frozenset(ids)
    if until is S.SENDING:
        return
    verdict = {S.ACCEPTED: Verdict.ACCEPTED, S.FAILED: Verdict.REFUSED, S.UNCERTAIN: Verdict.UNCERTAIN}[until]
    outcome = Outcome(verdict=verdict, receipt="r-1" if verdict is Verdict.ACCEPTED else None)
    store.settle(piece.lease_id, [Settlement(delivery_id=n, outcome=outcome) for n in ids], now)


def told(kind: EventKind, delivery: Delivery, at: datetime = LATER, **values: object) -> Event:
    name = f"{kind}:{delivery.id}:{at.isoformat()}:{values.get('code')}"
    return Event(id=name, kind=kind, at=at, cause="test", delivery_id=delivery.id, **values)  # type: ignore[arg-type]


def key_of(reader: Subscription) -> AddressKey:
    return links.address_key(reader.address, KEYS)


def state_of(store: Store, reader: Subscription) -> SubscriptionState:
    found = store.subscription(reader.id)
    assert found is not None
    return found.state


@pytest.fixture
def sent(store: Store) -> tuple[Store, Subscription, Delivery]:
    """A reader's Delivery that the relay accepted."""
    reader = factories.subscribe(store)
    issue = publish(store)
    send(store)
    return store, reader, only(store, issue, reader)


# --- Deliveries ------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [S.WAITING, S.CLAIMED, S.SENDING, S.UNCERTAIN, S.ACCEPTED, S.FAILED])
def test_news_of_a_mail_are_evidence_that_it_was_handed_over(store: Store, state: DeliveryState) -> None:
    kinds = [K.SENT, K.DELAYED, K.DELIVERED, K.BOUNCED, K.COMPLAINED]
    readers = [factories.subscribe(store, n) for n in range(len(kinds))]
    issue = publish(store)
    send(store, until=state)
    for kind, reader in zip(kinds, readers, strict=True):
        store.learn([told(kind, only(store, issue, reader))], PATIENCE)
    assert {d.state for d in store.deliveries(issue, Channel.EMAIL)} == {S.ACCEPTED}
    assert store.claim(Channel.EMAIL, LATER, limit=9, lease=DAY, owner="host/other") is None, "none is sent again"


def test_a_mail_that_a_provider_took_and_would_not_send_has_failed(sent: tuple[Store, Subscription, Delivery]) -> None:
    store, reader, delivery = sent
    store.learn([told(K.REJECTED, delivery), told(K.SENT, delivery)], PATIENCE)
    failed = only(store, delivery.issue_id or 0, reader)
    assert failed.state is S.FAILED
    assert failed.reason
    assert not store.suppressed(key_of(reader))


def test_a_worker_that_hears_of_the_answer_after_the_news_changes_nothing(store: Store) -> None:
    reader = factories.subscribe(store)
    issue = publish(store)
    piece = store.claim(Channel.EMAIL, MORNING, limit=9, lease=timedelta(minutes=5), owner="host/worker")
    assert piece is not None
    delivery = only(store, issue, reader)
    store.begin(piece.lease_id, [delivery.id], MORNING, outlast=timedelta(seconds=1))
    store.learn([told(K.DELIVERED, delivery)], PATIENCE)
    refused = Settlement(delivery_id=delivery.id, outcome=Outcome(verdict=Verdict.REFUSED, suppress=True))
    assert store.settle(piece.lease_id, [refused], LATER) == frozenset()
    assert only(store, issue, reader).state is S.ACCEPTED
    assert not store.suppressed(key_of(reader))


def test_bounced_and_complained_are_counted_within_the_accepted(store: Store) -> None:
    readers = [factories.subscribe(store, n) for n in (1, 2, 3)]
    issue = publish(store)
    send(store)
    first, second, _ = (only(store, issue, r) for r in readers)
    store.learn([told(K.BOUNCED, first, code="5.1.1"), told(K.COMPLAINED, second)], PATIENCE)
    balance = store.balance(issue, Channel.EMAIL)
    assert (balance.accepted, balance.bounced, balance.complained) == (3, 1, 1)
    assert balance.closes


def test_news_of_a_delivery_that_is_not_there_are_kept(store: Store) -> None:
    lost = Event(id="far:1", kind=K.BOUNCED, at=LATER, cause="test", delivery_id=404, code="5.1.1")
    assert store.learn([lost], PATIENCE) == {"far:1"}
    assert [one.id for one in store.events(404)] == ["far:1"]
    assert store.learn([lost], PATIENCE) == frozenset()


def test_an_event_comes_back_as_it_was_told(sent: tuple[Store, Subscription, Delivery]) -> None:
    store, reader, delivery = sent
    news = told(K.BOUNCED, delivery, code="5.2.2", detail="mailbox full")
    store.learn([news], PATIENCE)
    assert store.events(delivery.id) == [replace(news, subscription_id=reader.id)]


def test_a_delivery_is_found_by_its_receipt(sent: tuple[Store, Subscription, Delivery]) -> None:
    store, _, delivery = sent
    assert store.delivery_by_receipt("r-1") == delivery
    assert store.delivery_by_receipt("r-2") is None


# --- addresses -------------------------------------------------------------------------------


def test_an_address_that_does_not_exist_is_suppressed_at_once(store: Store) -> None:
    codes = ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"]
    readers = [factories.subscribe(store, n) for n in range(len(codes))]
    issue = publish(store)
    send(store)
    waiting = publish(store, day=1)
    for code, reader in zip(codes, readers, strict=True):
        store.learn([told(K.BOUNCED, only(store, issue, reader), code=code)], PATIENCE)
        assert store.suppressed(key_of(reader)), code
        assert only(store, waiting, reader).state is S.SUPPRESSED
        assert state_of(store, reader) is SubscriptionState.ACTIVE, "only the address is gone"


def test_a_full_mailbox_or_a_policy_never_suppresses_however_often(store: Store) -> None:
    codes = ["5.2.2", "4.2.2", "5.7.1", "5.7.26", "5.7.515", "4.7.650", "5.6.0"]
    readers = [factories.subscribe(store, n) for n in range(len(codes))]
    for day in range(5):
        issue = publish(store, day)
        send(store, now=MORNING + day * DAY)
        for code, reader in zip(codes, readers, strict=True):
            at = LATER + day * DAY
            store.learn([told(K.BOUNCED, only(store, issue, reader), at, code=code, suppress=True)], PATIENCE)
    assert not any(store.suppressed(key_of(reader)) for reader in readers)


def soft_days(store: Store, reader: Subscription, days: Sequence[int]) -> list[Event]:
    """One soft bounce on each of these days, each of a Delivery of its own; not yet learnt."""
    news = []
    for day in days:
        issue = publish(store, day)
        send(store, now=MORNING + day * DAY)
        news.append(told(K.BOUNCED, only(store, issue, reader), LATER + day * DAY, code="4.4.1"))
    return news


def test_soft_bounces_suppress_when_they_came_on_enough_days(store: Store) -> None:
    reader = factories.subscribe(store)
    for news in soft_days(store, reader, [0, 1, 2]):
        assert not store.suppressed(key_of(reader))
        store.learn([news], PATIENCE)
    assert store.suppressed(key_of(reader))


def test_soft_bounces_of_one_day_are_one(sent: tuple[Store, Subscription, Delivery]) -> None:
    store, reader, delivery = sent
    minutes = (timedelta(minutes=n) for n in range(9))
    store.learn([told(K.BOUNCED, delivery, LATER + m, code="4.4.1") for m in minutes], PATIENCE)
    assert not store.suppressed(key_of(reader))


def test_soft_bounces_too_far_apart_do_not_suppress(store: Store) -> None:
    reader = factories.subscribe(store)
    store.learn(soft_days(store, reader, [0, 5, 11]), PATIENCE)
    assert not store.suppressed(key_of(reader))


def test_a_delivery_in_between_takes_back_what_soft_bounces_did(store: Store) -> None:
    reader = factories.subscribe(store)
    news = soft_days(store, reader, [0, 2, 3])
    issue = publish(store, 1)
    send(store, now=MORNING + DAY)
    arrived = told(K.DELIVERED, only(store, issue, reader), LATER + DAY)
    store.learn(news, PATIENCE)
    assert store.suppressed(key_of(reader))
    store.learn([arrived], PATIENCE)
    assert not store.suppressed(key_of(reader))


def test_what_was_taken_and_bounced_later_is_no_delivery(store: Store) -> None:
    reader = factories.subscribe(store)
    news = soft_days(store, reader, [0, 1, 2])
    delivery = store.delivery(news[1].delivery_id or 0)
    assert delivery is not None
    store.learn([*news, told(K.DELIVERED, delivery, LATER + DAY - timedelta(minutes=5))], PATIENCE)
    assert store.suppressed(key_of(reader))


def test_a_dead_address_stays_suppressed_whatever_arrives(sent: tuple[Store, Subscription, Delivery]) -> None:
    store, reader, delivery = sent
    store.learn([told(K.BOUNCED, delivery, code="5.1.1")], PATIENCE)
    store.learn([told(K.DELIVERED, delivery, LATER + DAY)], PATIENCE)
    assert store.suppressed(key_of(reader))


def test_a_complaint_suppresses_and_ends_every_subscription_of_the_address(
    sent: tuple[Store, Subscription, Delivery],
) -> None:
    store, reader, delivery = sent
    other = store.subscribe(
        address=reader.address.upper(),
        key=key_of(reader),
        edition_id="weekly",
        choices=Choices(),
        consent=CONSENT,
        language="ko",
    )
    bystander = factories.subscribe(store, 2)
    waiting = publish(store, day=1)
    store.learn([told(K.COMPLAINED, delivery)], PATIENCE)
    assert store.suppressed(key_of(reader))
    assert [state_of(store, r) for r in (reader, other)] == [SubscriptionState.ENDED] * 2
    assert only(store, waiting, reader).state is S.SUPPRESSED
    assert (state_of(store, bystander), only(store, waiting, bystander).state) == (SubscriptionState.ACTIVE, S.WAITING)
    with pytest.raises(Permanent):
        factories.subscribe(store)


# --- any order, any number -------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(2))
def test_news_fold_to_the_same_end_in_any_order_and_number(store: Store, seed: int) -> None:
    """Two readers' fortnights are the same, but one hears of it in order and the other one in any."""
    chance = random.Random(seed)
    for pair in range(1, 9):
        orderly, other = factories.subscribe(store, pair), factories.subscribe(store, 100 + pair)
    readers = store.subscriptions()
    pairs = [(a, b) for a, b in itertools.product(readers, readers) if int(_number(b)) == int(_number(a)) + 100]
    issues = []
    for day in range(6):
        issues.append(publish(store, day))
        send(store, now=MORNING + day * DAY, until=chance.choice([S.ACCEPTED, S.UNCERTAIN, S.SENDING, S.FAILED]))
    for orderly, other in pairs:
        plot = _plot(chance)
        store.learn([_told_of(store, issues, orderly, *news) for news in plot], PATIENCE)
        for batch in _batches([_told_of(store, issues, other, *news) for news in plot], chance):
            store.learn(batch, PATIENCE)
    for orderly, other in pairs:
        assert end_of(store, issues, orderly) == end_of(store, issues, other)


def _number(reader: Subscription) -> str:
    return reader.address.partition("@")[0].removeprefix("reader-")


def _plot(chance: random.Random) -> list[tuple[int, EventKind, datetime, str | None]]:
    """News of one reader's mails: of which day's, what, when, code."""
    kinds = [K.SENT, K.DELIVERED, K.DELAYED, K.BOUNCED, K.BOUNCED, K.BOUNCED, K.REJECTED]
    codes = ["4.4.1", "4.4.1", "5.0.0", "5.2.2", None]
    plot = []
    for day in range(6):
        for kind in chance.sample(kinds, k=chance.randint(0, 3)):
            at = LATER + day * DAY + timedelta(minutes=chance.randint(0, 600))
            plot.append((day, kind, at, chance.choice(codes) if kind is K.BOUNCED else None))
    for kind, code in chance.choice(
        [(), (), ((K.BOUNCED, "5.1.1"),) * 2, ((K.COMPLAINED, None), (K.BOUNCED, "5.1.1"))]
    ):
        plot.append((chance.randint(0, 5), kind, LATER + chance.randint(0, 5) * DAY, code))
    return sorted(plot, key=lambda news: news[2])


def _told_of(
    store: Store, issues: Sequence[int], reader: Subscription, day: int, kind: EventKind, at: datetime, code: str | None
) -> Event:
    name = f"{reader.id}|{kind}:{day}:{at.isoformat()}:{code}"
    return replace(told(kind, only(store, issues[day], reader), at, code=code), id=name)


def _batches(news: Sequence[Event], chance: random.Random) -> list[list[Event]]:
    """Some told twice, all shuffled, in pieces."""
    every = [*news, *chance.sample(list(news), k=len(news) // 3)]
    chance.shuffle(every)
    pieces = []
    while every:
        size = chance.randint(1, 5)
        pieces.append(every[:size])
        every = every[size:]
    return pieces


def end_of(store: Store, issues: Sequence[int], reader: Subscription) -> object:
    """All that news may change of one reader and the reader's Deliveries."""
    deliveries = [only(store, n, reader) for n in issues]
    states = [(d.state, d.reason, d.settled_at) for d in deliveries]
    return states, _marks(store, deliveries), state_of(store, reader), _ground(store, reader)


def _marks(store: Store, deliveries: Sequence[Delivery]) -> list[object]:
    if isinstance(store, MemoryStore):
        rows = [store.rows.deliveries[d.id] for d in deliveries]
        return [(row.delivered_at, row.bounced_at, row.complained_at) for row in rows]
    assert isinstance(store, SqlStore)
    t = tables.delivery.c
    question = select(t.delivered_at, t.bounced_at, t.complained_at).where(t.id.in_([d.id for d in deliveries]))
    with store._engine.connect() as db:
        return [tuple(row) for row in db.execute(question.order_by(t.id))]


def _ground(store: Store, reader: Subscription) -> object:
    """Why the address is suppressed, and by which news."""
    key = key_of(reader)
    if isinstance(store, MemoryStore):
        reason = store.rows.suppressions.get(key)
        return None if reason is None else (reason, store.rows.grounds[key].id.partition("|")[2])
    assert isinstance(store, SqlStore)
    t = tables.suppression.c
    with store._engine.connect() as db:
        row = db.execute(select(t.reason, t.event_id).where(t.digest == key.digest)).one_or_none()
    return None if row is None else (row.reason, row.event_id.partition("|")[2])


def test_bounces_that_several_workers_learn_at_the_same_moment_are_all_counted(store: Store) -> None:
    readers = [factories.subscribe(store, n) for n in range(30)]
    issues = []
    for day in range(3):
        issues.append(publish(store, day))
        send(store, now=MORNING + day * DAY)
    news = [
        [told(K.BOUNCED, d, LATER + n * DAY, code="4.4.1") for d in store.deliveries(issue, Channel.EMAIL)]
        for n, issue in enumerate(issues)
    ]
    together = Barrier(3)

    def learn(day: list[Event]) -> None:
        store.suppressed(key_of(readers[0]))  # connected
        together.wait()
        for start in range(0, len(day), 5):
            store.learn(day[start : start + 5], PATIENCE)

    with ThreadPoolExecutor(3) as workers:
        list(workers.map(learn, news))
    assert all(store.suppressed(key_of(reader)) for reader in readers)


# --- many at a time --------------------------------------------------------------------------


def test_a_thousand_news_are_learnt_at_once_and_known_the_second_time(store: Store) -> None:
    readers = [factories.subscribe(store, n) for n in range(40)]
    issue = publish(store)
    send(store)
    deliveries = {d.subscription_id: d for d in store.deliveries(issue, Channel.EMAIL)}
    news = [told(K.DELIVERED, deliveries[r.id], LATER + timedelta(seconds=n)) for r in readers for n in range(25)]
    assert len(store.learn(news, PATIENCE)) == 1000
    assert store.learn(news, PATIENCE) == frozenset()


def test_a_subscriber_is_stored_with_the_mail_provider(store: Store) -> None:
    if isinstance(store, MemoryStore):
        pytest.skip("in memory it is told from the address whenever it is asked for")
    assert isinstance(store, SqlStore)
    for address in ("reader-1@naver.com", "reader-2@Hotmail.co.kr", "reader-3@daum.net", "reader-4@paper.example"):
        store.subscribe(
            address=address,
            key=links.address_key(address, KEYS),
            edition_id="daily",
            choices=Choices(),
            consent=CONSENT,
            language="ko",
        )
    with store._engine.connect() as db:
        found = list(db.execute(select(tables.subscriber.c.provider).order_by(tables.subscriber.c.id)).scalars())
    assert found == ["naver", "microsoft", "kakao", "paper.example"]
