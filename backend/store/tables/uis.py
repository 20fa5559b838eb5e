"""What the UIS cloud sent, and what its legs are called here. Of nobody: an account of the cloud
may serve several of ours."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Identity, Index, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from backend.store.tables.base import document, instant, metadata, text


def _connection_id(*, primary_key: bool = False) -> Column[str]:
    return Column(
        "connection_id",
        Text,
        ForeignKey("switch_connections.id", ondelete="CASCADE"),
        primary_key=primary_key,
        nullable=False,
    )


# Notifications, stored before the cloud hears that they came; questions with their answers.
uis_letters = Table(
    "uis_letters",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    _connection_id(),
    # Tells a repetition from another one of the same kind.
    text("key"),
    text("event"),
    document("body"),
    Column("answer", JSONB, nullable=True),
    instant("received_at", now=True),
    instant("read_at", nullable=True),
    Index(None, "connection_id", "key", unique=True),
    Index(None, "connection_id", "received_at"),
)

# Statuses of the cloud's employees when they last were as ours (`services.line_statuses`).
uis_statuses = Table(
    "uis_statuses",
    metadata,
    _connection_id(primary_key=True),
    Column("vendor", BigInteger, primary_key=True, autoincrement=False),
    text("status"),
    Column("version", BigInteger, nullable=False),
)

# Names of legs that were ordered, by what the cloud calls them: the next owner asks.
uis_legs = Table(
    "uis_legs",
    metadata,
    _connection_id(primary_key=True),
    Column("session_id", BigInteger, primary_key=True, autoincrement=False),
    Column("vendor_id", BigInteger, primary_key=True, autoincrement=False),
    text("leg_id"),
    instant("at", now=True),
)
