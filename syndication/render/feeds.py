"""Renders feed items as RSS 2.0 and Atom 1.0 through feedgen, the same bytes for the same items everywhere.

It chooses no items and stores nothing. One item that cannot be published is set aside; the feed still goes out.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator

from syndication.core import links
from syndication.core.model import Edition, Outlet
from syndication.render.feed_articles import article_item, article_items
from syndication.render.feed_digest import digest_item, digest_items
from syndication.render.feed_items import (
    FeedHead,
    FeedItem,
    Unfit,
    fit,
    instant,
    legal,
    misread,
    plain,
    public_uri,
)
from syndication.render.feed_repairs import AtomEntry, AtomFeed, RssFeed, RssItem, told_apart, unsaid
from syndication.render.words import Words

__all__ = [
    "FeedHead",
    "FeedItem",
    "Rendered",
    "article_item",
    "article_items",
    "digest_item",
    "digest_items",
    "feed_head",
    "render_atom",
    "render_rss",
]

STYLESHEET = "../feed.xsl"  # from feeds/<edition>/<kind>.<dialect>
RSS_TYPE, ATOM_TYPE = "application/rss+xml", "application/atom+xml"
GENERATOR = "syndication"
NEVER = datetime(2026, 1, 1, tzinfo=UTC)  # an Atom feed must say when it changed, also before its first item


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A feed's bytes and the items it goes without: (id, reason)."""

    body: bytes
    quarantined: tuple[tuple[str, str], ...] = ()


def feed_head(
    outlet: Outlet,
    edition: Edition,
    kind: str,
    dialect: str,
    items: Sequence[FeedItem],
    *,
    hub: str | None = None,
    ttl: int = 15,
    say: Words,
) -> FeedHead:
    """The head of an Edition's `digest` or `articles` feed; its time is that of the newest Revision in it."""
    named = {
        "digest": (edition.title, say("{outlet}의 아침 소식과 날씨를 한 번에", outlet=outlet.name)),
        "articles": (
            say("{edition} 기사", edition=edition.title),
            say("{outlet}의 기사를 하나씩", outlet=outlet.name),
        ),
    }
    title, description = named[kind]
    return FeedHead(
        id=links.feed_uri(outlet.domain, edition.id, kind),
        title=title,
        description=description,
        self_url=links.feed_url(outlet, edition.id, kind, dialect),
        site_url=f"{outlet.url}/{edition.id}",
        language=edition.language,
        author=outlet.name,
        rights=f"© {outlet.name}",
        updated_at=max((item.updated_at for item in items), default=None),
        ttl=ttl,
        hub=hub,
        stylesheet=STYLESHEET,
    )


def render_rss(head: FeedHead, items: Sequence[FeedItem]) -> Rendered:
    """RSS 2.0 by the profile of the RSS Advisory Board, items in the order given."""
    head, (fitting, quarantined) = _fit_head(head), _fit_items(items)
    feed = _feed(head)
    feed.register_extension("repairs", RssFeed, None, atom=False)
    feed.repairs.head = head
    feed.updated(unsaid(head.updated_at or NEVER))
    feed.ttl(head.ttl)
    feed.link(href=head.self_url, rel="self", type=RSS_TYPE)
    feed.link(href=head.site_url, rel="alternate", type="text/html")  # feedgen: the last one is the channel's link
    for item in fitting:
        feed.add_entry(_rss_item(item), order="append")
    return Rendered(body=feed.rss_str(), quarantined=quarantined)


def render_atom(head: FeedHead, items: Sequence[FeedItem]) -> Rendered:
    """Atom 1.0 (RFC 4287), entries in the order given."""
    head, (fitting, quarantined) = _fit_head(head), _fit_items(items)
    feed = _feed(head)
    feed.register_extension("repairs", AtomFeed, None, rss=False)
    feed.repairs.head = head
    feed.updated(head.updated_at or NEVER)
    feed.link(href=head.self_url, rel="self", type=ATOM_TYPE)
    if head.hub is not None:
        feed.link(href=head.hub, rel="hub")
    feed.link(href=head.site_url, rel="alternate", type="text/html", hreflang=head.language)
    for item in fitting:
        feed.add_entry(_atom_entry(item), order="append")
    return Rendered(body=feed.atom_str(), quarantined=quarantined)


# --- heads -----------------------------------------------------------------------------------


def _feed(head: FeedHead) -> FeedGenerator:
    feed = FeedGenerator()
    feed.id(head.id)
    feed.title(head.title)
    feed.description(head.description)
    feed.subtitle(head.description)
    feed.language(head.language)
    feed.author({"name": head.author})
    feed.rights(head.rights)
    feed.generator(GENERATOR)
    return feed


def _fit_head(head: FeedHead) -> FeedHead:
    """The head with clean words. An address that is none is the publisher's mistake and raises ValueError."""
    title = plain(head.title) or plain(head.author) or head.self_url
    return replace(
        head,
        title=title,
        description=plain(head.description) or title,
        author=plain(head.author) or title,
        rights=plain(head.rights),
        self_url=_address(head.self_url, "the feed's own address"),
        site_url=_address(head.site_url, "the site's address"),
        hub=_address(head.hub, "the hub's address") if head.hub is not None else None,
        updated_at=instant(head.updated_at) if head.updated_at is not None else None,
        stylesheet=legal(head.stylesheet) if head.stylesheet is not None else None,
    )


def _address(url: str, what: str) -> str:
    found = public_uri(url)
    if found is None:
        raise ValueError(f"{what} {url!a} is not an absolute http or https address")
    return found


# --- items -----------------------------------------------------------------------------------


def _fit_items(items: Sequence[FeedItem]) -> tuple[list[FeedItem], tuple[tuple[str, str], ...]]:
    """Items that can be published, each id once in its newest form, and what was set aside."""
    fitting: dict[str, FeedItem] = {}
    quarantined: list[tuple[str, str]] = []
    for item in items:
        try:
            cleaned = fit(item)
        except (Unfit, TypeError, AttributeError) as error:  # the latter two: a field of another kind than declared
            quarantined.append((_shown(item.id), str(error)))
            continue
        if cleaned.id in fitting:
            quarantined.append((cleaned.id, "another item of this feed has the same id"))
        if cleaned.id not in fitting or cleaned.updated_at > fitting[cleaned.id].updated_at:
            fitting[cleaned.id] = cleaned
    return list(fitting.values()), tuple(quarantined)


def _shown(item_id: object) -> str:
    return legal(str(item_id))[:200]


def _rss_item(item: FeedItem) -> FeedEntry:
    entry = _entry(item)
    entry.register_extension("repairs", RssItem, atom=False)
    entry.repairs.item = item
    entry.guid(item.id, permalink=item.id == item.url)
    if item.enclosure is not None:
        entry.enclosure(item.enclosure.url, str(item.enclosure.length), item.enclosure.type)
    return entry


def _atom_entry(item: FeedItem) -> FeedEntry:
    entry = _entry(item)
    entry.register_extension("repairs", AtomEntry, rss=False)
    entry.repairs.item = item
    entry.updated(told_apart(item))
    if item.published_at is not None:
        entry.published(item.published_at)
    entry.author([{"name": name} for name in item.authors])
    if item.rights is not None:
        entry.rights(item.rights)
    if item.content_html is None and item.url is None:  # RFC 4287 §4.1.1.1: content or an alternate link
        entry.content(_escaped(item.summary or ""), type="html")
    return entry


def _entry(item: FeedItem) -> FeedEntry:
    """What both dialects say alike. The summary goes as HTML in both: readers take RSS descriptions for HTML."""
    entry = FeedEntry()
    entry.id(item.id)
    entry.title(_escaped(item.title) if misread(item.title) else item.title)
    if item.url is not None:
        entry.link(href=item.url)
    if item.summary is not None:
        entry.summary(_escaped(item.summary), type="html")
    if item.content_html is not None:
        entry.content(item.content_html, type="html")
    entry.category(
        [{"term": c.term, "label": c.term} | ({"scheme": c.scheme} if c.scheme else {}) for c in item.categories]
    )
    return entry


def _escaped(text: str) -> str:
    return html.escape(text, quote=False)
