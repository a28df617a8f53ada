"""What two workers, a death at a bad moment or a changed mind must never do to the ledger, on every kind of Store."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from syndication.adapters.sql import SqlStore, open_store
from syndication.core import audience, links
from syndication.core.model import Channel, Event, EventKind, Issue, Outcome, Recipe, Verdict
from syndication.ports import Slice, Store
from tests import factories
from tests.factories import EDITION, MORNING, ON, SOURCE

LEASE = timedelta(seconds=60)
ATTEMPT = timedelta(seconds=10)
ACCEPTED = Outcome(verdict=Verdict.ACCEPTED)


def issued(store: Store, readers: int = 3) -> Issue:
    for n in range(1, readers + 1):
        factories.subscribe(store, n)
    return store.freeze(factories.frozen(*factories.stored(store, 1)), {})


def recipes_for(store: Store, issue: Issue) -> dict[str, tuple[Recipe | None, str | None]]:
    made = store.distinct_choices(issue)
    return {key: (audience.recipe(choices, issue.content, EDITION), None) for key, (choices, _) in made.items()}


def fan_out(store: Store, issue: Issue) -> None:
    after: int | None = 0
    while after is not None:
        after = store.fan_out_email(issue, recipes_for(store, issue), MORNING, after=after, limit=100, allowed=None)


def claim(store: Store, *, lease: timedelta = LEASE, limit: int = 10) -> Slice:
    piece = store.claim(Channel.EMAIL, MORNING, limit=limit, lease=lease, owner="host/1")
    assert piece is not None
    return piece


def complaint(n: int) -> Event:
    return Event(id=f"complaint:{n}", kind=EventKind.COMPLAINED, at=MORNING, cause="complaint")


def key(n: int) -> links.AddressKey:
    return links.address_key(f"reader-{n}@example.com", factories.KEYS)


# --- deaths ----------------------------------------------------------------------------------


def test_a_begun_mail_of_a_released_slice_becomes_uncertain_and_is_not_stuck(store: Store) -> None:
    issue = issued(store, readers=2)
    fan_out(store, issue)
    piece = claim(store, lease=timedelta(seconds=0.3))
    assert store.begin(piece.lease_id, [piece.deliveries[0].id], MORNING, outlast=timedelta(0))
    store.release(piece.lease_id)  # the worker was told to end between the intent and the answer
    time.sleep(0.35)
    assert factories.reclaim(store).get("uncertain") == 1
    assert [u.delivery.id for u in store.uncertain()] == [piece.deliveries[0].id]
    assert store.balance(issue.id, Channel.EMAIL).waiting == 1


def test_a_begun_mail_of_a_released_slice_is_still_settled_by_its_answer(store: Store) -> None:
    issue = issued(store, readers=1)
    fan_out(store, issue)
    piece = claim(store)
    assert store.begin(piece.lease_id, [piece.deliveries[0].id], MORNING, outlast=ATTEMPT)
    store.release(piece.lease_id)
    assert factories.settle(store, piece.lease_id, piece.deliveries[0].id, ACCEPTED, MORNING)
    assert store.balance(issue.id, Channel.EMAIL).accepted == 1


# --- changed minds ---------------------------------------------------------------------------


def test_a_reader_who_chooses_anew_while_the_issue_is_fanned_out_is_not_forgotten(store: Store) -> None:
    issue = issued(store, readers=3)
    old = recipes_for(store, issue)
    factories.subscribe(store, 2, stations=("부산",))
    after: int | None = 0
    assert store.fan_out_email(issue, old, MORNING, after=0, limit=2, allowed=None) == 0, "nothing is done by half"
    while after is not None:
        after = store.fan_out_email(issue, recipes_for(store, issue), MORNING, after=after, limit=2, allowed=None)
    assert len(store.deliveries(issue.id, Channel.EMAIL)) == 3
    assert store.balance(issue.id, Channel.EMAIL).closes


def test_an_issue_whose_fan_out_never_began_is_not_closed_unless_asked_for(store: Store) -> None:
    issue = issued(store, readers=1)
    assert not store.close_settled(issue.expires_at, among=())
    assert list(store.close_settled(issue.expires_at, among=(issue.id,))) == [issue.id]


def test_a_rehearsal_writes_to_nobody_else_even_what_was_fanned_out_while_live(store: Store) -> None:
    issue = issued(store, readers=5)
    fan_out(store, issue)
    allowed = frozenset({key(5).digest})
    piece = store.claim(Channel.EMAIL, MORNING, limit=2, lease=LEASE, owner="host/1", allowed=allowed)
    assert piece is not None
    assert [d.subscription_id for d in piece.deliveries] == [store.find_subscriptions(key(5))[0].id]
    balance = store.balance(issue.id, Channel.EMAIL)
    assert (balance.excluded, balance.waiting, balance.closes) == (4, 1, True)


# --- growth ----------------------------------------------------------------------------------


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path) -> str:  # type: ignore[no-untyped-def]
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    return str(request.getfixturevalue("fresh_postgres")())


def test_leases_do_not_pile_up(database: str) -> None:
    store = open_store(database)
    issue = issued(store, readers=1)
    fan_out(store, issue)
    for _ in range(5):
        store.release(claim(store).lease_id)
    piece = claim(store)
    store.begin(piece.lease_id, [piece.deliveries[0].id], MORNING, outlast=ATTEMPT)
    factories.settle(store, piece.lease_id, piece.deliveries[0].id, ACCEPTED, MORNING)
    store.release(piece.lease_id)
    for _ in range(5):
        assert store.claim(Channel.EMAIL, MORNING, limit=1, lease=LEASE, owner="host/1") is None
    factories.reclaim(store)
    assert count(store, "lease") == 0
    store.close()


def test_an_error_of_the_database_tells_no_address(database: str) -> None:
    store = open_store(database)
    with pytest.raises(Exception) as caught, store._engine.begin() as db:
        db.execute(text("INSERT INTO nowhere VALUES (:address)"), {"address": "reader-1@example.com"})
    assert "reader-1" not in str(caught.value)
    store.close()


@pytest.mark.parametrize("of", ["closed", "none"])
def test_the_database_itself_refuses_deliveries_of_an_issue_that_is_closed_or_unknown(database: str, of: str) -> None:
    store = open_store(database)
    issue = issued(store, readers=1)
    fan_out(store, issue)
    add = text(
        "INSERT INTO delivery (channel, thing, recipient, issue_id, state, next_at, expires_at, created_at) "
        "SELECT channel, thing, 'another', :issue, state, next_at, expires_at, created_at FROM delivery LIMIT 1"
    )
    with store._engine.begin() as db:
        assert db.execute(add, {"issue": issue.id}).rowcount == 1
        db.execute(text("DELETE FROM delivery WHERE recipient = 'another'"))
        db.execute(text("UPDATE issue SET state = 'closed'") if of == "closed" else text("SELECT 1"))
    with pytest.raises(IntegrityError), store._engine.begin() as db:
        db.execute(add, {"issue": issue.id if of == "closed" else 999})
    assert count(store, "delivery") == 1
    store.close()


def count(store: SqlStore, table: str) -> int:
    with store._engine.connect() as db:
        return int(db.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


# --- two at once -----------------------------------------------------------------------------


def together(*works: Callable[[], object]) -> list[object]:
    """Run all at the same moment; an exception of one is raised."""
    gate = threading.Barrier(len(works))

    def run(work: Callable[[], object]) -> object:
        gate.wait()
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return [f.result(60) for f in [pool.submit(run, work) for work in works]]


def test_two_sources_may_carry_the_same_articles_in_any_order(database: str) -> None:
    """Both workers store them, neither fails, and each Article is there once with every text that was seen."""
    store = open_store(database)
    for start in range(0, 1200, 300):
        there = [factories.found(n) for n in range(start, start + 300)]
        here = [factories.found(n, title=f"다른 제목 {n}") for n in reversed(range(start, start + 300))]
        together(
            *(
                lambda found=found: store.store_articles(SOURCE, found, MORNING, domain="g.example", baseline=False)
                for found in (there, here)
            )
        )
    assert count(store, "article") == 1200
    with store._engine.connect() as db:
        odd = db.execute(
            text(
                "SELECT count(*) FROM article a LEFT JOIN article_revision r "
                "ON r.article_id = a.id AND r.number = a.revision WHERE r.content_hash IS DISTINCT FROM a.content_hash"
            )
        ).scalar_one()
        newest = db.execute(text("SELECT min(revision), max(revision) FROM article")).one()
    assert odd == 0, "what counts as the newest text is the newest Revision"
    assert tuple(newest) == (2, 2)
    store.close()


def test_two_workers_fan_out_and_readers_leave_without_a_deadlock(database: str) -> None:
    store = open_store(database)
    for n in range(400):
        factories.subscribe(store, n, stations=(("서울",), ("부산",), ())[n % 3])
    issues = [
        store.freeze(factories.frozen(*factories.stored(store, n), on=ON + timedelta(days=n)), {}) for n in range(3)
    ]

    def leave() -> None:
        for n in range(0, 400, 9):
            store.suppress(key(n), reason="complaint", event=complaint(n))

    def work() -> None:
        for issue in issues:
            fan_out(store, issue)
        for _ in range(12):
            piece = store.claim(Channel.EMAIL, MORNING, limit=40, lease=LEASE, owner="host/1")
            if piece is not None:
                store.release(piece.lease_id)
        store.claim(Channel.EMAIL, issues[0].expires_at, limit=1, lease=timedelta(0), owner="host/1")
        factories.reclaim(store)

    together(work, work, leave, work)
    for issue in issues:
        balance = store.balance(issue.id, Channel.EMAIL)
        assert balance.closes
        assert balance.audience == 400
    store.close()


def test_an_issue_is_never_closed_over_what_is_just_being_fanned_out(database: str) -> None:
    """A fan-out that began first adds its rows; the closing waits for it and sees them."""
    store = open_store(database)
    for n in range(60):
        factories.subscribe(store, n)
    for n in range(25):
        issue = store.freeze(factories.frozen(*factories.stored(store, n), on=ON + timedelta(days=n)), {})
        together(lambda issue=issue: fan_out(store, issue), lambda: store.close_settled(MORNING + timedelta(days=1)))
        now = store.issue(issue.id)
        assert now is not None
        waiting = store.balance(issue.id, Channel.EMAIL).waiting
        assert waiting == 0 or now.state == "frozen", f"closed with {waiting} still to send"
        store.claim(Channel.EMAIL, issue.expires_at, limit=1, lease=LEASE, owner="host/1")
    store.close()


def test_one_date_is_frozen_once_by_workers_with_different_articles(database: str) -> None:
    store = open_store(database)
    articles = factories.stored(store, *range(8))
    made = together(*(lambda a=a: store.freeze(factories.frozen(a), {}) for a in articles))
    assert len({issue.id for issue in made if isinstance(issue, Issue)}) == 1
    assert count(store, "issue") == 1
    assert count(store, "issue_item") == 1
    store.close()


def test_nobody_is_written_to_once_suppressing_has_returned(database: str) -> None:
    """Workers begin while readers are suppressed: what begins, began before."""
    store = open_store(database)
    issue = issued(store, readers=40)
    fan_out(store, issue)
    piece = claim(store, limit=40)
    suppressed_at: dict[int, float] = {}
    begun_at: dict[int, float] = {}

    def suppress() -> None:
        for n in range(1, 41):
            store.suppress(key(n), reason="complaint", event=complaint(n))
            suppressed_at[store.find_subscriptions(key(n))[0].id] = time.monotonic()

    def begin() -> None:
        for d in piece.deliveries:
            asked = time.monotonic()
            if store.begin(piece.lease_id, [d.id], MORNING, outlast=ATTEMPT):
                begun_at[d.subscription_id or 0] = asked

    together(suppress, begin)
    late = [s for s, at in begun_at.items() if at > suppressed_at[s]]
    assert not late
    assert store.balance(issue.id, Channel.EMAIL).closes
    store.close()


def test_two_processes_may_migrate_at_once(database: str) -> None:
    stores = together(*(lambda: open_store(database) for _ in range(4)))
    for store in stores:
        assert isinstance(store, SqlStore)
        assert count(store, "issue") == 0
        store.close()


def test_a_moved_on_row_is_not_settled_by_an_older_lease(store: Store) -> None:
    issue = issued(store, readers=1)
    fan_out(store, issue)
    first = claim(store, lease=timedelta(0))
    factories.reclaim(store)
    second = claim(store)
    assert not store.begin(first.lease_id, [first.deliveries[0].id], MORNING, outlast=timedelta(0))
    assert not factories.settle(store, first.lease_id, first.deliveries[0].id, ACCEPTED, MORNING)
    assert store.begin(second.lease_id, [second.deliveries[0].id], MORNING, outlast=ATTEMPT)
    assert store.balance(issue.id, Channel.EMAIL).waiting == 1


# --- two that begin or tidy up at once -------------------------------------------------------


def test_the_first_word_on_which_database_this_is_stands(store: Store) -> None:
    store.declare("first", 1)
    store.declare("second", 1)
    there = store.identity()
    assert there is not None
    assert (there.installation, there.epoch) == ("first", 1)
    store.declare("first", 2)
    newer = store.identity()
    assert newer is not None
    assert newer.epoch == 2


def test_workers_that_send_for_the_first_time_at_once_agree_on_which_database_it_is(database: str) -> None:
    store = open_store(database)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: store.declare(f"worker-{n}", 1), range(8)))
    assert store.identity() is not None
    store.close()


def test_two_that_let_an_old_issue_age_out_at_once_count_nobody_twice(database: str) -> None:
    store = open_store(database)
    issue = issued(store, readers=60)
    fan_out(store, issue)
    store.expire(issue.expires_at, 100)
    assert store.close_settled(issue.expires_at, among=(issue.id,))
    later = issue.expires_at + timedelta(days=400)
    with ThreadPoolExecutor(6) as pool:
        while sum(pool.map(lambda _: store.age_out(later, 7), range(6))):
            pass
    balance = store.balance(issue.id, Channel.EMAIL)
    assert (balance.audience, balance.expired, balance.closes) == (60, 60, True)
    store.close()
