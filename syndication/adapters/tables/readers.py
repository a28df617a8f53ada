"""The tables of Subscribers, what they agreed to, and what came back.

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

from syndication.adapters.tables.columns import Id, Instant, id_, metadata

subscriber = Table(
    "subscriber",
    metadata,
    id_(),
    Column("address", Text, nullable=False),  # as typed
    Column("key_id", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("provider", Text),  # of mail, e.g. naver
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("key_id", "digest"),
    sqlite_autoincrement=True,
)


subscription = Table(
    "subscription",
    metadata,
    id_(),
    Column("subscriber_id", Id, ForeignKey("subscriber.id"), nullable=False),
    Column("edition_id", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("cadence", Text, nullable=False),
    Column("choices", Text, nullable=False),  # Choices as JSON
    Column("choices_hash", Text, nullable=False),  # of choices and language
    Column("language", Text, nullable=False),
    Column("epoch", Integer, nullable=False, server_default="0"),
    Column("started_at", Instant, nullable=False),
    Column("ended_at", Instant),
    UniqueConstraint("subscriber_id", "edition_id"),
    Index("ix_subscription_audience", "edition_id", "cadence", "state", "id"),
    sqlite_autoincrement=True,
)


consent = Table(
    "consent",
    metadata,
    id_(),
    Column("subscription_id", Id, ForeignKey("subscription.id"), nullable=False, index=True),
    Column("at", Instant, nullable=False),
    Column("how", Text, nullable=False),
    Column("text_version", Text, nullable=False),
    Column("origin", Text),
)


suppression = Table(
    "suppression",
    metadata,
    Column("key_id", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("since", Instant, nullable=False),
    Column("reason", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    PrimaryKeyConstraint("key_id", "digest"),
)


event = Table(
    "event",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("cause", Text, nullable=False),
    Column("delivery_id", Id),
    Column("subscription_id", Id, index=True),
    Column("detail", Text),
    Column("code", Text),  # enhanced status code
    Index("ix_event_delivery_id", "delivery_id"),
)
