"""What a CRM said of people: who works there, how reading them went, their working day, who was
seen."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKeyConstraint,
    Index,
    Table,
)

from backend.store.tables.base import account_id, document, instant, maybe_text, metadata, text

_employee = ["account_id", "employee_id"], ("employees.account_id", "employees.id")

# The last good reading, one row per person: what the next one is compared with.
crm_people = Table(
    "crm_people",
    metadata,
    account_id(primary_key=True),
    text("crm_kind", primary_key=True),
    text("crm_user_id", primary_key=True),
    # Null: left out, for the reason the last report gives.
    maybe_text("employee_id"),
    text("name"),
    maybe_text("email"),
    document("department_ids", default="[]"),
    document("phones", default="[]"),
    Column("active", Boolean, nullable=False, server_default="true"),
    # What the synchronisation itself set: only that may it change again.
    maybe_text("extension_given"),
    maybe_text("role_given"),
    # When the synchronisation switched the employee off, and the extension there was to give back.
    instant("left_at", nullable=True),
    maybe_text("extension_kept"),
    # Since when complete readings do without this person.
    instant("missing_since", nullable=True),
    instant("seen_at", now=True),
    ForeignKeyConstraint(*_employee, ondelete="CASCADE"),
    Index(None, "account_id", "employee_id"),
)

employee_syncs = Table(
    "employee_syncs",
    metadata,
    account_id(primary_key=True),
    text("id", primary_key=True),
    text("crm_kind"),
    text("asked_by"),
    instant("started_at"),
    instant("finished_at", nullable=True),
    text("state"),
    document("counts"),
    document("remarks", default="[]"),
    maybe_text("error"),
    Index(None, "account_id", "started_at"),
)

# The working day as read or written last; a reading that says the same changes nothing.
workdays = Table(
    "workdays",
    metadata,
    account_id(primary_key=True),
    text("employee_id", primary_key=True),
    text("state"),
    instant("since"),
    instant("written_at", nullable=True),
    ForeignKeyConstraint(*_employee, ondelete="CASCADE"),
)

crm_seen = Table(
    "crm_seen",
    metadata,
    account_id(primary_key=True),
    text("crm_kind", primary_key=True),
    text("crm_user_id", primary_key=True),
    # In the account's zone, `2026-03-02`.
    text("day", primary_key=True),
    instant("at", now=True),
)
