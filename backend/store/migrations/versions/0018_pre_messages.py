"""What a visitor wrote on the form that asked for a call-back, kept with the call."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.add_column("calls", sa.Column("message", sa.Text(), nullable=True))
    # Calls of before, as far as the wish is still there.
    op.execute(
        "UPDATE calls SET message = asked.message FROM asked_calls AS asked"
        " WHERE asked.account_id = calls.account_id AND asked.call_id = calls.id"
        " AND asked.message IS NOT NULL"
    )
