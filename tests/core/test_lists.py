"""Which articles a list leads to, and when their pages are looked at."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.core import following
from syndication.core.lists import article_links
from syndication.core.model import SourceKind, SourceLink
from syndication.core.shape import Unreadable
from tests.factories import SOURCE

URL = "https://www.garam.example/news/articleList.html"
NOW = datetime(2026, 1, 20, 0, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
LIST = replace(SOURCE, kind=SourceKind.PAGE_LIST)


def links(*hrefs: str, pattern: str | None = None) -> list[str]:
    anchors = "".join(f"<li><a href='{href}'>기사</a></li>" for href in hrefs)
    return [url for _, url in article_links(f"<html>{anchors}</html>".encode(), url=URL, pattern=pattern)]


@pytest.mark.parametrize(
    "href",
    [
        "/news/articleView.html?idxno=10",  # NDsoft
        "/news/article.html?no=10",  # MediaOn
        "/bbs/board.php?bo_table=news&wr_id=10",  # gnuboard
        "/2026/01/20/new-bridge/",
        "/news/view/123456",
        "/article/2026012012345",
        "/society/bridge-20260120123456",
        "//m.garam.example/news/articleView.html?idxno=10",
        "http://garam.example/news/article.html?no=10&utm_source=x",
        "view.php?news_id=10",
    ],
)
def test_an_article_is_known_by_its_address(href: str) -> None:
    assert len(links(href)) == 1


@pytest.mark.parametrize(
    "href",
    [
        "/news/articleList.html?page=2",
        "/news/articleList.html?sc_section_code=S1N1",
        "/",
        "#top",
        "/news/section_list_all.html?sec_no=3",
        "/company/about",
        "/2026/01/",
        "https://other.example/news/articleView.html?idxno=10",
        "https://garam.example.evil.example/news/articleView.html?idxno=10",
        "https://garam.example@evil.example/news/articleView.html?idxno=10",
        "javascript:view(10)",
        "mailto:desk@garam.example",
        "tel:0212345678",
        "http://127.0.0.1/news/articleView.html?idxno=10",
        "https://garam.example:8443/news/articleView.html?idxno=10",
        "/news/articleView.html?idxno=" + "1" * 3000,
    ],
)
def test_nothing_else_is_followed(href: str) -> None:
    assert links(href) == []


def test_each_article_stands_once_in_the_order_of_the_page() -> None:
    found = links(
        *(f"/news/articleView.html?idxno={n}&sc_code=1" for n in (3, 1, 3, 2, 1)),
        "/mobile/news/articleView.html?idxno=2",
    )
    assert [url.partition("idxno=")[2] for url in found] == ["3", "1", "2"]


def test_a_pattern_of_the_publisher_is_all_that_counts() -> None:
    assert links("/story/soft-words", "/news/articleView.html?idxno=1", pattern="/story/*") == [
        "https://www.garam.example/story/soft-words"
    ]


def test_a_base_that_leads_away_leads_to_nothing() -> None:
    body = (
        b"<html><head><base href='https://evil.example/'></head><a href='/news/articleView.html?idxno=1'>x</a></html>"
    )
    assert article_links(body, url=URL) == ()


def test_a_list_of_any_charset() -> None:
    body = "<html><meta charset=euc-kr><a href='/news/articleView.html?idxno=1'>똠방각하</a></html>".encode("cp949")
    assert len(article_links(body, url=URL)) == 1


def test_a_flood_of_links_is_bounded_and_a_deep_page_refused() -> None:
    many = "".join(f"<a href='/news/articleView.html?idxno={n}'>x</a>" for n in range(20_000))
    assert len(article_links(many.encode(), url=URL)) == 300
    with pytest.raises(Unreadable):
        article_links(b"<div>" * 100_000, url=URL)
    with pytest.raises(Unreadable):
        article_links(b"x" * 5_000_001, url=URL)


def test_the_home_page_of_a_common_system_leads_to_its_articles(samples: Path) -> None:
    body = (samples / "pages" / "mediaon-home-2018-03-24.html").read_bytes()
    found = article_links(body, url="https://garam.example/")
    assert [url.partition("no=")[2] for _, url in found] == ["6243", "6235", "6241"]
    assert all("article.html?no=" in url for _, url in found)


@given(st.lists(st.text(max_size=40), max_size=10))
def test_no_addresses_raise(hrefs: list[str]) -> None:
    body = "".join(f'<a href="{href}">x</a>' for href in hrefs).encode("utf-8", "replace")
    for _, url in article_links(b"<html>" + body, url=URL):
        assert url.startswith(("http://", "https://"))


# --- when ------------------------------------------------------------------------------------

LINK = SourceLink(source_id="garam", key="k", url="https://garam.example/1", first_seen_at=NOW, next_check_at=NOW)


def looks(link: SourceLink, source_watch: timedelta | None = None) -> list[timedelta]:
    """When a page that is always there is looked at, counted from the first look."""
    source, at, found = replace(LIST, watch=source_watch), NOW, []
    while link.next_check_at is not None:
        at = max(at, link.next_check_at)
        found.append(at - NOW)
        link = following.read(link, source, at, identity="garam:no:1")
    return found


def test_a_page_is_looked_at_ever_more_seldom_and_not_for_ever() -> None:
    assert looks(LINK) == [h * HOUR for h in (0, 1, 4, 12, 24, 36, 48, 72)]
    assert looks(LINK, timedelta(0)) == [timedelta(0)]
    assert max(looks(LINK, timedelta(days=30))) == timedelta(days=28)


def test_a_page_without_an_article_is_given_up_after_four_looks() -> None:
    link, at, times = LINK, NOW, []
    while link.next_check_at is not None:
        at = link.next_check_at
        times.append(at - NOW)
        link = following.failed(link, at, "nothing there")
    assert len(times) == 4
    assert times == sorted(times)


def test_one_slip_of_a_site_takes_nothing_back() -> None:
    known = replace(LINK, identity="garam:no:1")
    once = following.missed(known, LIST, NOW, "HTTP 404")
    assert not following.gone(once, 404)
    assert following.gone(once, 410)
    assert once.next_check_at == NOW + HOUR
    twice = following.missed(once, LIST, NOW + HOUR, "HTTP 404")
    assert following.gone(twice, 404)
    assert following.read(twice, LIST, NOW + 2 * HOUR).missing == 0
    assert not following.gone(following.missed(LINK, LIST, NOW, "HTTP 404"), 410), "nothing was known there"


@pytest.mark.parametrize(
    ("answers", "down"),
    [([False], False), ([False] * 2, False), ([False] * 3, True), ([False] * 3 + [True] * 3, False), ([], False)],
)
def test_many_missing_at_once_are_the_sites_trouble(answers: list[bool], down: bool) -> None:
    assert following.site_is_down(answers) is down
