"""The tables, the same on SQLite and PostgreSQL: what lasts and what must be unique.

It holds no queries: those live in `adapters.sql`. The migrations beside it are what creates these tables.
"""

from syndication.adapters.tables.columns import Day, Id, Instant, id_, metadata
from syndication.adapters.tables.desk import wish
from syndication.adapters.tables.feeds import (
    adopted_id,
    feed,
    feed_article,
    feed_entry,
    feed_issue,
    feed_page,
    feed_piece,
)
from syndication.adapters.tables.intake import (
    article,
    article_revision,
    forecast,
    observation,
    proposal,
    source,
    source_link,
    weather_reading,
)
from syndication.adapters.tables.newsroom import block, edition, issue, issue_item, issue_revision
from syndication.adapters.tables.outbox import (
    beat,
    delivery,
    installation,
    issue_channel,
    issue_recipe,
    issue_sum,
    lease,
    partner,
    recipe,
    way,
)
from syndication.adapters.tables.pictures import picture, picture_use, pictured
from syndication.adapters.tables.readers import consent, event, subscriber, subscription, suppression
from syndication.adapters.tables.telling import telling
from syndication.adapters.tables.weather import weather_service

__all__ = [
    "Day",
    "Id",
    "Instant",
    "adopted_id",
    "article",
    "article_revision",
    "beat",
    "block",
    "consent",
    "delivery",
    "edition",
    "event",
    "feed",
    "feed_article",
    "feed_entry",
    "feed_issue",
    "feed_page",
    "feed_piece",
    "forecast",
    "id_",
    "installation",
    "issue",
    "issue_channel",
    "issue_item",
    "issue_recipe",
    "issue_revision",
    "issue_sum",
    "lease",
    "metadata",
    "observation",
    "partner",
    "picture",
    "picture_use",
    "pictured",
    "proposal",
    "recipe",
    "source",
    "source_link",
    "subscriber",
    "subscription",
    "suppression",
    "telling",
    "way",
    "weather_reading",
    "weather_service",
    "wish",
]
