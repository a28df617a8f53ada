"""Publishes our Feeds: lets Articles and Issues appear in them, and hands their files to the Publisher.

Bytes depend on stored Issues and Revisions alone; what an item looks like is render's affair. Every function may be
called at any time, by any number of workers, any number of times.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import structlog

from syndication.core.catalogue import (
    CONTENT_TYPES,
    DIALECTS,
    SITEMAP,
    Feed,
    FeedState,
    Kept,
    Scope,
    edition_feed,
    path_of,
)
from syndication.core.model import Edition, Issue, Outcome, Verdict
from syndication.ports import Outrun, Ports, Setup
from syndication.publish.announcing import announce
from syndication.publish.appear import let_appear
from syndication.publish.archives import close_pages, renew_pages
from syndication.publish.contents import Contents, contents_of, edition_of, language_of, say_in
from syndication.publish.issue_pages import due_pages, page_path, publish_pages
from syndication.publish.lists import publish_lists
from syndication.publish.pictures import publish_picture
from syndication.publish.replacing import (
    LOOKS,
    MANIFEST,
    Noted,
    at_once,
    marks_of,
    note_published,
    tell_copies,
)
from syndication.publish.shelf import Shelves, namespace_in, namespace_of, shelves
from syndication.render.feed_heads import feed_head
from syndication.render.feed_pieces import joined, newest_within

__all__ = [
    "CONTENT_TYPES",
    "build_feed",
    "feed_recipients",
    "forget_items",
    "let_appear",
    "namespace_of",
    "page_path",
    "publish_feed",
    "publish_picture",
    "publish_stale",
    "quarantined",
    "refresh",
]

log = structlog.get_logger()

AT_A_TIME = 32
LEASE = timedelta(seconds=60)  # a Feed is one worker's for so long
KEPT_FOR = timedelta(days=120)  # items of Articles that appeared earlier are made anew where a Feed still holds them
SOON = timedelta(seconds=5)
MOST_OCTETS = 1_900_000  # of items in one file: validators and readers give up at 2 MB


def feed_recipients(edition: Edition) -> tuple[str, ...]:
    """The Feeds of an Edition as recipients of a Delivery: feed:daily/digest.rss and its siblings."""
    keys = (edition_feed(edition.id, kind).key for kind in ("digest", "articles"))
    return tuple(f"feed:{key}.{dialect}" for key in keys for dialect in DIALECTS)


def publish_feed(ports: Ports, setup: Setup, recipient: str, issue: Issue) -> Outcome:
    """Publish one Feed up to and including `issue`; the receipt is the hash of the bytes in this dialect.

    Raises Transient when the Publisher or the Store does not answer."""
    key, _, dialect = recipient.removeprefix("feed:").rpartition(".")
    let_appear(ports, setup)
    now = ports.clock.now()
    states = ports.store.take_feeds(now, now + LEASE, 1, keys={key})
    if not states:
        return Outcome(verdict=Verdict.DEFERRED, reason="another worker publishes this feed", retry_after=SOON)
    (state,) = states
    noted = Noted(ports.publisher)
    dialects = DIALECTS if state.is_stale(now) else (dialect,)
    done = _publish_one(replace(ports, publisher=noted), setup, shelves(ports, setup), state, dialects)
    (failed,) = _settle(ports, noted, [done]) or (None,)
    tell_copies(ports, noted.changed)
    if failed is not None:
        _give_back(ports, failed.state)
    if failed is not None and dialect in failed.faults:
        raise failed.faults[dialect]
    digest = ports.publisher.digest(path_of(key, dialect)) or ""
    return Outcome(verdict=Verdict.ACCEPTED, receipt=digest[:32])


def refresh(ports: Ports, setup: Setup) -> int:
    """Bring every Feed and list up to date; returns how many Feeds were published.

    To be called whenever an Issue froze or an Article was read, revised or taken back, and with every tick."""
    let_appear(ports, setup)
    _fill_empty(ports)
    noted = Noted(ports.publisher)
    noting = replace(ports, publisher=noted)
    try:
        published = _publish_stale(noting, setup, noted, then=lambda: publish_lists(noting, setup))
        renewed = renew_pages(noting, setup)
        if renewed or (not published and _lists_are_due(ports, setup)):
            publish_lists(noting, setup)
            note_published(ports.publisher, noted.published)
    finally:
        tell_copies(ports, noted.changed)
    return published


def publish_stale(ports: Ports, setup: Setup) -> int:
    """Publish every Feed that something happened to, and no other one; returns how many.

    What goes wrong with one is logged and stops no other; it is tried again with the next call."""
    noted = Noted(ports.publisher)
    return _publish_stale(replace(ports, publisher=noted), setup, noted)


def _publish_stale(ports: Ports, setup: Setup, noted: Noted, then: Callable[[], object] = lambda: None) -> int:
    """Publish what is stale, and `then` what follows from it, before the last Feed is settled: whoever comes after
    this process died still finds that Feed stale, and does the rest as well."""
    shelf, published = shelves(ports, setup), 0
    failed: list[Done] = []
    last: list[Done] = []
    while True:
        now = ports.clock.now()
        states = ports.store.take_feeds(now, now + LEASE, AT_A_TIME)
        if not states and not last:
            break
        if states:
            done = [_publish_one(ports, setup, shelf, state) for state in states]
            published += len(states)
            if not last:
                last, done = done[:1], done[1:]
        else:  # and then look once more: the one that was held may have become stale meanwhile
            then()
            done, last = last, []
        some = _settle(ports, noted, done)
        published -= len(some)
        failed += some
    for one in failed:  # not before the end: they are stale, and would be taken again at once
        _give_back(ports, one.state)
    return published


def _fill_empty(ports: Ports) -> None:
    """Publish everything again where nothing stands any more: another bucket, a folder that was emptied."""
    if not ports.publisher.mark(MANIFEST) and any(state.published for state in ports.store.feed_states()):
        log.warning("nothing is published here: everything is published anew")
        ports.store.publish_anew()


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A Feed after it was published, as it was then; and what went wrong, by dialect."""

    state: FeedState
    due_at: datetime | None = None
    faults: Mapping[str, Exception] = field(default_factory=dict)


def _publish_one(
    ports: Ports, setup: Setup, shelf: Shelves, state: FeedState, dialects: Sequence[str] = DIALECTS
) -> Done:
    """Publish a taken Feed, after the pages that it names. Whoever is outrun looks again: at the Feed and its files.

    A dialect that cannot be written does not stop the others, but the Feed is not settled then."""
    if state.feed.scope is Scope.EDITION and edition_of(setup, state.feed) is None:
        return Done(state=state)  # taken out of publisher.toml since: its last files stay
    done = Done(state=state)
    for _ in range(LOOKS):
        try:
            done = _look_and_publish(ports, setup, shelf, state.feed, dialects)
        except Exception as error:
            log.exception("feed not published", feed=state.feed.key)
            return Done(state=state, faults=dict.fromkeys(dialects, error))
        if not any(isinstance(fault, Outrun) for fault in done.faults.values()):
            break
    return done


def _look_and_publish(ports: Ports, setup: Setup, shelf: Shelves, feed: Feed, dialects: Sequence[str]) -> Done:
    """Read the marks before everything else: who replaces a file meanwhile has seen at least as much as we do."""
    marks = marks_of(ports.publisher, {dialect: path_of(feed.key, dialect) for dialect in dialects})
    now = ports.clock.now()
    (state,) = ports.store.feed_states({feed.key})
    state = close_pages(ports, setup, state, now)
    contents = contents_of(ports, setup, state, now)
    if feed.kind == "digest":
        publish_pages(ports, due_pages(state, contents.versions))
    bodies, faults = _built(setup, shelf, state, contents, dialects)
    writes = [
        partial(ports.publisher.publish, path_of(feed.key, dialect), body, CONTENT_TYPES[dialect], over=marks[dialect])
        for dialect, body in bodies.items()
    ]
    published: dict[str, bytes] = {}
    for (dialect, body), changed in zip(bodies.items(), at_once(writes), strict=True):
        path = path_of(feed.key, dialect)
        if isinstance(changed, Exception):
            _tell_fault(path, changed)
            faults[dialect] = changed
        else:
            published[path] = body
            log.info("feed published", feed=path, changed=changed, octets=len(body))
    announce(ports, setup, feed, contents, published)
    return Done(state=state, due_at=contents.due_at, faults=faults)


def _built(
    setup: Setup, shelf: Shelves, state: FeedState, contents: Contents, dialects: Sequence[str]
) -> tuple[dict[str, bytes], dict[str, Exception]]:
    """The bytes of a Feed, and what went wrong, each by dialect."""
    bodies: dict[str, bytes] = {}
    faults: dict[str, Exception] = {}
    for dialect in dialects:
        try:
            bodies[dialect] = build_feed(setup, shelf, state, contents, dialect)
        except Exception as error:
            log.exception("feed not published", feed=path_of(state.feed.key, dialect))
            faults[dialect] = error
    return bodies, faults


def _tell_fault(path: str, fault: Exception) -> None:
    if isinstance(fault, Outrun):
        log.info("feed published by another worker meanwhile", feed=path)
    else:
        log.error("feed not published", feed=path, exc_info=fault)


def _settle(ports: Ports, noted: Noted, done: Sequence[Done]) -> list[Done]:
    """Settle what was published, once the manifest names it; returns what was not."""
    fault: Exception | None = None
    try:
        note_published(noted.publisher, noted.published)
    except Exception as error:
        log.exception("manifest not published")
        fault = error
    else:
        noted.published.clear()
    left = [replace(one, faults={**dict.fromkeys(DIALECTS, fault), **one.faults}) for one in done] if fault else done
    for one in left:
        if not one.faults:
            ports.store.settle_feed(one.state, one.due_at)
    return [one for one in left if one.faults]


def _give_back(ports: Ports, state: FeedState) -> None:
    """Let whoever comes next try a Feed that could not be published: it stays as stale as it was."""
    ports.store.settle_feed(replace(state, version=min(state.published, state.version - 1)), state.due_at)


def build_feed(setup: Setup, shelf: Shelves, state: FeedState, contents: Contents, dialect: str) -> bytes:
    """The bytes of a Feed; items that cannot be rendered are in quarantine, with their reason in the Store."""
    feed, language = state.feed, language_of(setup, state.feed)
    head = feed_head(
        feed,
        dialect,
        outlet=setup.outlet,
        edition=edition_of(setup, feed),
        language=language,
        updated_at=contents.updated_at,
        say=say_in(setup, language),
        archive=state.page,
        hub=setup.hub,
    )
    bodies = shelf.bodies(dialect, contents.kind, contents.versions, contents.items)
    return joined(head, newest_within(bodies, MOST_OCTETS), dialect)


def forget_items(ports: Ports, setup: Setup) -> int:
    """Drop serialised items that nobody asks for any more; returns how many. For once a day."""
    return ports.store.forget_kept(namespace_in(setup), ports.clock.now() - KEPT_FOR)


def quarantined(ports: Ports, setup: Setup) -> Sequence[tuple[str, Kept]]:
    """What no feed can show and why, for the operator: (article or issue, item)."""
    return ports.store.quarantined(namespace_in(setup))


def _lists_are_due(ports: Ports, setup: Setup) -> bool:
    """Whether the lists were never published, or a day ended that counts in the news sitemap."""
    zone = next((edition.zone for edition in setup.editions.values()), "UTC")
    return ports.clock.now().astimezone(ZoneInfo(zone)).hour == 0 or ports.publisher.changed_at(SITEMAP) is None
