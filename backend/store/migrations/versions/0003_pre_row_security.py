"""The application's role, its grants, and row-level security on every table so far.

Policies are written out rather than taken from `policies`, which moves on.
A later migration that changes rows has to set `dozvon.account` too: FORCE binds the owner.
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"

_OF_ACCOUNT = {
    "accounts": "id",
    "call_events": "account_id",
    "call_legs": "account_id",
    "calls": "account_id",
    "command_results": "account_id",
    "contact_choices": "account_id",
    "crm_calls": "account_id",
    "crm_connections": "account_id",
    "employee_numbers": "account_id",
    "employees": "account_id",
    "group_members": "account_id",
    "groups": "account_id",
    "inbox": "account_id",
    "intents": "account_id",
    "phone_index": "account_id",
    "scenarios": "account_id",
    "sessions": "account_id",
    "status_log": "account_id",
    "statuses": "account_id",
    "switch_accounts": "account_id",
    "virtual_numbers": "account_id",
}
_READ_TO_RESOLVE = ("accounts", "crm_connections", "sessions", "switch_accounts", "virtual_numbers")
_OF_NOBODY = ("leases", "switch_connections")

_ROLE = """
DO $$
BEGIN
    BEGIN
        CREATE ROLE dozvon_app NOLOGIN;
    EXCEPTION
        -- Roles are shared by all databases of a cluster: another may have made it.
        WHEN duplicate_object OR unique_violation THEN NULL;
        WHEN insufficient_privilege THEN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'dozvon_app') THEN
                RAISE EXCEPTION 'the role dozvon_app is missing and % may not create it',
                    current_user USING HINT = 'CREATE ROLE dozvon_app; GRANT it to the login role';
            END IF;
    END;
    IF NOT pg_has_role(current_user, 'dozvon_app', 'SET') THEN
        EXECUTE format('GRANT dozvon_app TO %I WITH SET TRUE, INHERIT FALSE', current_user);
    END IF;
END
$$
"""


def upgrade() -> None:
    op.execute(_ROLE)
    op.execute("GRANT USAGE ON SCHEMA public TO dozvon_app")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO dozvon_app")
    op.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO dozvon_app")
    op.execute("REVOKE ALL ON alembic_version FROM dozvon_app")
    op.execute("GRANT SELECT ON alembic_version TO dozvon_app")
    op.execute(
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public"
        " GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO dozvon_app"
    )
    op.execute("ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO dozvon_app")
    for table, column in _OF_ACCOUNT.items():
        _close(table)
        mine = f"{column} = ANY (string_to_array(current_setting('dozvon.account', true), ','))"
        op.execute(f"CREATE POLICY own_account ON {table} USING ({mine}) WITH CHECK ({mine})")
    resolving = "current_setting('dozvon.resolving', true) = 'on'"
    for table in _READ_TO_RESOLVE:
        op.execute(f"CREATE POLICY resolving ON {table} FOR SELECT USING ({resolving})")
    for table in _OF_NOBODY:
        _close(table)
        op.execute(f"CREATE POLICY resolving ON {table} FOR ALL USING ({resolving})")


def _close(table: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
