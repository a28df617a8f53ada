"""The editor's wishes in SQL.

It judges no wish: `core.desk` does.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, and_, insert, or_, select, update

from syndication.adapters.sql.base import Base
from syndication.adapters.tables import issue, issue_item, wish
from syndication.core.desk import HELD
from syndication.core.model import Do, IssueState, Wish


class Wishes(Base):
    def add_wish(self, made: Wish) -> Wish:
        row = {name: getattr(made, name) for name in Wish.__slots__ if name != "id"}
        with self._writes() as db:
            number: int = db.execute(insert(wish).values(**row).returning(wish.c.id)).scalar_one()
        return replace(made, id=number)

    def undo_wish(self, wish_id: int, by: str, now: datetime) -> bool:
        there = and_(wish.c.id == wish_id, wish.c.undone_at.is_(None))
        with self._writes() as db:
            return bool(db.execute(update(wish).where(there).values(undone_by=by, undone_at=now)).rowcount)

    def wishes(self, edition_id: str, *, since: date) -> Sequence[Wish]:
        question = (
            select(wish)
            .where(wish.c.edition_id == edition_id, or_(wish.c.on.is_(None), wish.c.on >= since))
            .order_by(wish.c.id)
        )
        with self._reads() as db:
            return [_wish(row) for row in db.execute(question)]

    def release_issue(self, issue_id: int, now: datetime) -> bool:
        held = and_(
            issue.c.id == issue_id,
            issue.c.state == IssueState.FROZEN,
            issue.c.held.startswith(HELD, autoescape=True),
            issue.c.expires_at > now,
        )
        with self._writes() as db:
            return bool(db.execute(update(issue).where(held).values(held=None, held_at=None)).rowcount)

    def issues_with(self, article_ids: Collection[int]) -> frozenset[int]:
        theirs = select(issue_item.c.issue_id).where(issue_item.c.article_id.in_(sorted(article_ids))).distinct()
        with self._reads() as db:
            return frozenset(db.execute(theirs).scalars())


def _wish(row: Row[Any]) -> Wish:
    values = {name: getattr(row, name) for name in Wish.__slots__}
    return Wish(**values | {"do": Do(row.do)})
