"""A portal gives up on a slow background page: who may frame it is known without the database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from os import urandom
from typing import Any

from backend.kit.clock import ManualClock
from backend.kit.secrets_box import SecretsBox
from backend.store.gateways.directory import PAGES_STALE_S, PAGES_TTL_S, SqlDirectory
from protocol.vocabulary import AccountId, CrmKind

ROW: dict[str, Any] = {
    "account_id": "north",
    "kind": CrmKind.BITRIX24.value,
    "external_id": "m",
    "base_url": "https://north.bitrix24.ru",
    "host": "north.bitrix24.ru",
    "client_id": "",
    "expires_at": None,
    "state": "ok",
    "grant_user_id": "",
    "version": 1,
    "settings": {},
    "client_secret": None,
    "access_token": None,
    "refresh_token": None,
    "application_token": None,
}
NORTH = {AccountId("north"): ("https://north.bitrix24.ru",)}


class Rows:
    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self._rows = rows

    def mappings(self) -> list[dict[str, Any]]:
        return self._rows


class Transaction:
    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self._rows = rows

    async def execute(self, _query: object) -> Rows:
        return Rows(self._rows)


class SlowDatabase:
    """Answers while `hangs` is not set."""

    def __init__(self) -> None:
        self.rows = [dict(ROW)]
        self.hangs = False
        self.asked = 0

    @asynccontextmanager
    async def begin_resolving(self) -> AsyncIterator[Transaction]:
        self.asked += 1
        if self.hangs:
            await asyncio.Event().wait()
        yield Transaction(self.rows)


def directory(database: SlowDatabase, clock: ManualClock) -> SqlDirectory:
    return SqlDirectory(database, SecretsBox({"k": urandom(32)}), clock)  # type: ignore[arg-type]


async def test_a_hanging_database_keeps_nobody_from_the_worker_page() -> None:
    database, clock = SlowDatabase(), ManualClock()
    pages = directory(database, clock)
    assert await pages.pages() == NORTH
    database.hangs = True
    await clock.advance(PAGES_TTL_S + 1)
    async with asyncio.timeout(0.05):
        assert await pages.pages() == NORTH
        assert await pages.pages() == NORTH
    # One reading is under way, however many ask.
    assert database.asked <= 2
    await clock.advance(PAGES_STALE_S)
    async with asyncio.timeout(1):
        assert await pages.pages() == NORTH
    await pages.aclose()


async def test_a_portal_that_uninstalled_us_may_frame_us_no_more() -> None:
    database, clock = SlowDatabase(), ManualClock()
    pages = directory(database, clock)
    assert await pages.pages() == NORTH
    database.rows[0]["state"] = "uninstalled"
    await clock.advance(PAGES_STALE_S + 1)
    assert await pages.pages() == {}
    await pages.aclose()
