"""Laws of the pictures that Articles name, for every kind of Store."""

from __future__ import annotations

import threading
from datetime import timedelta

from syndication.core.catalogue import Appearance, feeds_of
from syndication.core.model import Article, Image
from syndication.core.pictures import Picture
from syndication.ports import Store, WantedPicture
from tests import factories
from tests.factories import MORNING, SOURCE

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
LONG_AGO = MORNING - 900 * HOUR
ONE, TWO = WantedPicture(url="https://img.garam.example/1.jpg"), WantedPicture(url="https://img.garam.example/2.jpg")
KEPT = Picture(
    path="pictures/aa/aa.jpg",
    width=1200,
    height=800,
    small_path="pictures/bb/bb.jpg",
    small_width=400,
    small_height=267,
)


def stored(store: Store, *numbers: int) -> list[Article]:
    return factories.stored(store, *numbers, images=(Image(url=ONE.url),))


def test_articles_are_looked_at_once_per_revision(store: Store) -> None:
    one, two = stored(store, 1, 2)
    assert {a.id for a in store.unpictured(LONG_AGO, 9)} == {one.id, two.id}
    assert len(store.unpictured(LONG_AGO, 1)) == 1
    assert store.unpictured(MORNING + HOUR, 9) == []
    store.note_pictures(one, [ONE], MORNING)
    store.note_pictures(two, [], MORNING)
    assert store.unpictured(LONG_AGO, 9) == []
    again = factories.found(1, title="새 제목", images=(Image(url=TWO.url),))
    store.store_articles(SOURCE, [again], MORNING + HOUR, domain="garam.example", baseline=False)
    (newer,) = store.unpictured(LONG_AGO, 9)
    assert (newer.id, newer.revision, newer.content.images[0].url) == (one.id, 2, TWO.url)
    store.note_pictures(newer, [TWO], MORNING + HOUR)
    store.note_pictures(one, [ONE], MORNING + HOUR)  # a late repetition
    assert store.unpictured(LONG_AGO, 9) == []


def test_a_picture_is_wanted_once_however_many_name_it(store: Store) -> None:
    one, two = stored(store, 1, 2)
    store.note_pictures(one, [ONE], MORNING)
    store.note_pictures(two, [ONE], MORNING)
    (taken,) = store.take_pictures(MORNING, MORNING + MINUTE, 9)
    assert taken == ONE
    assert store.take_pictures(MORNING, MORNING + MINUTE, 9) == []
    assert len(store.take_pictures(MORNING + MINUTE, MORNING + HOUR, 9)) == 1, "whoever took it died"


def test_what_is_kept_is_found_by_its_address_and_never_wanted_again(store: Store) -> None:
    one, two = stored(store, 1, 2)
    store.note_pictures(one, [ONE], MORNING)
    store.settle_picture(ONE.url, MORNING, picture=KEPT)
    assert store.pictures([ONE.url, TWO.url]) == {ONE.url: KEPT}
    store.note_pictures(two, [ONE], MORNING + HOUR)
    assert store.take_pictures(MORNING + 9 * HOUR, MORNING + 10 * HOUR, 9) == []
    store.settle_picture(ONE.url, MORNING, reason="too late to say no")
    assert store.pictures([ONE.url]) == {ONE.url: KEPT}
    assert store.picture_counts() == {"kept": 1}


def test_one_that_failed_is_tried_again_at_its_time_or_is_none_with_the_reason(store: Store) -> None:
    (one,) = stored(store, 1)
    store.note_pictures(one, [ONE, TWO], MORNING)
    store.take_pictures(MORNING, MORNING + MINUTE, 9)
    store.settle_picture(ONE.url, MORNING, reason="HTTP 503", again_at=MORNING + HOUR)
    store.settle_picture(TWO.url, MORNING, reason="it has too many pixels")
    assert store.picture_counts() == {"wanted": 1, "it has too many pixels": 1}
    assert store.take_pictures(MORNING + MINUTE, MORNING + 2 * MINUTE, 9) == []
    (again,) = store.take_pictures(MORNING + HOUR, MORNING + 2 * HOUR, 9)
    assert (again.url, again.attempts) == (ONE.url, 1)
    assert store.pictures([ONE.url, TWO.url]) == {}


def test_loopback_stays_with_the_picture(store: Store) -> None:
    (one,) = stored(store, 1)
    here = WantedPicture(url="http://127.0.0.1:8601/1.jpg", loopback=True)
    store.note_pictures(one, [here], MORNING)
    assert list(store.take_pictures(MORNING, MORNING + MINUTE, 9)) == [here]


def test_a_picture_that_comes_later_than_its_article_changes_the_feeds_that_show_it_and_no_others(store: Store) -> None:
    one, two = stored(store, 1, 2)
    for article, edition in ((one, "daily"), (two, "evening")):
        store.enter(
            [
                Appearance(
                    article_id=article.id,
                    revision=1,
                    feeds=tuple(feeds_of(article.content, outlet=edition, sections=[edition], edition=edition)),
                    appears_at=MORNING,
                    edition_id=edition,
                    language="ko",
                    section=edition,
                    link=None,
                    summary=None,
                )
            ]
        )
    for state in store.take_feeds(MORNING, MORNING + MINUTE, 99):
        store.settle_feed(state, None)
    before = store.stories([one.id, two.id])
    store.note_pictures(one, [ONE], MORNING)
    store.settle_picture(ONE.url, MORNING, picture=KEPT)
    stale = {s.feed.key for s in store.feed_states() if s.is_stale(MORNING)}
    assert stale == {"daily/articles", "outlet/daily/articles", "section/daily/articles"}
    after = store.stories([one.id, two.id])
    assert after[one.id].version != before[one.id].version
    assert after[two.id].version == before[two.id].version


def test_of_many_workers_each_picture_is_taken_by_one(store: Store) -> None:
    (one,) = stored(store, 1)
    every = [WantedPicture(url=f"https://img.garam.example/{n}.jpg") for n in range(60)]
    store.note_pictures(one, every, MORNING)
    found: list[str] = []

    def work() -> None:
        while some := store.take_pictures(MORNING, MORNING + HOUR, 3):
            found.extend(each.url for each in some)

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == sorted(each.url for each in every)
