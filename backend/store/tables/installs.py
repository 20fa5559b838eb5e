"""How an installation at a CRM finds its account, and what was installed when by whom."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Identity, Index, LargeBinary, Table

from backend.store.tables.base import account_id, instant, maybe_text, metadata, text

# Pairing codes and states of authorize links: the hash alone, for whoever reads the table.
pairings = Table(
    "pairings",
    metadata,
    account_id(primary_key=True),
    Column("hash", LargeBinary, primary_key=True, unique=True),
    text("kind"),
    text("purpose"),
    instant("issued_at"),
    instant("expires_at"),
    instant("used_at", nullable=True),
    Index(None, "expires_at"),
)

# Installations without an account yet, and authorization codes not exchanged yet. Of nobody until
# joined; what could act for the CRM account is sealed.
pending_installs = Table(
    "pending_installs",
    metadata,
    text("id", primary_key=True),
    text("kind"),
    text("external_id", server_default=""),
    text("host"),
    # Known beforehand where a signed state or a client of one account came with the code.
    maybe_text("wanted_account"),
    text("state"),
    text("problem", server_default=""),
    text("crm_user_id", server_default=""),
    text("email", server_default=""),
    Column("sealed", LargeBinary, nullable=False),
    instant("created_at"),
    CheckConstraint("state in ('code', 'tokens', 'failed')", name="state"),
    Index(None, "kind", "external_id"),
)

# Integrations that belong to one account: private ones, and those a site button made.
crm_clients = Table(
    "crm_clients",
    metadata,
    account_id(primary_key=True),
    text("kind", primary_key=True),
    text("client_id", primary_key=True),
    Column("client_secret", LargeBinary, nullable=False),
    text("via"),
    instant("created_at"),
)

# Never changed: who connected, took over, moved or disconnected, and when.
crm_installs = Table(
    "crm_installs",
    metadata,
    account_id(primary_key=True),
    Column("seq", BigInteger, Identity(always=True), primary_key=True),
    text("kind"),
    text("what"),
    text("crm_user_id", server_default=""),
    text("name", server_default=""),
    text("email", server_default=""),
    text("detail", server_default=""),
    instant("at"),
    Index(None, "account_id", "at"),
)
