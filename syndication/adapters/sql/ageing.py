"""Old Deliveries in SQL: after the correction window an Issue keeps its sums, and its rows go.

Which Issues are old is the verb's to say. A closed Issue is never fanned out again, by constraint, so nothing that went
can go twice.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, exists, func, select, update

from syndication.adapters.sql.base import Base, insert_new
from syndication.adapters.tables import delivery, event, issue, issue_sum, suppression
from syndication.core.model import IssueState


class Ageing(Base):
    def age_out(self, before: datetime, limit: int) -> int:
        old = (
            select(issue.c.id)
            .where(issue.c.state == IssueState.CLOSED, issue.c.closed_at < before, issue.c.aged_at.is_(None))
            .order_by(issue.c.id)
            .limit(1)
        )
        with self._reads() as db:
            number = db.execute(old).scalar()
        if number is None:
            return 0
        removed = self._sum_up(number, limit)
        if not removed:
            with self._writes() as db:
                db.execute(update(issue).where(issue.c.id == number).values(aged_at=before))
            return self.age_out(before, limit)
        return removed

    def _sum_up(self, number: int, limit: int) -> int:
        """Move so many rows of an Issue into its sums, in one transaction; how many that were."""
        chunk = select(delivery.c.id).where(delivery.c.issue_id == number).order_by(delivery.c.id).limit(limit)
        if self._postgresql:
            chunk = chunk.with_for_update()  # whoever tidies up at the same time takes the next ones
        with self._writes() as db:
            ids = list(db.execute(chunk).scalars())
            if not ids:
                return 0
            of_these = delivery.c.id.in_(ids)
            for row in db.execute(_sums(of_these)).all():
                key = (
                    issue_sum.c.issue_id == number,
                    issue_sum.c.channel == row.channel,
                    issue_sum.c.state == row.state,
                    issue_sum.c.reason == row.reason,
                )
                db.execute(
                    insert_new(db, issue_sum).values(
                        issue_id=number, channel=row.channel, state=row.state, reason=row.reason
                    )
                )
                db.execute(
                    update(issue_sum)
                    .where(*key)
                    .values(
                        number=issue_sum.c.number + row.number,
                        bounced=issue_sum.c.bounced + row.bounced,
                        complained=issue_sum.c.complained + row.complained,
                    )
                )
            db.execute(delete(event).where(event.c.delivery_id.in_(ids), ~_about_a_reader()))
            return db.execute(delete(delivery).where(of_these)).rowcount


def _sums(of_these: Any) -> Select[Any]:
    reason = func.coalesce(delivery.c.reason, "")
    return (
        select(
            delivery.c.channel,
            delivery.c.state,
            reason.label("reason"),
            func.count().label("number"),
            func.count(delivery.c.bounced_at).label("bounced"),
            func.count(delivery.c.complained_at).label("complained"),
        )
        .where(of_these)
        .group_by(delivery.c.channel, delivery.c.state, reason)
        .order_by(delivery.c.channel, delivery.c.state, reason)
    )


def _about_a_reader() -> Any:
    """Events that a Suppression rests on stay for ever."""
    return exists().where(suppression.c.event_id == event.c.id)
