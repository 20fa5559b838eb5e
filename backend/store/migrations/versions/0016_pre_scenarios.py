"""Customers who wait to be called back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_table(
        "callback_tasks",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("virtual_number", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("employees", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name="fk_callback_tasks_account_id_accounts",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", "call_id", name="pk_callback_tasks"),
    )
    op.create_index(
        "ix_callback_tasks_open",
        "callback_tasks",
        ["account_id", "number"],
        postgresql_where=sa.text("done_at IS NULL"),
    )
    mine = "account_id = ANY (string_to_array(current_setting('dozvon.account', true), ','))"
    op.execute("ALTER TABLE callback_tasks ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE callback_tasks FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY own_account ON callback_tasks USING ({mine}) WITH CHECK ({mine})")
