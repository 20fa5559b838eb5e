"""The job queue's own tables and functions (procrastinate), from the installed package.

The version is written down as a comment on its main table: a later migration that raises the
package applies its upgrade files only to databases whose comment is older.
"""

from __future__ import annotations

from alembic import op
from procrastinate import __version__
from procrastinate.schema import SchemaManager

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    # The driver's own call: the text holds % and several statements.
    op.get_bind().exec_driver_sql(SchemaManager.get_schema().replace("%", "%%"))
    op.execute(f"COMMENT ON TABLE procrastinate_jobs IS 'procrastinate {__version__}'")
    # Default privileges of 0003 cover tables and sequences made by the same owner since.
