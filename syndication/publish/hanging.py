"""Hangs our own pictures in the places where Articles name strangers'; what we do not keep is left out.

It fetches nothing: `pictures` does. Whatever is frozen or rendered goes through here first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from syndication.core.catalogue import Story
from syndication.core.model import Article, IssueItem
from syndication.core.pictures import Picture, hung, wanted
from syndication.ports import Ports, Setup

T = TypeVar("T", IssueItem, Story)


def with_our_pictures(ports: Ports, setup: Setup, told: Iterable[T]) -> list[T]:
    """Issue items or Stories with our pictures alone."""
    every: Sequence[T] = list(told)
    named = {url for one in every for url in wanted(one.article.content)}
    kept: Mapping[str, Picture] = ports.store.pictures(named) if named else {}
    return [replace(one, article=_hung(one.article, kept, setup.outlet.url)) for one in every]


def _hung(article: Article, kept: Mapping[str, Picture], home: str) -> Article:
    content = hung(article.content, kept, home)
    return article if content is article.content else replace(article, content=content)
