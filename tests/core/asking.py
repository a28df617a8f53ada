"""Answers the questions of a check from a table of records written as values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from syndication.core.domain.names import Answer, Asking, Question
from syndication.core.remarks import Remark, Severity

T = TypeVar("T")

Table = Mapping[str, Sequence[str]]  # "TXT example.com" -> texts
BROKEN = ("!",)  # the servers of this name do not answer
MOST = 2000  # questions: whoever asks more never ends


def answered(asking: Asking[T], table: Table, asked: list[Question] | None = None) -> T:
    """What the check returns when the DNS is this table."""
    answer: Answer | None = None
    for _ in range(MOST):
        try:
            question = next(asking) if answer is None else asking.send(answer)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]
        if asked is not None:
            asked.append(question)
        values = tuple(table.get(f"{question.kind} {question.name}", ()))
        answer = Answer(failed="no answer") if values == BROKEN else Answer(values=values)
    raise AssertionError(f"still asking after {MOST} questions")


def said(remarks: Iterable[Remark]) -> list[tuple[str, str]]:
    """Severity and check of each remark."""
    return [(remark.severity.value, remark.check) for remark in remarks]


def wrong(remarks: Iterable[Remark]) -> list[str]:
    return [remark.check for remark in remarks if remark.severity is Severity.WRONG]


def one(remarks: Iterable[Remark], check: str) -> Remark:
    found = [remark for remark in remarks if remark.check == check]
    assert len(found) == 1, said(found)
    return found[0]
