"""The labelled sample pages of tests/data and how a reading of one is compared with its label.

It reads no page itself: the parser's reading, or another program's text, is given to it.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from syndication.core.model import Reading

DATA = Path(__file__).resolve().parent / "data"
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What a careful reader says of one page (tests/data/pages_labelled/README.md)."""

    page: str
    family: str
    trait: str
    url: str
    content_type: str
    article: bool
    title: str
    paragraphs: tuple[str, ...]
    published_at: str | None = None
    published_on: str | None = None
    bylines: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    either: tuple[str, ...] = ()
    folder: Path = field(default=DATA)

    @property
    def html(self) -> bytes:
        return (self.folder / "pages" / self.page).read_bytes()

    @property
    def dated(self) -> str | None:
        return self.published_at or self.published_on


def labelled(name: str) -> tuple[Label, ...]:
    """The labels of one set of pages."""
    folder = DATA / name
    rows = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
    return tuple(_label(row, folder) for row in rows)


def _label(row: dict[str, Any], folder: Path) -> Label:
    plain: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
    return Label(folder=folder, **plain)


def words(lines: Iterable[str]) -> Counter[str]:
    return Counter(_WORD.findall(" ".join(lines)))


def f1(label: Label, lines: Sequence[str]) -> float:
    """How well a body's words are the label's, from 0 to 1. What may stand there or not counts neither way."""
    said, right = words(lines), words(label.paragraphs)
    for word, count in words(label.either).items():
        said[word] -= min(count, max(0, said[word] - right[word]))
    said = +said
    both = (said & right).total()
    if not both:
        return float(not said and not right)
    precision, recall = both / said.total(), both / right.total()
    return 2 * precision * recall / (precision + recall)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How one page was read: body, title, date, bylines, and what of its surroundings came along."""

    label: Label
    body: float
    title: bool
    date: str  # "right", "missing", "wrong"
    bylines: bool
    strange: tuple[str, ...]  # words of the interface or of another story


def judged(label: Label, reading: Reading) -> Verdict:
    """The verdict on a reading of the page."""
    content = reading.articles[0].content if reading.articles else None
    if content is None:
        nothing = not label.article
        return Verdict(
            label=label,
            body=float(nothing),
            title=nothing,
            date="right" if label.dated is None else "missing",
            bylines=nothing or not label.bylines,
            strange=(),
        )
    if not label.article:
        return Verdict(label=label, body=0, title=False, date="right", bylines=True, strange=content.paragraphs)
    return Verdict(
        label=label,
        body=f1(label, content.paragraphs),
        title=words([content.title]) == words([label.title]),
        date=_date(label, content.published_at, content.published_on.isoformat() if content.published_on else None),
        bylines={_name(b) for b in content.bylines} == {_name(b) for b in label.bylines},
        strange=strange(label, (content.title, *content.paragraphs)),
    )


def strange(label: Label, lines: Iterable[str]) -> tuple[str, ...]:
    """What must not occur and does."""
    text = " ".join(" ".join(lines).split())
    return tuple(n for n in label.never if n in text)


def _name(byline: str) -> str:
    """A byline without the paper's name before it."""
    return " ".join(re.split(r"[\s=/|]+", byline)[-2:])


def _date(label: Label, at: datetime | None, on: str | None) -> str:
    said = at or on
    if said is None:
        return "right" if label.dated is None else "missing"
    if at is not None and label.published_at is not None:
        wanted = datetime.fromisoformat(label.published_at)
        return "right" if abs((wanted - at).total_seconds()) < 60 else "wrong"  # seconds are often not printed
    return "right" if on is not None and on == (label.published_on or (label.published_at or "")[:10]) else "wrong"
