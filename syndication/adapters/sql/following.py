"""Links of Sources and the times of their Articles in SQL: the Following part of the Store.

When a link is looked at again is decided in core.following.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select, update

from syndication.adapters.sql.base import Base, insert_new
from syndication.adapters.tables import article, source_link
from syndication.core.model import SourceLink

_NAMES = tuple(SourceLink.__slots__)


class Following(Base):
    def note_links(
        self, source_id: str, links: Sequence[tuple[str, str, str | None]], now: datetime, *, due: bool
    ) -> int:
        rows = [
            {
                "source_id": source_id,
                "key": key,
                "position": n,
                "url": url,
                "identity": identity,
                "first_seen_at": now,
                "next_check_at": now if due else None,
            }
            for n, (key, url, identity) in enumerate(links)
        ]
        if not rows:
            return 0
        with self._writes() as db:
            return len(db.execute(insert_new(db, source_link).returning(source_link.c.key), rows).all())

    def links_due(self, source_id: str, now: datetime, limit: int) -> Sequence[SourceLink]:
        looked_at = source_link.c.identity.is_not(None) | (source_link.c.failures > 0)
        question = (
            select(source_link)
            .where(source_link.c.source_id == source_id, source_link.c.next_check_at <= now)
            .order_by(looked_at, source_link.c.next_check_at, source_link.c.position, source_link.c.key)
            .limit(limit)
        )
        with self._reads() as db:
            return [SourceLink(**{name: row[name] for name in _NAMES}) for row in db.execute(question).mappings()]

    def settle_link(self, link: SourceLink) -> None:
        keys = ("source_id", "key")
        values = {name: getattr(link, name) for name in _NAMES if name not in keys}
        mine = (source_link.c.source_id == link.source_id) & (source_link.c.key == link.key)
        with self._writes() as db:
            db.execute(update(source_link).where(mine).values(**values))

    def arrivals(self, since: datetime) -> Mapping[str, Sequence[datetime]]:
        question = (
            select(article.c.source_id, article.c.first_seen_at)
            .where(article.c.first_seen_at >= since, article.c.baseline.is_(False))
            .distinct()
            .order_by(article.c.first_seen_at)
        )
        found: dict[str, list[datetime]] = defaultdict(list)
        with self._reads() as db:
            for row in db.execute(question):
                found[row.source_id].append(row.first_seen_at)
        return found
