"""Laws of what stands in which Feed, for every kind of Store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import permutations

import pytest

from syndication.core.archive import Dated, closed_page
from syndication.core.catalogue import Appearance, Feed, FeedState, Kept, Place, Scope, Version, edition_feed, feeds_of
from syndication.core.model import Article, ArticleStatus, Cadence, Issue, IssueContent, Source
from syndication.ports import Store
from tests import factories
from tests.factories import EDITION, MORNING, ON, SOURCE

EARLIER = MORNING - timedelta(hours=3)
HOUR = timedelta(hours=1)
DAILY = "daily/articles"


def stored(store: Store, *numbers: int, **values: object) -> list[Article]:
    return factories.stored(store, *numbers, **values)


def appearance(of: Article, *, at: datetime = MORNING, edition: str = "daily", **values: object) -> Appearance:
    told: dict[str, object] = {
        "article_id": of.id,
        "revision": of.revision,
        "feeds": tuple(feeds_of(of.content, outlet="garam", sections=[of.content.section], edition=edition)),
        "appears_at": at,
        "edition_id": edition,
        "language": "ko",
        "section": of.content.section or "종합",
        "link": of.content.url,
        "summary": "요약이다.",
        **values,
    }
    return Appearance(**told)  # type: ignore[arg-type]


def numbers(places: Sequence[Place]) -> list[int]:
    return [place.version.number for place in places]


def state(store: Store, key: str) -> FeedState:
    return next(one for one in store.feed_states() if one.feed.key == key)


def settled(store: Store, now: datetime = MORNING) -> None:
    """Publish everything that is stale."""
    for one in store.take_feeds(now, now + HOUR, 100):
        store.settle_feed(one, store.next_entry_at(one.feed.key, now))


def stale(store: Store, now: datetime = MORNING) -> set[str]:
    return {one.feed.key for one in store.feed_states() if one.is_stale(now)}


def revise(store: Store, title: str, at: datetime, **values: object) -> None:
    store.store_articles(
        SOURCE, [factories.found(1, title=title, **values)], at, domain="garam.example", baseline=False
    )


# --- appearing -------------------------------------------------------------------------------


def test_an_article_stands_in_every_feed_it_belongs_to_under_its_own_id(store: Store) -> None:
    (article,) = stored(store, 1, region="가람시", tags=("예산", "겨울"))
    store.enter([appearance(article)])
    keys = {one.feed.key for one in store.feed_states()}
    assert keys == {
        DAILY,
        "outlet/garam/articles",
        "section/사회/articles",
        "region/가람시/articles",
        "tag/예산/articles",
        "tag/겨울/articles",
    }
    for key in keys:
        assert numbers(store.entries(key, MORNING, 200)) == [article.id]
    story = store.stories([article.id])[article.id]
    assert (story.uri, story.summary, story.appeared_at) == (article.uri, "요약이다.", MORNING)
    assert story.article == article


def test_feeds_are_newest_first_up_to_the_limit(store: Store) -> None:
    articles = stored(store, 1, 2, 3)
    store.enter([appearance(a, at=MORNING + n * HOUR) for n, a in enumerate(articles)])
    later = MORNING + 9 * HOUR
    assert numbers(store.entries(DAILY, later, 200)) == [a.id for a in reversed(articles)]
    assert numbers(store.entries(DAILY, later, 2)) == [articles[2].id, articles[1].id]


def test_what_appears_again_changes_nothing(store: Store) -> None:
    (article,) = stored(store, 1)
    store.enter([appearance(article)])
    settled(store)
    before = store.feed_states()
    store.enter([appearance(article)])
    assert store.feed_states() == before
    assert stale(store) == set()


def test_in_whatever_order_articles_appear_the_same_stands_there(store: Store) -> None:
    article, other = stored(store, 1, 2, tags=("예산",))
    evening = replace(EDITION, id="evening")
    told = [
        appearance(article, at=MORNING, summary="아침의 말."),
        appearance(article, at=MORNING + HOUR, edition="evening", section="정치", summary="저녁의 말."),
        appearance(other, at=MORNING + HOUR, edition="evening"),
    ]
    for order in permutations(told):
        for one in order:
            store.enter([one])
        story = store.stories([article.id])[article.id]
        assert (story.edition_id, story.section, story.summary) == ("daily", "사회", "아침의 말.")
        assert numbers(store.entries("tag/예산/articles", MORNING + HOUR, 9)) == [other.id, article.id]
        assert numbers(store.entries(edition_feed(evening.id).key, MORNING + HOUR, 9)) == [article.id, other.id]


def test_a_story_that_appeared_before_it_had_a_page_gets_the_page_of_its_issue(store: Store) -> None:
    (article,) = stored(store, 1)
    store.enter([appearance(article, at=EARLIER, link=None)])
    store.enter([appearance(article, link="https://garam.example/daily/2026-01-20#article-1", section="정치")])
    story = store.stories([article.id])[article.id]
    assert (story.link, story.section) == ("https://garam.example/daily/2026-01-20#article-1", "사회")


def test_an_entry_waits_for_its_time_and_its_feed_is_stale_again_when_it_comes(store: Store) -> None:
    first, second = stored(store, 1, 2)
    store.enter([appearance(first), appearance(second, at=MORNING + HOUR)])
    assert numbers(store.entries(DAILY, MORNING, 9)) == [first.id]
    assert store.next_entry_at(DAILY, MORNING) == MORNING + HOUR
    settled(store)
    assert stale(store) == set()
    assert DAILY in stale(store, MORNING + HOUR)
    assert numbers(store.entries(DAILY, MORNING + HOUR, 9)) == [second.id, first.id]


# --- ids -------------------------------------------------------------------------------------


def test_an_adopted_id_is_the_one_an_article_appears_under_for_ever(store: Store) -> None:
    store.adopt({"garam/1": "https://www.garam.example/1"}, EARLIER)
    (article,) = stored(store, 1)
    store.enter([appearance(article)])
    assert store.stories([article.id])[article.id].uri == "https://www.garam.example/1"
    late = store.adopt({"garam/1": "https://www.garam.example/other"}, MORNING)
    assert (late.kept, set(late.refused)) == (0, {"garam/1"})
    revise(store, "고침", MORNING + HOUR)
    assert store.stories([article.id])[article.id].uri == "https://www.garam.example/1"


def test_an_article_that_appeared_under_its_own_id_keeps_it(store: Store) -> None:
    (article,) = stored(store, 1)
    store.enter([appearance(article)])
    answer = store.adopt({"garam/1": "garam-1"}, MORNING)
    assert answer.kept == 0
    assert "has appeared" in answer.refused["garam/1"]
    assert store.stories([article.id])[article.id].uri == article.uri


def test_no_id_names_two_articles(store: Store) -> None:
    answer = store.adopt({"garam/1": "same", "garam/2": "same", "garam/3": "other"}, EARLIER)
    assert (answer.kept, set(answer.refused)) == (2, {"garam/2"})
    assert store.adopt({"garam/1": "same", "garam/3": "other"}, MORNING).known == 2
    (article,) = stored(store, 4)
    store.enter([appearance(article)])
    assert set(store.adopt({"garam/5": article.uri}, MORNING).refused) == {"garam/5"}


# --- publishing ------------------------------------------------------------------------------


def test_a_feed_is_published_by_one_worker_at_a_time(store: Store) -> None:
    (article,) = stored(store, 1)
    store.enter([appearance(article)])
    taken = store.take_feeds(MORNING, MORNING + HOUR, 2)
    assert len(taken) == 2
    assert taken[0].feed.key == DAILY, "an Edition's own feed goes first"
    assert {one.feed.key for one in store.take_feeds(MORNING, MORNING + HOUR, 9)}.isdisjoint(
        one.feed.key for one in taken
    )
    assert store.take_feeds(MORNING, MORNING + HOUR, 9, keys={DAILY}) == []
    late = MORNING + HOUR
    assert [one.feed.key for one in store.take_feeds(late, late + HOUR, 9, keys={DAILY})] == [DAILY], "its holder died"


def test_what_is_touched_while_it_is_published_is_published_again(store: Store) -> None:
    first, second = stored(store, 1, 2)
    store.enter([appearance(first)])
    (taken,) = store.take_feeds(MORNING, MORNING + HOUR, 9, keys={DAILY})
    store.enter([appearance(second)])
    store.settle_feed(taken, None)
    assert DAILY in stale(store)


def test_an_older_version_that_comes_late_makes_its_feed_stale_again(store: Store) -> None:
    first, second = stored(store, 1, 2)
    store.enter([appearance(first)])
    (slow,) = store.take_feeds(MORNING, MORNING + HOUR, 9, keys={DAILY})
    store.enter([appearance(second)])
    (quick,) = store.take_feeds(MORNING + HOUR, MORNING + 2 * HOUR, 9, keys={DAILY})
    store.settle_feed(quick, None)
    assert DAILY not in stale(store)
    store.settle_feed(slow, None)
    assert DAILY in stale(store), "older bytes stand there now"


def test_a_new_article_touches_only_the_feeds_it_is_in(store: Store) -> None:
    first, second = stored(store, 1, tags=("예산",)) + stored(store, 2, section="문화", tags=("축제",))[1:]
    store.enter([appearance(first)])
    settled(store)
    store.enter([appearance(second)])
    assert stale(store) == {DAILY, "outlet/garam/articles", "section/문화/articles", "tag/축제/articles"}


# --- issues ----------------------------------------------------------------------------------


def frozen(store: Store, *articles: Article, on: date = ON) -> Issue:
    return store.freeze(factories.frozen(*articles, on=on, at=MORNING + timedelta(days=(on - ON).days)), {})


def test_an_issue_is_entered_once_and_its_digest_feed_waits_for_nothing_else(store: Store) -> None:
    articles = stored(store, 1, 2)
    issue = frozen(store, *articles)
    assert [one.id for one in store.issues_to_enter({"daily"})] == [issue.id]
    assert store.issues_to_enter({"weekly"}) == []
    store.enter([appearance(a) for a in articles], issue=issue)
    assert store.issues_to_enter({"daily"}) == []
    assert state(store, "daily/digest").is_stale(MORNING)


def test_an_amended_issue_is_entered_again_and_says_when_it_was_amended(store: Store) -> None:
    first, second = stored(store, 1, 2)
    issue = frozen(store, first)
    store.enter([appearance(first)], issue=issue)
    settled(store)
    amended = store.amend(issue.id, IssueContent(items=(factories.item(second),)), {}, {}, MORNING + HOUR)
    assert amended is not None
    assert [one.revision for one in store.issues_to_enter({"daily"})] == [2]
    store.enter([appearance(second)], issue=amended)
    assert store.issues_to_enter({"daily"}) == []
    assert "daily/digest" in stale(store)
    assert store.amended_at([issue.id]) == {issue.id: MORNING + HOUR}


# --- at once ---------------------------------------------------------------------------------


def test_articles_that_wait_for_no_issue_are_those_of_the_edition_since_it_is_known(store: Store) -> None:
    store.register_editions([EDITION], EARLIER)
    elsewhere = Source(id="naru", kind=SOURCE.kind, location="https://naru.example/", outlet="naru")
    old = EARLIER - HOUR
    store.store_articles(SOURCE, [factories.found(1)], old, domain="garam.example", baseline=False)
    store.store_articles(SOURCE, [factories.found(2)], MORNING, domain="garam.example", baseline=True)
    store.store_articles(elsewhere, [factories.found(3)], MORNING, domain="garam.example", baseline=False)
    store.store_articles(SOURCE, [factories.found(4)], MORNING, domain="garam.example", baseline=False)
    titles = [a.content.title for a in store.articles_to_enter(EDITION, EARLIER, 9)]
    assert titles == ["가람시 표본 기사 3", "가람시 표본 기사 4"]
    (article,) = store.articles_to_enter(replace(EDITION, sources=("garam",)), EARLIER, 9)
    store.enter([appearance(article)])
    assert article.id not in {a.id for a in store.articles_to_enter(EDITION, old, 9)}
    assert store.articles_to_enter(EDITION, MORNING + HOUR, 9) == []


def test_articles_are_known_by_their_identity(store: Store) -> None:
    stored(store, 1)
    found = store.articles_known({"garam/1", "garam/2"})
    assert {identity: a.content.title for identity, a in found.items()} == {"garam/1": "가람시 표본 기사 1"}


# --- revisions -------------------------------------------------------------------------------


def test_a_revision_is_shown_where_it_belongs_now_and_the_feeds_it_left_are_touched(store: Store) -> None:
    (article,) = stored(store, 1, region="가람시", tags=("예산",))
    store.enter([appearance(article)])
    settled(store)
    later = MORNING + HOUR
    revise(store, "고친 제목", later, region="나루시", tags=("예산",))
    (story,) = store.revised(MORNING)
    assert (story.article.revision, story.summary) == (2, None)
    feeds = feeds_of(story.article.content, outlet="garam", sections=[story.section], edition="")
    store.revise(story, feeds)
    assert store.revised(MORNING) == []
    assert store.entries("region/가람시/articles", later, 9) == []
    assert numbers(store.entries("region/나루시/articles", later, 9)) == [article.id]
    assert numbers(store.entries(DAILY, later, 9)) == [article.id]
    assert stale(store, later) == {one.feed.key for one in store.feed_states()}
    assert state(store, "region/가람시/articles").left_at == later
    assert state(store, DAILY).left_at is None
    assert [place.changed_at for place in store.entries(DAILY, later, 9)] == [later]
    store.revise(story, feeds)
    assert store.stories([article.id])[article.id].article.content.title == "고친 제목"


# --- taking back -----------------------------------------------------------------------------


def test_a_retraction_stands_at_the_top_of_every_feed_the_article_is_in(store: Store) -> None:
    first, second = stored(store, 1, 2)
    issue = frozen(store, first, second)
    store.enter([appearance(first), appearance(second, at=MORNING + HOUR)], issue=issue)
    settled(store)
    later = MORNING + 2 * HOUR
    assert store.restate(first.id, ArticleStatus.CANCELED, notice="사실과 다릅니다.", at=later)
    assert not store.restate(first.id, ArticleStatus.CANCELED, notice=None, at=later)
    assert not store.restate(99, ArticleStatus.CANCELED, notice=None, at=later)
    places = store.entries(DAILY, later, 9)
    assert numbers(places) == [first.id, second.id]
    assert (places[0].version.revision, places[0].version.stamp) == (2, 2)
    assert [place.changed_at for place in places] == [later, MORNING + HOUR]
    story = store.stories([first.id])[first.id]
    assert (story.article.status, story.notice, story.restated_at) == (
        ArticleStatus.CANCELED,
        "사실과 다릅니다.",
        later,
    )
    assert stale(store, later) == {DAILY, "outlet/garam/articles", "section/사회/articles", "daily/digest"}
    (gone,) = store.retractions(9)
    assert (gone.article_id, gone.uri, gone.title, gone.at, gone.canceled) == (
        first.id,
        first.uri,
        "가람시 표본 기사 1",
        later,
        True,
    )
    assert store.eligible(EDITION, Cadence.WEEKLY, cut_off_at=later + HOUR, since=EARLIER) != []
    assert first.id not in {
        a.id for a in store.eligible(EDITION, Cadence.WEEKLY, cut_off_at=later + HOUR, since=EARLIER)
    }


def test_what_is_released_again_is_no_retraction_but_was_restated(store: Store) -> None:
    (article,) = stored(store, 1)
    store.enter([appearance(article)])
    store.restate(article.id, ArticleStatus.WITHHELD, notice=None, at=MORNING + HOUR)
    assert not store.retractions(9)[0].canceled
    store.restate(article.id, ArticleStatus.USABLE, notice=None, at=MORNING + 2 * HOUR)
    assert store.retractions(9) == []
    (one,) = store.restated([article.id]).values()
    assert (one.gone, one.at) == (False, MORNING + 2 * HOUR)
    assert store.stories([article.id])[article.id].article.status is ArticleStatus.USABLE


def test_a_source_that_changes_a_retracted_article_does_not_bring_it_back(store: Store) -> None:
    (article,) = stored(store, 1)
    store.enter([appearance(article)])
    store.restate(article.id, ArticleStatus.CANCELED, notice=None, at=MORNING + HOUR)
    revise(store, "다시", MORNING + 2 * HOUR)
    for story in store.revised(MORNING):
        assert story.article.status is ArticleStatus.CANCELED
        store.revise(story, [])
    assert store.stories([article.id])[article.id].article.status is ArticleStatus.CANCELED
    assert [one.article_id for one in store.retractions(9)] == [article.id]


# --- archives --------------------------------------------------------------------------------


def page_of(store: Store, key: str = DAILY, now: datetime = MORNING + 99 * HOUR) -> object:
    current = state(store, key)
    waiting = [Dated(at=at, number=n, month=at.date().replace(day=1)) for at, n in store.unarchived(current, now, 201)]
    return closed_page(current, waiting, now)


def test_a_page_holds_what_it_held_when_it_was_closed(store: Store) -> None:
    articles = stored(store, 1, 2, 3)
    february = MORNING + timedelta(days=13)
    times = [MORNING, MORNING + HOUR, february]
    store.enter([appearance(a, at=at) for a, at in zip(articles, times, strict=True)])
    page = page_of(store, now=february)
    assert page is not None
    closed = store.close_page(page)  # type: ignore[arg-type]
    assert (closed.page, closed.open_page, closed.closed_at) == ("2026-01", "2026-02", MORNING + HOUR)
    assert store.close_page(page) == closed  # type: ignore[arg-type]
    assert [n for _, n in store.unarchived(closed, february, 9)] == [articles[2].id]
    assert [n for _, n in store.unarchived(replace(closed, closed_at=None), february, 9)] == [a.id for a in articles]
    revise(store, "나중에 고침", february + HOUR)
    for story in store.revised(february):
        store.revise(story, [])
    held = store.page_stories(page)  # type: ignore[arg-type]
    assert [s.article.id for s in held] == [articles[1].id, articles[0].id]
    assert held[1].article.content.title == "가람시 표본 기사 1"


def test_what_comes_late_goes_into_a_page_that_is_open(store: Store) -> None:
    articles = stored(store, 1, 2, 3)
    february = MORNING + timedelta(days=13)
    store.enter([appearance(articles[0]), appearance(articles[1], at=february)])
    closed = store.close_page(page_of(store, now=february))  # type: ignore[arg-type]
    store.enter([appearance(articles[2], at=MORNING - HOUR)])
    assert {n for _, n in store.unarchived(closed, february, 9)} == {articles[1].id, articles[2].id}


def test_a_page_is_renewed_when_something_in_it_is_taken_back(store: Store) -> None:
    articles = stored(store, 1, 2)
    february = MORNING + timedelta(days=13)
    store.enter([appearance(articles[0]), appearance(articles[1], at=february)])
    page = page_of(store, now=february)
    store.close_page(page)  # type: ignore[arg-type]
    assert store.stale_pages() == []
    store.restate(articles[0].id, ArticleStatus.CANCELED, notice=None, at=february)
    (found,) = store.stale_pages()
    assert found == page
    assert [s.article.status for s in store.page_stories(found)] == [ArticleStatus.CANCELED]
    store.settle_page(found)
    assert store.stale_pages() == []


# --- serialised items ------------------------------------------------------------------------


def test_serialised_items_are_kept_by_layer_dialect_and_number_the_newest_only(store: Store) -> None:
    one = Kept(version=Version(number=1, revision=1, stamp=1), body=b"<item>1</item>")
    bad = Kept(version=Version(number=2, revision=1, stamp=1), reason="it has no title")
    store.keep("layer", "rss", "article", [one, bad])
    assert store.kept("layer", "rss", "article", [1, 2, 3]) == {1: one, 2: bad}
    assert store.kept("layer", "atom", "article", [1]) == {}
    assert store.kept("other", "rss", "article", [1]) == {}
    newer = replace(one, version=Version(number=1, revision=2, stamp=1), body=b"<item>2</item>")
    store.keep("layer", "rss", "article", [newer])
    assert store.kept("layer", "rss", "article", [1]) == {1: newer}
    assert store.quarantined("layer") == [("article", bad)]


def test_items_of_other_layers_and_of_old_articles_are_forgotten(store: Store) -> None:
    first, second = stored(store, 1, 2)
    store.enter([appearance(first), appearance(second, at=MORNING + HOUR)])
    kept = [Kept(version=Version(number=a.id, revision=1, stamp=1), body=b"x") for a in (first, second)]
    store.keep("layer", "rss", "article", kept)
    store.keep("older", "rss", "article", kept)
    assert store.forget_kept("layer", MORNING + HOUR) == 3
    assert set(store.kept("layer", "rss", "article", [first.id, second.id])) == {second.id}


@pytest.mark.parametrize("count", [1, 700])
def test_many_stories_come_back_at_once(store: Store, count: int) -> None:
    articles = stored(store, *range(count))
    store.enter([appearance(a) for a in articles])
    assert len(store.stories([a.id for a in articles])) == count
    assert len(store.newest_stories(MORNING, 1000)) == count
    assert len(store.entries(DAILY, MORNING, 200)) == min(count, 200)


def test_a_word_in_two_spellings_is_one_feed_under_the_same_name_always(store: Store) -> None:
    first, second = stored(store, 1, 2)
    spellings = [Feed(scope=Scope.TAG, term=term) for term in ("it", "IT")]
    store.enter([appearance(first, feeds=(spellings[0],))])
    store.enter([appearance(second, feeds=(spellings[1],))])
    (one,) = store.feed_states()
    assert (one.feed.key, one.feed.term) == ("tag/it/articles", "IT")


def test_everything_is_stale_when_it_is_to_be_published_anew(store: Store) -> None:
    first, second = stored(store, 1, 2)
    store.enter([appearance(first), appearance(second)])
    settled(store)
    assert stale(store) == set()
    states = store.feed_states()
    assert [one.feed.key for one in store.feed_states({DAILY})] == [DAILY]
    assert store.feed_states({"never/articles"}) == []
    (taken,) = store.take_feeds(MORNING, MORNING + HOUR, 9, keys={DAILY})
    assert store.publish_anew() == len(states)
    assert stale(store) == {one.feed.key for one in states}
    assert {one.published for one in store.feed_states()} == {0}
    assert [one.feed.key for one in store.take_feeds(MORNING, MORNING + HOUR, 1, keys={DAILY})] == [DAILY]
    store.settle_feed(taken, None)
    assert DAILY in stale(store), "who held it knew nothing of the new place"
