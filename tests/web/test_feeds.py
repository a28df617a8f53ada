"""Feeds as feed readers, caches and people get them."""

from __future__ import annotations

import asyncio
import gzip
import os
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import brotli
import feedparser
import httpx
import pytest

from syndication.adapters.files import FilePublisher
from syndication.ports import Transient
from syndication.web.conditional import http_date
from syndication.web.feeds_copies import Copies, Label
from syndication.web.feeds_page import readable_page
from syndication.web.feeds_places import Folder, Found
from tests.web.conftest import FEED, House, templates

RSS = "/feeds/daily/digest.rss"
BROWSER = {"sec-fetch-dest": "document", "accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
def on_disk(house: House, tmp_path: Path) -> House:
    """The same house with feeds as files."""
    publisher = FilePublisher(tmp_path)
    publisher.publish("feeds/daily/digest.rss", FEED, "application/rss+xml")
    settle(tmp_path)
    house.site = replace(house.site, ports=replace(house.site.ports, publisher=publisher), published=Folder(tmp_path))
    return house


def settle(folder: Path, seconds: float = 60) -> None:
    """Let every file below look as if it had been written that long ago."""
    for file in folder.rglob("*.*"):
        os.utime(file, (time.time() - seconds,) * 2)


def test_a_feed_comes_as_its_exact_bytes_with_everything_a_cache_needs(house: House) -> None:
    got = house.client().get(RSS)
    assert got.status_code == 200
    assert got.content == FEED
    assert got.headers["content-type"] == "application/rss+xml; charset=utf-8"
    assert got.headers["cache-control"] == "public, max-age=300, stale-while-revalidate=60, stale-if-error=86400"
    assert got.headers["vary"] == "Accept-Encoding"
    assert got.headers["last-modified"] == "Mon, 19 Jan 2026 21:30:06 GMT"  # in whole seconds, never too early
    assert got.headers["content-length"] == str(len(FEED))
    assert not feedparser.parse(got.content).bozo


def test_an_atom_feed_has_its_own_media_type(house: House) -> None:
    house.publisher.publish("feeds/daily/digest.atom", b"<feed/>", "application/atom+xml")
    got = house.client().get("/feeds/daily/digest.atom")
    assert got.headers["content-type"] == "application/atom+xml; charset=utf-8"


def test_head_says_what_get_says_without_a_body(house: House) -> None:
    client = house.client()
    for headers in ({}, {"accept-encoding": "gzip"}, {"accept-encoding": "br"}):
        got, asked = client.get(RSS, headers=headers), client.head(RSS, headers=headers)
        assert asked.status_code == 200
        assert dict(asked.headers) == dict(got.headers)
        assert asked.content == b""


def test_gzip_unpacks_to_the_same_bytes(house: House) -> None:
    got = house.client().get(RSS, headers={"accept-encoding": "gzip"})
    assert got.headers["content-encoding"] == "gzip"
    assert got.content == FEED  # httpx has unpacked it
    assert int(got.headers["content-length"]) == len(gzip.compress(FEED, compresslevel=6, mtime=0))


def test_brotli_unpacks_to_the_same_bytes_and_has_a_tag_of_its_own(house: House) -> None:
    client = house.client()
    tags = set()
    for accepted in ("br, gzip", "gzip", "identity"):
        with_it = client.get(RSS, headers={"accept-encoding": accepted})
        tags.add(with_it.headers["etag"])
        assert with_it.content == FEED
        assert with_it.headers["vary"] == "Accept-Encoding"
        again = client.get(RSS, headers={"accept-encoding": accepted, "if-none-match": with_it.headers["etag"]})
        assert again.status_code == 304
    assert len(tags) == 3
    assert int(client.get(RSS, headers={"accept-encoding": "br"}).headers["content-length"]) == len(
        brotli.compress(FEED, mode=brotli.MODE_TEXT, quality=5)
    )


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
    assert len(got.content) == int(got.headers["content-length"]) > 0


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
    assert "2026년 1월 20일 06:30" in page


def test_the_stylesheet_and_a_page_about_feeds_are_there(house: House) -> None:
    client = house.client()
    assert client.get("/feeds/feed.xsl").headers["content-type"] == "application/xslt+xml; charset=utf-8"
    about: httpx.Response = client.get("/feeds/")
    assert "피드는 새 글을 알려 주는 주소입니다" in about.text
    assert "https://garam.example/feeds/daily/digest.rss" in about.text


class Failing:
    """A Publisher whose disk does not answer."""

    def mark(self, path: str) -> str:
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


# --- addresses -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    ["feeds/section/사회/articles.rss", "feeds/tag/100-주년/articles.atom", "feeds/region/가람시/articles.json",
     "feeds/section/사회/articles/2026-01.rss", "sitemap-news.xml", "sitemap-news-2026-01-20.xml"],
)  # fmt: skip
def test_every_published_address_is_served_also_in_korean(on_disk: House, path: str) -> None:
    on_disk.site.ports.publisher.publish(path, FEED, "")
    assert on_disk.client().get(f"/{path}").content == FEED
    assert on_disk.client().get(f"/{quote(path)}", headers={"accept-encoding": "gzip"}).content == FEED


def test_another_spelling_of_the_same_letters_leads_to_the_one_address(on_disk: House) -> None:
    path = "feeds/section/사회/articles.rss"
    on_disk.site.ports.publisher.publish(path, FEED, "")
    apart = path.replace("사회", "\u1109\u1161\u1112\u116c")  # as file systems of Apple spell it
    got = on_disk.client().get(f"/{quote(apart)}")
    assert got.status_code == 301
    assert got.headers["location"] == f"https://garam.example/{quote(path)}"
    assert on_disk.client().get(f"/{quote(apart.replace('rss', 'atom'))}").status_code == 404


def test_a_page_of_the_archive_is_kept_longer_than_a_feed(on_disk: House) -> None:
    on_disk.site.ports.publisher.publish("feeds/daily/articles/2026-01-2.rss", FEED, "")
    kept = on_disk.client().get("/feeds/daily/articles/2026-01-2.rss").headers["cache-control"]
    assert kept == "public, max-age=3600, immutable, stale-if-error=604800"


def test_a_picture_is_kept_for_ever_and_not_packed_again(on_disk: House) -> None:
    path = f"pictures/3f/3f{'0' * 62}.jpg"
    on_disk.site.ports.publisher.publish(path, b"\xff\xd8" * 1000, "image/jpeg")
    got = on_disk.client().get(f"/{path}", headers={"accept-encoding": "br, gzip"})
    assert got.content == b"\xff\xd8" * 1000
    assert got.headers["content-type"] == "image/jpeg"
    assert got.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "content-encoding" not in got.headers


def test_what_lists_files_is_no_feed(on_disk: House) -> None:
    on_disk.site.ports.publisher.publish("feeds/manifest.json", b"{}", "")
    assert on_disk.client().get("/feeds/manifest.json").headers["content-type"] == "application/json"


def archived(house: House, key: str = "section/사회/articles") -> None:
    """A feed whose archive has one page, which names the one that is not closed yet."""
    home, path = "https://garam.example", quote(f"/feeds/{key}")
    link = '<rss xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>x</title><atom:link rel="{}" href="{}"/>{}'
    ends = "<item><title>y</title></item></channel></rss>"
    feed = link.format("prev-archive", f"{home}{path}/2026-01.rss", ends)
    page = link.format("next-archive", f"{home}{path}/2026-02.rss", ends)
    house.site.ports.publisher.publish(f"feeds/{key}.rss", feed.encode(), "")
    house.site.ports.publisher.publish(f"feeds/{key}/2026-01.rss", page.encode(), "")


def test_the_next_page_of_an_archive_is_the_feed_until_it_is_closed(on_disk: House) -> None:
    archived(on_disk)
    got = on_disk.client().get("/feeds/section/사회/articles/2026-02.rss")
    assert got.status_code == 307
    assert got.headers["location"] == f"https://garam.example/{quote('feeds/section/사회/articles.rss')}"
    assert got.headers["cache-control"] == "no-cache"
    on_disk.site.ports.publisher.publish("feeds/section/사회/articles/2026-02.rss", FEED, "")
    assert on_disk.client().get("/feeds/section/사회/articles/2026-02.rss").content == FEED


@pytest.mark.parametrize("page", ["2026-03", "2025-12", "2026-02-2", "2026-2", "x"])
def test_a_page_that_nothing_names_is_a_404(on_disk: House, page: str) -> None:
    archived(on_disk)
    assert on_disk.client().get(f"/feeds/section/사회/articles/{page}.rss").status_code == 404
    assert on_disk.client().get(f"/feeds/daily/articles/{page}.rss").status_code == 404


def test_a_feed_that_moved_is_a_301_and_one_that_ended_a_410(house: House) -> None:
    moved = {"/rss/all.xml": "/feeds/section/사회/articles.rss", "/feeds/old.rss": "https://other.example/rss?a=1"}
    house.site = replace(house.site, moved=moved, ended=("/feeds/weekend/", "/rss/old.xml"))
    client = house.client()
    got = client.get("/rss/all.xml", headers={"if-none-match": "*"})
    assert (got.status_code, got.headers["location"]) == (
        301,
        f"https://garam.example/{quote('feeds/section/사회/articles.rss')}",
    )
    assert client.get("/feeds/old.rss").headers["location"] == "https://other.example/rss?a=1"
    for path in ("/feeds/weekend/digest.rss", "/feeds/weekend/articles/2026-01.atom", "/rss/old.xml"):
        assert client.get(path).status_code == 410
        assert client.head(path).content == b""
    assert client.get("/feeds/weekend.rss").status_code == 404
    assert client.get(RSS).status_code == 200
    assert client.post("/rss/all.xml").status_code == 405


@pytest.mark.parametrize("path", ["/daily/", "/daily/2026-01-20/", "/daily/2026-01-20/daily/"])
def test_a_page_asked_for_with_a_closing_slash_leads_to_its_address(house: House, path: str) -> None:
    got = house.client().get(path)
    assert (got.status_code, got.headers["location"]) == (301, path.rstrip("/"))


@pytest.mark.parametrize("path", ["/nope/", "//evil.example/", "/daily//evil.example/", "/\\evil.example/", "/u/"])
def test_a_closing_slash_leads_nowhere_else(house: House, path: str) -> None:
    got = house.client().get(f"http://garam.example{path}")
    assert got.status_code == 404
    assert "location" not in got.headers


def test_hubs_are_named_in_the_head_of_a_feed_and_of_nothing_else(house: House) -> None:
    house.site = replace(house.site, hubs=("https://hub.example/", "https://two.example/a,b?c"))
    house.publisher.publish("feeds/section/사회/articles.rss", FEED, "")
    house.publisher.publish("feeds/deleted.atom", FEED, "")
    house.publisher.publish("feeds/daily/digest/2026-01.rss", FEED, "")
    client = house.client()
    topic = f"https://garam.example/{quote('feeds/section/사회/articles.rss')}"
    got = client.get("/feeds/section/사회/articles.rss")
    assert got.headers["link"] == (
        f'<{topic}>; rel="self", <https://hub.example/>; rel="hub", <https://two.example/a,b?c>; rel="hub"'
    )
    assert got.links["self"]["url"] == topic
    for path in ("/feeds/deleted.atom", "/feeds/daily/digest/2026-01.rss", "/feeds/feed.xsl"):
        assert "link" not in client.get(path).headers
    house.site = replace(house.site, hubs=())
    assert "link" not in house.client().get(RSS).headers


# --- validators ------------------------------------------------------------------------------


def test_a_date_decides_only_where_no_tag_is_sent(on_disk: House) -> None:
    client = on_disk.client()
    first = client.get(RSS).headers
    changed = datetime.strptime(first["last-modified"], "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
    later, earlier = http_date(changed + timedelta(hours=1)), http_date(changed - timedelta(seconds=1))
    for since, status in ((first["last-modified"], 304), (later, 304), (earlier, 200), ("yesterday", 200), ("", 200)):
        assert client.get(RSS, headers={"if-modified-since": since}).status_code == status
        assert client.get(RSS, headers={"if-modified-since": since, "if-none-match": '"x"'}).status_code == 200
        both = {"if-modified-since": since, "if-none-match": first["etag"]}
        assert client.get(RSS, headers=both).status_code == 304


def test_tags_in_several_lines_are_one_list(on_disk: House) -> None:
    client = on_disk.client()
    tag = client.get(RSS).headers["etag"]
    for lines, status in (
        (('"x"', tag), 304),
        ((tag, '"x"'), 304),
        (('"a", "b"', f"W/{tag}"), 304),
        (('"a"', '"b"'), 200),
    ):
        assert client.get(RSS, headers=[("If-None-Match", line) for line in lines]).status_code == status


def test_304_repeats_what_a_cache_needs_and_says_nothing_of_a_body(on_disk: House) -> None:
    client = on_disk.client()
    first = client.get(RSS, headers={"accept-encoding": "gzip"}).headers
    again = client.get(RSS, headers={"accept-encoding": "gzip", "if-none-match": first["etag"]})
    assert again.status_code == 304
    assert set(again.headers) == {"etag", "cache-control", "vary", "last-modified"}
    assert all(again.headers[name] == first[name] for name in again.headers)


def test_what_must_be_the_same_and_is_not_is_a_412(on_disk: House) -> None:
    client = on_disk.client()
    tag = client.get(RSS).headers["etag"]
    old = "Mon, 19 Jan 2015 21:30:05 GMT"
    for headers, status in (
        ({"if-match": tag}, 200),
        ({"if-match": '"x"'}, 412),
        ({"if-match": f"W/{tag}"}, 412),
        ({"if-unmodified-since": old}, 412),
        ({"if-unmodified-since": old, "if-match": tag}, 200),
        ({"if-unmodified-since": "soon"}, 200),
        ({"if-match": tag, "if-none-match": tag}, 304),
    ):
        assert client.get(RSS, headers=headers).status_code == status, headers


def test_no_date_is_given_for_bytes_that_are_a_second_young(on_disk: House) -> None:
    """Others may come within the same second; whoever held these under its date would never see them."""
    on_disk.site.ports.publisher.publish("feeds/daily/digest.rss", FEED + b"<!-- 1 -->", "")
    client = on_disk.client()
    young = client.get(RSS)
    assert "last-modified" not in young.headers
    now = http_date(datetime.now(UTC))
    on_disk.site.ports.publisher.publish("feeds/daily/digest.rss", FEED + b"<!-- 2 -->", "")
    assert client.get(RSS, headers={"if-modified-since": now}).content.endswith(b"<!-- 2 -->")
    assert client.get(RSS, headers={"if-none-match": young.headers["etag"]}).status_code == 200


# --- copies ----------------------------------------------------------------------------------


def test_a_changed_file_is_seen_by_the_next_request_however_alike_it_looks(on_disk: House, tmp_path: Path) -> None:
    """Same size, and replaced over and over within one tick of the disk's clock."""
    client = on_disk.client()
    for n in range(40):
        body = FEED + b"<!-- %03d -->" % n
        on_disk.site.ports.publisher.publish("feeds/daily/digest.rss", body, "")
        coding = ("identity", "gzip", "br")[n % 3]
        assert client.get(RSS, headers={"accept-encoding": coding}).content == body


def test_a_file_that_is_gone_or_was_never_there_is_a_404_with_the_next_request(on_disk: House, tmp_path: Path) -> None:
    client = on_disk.client()
    assert client.get(RSS).status_code == 200
    (tmp_path / RSS[1:]).unlink()
    assert client.get(RSS).status_code == 404
    on_disk.site.ports.publisher.publish(RSS[1:], FEED, "")
    assert client.get(RSS).status_code == 200


def test_a_link_out_of_the_folder_is_not_followed(on_disk: House, tmp_path: Path) -> None:
    (tmp_path.parent / "secret.rss").write_bytes(b"secret")
    (tmp_path / "feeds/daily/away.rss").symlink_to(tmp_path.parent / "secret.rss")
    (tmp_path / "feeds/daily/loop.rss").symlink_to("loop.rss")
    (tmp_path / "feeds/daily/folder.rss").mkdir()
    (tmp_path / "feeds/away").symlink_to(tmp_path.parent)
    for path in ("daily/away.rss", "daily/folder.rss", "away/secret.rss", "daily/digest.rss/x.rss"):
        assert on_disk.client().get(f"/feeds/{path}").status_code == 404
    assert on_disk.client().get("/feeds/daily/loop.rss").status_code in (404, 503)


def test_a_folder_that_is_a_link_may_be_led_elsewhere_at_any_time(house: House, tmp_path: Path) -> None:
    for name in ("one", "two"):
        FilePublisher(tmp_path / name).publish(RSS[1:], FEED + name.encode(), "")
    settle(tmp_path)
    (tmp_path / "public").symlink_to("one")
    house.site = replace(house.site, published=Folder(tmp_path / "public"))
    client = house.client()
    assert client.get(RSS).content.endswith(b"one")
    (tmp_path / "next").symlink_to("two")
    (tmp_path / "next").replace(tmp_path / "public")
    assert client.get(RSS).content.endswith(b"two")


class Counting:
    """A quick place that counts how often a file is read."""

    quick = True

    def __init__(self, size: int = 10_000) -> None:
        self.version = 0
        self.size = size
        self.reads: list[str] = []

    def mark(self, path: str) -> int:
        return self.version

    def read(self, path: str) -> Found:
        version = self.version
        self.reads.append(path)
        time.sleep(0.02)  # long enough for others to come
        return Found(body=b"%d" % version * self.size, changed_at=None, mark=version)


def test_a_file_is_read_and_packed_once_for_all_who_ask_at_the_same_time() -> None:
    place = Counting()
    copies = Copies(place, lambda _: Label(always=[], entity=[]))

    async def ask() -> list[Any]:
        return await asyncio.gather(*(copies.current("feeds/a.rss", "gzip") for _ in range(50)))

    assert len({found.etag for found in asyncio.run(ask())}) == 1
    assert len(place.reads) == 1


def test_who_waits_for_another_still_sees_what_changed_meanwhile() -> None:
    place = Counting()
    copies = Copies(place, lambda _: Label(always=[], entity=[]))

    async def ask() -> bytes:
        first = asyncio.create_task(copies.current("feeds/a.rss", "identity"))
        await asyncio.sleep(0.01)
        place.version = 1
        late = await copies.current("feeds/a.rss", "identity")
        await first
        return late.body[:1] if late else b""

    assert asyncio.run(ask()) == b"1"


def test_memory_is_bounded_and_what_was_used_last_stays() -> None:
    place = Counting(size=100_000)
    copies = Copies(place, lambda _: Label(always=[], entity=[]), most=1_000_000)

    async def ask(path: str) -> None:
        if copies.at_hand(path, "identity") is None:
            await copies.current(path, "identity")

    async def many() -> None:
        for n in range(30):
            await ask("often")
            await ask(str(n))

    asyncio.run(many())
    assert place.reads.count("often") == 1
    assert copies.at_hand("29", "identity") is not None
    assert copies.at_hand("0", "identity") is None
    assert sum(copies.at_hand(str(n), "identity") is not None for n in range(30)) <= 9


def test_many_at_once_while_the_file_changes_get_whole_files_alone(on_disk: House) -> None:
    app = on_disk.client().app
    bodies = [FEED + b"<!-- %d -->" % n * 500 for n in range(20)]

    async def ask(client: httpx.AsyncClient, n: int) -> bytes:
        got = await client.get(RSS, headers={"accept-encoding": ("gzip", "br", "identity")[n % 3]})
        return got.content

    async def rush() -> set[bytes]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://garam.example") as client:
            asked: list[asyncio.Task[bytes]] = []
            for body in bodies:
                asked += [asyncio.create_task(ask(client, n)) for n in range(9)]
                await asyncio.to_thread(on_disk.site.ports.publisher.publish, "feeds/daily/digest.rss", body, "")
            return {*await asyncio.gather(*asked), await ask(client, 1)}

    got = asyncio.run(asyncio.wait_for(rush(), 60))
    assert got <= {*bodies, FEED}
    assert bodies[-1] in got


@pytest.mark.parametrize(
    "path", ["%00/articles/2026-01.rss", "a" * 300 + "/articles/2026-01.rss", "/".join(["a" * 200] * 30)]
)
def test_an_address_that_no_file_can_have_is_missing(on_disk: House, path: str) -> None:
    assert on_disk.client().get(f"/feeds/{path}").status_code == 404
