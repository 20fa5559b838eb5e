"""What an account chooses: settings by area, roles, caller ids."""

from __future__ import annotations

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Filled by the tables' first commit."""
