"""Fetches the pictures that Articles name, each once, and makes them ours: safe, small, without anything hidden.

It shows none: `publish.hanging` hangs them where Articles are frozen or rendered.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import structlog

from syndication.core.model import Article
from syndication.core.pictures import Picture, wanted
from syndication.ports import Permanent, Ports, Setup, Transient, WantedPicture
from syndication.publish.pictures import publish_picture

log = structlog.get_logger()

LOOK_BACK = timedelta(days=7)  # pictures of older Articles are not looked for any more
AT_A_TIME = 1  # each may take a minute
LEASE = timedelta(minutes=6)  # longer than these take
BUDGET = timedelta(seconds=40)
RETRIES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))


def gather(ports: Ports, setup: Setup, *, budget: timedelta = BUDGET) -> Mapping[str, int]:
    """Note what Articles name and fetch what is due; returns how many were kept, put off, and how many are none.

    Repeatable, by any number of workers."""
    until, sums = ports.clock.now() + budget, Counter[str]()
    if ports.darkroom is None or ports.picture_fetcher is None:
        return sums
    note_wanted(ports, setup)
    while (now := ports.clock.now()) <= until:
        taken = ports.store.take_pictures(now, now + LEASE, AT_A_TIME)
        for one in taken:
            sums[_fetch(ports, one)] += 1
        if not taken:
            break
    return sums


def note_wanted(ports: Ports, setup: Setup) -> None:
    """Note the pictures of every Article that is new or was revised."""
    now = ports.clock.now()
    while articles := ports.store.unpictured(now - LOOK_BACK, 200):
        for article in articles:
            found = [WantedPicture(url=url, loopback=_is_here(setup, article, url)) for url in wanted(article.content)]
            ports.store.note_pictures(article, found, now)


def _is_here(setup: Setup, article: Article, url: str) -> bool:
    """Whether a picture lies on this machine on purpose: at the very place that its Source is fetched from."""
    source = setup.sources.get(article.source_id)
    return source is not None and source.loopback and urlsplit(source.location).netloc == urlsplit(url).netloc


def _fetch(ports: Ports, one: WantedPicture) -> str:
    """Try one picture; returns what came of it."""
    now = ports.clock.now()
    try:
        picture = _kept(ports, one)
    except Transient as error:
        again_at = _again_at(one, now, error.retry_after)
        ports.store.settle_picture(one.url, now, reason=str(error)[:200], again_at=again_at)
        return "put_off" if again_at is not None else "none"
    except Permanent as error:
        ports.store.settle_picture(one.url, now, reason=str(error)[:200])
        log.info("picture refused", reason=str(error)[:200])
        return "none"
    ports.store.settle_picture(one.url, now, picture=picture)
    log.info("picture kept", path=picture.path, width=picture.width, height=picture.height)
    return "kept"


def _kept(ports: Ports, one: WantedPicture) -> Picture:
    """A picture of ours, published in two widths. Raises Transient and Permanent."""
    assert ports.picture_fetcher is not None
    assert ports.darkroom is not None
    fetched = ports.picture_fetcher.fetch(one.url, loopback=one.loopback)
    if not fetched.body:
        raise Permanent("there is nothing at its address")
    large, small = ports.darkroom.develop(fetched.body)
    return Picture(
        path=publish_picture(ports.publisher, large.body, large.content_type),
        width=large.width,
        height=large.height,
        small_path=publish_picture(ports.publisher, small.body, small.content_type),
        small_width=small.width,
        small_height=small.height,
    )


def _again_at(one: WantedPicture, now: datetime, retry_after: timedelta | None) -> datetime | None:
    if one.attempts >= len(RETRIES):
        return None
    return now + max(RETRIES[one.attempts], min(retry_after or timedelta(), timedelta(hours=6)))
