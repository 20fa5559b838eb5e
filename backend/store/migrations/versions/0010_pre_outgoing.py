"""Calls asked for from a CRM, and personal managers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column(
        "calls", sa.Column("notes", postgresql.JSONB(), server_default="[]", nullable=False)
    )
    op.add_column(
        "calls", sa.Column("callback", sa.Boolean(), server_default="false", nullable=False)
    )
    op.create_table(
        "asked_calls",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("crm_kind", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("crm_call_id", sa.Text(), nullable=True),
        sa.Column("crm_user_id", sa.Text(), nullable=True),
        sa.Column("employee_id", sa.Text(), nullable=True),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("record_kind", sa.Text(), nullable=True),
        sa.Column("record_id", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), server_default="asked", nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column(
            "asked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name="fk_asked_calls_account_id_accounts",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", "crm_kind", "external_id", name="pk_asked_calls"),
    )
    op.create_index("ix_asked_calls_account_id_call_id", "asked_calls", ["account_id", "call_id"])
    op.create_index("ix_asked_calls_account_id_asked_at", "asked_calls", ["account_id", "asked_at"])
    op.create_table(
        "manager_answers",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("e164", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("crm_user_id", sa.Text(), nullable=False),
        sa.Column("records", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name="fk_manager_answers_account_id_accounts",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", "e164", "source", name="pk_manager_answers"),
    )
    mine = "account_id = ANY (string_to_array(current_setting('dozvon.account', true), ','))"
    for table in ("asked_calls", "manager_answers"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own_account ON {table} USING ({mine}) WITH CHECK ({mine})")
