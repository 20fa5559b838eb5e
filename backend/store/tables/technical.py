"""Tables that belong to no account."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Table

from backend.store.tables.base import instant, metadata, text

leases = Table(
    "leases",
    metadata,
    text("name", primary_key=True),
    text("holder"),
    # Grows with every new holder and is never reset: rows are not deleted.
    Column("token", BigInteger, nullable=False),
    instant("expires_at"),
)
