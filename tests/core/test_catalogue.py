"""Which feeds there are, and the addresses and ids they keep."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.core import links
from syndication.core.catalogue import (
    MOST_TAGS,
    Feed,
    Scope,
    edition_feed,
    feeds_of,
    page_named,
    path_of,
    place_of,
    uri_of,
    url_of,
)
from tests.factories import OUTLET, content


@pytest.mark.parametrize(
    ("word", "place"),
    [
        ("사회", "사회"),
        ("가람시 소식", "가람시-소식"),
        ("IT", "it"),
        ("5G", "5g"),
        ("  사회 ", "사회"),
        ("e\u0301t\u00e9", "\u00e9t\u00e9"),
    ],
)
def test_a_word_is_its_own_place(word: str, place: str) -> None:
    assert place_of(word) == place


@pytest.mark.parametrize(
    "word", ["C++", "../..", "사회/문화", "a_b", "#예산", "가" * 200, "", "?", ".hidden", "가\x00람"]
)
def test_a_word_of_other_signs_gets_a_mark_of_its_own(word: str) -> None:
    assert re.fullmatch(r"(?:[\w-]+-)?[0-9a-f]{8}|가람", place_of(word))
    assert len(place_of(word)) <= 70


def test_words_that_differ_in_their_signs_have_places_of_their_own() -> None:
    places = {place_of(word) for word in ("C", "C++", "C#", "c/", "사회/문화", "사회·문화", "사회-문화", "사회 문화")}
    assert len(places) == 8 - 1, "사회-문화 and 사회 문화 are alike"


@given(st.text(max_size=80))
def test_every_place_is_one_safe_name_of_a_file(word: str) -> None:
    place = place_of(word)
    assert re.fullmatch(r"[\w-]{1,75}", place)
    assert not place.startswith((".", "-"))
    assert len(place.encode()) <= 250
    assert place_of(place) == place or "_" in word or len(place) > 60 or place != word


def test_the_feeds_of_an_edition_have_the_addresses_they_always_had() -> None:
    feed = edition_feed("daily", "digest")
    assert path_of(feed.key, "rss") == links.feed_path("daily", "digest", "rss")
    assert url_of(OUTLET, path_of(feed.key, "atom")) == links.feed_url(OUTLET, "daily", "digest", "atom")
    assert uri_of("garam.example", feed.key) == links.feed_uri("garam.example", "daily", "digest")


def test_no_two_feeds_share_a_file_whatever_their_names() -> None:
    feeds = [
        *(edition_feed(name, kind) for name in ("section", "articles", "tag") for kind in ("digest", "articles")),
        *(
            Feed(scope=scope, term=term)
            for scope in Scope
            if scope is not Scope.EDITION
            for term in ("articles", "tag")
        ),
    ]
    files = [path_of(f.key, "rss", page) for f in feeds for page in (None, "2026-01")]
    assert len(set(files)) == len(files)


def test_an_article_belongs_to_its_edition_outlet_section_region_and_first_tags() -> None:
    told = content(1, region="가람시", tags=tuple(f"말{n}" for n in range(30)))
    feeds = feeds_of(told, outlet="garam", sections=["사회", None, "사회"], edition="daily")
    assert [f.key for f in feeds[:4]] == [
        "daily/articles",
        "outlet/garam/articles",
        "section/사회/articles",
        "region/가람시/articles",
    ]
    assert len(feeds) == 4 + MOST_TAGS
    assert [f.key for f in feeds_of(content(1, section=None), outlet="garam", sections=[None, " "], edition="")] == [
        "outlet/garam/articles"
    ]


def test_pages_are_named_by_their_month_and_counted_within_it() -> None:
    assert [page_named(date(2026, 1, 1), part) for part in (1, 2, 10)] == ["2026-01", "2026-01-2", "2026-01-10"]
