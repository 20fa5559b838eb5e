"""Where people come from: syncs, departments, who was seen today."""

from __future__ import annotations

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Filled by the tables' first commit."""
