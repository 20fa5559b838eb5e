"""A CRM's leave user by user, and the state of what we bound there."""

from __future__ import annotations

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Filled by the tables' first commit."""
