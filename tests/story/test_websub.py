"""A hub and a subscriber of somebody else's making are told by us, and get what we publish (WebSub)."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from syndication import publish, telling
from syndication.adapters.files import FilePublisher
from syndication.adapters.memory import MemoryStore
from syndication.adapters.websub import HubHerald
from syndication.core.model import ArticleStatus
from syndication.core.telling import Ear, Listener
from syndication.web import Site, create_app
from tests.contract import websub_party
from tests.story.paper import FEED, TITLES, TUESDAY, Paper, item, make_paper, rss, story

pytest.importorskip("flask_websub")


@dataclass
class Party:
    hub: str
    subscriber: str

    def subscribe(self, url: str) -> dict[str, str]:
        answer = httpx.post(f"{self.subscriber}/subscribe", data={"url": url}, timeout=20)
        answer.raise_for_status()
        return dict(answer.json())

    def received(self) -> list[dict[str, str]]:
        return list(httpx.get(f"{self.subscriber}/received", timeout=20).json())

    def asked(self) -> list[dict[str, str]]:
        return list(httpx.get(f"{self.hub}/asked", timeout=20).json())


@pytest.fixture
def party(tmp_path: Path) -> Iterator[Party]:
    command = [sys.executable, websub_party.__file__, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        ports = json.loads(line)
        yield Party(hub=f"http://127.0.0.1:{ports['hub']}", subscriber=f"http://127.0.0.1:{ports['subscriber']}")
        process.kill()


@dataclass
class Town:
    """A paper whose feeds are really served, and which really tells."""

    paper: Paper
    home: str

    def publish_and_tell(self) -> dict[str, int]:
        publish.refresh(self.paper.ports, self.paper.setup)
        return dict(telling.tell(self.paper.ports, self.paper.setup))

    def url(self, path: str) -> str:
        return f"{self.home}/{path}"

    def stands(self, path: str) -> str:
        return httpx.get(self.url(path), timeout=20).text


@pytest.fixture
def town(party: Party, tmp_path: Path) -> Iterator[Town]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        home = f"http://127.0.0.1:{free.getsockname()[1]}"
    paper = make_paper(MemoryStore())
    hub = Listener(ear=Ear.HUB, url=f"{party.hub}/hub")
    herald = HubHerald(hub.url, user_agent="syndication/test", loopback=True)
    paper.ports = replace(paper.ports, publisher=FilePublisher(tmp_path / "public"), heralds={hub.name: herald})
    outlet = replace(paper.setup.outlet, url=home)
    paper.setup = replace(paper.setup, outlet=outlet, hub=hub.url, listeners=(hub,))
    paper.serve(FEED, rss(story(1), story(2)))
    paper.go(TUESDAY, "06:00")
    paper.collect()
    for minute in ("06:20", "06:30"):
        paper.go(TUESDAY, minute)
        paper.tick()
    site = Site(
        ports=paper.ports,
        outlet=outlet,
        editions=tuple(paper.setup.editions.values()),
        keys=paper.setup.keys,
        templates=paper.setup.templates,
        hubs=(hub.url,),
    )
    with serving(create_app(site), int(home.rpartition(":")[2])):
        yield Town(paper=paper, home=home)


class serving:  # noqa: N801 - reads as a context
    def __init__(self, app: Any, port: int) -> None:
        self.server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error"))
        self.thread = threading.Thread(target=self.server.run, daemon=True)

    def __enter__(self) -> None:
        self.thread.start()
        until(lambda: self.server.started)

    def __exit__(self, *_: object) -> None:
        self.server.should_exit = True
        self.thread.join(20)


def until(holds: Any) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.05)


def test_a_subscriber_gets_news_corrections_and_retractions_through_a_hub_that_is_not_ours(
    town: Town, party: Party
) -> None:
    path = "feeds/daily/articles.atom"
    assert town.publish_and_tell()["told"] > 0, "nobody has subscribed yet"
    found = party.subscribe(town.url(path))
    assert found == {"hub_url": f"{party.hub}/hub", "topic_url": town.url(path)}, "by our Link headers"
    assert party.received() == []

    town.paper.serve(FEED, rss(item(TITLES[0], "가람시는 경로당 쉰 곳을 연다고 바로잡았다."), story(2)))
    town.paper.clock.move(timedelta(hours=1))
    town.paper.collect()
    town.publish_and_tell()
    until(lambda: len(party.received()) == 1)
    (correction,) = party.received()
    assert correction == {"topic": town.url(path), "body": town.stands(path)}
    assert "쉰 곳" in correction["body"]

    article = town.paper.frozen_on().content.items[0].article
    now = town.paper.clock.now() + timedelta(minutes=5)
    assert town.paper.store.restate(article.id, ArticleStatus.CANCELED, notice="사실과 다름", at=now)
    town.paper.clock.move(timedelta(minutes=5))
    town.publish_and_tell()
    until(lambda: len(party.received()) == 2)
    retraction = party.received()[1]
    assert retraction["body"] == town.stands(path)
    assert "쉰 곳" not in retraction["body"]
    assert "사실과 다름" in retraction["body"]

    before = len(party.asked())
    assert town.publish_and_tell() == {}
    assert len(party.asked()) == before, "nothing changed, so nobody is told"


def test_a_subscriber_finds_the_hub_of_every_dialect(town: Town, party: Party) -> None:
    town.publish_and_tell()
    for path in ("feeds/daily/articles.rss", "feeds/daily/articles.json", "feeds/daily/digest.rss"):
        found = party.subscribe(town.url(path))
        assert found == {"hub_url": f"{party.hub}/hub", "topic_url": town.url(path)}
