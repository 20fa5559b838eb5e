"""A small portal on a clock that stands still, and clients for its doors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from backend.kit.clock import ManualClock
from backend.sandbox.bitrix24 import Application, Portal, PortalConfig, create_portal
from backend.sandbox.dataset import generate
from tests.sandbox.bitrix24.stage import Stage, staged

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.applications import Starlette


class Client:
    """Calls REST methods as one user of the application, or through the webhook."""

    def __init__(self, http: httpx.AsyncClient, portal: Portal) -> None:
        self.http = http
        self.portal = portal

    def token(self, user_id: int = 1) -> str:
        return self.portal.tokens.issue(user_id).access_token

    async def raw(self, name: str, params: dict[str, Any] | None = None, **more: Any) -> Any:
        """The response of a JSON call; `user` picks whose token goes along."""
        body = {"auth": self.token(more.get("user", 1)), **(params or {})}
        return await self.http.post(f"/rest/{name}", json=body)

    async def call(self, name: str, params: dict[str, Any] | None = None, **more: Any) -> Any:
        """The result of a call that must succeed."""
        answer = await self.raw(name, params, **more)
        body = answer.json()
        assert "error" not in body, body
        return body["result"]

    async def refused(
        self, name: str, params: dict[str, Any] | None = None, **more: Any
    ) -> tuple[int, str, str]:
        """Status, code and text of a call that must fail."""
        answer = await self.raw(name, params, **more)
        body = answer.json()
        return answer.status_code, body["error"], body["error_description"]

    async def hook(self, name: str, params: dict[str, Any] | None = None) -> httpx.Response:
        config = self.portal.config
        path = f"/rest/{config.webhook_user_id}/{config.webhook_secret}/{name}"
        return await self.http.post(path, json=params or {})


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def config() -> PortalConfig:
    return PortalConfig(
        public_url="http://portal.test",
        dataset=generate(contacts=300),
        application=Application(installed=True),
        bucket_size=1000.0,
    )


@pytest.fixture
def app(config: PortalConfig, clock: ManualClock) -> Starlette:
    return create_portal(config, clock)


@pytest.fixture
def portal(app: Starlette) -> Portal:
    found: Portal = app.state.portal
    return found


@pytest.fixture
async def client(app: Starlette, portal: Portal) -> AsyncIterator[Client]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://portal.test") as http:
        yield Client(http, portal)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged() as running:
        yield running
