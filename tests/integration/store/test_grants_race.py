"""A refresh token works once: however many ask, one exchanges it (X5)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from os import urandom

import pytest

from backend.errors import CrmAuthExpired
from backend.kit.clock import ManualClock
from backend.kit.secrets_box import SecretsBox
from backend.services.ports import Grant, IndexedPhone
from backend.store.crm_connections import CrmConnection, CrmConnectionStore
from backend.store.database import Database
from backend.store.gateways.grants import SqlGrants
from backend.store.gateways.phone_index import SqlPhoneIndex
from protocol.vocabulary import CrmKind
from tests.integration.conftest import ALPHA, BETA

AT = datetime(2030, 1, 1, tzinfo=UTC)
KIND = CrmKind.AMOCRM


@pytest.fixture
def secrets() -> SecretsBox:
    return SecretsBox({"k1": urandom(32)})


async def connect(database: Database, secrets: SecretsBox, access: str = "old") -> None:
    async with database.begin(ALPHA) as tx:
        await CrmConnectionStore(tx, secrets).save(
            CrmConnection(
                account_id=ALPHA,
                kind=KIND,
                external_id="77",
                base_url="https://demo.amocrm.ru",
                host="demo.amocrm.ru",
                access_token=access,
                refresh_token=f"refresh-{access}",
                expires_at=AT,
            )
        )


async def test_fifty_refreshes_in_two_processes_are_one_exchange(
    database: Database, secrets: SecretsBox
) -> None:
    await connect(database, secrets)
    grants = [SqlGrants(database, secrets, ALPHA, KIND) for _ in range(2)]
    exchanged: list[str] = []

    async def exchange(grant: Grant) -> Grant:
        exchanged.append(grant.refresh_token)
        await asyncio.sleep(0.02)
        return Grant(
            access_token="new",
            refresh_token="refresh-new",
            expires_at=AT,
            base_url="https://moved.amocrm.ru",
            auth_url=grant.auth_url,
        )

    stale = [await each.current() for each in grants]
    fresh = await asyncio.gather(
        *(grants[n % 2].refreshed(stale[n % 2], exchange) for n in range(50))
    )
    assert exchanged == ["refresh-old"]
    assert {grant.access_token for grant in fresh} == {"new"}
    read_anew = await SqlGrants(database, secrets, ALPHA, KIND).current()
    assert (read_anew.refresh_token, read_anew.base_url) == (
        "refresh-new",
        "https://moved.amocrm.ru",
    )


async def test_a_dead_grant_is_tried_once_and_a_new_connection_is_noticed(
    database: Database, secrets: SecretsBox
) -> None:
    await connect(database, secrets)
    grants = SqlGrants(database, secrets, ALPHA, KIND)
    stale = await grants.current()
    tried = 0

    async def exchange(grant: Grant) -> Grant:
        nonlocal tried
        tried += 1
        raise CrmAuthExpired("revoked")

    for _ in range(3):
        with pytest.raises(CrmAuthExpired):
            await grants.refreshed(stale, exchange)
        with pytest.raises(CrmAuthExpired):
            await grants.current()
    assert tried == 1
    await connect(database, secrets, "again")
    assert (await grants.current()).access_token == "again"


async def test_a_worker_that_slept_does_not_take_an_old_token_for_a_fresh_one(
    database: Database, secrets: SecretsBox
) -> None:
    clock = ManualClock(AT - timedelta(hours=3))
    await connect(database, secrets)
    slept, busy = (SqlGrants(database, secrets, ALPHA, KIND, clock) for _ in range(2))
    stale = await slept.current()
    exchanged: list[str] = []

    async def exchange(grant: Grant) -> Grant:
        exchanged.append(grant.refresh_token)
        n = len(exchanged)
        return replace(
            grant,
            access_token=f"new-{n}",
            refresh_token=f"r-{n}",
            expires_at=clock.now() + timedelta(hours=1),
        )

    await busy.refreshed(await busy.current(), exchange)
    await clock.advance(2 * 3600)
    fresh = await slept.refreshed(stale, exchange)
    assert (fresh.access_token, exchanged) == ("new-2", ["refresh-old", "r-1"])


async def test_the_phone_index_on_disk_is_replaced_whole_and_kept_apart(
    database: Database,
) -> None:
    disk = SqlPhoneIndex(database)
    rows = [
        IndexedPhone(
            e164=f"+7916123{n:04}",
            kind="contact",
            record_id=str(n),
            name=f"P{n}",
            responsible_crm_id="1",
        )
        for n in range(1200)
    ]
    await disk.replace(ALPHA, KIND, rows)
    await disk.replace(ALPHA, KIND, rows[:1100])
    assert await disk.count(ALPHA, KIND) == 1100
    assert await disk.count(ALPHA, CrmKind.BITRIX24) == 0
    assert await disk.count(BETA, KIND) == 0
    assert {row.e164 async for row in disk.walk(ALPHA, KIND)} == {row.e164 for row in rows[:1100]}
