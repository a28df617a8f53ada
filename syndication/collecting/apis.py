"""Reads a CMS by its API, page by page, newest change first, from where the last whole walk began.

What a CMS is asked and how it answers is its dialect's (core.cms_…); how far we have come is core.cms.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from syndication.collecting.lists import watch
from syndication.collecting.storing import Look, keep
from syndication.core import cms, entries
from syndication.core.cms import Dialect, Listed, Walk
from syndication.core.cms_arc import Arc
from syndication.core.cms_ghost import Ghost
from syndication.core.cms_wordpress import WordPress
from syndication.core.model import Reading, SourceKind
from syndication.core.shape import Unreadable
from syndication.core.sources import legible, plausible
from syndication.ports import Fetched, Permanent, Stored, Transient

DIALECTS: Mapping[SourceKind, Dialect] = {
    SourceKind.WORDPRESS: WordPress(),
    SourceKind.GHOST: Ghost(),
    SourceKind.ARC: Arc(),
}
_BEYOND_THE_END = 400  # what WordPress says of a page after the last one


@dataclass(frozen=True, slots=True, kw_only=True)
class Walked:
    """What a walk gave. Without `cursor` nothing was read: the API has not changed, or has `ended`."""

    stored: tuple[Stored, ...] = ()
    readings: tuple[Reading, ...] = ()
    cursor: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    ended: bool = False


def walk(look: Look) -> Walked:
    """Read pages until what was seen before, or ten of them; the next look goes on from there.

    Raises Transient or Permanent when not even the first page could be had or read."""
    here = cms.walk_from(look.state.cursor)
    stored: list[Stored] = []
    readings: list[Reading] = []
    first: Fetched | None = None
    for _ in range(cms.PAGES_A_LOOK):
        try:
            got = _page(look, here, fresh=not readings)
            if got.ended or got.body is None:
                return Walked(ended=got.ended)
            listed, reading = _read(look, got)
        except (Transient, Permanent) as error:
            if isinstance(error, Permanent) and error.status == _BEYOND_THE_END and here.page > 1:
                here = cms.after(here, Listed(entries=(), changed=(), more=False), look.now)[0]
                break
            if not readings:
                raise
            readings.append(Reading(warnings=(f"the walk goes on at the next look: {error}",)))
            break
        first = first or got
        stored.append(keep(look, reading))
        watch(look, reading)
        readings.append(reading)
        here, whole = cms.after(here, listed, look.now)
        if whole:
            break
    known = first if first is not None and here.page == 1 else None
    return Walked(
        stored=tuple(stored),
        readings=tuple(readings),
        cursor=here.cursor,
        etag=known.etag if known else None,
        last_modified=known.last_modified if known else None,
    )


def _page(look: Look, here: Walk, *, fresh: bool) -> Fetched:
    dialect, asks_anew = DIALECTS[look.source.kind], fresh and here.page == 1
    return look.ports.fetcher.fetch(
        dialect.address(look.source, here.page, look.key),
        etag=look.state.etag if asks_anew else None,
        last_modified=look.state.last_modified if asks_anew else None,
        loopback=look.source.loopback,
        authorization=dialect.authorization(look.key),
    )


def _read(look: Look, got: Fetched) -> tuple[Listed, Reading]:
    try:
        listed = DIALECTS[look.source.kind].read(got.body or b"", got.content_type)
    except Unreadable as fault:
        raise Permanent(str(fault)) from None
    base = look.source.location.partition("?")[0]
    reading = entries.reading(listed.entries, outlet=look.source.outlet, base=base)
    return listed, plausible(legible(reading), look.now)
