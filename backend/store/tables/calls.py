"""Calls for ever, and what is needed only while they live."""

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
)
from sqlalchemy.dialects.postgresql import JSONB

from backend.store.tables.base import account_id, document, instant, maybe_text, metadata, text

calls = Table(
    "calls",
    metadata,
    account_id(primary_key=True),
    text("id", primary_key=True),
    text("direction"),
    text("number"),
    maybe_text("name"),
    maybe_text("virtual_number"),
    maybe_text("scenario"),
    instant("started_at"),
    instant("answered_at", nullable=True),
    instant("ended_at"),
    Column("talk_s", Integer, nullable=False, server_default="0"),
    text("outcome"),
    maybe_text("cause"),
    maybe_text("answered_by"),
    maybe_text("last_talked_by"),
    document("handovers", "[]"),
    maybe_text("record_kind"),
    maybe_text("record_id"),
    maybe_text("record_url"),
    document("notes", "[]"),
    Column("callback", Boolean, nullable=False, server_default="false"),
    maybe_text("shown"),
    document("pauses", "[]"),
    # How the caller came to dial the number, while it may be kept (`call_tracking.keep_days`).
    Column("visit", JSONB, nullable=True),
    # What a visitor wrote on the form that asked for this call-back.
    maybe_text("message"),
    Index(None, "account_id", "started_at", "id"),
    Index(None, "account_id", "number"),
)

_call = ("calls.account_id", "calls.id")

call_legs = Table(
    "call_legs",
    metadata,
    account_id(primary_key=True),
    text("call_id", primary_key=True),
    text("leg_id", primary_key=True),
    maybe_text("employee_id"),
    text("number"),
    instant("started_at"),
    instant("answered_at", nullable=True),
    instant("ended_at"),
    maybe_text("cause"),
    instant("joined_at", nullable=True),
    instant("left_at", nullable=True),
    ForeignKeyConstraint(["account_id", "call_id"], _call, ondelete="CASCADE"),
    Index(None, "account_id", "employee_id", "started_at"),
)

# The journal of calls that live: entries go when the call is finished and kept in `calls`.
call_events = Table(
    "call_events",
    metadata,
    account_id(primary_key=True),
    Column("seq", BigInteger, Identity(always=True), primary_key=True),
    text("call_id"),
    text("kind"),
    instant("at"),
    document("data"),
    Index(None, "account_id", "call_id", "seq"),
)

intents = Table(
    "intents",
    metadata,
    account_id(primary_key=True),
    text("call_id", primary_key=True),
    text("leg_id", primary_key=True),
    text("lease_name"),
    Column("lease_token", BigInteger, nullable=False),
    instant("at", now=True),
    Index(None, "at"),
)

crm_calls = Table(
    "crm_calls",
    metadata,
    account_id(primary_key=True),
    text("call_id", primary_key=True),
    text("crm_kind", primary_key=True),
    maybe_text("external_call_id"),
    text("state"),
    maybe_text("told"),
    maybe_text("reason"),
    maybe_text("recording"),
    document("data"),
    instant("updated_at", now=True),
    Index(None, "account_id", "crm_kind", "external_call_id"),
)

command_results = Table(
    "command_results",
    metadata,
    account_id(primary_key=True),
    text("command_id", primary_key=True),
    instant("at", now=True),
    Column("result", JSONB, nullable=True),
    Index(None, "at"),
)
