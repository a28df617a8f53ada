"""Sources: how far an API was read, their order, the pages that lists lead to, proposals to the editor"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("source", sa.Column("cursor", sa.Text()))
    op.add_column("source", sa.Column("location", sa.Text()))
    op.add_column("source", sa.Column("rank", sa.Integer()))
    op.create_table(
        "source_link",
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("first_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("next_check_at", sa.BigInteger()),
        sa.Column("identity", sa.Text()),
        sa.Column("etag", sa.Text()),
        sa.Column("last_modified", sa.Text()),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("missing", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_error", sa.Text()),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_source_link_source_id")),
        sa.PrimaryKeyConstraint("source_id", "key", name=op.f("pk_source_link")),
    )
    op.create_index("ix_source_link_source_id_next_check_at", "source_link", ["source_id", "next_check_at"])
    op.create_table(
        "proposal",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("article_id", ID, nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proposed_at", sa.BigInteger(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("content", sa.Text()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.BigInteger()),
        sa.Column("because", sa.Text()),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name=op.f("fk_proposal_article_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposal")),
        sa.UniqueConstraint(
            "article_id", "kind", "content_hash", name=op.f("uq_proposal_article_id_kind_content_hash")
        ),
    )
    op.create_index("ix_proposal_state", "proposal", ["state"])


def downgrade() -> None:
    raise RuntimeError("what newer tables hold has no place in older ones: restore a backup instead")
