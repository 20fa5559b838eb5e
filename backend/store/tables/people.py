"""Accounts, their CRM connections, people and statuses."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    UniqueConstraint,
)

from backend.store.tables.base import account_id, document, instant, maybe_text, metadata, text

accounts = Table(
    "accounts",
    metadata,
    text("id", primary_key=True),
    text("slug", unique=True),
    text("name"),
    text("region", server_default="RU"),
    text("timezone", server_default="Europe/Moscow"),
    instant("created_at", now=True),
    # Several ids travel in one setting, separated by commas (see `policies`).
    CheckConstraint("id ~ '^[A-Za-z0-9_-]{1,64}$'", name="id_plain"),
    CheckConstraint("slug ~ '^[a-z0-9-]{1,40}$'", name="slug_plain"),
)

crm_connections = Table(
    "crm_connections",
    metadata,
    account_id(primary_key=True),
    text("kind", primary_key=True),
    text("external_id"),
    text("base_url"),
    text("host"),
    text("client_id", server_default=""),
    Column("client_secret", LargeBinary),
    Column("access_token", LargeBinary),
    Column("refresh_token", LargeBinary),
    Column("application_token", LargeBinary),
    instant("expires_at", nullable=True),
    text("state", server_default="ok"),
    # Whose leave acts; '' where the CRM gives it to no person.
    text("grant_user_id", server_default=""),
    Column("version", Integer, nullable=False, server_default="1"),
    document("settings"),
    instant("updated_at", now=True),
    UniqueConstraint("kind", "external_id"),
)

employees = Table(
    "employees",
    metadata,
    account_id(primary_key=True),
    text("id", primary_key=True),
    text("name"),
    maybe_text("email"),
    maybe_text("position"),
    maybe_text("department"),
    maybe_text("extension"),
    maybe_text("crm_user_id"),
    Column("active", Boolean, nullable=False, server_default="true"),
    # Follows from `role`: whoever is more than an operator.
    Column("is_supervisor", Boolean, nullable=False, server_default="false"),
    text("role", server_default="operator"),
    # A role somebody chose is not changed by what the CRM says.
    Column("role_by_hand", Boolean, nullable=False, server_default="false"),
    Column("calls_enabled", Boolean, nullable=False, server_default="true"),
    maybe_text("caller_id"),
    Column("caller_id_choice", Boolean, nullable=False, server_default="false"),
    Column("workday_import", Boolean, nullable=False, server_default="true"),
    Column("workday_write", Boolean, nullable=False, server_default="false"),
    # Where calls are taken: a telephone or softphone of their own, or the browser.
    text("device", server_default="phone"),
    UniqueConstraint("account_id", "extension"),
    UniqueConstraint("account_id", "crm_user_id"),
    CheckConstraint("role in ('operator', 'supervisor', 'administrator')", name="role"),
    CheckConstraint("device in ('phone', 'browser')", name="device"),
)

_employee = ("employees.account_id", "employees.id")

employee_numbers = Table(
    "employee_numbers",
    metadata,
    account_id(primary_key=True),
    text("employee_id", primary_key=True),
    Column("priority", Integer, primary_key=True),
    text("kind"),
    text("endpoint"),
    text("label"),
    Column("auto_answer", Boolean, nullable=False, server_default="false"),
    Column("active", Boolean, nullable=False, server_default="true"),
    ForeignKeyConstraint(["account_id", "employee_id"], _employee, ondelete="CASCADE"),
    CheckConstraint("kind in ('desk', 'mobile', 'sip')", name="kind"),
)

groups = Table(
    "groups",
    metadata,
    account_id(primary_key=True),
    text("id", primary_key=True),
    text("name"),
    maybe_text("extension"),
    UniqueConstraint("account_id", "extension"),
)

group_members = Table(
    "group_members",
    metadata,
    account_id(primary_key=True),
    text("group_id", primary_key=True),
    text("employee_id", primary_key=True),
    Column("position", Integer, nullable=False, server_default="0"),
    ForeignKeyConstraint(
        ["account_id", "group_id"], ("groups.account_id", "groups.id"), ondelete="CASCADE"
    ),
    ForeignKeyConstraint(["account_id", "employee_id"], _employee, ondelete="CASCADE"),
)

statuses = Table(
    "statuses",
    metadata,
    account_id(primary_key=True),
    text("employee_id", primary_key=True),
    text("status"),
    text("source"),
    maybe_text("reason"),
    instant("since"),
    Column("version", BigInteger, nullable=False),
    # What a human chose last; null in rows of earlier releases, where the log has it.
    maybe_text("chosen"),
    ForeignKeyConstraint(["account_id", "employee_id"], _employee, ondelete="CASCADE"),
)

status_log = Table(
    "status_log",
    metadata,
    account_id(primary_key=True),
    Column("seq", BigInteger, Identity(always=True), primary_key=True),
    text("employee_id"),
    text("status"),
    text("source"),
    maybe_text("reason"),
    instant("since"),
    Index(None, "account_id", "employee_id", "since"),
)

sessions = Table(
    "sessions",
    metadata,
    text("id", primary_key=True),
    account_id(),
    text("employee_id"),
    text("crm_kind"),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    instant("created_at"),
    instant("expires_at"),
    instant("revoked_at", nullable=True),
    text("user_agent", server_default=""),
    ForeignKeyConstraint(["account_id", "employee_id"], _employee, ondelete="CASCADE"),
    Index(None, "account_id", "employee_id"),
    Index(None, "expires_at"),
    Index(None, "revoked_at"),
)
