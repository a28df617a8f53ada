"""What tests share: real servers, stores of every kind, and sample folders named by the environment."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import settings
from sqlalchemy import create_engine, text

from syndication.adapters.memory import MemoryStore
from syndication.adapters.sql import SqlStore, open_store
from syndication.ports import Store
from tests import servers

settings.register_profile("busy", deadline=None)  # a slow moment of the machine is no fault of the code
settings.load_profile("busy")


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


def run_leases_out(store: Store) -> None:
    """Make every lease of a Store end now: the database's own clock cannot be moved."""
    if isinstance(store, MemoryStore):
        for lease in store.rows.leases.values():
            lease.until -= timedelta(days=1)
        return
    assert isinstance(store, SqlStore)
    with store._engine.begin() as db:
        db.execute(text("UPDATE lease SET until = until - 86400000000"))


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
