"""Laws of who is told what, for every kind of Store."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import settings as profile
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from syndication.adapters.memory import MemoryStore
from syndication.core.telling import Telling, Told
from syndication.ports import Store
from tests.factories import MORNING

HUB, SEARCH = "websub https://hub.example/", "indexnow https://search.example/indexnow"
RSS, ATOM = "feeds/daily/articles.rss", "feeds/daily/articles.atom"
MINUTE = timedelta(minutes=1)


def taken(store: Store, now: datetime = MORNING, listener: str = HUB, limit: int = 100) -> Sequence[Telling]:
    return store.take_tellings(listener, now, now + MINUTE, limit)


def owed(store: Store, now: datetime = MORNING, listener: str = HUB) -> dict[str, str]:
    """What is due, put back as it was."""
    found = taken(store, now, listener)
    store.settle_tellings([Told(telling=one, reason="not now", again_at=now) for one in found], now)
    return {one.thing: one.mark for one in found}


def tell(store: Store, now: datetime = MORNING, listener: str = HUB) -> list[str]:
    found = taken(store, now, listener)
    store.settle_tellings([Told(telling=one) for one in found], now)
    return [one.thing for one in found]


def test_what_changed_is_owed_to_each_listener_once(store: Store) -> None:
    store.note_changed([HUB, SEARCH], {RSS: "a", ATOM: "b"}, MORNING)
    assert tell(store) == [ATOM, RSS]
    assert tell(store) == []
    assert tell(store, listener=SEARCH) == [ATOM, RSS]


def test_the_same_bytes_published_again_are_not_owed_again(store: Store) -> None:
    store.note_changed([HUB], {RSS: "a"}, MORNING)
    tell(store)
    store.note_changed([HUB], {RSS: "a"}, MORNING + MINUTE)
    assert owed(store, MORNING + MINUTE) == {}


def test_many_changes_are_one_telling_of_the_last(store: Store) -> None:
    for mark in "abc":
        store.note_changed([HUB], {RSS: mark}, MORNING)
    assert owed(store) == {RSS: "c"}
    assert tell(store) == [RSS]


def test_a_change_that_was_taken_back_is_owed_too(store: Store) -> None:
    store.note_changed([HUB], {RSS: "a"}, MORNING)
    tell(store)
    store.note_changed([HUB], {RSS: "b"}, MORNING)  # the listener may have come for it meanwhile
    store.note_changed([HUB], {RSS: "a"}, MORNING)
    assert owed(store) == {RSS: "a"}


def test_what_changes_while_it_is_told_stays_owed(store: Store) -> None:
    store.note_changed([HUB], {RSS: "a"}, MORNING)
    (one,) = taken(store)
    store.note_changed([HUB], {RSS: "b"}, MORNING)
    store.settle_tellings([Told(telling=one)], MORNING)
    assert owed(store) == {RSS: "b"}


def test_what_changes_while_it_is_refused_is_tried_with_its_new_mark(store: Store) -> None:
    store.note_changed([HUB], {RSS: "a"}, MORNING)
    (one,) = taken(store)
    store.note_changed([HUB], {RSS: "b"}, MORNING)
    store.settle_tellings([Told(telling=one, reason="no")], MORNING)
    assert owed(store) == {RSS: "b"}


def test_what_is_taken_is_nobody_elses_until_its_time_is_over(store: Store) -> None:
    store.note_changed([HUB], {RSS: "a", ATOM: "b"}, MORNING)
    assert len(taken(store, limit=1)) == 1
    assert len(taken(store, limit=5)) == 1
    assert taken(store) == []
    assert len(taken(store, MORNING + MINUTE)) == 2  # whoever took them died


def test_a_retry_comes_at_its_time_and_counts(store: Store) -> None:
    store.note_changed([HUB], {RSS: "a"}, MORNING)
    (one,) = taken(store)
    store.settle_tellings([Told(telling=one, reason="down", again_at=MORNING + MINUTE)], MORNING)
    assert taken(store, MORNING + MINUTE / 2) == []
    (again,) = taken(store, MORNING + MINUTE)
    assert (again.attempts, again.owed_since) == (1, MORNING)


def test_a_change_does_not_hurry_a_listener_that_is_down(store: Store) -> None:
    store.note_changed([HUB], {RSS: "a"}, MORNING)
    (one,) = taken(store)
    store.settle_tellings([Told(telling=one, reason="down", again_at=MORNING + MINUTE)], MORNING)
    store.note_changed([HUB], {RSS: "b"}, MORNING)
    assert taken(store, MORNING + MINUTE / 2) == []
    (again,) = taken(store, MORNING + MINUTE)
    assert (again.mark, again.attempts, again.owed_since) == ("b", 1, MORNING)


def test_what_is_parked_rests_until_it_changes_or_somebody_says_so(store: Store) -> None:
    store.note_changed([HUB], {RSS: "a", ATOM: "b"}, MORNING)
    store.settle_tellings([Told(telling=one, reason="HTTP 404") for one in taken(store)], MORNING)
    store.note_changed([HUB], {RSS: "a"}, MORNING)
    assert owed(store, MORNING + 9 * MINUTE) == {}
    store.note_changed([HUB], {RSS: "c"}, MORNING)
    assert owed(store) == {RSS: "c"}
    assert store.tell_again(HUB, MORNING) == 2
    assert owed(store) == {RSS: "c", ATOM: "b"}
    assert store.tell_again(SEARCH, MORNING) == 0


def test_how_each_listener_stands_is_told_with_reasons(store: Store) -> None:
    store.note_changed([HUB], {RSS: "a", ATOM: "b", "feeds/x.rss": "c", "feeds/y.rss": "d"}, MORNING)
    store.note_changed([SEARCH], {"article:1": "1.1"}, MORNING)
    by_thing = {one.thing: one for one in taken(store)}
    store.settle_tellings(
        [
            Told(telling=by_thing[RSS]),
            Told(telling=by_thing[ATOM], reason="HTTP 503", again_at=MORNING + MINUTE),
            Told(telling=by_thing["feeds/x.rss"], reason="HTTP 404"),
        ],
        MORNING,
    )
    search, hub = store.heard()
    assert (search.listener, search.waiting, search.told, search.reason) == (SEARCH, 1, 0, None)
    assert (hub.listener, hub.told, hub.waiting, hub.parked) == (HUB, 1, 2, {"HTTP 404": 1})
    assert (hub.reason, hub.owed_since) == ("HTTP 503", MORNING)


def test_what_nobody_will_ask_for_is_forgotten(store: Store) -> None:
    store.note_changed([HUB, SEARCH], {RSS: "a", ATOM: "b"}, MORNING)
    store.settle_tellings([Told(telling=taken(store, limit=1)[0])], MORNING)
    assert store.forget_told([HUB], MORNING) == 2  # all of the other one
    assert store.forget_told([HUB], MORNING + MINUTE) == 1  # what was told and is old
    assert [(one.listener, one.told, one.waiting) for one in store.heard()] == [(HUB, 0, 1)]


def test_what_changed_last_is_told_first(store: Store) -> None:
    store.note_changed([HUB], {RSS: "a"}, MORNING)
    store.note_changed([HUB], {ATOM: "b"}, MORNING + MINUTE)
    assert tell(store, MORNING + MINUTE) == [ATOM, RSS]


def test_nothing_noted_is_nothing_owed(store: Store) -> None:
    store.note_changed([], {RSS: "a"}, MORNING)
    store.note_changed([HUB], {}, MORNING)
    assert store.heard() == []
    assert taken(store) == []


@pytest.mark.parametrize("workers", [6])
def test_of_many_at_once_each_thing_is_taken_by_one(store: Store, workers: int) -> None:
    things = {f"feeds/{n:03}.rss": "a" for n in range(300)}
    store.note_changed([HUB], things, MORNING)
    found: list[str] = []

    def work() -> None:
        while some := taken(store, limit=7):
            found.extend(one.thing for one in some)

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == sorted(things)


def test_two_who_note_the_same_things_at_once_lose_none(store: Store) -> None:
    def note(mark: str) -> None:
        for n in range(20):
            store.note_changed([HUB, SEARCH], {f"feeds/{i}.rss": f"{mark}{n}" for i in range(10)}, MORNING)

    threads = [threading.Thread(target=note, args=(mark,)) for mark in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken(store)) == 10
    assert len(taken(store, listener=SEARCH)) == 10


class Telltale(RuleBasedStateMachine):
    """A listener ends up knowing exactly what is published, whatever happens on the way."""

    def __init__(self) -> None:
        super().__init__()
        self.store = MemoryStore()
        self.now = MORNING
        self.published: dict[str, str] = {}
        self.knows: dict[str, str] = {}
        self.called: list[str] = []  # it was told, and will come for it
        self.claimed: list[Telling] = []

    @rule(thing=st.sampled_from("pqr"), mark=st.sampled_from("abc"))
    def publish(self, thing: str, mark: str) -> None:
        self.published[thing] = mark
        self.store.note_changed([HUB], {thing: mark}, self.now)

    @rule(limit=st.integers(1, 3))
    def take(self, limit: int) -> None:
        self.claimed += self.store.take_tellings(HUB, self.now, self.now + MINUTE, limit)

    @rule(how=st.sampled_from(["told", "later", "never", "lost"]))
    def settle(self, how: str) -> None:
        if not self.claimed:
            return
        one = self.claimed.pop(0)
        answers = {
            "told": Told(telling=one),
            "later": Told(telling=one, reason="down", again_at=self.now + MINUTE),
            "never": Told(telling=one, reason="no"),
        }
        if how == "told":
            self.called.append(one.thing)
        if how in answers:
            self.store.settle_tellings([answers[how]], self.now)

    @rule()
    def come(self) -> None:
        while self.called:
            thing = self.called.pop()
            self.knows[thing] = self.published[thing]

    @rule()
    def wait(self) -> None:
        self.now += MINUTE

    @invariant()
    def knows_what_is_published_or_is_owed_it(self) -> None:
        for thing, mark in self.published.items():
            row = self.store.rows.tellings[HUB, thing]
            still_to_come = row.next_at is not None or row.reason is not None or thing in self.called
            assert still_to_come or self.knows[thing] == mark


TestTelltale = Telltale.TestCase
TestTelltale.settings = profile(max_examples=100, stateful_step_count=40, deadline=None)
