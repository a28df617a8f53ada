"""Feeds, pages and dropped files into what they say: Articles with their identities, teasers, weather, and what was
set aside and why.

It fetches nothing and knows no clock; pages are read by `pages`, dates by `dates`.
"""

from __future__ import annotations

from datetime import datetime

from syndication.core.model import ArticleContent, Reading


def read_feed(body: bytes, *, url: str | None, content_type: str, outlet: str) -> Reading:
    """What an RSS 2.0, RSS 1.0 or Atom feed says. One bad item is set aside with its reason, the others stay."""
    raise NotImplementedError


def read_input(
    body: bytes, *, url: str | None, content_type: str, outlet: str, first_seen: datetime | None = None
) -> Reading:
    """What a feed or a page says, sniffed from its bytes. Never raises: an unreadable input is set aside."""
    raise NotImplementedError


def read_dropped(name: str, body: bytes, outlet: str) -> Reading:
    """What a file of a drop folder says: .txt, .md, .html, or a whole page or feed. Its name is its identity."""
    raise NotImplementedError


def canonical_url(url: str) -> str:
    """One form for the addresses of one article: for comparing, not for following."""
    raise NotImplementedError


def identity(
    outlet: str, *, number: str | None = None, guid: str | None = None, url: str | None = None, title: str
) -> str:
    """The identity of an Article: outlet key and article number, else guid, else canonical URL, else title."""
    raise NotImplementedError


def content_hash(content: ArticleContent) -> str:
    """A hash over title and body alone."""
    raise NotImplementedError
