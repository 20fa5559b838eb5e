"""When an administrator's leave dies, another's takes its place by itself; nobody's is loud."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from os import urandom

import pytest

from backend.errors import CrmAuthExpired, CrmUnavailable
from backend.kit.secrets_box import SecretsBox
from backend.services.ports import Grant
from backend.store.crm_connections import CrmConnection, CrmConnectionStore
from backend.store.crm_grants import CrmGrantStore, ReserveGrant
from backend.store.database import Database
from backend.store.gateways.grants import SqlGrants
from protocol.vocabulary import CrmKind
from tests.integration.conftest import ALPHA

AT = datetime(2030, 1, 1, tzinfo=UTC)
KIND = CrmKind.BITRIX24
WORKERS = 50


class AuthorizationServer:
    """Takes each refresh token once; `dead` are those of people who left."""

    def __init__(self, *dead: str) -> None:
        self.dead = set(dead)
        self.asked: list[str] = []
        self._spent: set[str] = set()

    async def __call__(self, grant: Grant) -> Grant:
        token = grant.refresh_token
        self.asked.append(token)
        await asyncio.sleep(0.01)
        if token in self.dead or token in self._spent:
            raise CrmAuthExpired("invalid_grant")
        self._spent.add(token)
        return replace(
            grant, access_token=f"{grant.access_token}+", refresh_token=f"{token}+", expires_at=AT
        )


@pytest.fixture
def secrets() -> SecretsBox:
    return SecretsBox({"k1": urandom(32)})


async def connect(database: Database, secrets: SecretsBox) -> None:
    """User 1 acts; 2 and 3 showed their pairs too, 3 last."""
    async with database.begin(ALPHA) as tx:
        await CrmConnectionStore(tx, secrets).save(
            CrmConnection(
                account_id=ALPHA,
                kind=KIND,
                external_id="member",
                base_url="https://one.bitrix24.ru",
                host="one.bitrix24.ru",
                access_token="a1",
                refresh_token="r1",
                grant_user_id="1",
                expires_at=AT,
                settings={
                    "api_url": "https://one.bitrix24.ru/rest/",
                    "auth_url": "https://o/rest/",
                },
            )
        )
        for user in ("2", "3"):
            await CrmGrantStore(tx, secrets).save(
                ReserveGrant(
                    account_id=ALPHA,
                    kind=KIND,
                    crm_user_id=user,
                    access_token=f"a{user}",
                    refresh_token=f"r{user}",
                    expires_at=AT,
                    seen_at=AT.replace(day=int(user)),
                )
            )


async def stored(database: Database, secrets: SecretsBox) -> tuple[CrmConnection, int]:
    async with database.begin(ALPHA) as tx:
        found = await CrmConnectionStore(tx, secrets).find(ALPHA, KIND)
        assert found is not None
        return found, await CrmGrantStore(tx, secrets).count(ALPHA, KIND)


async def test_fifty_workers_with_engines_of_their_own_refresh_once(
    database: Database, database_url: str, secrets: SecretsBox
) -> None:
    await connect(database, secrets)
    server = AuthorizationServer()
    async with AsyncExitStack() as stack:
        workers = []
        for _ in range(WORKERS):
            own = await stack.enter_async_context(Database(database_url, pool_size=1))
            workers.append(SqlGrants(own, secrets, ALPHA, KIND))
        stale = await workers[0].current()
        fresh = await asyncio.gather(*(each.refreshed(stale, server) for each in workers))
    assert server.asked == ["r1"]
    assert {grant.access_token for grant in fresh} == {"a1+"}


async def test_fifty_workers_take_one_other_administrator(
    database: Database, secrets: SecretsBox
) -> None:
    await connect(database, secrets)
    server = AuthorizationServer("r1", "r3")
    workers = [SqlGrants(database, secrets, ALPHA, KIND) for _ in range(WORKERS)]
    stale = await workers[0].current()
    fresh = await asyncio.gather(*(each.refreshed(stale, server) for each in workers))
    # The newest reserve first; what the server refused is not asked again.
    assert server.asked == ["r1", "r3", "r2"]
    assert {grant.access_token for grant in fresh} == {"a2+"}
    found, reserves = await stored(database, secrets)
    assert (found.state, found.grant_user_id, found.refresh_token) == ("ok", "2", "r2+")
    assert reserves == 0


async def test_without_another_the_account_says_so(database: Database, secrets: SecretsBox) -> None:
    await connect(database, secrets)
    server = AuthorizationServer("r1", "r2", "r3")
    grants = SqlGrants(database, secrets, ALPHA, KIND)
    stale = await grants.current()
    for _ in range(2):
        with pytest.raises(CrmAuthExpired):
            await grants.refreshed(stale, server)
    assert sorted(server.asked) == ["r1", "r2", "r3"]
    assert (await stored(database, secrets))[0].state == "auth_expired"


async def test_a_silent_authorization_server_costs_nobody_a_grant(
    database: Database, secrets: SecretsBox
) -> None:
    await connect(database, secrets)

    async def silent(grant: Grant) -> Grant:
        raise CrmUnavailable("no answer")

    grants = SqlGrants(database, secrets, ALPHA, KIND)
    with pytest.raises(CrmUnavailable):
        await grants.refreshed(await grants.current(), silent)
    found, reserves = await stored(database, secrets)
    assert (found.state, found.refresh_token, reserves) == ("ok", "r1", 2)


async def test_who_lost_the_portal_is_replaced_though_their_tokens_were_fresh(
    database: Database, secrets: SecretsBox
) -> None:
    await connect(database, secrets)
    server = AuthorizationServer()
    grants = SqlGrants(database, secrets, ALPHA, KIND)
    fresh = await grants.replaced(await grants.current(), server, certain=True)
    assert (fresh.access_token, server.asked) == ("a3+", ["r3"])


async def test_one_refused_right_does_not_disconnect_the_account(
    database: Database, secrets: SecretsBox
) -> None:
    await connect(database, secrets)
    grants = SqlGrants(database, secrets, ALPHA, KIND)
    with pytest.raises(CrmAuthExpired):
        await grants.replaced(
            await grants.current(), AuthorizationServer("r2", "r3"), certain=False
        )
    assert (await stored(database, secrets))[0].state == "ok"


async def test_a_renamed_portal_keeps_its_account(database: Database, secrets: SecretsBox) -> None:
    await connect(database, secrets)
    grants = SqlGrants(database, secrets, ALPHA, KIND)
    await grants.moved("https://two.bitrix24.ru/rest/")
    found, _ = await stored(database, secrets)
    assert (found.external_id, found.base_url, found.host) == (
        "member",
        "https://two.bitrix24.ru",
        "two.bitrix24.ru",
    )
    assert (await grants.current()).base_url == "https://two.bitrix24.ru/rest/"
