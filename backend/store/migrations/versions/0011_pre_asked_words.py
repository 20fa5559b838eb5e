"""What comes with a call a CRM asks for: extension, call list, a visitor's words."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    for name in ("extension", "call_list_id", "message"):
        op.add_column("asked_calls", sa.Column(name, sa.Text(), nullable=True))
