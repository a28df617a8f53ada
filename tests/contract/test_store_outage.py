"""What the SQL Store says when its database goes away, is full or is taken: the errors of the ports and no others."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError

from syndication.adapters import tables
from syndication.adapters.sql import SqlStore, open_store
from syndication.ports import Transient, Unknown
from tests.factories import EDITION, MORNING, SOURCE
from tests.proxy import Proxy, proxy
from tests.servers import Postgres


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with Postgres() as started:
        yield started


@pytest.fixture
def way(server: Postgres) -> Iterator[Proxy]:
    with proxy(server.port) as line:
        yield line


def through(way: Proxy) -> SqlStore:
    return open_store(f"postgresql+psycopg://syndication@127.0.0.1:{way.port}/postgres?connect_timeout=5")


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[SqlStore]:
    store = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    yield store
    store.close()


def note(store: SqlStore, *names: str, between: Callable[[], object] = lambda: None, last: bool = False) -> None:
    """Write rows in one transaction; `between` happens after the first, or after the last with `last`."""
    with store._writes() as db:
        for n, name in enumerate(names):
            if n == 1 and not last:
                between()
            db.execute(insert(tables.source).values(id=name, next_check_at=MORNING))
        if last:
            between()


def ask(store: SqlStore, question: str, between: Callable[[], object] = lambda: None) -> None:
    with store._reads() as db:
        db.execute(text("SELECT 1"))
        between()
        db.execute(text(question))


def test_a_server_that_is_stopped_is_transient_and_the_same_store_goes_on_when_it_is_back(server: Postgres) -> None:
    store = open_store(server.url)
    store.register_sources([SOURCE], MORNING)
    server.kill()
    try:
        for _ in range(2):
            with pytest.raises(Transient, match="does not answer"):
                store.source_states()
            with pytest.raises(Transient, match="does not answer"):
                store.register_editions([EDITION], MORNING)
    finally:
        server.start()
    assert [state.source_id for state in store.source_states()] == ["garam"]
    store.close()


def test_a_line_that_breaks_before_the_last_word_is_transient_and_nothing_is_kept(way: Proxy) -> None:
    store = through(way)
    with pytest.raises(Transient):
        note(store, "half", "other", between=way.down)
    way.pass_on()
    assert not {"half", "other"} & {state.source_id for state in store.source_states()}
    store.close()


def test_a_line_that_breaks_at_the_last_word_is_unknown(way: Proxy) -> None:
    store = through(way)
    with pytest.raises(Unknown, match="whether it kept"):
        note(store, "perhaps", between=way.down, last=True)
    way.pass_on()
    store.close()


def test_a_reader_never_learns_unknown(way: Proxy) -> None:
    store = through(way)
    with pytest.raises(Transient):
        ask(store, "SELECT 1", way.down)
    store.close()


def pragma(store: SqlStore, words: str) -> None:
    """Set something on the one pooled connection of an embedded Store."""
    raw = store._engine.raw_connection()
    raw.cursor().execute(f"PRAGMA {words}")
    raw.close()


def test_a_full_disk_is_transient(embedded: SqlStore) -> None:
    pragma(embedded, "max_page_count = 1")
    with pytest.raises(Transient, match="full"):
        note(embedded, *(f"{n}" * 10_000 for n in range(100)))
    embedded.close()
    assert embedded.source_states() == []


def test_a_database_that_another_program_holds_is_transient(embedded: SqlStore, tmp_path: Path) -> None:
    holder = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    pragma(embedded, "busy_timeout = 50")
    with pytest.raises(Transient, match="locked"):
        embedded.register_sources([SOURCE], MORNING)
    holder.rollback()
    holder.close()
    embedded.register_sources([SOURCE], MORNING)


def test_a_folder_that_is_gone_is_transient(tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    store = open_store(f"sqlite:///{folder / 'store.db'}")
    store.close()
    folder.rename(tmp_path / "away")
    with pytest.raises(Transient, match="unable to open"):
        store.source_states()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_fault_of_ours_is_seen_as_it_is(kind: str, embedded: SqlStore, server: Postgres) -> None:
    store = embedded if kind == "sqlite" else open_store(server.url)
    with pytest.raises(DBAPIError, match="no_such_table") as told:
        ask(store, "SELECT * FROM no_such_table")
    with pytest.raises(IntegrityError):
        note(store, "same", "same")
    if kind == "postgresql":
        assert isinstance(told.value, ProgrammingError)
    store.close()
