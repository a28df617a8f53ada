"""Amended Issues in SQL: a new revision is stored at once, and reaches whoever still waits when they are claimed.

So amending costs the same for ten readers and for a million, and no reader is missed who is just being fanned out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, select, update

from syndication.adapters.sql.base import Base
from syndication.adapters.sql.codec import RECIPE, load
from syndication.adapters.sql.newsroom import add_blocks, add_revision, issue_of, issues
from syndication.adapters.sql.recipes import add_recipes
from syndication.adapters.tables import delivery, issue, issue_recipe, recipe
from syndication.core.model import Block, DeliveryState, Issue, IssueContent, IssueState, Recipe
from syndication.ports import Transient

_S = DeliveryState


class Amending(Base):
    def issue_recipes(self, issue_id: int) -> Mapping[str, Recipe]:
        theirs = select(issue_recipe.c.recipe_hash).where(issue_recipe.c.issue_id == issue_id)
        with self._reads() as db:
            rows = db.execute(select(recipe).where(recipe.c.hash.in_(theirs)))
            return {row.hash: load(RECIPE, row.content) for row in rows}

    def amend(
        self,
        issue_id: int,
        content: IssueContent,
        blocks: Mapping[str, Sequence[Block]],
        recipes: Mapping[str, tuple[Recipe | None, str | None]],
        now: datetime,
    ) -> Issue | None:
        frozen = and_(issue.c.id == issue_id, issue.c.state == IssueState.FROZEN)
        with self._writes() as db:
            revision = db.execute(
                update(issue).where(frozen).values(revision=issue.c.revision + 1).returning(issue.c.revision)
            ).scalar()
            if revision is None:
                return None
            if not _had(db, issue_id) <= recipes.keys():
                raise Transient("somebody was just fanned out with a Recipe that was not amended")
            add_revision(db, issue_id, revision, content, now)
            add_blocks(db, issue_id, revision, blocks)
            amended = issue_of(db.execute(issues().where(issue.c.id == issue_id)).one())
            add_recipes(db, amended, {_was(old): made for old, made in recipes.items()})
            return amended


def _had(db: Connection, issue_id: int) -> set[str]:
    """The Recipes that readers of an Issue may have been put down for."""
    theirs = and_(issue_recipe.c.issue_id == issue_id, issue_recipe.c.recipe_hash.is_not(None))
    return set(db.execute(select(issue_recipe.c.recipe_hash).where(theirs).distinct()).scalars())


def _was(recipe_hash: str) -> str:
    """Under which key an amended Issue's Recipe is found for those who would have had another one."""
    return f"was:{recipe_hash}"


def bring_up_to_date(db: Connection, lease_id: int, rows: Sequence[Any], now: datetime) -> bool:
    """Give claimed mails the newest revision of their Issue; True when one of them changed.

    A mail that is sent once more after an uncertain attempt stays what it was."""
    numbers = {row.issue_id for row in rows}
    newest = dict(db.execute(select(issue.c.id, issue.c.revision).where(issue.c.id.in_(numbers))).tuples().all())
    old = {
        (row.issue_id, row.recipe_hash)
        for row in rows
        if row.issue_revision < newest.get(row.issue_id, 0) and not row.resent
    }
    changes = [_change(db, lease_id, number, newest[number], had, now) for number, had in sorted(old)]
    return any(changes)


def _change(db: Connection, lease_id: int, number: int, revision: int, had: str, now: datetime) -> bool:
    new = db.execute(
        select(issue_recipe.c.recipe_hash, issue_recipe.c.reason).where(
            issue_recipe.c.issue_id == number,
            issue_recipe.c.issue_revision == revision,
            issue_recipe.c.choices_hash == _was(had),
        )
    ).one_or_none()
    if new is None:
        return False
    values: dict[str, Any] = {"issue_revision": revision, "recipe_hash": new.recipe_hash}
    if new.recipe_hash is None:
        values |= {"state": _S.EXCLUDED, "reason": new.reason, "lease_id": None, "settled_at": now}
    mine = and_(delivery.c.lease_id == lease_id, delivery.c.state == _S.CLAIMED, delivery.c.resent.is_(False))
    older = and_(delivery.c.issue_id == number, delivery.c.recipe_hash == had, delivery.c.issue_revision < revision)
    return bool(db.execute(update(delivery).where(mine, older).values(**values)).rowcount)
