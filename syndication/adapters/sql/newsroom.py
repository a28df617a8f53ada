"""Editions and Issues in SQL: the Newsroom part of the Store.

It chooses nothing: what an Issue holds is decided in core.curate before it comes here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, exists, func, insert, select, update

from syndication.adapters.sql.base import Base, insert_new, lock
from syndication.adapters.sql.codec import ISSUE, digest, dump, load
from syndication.adapters.sql.intake import ARTICLE_COLUMNS, article_of
from syndication.adapters.tables import (
    article,
    article_revision,
    block,
    delivery,
    edition,
    issue,
    issue_channel,
    issue_item,
    issue_revision,
)
from syndication.core.model import (
    Article,
    ArticleStatus,
    Block,
    Cadence,
    DeliveryState,
    Edition,
    Issue,
    IssueContent,
    IssueState,
)
from syndication.ports import Frozen

_PUBLISHED = (IssueState.FROZEN, IssueState.CLOSED)
OPEN_STATES = (DeliveryState.WAITING, DeliveryState.CLAIMED, DeliveryState.SENDING)


class Newsroom(Base):
    def register_editions(self, editions: Iterable[Edition], now: datetime) -> None:
        rows = [{"id": e.id, "adopted_at": now} for e in editions]
        if rows:
            with self._writes() as db:
                db.execute(insert_new(db, edition), rows)

    def adopted_at(self, edition_id: str) -> datetime:
        with self._reads() as db:
            at: datetime = db.execute(select(edition.c.adopted_at).where(edition.c.id == edition_id)).scalar_one()
        return at

    def last_issue(self, edition_id: str, cadence: Cadence) -> Issue | None:
        return self._one(
            issues().where(issue.c.edition_id == edition_id, issue.c.cadence == cadence).order_by(issue.c.on.desc())
        )

    def last_cut_off(self, edition_id: str, cadence: Cadence) -> datetime | None:
        with self._reads() as db:
            return db.execute(
                select(func.max(issue.c.cut_off_at)).where(
                    issue.c.edition_id == edition_id, issue.c.cadence == cadence, issue.c.state.in_(_PUBLISHED)
                )
            ).scalar()

    def issue_on(self, edition_id: str, cadence: Cadence, on: date) -> Issue | None:
        return self._one(issues().where(issue.c.edition_id == edition_id, issue.c.cadence == cadence, issue.c.on == on))

    def issue(self, issue_id: int, revision: int | None = None) -> Issue | None:
        return self._one(issues(revision).where(issue.c.id == issue_id))

    def issues(self, edition_id: str, limit: int) -> Sequence[Issue]:
        return self._many(
            issues()
            .where(issue.c.edition_id == edition_id, issue.c.state.in_(_PUBLISHED))
            .order_by(issue.c.on.desc(), issue.c.id.desc())
            .limit(limit)
        )

    def open_issues(self) -> Sequence[Issue]:
        return self._many(issues().where(issue.c.state == IssueState.FROZEN).order_by(issue.c.id))

    def eligible(
        self,
        edition: Edition,
        cadence: Cadence,
        *,
        cut_off_at: datetime,
        since: datetime,
        among: Collection[int] | None = None,
    ) -> Sequence[Article]:
        newest = (
            select(func.max(article_revision.c.number))
            .where(article_revision.c.article_id == article.c.id, article_revision.c.seen_at < cut_off_at)
            .correlate(article)
            .scalar_subquery()
        )
        used = exists().where(
            issue_item.c.edition_id == edition.id,
            issue_item.c.cadence == cadence,
            issue_item.c.article_id == article.c.id,
        )
        question = (
            select(*ARTICLE_COLUMNS)
            .join(
                article_revision,
                and_(article_revision.c.article_id == article.c.id, article_revision.c.number == newest),
            )
            .where(
                article.c.status.in_((ArticleStatus.USABLE, ArticleStatus.CORRECTED)),
                article.c.first_seen_at < cut_off_at,
                ~used,
            )
            .order_by(article.c.first_seen_at, article.c.id)
        )
        if among is None:
            question = question.where(article.c.baseline.is_(False), article.c.first_seen_at >= since)
        else:
            question = question.where(article.c.id.in_(sorted(among)))
        if edition.sources:
            question = question.where(article.c.source_id.in_(edition.sources))
        with self._reads() as db:
            return [article_of(row) for row in db.execute(question)]

    def article_at(self, article_id: int, revision: int | None = None) -> Article | None:
        wanted = article.c.revision if revision is None else revision
        question = (
            select(*ARTICLE_COLUMNS)
            .join(article_revision, article_revision.c.article_id == article.c.id)
            .where(article.c.id == article_id, article_revision.c.number == wanted)
        )
        with self._reads() as db:
            row = db.execute(question).one_or_none()
        return None if row is None else article_of(row)

    def freeze(self, frozen: Frozen, blocks: Mapping[str, Sequence[Block]]) -> Issue:
        with self._writes() as db:
            number = db.execute(insert_new(db, issue).values(**_issue_row(frozen)).returning(issue.c.id)).scalar()
            if number is not None:
                _add_content(db, number, frozen)
                add_blocks(db, number, 1, blocks)
            row = db.execute(
                issues().where(
                    issue.c.edition_id == frozen.edition_id,
                    issue.c.cadence == frozen.cadence,
                    issue.c.on == frozen.on,
                )
            ).one()
        return issue_of(row)

    def blocks(self, issue_id: int, revision: int, language: str) -> Mapping[str, Block]:
        with self._reads() as db:
            rows = db.execute(
                select(block.c.key, block.c.html, block.c.text)
                .where(block.c.issue_id == issue_id, block.c.revision == revision, block.c.language == language)
                .order_by(block.c.position)
            )
            return {row.key: Block(key=row.key, html=row.html, text=row.text) for row in rows}

    def close_settled(self, now: datetime, *, among: Collection[int] | None = None) -> Sequence[int]:
        over = and_(issue.c.state == IssueState.FROZEN, issue.c.expires_at <= now)
        if among is not None:
            over = and_(over, issue.c.id.in_(sorted(among)))
        open_row = exists().where(delivery.c.issue_id == issue.c.id, delivery.c.state.in_(OPEN_STATES))
        fanning = exists().where(issue_channel.c.issue_id == issue.c.id, issue_channel.c.fanned_out_at.is_(None))
        with self._writes() as db:
            lock(db, select(issue.c.id).where(over).order_by(issue.c.id))  # a fan-out under way ends first
            return list(
                db.execute(
                    update(issue)
                    .where(over, ~open_row, ~fanning)
                    .values(state=IssueState.CLOSED, closed_at=now)
                    .returning(issue.c.id)
                ).scalars()
            )

    def _one(self, question: Select[Any]) -> Issue | None:
        with self._reads() as db:
            row = db.execute(question.limit(1)).one_or_none()
        return None if row is None else issue_of(row)

    def _many(self, question: Select[Any]) -> Sequence[Issue]:
        with self._reads() as db:
            return [issue_of(row) for row in db.execute(question)]


def issues(revision: int | None = None) -> Select[Any]:
    """Issues as they are, or as they were at a revision."""
    wanted = issue.c.revision if revision is None else revision
    return select(issue, issue_revision.c.content, issue_revision.c.number).join(
        issue_revision, and_(issue_revision.c.issue_id == issue.c.id, issue_revision.c.number == wanted)
    )


def issue_of(row: Row[Any]) -> Issue:
    return Issue(
        id=row.id,
        edition_id=row.edition_id,
        cadence=Cadence(row.cadence),
        on=row.on,
        state=IssueState(row.state),
        revision=row.number,
        cut_off_at=row.cut_off_at,
        publish_at=row.publish_at,
        expires_at=row.expires_at,
        frozen_at=row.frozen_at,
        content=load(ISSUE, row.content),
        reason=row.reason,
        held=row.held,
        resumed=row.held is None and row.held_at is not None,
    )


def _issue_row(frozen: Frozen) -> dict[str, Any]:
    names = ("edition_id", "cadence", "on", "state", "cut_off_at", "publish_at", "expires_at", "frozen_at", "reason")
    held_at = None if frozen.held is None else frozen.frozen_at
    return {"revision": 1, "held": frozen.held, "held_at": held_at, **{name: getattr(frozen, name) for name in names}}


def add_revision(db: Connection, number: int, revision: int, content: IssueContent, at: datetime) -> None:
    words = dump(ISSUE, content)
    db.execute(
        insert(issue_revision).values(
            issue_id=number, number=revision, frozen_at=at, content_hash=digest(words), content=words
        )
    )


def _add_content(db: Connection, number: int, frozen: Frozen) -> None:
    add_revision(db, number, 1, frozen.content, frozen.frozen_at)
    if frozen.content.items:
        db.execute(
            insert(issue_item),
            [
                {
                    "issue_id": number,
                    "article_id": item.article.id,
                    "article_revision": item.article.revision,
                    "edition_id": frozen.edition_id,
                    "cadence": frozen.cadence,
                    "position": n,
                    "section": item.section,
                }
                for n, item in enumerate(frozen.content.items)
            ],
        )


def add_blocks(db: Connection, number: int, revision: int, blocks: Mapping[str, Sequence[Block]]) -> None:
    rows = [
        {
            "issue_id": number,
            "revision": revision,
            "language": language,
            "position": n,
            "key": b.key,
            "html": b.html,
            "text": b.text,
        }
        for language, pieces in blocks.items()
        for n, b in enumerate(pieces)
    ]
    if rows:
        db.execute(insert(block), rows)
