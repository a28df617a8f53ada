"""What is wrong with a publisher's settings, said so that its author can put it right.

It finds nothing itself: the readers and cross-checks do, and write it down here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    ERROR = "error"  # the settings cannot be used
    WARNING = "warning"  # they can, and something will be missing or is unwise


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong. `field` counts tables of one kind from 1: edition[1] is the first [[edition]]."""

    file: str
    line: int
    field: str
    wrong: str
    right: str
    severity: Severity = Severity.ERROR

    @property
    def is_error(self) -> bool:
        return self.severity is Severity.ERROR

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: {self.field}" if self.field else f"{self.file}:{self.line}"
        weight = "" if self.is_error else "warning: "
        return f"{place}: {weight}{self.wrong}; right would be: {self.right}"


class BadSettings(ValueError):
    """The settings cannot be used; `problems` holds every one that was found, warnings too."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems if problem.is_error))
        self.problems = problems


class Wrong(ValueError):
    """A value that cannot be used: what is wrong, and what would be right where that is more than an example.

    `right` is the value alone, or with `whole` the whole line."""

    def __init__(self, wrong: str, right: str | None = None, *, whole: bool = False) -> None:
        super().__init__(wrong)
        self.wrong = wrong
        self.right = right
        self.whole = whole


@dataclass(slots=True)
class Findings:
    """Problems as they are found, each once."""

    problems: list[Problem] = field(default_factory=list)

    def add(self, file: str, line: int, at: str, wrong: str, right: str, severity: Severity = Severity.ERROR) -> None:
        problem = Problem(file=file, line=line, field=at, wrong=wrong, right=right, severity=severity)
        if problem not in self.problems:
            self.problems.append(problem)

    def in_reading_order(self) -> tuple[Problem, ...]:
        """publisher.toml first, then the partners by name, each from top to bottom."""
        return tuple(sorted(self.problems, key=lambda p: (p.file.startswith("partners/"), p.file, p.line)))
