"""What a call-back leaves in the CRM, sounds an administrator uploaded, lines in browsers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    for name in ("crm_kind", "crm_state", "crm_ref", "crm_trouble", "crm_reason"):
        op.add_column("callback_tasks", sa.Column(name, sa.Text(), nullable=True))
    op.create_index(
        "ix_callback_tasks_unsettled",
        "callback_tasks",
        ["account_id"],
        postgresql_where=sa.text("crm_state IN ('expected', 'writing', 'waiting', 'written')"),
    )
    op.create_table(
        "sounds",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("ms", sa.BigInteger(), nullable=False),
        sa.Column("audio", sa.LargeBinary(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name="fk_sounds_account_id_accounts",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", "id", name="pk_sounds"),
    )
    op.create_index("uq_sounds_secret", "sounds", ["secret"], unique=True)
    op.create_table(
        "issued_lines",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("employee_id", sa.Text(), nullable=False),
        sa.Column("extension", sa.Text(), nullable=True),
        sa.Column(
            "issued_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
        sa.Column("unheld_since", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name="fk_issued_lines_account_id_accounts",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", "employee_id", name="pk_issued_lines"),
    )
    mine = "account_id = ANY (string_to_array(current_setting('dozvon.account', true), ','))"
    for table in ("sounds", "issued_lines"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own_account ON {table} USING ({mine}) WITH CHECK ({mine})")
    op.execute(
        "CREATE POLICY resolving ON sounds FOR SELECT"
        " USING (current_setting('dozvon.resolving', true) = 'on')"
    )
