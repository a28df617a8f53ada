"""What stands beside the feeds: OPML, the news sitemap, tombstones."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import feedparser
import pytest
from hypothesis import given
from lxml import etree

from syndication.core.model import Article, ArticleStatus, Rights
from syndication.render.feed_deleted import deleted_feed
from syndication.render.feed_lists import MOST_IN_MAP, listed, news_index, news_map, news_maps, opml
from tests.factories import MORNING, OUTLET, article
from tests.render.feed_nasty import NASTY
from tests.render.feed_samples import HEAD, restated, story
from tests.render.make import KOREAN

MAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
NEWS = "{http://www.google.com/schemas/sitemap-news/0.9}"
STONE = "{http://purl.org/atompub/tombstones/1.0}"
DATED = MORNING - timedelta(hours=5)  # 01:00 in Seoul


# --- OPML ------------------------------------------------------------------------------------


def test_an_outline_names_feed_and_page_and_has_a_title_for_readers_that_know_no_other() -> None:
    root = etree.fromstring(opml("가람일보 피드", [("면", [HEAD])], owner="가람일보"))
    assert (root.tag, root.get("version")) == ("opml", "2.0")
    assert root.findtext("head/title") == "가람일보 피드"
    (group,) = root.findall("body/outline")
    assert group.get("text") == "면"
    (outline,) = group
    assert dict(outline.attrib) == {
        "type": "rss",
        "text": HEAD.title,
        "title": HEAD.title,
        "description": HEAD.description,
        "xmlUrl": HEAD.self_url,
        "htmlUrl": HEAD.site_url,
        "language": "ko",
        "version": "RSS2",
    }


@given(NASTY)
def test_nasty_titles_spoil_no_list(title: str) -> None:
    root = etree.fromstring(opml(title, [(title, [replace(HEAD, title=title)])], owner=title))
    assert [o.get("xmlUrl") for o in root.iter("outline") if o.get("type")] == [HEAD.self_url]
    assert all(o.get("text") is not None for o in root.iter("outline"))


# --- news sitemap ----------------------------------------------------------------------------


def told(of: Article, **values: object) -> list[Any]:
    return listed([story(of, **values)], home=OUTLET.url, zone="Asia/Seoul", at=MORNING)


def test_the_date_is_that_of_first_publication_as_the_story_tells_it() -> None:
    (one,) = told(article(1, published_at=DATED))
    assert (one.published, one.on) == ("2026-01-20T01:00:00+09:00", date(2026, 1, 20))
    (bare,) = told(article(1, published_on=date(2026, 1, 19)))
    assert bare.published == "2026-01-19"
    later = replace(article(1, published_at=DATED), revision=5, revised_at=MORNING)
    assert told(later)[0].published == one.published


def test_what_stands_on_our_own_pages_was_published_as_it_appeared() -> None:
    ours = story(article(1), link=f"{OUTLET.url}/daily/2026-01-20#article-1", appeared_at=MORNING)
    (one,) = listed([ours], home=OUTLET.url, zone="Asia/Seoul", at=MORNING)
    assert one.published == "2026-01-20T06:00:00+09:00"
    assert (
        listed([story(article(1), link="https://www.elsewhere.example/1")], home=OUTLET.url, zone="UTC", at=MORNING)
        == []
    )


@pytest.mark.parametrize(
    "of",
    [
        replace(article(1, published_at=DATED), status=ArticleStatus.CANCELED),
        article(1, published_at=DATED, sponsored=True),
        article(1, published_at=DATED, rights=Rights.NOT_FOR_PASSING_ON),
        article(1, published_at=DATED, title="\x00"),
        article(1, published_at=MORNING - timedelta(days=2, seconds=1)),
        article(1, published_on=date(2026, 1, 18)),
        article(1, published_on=date(2026, 1, 21)),
        article(1, published_at=MORNING + timedelta(hours=1)),
        article(1, published_at=datetime.max.replace(tzinfo=UTC)),
        article(1, published_at=datetime(2026, 1, 19)),
    ],
)
def test_what_is_taken_back_paid_for_anothers_old_or_of_no_plausible_date_is_left_out(of: Article) -> None:
    assert told(of) == []


def test_what_was_published_within_two_days_is_listed_to_the_second() -> None:
    (one,) = told(article(1, published_at=MORNING - timedelta(days=2)))
    assert one.published == "2026-01-18T06:00:00+09:00"


def test_one_bad_story_costs_no_other_its_place_in_the_map() -> None:
    odd = replace(article(2), content=replace(article(2).content, title=None))  # type: ignore[arg-type]
    found = listed(
        [story(odd, link="https://garam.example/2"), story(article(1, published_at=DATED))],
        home=OUTLET.url,
        zone="Asia/Seoul",
        at=MORNING,
    )
    assert [one.url for one in found] == ["https://garam.example/news/1"]


def test_an_address_is_listed_once_under_the_date_of_its_first_story() -> None:
    two = [story(article(n, published_at=DATED + timedelta(hours=n)), link="https://garam.example/1") for n in (2, 1)]
    (one,) = listed(two, home=OUTLET.url, zone="Asia/Seoul", at=MORNING)
    assert one.published == "2026-01-20T02:00:00+09:00"
    assert told(article(1, published_at=DATED), link="https://garam.example/" + "a" * 2048) == []


def test_a_story_without_a_page_is_left_out() -> None:
    assert told(article(1, published_at=DATED), link=None) == []


def test_a_map_says_publication_language_date_and_title_by_googles_words() -> None:
    root = etree.fromstring(news_map(told(article(1, published_at=DATED)), "가람일보"))
    assert root.tag == f"{MAP}urlset"
    (url,) = root
    assert url.findtext(f"{MAP}loc") == "https://garam.example/news/1"
    news = url.find(f"{NEWS}news")
    assert news is not None
    assert news.findtext(f"{NEWS}publication/{NEWS}name") == "가람일보"
    assert news.findtext(f"{NEWS}publication/{NEWS}language") == "ko"
    assert news.findtext(f"{NEWS}publication_date") == "2026-01-20T01:00:00+09:00"
    assert news.findtext(f"{NEWS}title") == "가람시 표본 기사 1"


def test_no_map_holds_more_than_a_thousand_and_each_day_has_its_own() -> None:
    many = [story(article(n, published_at=DATED)) for n in range(MOST_IN_MAP + 3)]
    before = [story(article(9000, published_at=DATED - timedelta(days=1)))]
    found = listed([*many, *before], home=OUTLET.url, zone="Asia/Seoul", at=MORNING)
    maps = news_maps(found, publication="가람일보")
    assert {name: len(etree.fromstring(body)) for name, body in maps.items()} == {
        "2026-01-20-1": MOST_IN_MAP,
        "2026-01-20-2": 3,
        "2026-01-19-1": 1,
    }


def test_a_later_story_changes_no_map_that_is_full() -> None:
    many = [story(article(n, published_at=DATED + timedelta(seconds=n))) for n in range(MOST_IN_MAP + 1)]
    before, after = (
        news_maps(listed(some, home=OUTLET.url, zone="UTC", at=MORNING), publication="가람일보")
        for some in (many[:-1], many)
    )
    first = min(before)
    assert after[first] == before[first]


def test_the_index_names_every_map() -> None:
    root = etree.fromstring(news_index(["https://garam.example/a.xml", "https://garam.example/b.xml"]))
    assert root.tag == f"{MAP}sitemapindex"
    assert [loc.text for loc in root.iter(f"{MAP}loc")] == [
        "https://garam.example/a.xml",
        "https://garam.example/b.xml",
    ]


# --- tombstones ------------------------------------------------------------------------------


def stones(*gone: Any) -> etree._Element:
    return etree.fromstring(deleted_feed(gone, outlet=OUTLET, language="ko", say=KOREAN))


def test_a_tombstone_says_which_item_is_gone_since_when_and_why() -> None:
    root = stones(restated(article(1), notice="사실과 <다릅니다> & 취소합니다."))
    (stone,) = root.iter(f"{STONE}deleted-entry")
    assert stone.get("ref") == article(1).uri
    assert datetime.fromisoformat(str(stone.get("when"))) == MORNING + timedelta(hours=2)
    assert stone.findtext(f"{STONE}by/{{http://www.w3.org/2005/Atom}}name") == OUTLET.name
    assert stone.findtext(f"{STONE}comment") == "사실과 <다릅니다> & 취소합니다."
    assert root.findtext("{http://www.w3.org/2005/Atom}updated") == "2026-01-19T23:00:00+00:00"


def test_a_tombstone_names_an_item_as_atom_named_it() -> None:
    adopted = [
        replace(restated(article(1)), uri="garam-1"),
        replace(restated(article(2)), uri="https://www.garam.example/2"),
    ]
    refs = [stone.get("ref") for stone in stones(*adopted).iter(f"{STONE}deleted-entry")]
    assert refs == [article(1).uri, "https://www.garam.example/2"]


def test_a_document_without_tombstones_is_a_whole_feed() -> None:
    parsed = feedparser.parse(deleted_feed([], outlet=OUTLET, language="ko", say=KOREAN))
    assert not parsed.bozo
    assert parsed.feed.id == "tag:garam.example,2026:feed/deleted"
    assert parsed.entries == []
