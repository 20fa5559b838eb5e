"""The demo's accounts with call tracking on, and its doors."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from backend.api.doors import Doors
from backend.api.settings_door import SettingsDoor
from backend.api.visit_keys import VisitKeysApi
from backend.api.visits import VisitsApi
from backend.kit.clock import ManualClock
from backend.services.call_tracking import CallTracking
from backend.services.visit_keys import KeyKind, VisitKeys
from backend.store.database import Database
from backend.store.gateways.visits import SqlVisitKeys, SqlVisits
from protocol.vocabulary import AccountId
from tests.integration.settings.house import DEMO, SEVER, House

SITE = "https://svet.example"
ONE, TWO = "+74950000911", "+74950000912"
TRACKING = f"""
version = 1

[[accounts]]
slug = "sever"
settings.call_tracking.visits = true
settings.call_tracking.origins = ["{SITE}", "http://localhost:3000"]
settings.call_tracking.shown_min = 30
settings.call_tracking.keep_days = 60

[[accounts.virtual_numbers]]
number = "{ONE}"
switch = "demo"
pool = true

[[accounts.virtual_numbers]]
number = "{TWO}"
switch = "demo"
pool = true
"""


class Tracked:
    """Call tracking's doors over a real database; its clock is moved by hand."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.clock = ManualClock()
        self.rows = SqlVisits(house.database)
        self.tracking = CallTracking(self.rows, self.clock)
        self.keys = VisitKeys(SqlVisitKeys(house.database), self.clock)
        doors = Doors(self.clock)
        door = SettingsDoor(house.sessions, doors)
        self.app = Starlette(
            routes=[
                *VisitsApi(self.tracking, self.keys, doors, self.clock).routes(),
                *VisitKeysApi(self.keys, door, "http://app.test").routes(),
            ]
        )

    async def key(self, kind: KeyKind, account_id: AccountId = SEVER) -> str:
        _, plain = await self.keys.issue(account_id, kind, name=f"a {kind}", who="tests")
        return plain

    def client(self, headers: dict[str, str] | None = None) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app=self.app),
            base_url="http://app.test/api/v1",
            headers={"Accept-Language": "en", **(headers or {})},
        )

    async def server(self) -> httpx.AsyncClient:
        """Another server with a key of its own."""
        return self.client({"Authorization": f"Bearer {await self.key('server')}"})

    async def browser(self, origin: str = SITE) -> httpx.AsyncClient:
        """A page of a site, which has its key in the address."""
        client = self.client({"Origin": origin, "Content-Type": "text/plain"})
        client.params = client.params.set("site", await self.key("site"))
        return client


def page(visitor: str, n: int = 1, path: str = "/", **more: Any) -> dict[str, Any]:
    """What our script sends."""
    return {
        "id": f"{visitor}-{n}",
        "visitor": visitor,
        "session": f"s-{visitor}",
        "url": f"{SITE}{path}",
        "title": f"Page {path}",
        **more,
    }


@pytest.fixture
async def tracked(database: Database) -> Tracked:
    house = House(database)
    await house.done(DEMO)
    await house.done(TRACKING)
    return Tracked(house)
