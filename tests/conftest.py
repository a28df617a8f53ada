"""What tests share: real servers, stores of every kind, and sample folders named by the environment."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from syndication.adapters.memory import MemoryStore
from syndication.adapters.sql import open_store
from syndication.ports import Store
from tests import servers


def _folder(name: str) -> Path:
    where = os.environ.get(name)
    if not where or not Path(where).is_dir():
        pytest.skip(f"needs the folder that the variable {name} names")
    return Path(where)


@pytest.fixture(scope="session")
def samples() -> Path:
    """Sample pages and weather answers that are read in place."""
    return _folder("NEWS_SAMPLES")


@pytest.fixture(scope="session")
def schemas() -> Path:
    """Published schemas that are read in place."""
    return _folder("NEWS_SCHEMAS")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    with servers.postgres() as url:
        yield url


@pytest.fixture(scope="session")
def valkey_url() -> Iterator[str]:
    with servers.valkey() as url:
        yield url


@pytest.fixture
def fresh_postgres(postgres_url: str) -> Callable[[], str]:
    """Makes an empty database and returns its URL."""
    return lambda: fresh_database(postgres_url)


def fresh_database(postgres_url: str) -> str:
    base, _, _ = postgres_url.rpartition("/")
    name = f"t{os.urandom(6).hex()}"
    engine = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as db:
        db.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return f"{base}/{name}"


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty Store of each kind: what holds for one holds for all."""
    if request.param == "memory":
        yield MemoryStore()
        return
    if request.param == "sqlite":
        made = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    else:
        made = open_store(fresh_database(request.getfixturevalue("postgres_url")))
    yield made
    made.close()
