"""Articles appearing in feeds: the same comes of it in any order and any number of times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from syndication.core.appearing import Plan, Shown, Standing, appearing, moving
from syndication.core.catalogue import Appearance, Feed, Scope, edition_feed

START = datetime(2026, 1, 19, 21, 0, tzinfo=UTC)
EDITIONS = ("daily", "evening", "weekly")


def appearance(
    number: int, hour: int, edition: str, words: str = "요약", link: str | None = "https://a.example/"
) -> Appearance:
    tag = Feed(scope=Scope.TAG, term=("예산", "IT", "it")[number % 3])
    return Appearance(
        article_id=number,
        revision=1,
        feeds=(edition_feed(edition), tag),
        appears_at=START + timedelta(hours=hour),
        edition_id=edition,
        language="ko",
        section="사회",
        link=link,
        summary=f"{words} {edition}",
    )


class World:
    """What stands there after any number of calls."""

    def __init__(self) -> None:
        self.shown: dict[int, Shown] = {}
        self.standing: dict[tuple[str, int], Standing] = {}
        self.touched: dict[str, datetime] = {}
        self.names: dict[str, str] = {}

    def enter(self, *told: Appearance, closed: dict[str, datetime | None] | None = None) -> Plan:
        plan = appearing(told, shown=self.shown, standing=self.standing, closed=closed or {})
        self.shown |= {n: shown for n, (shown, _) in plan.fresh.items()} | plan.reworded
        self.standing |= {place: Standing(appeared_at=at) for place, at in plan.entries.items()}
        for key, at in plan.touched.items():
            self.touched[key] = max(at, self.touched.get(key, at))
        for key, feed in plan.feeds.items():
            self.names[key] = min(feed.term, self.names.get(key, feed.term))
        return plan

    @property
    def facts(self) -> tuple[object, ...]:
        return self.shown, self.standing, self.names


TOLD = st.lists(
    st.builds(
        appearance,
        st.integers(1, 4),
        st.integers(0, 3),
        st.sampled_from(EDITIONS),
    ),
    max_size=8,
    unique_by=lambda one: (one.article_id, one.edition_id),
)


@given(told=TOLD, order=st.randoms(use_true_random=False), together=st.integers(1, 4))
def test_order_and_company_change_nothing(told: list[Appearance], order: object, together: int) -> None:
    one, other = World(), World()
    one.enter(*told)
    order.shuffle(told)  # type: ignore[attr-defined]
    for start in range(0, len(told), together):
        other.enter(*told[start : start + together])
    assert one.facts == other.facts
    assert one.touched.keys() == other.touched.keys()


@given(told=TOLD)
def test_once_more_changes_nothing(told: list[Appearance]) -> None:
    world = World()
    world.enter(*told)
    again = world.enter(*told)
    assert (again.fresh, again.reworded, again.entries, again.touched) == ({}, {}, {}, {})


def test_an_article_keeps_the_words_of_its_earliest_appearance() -> None:
    world = World()
    world.enter(appearance(1, 2, "evening"))
    plan = world.enter(appearance(1, 1, "daily"))
    assert world.shown[1].summary == "요약 daily"
    assert "evening/articles" in plan.touched, "its words are others now"
    world.enter(appearance(1, 3, "weekly"))
    assert world.shown[1].edition_id == "daily"


def test_an_amended_issue_tells_new_words_and_touches_every_feed_of_the_story() -> None:
    world = World()
    world.enter(appearance(1, 1, "daily"), appearance(1, 2, "evening"))
    plan = world.enter(appearance(1, 1, "daily", words="고친 요약"))
    assert world.shown[1].summary == "고친 요약 daily"
    assert plan.touched.keys() == {"daily/articles", "evening/articles", "tag/it/articles"}


def test_a_story_without_a_page_gets_the_page_of_a_later_issue() -> None:
    world = World()
    world.enter(appearance(1, 1, "daily", link=None))
    world.enter(appearance(1, 2, "evening", link="https://a.example/evening"))
    assert (world.shown[1].link, world.shown[1].edition_id) == ("https://a.example/evening", "daily")


def test_nothing_comes_into_a_page_that_is_closed() -> None:
    world = World()
    closed: dict[str, datetime | None] = {"daily/articles": START + timedelta(hours=9)}
    world.enter(appearance(1, 1, "daily"), closed=closed)
    assert world.standing["daily/articles", 1].appeared_at == START + timedelta(hours=9, microseconds=1)
    assert world.standing["tag/it/articles", 1].appeared_at == START + timedelta(hours=1)


def test_a_revision_moves_between_feeds_that_it_may_leave() -> None:
    here = {"daily/articles": False, "outlet/garam/articles": False, "tag/예산/articles": True}
    tag = Feed(scope=Scope.TAG, term="축제")
    plan, left = moving(START, [tag], number=1, standing=here, closed={})
    assert left == ["tag/예산/articles"]
    assert plan.entries == {("tag/축제/articles", 1): START}
    assert plan.touched.keys() == {*here, "tag/축제/articles"}
