"""Where people come from: readings of the CRM, working days, who was seen today."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    # Where an employee takes calls. The browser comes with a later release.
    op.add_column(
        "employees", sa.Column("device", sa.Text(), server_default="phone", nullable=False)
    )
    op.create_check_constraint(
        op.f("ck_employees_device"), "employees", "device in ('phone', 'browser')"
    )
    # What a human chose last. Null in rows of earlier releases: the log has it.
    op.add_column("statuses", sa.Column("chosen", sa.Text(), nullable=True))
    op.create_table(
        "crm_people",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("crm_kind", sa.Text(), nullable=False),
        sa.Column("crm_user_id", sa.Text(), nullable=False),
        sa.Column("employee_id", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("department_ids", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("phones", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("extension_given", sa.Text(), nullable=True),
        sa.Column("role_given", sa.Text(), nullable=True),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("extension_kept", sa.Text(), nullable=True),
        sa.Column("missing_since", sa.DateTime(timezone=True), nullable=True),
        _now("seen_at"),
        _of_account("crm_people"),
        _of_employee("crm_people"),
        sa.PrimaryKeyConstraint("account_id", "crm_kind", "crm_user_id", name="pk_crm_people"),
    )
    op.create_index(
        "ix_crm_people_account_id_employee_id", "crm_people", ["account_id", "employee_id"]
    )
    op.create_table(
        "employee_syncs",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("crm_kind", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("counts", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("remarks", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        _of_account("employee_syncs"),
        sa.PrimaryKeyConstraint("account_id", "id", name="pk_employee_syncs"),
    )
    op.create_index(
        "ix_employee_syncs_account_id_started_at", "employee_syncs", ["account_id", "started_at"]
    )
    op.create_table(
        "workdays",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("employee_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=True),
        _of_account("workdays"),
        _of_employee("workdays"),
        sa.PrimaryKeyConstraint("account_id", "employee_id", name="pk_workdays"),
    )
    op.create_table(
        "crm_seen",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("crm_kind", sa.Text(), nullable=False),
        sa.Column("crm_user_id", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        _now("at"),
        _of_account("crm_seen"),
        sa.PrimaryKeyConstraint("account_id", "crm_kind", "crm_user_id", "day", name="pk_crm_seen"),
    )
    mine = "account_id = ANY (string_to_array(current_setting('dozvon.account', true), ','))"
    for table in ("crm_people", "crm_seen", "employee_syncs", "workdays"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own_account ON {table} USING ({mine}) WITH CHECK ({mine})")


def _now(name: str) -> sa.Column[object]:
    return sa.Column(
        name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
    )


def _of_account(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["account_id"],
        ["accounts.id"],
        name=f"fk_{table}_account_id_accounts",
        ondelete="CASCADE",
    )


def _of_employee(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["account_id", "employee_id"],
        ["employees.account_id", "employees.id"],
        name=f"fk_{table}_account_id_employee_id_employees",
        ondelete="CASCADE",
    )
