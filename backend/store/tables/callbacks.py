"""Customers who wait to be called back."""

from __future__ import annotations

from sqlalchemy import Index, Table
from sqlalchemy import text as sql

from backend.store.tables.base import account_id, document, instant, maybe_text, metadata, text

callback_tasks = Table(
    "callback_tasks",
    metadata,
    account_id(primary_key=True),
    text("call_id", primary_key=True),
    text("number"),
    maybe_text("name"),
    maybe_text("virtual_number"),
    text("reason"),
    # Who is told of it.
    document("employees", "[]"),
    instant("created_at"),
    instant("done_at", nullable=True),
    maybe_text("done_by"),
    # How far its task in the CRM is; nothing: it is not to have one.
    maybe_text("crm_kind"),
    maybe_text("crm_state"),
    maybe_text("crm_ref"),
    maybe_text("crm_trouble"),
    maybe_text("crm_reason"),
    Index(
        "ix_callback_tasks_open", "account_id", "number", postgresql_where=sql("done_at IS NULL")
    ),
    Index(
        "ix_callback_tasks_unsettled",
        "account_id",
        postgresql_where=sql("crm_state IN ('expected', 'writing', 'waiting', 'written')"),
    ),
)
