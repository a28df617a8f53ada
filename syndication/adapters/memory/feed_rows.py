"""What the in-memory Store remembers of Feeds, as plain rows.

It has no rules: those are in `feeds`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from syndication.core.appearing import Shown
from syndication.core.catalogue import Feed, FeedState, Kept, Page
from syndication.core.model import ArticleStatus


@dataclass(slots=True, kw_only=True)
class FeedRow:
    feed: Feed
    version: int
    touched_at: datetime
    published: int = 0
    due_at: datetime | None = None
    taken_until: datetime | None = None
    closed_at: datetime | None = None
    closed_number: int = 0
    page: str | None = None
    open_page: str | None = None
    left_at: datetime | None = None

    def state(self) -> FeedState:
        return FeedState(
            feed=self.feed,
            version=self.version,
            published=self.published,
            touched_at=self.touched_at,
            due_at=self.due_at,
            closed_at=self.closed_at,
            closed_number=self.closed_number,
            page=self.page,
            open_page=self.open_page,
            left_at=self.left_at,
        )


@dataclass(slots=True, kw_only=True)
class ArticleRow:
    uri: str
    revision: int
    shown: Shown
    stamp: int = 1
    status: ArticleStatus = ArticleStatus.USABLE
    notice: str | None = None
    restated_at: datetime | None = None


@dataclass(slots=True, kw_only=True)
class EntryRow:
    appeared_at: datetime
    sorted_at: datetime
    left_at: datetime | None = None


@dataclass(slots=True, kw_only=True)
class FeedRows:
    feeds: dict[str, FeedRow] = field(default_factory=dict)
    articles: dict[int, ArticleRow] = field(default_factory=dict)
    entries: dict[tuple[str, int], EntryRow] = field(default_factory=dict)
    issues: dict[int, int] = field(default_factory=dict)  # which revision has been entered
    pages: dict[tuple[str, str], Page] = field(default_factory=dict)
    stale: set[tuple[str, str]] = field(default_factory=set)
    pieces: dict[tuple[str, str, str, int], Kept] = field(default_factory=dict)
    adopted: dict[str, str] = field(default_factory=dict)
    amended: dict[int, datetime] = field(default_factory=dict)  # when an Issue's newest revision was frozen
