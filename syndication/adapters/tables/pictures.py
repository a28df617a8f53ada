"""The tables of pictures that Articles name: which are wanted, kept, or not to be had.

It holds no queries.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, PrimaryKeyConstraint, Table, Text, text

from syndication.adapters.tables.columns import Id, Instant, metadata

picture = Table(
    "picture",
    metadata,
    Column("url", Text, primary_key=True),  # as the Article names it
    Column("loopback", Boolean, nullable=False, server_default=text("false")),
    Column("wanted_at", Instant, nullable=False),
    Column("next_at", Instant),  # NULL: it is kept, or there is none
    Column("taken_until", Instant),  # somebody fetches it until then
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("reason", Text),  # why the last attempt failed; without next_at: why there is none
    Column("settled_at", Instant),
    Column("path", Text),  # as it is published; NULL while it is not
    Column("width", Integer),
    Column("height", Integer),
    Column("small_path", Text),
    Column("small_width", Integer),
    Column("small_height", Integer),
    Index(
        "ix_picture_next_at",
        "next_at",
        sqlite_where=text("next_at IS NOT NULL"),
        postgresql_where=text("next_at IS NOT NULL"),
    ),
)


picture_use = Table(  # which Articles name it
    "picture_use",
    metadata,
    Column("url", Text, ForeignKey("picture.url"), nullable=False),
    Column("article_id", Id, ForeignKey("article.id"), nullable=False),
    PrimaryKeyConstraint("url", "article_id"),
)


pictured = Table(  # up to which Revision an Article's pictures are noted
    "pictured",
    metadata,
    Column("article_id", Id, ForeignKey("article.id"), primary_key=True, autoincrement=False),
    Column("revision", Integer, nullable=False),
)
