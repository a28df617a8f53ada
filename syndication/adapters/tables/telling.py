"""The table of what far sides were told about our feeds and pages, and what they are still owed.

It holds no queries.
"""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, PrimaryKeyConstraint, Table, Text, text

from syndication.adapters.tables.columns import Instant, metadata

telling = Table(
    "telling",
    metadata,
    Column("listener", Text, nullable=False),  # websub https://hub.example/
    Column("thing", Text, nullable=False),  # feeds/daily/articles.rss, article:34, issue:12
    Column("mark", Text, nullable=False),  # as it is published
    Column("told_at", Instant),
    Column("owed_since", Instant),
    Column("next_at", Instant),  # NULL: nothing is owed, or it is parked
    Column("taken_until", Instant),  # somebody tells it until then
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("reason", Text),  # why the last attempt failed; without next_at: why it is parked
    PrimaryKeyConstraint("listener", "thing"),
    Index(
        "ix_telling_due",
        "listener",
        "next_at",
        sqlite_where=text("next_at IS NOT NULL"),
        postgresql_where=text("next_at IS NOT NULL"),
    ),
    Index(
        "ix_telling_told_at",
        "told_at",
        sqlite_where=text("next_at IS NULL"),
        postgresql_where=text("next_at IS NULL"),
    ),
)
