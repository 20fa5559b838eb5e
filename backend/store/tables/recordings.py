"""Recordings: where each is, and the secret half of its link."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Table, UniqueConstraint

from backend.store.tables.base import account_id, instant, maybe_text, metadata, text

# No foreign key to `calls`: a call taken back and written anew must not take its audio along.
recordings = Table(
    "recordings",
    metadata,
    account_id(primary_key=True),
    text("id", primary_key=True),
    text("call_id"),
    text("connection_id"),
    text("name"),
    text("state"),
    Column("secret", LargeBinary, nullable=False),
    text("secret_hash"),
    maybe_text("key"),
    text("content_type", server_default=""),
    Column("size", BigInteger, nullable=False, server_default="0"),
    text("etag", server_default=""),
    maybe_text("reason"),
    instant("began_at", now=True),
    instant("stored_at", nullable=True),
    UniqueConstraint("account_id", "name"),
    Index(None, "account_id", "call_id"),
    Index(None, "account_id", "began_at"),
)
