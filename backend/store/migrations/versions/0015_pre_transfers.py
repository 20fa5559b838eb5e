"""Transfers: what became of each, who talked last, and when each leg was in the talk."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.add_column("calls", sa.Column("last_talked_by", sa.Text(), nullable=True))
    op.add_column(
        "calls",
        sa.Column("handovers", postgresql.JSONB(), server_default="[]", nullable=False),
    )
    for name in ("joined_at", "left_at"):
        moment = sa.Column(name, sa.DateTime(timezone=True), nullable=True)
        op.add_column("call_legs", moment)
