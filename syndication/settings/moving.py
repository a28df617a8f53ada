"""Addresses of feeds that moved or ended: the entries of [feeds] moved and ended.

It answers nobody: web.feeds does.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from syndication.settings import kinds
from syndication.settings.problems import Wrong

MOVED = '[{ from = "/rss/all.xml", to = "/feeds/daily/articles.rss" }]'
ENDED = '["/feeds/weekend/"]'


def path(value: Any) -> str:
    """A path of this installation, as its letters: /feeds/section/사회/articles.rss, percent-encoded or not."""
    words = kinds.text(value)
    if not words.startswith("/") or words.startswith("//") or words == "/":
        raise Wrong(f"{kinds.shown(words)} is no path: it begins with one / and names something below it", '"/rss.xml"')
    if "?" in words or "#" in words or "\\" in words:
        raise Wrong(f"{kinds.shown(words)} holds ? or # or a backslash: only the path is looked at")
    return unicodedata.normalize("NFC", unquote(words))


def move(value: Any) -> tuple[str, str]:
    """A move out of { from = path, to = path or URL }."""
    if not isinstance(value, Mapping) or set(value) != {"from", "to"}:
        raise Wrong(f"this is {kinds.shown(value)}, where a table of from and to is expected", MOVED)
    before, after = path(value["from"]), value["to"]
    to = path(after) if isinstance(after, str) and after.startswith("/") else kinds.url(after)
    if to == before:
        raise Wrong("this leads to itself")
    return before, to
