"""Letters of the UIS cloud, what its legs are called here, statuses both agreed on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.create_table(
        "uis_letters",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("connection_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("body", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("answer", postgresql.JSONB(), nullable=True),
        sa.Column(
            "received_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["connection_id"],
            ["switch_connections.id"],
            name="fk_uis_letters_connection_id_switch_connections",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_uis_letters"),
    )
    op.create_index(
        "ix_uis_letters_connection_id_key", "uis_letters", ["connection_id", "key"], unique=True
    )
    op.create_index(
        "ix_uis_letters_connection_id_received_at", "uis_letters", ["connection_id", "received_at"]
    )
    op.create_table(
        "uis_legs",
        sa.Column("connection_id", sa.Text(), nullable=False),
        sa.Column("session_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("vendor_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("leg_id", sa.Text(), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["connection_id"],
            ["switch_connections.id"],
            name="fk_uis_legs_connection_id_switch_connections",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("connection_id", "session_id", "vendor_id", name="pk_uis_legs"),
    )
    op.create_table(
        "uis_statuses",
        sa.Column("connection_id", sa.Text(), nullable=False),
        sa.Column("vendor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"],
            ["switch_connections.id"],
            name="fk_uis_statuses_connection_id_switch_connections",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("connection_id", "vendor", name="pk_uis_statuses"),
    )
    resolving = "current_setting('dozvon.resolving', true) = 'on'"
    for table in ("uis_letters", "uis_legs", "uis_statuses"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY resolving ON {table} FOR ALL USING ({resolving})")
