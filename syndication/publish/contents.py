"""What stands in a Feed right now: which items in which form, and how each is made from what is stored.

It serialises and publishes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from syndication.core.catalogue import NEWEST, Feed, FeedState, Restatement, Scope, Story, Version
from syndication.core.model import Channel, Edition, Issue
from syndication.ports import Ports, Setup
from syndication.publish.hanging import with_our_pictures
from syndication.publish.shelf import Items
from syndication.render.feed_articles import article_item
from syndication.render.feed_digest import digest_item
from syndication.render.feed_items import FeedItem
from syndication.render.words import Words, words

ISSUES = 60  # of a digest Feed
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """The items of a Feed in order. `due_at` is when the next one comes in that waits for its time."""

    kind: str  # article or issue
    versions: Sequence[Version]
    items: Items
    due_at: datetime | None
    updated_at: datetime | None  # when the Feed last changed; None while nothing has appeared in it


def contents_of(ports: Ports, setup: Setup, state: FeedState, now: datetime) -> Contents:
    if state.feed.kind == "digest":
        return _digests(ports, setup, setup.editions[state.feed.term], now)
    places = ports.store.entries(state.feed.key, now, NEWEST)
    changes = [place.changed_at for place in places] + ([state.left_at] if state.left_at is not None else [])
    return Contents(
        kind="article",
        versions=[place.version for place in places],
        updated_at=max(changes, default=None),
        items=lambda numbers: stories_as_items(ports, setup, ports.store.stories(numbers).values()),
        due_at=ports.store.next_entry_at(state.feed.key, now),
    )


def stories_as_items(ports: Ports, setup: Setup, stories: Iterable[Story]) -> dict[int, tuple[Version, FeedItem]]:
    return {
        story.article.id: (
            story.version,
            article_item(story, outlet=setup.outlet, say=say_in(setup, story.language)),
        )
        for story in with_our_pictures(ports, setup, stories)
    }


# --- digests ---------------------------------------------------------------------------------


def _digests(ports: Ports, setup: Setup, edition: Edition, now: datetime) -> Contents:
    issues = ports.store.issues(edition.id, ISSUES)
    told = sorted((i for i in issues if is_told(ports, i, now)), key=lambda i: (i.publish_at, i.id), reverse=True)
    made = digests_as_items(ports, setup, edition, told)
    return Contents(
        kind="issue",
        versions=[version for version, _ in made.values()],
        updated_at=max((digest.updated_at for _, digest in made.values()), default=None),
        items=lambda numbers: {number: (made[number][0], made[number][1]()) for number in numbers},
        due_at=min((i.publish_at for i in issues if i.publish_at > now), default=None),
    )


def is_told(ports: Ports, issue: Issue, now: datetime) -> bool:
    """Whether a digest Feed tells an Issue: its hour has come, and it was not held before it went out."""
    if issue.publish_at > now:
        return False
    return issue.held is None or ports.store.balance(issue.id, Channel.FEED).accepted > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """Makes an Issue's item when it is asked for: most are serialised already."""

    issue: Issue
    edition: Edition
    setup: Setup
    restated: Mapping[int, Restatement]

    @property
    def updated_at(self) -> datetime:
        """When the item last changed, without making it."""
        told = (self.restated[i.article.id].at for i in self.issue.content.items if i.article.id in self.restated)
        return max(self.issue.publish_at, self.issue.frozen_at, *told)

    def __call__(self) -> FeedItem:
        say = say_in(self.setup, self.edition.language)
        return digest_item(self.issue, outlet=self.setup.outlet, edition=self.edition, say=say, restated=self.restated)


def digests_as_items(
    ports: Ports, setup: Setup, edition: Edition, issues: Sequence[Issue]
) -> dict[int, tuple[Version, Digest]]:
    """Each Issue's item, with what was taken back since said so, by the Issue's id and in the order given."""
    told = {item.article.id for issue in issues for item in issue.content.items}
    restated = ports.store.restated(told)
    amended = ports.store.amended_at([issue.id for issue in issues])
    dated = [replace(issue, frozen_at=amended.get(issue.id, issue.frozen_at)) for issue in issues]
    return {
        issue.id: (_version(issue, restated), Digest(issue=issue, edition=edition, setup=setup, restated=restated))
        for issue in dated
    }


def _version(issue: Issue, restated: Mapping[int, Restatement]) -> Version:
    """The newest change of an Article's status stamps it, to the microsecond."""
    times = (restated[item.article.id].at for item in issue.content.items if item.article.id in restated)
    newest = max(times, default=_EPOCH)
    return Version(number=issue.id, revision=issue.revision, stamp=(newest - _EPOCH) // timedelta(microseconds=1))


# --- whose words -----------------------------------------------------------------------------


def edition_of(setup: Setup, feed: Feed) -> Edition | None:
    return setup.editions.get(feed.term) if feed.scope is Scope.EDITION else None


def language_of(setup: Setup, feed: Feed) -> str:
    """Its Edition's; of a Feed that several share, that of the first one."""
    edition = edition_of(setup, feed) or next(iter(setup.editions.values()), None)
    return edition.language if edition is not None else "ko"


def zone_of(setup: Setup, feed: Feed) -> str:
    edition = edition_of(setup, feed) or next(iter(setup.editions.values()), None)
    return edition.zone if edition is not None else "Asia/Seoul"


def say_in(setup: Setup, language: str) -> Words:
    return words(language, setup.templates)
