"""Pictures that Articles name, in SQL.

It decides nothing about which are wanted.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import and_, case, func, or_, select, update

from syndication.adapters.sql.base import Base, insert_new
from syndication.adapters.sql.feed_shelf import in_pieces
from syndication.adapters.sql.intake import ARTICLE_COLUMNS, article_of
from syndication.adapters.tables import (
    article,
    article_revision,
    feed,
    feed_article,
    feed_entry,
    picture,
    picture_use,
    pictured,
)
from syndication.core.model import Article
from syndication.core.pictures import Picture
from syndication.ports.pictures import WantedPicture

_PICTURE = [picture.c[name] for name in Picture.__slots__]


class Pictures(Base):
    def unpictured(self, since: datetime, limit: int) -> Sequence[Article]:
        newest = and_(article_revision.c.article_id == article.c.id, article_revision.c.number == article.c.revision)
        noted = and_(pictured.c.article_id == article.c.id, pictured.c.revision >= article.c.revision)
        question = (
            select(*ARTICLE_COLUMNS)
            .join(article_revision, newest)
            .outerjoin(pictured, noted)
            .where(article.c.revised_at >= since, pictured.c.article_id.is_(None))
            .order_by(article.c.revised_at.desc(), article.c.id.desc())
            .limit(limit)
        )
        with self._reads() as db:
            return [article_of(row) for row in db.execute(question)]

    def note_pictures(self, article: Article, wanted: Sequence[WantedPicture], now: datetime) -> None:
        rows = [{"url": one.url, "loopback": one.loopback, "wanted_at": now, "next_at": now} for one in wanted]
        with self._writes() as db:
            if rows:
                db.execute(insert_new(db, picture, ["url"]), rows)
                uses = [{"url": one.url, "article_id": article.id} for one in wanted]
                db.execute(insert_new(db, picture_use, ["url", "article_id"]), uses)
            told = update(pictured).where(pictured.c.article_id == article.id)
            noted = {"article_id": article.id, "revision": article.revision}
            if not db.execute(insert_new(db, pictured, ["article_id"]).values(noted)).rowcount:
                db.execute(told.where(pictured.c.revision < article.revision).values(revision=article.revision))

    def take_pictures(self, now: datetime, until: datetime, limit: int) -> Sequence[WantedPicture]:
        free = or_(picture.c.taken_until.is_(None), picture.c.taken_until <= now)
        chosen = (
            select(picture.c.url)
            .where(picture.c.next_at <= now, free)
            .order_by(picture.c.wanted_at.desc(), picture.c.url)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        with self._writes() as db:
            order = db.execute(chosen).scalars().all()
            taken = update(picture).where(picture.c.url.in_(order)).values(taken_until=until)
            rows = db.execute(taken.returning(picture.c.url, picture.c.attempts, picture.c.loopback)).mappings().all()
        by_url = {row["url"]: WantedPicture(**row) for row in rows}
        return [by_url[url] for url in order]

    def settle_picture(
        self,
        url: str,
        now: datetime,
        *,
        picture: Picture | None = None,
        reason: str | None = None,
        again_at: datetime | None = None,
    ) -> None:
        kept = {} if picture is None else {name: getattr(picture, name) for name in Picture.__slots__}
        with self._writes() as db:
            row = update(_picture).where(_picture.c.url == url, _picture.c.path.is_(None))
            told = {"taken_until": None, "settled_at": now, "reason": reason, "next_at": again_at, **kept}
            fresh = db.execute(row.values(**told, attempts=_picture.c.attempts + 1)).rowcount
            if picture is None or not fresh:
                return
            shown = select(picture_use.c.article_id).where(picture_use.c.url == url)
            db.execute(
                update(feed_article).where(feed_article.c.article_id.in_(shown)).values(stamp=feed_article.c.stamp + 1)
            )
            stands = select(feed_entry.c.feed).where(feed_entry.c.article_id.in_(shown), feed_entry.c.left_at.is_(None))
            db.execute(update(feed).where(feed.c.key.in_(stands)).values(version=feed.c.version + 1))

    def pictures(self, urls: Collection[str]) -> Mapping[str, Picture]:
        found: dict[str, Picture] = {}
        with self._reads() as db:
            for part in in_pieces(sorted(urls)):
                kept = and_(picture.c.url.in_(part), picture.c.path.is_not(None))
                for row in db.execute(select(picture.c.url, *_PICTURE).where(kept)).mappings():
                    found[row["url"]] = Picture(**{name: row[name] for name in Picture.__slots__})
        return found

    def picture_counts(self) -> Mapping[str, int]:
        state = case(
            (picture.c.path.is_not(None), "kept"),
            (picture.c.next_at.is_not(None), "wanted"),
            else_=func.coalesce(picture.c.reason, "none"),
        )
        with self._reads() as db:
            return dict(db.execute(select(state, func.count()).group_by(state)).tuples().all())


_picture = picture  # where a parameter has its name
