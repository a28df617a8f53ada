"""Publishes what stands beside the Feeds: all of them as OPML, tombstones, the news sitemap and its index.

It decides nothing about items.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import structlog

from syndication.core.catalogue import DELETED, OPML, SITEMAP, Scope, url_of
from syndication.ports import Outrun, Ports, Setup
from syndication.publish.contents import edition_of, language_of, say_in
from syndication.publish.replacing import LOOKS, replaced
from syndication.render.feed_deleted import deleted_feed
from syndication.render.feed_heads import feed_head, list_names
from syndication.render.feed_items import FeedHead
from syndication.render.feed_lists import NEWS_AGE, listed, news_index, news_map, news_maps, opml
from syndication.render.tokens import css_variables, tokens

log = structlog.get_logger()

TOMBSTONES = 1000
NEWEST_STORIES = 20_000
XML = "application/xml; charset=utf-8"
XSL, CSS = "feeds/feed.xsl", "feeds/feed.css"  # every feed names both, also where a bucket serves them alone
_TYPES = {
    OPML: "text/x-opml; charset=utf-8",
    DELETED: "application/atom+xml; charset=utf-8",
    XSL: "application/xslt+xml; charset=utf-8",
    CSS: "text/css; charset=utf-8",
}


def publish_lists(ports: Ports, setup: Setup) -> int:
    """Publish each list whose bytes changed; returns how many did."""
    makers: dict[str, Callable[[], bytes]] = {
        OPML: lambda: feeds_list(ports, setup),
        DELETED: lambda: tombstones(ports, setup),
        XSL: lambda: setup.templates[XSL].encode(),
        CSS: lambda: (css_variables(tokens(setup.outlet.accent)) + setup.templates[CSS]).encode(),
    }
    changed = [path for path, make in makers.items() if replaced(ports.publisher, path, make, _TYPES[path])]
    changed += _publish_sitemaps(ports, setup)
    if changed:
        log.info("lists of feeds published", paths=changed)
    return len(changed)


def _publish_sitemaps(ports: Ports, setup: Setup) -> list[str]:
    """Publish the parts of the news sitemap, then the index that names them; returns what changed.

    All marks are asked for before the stories are: no part is replaced by one that knows fewer of them."""
    marks: dict[str, str] = {}
    for _ in range(LOOKS):
        built = sitemaps(ports, setup)
        try:
            if built.keys() <= marks.keys():
                return [
                    path for path, body in built.items() if ports.publisher.publish(path, body, XML, over=marks[path])
                ]
        except Outrun:
            pass
        marks = {path: ports.publisher.mark(path) for path in built}
    raise Outrun("the news sitemap is being replaced by others all the time")


def feeds_list(ports: Ports, setup: Setup) -> bytes:
    """OPML of every Feed, in groups."""
    language = _language(setup)
    title, names = list_names(setup.outlet, say_in(setup, language))
    heads = _heads(ports, setup)
    groups = [(name, [head for scope, head in heads if scope is one]) for one, name in names.items()]
    return opml(title, [(name, feeds) for name, feeds in groups if feeds], owner=setup.outlet.name)


def _heads(ports: Ports, setup: Setup) -> list[tuple[Scope, FeedHead]]:
    """What each Feed says of itself; without those of Editions that are no more."""
    found = []
    for state in ports.store.feed_states():
        feed, edition = state.feed, edition_of(setup, state.feed)
        if edition is None and feed.scope is Scope.EDITION:
            continue
        language = language_of(setup, feed)
        say = say_in(setup, language)
        head = feed_head(feed, "rss", outlet=setup.outlet, edition=edition, language=language, updated_at=None, say=say)
        found.append((feed.scope, head))
    return found


def tombstones(ports: Ports, setup: Setup) -> bytes:
    """The newest retractions as a document of their own."""
    language = _language(setup)
    found = ports.store.retractions(TOMBSTONES)
    return deleted_feed(found, outlet=setup.outlet, language=language, say=say_in(setup, language))


def sitemaps(ports: Ports, setup: Setup) -> dict[str, bytes]:
    """The index of the news sitemap and its parts, by path. Seen from now: what is older than two days is gone."""
    now = ports.clock.now()
    zone = next((edition.zone for edition in setup.editions.values()), "Asia/Seoul")
    stories = ports.store.newest_stories(now - NEWS_AGE - timedelta(days=1), NEWEST_STORIES)
    found = listed((s for s in stories if s.appeared_at <= now), home=setup.outlet.url, zone=zone, at=now)
    maps = news_maps(found, publication=setup.outlet.name)
    parts = {SITEMAP.replace(".xml", f"-{name}.xml"): body for name, body in maps.items()}
    if not parts:  # an index has to name one
        parts = {SITEMAP.replace(".xml", "-none.xml"): news_map([], setup.outlet.name)}
    return {**parts, SITEMAP: news_index(url_of(setup.outlet, path) for path in parts)}


def _language(setup: Setup) -> str:
    return next((edition.language for edition in setup.editions.values()), "ko")
