"""Lines in browsers that have a password on the switch."""

from __future__ import annotations

from sqlalchemy import Table

from backend.store.tables.base import account_id, instant, maybe_text, metadata, text

issued_lines = Table(
    "issued_lines",
    metadata,
    account_id(primary_key=True),
    text("employee_id", primary_key=True),
    # With which it was called; it may have been taken away since.
    maybe_text("extension"),
    instant("issued_at", now=True),
    instant("unheld_since", nullable=True),
)
