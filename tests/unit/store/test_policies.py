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


def test_the_role_is_put_on_at_login_whatever_the_url_has() -> None:
    assert as_app("postgresql://u@h/d").endswith("/d?options=-c%20role%3Ddozvon_app")
    assert "&options=-c%20role" in as_app("postgresql://u@/d?host=/run")
