"""The store's part for Feeds: what appeared in them, and what is on their pages.

It does not serialise or publish.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from syndication.core.catalogue import Appearance, Feed, FeedState, Kept, Page, Place, Restatement, Story
from syndication.core.model import (
    Article,
    ArticleStatus,
    Edition,
    Issue,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted:
    """What adopting ids did: how many are kept from now on, were known, or came too late or twice (by identity)."""

    kept: int
    known: int
    refused: Mapping[str, str] = field(default_factory=dict)


class Feeds(Protocol):
    """What stands in which Feed since when, under which id, and the items serialised for it."""

    def adopt(self, ids: Mapping[str, str], now: datetime) -> Adopted:
        """Keep ids of an older feed, by the identity of the Article that each names. An Article that has appeared keeps
        the id it has for ever, and no id names two."""
        ...

    def issues_to_enter(self, editions: Collection[str]) -> Sequence[Issue]:
        """Frozen or closed Issues whose newest revision was not entered yet, oldest first."""
        ...

    def articles_to_enter(self, edition: Edition, since: datetime, limit: int) -> Sequence[Article]:
        """Usable Articles that are not in an Edition's articles Feed, first seen at or after `since` and since the
        Edition is known; oldest first."""
        ...

    def articles_known(self, identities: Collection[str]) -> Mapping[str, Article]:
        """Articles at their newest Revision, by identity."""
        ...

    def enter(self, appearances: Sequence[Appearance], *, issue: Issue | None = None) -> None:
        """Let Articles appear, and an Issue in its digest Feed. In any order and any number of times the same comes
        of it: an Article keeps the words of its earliest appearance, and the id it got with its first."""
        ...

    def revised(self, since: datetime) -> Sequence[Story]:
        """Articles in Feeds that have a newer Revision, seen at or after `since`, each at that Revision."""
        ...

    def revise(self, story: Story, feeds: Sequence[Feed]) -> None:
        """Show an Article at this Revision: it comes into Feeds that are new to it and leaves those not named."""
        ...

    def restate(self, article_id: int, status: ArticleStatus, *, notice: str | None, at: datetime) -> bool:
        """Correct, withhold, cancel or release an Article: a Revision of its own, at the top of its Feeds. False when
        it stands so already, or is unknown."""
        ...

    def retractions(self, limit: int) -> Sequence[Restatement]:
        """Articles that appeared and are withheld or canceled now, the newest retraction first."""
        ...

    def restated(self, numbers: Collection[int]) -> Mapping[int, Restatement]:
        """What became of those of these Articles whose status ever changed, by id."""
        ...

    def feed_states(self, keys: Collection[str] | None = None) -> Sequence[FeedState]:
        """Every Feed by its key; with `keys` just these."""
        ...

    def publish_anew(self) -> int:
        """Make every Feed and every page of an archive stale: nothing stands where they are published. Returns how
        many Feeds there are. A Feed made so has `published` 0."""
        ...

    def take_feeds(
        self, now: datetime, until: datetime, limit: int, *, keys: Collection[str] | None = None
    ) -> Sequence[FeedState]:
        """Claim stale Feeds for publishing until then; with `keys` just these, also when they are not stale."""
        ...

    def settle_feed(self, state: FeedState, due_at: datetime | None) -> None:
        """Note that a taken Feed was published at its version; what was touched meanwhile stays stale."""
        ...

    def entries(self, key: str, now: datetime, limit: int) -> Sequence[Place]:
        """The newest entries of an articles Feed that have appeared, newest first."""
        ...

    def next_entry_at(self, key: str, now: datetime) -> datetime | None:
        """When the next entry comes in that waits for its time."""
        ...

    def stories(self, numbers: Collection[int]) -> Mapping[int, Story]:
        """Articles as Feeds show them, by id."""
        ...

    def newest_stories(self, since: datetime, limit: int) -> Sequence[Story]:
        """Articles that appeared at or after `since`, newest first."""
        ...

    def unarchived(self, state: FeedState, now: datetime, limit: int) -> Sequence[tuple[datetime, int]]:
        """When and which entries appeared since the newest page of a Feed's archive was closed; oldest first."""
        ...

    def close_page(self, page: Page) -> FeedState:
        """Add a page to a Feed's archive. Repeatable."""
        ...

    def page_stories(self, page: Page) -> Sequence[Story]:
        """What a page holds, newest first, each at the Revision it had when the page was closed; what was taken back
        since is told so."""
        ...

    def stale_pages(self) -> Sequence[Page]:
        """Pages that hold something which was taken back since, or released."""
        ...

    def settle_page(self, page: Page) -> None: ...

    def amended_at(self, issue_ids: Collection[int]) -> Mapping[int, datetime]:
        """When the newest revision of each Issue was frozen."""
        ...

    def kept(self, namespace: str, dialect: str, kind: str, numbers: Collection[int]) -> Mapping[int, Kept]:
        """Serialised items by number; `kind` is article or issue, `namespace` tells by which layer they were made."""
        ...

    def keep(self, namespace: str, dialect: str, kind: str, kept: Sequence[Kept]) -> None:
        """Keep serialised items, each in the place of an older one of its number."""
        ...

    def forget_kept(self, namespace: str, before: datetime) -> int:
        """Drop what other layers made, and items of Articles that appeared before then; returns how many."""
        ...

    def quarantined(self, namespace: str) -> Sequence[tuple[str, Kept]]:
        """(kind, item) of what cannot be rendered, with its reason, by number."""
        ...
