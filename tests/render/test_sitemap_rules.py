"""Every rule for news sitemaps by its name: no map or index of ours breaks one, and each check finds what does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syndication.core.model import ArticleContent, Rights
from syndication.render.feed_lists import listed, news_index, news_map, news_maps
from tests.factories import MORNING, OUTLET, article
from tests.render.feed_nasty import NASTY, contents
from tests.render.feed_samples import story
from tests.render.sitemap_rules import broken_rules

ZONE = "Asia/Seoul"
DATED = listed([story(article(1, published_at=MORNING - timedelta(hours=5)))], home=OUTLET.url, zone=ZONE, at=MORNING)
SAMPLE = {"map": news_map(DATED, "가람일보"), "index": news_index(["https://garam.example/sitemap-news-1.xml"])}
URL = "<loc>https://garam.example/news/1</loc>"
BREAKERS = {
    "NotUTF8": ("map", "UTF-8", "EUC-KR"),
    "NotWellFormed": ("map", "</urlset>", ""),
    "UnknownRoot": ("map", "urlset", "urls"),
    "TooLarge": ("map", "가람일보", "가" * 17_500_000),
    "TooManyNews": ("map", "<url>", "<url/>" * 1000 + "<url>"),
    "TooManyMaps": ("index", "<sitemap>", "<sitemap/>" * 50_000 + "<sitemap>"),
    "EmptyIndex": ("index", "<sitemap><loc>https://garam.example/sitemap-news-1.xml</loc></sitemap>", ""),
    "MissingPart": ("map", "<news:language>ko</news:language>", ""),
    "DuplicatePart": ("map", URL, URL * 2),
    "UnknownElement": ("map", URL, f"{URL}<news:stock_tickers/>"),
    "InvalidLanguage": ("map", ">ko<", ">ko-KR<"),
    "BlankWords": ("map", "가람일보", " "),
    "InvalidW3CDate": ("map", "2026-01-20T01:00:00+09:00", "2026-01-20 01:00"),
    "OlderThanTwoDays": ("map", "2026-01-20T01:00:00+09:00", "2026-01-18"),
    "DateToCome": ("map", "2026-01-20T01:00:00+09:00", "2026-01-20T07:00:00+09:00"),
    "InvalidLoc": ("map", "https://garam.example/news/1", "https://garam.example/기사"),
    "LocTooLong": ("map", "https://garam.example/news/1", "https://garam.example/" + "a" * 2048),
    "DuplicateLoc": ("map", URL, URL * 2),
}


@pytest.mark.parametrize("rule", sorted(BREAKERS))
def test_the_check_of_a_rule_for_sitemaps_finds_what_breaks_it(rule: str) -> None:
    kind, old, new = BREAKERS[rule]
    body = SAMPLE[kind]
    assert broken_rules(body, MORNING, ZONE) == []
    changed = body.replace(old.encode(), new.encode())
    assert changed != body
    assert rule in {found for found, _ in broken_rules(changed, MORNING, ZONE)}


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(tales=st.lists(contents(), max_size=5), name=NASTY, ago=st.integers(0, 100))
def test_no_news_sitemap_breaks_a_rule_whatever_the_stories_are(
    tales: Sequence[ArticleContent], name: str, ago: int
) -> None:
    stories = [
        story(article(n, published_at=MORNING - timedelta(hours=ago + n)), link=f"https://garam.example/{n}")
        for n in range(3)
    ]
    for n, content in enumerate(tales):
        at = MORNING - timedelta(hours=ago % 50)
        fresh = replace(content, published_at=at, published_on=None, rights=Rights.OWN, sponsored=False)
        stories.append(story(replace(article(10 + n), content=fresh), link=content.url))
    found = listed(stories, home=OUTLET.url, zone=ZONE, at=MORNING)
    maps = news_maps(found, publication=name + "가람일보")
    for body in (*maps.values(), news_index(f"https://garam.example/sitemap-news-{part}.xml" for part in maps)):
        if maps:
            assert broken_rules(body, MORNING, ZONE) == []
