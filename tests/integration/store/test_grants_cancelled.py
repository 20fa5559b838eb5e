"""Whoever asked for a refresh may stop waiting at any moment; the new pair is kept all the same."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from os import urandom
from typing import Any

import httpx
import psycopg
import pytest

from backend.api.metrics import Metrics
from backend.bootstrap.foundation import Foundation
from backend.bootstrap.sources import Sources
from backend.bus.memory import MemoryBus
from backend.errors import CrmAuthExpired
from backend.kit.clock import SystemClock
from backend.kit.secrets_box import SecretsBox
from backend.services.contacts import PhoneIndex
from backend.services.ports import Grant
from backend.settings import Settings
from backend.store.crm_connections import CrmConnection, CrmConnectionStore
from backend.store.crm_grants import CrmGrantStore, ReserveGrant
from backend.store.database import Database
from backend.store.gateways.grants import SqlGrants
from protocol.vocabulary import CrmKind
from tests.integration.conftest import ALPHA

AT = datetime(2030, 1, 1, tzinfo=UTC)
KIND = CrmKind.AMOCRM
MORE_THAN_AWAITS = 60


class SingleUse:
    """The token endpoint: spends what it is shown at once, then takes its time to answer."""

    def __init__(self) -> None:
        self.living = "r0"
        self.asked: list[str] = []
        self.shown = asyncio.Event()
        self.answers = asyncio.Event()
        self.answers.set()

    async def __call__(self, grant: Grant) -> Grant:
        await asyncio.sleep(0)
        self.asked.append(grant.refresh_token)
        if grant.refresh_token != self.living:
            raise CrmAuthExpired("the refresh token was used before")
        n = len(self.asked)
        self.living = f"r{n}"
        self.shown.set()
        await asyncio.sleep(0)
        await self.answers.wait()
        return replace(
            grant,
            access_token=f"a{n}",
            refresh_token=self.living,
            expires_at=AT + timedelta(days=n),
        )


class CancelledAt:
    """Awaits `work`, and cancels the task that does so at its `nth` await (from 0)."""

    def __init__(self, work: Coroutine[Any, Any, Grant], nth: int) -> None:
        self._work = work
        self._nth = nth

    def __await__(self) -> Generator[Any, Any, Grant]:
        task = asyncio.current_task()
        assert task is not None
        inner = self._work.__await__()
        sent: Any = None
        failed: BaseException | None = None
        for n in range(1_000_000):
            try:
                waits_for = inner.send(sent) if failed is None else inner.throw(failed)
            except StopIteration as done:
                return done.value  # type: ignore[no-any-return]
            if n == self._nth:
                asyncio.get_running_loop().call_soon(task.cancel)
            sent, failed = None, None
            try:
                sent = yield waits_for
            except BaseException as error:
                failed = error
        raise AssertionError("it never ends")


async def _awaited(work: CancelledAt) -> Grant:
    return await work


@pytest.fixture
def secrets() -> SecretsBox:
    return SecretsBox({"k1": urandom(32)})


@pytest.fixture
async def connected(database: Database, secrets: SecretsBox) -> Database:
    await connect(database, secrets)
    return database


async def connect(database: Database, secrets: SecretsBox) -> None:
    async with database.begin(ALPHA) as tx:
        await CrmConnectionStore(tx, secrets).save(
            CrmConnection(
                account_id=ALPHA,
                kind=KIND,
                external_id="77",
                base_url="https://demo.amocrm.ru",
                host="demo.amocrm.ru",
                access_token="a0",
                refresh_token="r0",
                expires_at=AT,
            )
        )


async def test_cancelled_at_any_await_the_new_pair_is_kept(
    connected: Database, secrets: SecretsBox
) -> None:
    cancelled = 0
    for nth in range(MORE_THAN_AWAITS):
        await connect(connected, secrets)
        server = SingleUse()
        grants = SqlGrants(connected, secrets, ALPHA, KIND)
        asking = asyncio.create_task(
            _awaited(CancelledAt(grants.refreshed(await grants.current(), server), nth))
        )
        await asyncio.wait({asking})
        await grants.aclose()
        stored = await SqlGrants(connected, secrets, ALPHA, KIND).current()
        assert stored.refresh_token == server.living, f"lost at await {nth}"
        assert len(server.asked) <= 1
        if not asking.cancelled():
            break
        cancelled += 1
    else:
        pytest.fail(f"more than {MORE_THAN_AWAITS} awaits")
    assert cancelled, "nothing was cancelled, so nothing was tried"


async def test_whoever_asks_next_gets_what_the_cancelled_one_asked_for(
    connected: Database, secrets: SecretsBox
) -> None:
    server = SingleUse()
    server.answers.clear()
    grants = SqlGrants(connected, secrets, ALPHA, KIND)
    stale = await grants.current()
    first = asyncio.create_task(grants.refreshed(stale, server))
    await server.shown.wait()
    first.cancel()
    await asyncio.wait({first})
    second = asyncio.create_task(grants.refreshed(stale, server))
    server.answers.set()
    assert ((await second).access_token, server.asked) == ("a1", ["r0"])


async def test_closing_waits_for_the_answer_and_stores_it(
    connected: Database, secrets: SecretsBox
) -> None:
    server = SingleUse()
    server.answers.clear()
    grants = SqlGrants(connected, secrets, ALPHA, KIND)
    asking = asyncio.create_task(grants.refreshed(await grants.current(), server))
    await server.shown.wait()
    asking.cancel()
    closing = asyncio.create_task(grants.aclose())
    await asyncio.wait({asking})
    assert not closing.done()
    server.answers.set()
    await closing
    assert (await SqlGrants(connected, secrets, ALPHA, KIND).current()).refresh_token == "r1"


@pytest.mark.parametrize("reserve", [False, True])
async def test_a_database_that_goes_away_meanwhile_costs_nobody_a_grant(
    connected: Database, secrets: SecretsBox, database_url: str, reserve: bool
) -> None:
    if reserve:
        async with connected.begin(ALPHA) as tx:
            await CrmGrantStore(tx, secrets).save(
                ReserveGrant(
                    account_id=ALPHA,
                    kind=KIND,
                    crm_user_id="2",
                    access_token="b0",
                    refresh_token="s0",
                    expires_at=AT,
                    seen_at=AT,
                )
            )
    living = "s0" if reserve else "r0"

    async def exchange(grant: Grant) -> Grant:
        if grant.refresh_token != living:
            raise CrmAuthExpired("revoked")
        async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as admin:
            await admin.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid != pg_backend_pid()"
            )
        return replace(grant, access_token="a1", refresh_token="r1")

    grants = SqlGrants(connected, secrets, ALPHA, KIND)
    fresh = await grants.refreshed(await grants.current(), exchange)
    assert fresh.refresh_token == "r1"
    async with connected.begin(ALPHA) as tx:
        found = await CrmConnectionStore(tx, secrets).find(ALPHA, KIND)
        assert await CrmGrantStore(tx, secrets).count(ALPHA, KIND) == 0
    assert found is not None
    assert (found.refresh_token, found.state) == ("r1", "ok")
    assert found.grant_user_id == ("2" if reserve else "")


async def test_connectors_that_close_store_what_they_asked_for(
    connected: Database, secrets: SecretsBox
) -> None:
    shown, answers = asyncio.Event(), asyncio.Event()

    async def amocrm(request: httpx.Request) -> httpx.Response:
        if request.url.path != "/oauth2/access_token":
            return httpx.Response(401, json={"status": 401, "title": "Unauthorized"})
        shown.set()
        await answers.wait()
        pair = {"access_token": "a1", "refresh_token": "r1", "expires_in": 86_400}
        return httpx.Response(200, json=pair)

    async with httpx.AsyncClient(transport=httpx.MockTransport(amocrm)) as http:
        base = Foundation(
            settings=Settings(),
            clock=SystemClock(),
            database=connected,
            owner_url="",
            secrets=secrets,
            bus=MemoryBus(),
            http=http,
            metrics=Metrics(),
        )
        sources = Sources(base, PhoneIndex())
        # It learns the names of stages at once, and is refused.
        await sources.refresh()
        await shown.wait()
        closing = asyncio.create_task(sources.aclose())
        answers.set()
        await closing
    assert (await SqlGrants(connected, secrets, ALPHA, KIND).current()).refresh_token == "r1"
