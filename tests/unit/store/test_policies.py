"""What the list of resolvers means in SQL."""

from __future__ import annotations

import pytest

from backend.store.database import as_app
from backend.store.policies import GLOBAL, RESOLVERS, policy_ddl
from backend.store.tables import metadata


def test_the_named_resolvers_exist_and_the_global_ones_are_among_them() -> None:
    assert set(metadata.tables) >= RESOLVERS > GLOBAL


@pytest.mark.parametrize("table", sorted(RESOLVERS - GLOBAL))
def test_resolving_only_reads_what_belongs_to_an_account(table: str) -> None:
    (resolving,) = [s for s in policy_ddl(table) if "resolving" in s]
    assert f"ON {table} FOR SELECT" in resolving


@pytest.mark.parametrize(
    "url, shown",
    [
        ("postgresql://u@h/d", "postgresql://u@h/d?options=-c%20role%3Ddozvon_app"),
        (
            "postgresql://u@/d?host=/run",
            "postgresql://u@/d?host=/run&options=-c%20role%3Ddozvon_app",
        ),
        (
            "postgresql://u@h/d?options=-c%20work_mem%3D8MB",
            "postgresql://u@h/d?options=-c%20work_mem%3D8MB%20-c%20role%3Ddozvon_app",
        ),
    ],
)
def test_the_role_is_put_on_at_login_once_and_other_options_stay(url: str, shown: str) -> None:
    assert as_app(url) == shown
    assert as_app(shown) == shown
