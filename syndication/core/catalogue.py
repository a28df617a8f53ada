"""Which Feeds there are, what belongs into each, and the address and id that each keeps for ever.

It stores and renders nothing. A word becomes a place in an address once and always in the same way.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from urllib.parse import quote

from syndication.core.flow import one_line
from syndication.core.model import Article, ArticleContent, ArticleStatus, Outlet

NEWEST = 200  # items of an articles Feed
MOST_TAGS = 10  # of one Article have a Feed each; what follows are search words
DIALECTS = ("rss", "atom", "json")
CONTENT_TYPES = {
    "rss": "application/rss+xml; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
    "json": "application/feed+json; charset=utf-8",
}

SHOWN = (ArticleStatus.USABLE, ArticleStatus.CORRECTED)

OPML = "feeds/all.opml"
DELETED = "feeds/deleted.atom"
SITEMAP = "sitemap-news.xml"  # a sitemap speaks for its own folder and what is below

_LONGEST = 60  # characters of a word in an address
_NOT_IN_PLACE = re.compile(r"[\W_]+")


class Scope(StrEnum):
    """What the items of a Feed have in common."""

    EDITION = "edition"
    OUTLET = "outlet"  # the key under which a Source's stories are known
    SECTION = "section"
    REGION = "region"
    TAG = "tag"


MAY_LEAVE = (Scope.SECTION, Scope.REGION, Scope.TAG)  # Feeds whose Articles may turn out to belong elsewhere


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """What we publish under one address in every dialect. `term` is an Edition's id, an outlet's key or a word."""

    scope: Scope
    term: str
    kind: str = "articles"  # or digest: one item per Issue

    @property
    def place(self) -> str:
        """daily; section/사회. The part of its address that is its own."""
        return self.term if self.scope is Scope.EDITION else f"{self.scope}/{place_of(self.term)}"

    @property
    def key(self) -> str:
        """daily/digest; section/사회/articles. What it is known by, for ever."""
        return f"{self.place}/{self.kind}"


def edition_feed(edition_id: str, kind: str = "articles") -> Feed:
    return Feed(scope=Scope.EDITION, term=edition_id, kind=kind)


@lru_cache(maxsize=50_000)  # the same few words name Feeds over and over
def place_of(word: str) -> str:
    """A word as it stands in an address: letters and digits of any script, small, joined by hyphens.

    Where signs were lost or the word is long, a mark of the whole word keeps it apart from its likes."""
    line = unicodedata.normalize("NFC", one_line(word)).casefold()
    spelt = _NOT_IN_PLACE.sub("-", line).strip("-")
    if spelt and spelt == line.replace(" ", "-") and len(spelt) <= _LONGEST:
        return spelt
    mark = hashlib.sha256(line.encode("utf-8", "replace")).hexdigest()[:8]
    return "-".join(part for part in (spelt[:_LONGEST].rstrip("-"), mark) if part)


# --- addresses and ids -----------------------------------------------------------------------


def path_of(key: str, dialect: str, page: str | None = None) -> str:
    """feeds/daily/articles.rss; of a page of its archive feeds/daily/articles/2026-01.rss."""
    return f"feeds/{key}.{dialect}" if page is None else f"feeds/{key}/{page}.{dialect}"


def url_of(outlet: Outlet, path: str) -> str:
    """The public address of a path, in ASCII."""
    return f"{outlet.url}/{quote(path)}"


def uri_of(domain: str, key: str) -> str:
    """A Feed's id in every dialect and on every page of its archive, however often its address changes (RFC 4151)."""
    return f"tag:{domain},2026:feed/{quote(key)}"


def page_named(first: date, part: int) -> str:
    """2026-01, and 2026-01-2 for the second page of a month that fills several."""
    return f"{first:%Y-%m}" if part == 1 else f"{first:%Y-%m}-{part}"


# --- what belongs where ----------------------------------------------------------------------


def feeds_of(content: ArticleContent, *, outlet: str, sections: Iterable[str | None], edition: str) -> list[Feed]:
    """The Feeds that an Article belongs into: its Edition's, its outlet's, those of its sections, region and tags."""
    words = (
        *((Scope.SECTION, section) for section in sections),
        (Scope.REGION, content.region),
        *((Scope.TAG, tag) for tag in content.tags[:MOST_TAGS]),
    )
    named = [Feed(scope=scope, term=one_line(word)) for scope, word in words if word and one_line(word)]
    first = [edition_feed(edition)] if edition else []
    feeds = [*first, Feed(scope=Scope.OUTLET, term=outlet), *named]
    return list({feed.key: feed for feed in feeds}.values())


# --- an Article in Feeds ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Appearance:
    """An Article that is to appear in Feeds, with the words it goes out with."""

    article_id: int
    revision: int  # which one `summary` opens
    feeds: tuple[Feed, ...]
    appears_at: datetime
    edition_id: str
    language: str
    section: str
    link: str | None
    summary: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """Which item it is and in which form: these three numbers never come again for other bytes."""

    number: int  # of the Article, or of the Issue in a digest Feed
    revision: int
    stamp: int  # rises when anything but the Revision changes


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An item's place in a Feed, and when it last changed there: came, was revised, corrected or taken back."""

    version: Version
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedState:
    """A Feed as it stands. It is stale while `version` is above `published` or `due_at` has come."""

    feed: Feed
    version: int
    published: int
    touched_at: datetime  # what came last into it, or will; how urgent it is to publish it
    due_at: datetime | None = None  # when an entry that waits for its time comes in
    closed_at: datetime | None = None  # when the newest entry appeared that is in the archive,
    closed_number: int = 0  # and its Article
    page: str | None = None  # the newest page of the archive
    open_page: str | None = None  # the one after it, as that one names it
    left_at: datetime | None = None  # when an Article last left it

    def is_stale(self, now: datetime) -> bool:
        return self.version > self.published or (self.due_at is not None and self.due_at <= now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of a Feed's archive (RFC 5005): entries from the first to the last by when they appeared."""

    key: str  # the Feed's
    name: str
    before: str | None
    after: str
    first_at: datetime
    first_number: int
    last_at: datetime
    last_number: int
    closed_at: datetime  # Revisions seen later are not in it


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A serialised item as it was kept: its bytes, or why there are none."""

    version: Version
    body: bytes | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """An Article as Feeds show it. `uri` was minted once, or adopted from an older feed of the publisher."""

    article: Article
    uri: str
    stamp: int
    appeared_at: datetime
    edition_id: str
    language: str
    section: str
    link: str | None
    summary: str | None  # None: it is to be cut from the text
    notice: str | None = None  # why it was taken back, for readers
    restated_at: datetime | None = None  # when its status last changed

    @property
    def version(self) -> Version:
        return Version(number=self.article.id, revision=self.article.revision, stamp=self.stamp)


@dataclass(frozen=True, slots=True, kw_only=True)
class Restatement:
    """What became of an Article after it had appeared: corrected, withheld for a while, canceled, or released."""

    article_id: int
    uri: str  # as in a Story
    article_uri: str
    at: datetime
    title: str
    notice: str | None
    language: str
    status: ArticleStatus

    @property
    def gone(self) -> bool:
        return self.status not in SHOWN

    @property
    def canceled(self) -> bool:
        return self.status is ArticleStatus.CANCELED
