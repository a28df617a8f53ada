"""The tables of Sources, Articles and weather.

It holds no queries.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from syndication.adapters.tables.columns import Day, Id, Instant, id_, metadata

source = Table(
    "source",
    metadata,
    Column("id", Text, primary_key=True),
    Column("next_check_at", Instant, nullable=False),
    Column("taken_until", Instant),  # somebody polls it until then
    Column("etag", Text),
    Column("last_modified", Text),
    Column("first_polled_at", Instant),
    Column("last_checked_at", Instant),
    Column("last_ok_at", Instant),
    Column("last_new_at", Instant),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("last_error", Text),
    Column("ended", Boolean, nullable=False, server_default=text("false")),
    Column("cursor", Text),
    Column("location", Text),  # what was learnt belongs to it: another one begins anew
    Column("rank", Integer),  # place in the settings: of two that bring one Article the first owns it; null: gone
)


source_link = Table(
    "source_link",
    metadata,
    Column("source_id", Text, ForeignKey("source.id"), nullable=False),
    Column("key", Text, nullable=False),
    Column("position", Integer, nullable=False),  # within its look: lists are read from the top
    Column("url", Text, nullable=False),
    Column("first_seen_at", Instant, nullable=False),
    Column("next_check_at", Instant),
    Column("identity", Text),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("missing", Integer, nullable=False, server_default="0"),
    Column("last_error", Text),
    PrimaryKeyConstraint("source_id", "key"),
    Index("ix_source_link_source_id_next_check_at", "source_id", "next_check_at"),
)


article = Table(
    "article",
    metadata,
    id_(),
    Column("uri", Text, unique=True),  # minted right after the insert, in the same transaction
    Column("source_id", Text, nullable=False),
    Column("identity", Text, nullable=False, unique=True),
    Column("revision", Integer, nullable=False),  # the newest
    Column("content_hash", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("baseline", Boolean, nullable=False),
    Column("first_seen_at", Instant, nullable=False),
    Column("revised_at", Instant, nullable=False),
    Index("ix_article_first_seen_at", "first_seen_at"),
    Index("ix_article_revised_at", "revised_at"),
    sqlite_autoincrement=True,  # an id once given is never given again: URIs hang on it
)


article_revision = Table(
    "article_revision",
    metadata,
    Column("article_id", Id, ForeignKey("article.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("status", Text, nullable=False),
    Column("content_hash", Text, nullable=False),
    Column("content", Text, nullable=False),  # ArticleContent as JSON
    PrimaryKeyConstraint("article_id", "number"),
)


proposal = Table(
    "proposal",
    metadata,
    id_(),
    Column("kind", Text, nullable=False),
    Column("article_id", Id, ForeignKey("article.id"), nullable=False),
    Column("source_id", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("proposed_at", Instant, nullable=False),
    Column("content_hash", Text, nullable=False),  # empty for a retraction: the same thing is proposed once
    Column("content", Text),  # ArticleContent as JSON
    Column("state", Text, nullable=False),
    Column("decided_at", Instant),
    Column("because", Text),
    UniqueConstraint("article_id", "kind", "content_hash"),
    Index("ix_proposal_state", "state"),
)


weather_reading = Table(
    "weather_reading",
    metadata,
    id_(),
    Column("origin", Text, nullable=False),
    Column("source_id", Text, nullable=False),
    Column("on", Day),  # the local date it claims
    Column("set_hash", Text, nullable=False),  # of the observed values, without the date
    Column("first_fetched_at", Instant, nullable=False),
    Column("fetched_at", Instant, nullable=False),
    Column("beyond", Text),  # warnings, fine dust and outlooks as JSON
    Index("ix_weather_reading_fetched_at", "fetched_at"),
    Index("ix_weather_reading_set_hash", "set_hash"),
)


observation = Table(
    "observation",
    metadata,
    Column("reading_id", Id, ForeignKey("weather_reading.id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("station", Text),
    Column("station_id", Text),
    Column("condition", Text),
    Column("temperature", Float),
    Column("observed_at", Instant),
    Column("attribution", Text),
    PrimaryKeyConstraint("reading_id", "position"),
)


forecast = Table(
    "forecast",
    metadata,
    Column("reading_id", Id, ForeignKey("weather_reading.id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("place", Text, nullable=False),
    Column("on", Day, nullable=False),
    Column("low", Float),
    Column("high", Float),
    Column("morning", Text),
    Column("afternoon", Text),
    Column("rain_chance", Integer),
    Column("issued_at", Instant),
    Column("attribution", Text),
    PrimaryKeyConstraint("reading_id", "position"),
)
