"""Whoever is outrun looks again, a place that was emptied is filled, the manifest comes last, copies are told."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from syndication import publish
from syndication.adapters.files import FilePublisher
from syndication.adapters.memory import MemoryPublisher
from syndication.adapters.s3 import S3Publisher
from syndication.core.catalogue import DELETED, DIALECTS, OPML, SITEMAP, path_of
from syndication.core.model import Appear, ArticleStatus, Issue
from syndication.ports import Copy, Publisher, Store, Transient
from syndication.publish.replacing import MANIFEST, Noted
from tests.bucket import SeaweedFS
from tests.story.paper import EDITION, FEED, TUESDAY, Paper, make_paper, rss, story

RSS = "feeds/daily/articles.rss"
WEDNESDAY = TUESDAY + timedelta(days=1)


@pytest.fixture
def paper(store: Store) -> Paper:
    return make_paper(store, edition=replace(EDITION, appear=Appear.AT_ONCE))


@pytest.fixture(scope="module")
def seaweed() -> Iterator[SeaweedFS]:
    with SeaweedFS() as server:
        yield server


@pytest.fixture(params=["memory", "folder", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Publisher:
    if request.param == "memory":
        return MemoryPublisher()
    if request.param == "folder":
        return FilePublisher(tmp_path / "public")
    server: SeaweedFS = request.getfixturevalue("seaweed")
    return S3Publisher(server.bucket())


def refresh(paper: Paper, publisher: Publisher | None = None) -> int:
    ports = paper.ports if publisher is None else replace(paper.ports, publisher=publisher)
    return publish.refresh(ports, paper.setup)


def read(paper: Paper, *numbers: int) -> None:
    """Let these stories be read."""
    paper.serve(FEED, rss(*(story(n) for n in numbers)))
    paper.collect()


def bodies(publisher: MemoryPublisher) -> dict[str, bytes]:
    return {path: body for path, (body, _) in publisher.files.items()}


# --- two at once -----------------------------------------------------------------------------


@dataclass
class Interrupted(Noted):
    """Lets something happen right before the first file of this ending is replaced."""

    at: str = ""
    meanwhile: list[Callable[[], object]] = field(default_factory=list)

    def publish(
        self, path: str, body: bytes, content_type: str, *, over: str | None = None, lasting: bool = False
    ) -> bool:
        if path.endswith(self.at) and self.meanwhile:
            self.meanwhile.pop()()
        return self.publisher.publish(path, body, content_type, over=over, lasting=lasting)


@pytest.mark.parametrize("path", [RSS, "feeds/daily/articles.json", OPML, SITEMAP, MANIFEST])
def test_a_worker_that_slept_over_its_lease_puts_nothing_older_in_the_place_of_what_came_meanwhile(
    path: str, place: Publisher
) -> None:
    from syndication.adapters.memory import MemoryStore

    paper = make_paper(MemoryStore(), edition=replace(EDITION, appear=Appear.AT_ONCE))
    paper.go(TUESDAY, "11:00")
    read(paper, 1)

    def another_worker() -> None:
        paper.clock.move(timedelta(minutes=5))
        read(paper, 1, 2)
        refresh(paper, place)

    refresh(paper, Interrupted(place, at=path, meanwhile=[another_worker]))
    paper.clock.move(timedelta(minutes=5))
    fresh = MemoryPublisher()
    refresh(paper, fresh)
    for expected in fresh.files.keys() - {MANIFEST}:
        assert place.read(expected) == fresh.read(expected), expected
    assert b"garam.example" in (place.read(RSS) or b"")


def test_a_retraction_meanwhile_is_not_undone_by_a_tombstone_list_made_before(paper: Paper) -> None:
    paper.go(TUESDAY, "11:00")
    read(paper, 1, 2)
    refresh(paper)
    (first, second) = (s.article for s in paper.store.newest_stories(paper.clock.now() - timedelta(days=1), 9))

    def another_worker() -> None:
        paper.store.restate(first.id, ArticleStatus.CANCELED, notice="취소합니다.", at=paper.clock.now())
        refresh(paper)

    paper.store.restate(second.id, ArticleStatus.CANCELED, notice="취소합니다.", at=paper.clock.now())
    refresh(paper, Interrupted(paper.publisher, at=DELETED, meanwhile=[another_worker]))
    assert (paper.publisher.read(DELETED) or b"").count(b"deleted-entry ref") == 2


def test_what_is_withheld_while_a_page_of_an_archive_is_renewed_is_taken_out_of_it_too(store: Store) -> None:
    paper = make_paper(store, edition=replace(EDITION, appear=Appear.AT_ONCE))
    paper.go(TUESDAY, "11:00")
    read(paper, 1, 2)
    refresh(paper)
    paper.clock.move(timedelta(days=30))
    read(paper, 1, 2, 3)
    refresh(paper)
    page = "feeds/daily/articles/2026-01.rss"
    assert (paper.publisher.read(page) or b"").count(b"<item>") == 2
    articles = paper.store.newest_stories(paper.clock.now() - timedelta(days=60), 9)
    old = [one.article for one in articles if one.appeared_at.month == 1]

    def meanwhile() -> None:
        paper.store.restate(old[1].id, ArticleStatus.CANCELED, notice="취소합니다.", at=paper.clock.now())

    paper.store.restate(old[0].id, ArticleStatus.CANCELED, notice="취소합니다.", at=paper.clock.now())
    refresh(paper, Interrupted(paper.publisher, at="2026-01.json", meanwhile=[meanwhile]))
    refresh(paper)
    body = (paper.publisher.read(page) or b"").decode()
    assert all(article.content.paragraphs[0] not in body for article in old)


# --- the manifest ----------------------------------------------------------------------------


def test_the_manifest_names_every_feed_and_list_as_it_stands(paper: Paper) -> None:
    paper.go(TUESDAY, "11:00")
    read(paper, 1)
    refresh(paper)
    paper.clock.move(timedelta(hours=1))
    read(paper, 1, 2)
    refresh(paper)
    listed = json.loads(paper.publisher.read(MANIFEST) or b"")["sha256"]
    current = {path_of(state.feed.key, dialect) for state in paper.store.feed_states() for dialect in DIALECTS}
    assert listed.keys() == current | {OPML, DELETED, SITEMAP}
    for path, digest in listed.items():
        assert hashlib.sha256(paper.publisher.read(path) or b"").hexdigest() == digest


def test_a_feed_that_is_published_twice_by_one_call_is_named_as_it_stands_in_the_end(paper: Paper) -> None:
    paper.go(TUESDAY, "11:00")
    read(paper, 1)

    def another_story() -> None:
        read(paper, 1, 2)
        publish.let_appear(paper.ports, paper.setup)

    refresh(paper, Interrupted(paper.publisher, at=MANIFEST, meanwhile=[another_story]))
    listed = json.loads(paper.publisher.read(MANIFEST) or b"")["sha256"]
    assert listed[RSS] == paper.publisher.digest(RSS)
    assert (paper.publisher.read(RSS) or b"").count(b"<item>") == 2


def test_what_a_manifest_or_an_index_names_stands_there_already(paper: Paper) -> None:
    order: list[str] = []

    @dataclass
    class InOrder(Noted):
        def publish(
            self, path: str, body: bytes, content_type: str, *, over: str | None = None, lasting: bool = False
        ) -> bool:
            order.append(path)
            return self.publisher.publish(path, body, content_type, over=over, lasting=lasting)

    paper.go(TUESDAY, "11:00")
    read(paper, 1, 2)
    refresh(paper, InOrder(paper.publisher))
    assert order[-1] == MANIFEST
    assert order.index(SITEMAP) == max(n for n, path in enumerate(order) if path.startswith("sitemap"))
    assert order.index(OPML) > max(n for n, path in enumerate(order) if path.endswith("articles.json"))


def test_a_manifest_that_cannot_be_written_leaves_its_feeds_to_be_published_again(paper: Paper) -> None:
    @dataclass
    class NoManifest(Noted):
        def publish(
            self, path: str, body: bytes, content_type: str, *, over: str | None = None, lasting: bool = False
        ) -> bool:
            if path == MANIFEST:
                raise Transient("no answer")
            return self.publisher.publish(path, body, content_type, over=over, lasting=lasting)

    paper.go(TUESDAY, "11:00")
    read(paper, 1)
    publish.publish_stale(replace(paper.ports, publisher=NoManifest(paper.publisher)), paper.setup)
    publish.let_appear(paper.ports, paper.setup)
    assert publish.publish_stale(replace(paper.ports, publisher=NoManifest(paper.publisher)), paper.setup) == 0
    assert all(state.is_stale(paper.clock.now()) for state in paper.store.feed_states())
    assert refresh(paper) == len(paper.store.feed_states())


def test_lists_that_cannot_be_written_are_written_with_the_next_call(paper: Paper) -> None:
    @dataclass
    class NoSitemap(Noted):
        def publish(
            self, path: str, body: bytes, content_type: str, *, over: str | None = None, lasting: bool = False
        ) -> bool:
            if path == SITEMAP:
                raise Transient("no answer")
            return self.publisher.publish(path, body, content_type, over=over, lasting=lasting)

    paper.go(TUESDAY, "11:00")
    read(paper, 1)
    with pytest.raises(Transient):
        publish.refresh(replace(paper.ports, publisher=NoSitemap(paper.publisher)), paper.setup)
    assert paper.publisher.read(SITEMAP) is None
    paper.clock.move(timedelta(minutes=2))
    assert refresh(paper) == 1
    assert paper.publisher.read(SITEMAP) is not None
    assert SITEMAP in json.loads(paper.publisher.read(MANIFEST) or b"")["sha256"]
    assert refresh(paper) == 0


@pytest.mark.parametrize("broken", [b"", b"no json", b"[]", b'{"sha256": 3}', b'{"sha256": {"feeds/x.rss": "0"}}'])
def test_a_manifest_that_somebody_spoilt_is_mended_file_by_file(paper: Paper, broken: bytes) -> None:
    paper.go(TUESDAY, "11:00")
    read(paper, 1)
    refresh(paper)
    paper.publisher.publish(MANIFEST, broken, "application/json")
    paper.clock.move(timedelta(hours=1))
    read(paper, 1, 2)
    refresh(paper)
    assert RSS in json.loads(paper.publisher.read(MANIFEST) or b"")["sha256"]


# --- an emptied place ------------------------------------------------------------------------


def test_another_place_is_filled_with_everything_that_was_published(store: Store) -> None:
    paper = make_paper(store)
    paper.serve(FEED, rss(story(1), story(2)))
    paper.morning(TUESDAY)
    refresh(paper)
    paper.serve(FEED, rss(story(1), story(2), story(3)))
    paper.morning(WEDNESDAY)
    refresh(paper)
    assert refresh(paper) == 0
    elsewhere = MemoryPublisher()
    assert refresh(paper, elsewhere) == len(paper.store.feed_states())
    assert bodies(elsewhere) == bodies(paper.publisher)
    assert refresh(paper, elsewhere) == 0


# --- pages of Issues -------------------------------------------------------------------------


def sample_pages(issue: Issue) -> Sequence[Copy]:
    titles = ", ".join(item.article.content.title for item in issue.content.items)
    page = f"{issue.edition_id}/{issue.on}/index.html"
    return [
        Copy(path="assets/site.css", body=b"main {}", content_type="text/css"),
        Copy(path=page, body=titles.encode(), content_type="text/html; charset=utf-8"),
    ]


def test_the_page_of_an_issue_stands_before_the_feed_that_leads_to_it(store: Store) -> None:
    paper = make_paper(store)
    seen: dict[str, bool] = {}

    def before() -> None:
        seen["page"] = paper.publisher.read("daily/2026-01-20/index.html") is not None

    publisher = Interrupted(paper.publisher, at="daily/digest.rss", meanwhile=[before])
    paper = replace(paper, ports=replace(paper.ports, pages=sample_pages, publisher=publisher))
    paper.serve(FEED, rss(story(1), story(2)))
    paper.go(TUESDAY, "06:00")
    paper.collect()
    for minute in ("06:20", "06:25"):
        paper.go(TUESDAY, minute)
        paper.tick()
    publisher.meanwhile.clear()
    refresh(paper)
    assert paper.publisher.read("daily/2026-01-20/index.html") is None, "its hour has not come"
    publisher.meanwhile.append(before)
    paper.go(TUESDAY, "06:30")
    paper.drain()
    assert seen == {"page": True}
    assert paper.publisher.read("assets/site.css") == b"main {}"


def test_all_pages_come_to_another_place(store: Store) -> None:
    paper = make_paper(store)
    paper = replace(paper, ports=replace(paper.ports, pages=sample_pages))
    paper.serve(FEED, rss(story(1)))
    paper.morning(TUESDAY)
    refresh(paper)
    elsewhere = MemoryPublisher()
    refresh(paper, elsewhere)
    assert "daily/2026-01-20/index.html" in elsewhere.files


# --- those who keep copies -------------------------------------------------------------------


def test_who_keeps_copies_is_told_what_changed_and_nothing_else(paper: Paper) -> None:
    told: list[Sequence[str]] = []
    paper = replace(paper, ports=replace(paper.ports, invalidate=told.append))
    paper.go(TUESDAY, "11:00")
    read(paper, 1)
    refresh(paper)
    assert set(told.pop()) == paper.publisher.files.keys() - {MANIFEST}
    refresh(paper)
    assert told == []
    paper.clock.move(timedelta(minutes=5))
    read(paper, 1, 2)
    refresh(paper)
    assert RSS in told[0]
    assert "feeds/section/사회/articles.rss" not in told[0], "the second story is of another section"


def test_who_cannot_be_told_is_told_with_the_next_call_and_stops_nothing(paper: Paper) -> None:
    told: list[Sequence[str]] = []
    trouble = [Transient("no answer")]

    def tell(paths: Sequence[str]) -> None:
        if trouble:
            raise trouble.pop()
        told.append(paths)

    paper = replace(paper, ports=replace(paper.ports, invalidate=tell))
    paper.go(TUESDAY, "11:00")
    read(paper, 1)
    assert refresh(paper) > 0
    assert told == []
    refresh(paper)
    assert RSS in told[0]
    refresh(paper)
    assert len(told) == 1
