"""Email at full strength: held Issues, amended ones, mail providers, later news, the epoch"""

import sqlalchemy as sa
from alembic import op

from syndication.core.addresses import provider

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("issue", sa.Column("held", sa.Text()))
    op.add_column("issue", sa.Column("held_at", sa.BigInteger()))
    op.add_column("issue", sa.Column("aged_at", sa.BigInteger()))
    op.add_column("subscriber", sa.Column("provider", sa.Text()))
    _name_providers()
    op.add_column("event", sa.Column("code", sa.Text()))
    op.create_index("ix_event_delivery_id", "event", ["delivery_id"])
    op.add_column("delivery", sa.Column("provider", sa.Text()))
    for name in ("delivered_at", "bounced_at", "complained_at"):
        op.add_column("delivery", sa.Column(name, sa.BigInteger()))
    for name, column, where in (
        ("ix_delivery_returned", "issue_id", "bounced_at IS NOT NULL OR complained_at IS NOT NULL"),
        ("ix_delivery_receipt", "receipt", "receipt IS NOT NULL"),
    ):
        op.create_index(name, "delivery", [column], sqlite_where=sa.text(where), postgresql_where=sa.text(where))
    with op.batch_alter_table("issue_recipe") as table:
        table.add_column(sa.Column("issue_revision", sa.Integer(), nullable=False, server_default="1"))
        table.drop_constraint("pk_issue_recipe", type_="primary")
        table.create_primary_key("pk_issue_recipe", ["issue_id", "issue_revision", "choices_hash"])
    op.create_table(
        "issue_sum",
        sa.Column("issue_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), server_default="0", nullable=False),
        sa.Column("bounced", sa.Integer(), server_default="0", nullable=False),
        sa.Column("complained", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name=op.f("fk_issue_sum_issue_id")),
        sa.PrimaryKeyConstraint("issue_id", "channel", "state", "reason", name=op.f("pk_issue_sum")),
    )
    op.create_table(
        "way",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("paused_until", sa.BigInteger()),
        sa.Column("reason", sa.Text()),
        sa.Column("day_began_at", sa.BigInteger()),
        sa.Column("sent", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_way")),
    )
    op.create_table(
        "installation",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installation")),
    )


def _name_providers() -> None:
    """Say of the Subscribers that are there already where their mail is kept."""
    reader = sa.table("subscriber", sa.column("id"), sa.column("address"), sa.column("provider"))
    db = op.get_bind()
    rows = db.execute(sa.select(reader.c.id, reader.c.address)).all()
    named = [{"_id": row.id, "_provider": provider(row.address)} for row in rows]
    told = sa.update(reader).where(reader.c.id == sa.bindparam("_id")).values(provider=sa.bindparam("_provider"))
    for start in range(0, len(named), 1000):
        db.execute(told, named[start : start + 1000])


def downgrade() -> None:
    raise RuntimeError("restore a backup of the version before instead")
