"""Closes pages of the Feeds' archives (RFC 5005), once each; and takes words out of them that were taken back.

It touches no current Feed: whoever publishes that names the newest page in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import partial
from zoneinfo import ZoneInfo

import structlog

from syndication.core.archive import MOST, Dated, closed_page
from syndication.core.catalogue import CONTENT_TYPES, DIALECTS, Feed, FeedState, Page, Version, path_of
from syndication.core.model import Issue
from syndication.ports import Outrun, Ports, Setup
from syndication.publish.contents import (
    ISSUES,
    digests_as_items,
    edition_of,
    is_told,
    language_of,
    say_in,
    stories_as_items,
    zone_of,
)
from syndication.publish.issue_pages import publish_pages
from syndication.publish.replacing import LOOKS, at_once, marks_of, sound
from syndication.publish.shelf import shelves
from syndication.render.feed_heads import feed_head
from syndication.render.feed_items import FeedItem
from syndication.render.feed_pieces import joined

log = structlog.get_logger()

ALL_ISSUES = 10_000  # of an Edition: 27 years of daily ones


def close_pages(ports: Ports, setup: Setup, state: FeedState, now: datetime) -> FeedState:
    """Publish every page that can be closed, oldest first; returns the Feed with its archive as it is then."""
    while True:
        page = closed_page(state, _waiting(ports, setup, state, now), now)
        if page is None:
            return state
        publish_page(ports, setup, state.feed, page)
        state = ports.store.close_page(page)
        log.info("page of a feed's archive closed", feed=state.feed.key, page=page.name)


def publish_page(ports: Ports, setup: Setup, feed: Feed, page: Page) -> Mapping[str, bytes]:
    """Publish a page in every dialect; returns its bytes, which the same stored Revisions give at any later time."""
    paths = {dialect: path_of(feed.key, dialect, page.name) for dialect in DIALECTS}
    for _ in range(LOOKS):
        marks = marks_of(ports.publisher, paths)
        bodies = _bodies(ports, setup, feed, page)
        writes = [
            partial(ports.publisher.publish, paths[dialect], body, CONTENT_TYPES[dialect], over=marks[dialect])
            for dialect, body in bodies.items()
        ]
        try:
            sound(at_once(writes))
            return bodies
        except Outrun:
            continue
    raise Outrun(f"page {page.name} of {feed.key} is being replaced by others all the time")


def _bodies(ports: Ports, setup: Setup, feed: Feed, page: Page) -> dict[str, bytes]:
    """The bytes of a page by dialect."""
    made = _items(ports, setup, feed, page)
    versions = [version for version, _ in made.values()]
    changed = max((item.updated_at for _, item in made.values()), default=page.last_at)
    shelf, kind = shelves(ports, setup), "issue" if feed.kind == "digest" else "article"
    edition, language = edition_of(setup, feed), language_of(setup, feed)
    found: dict[str, bytes] = {}
    for dialect in DIALECTS:
        head = feed_head(
            feed,
            dialect,
            outlet=setup.outlet,
            edition=edition,
            language=language,
            updated_at=changed,
            say=say_in(setup, language),
            page=page,
        )
        bodies = shelf.bodies(dialect, kind, versions, lambda numbers: {n: made[n] for n in numbers})
        found[dialect] = joined(head, bodies, dialect)
    return found


def renew_pages(ports: Ports, setup: Setup) -> int:
    """Publish anew the pages that hold something which was taken back or released since; returns how many."""
    feeds = {state.feed.key: state.feed for state in ports.store.feed_states()} if ports.store.stale_pages() else {}
    pages = [page for page in ports.store.stale_pages() if page.key in feeds]
    for page in pages:
        known = _known(setup, feeds[page.key])
        if not known:
            ports.store.settle_page(page)
            continue
        publish_pages(ports, [issue.id for issue in _issues(ports, feeds[page.key], page)])
        bodies = publish_page(ports, setup, feeds[page.key], page)
        ports.store.settle_page(page)
        if _bodies(ports, setup, feeds[page.key], page) != bodies:
            publish_page(ports, setup, feeds[page.key], page)  # something was taken back meanwhile
    return len(pages)


def _known(setup: Setup, feed: Feed) -> bool:
    return feed.kind == "articles" or edition_of(setup, feed) is not None


def _waiting(ports: Ports, setup: Setup, state: FeedState, now: datetime) -> Sequence[Dated]:
    if state.feed.kind == "digest":
        issues = _issues_since(ports, state, now)
        return [Dated(at=i.publish_at, number=i.id, month=i.on.replace(day=1)) for i in issues]
    zone = ZoneInfo(zone_of(setup, state.feed))
    waiting = ports.store.unarchived(state, now, MOST + 1)
    return [Dated(at=at, number=number, month=_month(at, zone)) for at, number in waiting]


def _month(at: datetime, zone: ZoneInfo) -> date:
    return at.astimezone(zone).date().replace(day=1)


def _items(ports: Ports, setup: Setup, feed: Feed, page: Page) -> dict[int, tuple[Version, FeedItem]]:
    """What a page holds, newest first, by number."""
    if feed.kind != "digest":
        return stories_as_items(ports, setup, ports.store.page_stories(page))
    newest = sorted(_issues(ports, feed, page), key=lambda i: (i.publish_at, i.id), reverse=True)
    told = digests_as_items(ports, setup, setup.editions[feed.term], newest)
    return {number: (version, make()) for number, (version, make) in told.items()}


def _issues(ports: Ports, feed: Feed, page: Page) -> list[Issue]:
    """The Issues that a page of a digest Feed holds; none of a page of Articles."""
    if feed.kind != "digest":
        return []
    first, last = (page.first_at, page.first_number), (page.last_at, page.last_number)
    found = ports.store.issues(feed.term, ALL_ISSUES)
    return [i for i in found if first <= (i.publish_at, i.id) <= last and is_told(ports, i, page.closed_at)]


def _issues_since(ports: Ports, state: FeedState, now: datetime) -> list[Issue]:
    """Published Issues that are in no page yet, oldest first."""
    found = ports.store.issues(state.feed.term, ISSUES)
    if len(found) == ISSUES and state.page is None:
        found = ports.store.issues(state.feed.term, ALL_ISSUES)
    told = sorted((i for i in found if is_told(ports, i, now)), key=lambda i: (i.publish_at, i.id))
    if state.closed_at is None:
        return told
    return [i for i in told if (i.publish_at, i.id) > (state.closed_at, state.closed_number)]
