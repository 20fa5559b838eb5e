"""The board's past, and who did what from it."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Identity, Index, LargeBinary, Table
from sqlalchemy.dialects.postgresql import JSONB

from backend.store.tables.base import account_id, instant, maybe_text, metadata, text

# What boards were told, packed (`services.board.past`).
board_log = Table(
    "board_log",
    metadata,
    account_id(primary_key=True),
    Column("seq", BigInteger, Identity(always=True), primary_key=True),
    text("kind"),
    instant("began_at"),
    instant("ended_at"),
    Column("body", LargeBinary, nullable=False),
    CheckConstraint("kind in ('whole', 'pushes')", name="kind"),
    Index(None, "account_id", "ended_at"),
)

board_deeds = Table(
    "board_deeds",
    metadata,
    account_id(primary_key=True),
    Column("seq", BigInteger, Identity(always=True), primary_key=True),
    instant("at"),
    text("by_employee"),
    text("what"),
    maybe_text("employee_id"),
    maybe_text("call_id"),
    Column("detail", JSONB, nullable=True),
    Index(None, "account_id", "at"),
)
