"""Outbox at size: uncertain Deliveries have an index; PostgreSQL looks for a Delivery's Issue once per statement"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    few = sa.text("state = 'uncertain'")
    op.create_index("ix_delivery_uncertain", "delivery", ["id"], sqlite_where=few, postgresql_where=few)
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute("""
        CREATE OR REPLACE FUNCTION delivery_not_for_closed_issue() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF EXISTS (SELECT 1 FROM (SELECT DISTINCT issue_id FROM added WHERE issue_id IS NOT NULL) a
                     LEFT JOIN issue i ON i.id = a.issue_id WHERE i.state IS DISTINCT FROM 'frozen') THEN
            RAISE EXCEPTION 'the Issue is closed, or there is none' USING ERRCODE = 'check_violation';
          END IF;
          RETURN NULL;
        END $$""")
    op.drop_constraint("fk_delivery_issue_id", "delivery", type_="foreignkey")


def downgrade() -> None:
    raise RuntimeError("what newer tables hold has no place in older ones: restore a backup instead")
