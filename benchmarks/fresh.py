"""Measures how soon a changed feed is served after an Issue was frozen, and after a story was taken back.

Usage: python benchmarks/fresh.py [--retractions 5] [--json]
`syndication run` lives through the morning of its sample publisher, web and workers in processes of their own, while
the feed is asked for over HTTP with its validators, again and again. Prints seconds, and asks for less than 2.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import httpx

from syndication import bootstrap, publish
from syndication.bootstrap import House
from syndication.cli.house import quiet_logs
from syndication.core.model import ArticleStatus, Issue, IssueState
from syndication.settings import write_starter

sys.path.insert(0, str(Path(__file__).parent))
from serving import free_port  # the same kind of installation

T = TypeVar("T")

MOST = 2.0  # seconds
PATIENCE = 180.0
FEED = "feeds/daily/articles.atom"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--retractions", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    quiet_logs()
    with tempfile.TemporaryDirectory(prefix="fresh-") as folder, running(Path(folder)) as (house, url):
        issue, first = freezing(house, url)
        taken = [retraction(house, url, item.article.id) for item in issue.content.items[: asked.retractions]]
    found = {"frozen": round(first, 3), "taken back": [round(seconds, 3) for seconds in taken]}
    if asked.json:
        print(json.dumps(found))
        return
    print(f"from freezing an Issue to its stories being served: {first:.2f} s (less than {MOST:.0f})")
    print(f"from taking a story back to that being served: {max(taken):.2f} s at most (less than {MOST:.0f})")


@contextlib.contextmanager
def running(folder: Path) -> Iterator[tuple[House, str]]:
    """`syndication run` in a folder; its House, as another process sees it, and the address of the feed."""
    first = next(port for port in iter(free_port, 0) if port < 65000)
    write_starter(folder / "var", first_port=first)
    file = folder / "var" / "publisher.toml"
    file.write_text(file.read_text("utf-8").replace("[web]\n", "[web]\nworkers = 2\n"), "utf-8")
    settings = bootstrap.load(file, os.environ)
    with (folder / "output").open("wb") as output:
        command = [sys.executable, "-c", "from syndication.cli import main; main()", "run"]
        environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
        program = subprocess.Popen(command, cwd=folder, env=environ, stdout=output, stderr=output)
    try:
        until(lambda: settings.storage.folder.joinpath("syndication.sqlite3").exists())
        house = bootstrap.open_house(settings)
        yield house, f"http://127.0.0.1:{settings.web.port}/{FEED}"
        house.close()
    finally:
        program.terminate()
        program.wait(60)


def freezing(house: House, url: str) -> tuple[Issue, float]:
    """The first Issue that is frozen, and how many seconds later its stories are served."""
    issue = until(lambda: next((i for i in house.store.issues("daily", 1) if i.state is not IssueState.EMPTY), None))
    frozen = time.monotonic()
    title = issue.content.items[0].article.content.title
    until(lambda: title in asked_for(url))
    return issue, time.monotonic() - frozen


def retraction(house: House, url: str, article_id: int) -> float:
    """How many seconds after a story was taken back a request with validators is answered by the changed feed."""
    time.sleep(0.2)
    known = {"If-None-Match": httpx.get(url).headers["etag"]}
    assert httpx.get(url, headers=known).status_code == 304
    began = time.monotonic()
    now = house.ports.clock.now()
    assert house.store.restate(article_id, ArticleStatus.CANCELED, notice="표본 기사를 거두었습니다.", at=now)
    publish.refresh(house.ports, house.setup)
    until(lambda: httpx.get(url, headers=known).status_code == 200)
    took = time.monotonic() - began
    entries = re.findall(rf"<entry>.*?article/{article_id}</id>.*?</entry>", asked_for(url), re.DOTALL)
    assert any("[기사 취소]" in entry for entry in entries), "the feed does not say so"
    return took


def asked_for(url: str) -> str:
    try:
        got = httpx.get(url)
    except httpx.TransportError:
        return ""  # the web is still starting
    return got.text if got.status_code == 200 else ""


def until(look: Callable[[], T | None]) -> T:
    """What `look` finds in the end, asked every 20 ms."""
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        found = look()
        if found:
            return found
        time.sleep(0.02)
    raise SystemExit("nothing came of it; is the machine very busy?")


if __name__ == "__main__":
    main()
