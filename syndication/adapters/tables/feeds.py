"""The tables of Feeds and of what they show.

It holds no queries.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

from syndication.adapters.tables.columns import Id, Instant, metadata

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
