"""The editor's wishes in memory.

It judges no wish: `core.desk` does.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, datetime

from syndication.adapters.memory.rows import Rows
from syndication.core.desk import HELD
from syndication.core.model import IssueState, Wish


class MemoryWishes:
    rows: Rows

    def add_wish(self, made: Wish) -> Wish:
        with self.rows.lock:
            number = next(self.rows.numbers)
            self.rows.wishes[number] = replace(made, id=number)
            return self.rows.wishes[number]

    def undo_wish(self, wish_id: int, by: str, now: datetime) -> bool:
        with self.rows.lock:
            there = self.rows.wishes.get(wish_id)
            if there is None or there.undone_at is not None:
                return False
            self.rows.wishes[wish_id] = replace(there, undone_by=by, undone_at=now)
            return True

    def wishes(self, edition_id: str, *, since: date) -> Sequence[Wish]:
        with self.rows.lock:
            mine = (w for w in self.rows.wishes.values() if w.edition_id == edition_id)
            return [w for w in mine if w.on is None or w.on >= since]

    def release_issue(self, issue_id: int, now: datetime) -> bool:
        with self.rows.lock:
            issue = self.rows.issues.get(issue_id)
            if issue is None or issue.state is not IssueState.FROZEN or issue.expires_at <= now:
                return False
            if not (issue.held or "").startswith(HELD):
                return False
            self.rows.issues[issue_id] = replace(issue, held=None, resumed=False)
            return True

    def issues_with(self, article_ids: Collection[int]) -> frozenset[int]:
        wanted = set(article_ids)
        with self.rows.lock:
            frozen = ((n, content) for (n, revision), content in self.rows.contents.items() if revision == 1)
            return frozenset(n for n, content in frozen if any(i.article.id in wanted for i in content.items))
