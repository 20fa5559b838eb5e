"""The local phone index, the choice among several matches, and received webhooks."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Identity, Index, Integer, Table, Text, UniqueConstraint

from backend.store.tables.base import account_id, document, instant, maybe_text, metadata, text

phone_index = Table(
    "phone_index",
    metadata,
    account_id(primary_key=True),
    text("crm_kind", primary_key=True),
    text("e164", primary_key=True),
    text("record_kind", primary_key=True),
    text("record_id", primary_key=True),
    text("name"),
    maybe_text("responsible"),
    document("extra"),
    instant("updated_at", nullable=True),
    Index(None, "account_id", "e164"),
)

# A reading far smaller than the last one, kept until a later reading confirms or refutes it.
phone_index_doubts = Table(
    "phone_index_doubts",
    metadata,
    account_id(primary_key=True),
    text("crm_kind", primary_key=True),
    Column("rows", Integer, nullable=False),
    instant("since"),
)

contact_choices = Table(
    "contact_choices",
    metadata,
    account_id(primary_key=True),
    text("e164", primary_key=True),
    text("kind"),
    text("record_id"),
    Column("chosen_by", Text, nullable=False),
    instant("at", now=True),
)

inbox = Table(
    "inbox",
    metadata,
    account_id(primary_key=True),
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    text("source"),
    text("external_id"),
    instant("received_at", now=True),
    document("body"),
    instant("done_at", nullable=True),
    UniqueConstraint("account_id", "source", "external_id"),
    Index(None, "received_at"),
)
