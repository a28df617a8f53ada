"""Stories are told on both Stores that need no server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from syndication.adapters.memory import MemoryStore
from syndication.adapters.sql import open_store
from syndication.ports import Store
from tests.story.paper import EDITION, FEED, PORTAL, Paper, make_paper, rss, story


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made: Store = MemoryStore() if request.param == "memory" else open_store(f"sqlite:///{tmp_path / 'store.db'}")
    yield made
    made.close()


@pytest.fixture
def paper(store: Store) -> Paper:
    """A live publisher with three stories in its feed, one Partner and no stations."""
    made = make_paper(store, edition=replace(EDITION, stations=()), partners=[PORTAL])
    made.serve(FEED, rss(story(1), story(2), story(3)))
    return made
