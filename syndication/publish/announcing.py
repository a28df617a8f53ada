"""Notes what stands at its place anew, for whoever is to be told of it.

It tells nobody: `telling` does. It is called when the changed bytes are published and before their Feed is settled, so
that whoever dies in between publishes, and notes, once more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from syndication.core.catalogue import Feed, Scope
from syndication.core.telling import Ear
from syndication.ports import Ports, Setup
from syndication.publish.contents import Contents


def announce(ports: Ports, setup: Setup, feed: Feed, contents: Contents, published: Mapping[str, bytes]) -> None:
    """Note the files of a Feed as they stand now, by path, and the pages that its items lead to."""
    hubs, engines = ([one.name for one in setup.listeners if one.ear is ear] for ear in (Ear.HUB, Ear.SEARCH))
    if hubs and published:
        ports.store.note_changed(hubs, {path: _mark(body) for path, body in published.items()}, ports.clock.now())
    if engines and feed.scope is Scope.EDITION:
        ports.store.note_changed(engines, _pages(feed, contents), ports.clock.now())


def _mark(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:32]


def _pages(feed: Feed, contents: Contents) -> dict[str, str]:
    """The page of each item by its Revision; an Edition's own page by its newest Issue."""
    pages = {f"{contents.kind}:{one.number}": f"{one.revision}.{one.stamp}" for one in contents.versions}
    if contents.kind == "issue" and contents.versions:
        newest = contents.versions[0]
        pages[f"edition:{feed.term}"] = f"{newest.number}.{newest.revision}.{newest.stamp}"
    return pages
