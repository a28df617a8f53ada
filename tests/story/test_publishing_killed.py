"""Workers that publish at once, sleep and are killed at random: no half file, no older feed after a newer one.

The clock runs a hundred times as fast as ours, so that leases run out while their holders still publish."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import feedparser
import pytest
import structlog

from syndication import publish
from syndication.adapters.files import FilePublisher
from syndication.adapters.memory import MemoryPublisher
from syndication.adapters.s3 import S3Publisher
from syndication.adapters.sql import open_store
from syndication.core.catalogue import DIALECTS, path_of
from syndication.core.model import Appear
from syndication.ports import Publisher
from syndication.publish.replacing import MANIFEST, Noted
from tests.bucket import SeaweedFS
from tests.story.paper import EDITION, FEED, Paper, item, make_paper, rss

KEYS = ("daily/articles", "outlet/garam/articles", "section/사회/articles")
SPEED = 100
KILLS = 10

Open = Callable[[], Publisher]
_fork = multiprocessing.get_context("fork")


@dataclass(frozen=True, slots=True)
class FastClock:
    """Shared by all processes: the machine's own time, a hundred times as fast since `began`."""

    began: float = field(default_factory=time.time)

    def now(self) -> datetime:
        real = datetime.fromtimestamp(self.began, UTC)
        return real + timedelta(seconds=(time.time() - self.began) * SPEED)


@pytest.fixture(scope="module")
def seaweed() -> Iterator[SeaweedFS]:
    with SeaweedFS() as server:
        yield server


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    if request.param == "folder":
        return lambda: FilePublisher(tmp_path / "public")
    server: SeaweedFS = request.getfixturevalue("seaweed")
    bucket = server.bucket()
    return lambda: S3Publisher(bucket)


@dataclass
class Dawdling(Noted):
    """Now and then falls asleep with finished bytes in hand, for longer than its lease lasts."""

    def publish(
        self, path: str, body: bytes, content_type: str, *, over: str | None = None, lasting: bool = False
    ) -> bool:
        if random.random() < 0.15:
            time.sleep(random.uniform(0, 1.2))
        return self.publisher.publish(path, body, content_type, over=over, lasting=lasting)


def paper_at(url: str, publisher: Publisher, clock: FastClock) -> Paper:
    paper = make_paper(open_store(url), edition=replace(EDITION, appear=Appear.AT_ONCE))
    return replace(paper, ports=replace(paper.ports, publisher=publisher, clock=clock))


def work(url: str, place: Open, clock: FastClock) -> None:
    """Publish until killed."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    random.seed()
    paper = paper_at(url, Dawdling(place()), clock)
    while True:
        publish.refresh(paper.ports, paper.setup)


def newest(body: bytes, dialect: str) -> int:
    """The highest number of a story in a feed, which has to be whole."""
    if dialect == "json":
        found = [one["title"] for one in json.loads(body)["items"]]
    else:
        read = feedparser.parse(body)
        assert not read.bozo, body[-200:]
        found = [entry["title"] for entry in read.entries]
    return max((int(title.split()[-1]) for title in found), default=0)


@dataclass
class Reader:
    """A reader of every feed who remembers the newest story that each has shown."""

    publisher: Publisher
    shown: dict[str, int] = field(default_factory=dict)

    def look(self) -> None:
        for key in KEYS:
            for dialect in DIALECTS:
                path = path_of(key, dialect)
                body = self.publisher.read(path)
                if body is not None:
                    number = newest(body, dialect)
                    assert number >= self.shown.get(path, 0), f"{path} went back"
                    self.shown[path] = number


def add(paper: Paper, clock: FastClock, number: int) -> None:
    items = [item(f"표본 소식 {n}", f"{n}번 소식이다.", number=n) for n in range(number, max(0, number - 5), -1)]
    paper.serve(FEED, rss(*items))
    paper.clock.at = clock.now()
    paper.collect()


@pytest.mark.slow
def test_killed_at_any_point_publishers_leave_whole_files_and_never_an_older_one(place: Open, tmp_path: Path) -> None:
    chance, clock, url = random.Random(), FastClock(), f"sqlite:///{tmp_path / 'store.db'}"
    paper = make_paper(open_store(url), edition=replace(EDITION, appear=Appear.AT_ONCE))
    reader, workers, number = Reader(place()), [], 0
    for kill in range(KILLS):
        while len(workers) < 3:
            workers.append(_fork.Process(target=work, args=(url, place, clock), daemon=True))
            workers[-1].start()
        number += 1
        add(paper, clock, number)
        victim, sleeper = workers.pop(kill % 3), workers[0]
        assert victim.pid is not None
        assert sleeper.pid is not None
        _look_for(reader, chance.uniform(0.05, 0.6))
        os.kill(sleeper.pid, signal.SIGSTOP)  # as a machine that swaps; its lease runs out meanwhile
        _look_for(reader, chance.uniform(0.05, 1.2))
        assert victim.is_alive(), "it is ended by nobody but us"
        os.kill(victim.pid, signal.SIGKILL)
        victim.join()
        os.kill(sleeper.pid, signal.SIGCONT)
    for worker in workers:
        worker.kill()
        worker.join()
    reader.look()
    _finish(place, url, clock, number)
    reader.look()
    assert set(reader.shown.values()) == {number}
    assert len(reader.shown) == len(KEYS) * len(DIALECTS)


def _look_for(reader: Reader, seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        reader.look()


def _finish(place: Open, url: str, clock: FastClock, number: int) -> None:
    """Publish what is left, once the dead ones' leases have run out; then everything equals a fresh publication."""
    paper = paper_at(url, place(), clock)
    ends = time.monotonic() + 30
    while any(state.is_stale(clock.now()) for state in paper.store.feed_states()):
        publish.refresh(paper.ports, paper.setup)
        assert time.monotonic() < ends, "a feed stays stale"
    publish.refresh(paper.ports, paper.setup)
    anew = MemoryPublisher()
    fresh = replace(paper, ports=replace(paper.ports, publisher=anew))
    publish.refresh(fresh.ports, fresh.setup)
    there = place()
    listed = json.loads(there.read(MANIFEST) or b"{}")["sha256"]
    for path in anew.files.keys() - {MANIFEST}:
        assert there.read(path) == anew.read(path), path
        assert listed.get(path) in (None, there.digest(path)), path
    assert listed.keys() >= {path_of(key, dialect) for key in KEYS for dialect in DIALECTS}
