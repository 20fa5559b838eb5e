"""Calls a CRM asked for, and whom it named as a customer's manager."""

from __future__ import annotations

from sqlalchemy import Index, Table

from backend.store.tables.base import account_id, document, instant, maybe_text, metadata, text

# A row per click or call-back, by what the CRM calls it: the same one again finds its fate here.
asked_calls = Table(
    "asked_calls",
    metadata,
    account_id(primary_key=True),
    text("crm_kind", primary_key=True),
    text("external_id", primary_key=True),
    text("kind"),
    text("call_id"),
    maybe_text("crm_call_id"),
    maybe_text("crm_user_id"),
    maybe_text("employee_id"),
    text("number"),
    text("line"),
    maybe_text("record_kind"),
    maybe_text("record_id"),
    text("state", server_default="asked"),
    maybe_text("reason"),
    instant("asked_at", now=True),
    maybe_text("extension"),
    maybe_text("call_list_id"),
    maybe_text("message"),
    Index(None, "account_id", "call_id"),
    Index(None, "account_id", "asked_at"),
)

# Answers are kept six hours (L2058) and go when one of their records changes.
manager_answers = Table(
    "manager_answers",
    metadata,
    account_id(primary_key=True),
    text("e164", primary_key=True),
    text("source", primary_key=True),
    text("crm_user_id"),
    document("records", "[]"),
    instant("asked_at"),
)
