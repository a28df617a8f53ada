"""Pictures: which ones Articles name, and our own prints of them"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "picture",
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("loopback", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("wanted_at", sa.BigInteger(), nullable=False),
        sa.Column("next_at", sa.BigInteger()),
        sa.Column("taken_until", sa.BigInteger()),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("settled_at", sa.BigInteger()),
        sa.Column("path", sa.Text()),
        sa.Column("width", sa.Integer()),
        sa.Column("height", sa.Integer()),
        sa.Column("small_path", sa.Text()),
        sa.Column("small_width", sa.Integer()),
        sa.Column("small_height", sa.Integer()),
        sa.PrimaryKeyConstraint("url", name=op.f("pk_picture")),
    )
    due = sa.text("next_at IS NOT NULL")
    op.create_index("ix_picture_next_at", "picture", ["next_at"], sqlite_where=due, postgresql_where=due)
    op.create_table(
        "picture_use",
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("article_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name=op.f("fk_picture_use_article_id")),
        sa.ForeignKeyConstraint(["url"], ["picture.url"], name=op.f("fk_picture_use_url")),
        sa.PrimaryKeyConstraint("url", "article_id", name=op.f("pk_picture_use")),
    )
    op.create_table(
        "pictured",
        sa.Column("article_id", ID, autoincrement=False, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name=op.f("fk_pictured_article_id")),
        sa.PrimaryKeyConstraint("article_id", name=op.f("pk_pictured")),
    )
