"""The tables of Deliveries, their Recipes and leases, and of who may send.

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
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from syndication.adapters.tables.columns import Id, Instant, id_, metadata

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
    id_(),
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
_UNCERTAIN = text("state = 'uncertain'")
_LEASED = text("lease_id IS NOT NULL")
_RECEIPT = text("receipt IS NOT NULL")
_RETURNED = text("bounced_at IS NOT NULL OR complained_at IS NOT NULL")


delivery = Table(
    "delivery",
    metadata,
    id_(),
    Column("channel", Text, nullable=False),
    Column("thing", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("issue_id", Id, ForeignKey("issue.id")),  # on PostgreSQL a trigger sees to it, once for each statement
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
    Index("ix_delivery_uncertain", "id", sqlite_where=_UNCERTAIN, postgresql_where=_UNCERTAIN),
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
