"""The tables of Editions, Issues and their blocks.

It holds no queries.
"""

from __future__ import annotations

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

from syndication.adapters.tables.columns import Day, Id, Instant, id_, metadata

edition = Table(
    "edition",
    metadata,
    Column("id", Text, primary_key=True),
    Column("adopted_at", Instant, nullable=False),
)


issue = Table(
    "issue",
    metadata,
    id_(),
    Column("edition_id", Text, nullable=False),
    Column("cadence", Text, nullable=False),
    Column("on", Day, nullable=False),
    Column("state", Text, nullable=False),
    Column("revision", Integer, nullable=False),  # the newest
    Column("cut_off_at", Instant, nullable=False),
    Column("publish_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("frozen_at", Instant, nullable=False),
    Column("closed_at", Instant),
    Column("reason", Text),
    Column("held", Text),  # why its sending rests
    Column("held_at", Instant),
    Column("aged_at", Instant),  # its Deliveries have gone into issue_sum
    UniqueConstraint("edition_id", "cadence", "on"),
    sqlite_autoincrement=True,
)


issue_revision = Table(
    "issue_revision",
    metadata,
    Column("issue_id", Id, ForeignKey("issue.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("frozen_at", Instant, nullable=False),
    Column("content_hash", Text, nullable=False),
    Column("content", Text, nullable=False),  # IssueContent as JSON
    PrimaryKeyConstraint("issue_id", "number"),
)


issue_item = Table(
    "issue_item",
    metadata,
    Column("issue_id", Id, ForeignKey("issue.id"), nullable=False),
    Column("article_id", Id, ForeignKey("article.id"), nullable=False),
    Column("article_revision", Integer, nullable=False),
    Column("edition_id", Text, nullable=False),
    Column("cadence", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("section", Text, nullable=False),
    PrimaryKeyConstraint("issue_id", "article_id"),
    # an Article is in one Issue of an Edition and cadence, for ever
    UniqueConstraint("edition_id", "cadence", "article_id"),
    Index("ix_issue_item_article_id", "article_id"),
)


block = Table(
    "block",
    metadata,
    Column("issue_id", Id, ForeignKey("issue.id"), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("language", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("key", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("text", Text, nullable=False),
    PrimaryKeyConstraint("issue_id", "revision", "language", "key"),
)
