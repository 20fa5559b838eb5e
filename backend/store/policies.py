"""Which rows a transaction may see: row-level security by account.

A transaction names its account(s) in the setting `dozvon.account`; without it a query finds
nothing and an insert is refused. The few tables that tell which account somebody belongs to are
RESOLVERS: `Database.begin_resolving` may read them without knowing an account.
The migrations carry their own frozen copy of these statements; a test compares both.
"""

from __future__ import annotations

from typing import Final

ACCOUNT_SETTING: Final = "dozvon.account"
"""Account ids separated by commas; one, except for the journal's group commit."""
RESOLVING_SETTING: Final = "dozvon.resolving"
"""`on` while an account is being looked up."""
APP_ROLE: Final = "dozvon_app"
"""What the application runs as. It owns nothing, so policies bind it."""

RESOLVERS: Final = frozenset(
    {
        "accounts",  # by slug
        "crm_connections",  # by the portal's or account's own id
        "leases",  # belongs to no account
        "pairings",  # by the hash of a pairing code or state
        "pending_installs",  # belongs to no account yet
        "sessions",  # by the hash of the token
        "sounds",  # by the secret in its address
        "switch_accounts",  # the accounts a switch serves
        "switch_connections",  # belongs to no account
        "uis_legs",  # of a switch
        "uis_letters",  # of a switch
        "uis_statuses",  # of a switch
        "virtual_numbers",  # by switch and dialled number
        "visit_keys",  # by the hash of the key a site or server sends visits with
    }
)

ACCOUNT_COLUMN: Final = {"accounts": "id"}
"""Where the account's id is not in `account_id`."""

GLOBAL: Final = frozenset(
    {"leases", "pending_installs", "switch_connections", "uis_legs", "uis_letters", "uis_statuses"}
)
"""Resolvers without an account: written, too, while resolving."""


def policy_ddl(table: str) -> list[str]:
    """The statements that close `table`, in order."""
    statements = [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
    ]
    if table not in GLOBAL:
        column = ACCOUNT_COLUMN.get(table, "account_id")
        mine = f"{column} = ANY (string_to_array(current_setting('{ACCOUNT_SETTING}', true), ','))"
        statements.append(
            f"CREATE POLICY own_account ON {table} USING ({mine}) WITH CHECK ({mine})"
        )
    if table in RESOLVERS:
        command = "ALL" if table in GLOBAL else "SELECT"
        statements.append(
            f"CREATE POLICY resolving ON {table} FOR {command}"
            f" USING (current_setting('{RESOLVING_SETTING}', true) = 'on')"
        )
    return statements
