"""Where calls go: virtual numbers, scenarios, switches."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB

from backend.store.tables.base import account_id, document, instant, maybe_text, metadata, text

switch_connections = Table(
    "switch_connections",
    metadata,
    text("id", primary_key=True),
    text("kind"),
    text("url"),
    Column("credentials", LargeBinary),
    text("app", server_default=""),
    document("settings"),
    instant("created_at", now=True),
)

switch_accounts = Table(
    "switch_accounts",
    metadata,
    account_id(primary_key=True),
    Column(
        "connection_id",
        Text,
        ForeignKey("switch_connections.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    # `{number}` stands for the number to dial.
    text("trunk_endpoint"),
    maybe_text("default_caller_id"),
    Index(None, "connection_id"),
)

scenarios = Table(
    "scenarios",
    metadata,
    account_id(primary_key=True),
    text("id", primary_key=True),
    text("name"),
    Column("steps", JSONB, nullable=False, server_default="[]"),
)

virtual_numbers = Table(
    "virtual_numbers",
    metadata,
    account_id(primary_key=True),
    text("number", primary_key=True),
    text("name"),
    maybe_text("scenario_id"),
    Column("connection_id", Text, ForeignKey("switch_connections.id"), nullable=False),
    # Told to the CRM as a line of ours.
    Column("crm_line", Boolean, nullable=False, server_default="false"),
    text("label", server_default=""),
    # What the number stands for in call tracking: `domain.account_config.Tracked`.
    document("tracking"),
    ForeignKeyConstraint(["account_id", "scenario_id"], ("scenarios.account_id", "scenarios.id")),
    # On one switch a number leads to one account.
    Index("uq_virtual_numbers_connection_number", "connection_id", "number", unique=True),
)
