"""When each weather service is asked next, and what readings tell beyond observations and forecasts"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("weather_reading", sa.Column("beyond", sa.Text()))
    op.create_table(
        "weather_service",
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("next_check_at", sa.BigInteger(), nullable=False),
        sa.Column("taken_until", sa.BigInteger()),
        sa.Column("last_ok_at", sa.BigInteger()),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_error", sa.Text()),
        sa.Column("calls", sa.Integer(), server_default="0", nullable=False),
        sa.Column("calls_on", sa.Text()),
        sa.PrimaryKeyConstraint("service", name=op.f("pk_weather_service")),
    )


def downgrade() -> None:
    raise RuntimeError("what newer tables hold has no place in older ones: restore a backup instead")
