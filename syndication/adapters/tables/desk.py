"""The table of the editor's wishes.

It holds no queries.
"""

from __future__ import annotations

from sqlalchemy import Column, Index, Table, Text

from syndication.adapters.tables.columns import Day, Instant, id_, metadata

wish = Table(
    "wish",
    metadata,
    id_(),
    Column("edition_id", Text, nullable=False),
    Column("do", Text, nullable=False),
    Column("article", Text),  # number or address
    Column("words", Text),
    Column("on", Day),  # none: until further notice
    Column("by", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("undone_by", Text),
    Column("undone_at", Instant),
    Index("ix_wish_edition", "edition_id", "id"),
    sqlite_autoincrement=True,
)
