"""Calls asked for from a CRM, and personal managers."""

from __future__ import annotations

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Filled by the tables' first commit."""
