"""Telling: what hubs and search engines were told of our feeds and pages, and what they are still owed"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "telling",
        sa.Column("listener", sa.Text(), nullable=False),
        sa.Column("thing", sa.Text(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("told_at", sa.BigInteger()),
        sa.Column("owed_since", sa.BigInteger()),
        sa.Column("next_at", sa.BigInteger()),
        sa.Column("taken_until", sa.BigInteger()),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reason", sa.Text()),
        sa.PrimaryKeyConstraint("listener", "thing", name=op.f("pk_telling")),
    )
    due, idle = sa.text("next_at IS NOT NULL"), sa.text("next_at IS NULL")
    op.create_index("ix_telling_due", "telling", ["listener", "next_at"], sqlite_where=due, postgresql_where=due)
    op.create_index("ix_telling_told_at", "telling", ["told_at"], sqlite_where=idle, postgresql_where=idle)
