"""What independent readers take from our feeds: the same ids, titles, enclosures, full text and dates from each."""

from __future__ import annotations

import json
from calendar import timegm
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import feedparser
import jsonschema
import pytest
from hypothesis import HealthCheck, example, given, settings

from syndication.core.model import Image
from syndication.render.feed_items import Enclosure, FeedItem
from syndication.render.feed_pieces import DIALECTS
from syndication.render.feeds import RENDER, render_atom, render_rss
from tests.render import feed_taken
from tests.render.feed_nasty import feeds, publishable
from tests.render.feed_samples import HEAD, SEEN, WEATHER, feed_item
from tests.render.feed_taken import (
    by_feedparser,
    by_reader,
    of_atom,
    of_json,
    of_rss,
    parsed,
    reader,
    told,
    without_text,
)

SETTINGS = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
EXAMPLES = [
    [feed_item(1, title="<a href=x>가</a> </B> &#x1F600;"), feed_item(2, title="S&P500 <MBC> R&D1 &amp;amp;")],
    [feed_item(1, title="가" * 200_000, summary="나" * 200_000)],
    [feed_item(1, images=(), enclosure=None, authors=(), url=None), feed_item(2, title="\x00"), feed_item(3)],
    [feed_item(1, enclosure=Enclosure(url="https://img.garam.example/사진 1.jpg", type="image/jpeg", length=7))],
    [feed_item(1, content_html="<p>a ]]&gt; b &amp;lt; c 😀 &#0; &#xFFFF; &#128;</p>")],
    [feed_item(1), feed_item(2, published_at=None), feed_item(3, published_at=SEEN - timedelta(days=9))],
]


def nasty(check: Callable[..., None]) -> Callable[..., None]:
    for items in EXAMPLES:
        check = example(items=items)(check)
    return given(items=feeds())(check)


# --- feedparser ------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", ["rss", "atom"])
@settings(SETTINGS, max_examples=120)
@nasty
def test_feedparser_takes_from_a_feed_just_what_we_put_into_it(dialect: str, items: list[FeedItem]) -> None:
    entries = parsed(RENDER[dialect](HEAD, items).body).entries
    assert [by_feedparser(entry) for entry in entries] == [told(item) for item in publishable(items)]


@settings(SETTINGS, max_examples=60)
@nasty
def test_feedparser_reads_the_same_from_both_dialects_with_its_own_cleaning(items: list[FeedItem]) -> None:
    found = [feedparser.parse(RENDER[dialect](HEAD, items).body).entries for dialect in ("rss", "atom")]
    rss, atom = (
        [(*by_feedparser(e), address(e), e.get("summary"), [t.term for t in e.get("tags", [])]) for e in entries]
        for entries in found
    )
    assert rss == atom


def address(entry: Any) -> str | None:
    """Where to read on; feedparser takes an id for an address where an entry has none."""
    link = str(entry.get("link"))
    return link if link.startswith("http") else None


@settings(SETTINGS, max_examples=60)
@nasty
def test_atom_readers_are_told_when_each_item_was_revised(items: list[FeedItem]) -> None:
    entries = parsed(render_atom(HEAD, items).body).entries
    assert [timegm(e.updated_parsed) for e in entries] == [timegm(i.updated_at.timetuple()) for i in publishable(items)]


# --- reader ----------------------------------------------------------------------------------


@settings(SETTINGS, max_examples=25)
@nasty
def test_the_reader_library_takes_the_same_from_rss_atom_and_json(items: list[FeedItem], tmp_path: Path) -> None:
    for dialect in DIALECTS:
        (tmp_path / f"articles.{dialect}").write_bytes(RENDER[dialect](HEAD, items).body)
    with reader.make_reader(":memory:", feed_root=str(tmp_path)) as library:
        for dialect in DIALECTS:
            library.add_feed(f"articles.{dialect}")
        library.update_feeds()
        assert all(feed.last_exception is None for feed in library.get_feeds())
        assert {feed.title for feed in library.get_feeds()} == {HEAD.title}
        seen = {
            feed.url: {entry.id: by_reader(entry) for entry in library.get_entries(feed=feed)}
            for feed in library.get_feeds()
        }
    expected = {item.id: told(item) for item in publishable(items)}
    assert seen["articles.json"] == expected
    for url in ("articles.rss", "articles.atom"):  # its markup is washed by feedparser first: RSS and Atom alike
        assert {n: without_text(row) for n, row in seen[url].items()} == {
            n: without_text(r) for n, r in expected.items()
        }
    assert seen["articles.rss"] == seen["articles.atom"]


def test_a_reader_that_knows_one_feed_finds_nothing_new_in_the_others() -> None:
    items = [feed_item(n) for n in range(200)]
    rss, atom = ({e.id for e in parsed(RENDER[dialect](HEAD, items).body).entries} for dialect in ("rss", "atom"))
    assert len(rss) == 200
    assert rss == atom == {item["id"] for item in json.loads(RENDER["json"](HEAD, items).body)["items"]}


# --- feedsmith, which is not Python ----------------------------------------------------------


@pytest.fixture(scope="module")
def feedsmith() -> Iterator[Callable[[str, bytes], Any]]:
    with feed_taken.feedsmith() as read:
        yield read


@settings(SETTINGS, max_examples=120)
@nasty
def test_a_parser_that_is_not_python_takes_the_same(items: list[FeedItem], feedsmith: Callable[..., Any]) -> None:
    rss, atom, parsed_json = (feedsmith(dialect, RENDER[dialect](HEAD, items).body) for dialect in DIALECTS)
    expected = [told(item) for item in publishable(items)]
    assert [of_rss(item) for item in rss.get("items", [])] == expected
    assert [of_json(item) for item in parsed_json.get("items", [])] == expected
    assert [of_atom(entry) for entry in atom.get("entries", [])] == expected


# --- JSON Feed -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def check_json(schemas: Path) -> Callable[[object], None]:
    schema = json.loads((schemas / "jsonfeed-1.1.json").read_text("utf-8"))
    checker = jsonschema.Draft4Validator(schema, format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER)
    return checker.validate


@settings(SETTINGS, max_examples=60)
@nasty
def test_a_json_feed_follows_its_schema(items: list[FeedItem], check_json: Callable[[object], None]) -> None:
    check_json(json.loads(RENDER["json"](HEAD, items).body))


def test_a_digest_carries_its_weather_as_values_where_null_is_unknown(check_json: Callable[[object], None]) -> None:
    feed = json.loads(
        RENDER["json"](HEAD, [feed_item(1, weather=WEATHER, images=(Image(url="https://a.example/1.jpg"),))]).body
    )
    check_json(feed)
    weather = feed["items"][0]["_weather"]
    assert "Celsius" in weather["about"]
    assert (weather["attribution"], weather["from_newspaper_page"], weather["observed_at"]) == ("기상청", True, None)
    assert [station["name"] for station in weather["stations"]] == ["다온", "나루", "가람"]
    naru = weather["stations"][1]
    assert (naru["observed"]["sky"], naru["observed"]["temperature"]) == (None, 0.8)
    assert naru["forecast"] == {
        "date": "2026-01-20",
        "low": -5.0,
        "high": 3.5,
        "morning": "구름많음",
        "afternoon": "비",
        "rain_chance": 60,
        "issued_at": None,
        "attribution": None,
    }


def test_readers_of_json_are_told_who_wrote_a_story(feedsmith: Callable[..., Any], tmp_path: Path) -> None:
    body = RENDER["json"](HEAD, [feed_item(1, authors=("표본 기자", "다른 기자"))]).body
    (item,) = feedsmith("json", body)["items"]
    assert [author["name"] for author in item["authors"]] == ["표본 기자, 다른 기자"]
    (tmp_path / "articles.json").write_bytes(body)
    with reader.make_reader(":memory:", feed_root=str(tmp_path)) as library:
        library.add_feed("articles.json")
        library.update_feeds()
        (entry,) = library.get_entries()
    assert [author.name for author in entry.authors] == ["표본 기자, 다른 기자"]
    assert json.loads(body)["items"][0]["_news"]["authors"] == ["표본 기자", "다른 기자"]


def test_every_feed_names_what_it_is_in_its_own_dialect(feedsmith: Callable[..., Any]) -> None:
    assert feedsmith("rss", render_rss(HEAD, []).body)["title"] == HEAD.title
    assert feedsmith("atom", render_atom(HEAD, []).body)["id"] == HEAD.id
    made = feedsmith("json", RENDER["json"](HEAD, []).body)
    assert (made["home_page_url"], made["feed_url"]) == (HEAD.site_url, HEAD.self_url)
    assert made["hubs"] == [{"type": "WebSub", "url": "https://hub.example/"}]


def quarantined(items: Sequence[FeedItem]) -> int:
    return len(items) - len(publishable(list(items)))


@settings(SETTINGS, max_examples=60)
@nasty
def test_every_dialect_sets_the_same_items_aside(items: list[FeedItem]) -> None:
    rss, atom, in_json = (RENDER[dialect](HEAD, items).quarantined for dialect in DIALECTS)
    assert rss == atom == in_json
    assert len(rss) == quarantined(items)
