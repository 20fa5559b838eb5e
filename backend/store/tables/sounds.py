"""Sounds an account uploaded, as the switch plays them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Table

from backend.store.tables.base import account_id, instant, metadata, text

sounds = Table(
    "sounds",
    metadata,
    account_id(primary_key=True),
    text("id", primary_key=True),
    text("name"),
    # In the address the switch fetches it at: whoever has it may listen.
    text("secret"),
    Column("ms", BigInteger, nullable=False),
    Column("audio", LargeBinary, nullable=False),
    text("created_by"),
    instant("created_at", now=True),
    Index("uq_sounds_secret", "secret", unique=True),
)
