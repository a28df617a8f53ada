"""Pictures that Articles name, in memory; and a darkroom that takes everything as it is.

It decides nothing about which are wanted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from syndication.adapters.memory.picture_rows import PictureRow
from syndication.adapters.memory.rows import Rows
from syndication.core.model import Article
from syndication.core.pictures import Picture
from syndication.ports import Permanent, Print, WantedPicture


class MemoryPictures:
    rows: Rows

    def unpictured(self, since: datetime, limit: int) -> Sequence[Article]:
        with self.rows.lock:
            newest = [max(every, key=lambda a: a.revision) for every in self.rows.revisions.values()]
            fresh = [a for a in newest if a.revised_at >= since and self.rows.pictured.get(a.id, 0) < a.revision]
            return sorted(fresh, key=lambda a: (a.revised_at, a.id), reverse=True)[:limit]

    def note_pictures(self, article: Article, wanted: Sequence[WantedPicture], now: datetime) -> None:
        with self.rows.lock:
            for one in wanted:
                fresh = PictureRow(loopback=one.loopback, wanted_at=now, next_at=now)
                self.rows.pictures.setdefault(one.url, fresh).articles.add(article.id)
            self.rows.pictured[article.id] = max(article.revision, self.rows.pictured.get(article.id, 0))

    def take_pictures(self, now: datetime, until: datetime, limit: int) -> Sequence[WantedPicture]:
        with self.rows.lock:
            due = [
                (url, row)
                for url, row in sorted(self.rows.pictures.items())
                if row.next_at is not None
                and row.next_at <= now
                and (row.taken_until is None or row.taken_until <= now)
            ]
            taken = sorted(due, key=lambda pair: pair[1].wanted_at, reverse=True)[:limit]
            for _, row in taken:
                row.taken_until = until
            return [WantedPicture(url=url, attempts=row.attempts, loopback=row.loopback) for url, row in taken]

    def settle_picture(
        self,
        url: str,
        now: datetime,
        *,
        picture: Picture | None = None,
        reason: str | None = None,
        again_at: datetime | None = None,
    ) -> None:
        with self.rows.lock:
            row = self.rows.pictures.get(url)
            if row is None or row.picture is not None:
                return
            row.attempts, row.taken_until = row.attempts + 1, None
            row.picture, row.reason, row.next_at = picture, reason, again_at
            for number in row.articles if picture is not None else ():
                self._restamp(number)

    def _restamp(self, number: int) -> None:
        feeds = self.rows.feeds
        if number in feeds.articles:
            feeds.articles[number].stamp += 1
        for (key, which), entry in feeds.entries.items():
            if which == number and entry.left_at is None:
                feeds.feeds[key].version += 1

    def pictures(self, urls: Collection[str]) -> Mapping[str, Picture]:
        with self.rows.lock:
            found = ((url, self.rows.pictures.get(url)) for url in urls)
            return {url: row.picture for url, row in found if row is not None and row.picture is not None}

    def picture_counts(self) -> Mapping[str, int]:
        with self.rows.lock:
            return dict(Counter(row.state for row in self.rows.pictures.values()))


@dataclass(slots=True)
class MemoryDarkroom:
    """Takes every picture as it is, as large as told; what begins with "bad" is none."""

    width: int = 800
    height: int = 600

    def develop(self, body: bytes) -> tuple[Print, Print]:
        if body.startswith(b"bad"):
            raise Permanent("it cannot be decoded")
        large = Print(body=body, width=self.width, height=self.height)
        return large, Print(body=body + b"small", width=self.width // 2, height=self.height // 2)
