"""Turns the frozen values of core into JSON text and back.

It knows no tables.
"""

from __future__ import annotations

import hashlib
from typing import TypeVar

from pydantic import TypeAdapter

from syndication.core.model import ArticleContent, Choices, IssueContent, Recipe

T = TypeVar("T")

CONTENT = TypeAdapter(ArticleContent)
ISSUE = TypeAdapter(IssueContent)
CHOICES = TypeAdapter(Choices)
RECIPE = TypeAdapter(Recipe)


def dump(adapter: TypeAdapter[T], value: T) -> str:
    return adapter.dump_json(value, exclude_defaults=True).decode()


def load(adapter: TypeAdapter[T], words: str) -> T:
    return adapter.validate_json(words)


def digest(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()[:32]
