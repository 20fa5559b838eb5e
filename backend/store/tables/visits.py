"""Call tracking: keys, visits to sites, numbers lent to visitors."""

from __future__ import annotations

from sqlalchemy import Column, DateTime, Index, Integer, LargeBinary, Table, UniqueConstraint

from backend.store.tables.base import account_id, document, instant, maybe_text, metadata, text

# `shown` is a site's key in clear, which its pages show to everybody; a server's key is not kept.
visit_keys = Table(
    "visit_keys",
    metadata,
    account_id(primary_key=True),
    text("id", primary_key=True),
    text("kind"),
    text("name", server_default=""),
    Column("hash", LargeBinary, nullable=False),
    maybe_text("shown"),
    instant("created_at", now=True),
    text("created_by", server_default=""),
    UniqueConstraint("hash"),
)

visits = Table(
    "visits",
    metadata,
    account_id(primary_key=True),
    text("session", primary_key=True),
    text("visitor"),
    text("site"),
    text("landing", server_default=""),
    text("referrer", server_default=""),
    document("source"),
    instant("source_at", nullable=True),
    document("pages", "[]"),
    Column("pages_total", Integer, nullable=False, server_default="0"),
    instant("began_at"),
    instant("seen_at"),
    Index(None, "account_id", "visitor", "began_at"),
    Index(None, "account_id", "seen_at"),
)

# An event told twice is one: its id stands here as long as it might come again.
visit_events = Table(
    "visit_events",
    metadata,
    account_id(primary_key=True),
    text("event_id", primary_key=True),
    instant("at", now=True),
    Index(None, "account_id", "at"),
)

number_leases = Table(
    "number_leases",
    metadata,
    account_id(primary_key=True),
    text("number", primary_key=True),
    Column("since", DateTime(timezone=True), primary_key=True),
    instant("until"),
    text("visitor"),
    text("session"),
    Index(None, "account_id", "until"),
)
