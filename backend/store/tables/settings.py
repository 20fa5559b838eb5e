"""What an account chose, who changed what, and its teams."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    Table,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB

from backend.store.tables.base import account_id, document, instant, maybe_text, metadata, text

account_settings = Table(
    "account_settings",
    metadata,
    account_id(primary_key=True),
    text("area", primary_key=True),
    document("data"),
    Column("version", Integer, nullable=False, server_default="1"),
    instant("updated_at", now=True),
    text("updated_by", server_default=""),
)

settings_log = Table(
    "settings_log",
    metadata,
    account_id(primary_key=True),
    Column("seq", BigInteger, Identity(always=True), primary_key=True),
    instant("at", now=True),
    # An employee's id, or the command that did it.
    text("who"),
    # `settings:crm`, `employee:…`, `group:…`
    text("subject"),
    Column("before", JSONB, nullable=True),
    Column("after", JSONB, nullable=True),
    Index(None, "account_id", "at"),
)

teams = Table(
    "teams",
    metadata,
    account_id(primary_key=True),
    text("id", primary_key=True),
    text("name"),
    # The department it was imported from; without one it was made by hand.
    maybe_text("crm_id"),
    UniqueConstraint("account_id", "crm_id"),
)

team_members = Table(
    "team_members",
    metadata,
    account_id(primary_key=True),
    text("team_id", primary_key=True),
    text("employee_id", primary_key=True),
    Column("is_head", Boolean, nullable=False, server_default="false"),
    ForeignKeyConstraint(
        ["account_id", "team_id"], ("teams.account_id", "teams.id"), ondelete="CASCADE"
    ),
    ForeignKeyConstraint(
        ["account_id", "employee_id"],
        ("employees.account_id", "employees.id"),
        ondelete="CASCADE",
    ),
)
