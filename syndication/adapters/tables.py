"""The tables, the same on SQLite and PostgreSQL: what lasts and what must be unique.

It holds no queries: those live in `adapters.sql`. The migrations beside it are what creates these tables.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant, stored as microseconds since 1970: one type, one order, on both databases."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime reached the store")
        return (value - _EPOCH) // timedelta(microseconds=1)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return None if value is None else _EPOCH + timedelta(microseconds=int(value))


class Day(TypeDecorator[date]):
    """A local date, stored as ISO text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: Dialect) -> str | None:
        return None if value is None else value.isoformat()

    def process_result_value(self, value: Any, dialect: Dialect) -> date | None:
        return None if value is None else date.fromisoformat(value)


# SQLite gives row ids only to INTEGER columns
Id = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id() -> Column[int]:
    return Column("id", Id, primary_key=True, autoincrement=True)


# --- intake ----------------------------------------------------------------------------------

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
)

article = Table(
    "article",
    metadata,
    _id(),
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

weather_reading = Table(
    "weather_reading",
    metadata,
    _id(),
    Column("origin", Text, nullable=False),
    Column("source_id", Text, nullable=False),
    Column("on", Day),  # the local date it claims
    Column("set_hash", Text, nullable=False),  # of the observed values, without the date
    Column("first_fetched_at", Instant, nullable=False),
    Column("fetched_at", Instant, nullable=False),
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

# --- newsroom --------------------------------------------------------------------------------

edition = Table(
    "edition",
    metadata,
    Column("id", Text, primary_key=True),
    Column("adopted_at", Instant, nullable=False),
)

issue = Table(
    "issue",
    metadata,
    _id(),
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

# --- readership ------------------------------------------------------------------------------

subscriber = Table(
    "subscriber",
    metadata,
    _id(),
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
    _id(),
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
    _id(),
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

# --- outbox ----------------------------------------------------------------------------------

recipe = Table(
    "recipe",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("content", Text, nullable=False),  # Recipe as JSON
)

issue_recipe = Table(  # which Recipe readers who chose alike get of one Issue
    "issue_recipe",
    metadata,
    Column("issue_id", Id, ForeignKey("issue.id"), nullable=False),
    Column("issue_revision", Integer, nullable=False, server_default="1"),
    Column("choices_hash", Text, nullable=False),
    Column("recipe_hash", Text, ForeignKey("recipe.hash")),
    Column("reason", Text),  # why such a reader is excluded
    PrimaryKeyConstraint("issue_id", "issue_revision", "choices_hash"),
)

issue_channel = Table(  # the audience as it was counted while fanning out
    "issue_channel",
    metadata,
    Column("issue_id", Id, ForeignKey("issue.id"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("audience", Integer, nullable=False),
    Column("fanned_out_at", Instant),
    PrimaryKeyConstraint("issue_id", "channel"),
)

issue_sum = Table(  # what became of the Deliveries of an Issue whose rows are gone
    "issue_sum",
    metadata,
    Column("issue_id", Id, ForeignKey("issue.id"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),  # empty: none
    Column("number", Integer, nullable=False, server_default="0"),
    Column("bounced", Integer, nullable=False, server_default="0"),
    Column("complained", Integer, nullable=False, server_default="0"),
    PrimaryKeyConstraint("issue_id", "channel", "state", "reason"),
)

lease = Table(
    "lease",
    metadata,
    _id(),
    Column("channel", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("owner", Text, nullable=False),  # which worker
    Column("journal", Text),  # the file on that host where intents and outcomes are
    Column("until", BigInteger, nullable=False),  # the database's own clock, microseconds
    Column("ended", Boolean, nullable=False, server_default=text("false")),
    Index("ix_lease_until", "until", sqlite_where=text("NOT ended"), postgresql_where=text("NOT ended")),
    sqlite_autoincrement=True,
)

_WAITING = text("state = 'waiting'")
_LEASED = text("lease_id IS NOT NULL")
_RECEIPT = text("receipt IS NOT NULL")
_RETURNED = text("bounced_at IS NOT NULL OR complained_at IS NOT NULL")

delivery = Table(
    "delivery",
    metadata,
    _id(),
    Column("channel", Text, nullable=False),
    Column("thing", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("issue_id", Id, ForeignKey("issue.id")),
    Column("issue_revision", Integer),
    Column("subscription_id", Id),
    Column("recipe_hash", Text),
    Column("provider", Text),  # the recipient's, of mail
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("code", Text),
    Column("priority", SmallInteger, nullable=False, server_default="5"),  # lower goes first
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("resent", Boolean, nullable=False, server_default=text("false")),
    Column("next_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("lease_id", Id),  # stays on an uncertain row: the evidence of that lease may still settle it
    Column("sequence", BigInteger),  # per partner
    Column("receipt", Text),
    Column("created_at", Instant, nullable=False),
    Column("begun_at", Instant),
    Column("settled_at", Instant),
    Column("delivered_at", Instant),  # later news about an accepted one
    Column("bounced_at", Instant),
    Column("complained_at", Instant),
    UniqueConstraint("channel", "thing", "recipient"),
    Index("ix_delivery_due", "channel", "priority", "next_at", "id", sqlite_where=_WAITING, postgresql_where=_WAITING),
    Index("ix_delivery_leased", "lease_id", sqlite_where=_LEASED, postgresql_where=_LEASED),
    Index("ix_delivery_balance", "issue_id", "channel", "state"),
    Index("ix_delivery_returned", "issue_id", sqlite_where=_RETURNED, postgresql_where=_RETURNED),
    Index("ix_delivery_subscription", "subscription_id"),
    Index("ix_delivery_receipt", "receipt", sqlite_where=_RECEIPT, postgresql_where=_RECEIPT),
    sqlite_autoincrement=True,
)

way = Table(  # how mail to a provider may go; "" is everything that goes by mail
    "way",
    metadata,
    Column("name", Text, primary_key=True),
    Column("next_at", BigInteger, nullable=False, server_default="0"),  # the first free place in line, database's clock
    Column("paused_until", Instant),
    Column("reason", Text),
    Column("day_began_at", Instant),
    Column("sent", Integer, nullable=False, server_default="0"),  # on that day
)

installation = Table(  # one row: which database this is, and how often it was declared to be the true one
    "installation",
    metadata,
    Column("id", Text, primary_key=True),
    Column("epoch", Integer, nullable=False),
)

partner = Table(
    "partner",
    metadata,
    Column("id", Text, primary_key=True),
    Column("sequence", BigInteger, nullable=False),  # the last one given out
)

beat = Table(
    "beat",
    metadata,
    Column("name", Text, primary_key=True),
    Column("at", Instant, nullable=False),
)

# --- feeds -----------------------------------------------------------------------------------

feed = Table(
    "feed",
    metadata,
    Column("key", Text, primary_key=True),  # daily/articles, section/사회/articles
    Column("scope", Text, nullable=False),
    Column("term", Text, nullable=False),  # as it was first written
    Column("kind", Text, nullable=False),
    Column("version", Integer, nullable=False),  # rises with every touch
    Column("published", Integer, nullable=False, server_default="0"),  # the version that stands there
    Column("touched_at", Instant, nullable=False),
    Column("due_at", Instant),  # when an entry that waits for its time comes in
    Column("taken_until", Instant),  # somebody publishes it until then
    Column("closed_at", Instant),  # up to which entry it is in the archive
    Column("closed_number", Id),
    Column("page", Text),  # the newest page of the archive
    Column("open_page", Text),  # the one that comes after it
    Column("left_at", Instant),  # when an Article last left it
)

feed_article = Table(  # an Article that has appeared, under the id it keeps for ever
    "feed_article",
    metadata,
    Column("article_id", Id, ForeignKey("article.id"), primary_key=True, autoincrement=False),
    Column("uri", Text, nullable=False, unique=True),
    Column("revision", Integer, nullable=False),  # the one that is shown
    Column("stamp", Integer, nullable=False),  # rises when anything but the revision changes
    Column("appeared_at", Instant, nullable=False),
    Column("edition_id", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("section", Text, nullable=False),
    Column("link", Text),
    Column("summary", Text),
    Column("summary_revision", Integer, nullable=False),  # which one it opens
    Column("status", Text, nullable=False),
    Column("notice", Text),  # why it was taken back
    Column("restated_at", Instant),
    Index("ix_feed_article_appeared_at", "appeared_at"),
    Index(
        "ix_feed_article_restated_at",
        "restated_at",
        sqlite_where=text("restated_at IS NOT NULL"),
        postgresql_where=text("restated_at IS NOT NULL"),
    ),
)

feed_entry = Table(
    "feed_entry",
    metadata,
    Column("feed", Text, ForeignKey("feed.key"), nullable=False),
    Column("article_id", Id, ForeignKey("feed_article.article_id"), nullable=False),
    Column("appeared_at", Instant, nullable=False),  # in this feed: its page of the archive
    Column("sorted_at", Instant, nullable=False),  # its place in the feed
    Column("left_at", Instant),
    PrimaryKeyConstraint("feed", "article_id"),
    Index("ix_feed_entry_newest", "feed", "sorted_at", "article_id"),
    Index("ix_feed_entry_appeared", "feed", "appeared_at", "article_id"),
    Index("ix_feed_entry_article", "article_id"),
)

feed_issue = Table(  # which revision of an Issue has been entered
    "feed_issue",
    metadata,
    Column("issue_id", Id, ForeignKey("issue.id"), primary_key=True, autoincrement=False),
    Column("revision", Integer, nullable=False),
)

feed_page = Table(  # a page of an archive: never changes, but for what was taken back
    "feed_page",
    metadata,
    Column("feed", Text, ForeignKey("feed.key"), nullable=False),
    Column("name", Text, nullable=False),
    Column("before", Text),
    Column("after", Text, nullable=False),
    Column("first_at", Instant, nullable=False),
    Column("first_number", Id, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("last_number", Id, nullable=False),
    Column("closed_at", Instant, nullable=False),
    Column("stale", Boolean, nullable=False, server_default=text("false")),
    PrimaryKeyConstraint("feed", "name"),
    Index("ix_feed_page_stale", "feed", sqlite_where=text("stale"), postgresql_where=text("stale")),
)

feed_piece = Table(  # an item as it was serialised, or why it could not be
    "feed_piece",
    metadata,
    Column("namespace", Text, nullable=False),
    Column("dialect", Text, nullable=False),
    Column("kind", Text, nullable=False),  # article, issue
    Column("number", Id, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("stamp", BigInteger, nullable=False),
    Column("body", LargeBinary),
    Column("reason", Text),
    PrimaryKeyConstraint("namespace", "dialect", "kind", "number"),
    Index(
        "ix_feed_piece_quarantined",
        "namespace",
        sqlite_where=text("reason IS NOT NULL"),
        postgresql_where=text("reason IS NOT NULL"),
    ),
)

adopted_id = Table(  # ids of an older feed, waiting for the Articles they name
    "adopted_id",
    metadata,
    Column("identity", Text, primary_key=True),
    Column("uri", Text, nullable=False, unique=True),
    Column("adopted_at", Instant, nullable=False),
)
