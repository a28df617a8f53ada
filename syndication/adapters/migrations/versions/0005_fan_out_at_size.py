"""Fan-out at size: on PostgreSQL one look per statement finds the Issues of new Deliveries, in place of one per row"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
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
