"""What every part of the SQL Store shares: one method, one transaction, and the errors that leave it.

It knows no table.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

from sqlalchemy import BigInteger, ColumnElement, Connection, Engine, Select, Table, any_, literal
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from syndication.adapters.sql.engine import database_now, outage
from syndication.ports import Unknown


class Base:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def _writes(self) -> Iterator[Connection]:
        """A writing transaction. Raises Transient when the database went away or could not take it and nothing is
        written; Unknown when it went away while it was told to keep what was written."""
        asked = False
        try:
            with self._engine.begin() as db:
                yield db
                asked = True
        except SQLAlchemyError as error:
            fault = outage(error)
            if fault is None:
                raise
            raise (Unknown(f"{fault}, before it answered whether it kept this") if asked else fault) from error

    @contextmanager
    def _reads(self) -> Iterator[Connection]:
        """A reading transaction. Raises Transient when the database went away."""
        try:
            with self._engine.connect().execution_options(reads=True) as db, db.begin():
                yield db
        except SQLAlchemyError as error:
            fault = outage(error)
            if fault is None:
                raise
            raise fault from error

    @property
    def _now(self) -> ColumnElement[int]:
        return database_now(self._engine)

    @property
    def _postgresql(self) -> bool:
        return self._engine.dialect.name == "postgresql"

    def close(self) -> None:
        self._engine.dispose()


def insert_new(db: Connection, table: Table, unique: Sequence[str] | None = None) -> sqlite.Insert | postgresql.Insert:
    """INSERT … ON CONFLICT DO NOTHING in the dialect at hand; with `unique`, on these columns only."""
    insert = (sqlite if db.dialect.name == "sqlite" else postgresql).insert(table)
    fresh = insert.on_conflict_do_nothing(index_elements=unique)
    # psycopg's count is thrown away without it
    return cast("sqlite.Insert | postgresql.Insert", fresh.execution_options(preserve_rowcount=True))


def among(db: Connection, column: ColumnElement[int], ids: Collection[int]) -> ColumnElement[bool]:
    """Whether a column holds one of some numbers; on PostgreSQL they travel as one value, however many they are."""
    if db.dialect.name == "postgresql":
        return column == any_(literal(sorted(ids), postgresql.ARRAY(BigInteger)))
    return column.in_(sorted(ids))


def lock(db: Connection, rows: Select[Any]) -> None:
    """Take the rows, in the order of the question, before several of them change: who waits then waits in a line.

    On SQLite whoever writes is alone from the start."""
    if db.dialect.name == "postgresql":
        db.execute(rows.with_for_update(key_share=True)).all()
