"""Hubs and search engines told of what changed: once, after it stands there, and again until they heard."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from urllib.parse import unquote

import feedparser
import pytest

from syndication import publish, telling
from syndication.core.catalogue import DIALECTS, path_of, url_of
from syndication.core.model import ArticleStatus, Outcome, Reach, Verdict
from syndication.core.telling import GIVEN_UP_AFTER, Ear, Listener
from syndication.ports import Store, Transient
from tests.story.paper import FEED, TITLES, TUESDAY, Paper, item, make_paper, rss, story

HUB = Listener(ear=Ear.HUB, url="https://hub.example/")
SEARCH = Listener(ear=Ear.SEARCH, url="https://search.example/indexnow")
KEY = "0f26d5e892544f74b806ec5c5522e6a1"
OK = Outcome(verdict=Verdict.ACCEPTED, code="HTTP 202")
DOWN = Outcome(verdict=Verdict.DEFERRED, code="no answer", reason="refused", reach=Reach.TRANSPORT)
BUSY = replace(DOWN, code="HTTP 429", retry_after=timedelta(hours=1))
NO = Outcome(verdict=Verdict.REFUSED, code="HTTP 400", reason="the hub does not take this feed")
NO_HUB = replace(NO, code="HTTP 404", reach=Reach.TRANSPORT)
MINUTE = timedelta(minutes=1)


@dataclass
class Ears:
    """A herald whose far side answers as told, and what it heard."""

    paper: Paper
    at_once: int = 1
    answer: Outcome = OK
    heard: list[str] = field(default_factory=list)
    calls: int = 0
    standing: list[bytes | None] = field(default_factory=list)  # what stood there when it was told

    def tell(self, urls: Sequence[str]) -> Outcome:
        self.calls += 1
        if self.answer.verdict is Verdict.ACCEPTED:
            self.heard += urls
            paths = (unquote(url.removeprefix("https://garam.example/")) for url in urls)
            self.standing += [self.paper.publisher.read(path) for path in paths]
        return self.answer


@dataclass
class House:
    paper: Paper
    hub: Ears
    search: Ears

    def publish(self) -> None:
        publish.refresh(self.paper.ports, self.paper.setup)

    def tell(self) -> dict[str, int]:
        return dict(telling.tell(self.paper.ports, self.paper.setup))

    def later(self, by: timedelta) -> None:
        self.paper.clock.move(by)

    def revise(self, text: str) -> None:
        """A correction at the Source."""
        self.paper.serve(FEED, rss(item(TITLES[0], text), story(2)))
        self.later(timedelta(hours=1))
        self.paper.collect()

    def take_back(self) -> None:
        article = self.paper.frozen_on().content.items[0].article
        now = self.paper.clock.now()
        assert self.paper.store.restate(article.id, ArticleStatus.CANCELED, notice="사실과 다름", at=now)


@pytest.fixture
def house(store: Store) -> House:
    paper = make_paper(store)
    hub, search = Ears(paper), Ears(paper, at_once=1000)
    paper.ports = replace(paper.ports, heralds={HUB.name: hub, SEARCH.name: search})
    paper.setup = replace(paper.setup, hub=HUB.url, listeners=(HUB, SEARCH), site_key=KEY)
    paper.serve(FEED, rss(story(1), story(2)))
    paper.go(TUESDAY, "06:00")
    paper.collect()
    for minute in ("06:20", "06:30"):
        paper.go(TUESDAY, minute)
        paper.tick()
    return House(paper=paper, hub=hub, search=search)


def addresses(house: House) -> set[str]:
    """Of every feed file that stands there."""
    feeds = {(state.feed.key, dialect) for state in house.paper.store.feed_states() for dialect in DIALECTS}
    return {url_of(house.paper.setup.outlet, path_of(key, dialect)) for key, dialect in feeds}


def test_after_publishing_the_hub_hears_of_every_feed_once(house: House) -> None:
    house.publish()
    assert house.tell()["told"] > 0
    assert sorted(house.hub.heard) == sorted(addresses(house))
    house.publish()
    assert house.tell() == {}
    assert house.paper.store.take_feeds(house.paper.clock.now(), house.paper.clock.now(), 9) == []


def test_nobody_is_told_before_the_changed_bytes_stand_there(house: House) -> None:
    house.publish()
    house.tell()
    assert None not in house.hub.standing
    house.revise("가람시는 경로당 쉰 곳을 연다고 바로잡았다.")
    assert house.tell() == {}, "it is read, but not published"
    house.publish()
    house.hub.heard.clear(), house.hub.standing.clear()
    house.tell()
    assert house.hub.heard
    for url, body in zip(house.hub.heard, house.hub.standing, strict=True):
        path = unquote(url.removeprefix("https://garam.example/"))
        assert body is not None, path
        assert body == house.paper.publisher.read(path)
        assert path.startswith("feeds/daily/digest") or "쉰 곳".encode() in body


def test_search_engines_hear_of_the_pages_and_find_the_key_at_the_root(house: House) -> None:
    house.publish()
    house.tell()
    assert house.search.calls == 1
    home = "https://garam.example"
    assert set(house.search.heard) == {
        f"{home}/daily",
        f"{home}/daily/2026-01-20",
        f"{home}/news/1",
        f"{home}/news/2",
    }
    assert house.paper.publisher.files[f"{KEY}.txt"] == (KEY.encode(), "text/plain; charset=utf-8")


def test_a_retraction_is_told_to_both_and_nothing_else_with_it(house: House) -> None:
    house.publish()
    house.tell()
    house.hub.heard.clear(), house.search.heard.clear()
    house.later(MINUTE)
    house.take_back()
    house.publish()
    house.tell()
    section = url_of(house.paper.setup.outlet, "feeds/section/경제/articles.rss")
    assert "https://garam.example/feeds/daily/articles.atom" in house.hub.heard
    assert "https://garam.example/feeds/daily/digest.atom" in house.hub.heard
    assert section not in house.hub.heard, "nothing of it changed"
    article = house.paper.frozen_on().content.items[0].article
    assert article.content.url in house.search.heard
    assert "https://garam.example/daily/2026-01-20" in house.search.heard
    assert len([url for url in house.search.heard if "/news/" in url]) == 1


def test_stories_on_another_host_are_no_pages_of_ours(house: House) -> None:
    house.paper.setup = replace(
        house.paper.setup, outlet=replace(house.paper.setup.outlet, url="https://feeds.garam.example")
    )
    house.publish()
    house.tell()
    assert [url for url in house.search.heard if "/news/" in url] == []
    assert house.paper.store.heard()[0].waiting == 0


def test_a_hub_that_is_down_for_an_hour_hears_of_each_feed_once_however_often_it_changed(house: House) -> None:
    house.hub.answer = DOWN
    house.publish()
    for n in range(6):
        house.revise(f"가람시는 경로당 {n + 41}곳을 연다고 바로잡았다.")
        house.publish()
        for _ in range(10):
            house.later(MINUTE)
            house.tell()
    assert house.hub.calls < 60
    assert house.hub.heard == []
    house.hub.answer = OK
    house.later(timedelta(hours=1))
    house.tell()
    assert sorted(house.hub.heard) == sorted(addresses(house))


def test_one_that_is_down_is_asked_once_for_everything_that_is_due(house: House) -> None:
    house.hub.answer = DOWN
    house.publish()
    sums = house.tell()
    assert house.hub.calls == 1
    assert sums["put_off"] == len(addresses(house)) > 9
    assert house.tell() == {}, "a wake-up that comes again finds nothing to do"


def test_one_that_is_down_keeps_nobody_else_from_hearing(house: House) -> None:
    house.hub.answer = DOWN
    house.publish()
    house.tell()
    assert house.search.heard


def test_retry_after_is_the_least_that_is_waited(house: House) -> None:
    house.hub.answer = BUSY
    house.publish()
    house.tell()
    house.hub.answer = OK
    house.later(timedelta(minutes=59))
    assert house.tell() == {}
    house.later(timedelta(minutes=1))
    assert house.tell()["told"] == len(addresses(house))


def test_what_a_hub_refuses_is_parked_with_the_reason_and_told_when_it_changes(house: House) -> None:
    house.hub.answer = NO
    house.publish()
    house.tell()
    assert house.hub.calls == len(addresses(house)), "it was said of one feed at a time"
    (_, hub) = house.paper.store.heard()
    assert (hub.waiting, hub.parked) == (0, {"HTTP 400: the hub does not take this feed": len(addresses(house))})
    house.hub.answer = OK
    house.later(timedelta(days=1))
    assert house.tell() == {}
    house.revise("가람시는 경로당 쉰 곳을 연다고 바로잡았다.")
    house.publish()
    house.tell()
    assert house.hub.heard


def test_where_there_is_no_hub_it_is_asked_once_and_everything_is_parked(house: House) -> None:
    house.hub.answer = NO_HUB
    house.publish()
    assert house.tell()["parked"] == len(addresses(house))
    assert house.hub.calls == 1
    assert house.paper.store.tell_again(HUB.name, house.paper.clock.now()) == len(addresses(house))
    house.hub.answer = OK
    house.tell()
    assert sorted(house.hub.heard) == sorted(addresses(house))


def test_what_was_never_heard_is_given_up_after_days_with_the_last_answer(house: House) -> None:
    house.hub.answer = DOWN
    house.publish()
    end = house.paper.clock.now() + GIVEN_UP_AFTER + timedelta(hours=1)
    while house.paper.clock.now() < end:
        house.later(timedelta(minutes=20))
        house.tell()
    (_, hub) = house.paper.store.heard()
    assert hub.waiting == 0
    assert sum(hub.parked.values()) == len(addresses(house))
    (reason,) = hub.parked
    assert "no answer" in reason


def test_a_worker_that_died_between_publishing_and_settling_loses_no_telling(house: House) -> None:
    """Killed after the bytes stood there and before anything was noted: the feed is published, and noted, again."""
    ports = house.paper.ports
    dying = replace(ports, store=Stopped(ports.store, "note_changed"))
    with pytest.raises(SystemExit):
        publish.refresh(dying, house.paper.setup)
    house.later(timedelta(minutes=2))  # its claim is over
    house.publish()
    house.tell()
    assert sorted(house.hub.heard) == sorted(addresses(house))


def test_without_the_key_at_its_place_no_engine_is_asked(house: House) -> None:
    house.publish()
    ports = house.paper.ports
    house.paper.ports = replace(ports, publisher=Stopped(ports.publisher, "publish", Transient("the disk is full")))
    assert house.tell()["put_off"] == 4
    assert house.search.calls == 0
    house.paper.ports = ports
    house.later(timedelta(hours=1))
    house.tell()
    assert len(house.search.heard) == 4


def test_a_feed_names_the_hub_in_every_dialect(house: House) -> None:
    house.publish()
    files = house.paper.publisher.files
    for dialect in ("rss", "atom"):
        (hub,) = [
            link
            for link in feedparser.parse(files[f"feeds/daily/articles.{dialect}"][0]).feed.links
            if link["rel"] == "hub"
        ]
        assert hub["href"] == HUB.url
    assert json.loads(files["feeds/daily/articles.json"][0])["hubs"] == [{"type": "WebSub", "url": HUB.url}]


def test_without_a_listener_nothing_is_noted(store: Store) -> None:
    paper = make_paper(store)
    paper.serve(FEED, rss(story(1)))
    paper.go(TUESDAY, "06:00")
    paper.collect()
    paper.go(TUESDAY, "06:30")
    paper.tick()
    publish.refresh(paper.ports, paper.setup)
    assert store.heard() == []
    assert telling.tell(paper.ports, paper.setup) == {}


class Stopped:
    """A port whose one method ends the process, or fails."""

    def __init__(self, port: object, name: str, error: BaseException | None = None) -> None:
        self._port, self._name, self._error = port, name, error or SystemExit()

    def __getattr__(self, name: str) -> object:
        if name == self._name:
            return self._fail
        return getattr(self._port, name)

    def _fail(self, *_: object, **__: object) -> None:
        raise self._error
