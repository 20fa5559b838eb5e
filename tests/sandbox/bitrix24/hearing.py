"""What the portal sends to an application's address, caught at the end of its queue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

from backend.sandbox.bitrix24 import brackets

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest


class Heard(list[dict[str, Any]]):
    """Decoded bodies in order of arrival; `urls` are where each went."""

    def __init__(self) -> None:
        super().__init__()
        self.urls: list[str] = []

    def names(self) -> list[str]:
        return [str(item.get("event") or item.get("error")) for item in self]

    def of(self, event: str) -> Iterator[dict[str, Any]]:
        return (item for item in self if item.get("event") == event)


def listen(monkeypatch: pytest.MonkeyPatch) -> Heard:
    """From now on events of portals go nowhere else. Call before their lifespan begins."""
    heard = Heard()

    async def take(request: httpx.Request) -> httpx.Response:
        heard.append(brackets.parse_query((await request.aread()).decode()))
        heard.urls.append(str(request.url))
        return httpx.Response(200)

    plain = httpx.AsyncClient
    monkeypatch.setattr(
        "backend.sandbox.bitrix24.events.httpx.AsyncClient",
        lambda **_: plain(transport=httpx.MockTransport(take)),
    )
    return heard
