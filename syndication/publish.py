"""Builds our Feeds from frozen Issues and hands them to the Publisher.

Bytes depend on stored Issues and Revisions alone, never on now(); what an item looks like is render.feeds' affair.
"""

from __future__ import annotations

import hashlib

import structlog

from syndication.core import links
from syndication.core.model import Edition, Issue, Outcome, Verdict
from syndication.ports import Ports, Setup
from syndication.render import feeds
from syndication.render.words import words

log = structlog.get_logger()

NEWEST = 200  # items in an articles feed
ISSUES = 60  # Issues a feed looks back on

CONTENT_TYPES = {"rss": "application/rss+xml; charset=utf-8", "atom": "application/atom+xml; charset=utf-8"}


def feed_recipients(edition: Edition) -> tuple[str, ...]:
    """The Feeds of an Edition as recipients of a Delivery: feed:daily/digest.rss and its siblings."""
    return tuple(f"feed:{edition.id}/{kind}.{dialect}" for kind in links.FEED_KINDS for dialect in links.FEED_DIALECTS)


def publish_feed(ports: Ports, setup: Setup, recipient: str, issue: Issue) -> Outcome:
    """Publish one Feed up to and including `issue`; the receipt is the hash of the bytes."""
    edition = setup.editions[issue.edition_id]
    kind, _, dialect = recipient.rpartition("/")[2].partition(".")
    issues = [i for i in ports.store.issues(edition.id, ISSUES) if i.publish_at <= ports.clock.now()]
    body = build_feed(setup, edition, kind, dialect, issues)
    path = links.feed_path(edition.id, kind, dialect)
    changed = ports.publisher.publish(path, body, CONTENT_TYPES[dialect])
    log.info("feed published", feed=path, changed=changed, octets=len(body))
    return Outcome(verdict=Verdict.ACCEPTED, receipt=hashlib.sha256(body).hexdigest()[:32])


def build_feed(setup: Setup, edition: Edition, kind: str, dialect: str, issues: list[Issue]) -> bytes:
    """The bytes of one Feed; items that cannot be rendered are left out with a reason in the log."""
    say = words(edition.language, setup.templates)
    newest = sorted(issues, key=lambda i: (i.on, i.id), reverse=True)
    items = (
        feeds.digest_items(newest, outlet=setup.outlet, edition=edition, say=say)
        if kind == "digest"
        else feeds.article_items(newest, outlet=setup.outlet, edition=edition, say=say)[:NEWEST]
    )
    head = feeds.feed_head(setup.outlet, edition, kind, dialect, items, say=say)
    rendered = feeds.render_rss(head, items) if dialect == "rss" else feeds.render_atom(head, items)
    for item_id, reason in rendered.quarantined:
        log.warning("feed item set aside", feed=f"{edition.id}/{kind}.{dialect}", item=item_id, reason=reason)
    return rendered.body
