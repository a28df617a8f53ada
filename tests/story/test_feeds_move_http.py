"""A newsreader with a store of its own follows a feed through its move, over HTTP: nothing that it knows is new."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from syndication import publish
from syndication.adapters.memory import MemoryStore
from syndication.core.model import Appear
from syndication.publish.adopting import adopt_feed, editions_of
from syndication.web import Site, create_app
from tests.render.feed_taken import reader
from tests.story.paper import EDITION, FEED, GARAM, TUESDAY, Paper, make_paper, rss
from tests.story.test_feeds_move import COUNT, GUIDS, old_item

OLD, OURS = "/rss/all.xml", "/feeds/daily/articles.rss"


@contextmanager
def served(app: Any, port: int) -> Iterator[None]:
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    end = time.monotonic() + 60
    while not server.started:
        assert time.monotonic() < end, "the server did not start"
        time.sleep(0.02)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(30)


def old_site(body: bytes) -> Any:
    """The paper's former system: one feed, served as such systems do."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        found = scope["path"] == OLD
        headers = [(b"content-type", b"text/xml; charset=utf-8"), (b"last-modified", b"Sat, 10 Jan 2026 03:00:00 GMT")]
        await send({"type": "http.response.start", "status": 200 if found else 404, "headers": headers})
        await send({"type": "http.response.body", "body": body if found else b""})

    return app


def new_site(paper: Paper, home: str, moved: Mapping[str, str]) -> Any:
    return create_app(
        Site(
            ports=paper.ports,
            outlet=replace(paper.setup.outlet, url=home),
            editions=tuple(paper.setup.editions.values()),
            keys=paper.setup.keys,
            templates=paper.setup.templates,
            moved=moved,
        )
    )


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> str:
    """An address on loopback that nobody listens at yet."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with socket.socket() as there:
        there.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{there.getsockname()[1]}"


def port_of(home: str) -> int:
    return int(home.rpartition(":")[2])


@contextmanager
def newsreader(place: Path) -> Iterator[Any]:
    """A reader's program, started anew: what it knows is in its file."""
    with reader.make_reader(str(place / "reader.sqlite")) as library:
        yield library


def looked(place: Path) -> tuple[set[str], set[str]]:
    """(ids of all that the reader has, titles of what it shows as new), after it looked for news."""
    with newsreader(place) as library:
        asked_at = [feed.last_retrieved for feed in library.get_feeds()]
        library.update_feeds(scheduled=False)  # now, and not when it would look by itself
        assert [feed.last_retrieved for feed in library.get_feeds()] != asked_at
        assert [f.last_exception for f in library.get_feeds() if f.last_exception] == []
        entries = list(library.get_entries())
        new = [entry for entry in entries if not entry.read]
        for entry in new:
            library.mark_entry_as_read(entry)
        return {entry.id for entry in entries}, {str(entry.title) for entry in new}


def collected(paper: Paper, *items: str) -> None:
    paper.clock.move(timedelta(hours=2))
    paper.serve(FEED, rss(*items))
    paper.collect()
    publish.refresh(paper.ports, paper.setup)


@pytest.mark.parametrize("kind", ["an address", "a number", "nothing"])
def test_who_followed_an_old_feed_sees_none_of_its_200_items_as_new_after_the_move(
    kind: str, home: str, tmp_path: Path
) -> None:
    body = rss(*(old_item(n, guid=GUIDS[kind](n)) for n in range(1, COUNT + 1)))
    paper = make_paper(MemoryStore(), edition=replace(EDITION, appear=Appear.AT_ONCE))
    paper.go(TUESDAY, "09:00")
    with served(old_site(body), port_of(home)):
        with newsreader(tmp_path) as library:
            library.add_feed(home + OLD)
        followed, _ = looked(tmp_path)
        assert len(followed) == COUNT
        told = httpx.get(home + OLD, trust_env=False)
    adopt_feed(paper.ports, paper.setup, GARAM, told.content, url=home + OLD, editions=editions_of(paper.setup, GARAM))
    publish.refresh(paper.ports, paper.setup)

    with served(new_site(paper, home, {OLD: OURS}), port_of(home)):
        assert httpx.get(home + OLD, trust_env=False).status_code == 301
        assert looked(tmp_path) == (followed, set()), "the old address leads to ours"
        with newsreader(tmp_path) as library:
            (feed,) = library.get_feeds()
            if feed.url != home + OURS:
                library.change_feed_url(feed.url, home + OURS)
        assert looked(tmp_path) == (followed, set()), "the new address is followed"
        elsewhere = (old_item(n, guid=GUIDS[kind](n)).replace("/news/articleView.html?", "/a/view?") for n in (1, 2))
        collected(paper, *(elsewhere if kind != "nothing" else ()))
        assert looked(tmp_path) == (followed, set()), "stories moved to other addresses"
        collected(paper, old_item(COUNT + 1, guid=GUIDS[kind](COUNT + 1), title="새 소식"))
        assert "새 소식".encode() in (paper.publisher.read(OURS[1:]) or b"")
        assert looked(tmp_path)[1] == {"새 소식"}, "what is new is new once"
        assert looked(tmp_path)[1] == set()


def test_who_follows_a_feed_of_ours_sees_nothing_as_new_when_the_outlet_moves_to_another_host(
    home: str, tmp_path: Path
) -> None:
    paper = make_paper(MemoryStore(), edition=replace(EDITION, appear=Appear.AT_ONCE))
    paper.go(TUESDAY, "09:00")
    collected(paper, *(old_item(n, guid=f"garam-{n}") for n in range(1, COUNT + 1)))
    with served(new_site(paper, home, {}), port_of(home)):
        with newsreader(tmp_path) as library:
            library.add_feed(home + OURS)
        followed, new = looked(tmp_path)
        assert len(followed) == len(new) == COUNT
    paper.setup = replace(paper.setup, outlet=replace(paper.setup.outlet, url="https://news.garam.example"))
    collected(paper, old_item(1, guid="garam-1", text="고친 소식이다."))
    assert b"https://news.garam.example/feeds/daily/articles.rss" in (paper.publisher.read(OURS[1:]) or b"")
    with served(new_site(paper, home, {}), port_of(home)):
        assert looked(tmp_path) == (followed, set())
