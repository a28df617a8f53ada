"""Feeds as feed readers, caches and people get them."""

from __future__ import annotations

import gzip
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import feedparser
import httpx
import pytest

from syndication.adapters.files import FilePublisher
from syndication.ports import Transient
from syndication.web.feeds import readable_page
from tests.web.conftest import FEED, House, templates

RSS = "/feeds/daily/digest.rss"
BROWSER = {"sec-fetch-dest": "document", "accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
def on_disk(house: House, tmp_path: Path) -> House:
    """The same house with feeds as files."""
    publisher = FilePublisher(tmp_path)
    publisher.publish("feeds/daily/digest.rss", FEED, "application/rss+xml")
    house.site = replace(house.site, ports=replace(house.site.ports, publisher=publisher))
    return house


def test_a_feed_comes_as_its_exact_bytes_with_everything_a_cache_needs(house: House) -> None:
    got = house.client().get(RSS)
    assert got.status_code == 200
    assert got.content == FEED
    assert got.headers["content-type"] == "application/rss+xml; charset=utf-8"
    assert got.headers["cache-control"] == "public, max-age=300, stale-while-revalidate=3600, stale-if-error=86400"
    assert got.headers["vary"] == "Accept-Encoding"
    assert got.headers["last-modified"] == "Mon, 19 Jan 2026 21:30:05 GMT"
    assert got.headers["content-length"] == str(len(FEED))
    assert not feedparser.parse(got.content).bozo


def test_an_atom_feed_has_its_own_media_type(house: House) -> None:
    house.publisher.publish("feeds/daily/digest.atom", b"<feed/>", "application/atom+xml")
    got = house.client().get("/feeds/daily/digest.atom")
    assert got.headers["content-type"] == "application/atom+xml; charset=utf-8"


def test_head_says_what_get_says_without_a_body(house: House) -> None:
    client = house.client()
    for headers in ({}, {"accept-encoding": "gzip"}):
        got, asked = client.get(RSS, headers=headers), client.head(RSS, headers=headers)
        assert asked.status_code == 200
        assert dict(asked.headers) == dict(got.headers)
        assert asked.content == b""


def test_gzip_unpacks_to_the_same_bytes(house: House) -> None:
    got = house.client().get(RSS, headers={"accept-encoding": "gzip"})
    assert got.headers["content-encoding"] == "gzip"
    assert got.content == FEED  # httpx has unpacked it
    assert int(got.headers["content-length"]) == len(gzip.compress(FEED, compresslevel=6, mtime=0))


def test_an_unchanged_feed_is_304_and_a_changed_one_200_at_the_next_request(on_disk: House) -> None:
    client = on_disk.client()
    etag = client.get(RSS).headers["etag"]
    assert client.get(RSS, headers={"if-none-match": etag}).status_code == 304
    on_disk.site.ports.publisher.publish("feeds/daily/digest.rss", FEED.replace(b"rss version", b"rss  version"), "")
    changed = client.get(RSS, headers={"if-none-match": etag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != etag


def test_last_modified_is_when_the_bytes_changed_not_when_they_were_published_again(on_disk: House) -> None:
    before = on_disk.client().get(RSS).headers["last-modified"]
    assert on_disk.site.ports.publisher.publish("feeds/daily/digest.rss", FEED, "") is False
    after = on_disk.client().get(RSS).headers["last-modified"]
    assert after == before
    assert datetime.strptime(before, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC).year >= 2025


@pytest.mark.parametrize(
    "path",
    [
        "/feeds/nothing.rss",
        "/feeds/daily/digest",
        "/feeds/daily/../../secret.rss",
        "/feeds/%2e%2e/secret.rss",
        "/feeds/daily/%2e%2e%2f%2e%2e%2fsecret.rss",
        "/feeds//daily/digest.rss",
        "/feeds/.publishing-x.tmp",
        "/feeds/daily/.hidden.rss",
        "/feeds/daily%5cdigest.rss",
        "/feeds/daily/digest.rss%00",
        "/feeds/" + "a" * 300 + ".rss",
        "/feeds/가람.rss",
    ],
)
def test_what_is_no_feed_is_a_plain_404(on_disk: House, path: str) -> None:
    got = on_disk.client().get(path)
    assert got.status_code == 404
    assert b"Traceback" not in got.content


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_feeds_can_only_be_read(house: House, method: str) -> None:
    got = house.client().request(method, RSS)
    assert got.status_code == 405
    assert got.headers["allow"] == "GET, HEAD"


def test_a_person_who_opens_a_feed_gets_a_page_and_nobody_keeps_it(house: House) -> None:
    page = house.client().get(RSS, headers=BROWSER)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"] == "private, no-store"
    assert "Sec-Fetch-Dest" in page.headers["vary"]
    assert "이 페이지는 피드입니다" in page.text
    assert "https://garam.example/feeds/daily/digest.rss" in page.text
    assert '<a href="https://garam.example/daily/2026-01-20">' in page.text


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"accept": "*/*"},
        {"accept": "text/html,application/xml;q=0.9"},  # a feed reader that poses as a browser
        {"accept": "application/rss+xml", "sec-fetch-dest": "empty"},
        {"accept": "text/html", "sec-fetch-dest": "empty"},
    ],
)
def test_a_program_always_gets_the_feed(house: House, headers: dict[str, str]) -> None:
    assert house.client().get(RSS, headers=headers).content == FEED


def test_a_feed_that_is_no_xml_is_served_as_it_is_even_to_a_person(house: House) -> None:
    house.publisher.publish("feeds/daily/broken.rss", b"<rss><channel>", "")
    assert house.client().get("/feeds/daily/broken.rss", headers=BROWSER).content == b"<rss><channel>"


@pytest.mark.parametrize("bad", ["javascript:alert(1)", "data:text/html,x", "//garam.example/x"])
def test_the_readable_page_links_to_the_web_alone_and_escapes_headlines(bad: str) -> None:
    feed = (
        '<rss version="2.0"><channel><title>가람</title><language>en</language>'
        f"<item><title>&lt;script&gt;alert(1)&lt;/script&gt;</title><link>{bad}</link></item></channel></rss>"
    ).encode()
    page = readable_page(feed, templates()["feeds/feed.xsl"].encode())
    assert page is not None
    assert b"<script" not in page
    assert bad.encode() not in page
    assert b"This page is a feed" in page


def test_an_atom_feed_is_shown_too() -> None:
    feed = (
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="ko"><title>가람 아침</title>'
        '<link rel="self" href="https://garam.example/feeds/daily/digest.atom"/>'
        '<entry><title>나루군 소식</title><link rel="alternate" href="https://garam.example/daily/2026-01-20"/>'
        "<summary>한 줄</summary><published>2026-01-20T06:30:00+09:00</published></entry></feed>"
    ).encode()
    page = (readable_page(feed, templates()["feeds/feed.xsl"].encode()) or b"").decode()
    assert "나루군 소식" in page
    assert 'href="https://garam.example/daily/2026-01-20"' in page
    assert "2026-01-20 06:30 KST" in page


def test_the_stylesheet_and_a_page_about_feeds_are_there(house: House) -> None:
    client = house.client()
    assert client.get("/feeds/feed.xsl").headers["content-type"] == "application/xslt+xml; charset=utf-8"
    about: httpx.Response = client.get("/feeds/")
    assert "피드는 새 글을 알려 주는 주소입니다" in about.text
    assert "https://garam.example/feeds/daily/digest.rss" in about.text


class Failing:
    """A Publisher whose disk does not answer."""

    def publish(self, path: str, body: bytes, content_type: str) -> bool:
        raise Transient("disk")

    def read(self, path: str) -> bytes | None:
        raise Transient("disk")

    def changed_at(self, path: str) -> datetime | None:
        raise Transient("disk")


def test_a_failing_disk_is_a_503_that_says_when_to_come_back(house: House) -> None:
    house.site = replace(house.site, ports=replace(house.site.ports, publisher=Failing()))
    got = house.client().get(RSS)
    assert got.status_code == 503
    assert got.headers["retry-after"] == "30"
    assert got.headers["cache-control"] == "no-store"
