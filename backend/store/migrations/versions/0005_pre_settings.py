"""What an account chooses: settings by area, roles, caller ids, teams."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column(
        "accounts",
        sa.Column("timezone", sa.Text(), server_default="Europe/Moscow", nullable=False),
    )
    _employees()
    op.add_column(
        "virtual_numbers",
        sa.Column("crm_line", sa.Boolean(), server_default="false", nullable=False),
    )
    op.add_column(
        "virtual_numbers", sa.Column("label", sa.Text(), server_default="", nullable=False)
    )
    op.create_table(
        "account_settings",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("data", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("updated_by", sa.Text(), server_default="", nullable=False),
        _of_account("account_settings"),
        sa.PrimaryKeyConstraint("account_id", "area", name="pk_account_settings"),
    )
    op.create_table(
        "settings_log",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("before", postgresql.JSONB(), nullable=True),
        sa.Column("after", postgresql.JSONB(), nullable=True),
        _of_account("settings_log"),
        sa.PrimaryKeyConstraint("account_id", "seq", name="pk_settings_log"),
    )
    op.create_index("ix_settings_log_account_id_at", "settings_log", ["account_id", "at"])
    op.create_table(
        "teams",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("crm_id", sa.Text(), nullable=True),
        _of_account("teams"),
        sa.PrimaryKeyConstraint("account_id", "id", name="pk_teams"),
        sa.UniqueConstraint("account_id", "crm_id", name="uq_teams_account_id_crm_id"),
    )
    op.create_table(
        "team_members",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("employee_id", sa.Text(), nullable=False),
        sa.Column("is_head", sa.Boolean(), server_default="false", nullable=False),
        _of_account("team_members"),
        sa.ForeignKeyConstraint(
            ["account_id", "team_id"],
            ["teams.account_id", "teams.id"],
            name="fk_team_members_account_id_team_id_teams",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "employee_id"],
            ["employees.account_id", "employees.id"],
            name="fk_team_members_account_id_employee_id_employees",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", "team_id", "employee_id", name="pk_team_members"),
    )
    mine = "account_id = ANY (string_to_array(current_setting('dozvon.account', true), ','))"
    for table in ("account_settings", "settings_log", "team_members", "teams"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own_account ON {table} USING ({mine}) WITH CHECK ({mine})")


def _employees() -> None:
    for name, default in (
        ("calls_enabled", "true"),
        ("caller_id_choice", "false"),
        ("workday_import", "true"),
        ("workday_write", "false"),
        ("role_by_hand", "false"),
    ):
        op.add_column(
            "employees", sa.Column(name, sa.Boolean(), server_default=default, nullable=False)
        )
    op.add_column("employees", sa.Column("caller_id", sa.Text(), nullable=True))
    op.add_column(
        "employees", sa.Column("role", sa.Text(), server_default="operator", nullable=False)
    )
    op.create_check_constraint(
        op.f("ck_employees_role"),
        "employees",
        "role in ('operator', 'supervisor', 'administrator')",
    )
    # Who was somebody stays it. FORCE binds the owner, too: it has to be lifted for this one.
    op.execute("ALTER TABLE employees NO FORCE ROW LEVEL SECURITY")
    op.execute("UPDATE employees SET role = 'supervisor' WHERE is_supervisor")
    op.execute("ALTER TABLE employees FORCE ROW LEVEL SECURITY")


def _of_account(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["account_id"],
        ["accounts.id"],
        name=f"fk_{table}_account_id_accounts",
        ondelete="CASCADE",
    )
