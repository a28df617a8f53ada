"""Answers of CMSs' APIs, and how far a walk through them has come."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.core import entries
from syndication.core.cms import Dialect, Listed, Walk, after, walk_from
from syndication.core.cms_arc import Arc
from syndication.core.cms_ghost import Ghost
from syndication.core.cms_wordpress import WordPress
from syndication.core.model import ArticleContent, Reading
from syndication.core.shape import Unreadable
from tests.core.test_feeds_json import ANY_JSON
from tests.factories import SOURCE

NOW = datetime(2026, 1, 20, 0, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SITE = replace(SOURCE, location="https://garam.example/", website="garam")
DIALECTS: tuple[Dialect, ...] = (WordPress(), Ghost(), Arc())


def read(dialect: Dialect, answer: Any) -> Reading:
    listed = dialect.read(json.dumps(answer).encode(), "application/json")
    return entries.reading(listed.entries, outlet="garam", base=SITE.location)


def only(dialect: Dialect, answer: Any) -> tuple[str, ArticleContent]:
    made = read(dialect, answer)
    assert made.set_aside == ()
    (found,) = made.articles
    return found.identity, found.content


POST = {
    "id": 31,
    "status": "publish",
    "date": "2026-01-20T05:30:00",
    "date_gmt": "2026-01-19T20:30:00",
    "modified_gmt": "2026-01-19T21:00:00",
    "guid": {"rendered": "https://garam.example/?p=31"},
    "link": "https://garam.example/2026/01/20/bridge/",
    "title": {"rendered": "가람시 &#8216;새 다리&#8217; 놓는다"},
    "content": {"rendered": "<p>가람시는 다리를 놓는다.</p><img src='/d.jpg'>", "protected": False},
    "_embedded": {
        "author": [{"name": "가람 기자"}, {"code": "rest_user_invalid_id"}],
        "wp:featuredmedia": [
            {"source_url": "https://garam.example/a.jpg", "alt_text": "다리", "caption": {"rendered": "<p>가람시</p>"}}
        ],
        "wp:term": [
            [{"taxonomy": "category", "name": "행정&amp;정치"}],
            [{"taxonomy": "post_tag", "name": "다리"}],
            None,
        ],
    },
}


def test_a_post_of_wordpress() -> None:
    identity, content = only(WordPress(), [POST])
    assert identity == "garam:guid:https://garam.example/?p=31"
    assert content.title == "가람시 ‘새 다리’ 놓는다"
    assert content.paragraphs == ("가람시는 다리를 놓는다.",)
    assert content.published_at == datetime(2026, 1, 19, 20, 30, tzinfo=UTC)
    assert (content.section, content.tags, content.bylines) == ("행정&정치", ("다리",), ("가람 기자",))
    assert [i.url for i in content.images] == ["https://garam.example/a.jpg", "https://garam.example/d.jpg"]
    assert content.images[0].credit == "가람시"


def test_wordpress_is_asked_at_the_site_or_at_a_route_of_its_own() -> None:
    asked = WordPress().address(SITE, 3, None)
    assert asked.startswith("https://garam.example/wp-json/wp/v2/posts?per_page=50&page=3&orderby=modified&order=desc")
    route = replace(SITE, location="https://garam.example/sub/wp-json/wp/v2/news?categories=4")
    assert (
        WordPress()
        .address(route, 1, None)
        .startswith("https://garam.example/sub/wp-json/wp/v2/news?categories=4&per_page=50&page=1")
    )
    assert WordPress().authorization("desk:abcd efgh") == "Basic ZGVzazphYmNkIGVmZ2g="


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"status": "draft"}, "not published"),
        ({"content": {"rendered": "", "protected": True}}, "password"),
        ({"content": {"rendered": ""}}, "no text"),
    ],
)
def test_a_post_that_is_not_for_everybody_is_set_aside(change: dict[str, Any], reason: str) -> None:
    made = read(WordPress(), [POST | change])
    assert made.articles == ()
    assert reason in made.set_aside[0].reason


def test_a_date_of_zeros_is_none_and_the_local_one_counts() -> None:
    _, content = only(WordPress(), [POST | {"date_gmt": "0000-00-00T00:00:00"}])
    assert content.published_at == datetime(2026, 1, 19, 20, 30, tzinfo=UTC)


def test_a_post_of_ghost() -> None:
    post = {
        "id": "63c5",
        "title": "나루군 딸기 잔치",
        "custom_excerpt": "올해는 더 달다",
        "html": "<p>나루군에서 잔치가 열린다.</p>",
        "url": "https://garam.example/strawberry/",
        "visibility": "public",
        "feature_image": "https://garam.example/s.jpg",
        "feature_image_alt": "딸기",
        "updated_at": "2026-01-20T06:00:00.000+09:00",
        "published_at": "2026-01-20T05:30:00.000+09:00",
        "tags": [{"name": "문화", "visibility": "public"}, {"name": "#inner", "visibility": "internal"}],
        "authors": [{"name": "나루 기자"}],
    }
    identity, content = only(Ghost(), {"posts": [post], "meta": {"pagination": {"next": None}}})
    assert (identity, content.subtitle, content.section, content.tags) == (
        "garam:guid:63c5",
        "올해는 더 달다",
        "문화",
        (),
    )
    assert content.published_at == datetime(2026, 1, 19, 20, 30, tzinfo=UTC)
    for change in ({"visibility": "members"}, {"access": False}, {"visibility": "paid"}):
        assert "members" in read(Ghost(), {"posts": [post | change]}).set_aside[0].reason


def test_a_story_of_arc() -> None:
    story = {
        "_id": "ABC",
        "type": "story",
        "headlines": {"basic": "가람시의회 문 연다"},
        "subheadlines": {"basic": "새해 첫 회의"},
        "content_elements": [
            {"type": "text", "content": "가람시의회가 <b>문을 연다</b>."},
            {"type": "interstitial_link", "content": "다른 기사"},
            {"type": "list", "items": [{"type": "text", "content": "예산"}, {"type": "text", "content": "조례"}]},
            {"type": "image", "url": "https://garam.example/i.jpg", "caption": '회의 "장"', "credits": {"by": []}},
            {"type": "custom_embed", "embed": {"html": "<script>"}},
        ],
        "canonical_website": "garam",
        "websites": {"garam": {"website_url": "/politics/open/"}},
        "first_publish_date": "2026-01-19T20:30:00Z",
        "last_updated_date": "2026-01-19T20:40:00Z",
        "taxonomy": {"primary_section": {"name": "정치"}, "tags": [{"text": "의회"}]},
        "promo_items": {
            "basic": {"type": "image", "url": "https://garam.example/p.jpg", "credits": {"by": [{"name": "가람"}]}}
        },
        "credits": {"by": [{"name": "가람 기자"}]},
    }
    identity, content = only(Arc(), {"content_elements": [story]})
    assert identity == "garam:guid:ABC"
    assert content.url == "https://garam.example/politics/open/"
    assert content.paragraphs[0] == "가람시의회가 문을 연다."
    assert not any("다른 기사" in paragraph for paragraph in content.paragraphs)
    assert [i.url for i in content.images] == ["https://garam.example/p.jpg", "https://garam.example/i.jpg"]
    assert "no story" in read(Arc(), {"content_elements": [story | {"type": "video"}]}).set_aside[0].reason


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("answer", [None, 3, "x", {"code": "rest_forbidden", "message": "안 됩니다"}, {"errors": [{}]}])
def test_what_is_no_answer_of_the_api_says_so(dialect: Dialect, answer: Any) -> None:
    with pytest.raises(Unreadable):
        dialect.read(json.dumps(answer).encode(), "")


@pytest.mark.parametrize("dialect", DIALECTS)
@given(items=st.lists(ANY_JSON | st.fixed_dictionaries({}, optional=dict.fromkeys(POST, ANY_JSON)), max_size=3))
def test_no_item_of_any_shape_raises(dialect: Dialect, items: list[Any]) -> None:
    for answer in (items, {"posts": items, "meta": items[:1]}, {"content_elements": items}):
        try:
            read(dialect, answer)
        except Unreadable:
            pass


# --- the walk --------------------------------------------------------------------------------


def listed(*minutes: int | None, more: bool = True) -> Listed:
    changed = [None if m is None else NOW - m * MINUTE for m in minutes]
    return Listed(entries=(), changed=changed, more=more)


def test_the_first_walk_takes_one_page_alone() -> None:
    walk, whole = after(Walk(), listed(1, 2, 3), NOW)
    assert (walk, whole) == (Walk(until=NOW - MINUTE), True)


def test_a_walk_goes_on_until_what_was_seen() -> None:
    walk, whole = after(Walk(until=NOW - 10 * MINUTE), listed(1, 2), NOW)
    assert (walk, whole) == (Walk(until=NOW - 10 * MINUTE, page=2, newest=NOW - MINUTE), False)
    walk, whole = after(walk, listed(9, 10, 20), NOW)
    assert (walk, whole) == (Walk(until=NOW - MINUTE), True)


def test_the_last_page_ends_a_walk() -> None:
    assert after(Walk(until=NOW - 10 * MINUTE), listed(1, more=False), NOW) == (Walk(until=NOW - MINUTE), True)
    assert after(Walk(until=NOW - 10 * MINUTE), listed(), NOW) == (Walk(until=NOW - 10 * MINUTE), True)


def test_a_change_dated_ahead_counts_as_made_now() -> None:
    walk, _ = after(Walk(until=NOW - 10 * MINUTE), listed(-100_000, more=False), NOW)
    assert walk.until == NOW


def test_items_without_dates_are_read_one_page_at_a_look() -> None:
    assert after(Walk(until=NOW), listed(None, None), NOW)[1] is True


INSTANTS = st.none() | st.datetimes(timezones=st.just(UTC))


@given(INSTANTS, st.integers(1, 9999), INSTANTS)
def test_a_walk_comes_back_from_its_cursor(until: datetime | None, page: int, newest: datetime | None) -> None:
    walk = Walk(until=until, page=page, newest=newest)
    assert walk_from(walk.cursor) == walk


@given(st.text(max_size=60))
def test_a_cursor_nobody_can_read_begins_anew(cursor: str) -> None:
    assert isinstance(walk_from(cursor), Walk)


@given(st.lists(st.lists(st.integers(-5, 200), max_size=4), max_size=30), st.integers(0, 100))
def test_whatever_an_api_answers_a_walk_ends_and_never_goes_back(pages: list[list[int]], seen: int) -> None:
    walk = Walk(until=NOW - seen * MINUTE)
    for minutes in pages:
        walk, whole = after(walk, listed(*minutes), NOW)
        assert walk.until is not None
        assert NOW - seen * MINUTE <= walk.until <= NOW
        assert whole is (walk.page == 1)
