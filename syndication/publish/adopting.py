"""Moves an older feed of the publisher's into ours: its ids are kept, its items stand in our Feeds as they stood there.

It fetches nothing: whoever moves a feed hands over its bytes. Whoever followed the old address sees nothing as new.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from syndication.core.catalogue import SHOWN
from syndication.core.feeds import known_as
from syndication.core.model import Article, Channel, Edition, Source
from syndication.core.sources import read_feed
from syndication.ports import Permanent, Ports, Setup
from syndication.publish.appear import of_article
from syndication.render.feed_items import LONGEST_ID, plain

log = structlog.get_logger()

_STEP = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """What became of an older feed's items."""

    items: int
    new: int  # Articles that were not known before; they go into no Issue
    kept: int  # ids that our Feeds carry on from now on
    known: int  # ids that were carried on already
    entered: int  # Articles that stand in our Feeds now
    refused: Mapping[str, str] = field(default_factory=dict)  # id of the older feed -> why it is not carried on


def adopt_feed(
    ports: Ports,
    setup: Setup,
    source: Source,
    body: bytes,
    *,
    editions: Sequence[Edition],
    url: str | None = None,
    content_type: str = "",
    rehearse: bool = False,
) -> Adoption:
    """Carry an older feed's ids on and let its items appear in the Feeds of these Editions, in the old feed's order.

    `source` says whose stories they are, so that later polls know them. With `rehearse` nothing is stored. Raises
    Permanent when there is no item to be read. Repeatable: an id that was carried on stays what it is."""
    reading = read_feed(body, url=url, content_type=content_type, outlet=source.outlet)
    if not reading.articles:
        reason = reading.set_aside[0].reason if reading.set_aside else "it holds no items"
        raise Permanent(f"no item of the older feed could be read: {reason}")
    names = known_as(body, url=url, content_type=content_type, outlet=source.outlet)
    ids = {identity: names[identity] for identity in (f.identity for f in reading.articles) if identity in names}
    good = {identity: name for identity, name in ids.items() if _can_be_carried_on(name)}
    unfit = dict.fromkeys(ids.keys() - good.keys(), "it is no id that feeds can carry")
    if rehearse:
        there = ports.store.articles_known(ids.keys())
        return Adoption(
            items=len(reading.articles),
            new=len(reading.articles) - len(there),
            kept=len(good),
            known=0,
            entered=0,
            refused=_why(unfit, ids),
        )
    now = ports.clock.now()
    stored = ports.store.store_articles(source, reading.articles, now, domain=setup.outlet.domain, baseline=True)
    adopted = ports.store.adopt(good, now)
    refused = {**adopted.refused, **unfit}
    entered = _enter(ports, setup, [f.identity for f in reading.articles], editions, now)
    log.info("older feed adopted", source=source.id, kept=adopted.kept, refused=len(refused), entered=entered)
    return Adoption(
        items=len(reading.articles),
        new=stored.new,
        kept=adopted.kept,
        known=adopted.known,
        entered=entered,
        refused=_why(refused, ids),
    )


def editions_of(setup: Setup, source: Source) -> list[Edition]:
    """The Editions with feeds that take stories from a Source."""
    takes = (e for e in setup.editions.values() if not e.sources or source.id in e.sources)
    return [edition for edition in takes if Channel.FEED in edition.channels]


def _can_be_carried_on(name: str) -> bool:
    """Whether every reader gives the id back as it is."""
    return 0 < len(name) <= LONGEST_ID and plain(name) == name


def _why(refused: Mapping[str, str], ids: Mapping[str, str]) -> dict[str, str]:
    return {ids[identity]: reason for identity, reason in refused.items()}


def _enter(ports: Ports, setup: Setup, identities: Sequence[str], editions: Sequence[Edition], now: datetime) -> int:
    """Let the Articles appear as they stood in the older feed; those that have appeared stay where they are."""
    known = ports.store.articles_known(identities)
    appeared = ports.store.stories([article.id for article in known.values()])
    articles = [known[identity] for identity in identities if identity in known]
    dated = [
        (article, at)
        for article, at in zip(articles, _times(articles, now), strict=True)
        if article.status in SHOWN and article.id not in appeared
    ]
    for edition in editions:
        ports.store.enter([of_article(setup, edition, article, at=at) for article, at in dated])
    return len(dated) if editions else 0


def _times(articles: Iterable[Article], now: datetime) -> Iterator[datetime]:
    """When each appeared: by its own date, as far as that keeps the order they stood in, newest first."""
    at = now
    for article in articles:
        own = article.content.published_at
        at = min(at - _STEP, own) if own is not None else at - _STEP
        yield at
