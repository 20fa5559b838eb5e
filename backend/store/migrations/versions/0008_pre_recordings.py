"""Recordings of calls, and what of a call stands in a CRM."""

from __future__ import annotations

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Filled by the tables' first commit."""
