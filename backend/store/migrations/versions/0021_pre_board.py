"""The supervisor's board: its past, and who did what from it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"

_TABLES = ("board_log", "board_deeds")


def upgrade() -> None:
    op.create_table(
        "board_log",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("kind in ('whole', 'pushes')", name=op.f("ck_board_log_kind")),
        _of_account("board_log"),
        sa.PrimaryKeyConstraint("account_id", "seq", name="pk_board_log"),
    )
    op.create_index("ix_board_log_account_id_ended_at", "board_log", ["account_id", "ended_at"])
    op.create_table(
        "board_deeds",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_employee", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("employee_id", sa.Text(), nullable=True),
        sa.Column("call_id", sa.Text(), nullable=True),
        sa.Column("detail", postgresql.JSONB(), nullable=True),
        _of_account("board_deeds"),
        sa.PrimaryKeyConstraint("account_id", "seq", name="pk_board_deeds"),
    )
    op.create_index("ix_board_deeds_account_id_at", "board_deeds", ["account_id", "at"])
    mine = "account_id = ANY (string_to_array(current_setting('dozvon.account', true), ','))"
    for table in _TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own_account ON {table} USING ({mine}) WITH CHECK ({mine})")


def _of_account(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["account_id"], ["accounts.id"], name=f"fk_{table}_account_id_accounts", ondelete="CASCADE"
    )
