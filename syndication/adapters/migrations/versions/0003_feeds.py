"""Feeds: what stands in which since when, under which id, archives, serialised items, adopted ids"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_index("ix_article_revised_at", "article", ["revised_at"])
    _feeds()
    _articles()
    _archives()
    op.create_table(
        "feed_piece",
        sa.Column("namespace", sa.Text(), nullable=False),
        sa.Column("dialect", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", ID, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("stamp", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary()),
        sa.Column("reason", sa.Text()),
        sa.PrimaryKeyConstraint("namespace", "dialect", "kind", "number", name=op.f("pk_feed_piece")),
    )
    _index_where("ix_feed_piece_quarantined", "feed_piece", "namespace", "reason IS NOT NULL")
    op.create_table(
        "adopted_id",
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("uri", sa.Text(), nullable=False),
        sa.Column("adopted_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("identity", name=op.f("pk_adopted_id")),
        sa.UniqueConstraint("uri", name=op.f("uq_adopted_id_uri")),
    )


def _feeds() -> None:
    op.create_table(
        "feed",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("term", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("published", sa.Integer(), server_default="0", nullable=False),
        sa.Column("touched_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger()),
        sa.Column("taken_until", sa.BigInteger()),
        sa.Column("closed_at", sa.BigInteger()),
        sa.Column("closed_number", ID),
        sa.Column("page", sa.Text()),
        sa.Column("open_page", sa.Text()),
        sa.Column("left_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_feed")),
    )


def _articles() -> None:
    op.create_table(
        "feed_article",
        sa.Column("article_id", ID, autoincrement=False, nullable=False),
        sa.Column("uri", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("stamp", sa.Integer(), nullable=False),
        sa.Column("appeared_at", sa.BigInteger(), nullable=False),
        sa.Column("edition_id", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("link", sa.Text()),
        sa.Column("summary", sa.Text()),
        sa.Column("summary_revision", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("notice", sa.Text()),
        sa.Column("restated_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name=op.f("fk_feed_article_article_id")),
        sa.PrimaryKeyConstraint("article_id", name=op.f("pk_feed_article")),
        sa.UniqueConstraint("uri", name=op.f("uq_feed_article_uri")),
    )
    op.create_index("ix_feed_article_appeared_at", "feed_article", ["appeared_at"])
    _index_where("ix_feed_article_restated_at", "feed_article", "restated_at", "restated_at IS NOT NULL")
    op.create_table(
        "feed_entry",
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("article_id", ID, nullable=False),
        sa.Column("appeared_at", sa.BigInteger(), nullable=False),
        sa.Column("sorted_at", sa.BigInteger(), nullable=False),
        sa.Column("left_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["article_id"], ["feed_article.article_id"], name=op.f("fk_feed_entry_article_id")),
        sa.ForeignKeyConstraint(["feed"], ["feed.key"], name=op.f("fk_feed_entry_feed")),
        sa.PrimaryKeyConstraint("feed", "article_id", name=op.f("pk_feed_entry")),
    )
    op.create_index("ix_feed_entry_newest", "feed_entry", ["feed", "sorted_at", "article_id"])
    op.create_index("ix_feed_entry_appeared", "feed_entry", ["feed", "appeared_at", "article_id"])
    op.create_index("ix_feed_entry_article", "feed_entry", ["article_id"])
    op.create_table(
        "feed_issue",
        sa.Column("issue_id", ID, autoincrement=False, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name=op.f("fk_feed_issue_issue_id")),
        sa.PrimaryKeyConstraint("issue_id", name=op.f("pk_feed_issue")),
    )


def _archives() -> None:
    op.create_table(
        "feed_page",
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("before", sa.Text()),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("first_number", ID, nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("last_number", ID, nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=False),
        sa.Column("stale", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(["feed"], ["feed.key"], name=op.f("fk_feed_page_feed")),
        sa.PrimaryKeyConstraint("feed", "name", name=op.f("pk_feed_page")),
    )
    _index_where("ix_feed_page_stale", "feed_page", "feed", "stale")


def _index_where(name: str, table: str, column: str, where: str) -> None:
    op.create_index(name, table, [column], sqlite_where=sa.text(where), postgresql_where=sa.text(where))
