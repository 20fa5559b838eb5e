"""How an installation at a CRM finds its account."""

from __future__ import annotations

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Filled by the tables' first commit."""
