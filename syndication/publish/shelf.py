"""Keeps serialised items at hand: each is made once per dialect and Revision, by whichever worker comes first.

It renders nothing itself and decides nothing: what is not kept is asked for and made by `render.feed_pieces`.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

import structlog

from syndication.core.catalogue import Kept, Version
from syndication.core.model import Edition, Outlet
from syndication.ports import Ports, Setup, Store
from syndication.render.feed_items import FeedItem
from syndication.render.feed_pieces import LAYER, pieces

log = structlog.get_logger()

MOST_OCTETS = 64 * 1024 * 1024  # of items in this process's memory

Items = Callable[[Sequence[int]], Mapping[int, tuple[Version, FeedItem]]]


def namespace_of(outlet: Outlet, editions: Iterable[Edition], templates: Mapping[str, str]) -> str:
    """Tells apart what was serialised by another layer, for another outlet or with other words."""
    words = sorted((name, text) for name, text in templates.items() if name.startswith("words/"))
    told = sorted((e.id, e.title, e.language, e.zone, e.stations) for e in editions)
    return hashlib.sha256(repr((LAYER, outlet, words, told)).encode()).hexdigest()[:16]


def namespace_in(setup: Setup) -> str:
    return namespace_of(setup.outlet, setup.editions.values(), setup.templates)


@dataclass(slots=True)
class Shelf:
    """The items of one Store in this process's memory; what was not asked for longest goes first."""

    most: int = MOST_OCTETS
    octets: int = 0
    rows: OrderedDict[tuple[str, str, str, int], Kept] = field(default_factory=OrderedDict)

    def get(self, place: tuple[str, str, str, int], version: Version) -> Kept | None:
        kept = self.rows.get(place)
        if kept is None or kept.version != version:
            return None
        self.rows.move_to_end(place)
        return kept

    def put(self, place: tuple[str, str, str, int], kept: Kept) -> None:
        self.octets += _size(kept) - _size(self.rows.pop(place, None))
        self.rows[place] = kept
        while self.octets > self.most and len(self.rows) > 1:
            self.octets -= _size(self.rows.popitem(last=False)[1])


def _size(kept: Kept | None) -> int:
    return 0 if kept is None else len(kept.body or b"") + 200


_SHELVES: WeakKeyDictionary[Store, Shelf] = WeakKeyDictionary()


def shelf_of(store: Store) -> Shelf:
    """This process's shelf for a Store."""
    return _SHELVES.setdefault(store, Shelf())


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelves:
    """Where items of one installation are looked for: in memory, in the Store, and then they are made."""

    ports: Ports
    namespace: str
    shelf: Shelf

    def bodies(self, dialect: str, kind: str, versions: Sequence[Version], items: Items) -> list[bytes]:
        """The serialised items of these versions, in order, without those in quarantine.

        `items` is asked for those that nobody has made yet, by number."""
        found = self._remembered(dialect, kind, versions)
        found |= self._stored(dialect, kind, [v for v in versions if v.number not in found])
        missing = [v.number for v in versions if v.number not in found]
        if missing:
            found |= self._made(dialect, kind, items(missing))
        there = (found.get(v.number) for v in versions)
        return [kept.body for kept in there if kept is not None and kept.body is not None]

    def _remembered(self, dialect: str, kind: str, versions: Sequence[Version]) -> dict[int, Kept]:
        get, namespace = self.shelf.get, self.namespace
        known = ((v.number, get((namespace, dialect, kind, v.number), v)) for v in versions)
        return {number: kept for number, kept in known if kept is not None}

    def _stored(self, dialect: str, kind: str, versions: Sequence[Version]) -> dict[int, Kept]:
        if not versions:
            return {}
        there = self.ports.store.kept(self.namespace, dialect, kind, [v.number for v in versions])
        good = {v.number: there[v.number] for v in versions if v.number in there and there[v.number].version == v}
        self._remember(dialect, kind, good)
        return good

    def _made(self, dialect: str, kind: str, items: Mapping[int, tuple[Version, FeedItem]]) -> dict[int, Kept]:
        made = zip(items.values(), pieces([item for _, item in items.values()], dialect), strict=True)
        fresh = {v.number: Kept(version=v, body=piece.body, reason=piece.reason) for (v, _), piece in made}
        self.ports.store.keep(self.namespace, dialect, kind, list(fresh.values()))
        self._remember(dialect, kind, fresh)
        for number, kept in fresh.items():
            if kept.reason is not None:
                log.warning("feed item quarantined", kind=kind, number=number, dialect=dialect, reason=kept.reason)
        return fresh

    def _remember(self, dialect: str, kind: str, found: Mapping[int, Kept]) -> None:
        for number, kept in found.items():
            self.shelf.put((self.namespace, dialect, kind, number), kept)


def shelves(ports: Ports, setup: Setup) -> Shelves:
    return Shelves(ports=ports, namespace=namespace_in(setup), shelf=shelf_of(ports.store))
