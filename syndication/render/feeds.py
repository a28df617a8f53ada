"""Renders feed items as RSS 2.0 and Atom 1.0 through feedgen and as JSON Feed: same items, same bytes, everywhere.

It chooses no items and stores nothing. One item that cannot be published is set aside; the feed still goes out.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator

from syndication.render.feed_items import (
    LONGEST_REASON,
    FeedHead,
    FeedItem,
    Unfit,
    fit,
    image_type,
    instant,
    legal,
    plain,
    public_uri,
)
from syndication.render.feed_repairs import TYPES, AtomEntry, AtomFeed, RssFeed, RssItem, told_apart, unsaid
from syndication.render.json_feed import json_bytes

GENERATOR = "syndication"
NEVER = datetime(2026, 1, 1, tzinfo=UTC)  # an Atom feed must say when it changed, also before its first item


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A feed's bytes and the items it goes without: (id, reason)."""

    body: bytes
    quarantined: tuple[tuple[str, str], ...] = ()


def render_rss(head: FeedHead, items: Sequence[FeedItem]) -> Rendered:
    """RSS 2.0 by the profile of the RSS Advisory Board, items in the order given."""
    fitting, quarantined = fit_items(items)
    return Rendered(body=rss_bytes(fit_head(head), fitting), quarantined=quarantined)


def render_atom(head: FeedHead, items: Sequence[FeedItem]) -> Rendered:
    """Atom 1.0 (RFC 4287), entries in the order given."""
    fitting, quarantined = fit_items(items)
    return Rendered(body=atom_bytes(fit_head(head), fitting), quarantined=quarantined)


def render_json(head: FeedHead, items: Sequence[FeedItem]) -> Rendered:
    """JSON Feed 1.1, items in the order given."""
    fitting, quarantined = fit_items(items)
    return Rendered(body=json_bytes(fit_head(head), fitting), quarantined=quarantined)


RENDER = {"rss": render_rss, "atom": render_atom, "json": render_json}

# --- bytes of what is fit ------------------------------------------------------------------------


def rss_bytes(head: FeedHead, items: Sequence[FeedItem]) -> bytes:
    """RSS of a head and items that are fit already."""
    feed = _feed(head)
    feed.register_extension("repairs", RssFeed, None, atom=False)
    feed.repairs.head = head
    feed.updated(unsaid(head.updated_at or NEVER))
    feed.ttl(head.ttl)
    if head.logo is not None:
        feed.image(url=head.logo, title=head.title, link=head.site_url)
    feed.link(href=head.self_url, rel="self", type=TYPES["rss"])
    feed.link(href=head.site_url, rel="alternate", type="text/html")  # feedgen: the last one is the channel's link
    for item in items:
        feed.add_entry(_rss_item(item), order="append")
    made: bytes = feed.rss_str()
    return made


def atom_bytes(head: FeedHead, items: Sequence[FeedItem], *, extension: type[AtomFeed] = AtomFeed) -> bytes:
    """Atom of a head and items that are fit already."""
    feed = _feed(head)
    feed.register_extension("repairs", extension, None, rss=False)
    feed.repairs.head = head
    feed.updated(head.updated_at or NEVER)
    if head.logo is not None:
        feed.logo(head.logo)
    feed.link(href=head.self_url, rel="self", type=TYPES["atom"])
    feed.link(href=head.site_url, rel="alternate", type="text/html", hreflang=head.language)
    for item in items:
        feed.add_entry(_atom_entry(item), order="append")
    made: bytes = feed.atom_str()
    return made


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


def fit_head(head: FeedHead) -> FeedHead:
    """The head with clean words. An address that is none is the publisher's mistake and raises ValueError."""
    title = plain(head.title) or plain(head.author) or head.self_url
    return replace(
        head,
        title=title,
        description=plain(head.description) or title,
        author=plain(head.author).replace("<", "＜") or title,
        rights=plain(head.rights),
        self_url=_address(head.self_url, "the feed's own address"),
        site_url=_address(head.site_url, "the site's address"),
        hub=_optional_address(head.hub, "the hub's address"),
        logo=_logo(head.logo),
        deleted_url=_optional_address(head.deleted_url, "the address of what was deleted"),
        current_url=_optional_address(head.current_url, "the address of the current feed"),
        prev_url=_optional_address(head.prev_url, "the address of the page before"),
        next_url=_optional_address(head.next_url, "the address of the page after"),
        updated_at=instant(head.updated_at) if head.updated_at is not None else None,
        stylesheet=legal(head.stylesheet) if head.stylesheet is not None else None,
    )


def _logo(url: str | None) -> str | None:
    """None for a picture that RSS knows no name for (RSS 2.0: GIF, JPEG or PNG)."""
    known = url is not None and image_type(url) in ("image/png", "image/jpeg", "image/gif")
    return _optional_address(url, "the logo's address") if known else None


def _optional_address(url: str | None, what: str) -> str | None:
    return None if url is None else _address(url, what)


def _address(url: str, what: str) -> str:
    found = public_uri(url)
    if found is None:
        raise ValueError(f"{what} {url!a} is not an absolute http or https address")
    return found


# --- items -----------------------------------------------------------------------------------


def fit_items(items: Sequence[FeedItem]) -> tuple[list[FeedItem], tuple[tuple[str, str], ...]]:
    """Items that can be published, each id once in its newest form, and what was set aside."""
    fitting: dict[str, FeedItem] = {}
    quarantined: list[tuple[str, str]] = []
    for item in items:
        cleaned = fit_or_reason(item)
        if isinstance(cleaned, str):
            quarantined.append((_shown(item.id), cleaned))
            continue
        if cleaned.id in fitting:
            quarantined.append((cleaned.id, "another item of this feed has the same id"))
        if cleaned.id not in fitting or cleaned.updated_at > fitting[cleaned.id].updated_at:
            fitting[cleaned.id] = cleaned
    return list(fitting.values()), tuple(quarantined)


def fit_or_reason(item: FeedItem) -> FeedItem | str:
    """The item fit to be published, or the reason why it cannot be."""
    try:
        return fit(item)
    except Unfit as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 - a field of another kind than declared must not cost the others
        return f"it cannot be rendered: {error or type(error).__name__}"[:LONGEST_REASON]


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
    entry.id(item.uri)
    entry.register_extension("repairs", AtomEntry, rss=False)
    entry.repairs.item = item
    entry.updated(told_apart(item))
    if item.published_at is not None:
        entry.published(item.published_at)
    entry.author([{"name": name} for name in item.authors])
    if item.rights is not None:
        entry.rights(item.rights)
    return entry


def _entry(item: FeedItem) -> FeedEntry:
    """What both dialects say alike. The summary goes as HTML in both: readers take RSS descriptions for HTML."""
    entry = FeedEntry()
    entry.id(item.id)
    entry.title(item.title)
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
