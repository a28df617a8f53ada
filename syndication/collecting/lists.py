"""Follows what lists and feeds lead to: each Article's own page, a few at a look, and again as long as it is watched.

What a link's age and failures mean is decided in core.following; nothing is taken back here, only proposed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from syndication.collecting.storing import Look, keep
from syndication.core import following
from syndication.core.feedxml import is_feed
from syndication.core.identity import canonical_url
from syndication.core.lists import article_links, on_site
from syndication.core.model import Reading, SetAside, SourceKind, SourceLink
from syndication.core.objects import looks_like_json_feed
from syndication.core.shape import Unreadable
from syndication.core.sniff import foreign, looks_like_feed
from syndication.core.sources import read_input
from syndication.ports import Fetched, Permanent, Stored, Transient

log = structlog.get_logger()

Link = tuple[str, str, str | None]

_LONGEST_LOOK = timedelta(minutes=4)  # well within the lease of a Source
_TROUBLES = 3  # pages in a row that could not be had: the site is left alone until the next look
_LONGEST_KEY = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """What following links gave. `wait`: how long the far side asked to be left alone. `more`: some are still due."""

    stored: tuple[Stored, ...] = ()
    readings: tuple[Reading, ...] = ()
    wait: timedelta | None = None
    more: bool = False


def links_of(look: Look, got: Fetched) -> tuple[tuple[Link, ...], str | None]:
    """The links of a list, a page or a feed, in its order, and why there are none, if so."""
    body = got.body or b""
    try:
        if looks_like_json_feed(body) or looks_like_feed(body):
            found = tuple(_links_of_feed(look, got))
        else:
            fault = foreign(body)
            if fault is not None:
                return (), fault
            made = article_links(body, url=got.url, content_type=got.content_type, pattern=look.source.links)
            found = tuple((_key(key), url, None) for key, url in made)
    except Unreadable as fault:
        return (), str(fault)
    return found, None if found else "it holds no link to an article that could be told by its address: set `links`"


def _links_of_feed(look: Look, got: Fetched) -> Iterator[Link]:
    read = read_input(got.body or b"", url=got.url, content_type=got.content_type, outlet=look.source.outlet)
    for found in read.articles:
        url = found.content.url
        if url and on_site(url, got.url):
            yield _key(canonical_url(url)), url, None


def watch(look: Look, reading: Reading) -> None:
    """Remember the own pages of Articles that came without being followed, where the publisher wants them watched."""
    if not following.watched(look.source):
        return
    links = [
        (_key(canonical_url(f.content.url)), f.content.url, f.identity)
        for f in reading.articles
        # what leads to this very machine on purpose leads nowhere else on it
        if f.content.url and (not look.source.loopback or on_site(f.content.url, look.source.location))
    ]
    look.ports.store.note_links(look.source.id, links, look.now, due=not look.baseline)


def _key(address: str) -> str:
    return address if len(address) <= _LONGEST_KEY else hashlib.sha256(address.encode("utf-8", "replace")).hexdigest()


# --- following -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """What one page said. `there` is None where nobody can say whether its Article stands there."""

    link: SourceLink
    reading: Reading | None = None
    there: bool | None = None
    status: int | None = None
    why: str = ""


def follow(look: Look) -> Followed:
    """Look at the pages that are due, at most thirty and for at most four minutes."""
    store = look.ports.store
    stored: list[Stored] = []
    readings: list[Reading] = []
    pages: list[_Page] = []
    troubles, wait = 0, None
    due = store.links_due(look.source.id, look.now, following.PAGES_A_LOOK)
    for link in due:
        if troubles == _TROUBLES or look.ports.clock.now() - look.now > _LONGEST_LOOK:
            break
        try:
            page = _look_at(look, link)
        except Transient as error:
            troubles, wait = troubles + 1, error.retry_after
            store.settle_link(following.failed(link, look.now, str(error), wait=wait))
            if wait is not None:
                break
            continue
        troubles = 0
        if page.reading is not None:
            readings.append(page.reading)
            if page.there:
                stored.append(keep(look, page.reading))
        pages.append(page)
        if page.there is not False:
            store.settle_link(page.link)
            _is_there(look, page)
    _missing(look, pages)
    more = troubles == 0 and len(due) == following.PAGES_A_LOOK
    return Followed(stored=tuple(stored), readings=tuple(readings), wait=wait, more=more)


def _look_at(look: Look, link: SourceLink) -> _Page:
    """One page. Raises Transient."""
    try:
        got = look.ports.fetcher.fetch(
            link.url, etag=link.etag, last_modified=link.last_modified, loopback=look.source.loopback
        )
    except Permanent as error:
        if error.status == 404:
            return _absent(look, link, "HTTP 404: not found", 404)
        return _Page(link=following.failed(link, look.now, str(error)))
    if got.ended:
        return _absent(look, link, "HTTP 410: gone", 410)
    if got.body is None:
        return _Page(link=following.read(link, look.source, look.now), there=True)
    stamped = replace(link, etag=got.etag, last_modified=got.last_modified)
    if look.source.kind is not SourceKind.PAGE_LIST:
        return _Page(link=following.read(stamped, look.source, look.now), there=True)
    return _read(look, stamped, got)


def _read(look: Look, link: SourceLink, got: Fetched) -> _Page:
    reading = _article_of(look, link, got)
    if reading.articles:
        identity = reading.articles[0].identity
        if link.identity in (None, identity):
            done = following.read(link, look.source, look.now, identity=identity)
            return _Page(link=done, reading=reading, there=True)
        aside = SetAside(what=link.url, reason="another article stands there now")
        reading = Reading(set_aside=(aside,))
    why = reading.set_aside[0].reason if reading.set_aside else "no article was found on it"
    if link.identity is not None:
        return replace(_absent(look, link, why, None), reading=reading)
    return _Page(link=following.failed(replace(link, etag=None, last_modified=None), look.now, why), reading=reading)


def _article_of(look: Look, link: SourceLink, got: Fetched) -> Reading:
    """The one Article of its page, without the page's weather; else the reason why there is none."""
    if not on_site(got.url, link.url):
        return Reading(set_aside=(SetAside(what=link.url, reason="it leads away from its site"),))
    body = got.body or b""
    if looks_like_feed(body) or looks_like_json_feed(body) or is_feed(body[:1000].decode("latin-1")):
        return Reading(set_aside=(SetAside(what=link.url, reason="it is a feed and no article"),))
    read = read_input(body, url=got.url, content_type=got.content_type, outlet=look.source.outlet, first_seen=look.now)
    aside = read.set_aside or (() if read.articles else (SetAside(what=link.url, reason="no article was found on it"),))
    return Reading(articles=read.articles, set_aside=aside, warnings=read.warnings)


# --- what is missing -------------------------------------------------------------------------


def _absent(look: Look, link: SourceLink, why: str, status: int | None) -> _Page:
    missed = following.missed(replace(link, etag=None, last_modified=None), look.source, look.now, why)
    return _Page(link=missed, there=False if link.identity is not None else None, status=status, why=why)


def _is_there(look: Look, page: _Page) -> None:
    if page.there and page.link.identity is not None:
        look.ports.store.withdraw_retraction(page.link.identity, look.now, "the article is there again")


def _missing(look: Look, pages: Sequence[_Page]) -> None:
    """Settle the pages whose Articles were not there, and propose to take back what stayed away."""
    absent = [page for page in pages if page.there is False]
    down = following.site_is_down([page.there for page in pages if page.there is not None])
    if down:
        log.warning("many articles missing at once", source=look.source.id, missing=len(absent))
    for page in absent:
        if down:
            page = replace(page, link=replace(page.link, missing=0))
        look.ports.store.settle_link(page.link)
        identity = page.link.identity
        if down or identity is None or not following.gone(page.link, page.status):
            continue
        if look.ports.store.propose_retraction(identity, look.source.id, page.why, look.now):
            log.warning("retraction proposed", source=look.source.id, identity=identity)
