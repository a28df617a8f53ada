"""Opens the database: SQLite embedded or PostgreSQL, with the transaction rules of each.

It runs no domain queries. One process migrates, the others wait.
"""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import ColumnElement, Connection, Engine, create_engine, event, literal_column, make_url, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.pool import ConnectionPoolEntry

from syndication.ports import Transient

# SQLite's primary result codes for what passes: BUSY LOCKED NOMEM READONLY INTERRUPT IOERR FULL CANTOPEN PROTOCOL
_SQLITE_PASSING = frozenset((5, 6, 7, 8, 9, 10, 13, 14, 15))
# PostgreSQL's error classes (appendix A): connection, rollback for others' sake, resources, not now, operator, system
_POSTGRES_PASSING = ("08", "40", "53", "55", "57", "58")
_STANDBY = "25006"  # after a failover the old server takes no writes
_BUSY = 30  # seconds a writer waits for another one


def open_engine(url: str) -> Engine:
    """An engine for `sqlite:///…` or `postgresql+psycopg://…` (postgresql:// is read as the latter)."""
    where = make_url(url)
    if where.drivername in ("postgresql", "postgres"):
        where = where.set(drivername="postgresql+psycopg")
    if where.get_backend_name() != "sqlite":
        return create_engine(where, pool_pre_ping=True, pool_size=4, max_overflow=8, hide_parameters=True)
    engine = create_engine(
        where,
        connect_args={"timeout": _BUSY, "check_same_thread": False},
        hide_parameters=True,  # an error is logged, and values may be addresses
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # the driver must not begin transactions of its own
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {_BUSY * 1000}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")  # an intent must outlast a power cut
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # a deferred transaction that turns into a writer half-way fails at once instead of waiting
    reads = connection.get_execution_options().get("reads", False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def outage(error: SQLAlchemyError) -> Transient | None:
    """The Transient that an error of the database is, where it passes without anybody's doing; None for a fault of
    ours (a statement that it refuses), which is to be seen as it is."""
    if isinstance(error, NoConnectionFree):
        return Transient("no connection to the database came free")
    if not isinstance(error, DBAPIError):
        return None
    code = getattr(error.orig, "sqlite_errorcode", None)
    state = getattr(error.orig, "sqlstate", None)
    if code is not None:
        passing = code & 0xFF in _SQLITE_PASSING
    elif state is not None:
        passing = state.startswith(_POSTGRES_PASSING) or state == _STANDBY
    else:
        passing = error.connection_invalidated or type(error).__name__ in ("OperationalError", "InterfaceError")
    said = str(error.orig).strip().partition("\n")[0]
    return Transient(f"the database does not answer now: {said}") if passing else None


def database_now(engine: Engine) -> ColumnElement[int]:
    """Microseconds since 1970 by the database's own clock: the only clock that leases compare with."""
    if engine.dialect.name == "sqlite":
        return literal_column("CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)")
    return literal_column("CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)")


def migrate(engine: Engine) -> None:
    """Bring the schema to the newest version; processes that come at the same time wait for the first."""
    with as_file(files("syndication.adapters") / "migrations") as folder, _alone(engine) as connection:
        config = Config()
        config.set_main_option("script_location", str(folder).replace("%", "%%"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


@contextmanager
def _alone(engine: Engine) -> Iterator[Connection]:
    if engine.dialect.name == "sqlite":
        with _file_lock(engine), engine.begin() as connection:
            yield connection
        return
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(7305818842171)"))
        yield connection


@contextmanager
def _file_lock(engine: Engine) -> Iterator[None]:
    database = engine.url.database
    if not database or database == ":memory:":
        yield
        return
    mark = hashlib.sha256(database.encode()).hexdigest()[:8]
    with Path(database).with_name(f".migrate-{mark}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
