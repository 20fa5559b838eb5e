"""How an installation at a CRM finds its account."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_OF_ACCOUNT = ("crm_clients", "crm_installs", "pairings")
_OF_NOBODY = ("pending_installs",)


def upgrade() -> None:
    op.create_table(
        "pairings",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name="fk_pairings_account_id_accounts",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", "hash", name="pk_pairings"),
        sa.UniqueConstraint("hash", name="uq_pairings_hash"),
    )
    op.create_index("ix_pairings_expires_at", "pairings", ["expires_at"])
    op.create_table(
        "pending_installs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), server_default="", nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("wanted_account", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("problem", sa.Text(), server_default="", nullable=False),
        sa.Column("crm_user_id", sa.Text(), server_default="", nullable=False),
        sa.Column("email", sa.Text(), server_default="", nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_pending_installs"),
        sa.CheckConstraint(
            "state in ('code', 'tokens', 'failed')", name=op.f("ck_pending_installs_state")
        ),
    )
    op.create_index(
        "ix_pending_installs_kind_external_id", "pending_installs", ["kind", "external_id"]
    )
    op.create_table(
        "crm_clients",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("client_secret", sa.LargeBinary(), nullable=False),
        sa.Column("via", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name="fk_crm_clients_account_id_accounts",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", "kind", "client_id", name="pk_crm_clients"),
    )
    op.create_table(
        "crm_installs",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("crm_user_id", sa.Text(), server_default="", nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("email", sa.Text(), server_default="", nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name="fk_crm_installs_account_id_accounts",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", "seq", name="pk_crm_installs"),
    )
    op.create_index("ix_crm_installs_account_id_at", "crm_installs", ["account_id", "at"])
    for table in _OF_ACCOUNT:
        _close(table)
        mine = "account_id = ANY (string_to_array(current_setting('dozvon.account', true), ','))"
        op.execute(f"CREATE POLICY own_account ON {table} USING ({mine}) WITH CHECK ({mine})")
    resolving = "current_setting('dozvon.resolving', true) = 'on'"
    op.execute(f"CREATE POLICY resolving ON pairings FOR SELECT USING ({resolving})")
    for table in _OF_NOBODY:
        _close(table)
        op.execute(f"CREATE POLICY resolving ON {table} FOR ALL USING ({resolving})")


def _close(table: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
