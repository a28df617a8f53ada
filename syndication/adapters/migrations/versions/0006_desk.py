"""The editor's wishes; the Articles of an Issue found by their number"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "wish",
        sa.Column("id", ID, nullable=False),
        sa.Column("edition_id", sa.Text(), nullable=False),
        sa.Column("do", sa.Text(), nullable=False),
        sa.Column("article", sa.Text()),
        sa.Column("words", sa.Text()),
        sa.Column("on", sa.Text()),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("undone_by", sa.Text()),
        sa.Column("undone_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wish")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_wish_edition", "wish", ["edition_id", "id"])
    op.create_index("ix_issue_item_article_id", "issue_item", ["article_id"])


def downgrade() -> None:
    raise RuntimeError("what newer tables hold has no place in older ones: restore a backup instead")
