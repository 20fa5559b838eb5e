"""The dialer: lists, their people, who works on them, every attempt, whom not to call."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKeyConstraint, Index, Integer, Table
from sqlalchemy import text as sql

from backend.store.tables.base import account_id, document, instant, maybe_text, metadata, text

dialer_lists = Table(
    "dialer_lists",
    metadata,
    account_id(primary_key=True),
    text("id", primary_key=True),
    text("name"),
    text("purpose"),
    text("mode"),
    text("state"),
    # One employee, or a group.
    maybe_text("owner_id"),
    maybe_text("group_id"),
    document("rules"),
    text("source"),
    Column("offered", Integer, nullable=True),
    # What was loaded, counted apart from where the items are now.
    Column("loaded", Integer, nullable=False, server_default="0"),
    instant("created_at"),
    text("created_by"),
    Index(None, "account_id", "created_at"),
)

_list = ("dialer_lists.account_id", "dialer_lists.id")

dialer_items = Table(
    "dialer_items",
    metadata,
    account_id(primary_key=True),
    text("id", primary_key=True),
    text("list_id"),
    Column("position", BigInteger, nullable=False),
    text("name"),
    document("numbers", "[]"),
    text("person"),
    maybe_text("record_kind"),
    maybe_text("record_id"),
    maybe_text("record_url"),
    maybe_text("zone"),
    text("phase"),
    # Grows with every hand; whoever comes with an older one changes nothing.
    Column("fence", BigInteger, nullable=False, server_default="0"),
    maybe_text("held_by"),
    instant("since", nullable=True),
    instant("until", nullable=True),
    instant("ended_at", nullable=True),
    maybe_text("call_id"),
    maybe_text("number"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    document("tried"),
    instant("due_at", nullable=True),
    maybe_text("due_for"),
    instant("not_before", nullable=True),
    Column("callback", Boolean, nullable=False, server_default="false"),
    maybe_text("outcome"),
    maybe_text("disposition"),
    text("note", server_default=""),
    instant("callback_at", nullable=True),
    maybe_text("callback_for"),
    maybe_text("reason"),
    maybe_text("same_as"),
    ForeignKeyConstraint(["account_id", "list_id"], _list, ondelete="CASCADE"),
    Index(None, "account_id", "list_id", "phase", "position"),
    # One hand holds one person.
    Index(
        "uq_dialer_items_held_by",
        "account_id",
        "held_by",
        unique=True,
        postgresql_where=sql("held_by IS NOT NULL"),
    ),
)

dialer_attempts = Table(
    "dialer_attempts",
    metadata,
    account_id(primary_key=True),
    text("call_id", primary_key=True),
    text("list_id"),
    text("item_id"),
    text("employee_id"),
    text("number"),
    text("person"),
    Column("n", Integer, nullable=False),
    instant("shown_at", nullable=True),
    instant("at"),
    instant("answered_at", nullable=True),
    instant("ended_at", nullable=True),
    instant("wrapped_at", nullable=True),
    maybe_text("outcome"),
    Column("talk_s", Integer, nullable=False, server_default="0"),
    maybe_text("disposition"),
    ForeignKeyConstraint(["account_id", "list_id"], _list, ondelete="CASCADE"),
    Index(None, "account_id", "list_id", "at"),
    Index(None, "account_id", "number", "at"),
    Index(None, "account_id", "person", "at"),
)

dialer_runs = Table(
    "dialer_runs",
    metadata,
    account_id(primary_key=True),
    text("employee_id", primary_key=True),
    text("list_id"),
    text("state"),
    instant("since"),
    instant("seen_at"),
    Column("blend", Boolean, nullable=False, server_default="false"),
    maybe_text("waits"),
    maybe_text("refusal"),
    instant("next_at", nullable=True),
    ForeignKeyConstraint(["account_id", "list_id"], _list, ondelete="CASCADE"),
    ForeignKeyConstraint(
        ["account_id", "employee_id"],
        ("employees.account_id", "employees.id"),
        ondelete="CASCADE",
    ),
)

# Numbers nobody of the account dials: by its own word, or by the person's.
dialer_stops = Table(
    "dialer_stops",
    metadata,
    account_id(primary_key=True),
    text("number", primary_key=True),
    text("kind"),
    text("note"),
    instant("created_at"),
    text("created_by"),
)

# Proofs that people agreed to be called; a revoked one stays, it is evidence too.
dialer_consents = Table(
    "dialer_consents",
    metadata,
    account_id(primary_key=True),
    text("number", primary_key=True),
    text("evidence"),
    instant("given_at"),
    text("digest"),
    instant("created_at"),
    text("created_by"),
    instant("revoked_at", nullable=True),
)

dialer_dispositions = Table(
    "dialer_dispositions",
    metadata,
    account_id(primary_key=True),
    text("id", primary_key=True),
    Column("position", Integer, nullable=False),
    document("data"),
)
