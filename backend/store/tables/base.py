"""What all tables share: the metadata with its naming, and the columns that recur."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, DateTime, ForeignKey, MetaData, Text, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql.schema import SchemaItem

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def account_id(*, primary_key: bool = False) -> Column[str]:
    """Whose row it is. A table with this column must have a policy (see `policies`)."""
    return Column(
        "account_id",
        Text,
        ForeignKey("accounts.id", ondelete="CASCADE"),
        primary_key=primary_key,
        nullable=False,
    )


def text(name: str, *args: SchemaItem, **kwargs: Any) -> Column[str]:
    """A text that is always there, '' at least."""
    kwargs.setdefault("nullable", False)
    return Column(name, Text, *args, **kwargs)


def maybe_text(name: str, *args: SchemaItem) -> Column[str]:
    return Column(name, Text, *args, nullable=True)


def instant(name: str, *, nullable: bool = False, now: bool = False) -> Column[Any]:
    """Aware UTC."""
    return Column(
        name,
        DateTime(timezone=True),
        nullable=nullable,
        server_default=func.now() if now else None,
    )


def document(name: str, default: str = "{}") -> Column[Any]:
    """JSON of ours whose shape the store that reads it knows."""
    return Column(name, JSONB, nullable=False, server_default=default)
