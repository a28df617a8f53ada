"""The store's part for the editor's wishes, and the port for the file in which they may stand instead.

It does not say what a wish does: `core.desk` and `core.curate` do.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from syndication.core.model import Wish


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A file of wishes as it lies there: its text, whose file it is, and when it was changed."""

    text: str
    by: str
    at: datetime


class Desk(Protocol):
    """Where wishes may be written down by hand."""

    def read(self) -> Written | None:
        """The file; None where there is none. Raises Permanent with a sentence where it cannot be read."""
        ...


class Wishes(Protocol):
    """Wishes are only added and undone; nothing of them is ever changed or forgotten."""

    def add_wish(self, wish: Wish) -> Wish:
        """Keep a wish; returns it with its number."""
        ...

    def undo_wish(self, wish_id: int, by: str, now: datetime) -> bool:
        """False when there is no such wish, or it was undone before."""
        ...

    def wishes(self, edition_id: str, *, since: date) -> Sequence[Wish]:
        """Wishes until further notice and those for `since` or a later date, undone ones too, oldest first."""
        ...

    def release_issue(self, issue_id: int, now: datetime) -> bool:
        """Let an Issue go that the desk held back; refusals may still stop it. False when the desk does not hold it."""
        ...

    def issues_with(self, article_ids: Collection[int]) -> frozenset[int]:
        """Ids of the Issues, of whatever Edition and cadence, in which one of these Articles was frozen."""
        ...
