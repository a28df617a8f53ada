"""What Feeds are made of, in SQL: stories, pages of archives, serialised items.

It changes nothing about what stands where: `feeds` does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Row, Select, and_, delete, func, insert, or_, select, update

from syndication.adapters.sql.base import Base
from syndication.adapters.sql.intake import ARTICLE_COLUMNS, article_of
from syndication.adapters.tables import (
    article,
    article_revision,
    feed,
    feed_article,
    feed_entry,
    feed_page,
    feed_piece,
    issue,
    issue_revision,
)
from syndication.core.catalogue import Feed, FeedState, Kept, Page, Place, Scope, Story, Version
from syndication.core.model import ArticleStatus

T = TypeVar("T")

_PART = 500
_SHOWN = (
    feed_article.c.uri.label("public_uri"),
    feed_article.c.stamp,
    feed_article.c.appeared_at,
    feed_article.c.edition_id,
    feed_article.c.language,
    feed_article.c.section,
    feed_article.c.link,
    feed_article.c.summary,
    feed_article.c.summary_revision,
    feed_article.c.status.label("standing"),
    feed_article.c.notice,
    feed_article.c.restated_at,
)


class FeedShelf(Base):
    # --- entries and stories ---

    def entries(self, key: str, now: datetime, limit: int) -> Sequence[Place]:
        shown = and_(
            article_revision.c.article_id == feed_article.c.article_id,
            article_revision.c.number == feed_article.c.revision,
        )
        question = (
            select(
                feed_article.c.article_id,
                feed_article.c.revision,
                feed_article.c.stamp,
                feed_article.c.restated_at,
                feed_entry.c.sorted_at,
                article_revision.c.seen_at,
            )
            .join(feed_entry, feed_entry.c.article_id == feed_article.c.article_id)
            .join(article_revision, shown)
            .where(feed_entry.c.feed == key, feed_entry.c.sorted_at <= now, feed_entry.c.left_at.is_(None))
            .order_by(feed_entry.c.sorted_at.desc(), feed_entry.c.article_id)
            .limit(limit)
        )
        with self._reads() as db:
            return [_place(*row) for row in db.execute(question).tuples()]

    def next_entry_at(self, key: str, now: datetime) -> datetime | None:
        with self._reads() as db:
            return db.execute(
                select(func.min(feed_entry.c.sorted_at)).where(
                    feed_entry.c.feed == key, feed_entry.c.sorted_at > now, feed_entry.c.left_at.is_(None)
                )
            ).scalar()

    def stories(self, numbers: Collection[int]) -> Mapping[int, Story]:
        found: dict[int, Story] = {}
        with self._reads() as db:
            for part in in_pieces(numbers):
                for row in db.execute(stories().where(feed_article.c.article_id.in_(part))):
                    found[row.id] = story_of(row)
        return found

    def newest_stories(self, since: datetime, limit: int) -> Sequence[Story]:
        question = (
            stories()
            .where(feed_article.c.appeared_at >= since)
            .order_by(feed_article.c.appeared_at.desc(), feed_article.c.article_id.desc())
            .limit(limit)
        )
        with self._reads() as db:
            return [story_of(row) for row in db.execute(question)]

    # --- archives ---

    def unarchived(self, state: FeedState, now: datetime, limit: int) -> Sequence[tuple[datetime, int]]:
        question = (
            select(feed_entry.c.appeared_at, feed_entry.c.article_id)
            .where(feed_entry.c.feed == state.feed.key, feed_entry.c.sorted_at <= now, feed_entry.c.left_at.is_(None))
            .order_by(feed_entry.c.appeared_at, feed_entry.c.article_id.desc())
            .limit(limit)
        )
        if state.closed_at is not None:
            question = question.where(_behind(state.closed_at, state.closed_number))
        with self._reads() as db:
            return [(at, number) for at, number in db.execute(question).tuples()]

    def close_page(self, page: Page) -> FeedState:
        values = {name: getattr(page, name) for name in Page.__slots__ if name != "key"}
        mine = and_(feed_page.c.feed == page.key, feed_page.c.name == page.name)
        with self._writes() as db:
            if db.execute(select(feed_page.c.name).where(mine)).scalar() is None:
                db.execute(insert(feed_page).values(feed=page.key, **values))
            row = db.execute(
                update(feed)
                .where(feed.c.key == page.key)
                .values(closed_at=page.last_at, closed_number=page.last_number, page=page.name, open_page=page.after)
                .returning(feed)
            ).one()
        return state_of(row)

    def page_stories(self, page: Page) -> Sequence[Story]:
        then = (
            select(func.max(article_revision.c.number))
            .where(article_revision.c.article_id == article.c.id, article_revision.c.seen_at <= page.closed_at)
            .correlate(article)
            .scalar_subquery()
        )
        question = (
            stories(revision=then)
            .join(feed_entry, feed_entry.c.article_id == feed_article.c.article_id)
            .where(
                feed_entry.c.feed == page.key,
                _behind(page.first_at, page.first_number + 1),
                ~_behind(page.last_at, page.last_number),
                (feed_entry.c.left_at.is_(None)) | (feed_entry.c.left_at > page.closed_at),
            )
            .order_by(feed_entry.c.appeared_at.desc(), feed_entry.c.article_id)
        )
        with self._reads() as db:
            return [story_of(row) for row in db.execute(question)]

    def stale_pages(self) -> Sequence[Page]:
        question = select(feed_page).where(feed_page.c.stale).order_by(feed_page.c.feed, feed_page.c.name)
        names = [name for name in Page.__slots__ if name != "key"]
        with self._reads() as db:
            return [
                Page(key=row["feed"], **{name: row[name] for name in names}) for row in db.execute(question).mappings()
            ]

    def settle_page(self, page: Page) -> None:
        mine = and_(feed_page.c.feed == page.key, feed_page.c.name == page.name)
        with self._writes() as db:
            db.execute(update(feed_page).where(mine).values(stale=False))

    def amended_at(self, issue_ids: Collection[int]) -> Mapping[int, datetime]:
        newest = and_(issue_revision.c.issue_id == issue.c.id, issue_revision.c.number == issue.c.revision)
        found: dict[int, datetime] = {}
        with self._reads() as db:
            for part in in_pieces(issue_ids):
                question = select(issue.c.id, issue_revision.c.frozen_at).join(issue_revision, newest)
                found |= dict(db.execute(question.where(issue.c.id.in_(part))).tuples().all())
        return found

    # --- serialised items ---

    def kept(self, namespace: str, dialect: str, kind: str, numbers: Collection[int]) -> Mapping[int, Kept]:
        mine = and_(feed_piece.c.namespace == namespace, feed_piece.c.dialect == dialect, feed_piece.c.kind == kind)
        found: dict[int, Kept] = {}
        with self._reads() as db:
            for part in in_pieces(numbers):
                rows = db.execute(select(feed_piece).where(mine, feed_piece.c.number.in_(part)))
                found |= {row.number: _kept(row) for row in rows}
        return found

    def keep(self, namespace: str, dialect: str, kind: str, kept: Sequence[Kept]) -> None:
        mine = and_(feed_piece.c.namespace == namespace, feed_piece.c.dialect == dialect, feed_piece.c.kind == kind)
        with self._writes() as db:
            for part in in_pieces(kept):
                numbers = [one.version.number for one in part]
                db.execute(delete(feed_piece).where(mine, feed_piece.c.number.in_(numbers)))
                db.execute(
                    insert(feed_piece),
                    [{"namespace": namespace, "dialect": dialect, "kind": kind, **_values(one)} for one in part],
                )

    def forget_kept(self, namespace: str, before: datetime) -> int:
        old = select(feed_article.c.article_id).where(feed_article.c.appeared_at < before)
        with self._writes() as db:
            strangers = db.execute(delete(feed_piece).where(feed_piece.c.namespace != namespace)).rowcount
            gone = delete(feed_piece).where(feed_piece.c.kind == "article", feed_piece.c.number.in_(old))
            return strangers + db.execute(gone).rowcount

    def quarantined(self, namespace: str) -> Sequence[tuple[str, Kept]]:
        question = select(feed_piece).where(feed_piece.c.namespace == namespace, feed_piece.c.reason.is_not(None))
        with self._reads() as db:
            rows = db.execute(question.order_by(feed_piece.c.kind, feed_piece.c.number, feed_piece.c.dialect)).all()
        once = {(row.kind, row.number): _kept(row) for row in reversed(rows)}
        return [(kind, kept) for (kind, _), kept in sorted(once.items(), key=lambda pair: pair[0])]


# --- rows ------------------------------------------------------------------------------------


def in_pieces(values: Iterable[T]) -> Iterator[list[T]]:
    """Lists short enough for one question."""
    left = iter(values)
    while part := list(islice(left, _PART)):
        yield part


def _behind(at: datetime, number: int) -> ColumnElement[bool]:
    """Entries that come behind another one in an archive: a Feed's own order, read from its end."""
    appeared = feed_entry.c.appeared_at
    return or_(appeared > at, and_(appeared == at, feed_entry.c.article_id < number))


def stories(*, revision: ColumnElement[Any] | None = None) -> Select[Any]:
    """Stories, each at the Revision that Feeds show, or at the one that `revision` names."""
    shown = feed_article.c.revision if revision is None else revision
    at = and_(article_revision.c.article_id == article.c.id, article_revision.c.number == shown)
    return (
        select(*ARTICLE_COLUMNS, *_SHOWN)
        .select_from(feed_article)
        .join(article, article.c.id == feed_article.c.article_id)
        .join(article_revision, at)
    )


def _place(number: int, revision: int, stamp: int, restated: datetime | None, came: datetime, seen: datetime) -> Place:
    changed_at = max(came, seen) if restated is None else max(came, seen, restated)
    return Place(version=Version(number=number, revision=revision, stamp=stamp), changed_at=changed_at)


def story_of(row: Row[Any]) -> Story:
    return Story(
        article=replace(article_of(row), status=ArticleStatus(row.standing)),
        uri=row.public_uri,
        stamp=row.stamp,
        appeared_at=row.appeared_at,
        edition_id=row.edition_id,
        language=row.language,
        section=row.section,
        link=row.link,
        summary=row.summary if row.summary_revision == row.number else None,
        notice=row.notice,
        restated_at=row.restated_at,
    )


def state_of(row: Row[Any]) -> FeedState:
    return FeedState(
        feed=Feed(scope=Scope(row.scope), term=row.term, kind=row.kind),
        version=row.version,
        published=row.published,
        touched_at=row.touched_at,
        due_at=row.due_at,
        closed_at=row.closed_at,
        closed_number=row.closed_number or 0,
        page=row.page,
        open_page=row.open_page,
        left_at=row.left_at,
    )


def _kept(row: Row[Any]) -> Kept:
    version = Version(number=row.number, revision=row.revision, stamp=row.stamp)
    return Kept(version=version, body=row.body, reason=row.reason)


def _values(kept: Kept) -> dict[str, Any]:
    version = kept.version
    told = {"number": version.number, "revision": version.revision, "stamp": version.stamp}
    return {**told, "body": kept.body, "reason": kept.reason}
