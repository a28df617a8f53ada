"""Killed at any point between publishing and telling, no telling is lost."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

import pytest

from syndication import publish, telling
from syndication.adapters.files import FilePublisher
from syndication.adapters.sql import open_store
from syndication.adapters.websub import HubHerald
from syndication.core.catalogue import DIALECTS, path_of
from syndication.core.telling import Ear, Listener
from tests.story.paper import FEED, TUESDAY, Paper, at, make_paper, rss, story

pytestmark = pytest.mark.slow
HOME = "https://garam.example/"
DEADLY = ("publish", "note_changed", "settle_feed", "take_tellings", "tell", "settle_tellings")


@dataclass
class Hub:
    """What a hub would hand on: the bytes that stood there when it was told last."""

    folder: Path
    url: str = ""
    knows: dict[str, str] = field(default_factory=dict)

    def hear(self, topic: str) -> None:
        path = unquote(topic.removeprefix(HOME))
        self.knows[path] = standing(self.folder, path)


def standing(folder: Path, path: str) -> str:
    return hashlib.sha256((folder / "public" / path).read_bytes()).hexdigest()


@contextmanager
def listening(folder: Path) -> Iterator[Hub]:
    hub = Hub(folder)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            hub.hear(form["hub.topic"][0])
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.url = f"http://127.0.0.1:{server.server_port}/"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield hub
    server.shutdown()
    server.server_close()


def open_paper(folder: Path, url: str) -> Paper:
    paper = make_paper(open_store(f"sqlite:///{folder / 'store.db'}"))
    listener = Listener(ear=Ear.HUB, url=url)
    herald = HubHerald(url, user_agent="syndication/test", loopback=True)
    paper.ports = replace(paper.ports, publisher=FilePublisher(folder / "public"), heralds={listener.name: herald})
    paper.setup = replace(paper.setup, hub=url, listeners=(listener,))
    paper.clock.at = at(TUESDAY, "06:30")
    return paper


class Deadly:
    """A port that ends the process, as `kill -9` does, before or after its so-many-th deed of all."""

    left = 0

    def __init__(self, port: Any) -> None:
        self._port = port

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if name not in DEADLY:
            return found

        def deed(*args: Any, **more: Any) -> Any:
            self._step()
            made = found(*args, **more)
            self._step()
            return made

        return deed

    @staticmethod
    def _step() -> None:
        Deadly.left -= 1
        if Deadly.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def work(folder: str, url: str, minutes: str, steps: str) -> None:
    """Publish and tell, in a process of its own; killed after so many steps (0: never)."""
    paper = open_paper(Path(folder), url)
    paper.clock.move(timedelta(minutes=int(minutes)))
    Deadly.left = int(steps)
    ports = replace(
        paper.ports,
        store=Deadly(paper.ports.store),
        publisher=Deadly(paper.ports.publisher),
        heralds={name: Deadly(herald) for name, herald in paper.ports.heralds.items()},
    )
    publish.refresh(ports, paper.setup)
    telling.tell(ports, paper.setup)


def run(folder: Path, url: str, minutes: int, steps: int = 0) -> int:
    code = "import sys; from tests.story.test_telling_killed import work; work(*sys.argv[1:])"
    command = [sys.executable, "-c", code, str(folder), url, str(minutes), str(steps)]
    return subprocess.run(command, check=False, capture_output=True, cwd=Path(__file__).parents[2]).returncode


def test_whenever_it_is_killed_the_hub_ends_up_knowing_what_stands_there(tmp_path: Path) -> None:
    with listening(tmp_path) as hub:
        paper = open_paper(tmp_path, hub.url)
        paper.serve(FEED, rss(story(1), story(2)))
        paper.go(TUESDAY, "06:00")
        paper.collect()
        paper.go(TUESDAY, "06:20")
        paper.tick()
        minutes, steps, killed = 0, 1, 0
        while (code := run(tmp_path, hub.url, minutes, steps)) != 0:
            assert code == -signal.SIGKILL, code
            killed, minutes, steps = killed + 1, minutes + 10, steps + 7
        keys = [state.feed.key for state in paper.store.feed_states()]
        feeds = {path_of(key, dialect) for key in keys for dialect in DIALECTS}
        assert killed > 3
        assert hub.knows == {path: standing(tmp_path, path) for path in feeds}
        (heard,) = paper.store.heard()
        assert (heard.waiting, heard.told, heard.parked) == (0, len(feeds), {})
