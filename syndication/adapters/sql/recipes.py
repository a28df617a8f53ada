"""Recipes in SQL: one row for all who get the same blocks, and which choices lead to it in an Issue.

Which blocks those are is decided in core.audience.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection

from syndication.adapters.sql.base import insert_new
from syndication.adapters.sql.codec import RECIPE, dump
from syndication.adapters.tables import issue_recipe, recipe
from syndication.core.audience import recipe_hash
from syndication.core.model import Issue, Recipe


def add_recipes(db: Connection, issue: Issue, recipes: Mapping[str, tuple[Recipe | None, str | None]]) -> None:
    made = [r for r, _ in recipes.values() if r is not None]
    if made:
        rows = {recipe_hash(r): dump(RECIPE, r) for r in made}
        db.execute(insert_new(db, recipe), [{"hash": key, "content": words} for key, words in sorted(rows.items())])
    if recipes:
        db.execute(
            insert_new(db, issue_recipe),
            [
                {
                    "issue_id": issue.id,
                    "issue_revision": issue.revision,
                    "choices_hash": key,
                    "recipe_hash": None if r is None else recipe_hash(r),
                    "reason": reason,
                }
                for key, (r, reason) in sorted(recipes.items())
            ],
        )
