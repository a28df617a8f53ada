"""Measures keeping 1,000 feeds of 20,000 stories fresh against plain feedgen, both in this run; prints ratios.

Usage: python benchmarks/feeds.py [--articles 20000] [--feeds 1000] [--items 200] [--rounds 7] [--whole] [--json]
One new story of 2 KB comes into the ten feeds it belongs to. Plain feedgen gets the same clean fields and none of the
repairs, and has to build each of these feeds anew: it keeps nothing.
  render         the bytes of these feeds, in RSS and in Atom
  + replace      and SHA-256 of them, and the file replaced atomically, on both sides
  + replace (*)  the same, but feedgen's side only renders
  + gzip         and gzip -6, on both sides
  rebuild        all feeds with nothing kept; feedgen builds 100 of them, or all with --whole, and is scaled
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import html
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from feedgen.feed import FeedGenerator

from syndication.adapters.files import FilePublisher
from syndication.core.model import Image
from syndication.render.feed_items import Category, FeedHead, FeedItem
from syndication.render.feed_pieces import joined, pieces

Made = Iterator[tuple[str, bytes]]  # paths and bytes, one after another as they are published

XML = ("rss", "atom")
SEEN = datetime(2026, 1, 19, 20, 10, tzinfo=UTC)
_TEXT = (
    "가람시는 표본 예산안을 의회에 냈다고 밝혔다 자세한 내용은 시청 누리집에서 볼 수 있다 주민들은 새해 들어 첫 장이 "
    "선 중앙시장을 찾아 과일과 나물을 살폈고 상인회는 명절을 앞두고 새벽 다섯 시부터 문을 연다고 알렸다 하천 산책로의 "
    "어둡던 가로등 삼백 개가 전기를 덜 쓰는 것으로 바뀌었으며 천문대는 겨울 별자리를 보려는 가족에게 망원경을 빌려준다"
)
WORDS = _TEXT.split()


def head(n: int) -> FeedHead:
    return FeedHead(
        id=f"tag:garam.example,2026:feed/tag/{n}/articles",
        title=f"가람일보 #표본{n}",
        description="가람일보의 기사를 하나씩",
        self_url=f"https://garam.example/feeds/tag/{n}/articles.rss",
        site_url="https://garam.example/",
        language="ko",
        author="가람일보",
        rights="© 가람일보",
        updated_at=SEEN,
        prev_url=f"https://garam.example/feeds/tag/{n}/articles/2025-12.rss",
    )


def sample(n: int) -> FeedItem:
    """A story of about 2 KB, of its own words."""
    chance = random.Random(n)
    paragraphs = ["".join(f"{chance.choice(WORDS)} " for _ in range(24)).strip() + "." for _ in range(8)]
    return FeedItem(
        id=f"tag:garam.example,2026-01-20:article/{n}",
        title=f"표본 기사 {n}: {' '.join(chance.choices(WORDS, k=5))}",
        url=f"https://garam.example/news/{n}",
        updated_at=SEEN + timedelta(seconds=n),
        summary=paragraphs[0],
        content_html="".join(f"<p>{paragraph}</p>" for paragraph in paragraphs),
        published_at=SEEN - timedelta(minutes=n),
        authors=("표본 기자",),
        categories=(Category(term="사회"), Category(term="가람시")),
        rights="© 가람일보",
        images=(Image(url=f"https://img.garam.example/{n}.jpg", alt="표본", width=800, height=600),),
    )


def plain(of: FeedHead, items: Sequence[FeedItem], dialect: str) -> bytes:
    """The same feed as the library alone writes it, with its own dc and media extensions."""
    feed = FeedGenerator()
    feed.load_extension("dc")
    feed.load_extension("media")
    feed.id(of.id)
    feed.title(of.title)
    feed.description(of.description)
    feed.language(of.language)
    feed.updated(of.updated_at)
    feed.link(href=of.self_url, rel="self")
    feed.link(href=of.site_url)
    for item in items:
        entry = feed.add_entry(order="append")
        entry.id(item.id)
        entry.title(item.title)
        entry.link(href=item.url)
        entry.summary(html.escape(item.summary or ""))
        entry.content(item.content_html, type="html")
        entry.updated(item.updated_at)
        entry.published(item.published_at)
        entry.category([{"term": c.term} for c in item.categories])
        entry.dc.dc_creator(list(item.authors))
        entry.rights(item.rights)
        image = item.images[0]
        entry.media.content(url=image.url, medium="image", width=str(image.width), height=str(image.height), group=None)
    made: bytes = feed.rss_str() if dialect == "rss" else feed.atom_str()
    return made


class Paper:
    """The stories, which of them stand in which feed, and their serialised items."""

    def __init__(self, articles: int, feeds: int, items: int) -> None:
        chance = random.Random(1)
        self.items = [sample(n) for n in range(articles)]
        self.heads = [head(n) for n in range(feeds)]
        self.inside = [chance.sample(range(articles), min(items, articles)) for _ in range(feeds)]
        self.kept: dict[str, list[bytes]] = {}

    def serialise(self) -> None:
        self.kept = {dialect: [piece.body or b"" for piece in pieces(self.items, dialect)] for dialect in XML}

    def touched(self, new: int) -> list[int]:
        """The ten feeds that a new story comes into."""
        return random.Random(f"touched {new}").sample(range(len(self.heads)), min(10, len(self.heads)))

    def fresh(self, new: FeedItem, n: int) -> Iterator[tuple[str, bytes]]:
        """Ours: the new story is serialised once per dialect, each of its feeds joined."""
        for dialect in XML:
            (piece,) = pieces([new], dialect)
            kept = self.kept[dialect]
            for feed in self.touched(n):
                bodies = [piece.body or b"", *(kept[number] for number in self.inside[feed][:-1])]
                of = replace(self.heads[feed], updated_at=new.updated_at)
                yield f"feeds/{feed}.{dialect}", joined(of, bodies, dialect)

    def plain(self, new: FeedItem, n: int) -> Iterator[tuple[str, bytes]]:
        """Theirs: every item of these feeds again."""
        for dialect in XML:
            for feed in self.touched(n):
                items = [new, *(self.items[number] for number in self.inside[feed][:-1])]
                yield f"feeds/{feed}.{dialect}", plain(self.heads[feed], items, dialect)

    def rebuild(self) -> None:
        """Ours with nothing kept: every story serialised once, every feed joined."""
        self.serialise()
        for dialect in XML:
            kept = self.kept[dialect]
            for feed, inside in enumerate(self.inside):
                joined(self.heads[feed], [kept[number] for number in inside], dialect)

    def plain_rebuild(self, feeds: int) -> None:
        for dialect in XML:
            for feed in range(feeds):
                plain(self.heads[feed], [self.items[number] for number in self.inside[feed]], dialect)


def rendered(made: Made) -> None:
    for _ in made:
        pass


def replaced(folder: Path, made: Made) -> None:
    publisher = FilePublisher(folder)
    for path, body in made:
        hashlib.sha256(body).hexdigest()
        publisher.publish(path, body, "application/xml")


def packed(folder: Path, made: Made) -> None:
    publisher = FilePublisher(folder)
    for path, body in made:
        small = gzip.compress(body, 6, mtime=0)
        for name, octets in ((path, body), (f"{path}.gz", small)):
            hashlib.sha256(octets).hexdigest()
            publisher.publish(name, octets, "application/xml")


def cost(call: Callable[[], object]) -> float:
    """CPU milliseconds of one call: a busy machine changes them little, a slow disk not at all."""
    began = time.process_time()
    call()
    return (time.process_time() - began) * 1000


def measure(paper: Paper, rounds: int, whole: bool) -> dict[str, dict[str, float]]:
    """Milliseconds of both sides and how many times as long feedgen takes, by what is measured."""
    feeds = len(paper.heads) if whole else min(100, len(paper.heads))
    ours, theirs = cost(paper.rebuild), cost(partial(paper.plain_rebuild, feeds)) * len(paper.heads) / feeds
    figures = {"rebuild": row([ours], [theirs])}
    found: dict[str, tuple[list[float], list[float]]] = {}
    with tempfile.TemporaryDirectory() as place:
        for n in range(rounds + 1):
            new = sample(len(paper.items) + n)
            for name, (mine, other) in sides(paper, new, n, Path(place)).items():
                pair = found.setdefault(name, ([], []))
                pair[0].append(cost(mine))
                pair[1].append(cost(other))
    return {name: row(a[1:], b[1:]) for name, (a, b) in found.items()} | figures  # the first one warms up


def sides(paper: Paper, new: FeedItem, n: int, place: Path) -> dict[str, tuple[Callable[[], object], ...]]:
    """For each measurement what we do and what plain feedgen does."""
    mine, other = partial(paper.fresh, new, n), partial(paper.plain, new, n)
    a, b = place / "ours", place / "theirs"
    return {
        "render": (lambda: rendered(mine()), lambda: rendered(other())),
        "+ replace": (lambda: replaced(a / f"{n}", mine()), lambda: replaced(b / f"{n}", other())),
        "+ replace (*)": (lambda: replaced(a / f"{n}-", mine()), lambda: rendered(other())),
        "+ gzip": (lambda: packed(a / f"{n}z", mine()), lambda: packed(b / f"{n}z", other())),
    }


def row(ours: list[float], theirs: list[float]) -> dict[str, float]:
    mine, other = statistics.median(ours), statistics.median(theirs)
    return {"ours_ms": mine, "feedgen_ms": other, "times": other / mine}


def main() -> None:
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    for name, default in (("articles", 20_000), ("feeds", 1_000), ("items", 200), ("rounds", 7)):
        arguments.add_argument(f"--{name}", type=int, default=default)
    arguments.add_argument("--whole", action="store_true", help="let feedgen build every feed, too")
    arguments.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    chosen = arguments.parse_args()
    figures = measure(Paper(chosen.articles, chosen.feeds, chosen.items), chosen.rounds, chosen.whole)
    if chosen.json:
        print(json.dumps({"articles": chosen.articles, "feeds": chosen.feeds, "items": chosen.items, **figures}))
        return
    print(f"{chosen.articles:,} stories, {chosen.feeds:,} feeds of {chosen.items}; one new story in ten feeds")
    print(f"{'':<14} {'ours':>11} {'feedgen':>11} {'feedgen/ours':>13}")
    for name, found in figures.items():
        print(f"{name:<14} {found['ours_ms']:8.1f} ms {found['feedgen_ms']:8.1f} ms {found['times']:12.1f}x")


if __name__ == "__main__":
    main()
