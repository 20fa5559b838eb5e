"""Recordings of calls, and what of a call stands in a CRM."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "recordings",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("connection_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("secret_hash", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("content_type", sa.Text(), server_default="", nullable=False),
        sa.Column("size", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("etag", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column(
            "began_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name="fk_recordings_account_id_accounts",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", "id", name="pk_recordings"),
        sa.UniqueConstraint("account_id", "name", name="uq_recordings_account_id_name"),
    )
    op.create_index("ix_recordings_account_id_call_id", "recordings", ["account_id", "call_id"])
    op.create_index("ix_recordings_account_id_began_at", "recordings", ["account_id", "began_at"])
    op.execute("ALTER TABLE recordings ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE recordings FORCE ROW LEVEL SECURITY")
    mine = "account_id = ANY (string_to_array(current_setting('dozvon.account', true), ','))"
    op.execute(f"CREATE POLICY own_account ON recordings USING ({mine}) WITH CHECK ({mine})")
    op.add_column("crm_calls", sa.Column("told", sa.Text(), nullable=True))
    op.add_column("crm_calls", sa.Column("reason", sa.Text(), nullable=True))
    op.add_column("crm_calls", sa.Column("recording", sa.Text(), nullable=True))
    op.add_column(
        "crm_calls", sa.Column("data", postgresql.JSONB(), server_default="{}", nullable=False)
    )
