"""Constraint names as a new database has them; calls by number; doubted readings of a CRM."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

_CHECKS = {
    "accounts": ("id_plain", "slug_plain"),
    "employees": ("role",),
    "employee_numbers": ("kind",),
}
"""Databases made before 0001 and 0005 named them themselves have them as
`ck_<table>_ck_<table>_<name>`: the naming convention was applied to a finished name."""


def upgrade() -> None:
    for table, names in _CHECKS.items():
        for name in names:
            _rename(table, f"ck_{table}_ck_{table}_{name}", f"ck_{table}_{name}")
    op.create_index("ix_calls_account_id_number", "calls", ["account_id", "number"])
    op.create_table(
        "phone_index_doubts",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("crm_kind", sa.Text(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name="fk_phone_index_doubts_account_id_accounts",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", "crm_kind", name="pk_phone_index_doubts"),
    )
    mine = "account_id = ANY (string_to_array(current_setting('dozvon.account', true), ','))"
    op.execute("ALTER TABLE phone_index_doubts ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE phone_index_doubts FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY own_account ON phone_index_doubts USING ({mine}) WITH CHECK ({mine})"
    )


def _rename(table: str, old: str, new: str) -> None:
    """Where it stands under the old name; once more, or on a new database, nothing happens."""
    table_id = f"'{table}'::regclass"
    there = f"FROM pg_constraint WHERE conrelid = {table_id} AND conname ="
    op.execute(
        f"DO $$ BEGIN IF EXISTS (SELECT {there} '{old}') THEN"
        f"   IF EXISTS (SELECT {there} '{new}') THEN"
        f'     ALTER TABLE {table} DROP CONSTRAINT "{old}";'
        f'   ELSE ALTER TABLE {table} RENAME CONSTRAINT "{old}" TO "{new}";'
        "   END IF; END IF; END $$"
    )
