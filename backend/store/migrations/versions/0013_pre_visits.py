"""Visitors' ways, for call tracking."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"

_TABLES = ("visit_keys", "visits", "visit_events", "number_leases")


def upgrade() -> None:
    op.add_column(
        "virtual_numbers",
        sa.Column("tracking", postgresql.JSONB(), server_default="{}", nullable=False),
    )
    op.add_column("calls", sa.Column("visit", postgresql.JSONB(), nullable=True))
    op.create_table(
        "visit_keys",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("shown", sa.Text(), nullable=True),
        _now("created_at"),
        sa.Column("created_by", sa.Text(), server_default="", nullable=False),
        _of_account("visit_keys"),
        sa.PrimaryKeyConstraint("account_id", "id", name="pk_visit_keys"),
        sa.UniqueConstraint("hash", name="uq_visit_keys_hash"),
    )
    op.create_table(
        "visits",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("session", sa.Text(), nullable=False),
        sa.Column("visitor", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("landing", sa.Text(), server_default="", nullable=False),
        sa.Column("referrer", sa.Text(), server_default="", nullable=False),
        sa.Column("source", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("source_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pages", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("pages_total", sa.Integer(), server_default="0", nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        _of_account("visits"),
        sa.PrimaryKeyConstraint("account_id", "session", name="pk_visits"),
    )
    op.create_index(
        "ix_visits_account_id_visitor_began_at", "visits", ["account_id", "visitor", "began_at"]
    )
    op.create_index("ix_visits_account_id_seen_at", "visits", ["account_id", "seen_at"])
    op.create_table(
        "visit_events",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        _now("at"),
        _of_account("visit_events"),
        sa.PrimaryKeyConstraint("account_id", "event_id", name="pk_visit_events"),
    )
    op.create_index("ix_visit_events_account_id_at", "visit_events", ["account_id", "at"])
    op.create_table(
        "number_leases",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("visitor", sa.Text(), nullable=False),
        sa.Column("session", sa.Text(), nullable=False),
        _of_account("number_leases"),
        sa.PrimaryKeyConstraint("account_id", "number", "since", name="pk_number_leases"),
    )
    op.create_index("ix_number_leases_account_id_until", "number_leases", ["account_id", "until"])
    mine = "account_id = ANY (string_to_array(current_setting('dozvon.account', true), ','))"
    for table in _TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own_account ON {table} USING ({mine}) WITH CHECK ({mine})")
    resolving = "current_setting('dozvon.resolving', true) = 'on'"
    op.execute(f"CREATE POLICY resolving ON visit_keys FOR SELECT USING ({resolving})")


def _now(name: str) -> sa.Column[object]:
    return sa.Column(
        name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
    )


def _of_account(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["account_id"], ["accounts.id"], name=f"fk_{table}_account_id_accounts", ondelete="CASCADE"
    )
