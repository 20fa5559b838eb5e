"""Browser lines."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    # What a call of ours showed to the called party.
    op.add_column("calls", sa.Column("shown", sa.Text(), nullable=True))
    # When the recording was silent, and who asked.
    op.add_column(
        "calls",
        sa.Column("pauses", postgresql.JSONB(), server_default="[]", nullable=False),
    )
