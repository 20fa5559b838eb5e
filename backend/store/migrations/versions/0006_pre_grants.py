"""A CRM's leave user by user, and the state of what we bound there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_TABLES = ("crm_bindings", "crm_grants")


def upgrade() -> None:
    op.add_column(
        "crm_connections",
        sa.Column("grant_user_id", sa.Text(), server_default="", nullable=False),
    )
    op.create_table(
        "crm_grants",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("crm_user_id", sa.Text(), nullable=False),
        sa.Column("access_token", sa.LargeBinary(), nullable=False),
        sa.Column("refresh_token", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        *_of_a_connection("crm_grants"),
        sa.PrimaryKeyConstraint("account_id", "kind", "crm_user_id", name="pk_crm_grants"),
    )
    op.create_table(
        "crm_bindings",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("lost", sa.Integer(), server_default="0", nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        *_of_a_connection("crm_bindings"),
        sa.PrimaryKeyConstraint("account_id", "kind", "name", name="pk_crm_bindings"),
    )
    mine = "account_id = ANY (string_to_array(current_setting('dozvon.account', true), ','))"
    for table in _TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own_account ON {table} USING ({mine}) WITH CHECK ({mine})")


def _of_a_connection(table: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=f"fk_{table}_account_id_accounts",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "kind"],
            ["crm_connections.account_id", "crm_connections.kind"],
            name=f"fk_{table}_account_id_kind_crm_connections",
            ondelete="CASCADE",
        ),
    ]
