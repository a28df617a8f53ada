"""The Store in SQL, on SQLite and PostgreSQL alike: one method, one transaction.

Claims, bulk paths and dialect differences live inside this package and nowhere else.
"""

from __future__ import annotations

from syndication.adapters.sql.ageing import Ageing
from syndication.adapters.sql.desk import Wishes
from syndication.adapters.sql.engine import migrate, open_engine
from syndication.adapters.sql.feeds import Feeds
from syndication.adapters.sql.following import Following
from syndication.adapters.sql.intake import Intake
from syndication.adapters.sql.news import News
from syndication.adapters.sql.newsroom import Newsroom
from syndication.adapters.sql.outbox import Outbox
from syndication.adapters.sql.pictures import Pictures
from syndication.adapters.sql.proposals import Proposals
from syndication.adapters.sql.readership import Readership
from syndication.adapters.sql.telling import Tellings


class SqlStore(
    Intake, Following, Proposals, Newsroom, Wishes, Readership, Outbox, News, Ageing, Feeds, Tellings, Pictures
):
    """A `ports.Store`. Open one per process, and anew after a fork."""


def open_store(url: str, *, migrated: bool = True) -> SqlStore:
    """A Store at a database URL; its schema is brought to the newest version first unless `migrated` is False."""
    engine = open_engine(url)
    if migrated:
        migrate(engine)
    return SqlStore(engine)
