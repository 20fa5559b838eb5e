"""What administrators let us do in a CRM, and what we bound over there."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKeyConstraint, Integer, LargeBinary, Table

from backend.store.tables.base import account_id, instant, metadata, text

_connection = ("crm_connections.account_id", "crm_connections.kind")

# Reserves: the pair that acts is in the connection's own row and nowhere else, so that no two
# processes can spend one refresh token.
crm_grants = Table(
    "crm_grants",
    metadata,
    account_id(primary_key=True),
    text("kind", primary_key=True),
    text("crm_user_id", primary_key=True),
    Column("access_token", LargeBinary, nullable=False),
    Column("refresh_token", LargeBinary, nullable=False),
    instant("expires_at"),
    instant("seen_at"),
    ForeignKeyConstraint(["account_id", "kind"], _connection, ondelete="CASCADE"),
)

# How each thing of ours stands over there, as of the last look: widgets, events, lines.
crm_bindings = Table(
    "crm_bindings",
    metadata,
    account_id(primary_key=True),
    text("kind", primary_key=True),
    text("name", primary_key=True),
    text("state"),
    text("detail", server_default=""),
    # How often it was found gone and bound anew.
    Column("lost", Integer, nullable=False, server_default="0"),
    instant("checked_at"),
    instant("since"),
    ForeignKeyConstraint(["account_id", "kind"], _connection, ondelete="CASCADE"),
)
