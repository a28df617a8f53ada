"""What goes wrong at which call: a script of rules, as data.

It does nothing wrong itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, fields
from enum import StrEnum


class Wrong(StrEnum):
    """What may go wrong with a SendEmail. Only the first four and `error` answer or hang up before taking the mail."""

    CUT_READING = "cut-reading"  # hangs up after the head, before the body is whole
    CUT_BEFORE = "cut-before"  # hangs up after the whole request, without taking it
    THROTTLE = "throttle"  # 429
    STATUS = "status"  # another HTTP status, without taking it
    ERROR = "error"  # an error of the service's, by its name
    CUT_AFTER = "cut-after"  # takes it and hangs up
    LATE = "late"  # takes it and answers late
    STATUS_AFTER = "status-after"  # takes it and answers by another HTTP status
    HTML = "html"  # takes it, and a page comes back
    NO_ID = "no-id"  # takes it and answers without a MessageId


TAKEN = frozenset((Wrong.CUT_AFTER, Wrong.LATE, Wrong.STATUS_AFTER, Wrong.HTML, Wrong.NO_ID))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """From the `first` call (counted from 1) on, each `every`-th, `times` in all (0: without end)."""

    wrong: Wrong
    first: int = 1
    every: int = 1
    times: int = 0
    seconds: float = 0.0  # LATE
    status: int = 503  # STATUS, STATUS_AFTER
    code: str = "BadRequestException"  # ERROR
    words: str = "As the script asks."

    def holds(self, call: int) -> bool:
        place, rest = divmod(call - self.first, self.every)
        return call >= self.first and rest == 0 and (self.times == 0 or place < self.times)


def rule_for(rules: Iterable[Rule], call: int) -> Rule | None:
    """The first rule that holds for a call."""
    return next((rule for rule in rules if rule.holds(call)), None)


def script(text: str) -> tuple[Rule, ...]:
    """Rules out of JSON: [{"wrong": "late", "first": 5, "times": 1, "seconds": 3}, …]. Raises ValueError."""
    known = {field.name for field in fields(Rule)}
    written = json.loads(text)
    if not isinstance(written, list) or not all(isinstance(one, dict) and set(one) <= known for one in written):
        raise ValueError(f"a script is a list of rules with the keys {', '.join(sorted(known))}")
    return tuple(Rule(**{**one, "wrong": Wrong(one["wrong"])}) for one in written)
