"""What a call-back leaves in the CRM, and sounds an administrator uploaded."""

from __future__ import annotations

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Nothing yet."""
