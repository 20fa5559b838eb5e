"""`*.localhost` is this machine, whatever the resolver thinks."""

from __future__ import annotations

import httpx
import pytest

from backend.kit.loopback import LoopbackTransport


@pytest.mark.parametrize(
    ("asked", "reached", "named"),
    [
        ("http://amo.localhost:8082/oauth", "http://127.0.0.1:8082/oauth", "amo.localhost:8082"),
        ("http://localhost/", "http://127.0.0.1/", "localhost"),
        ("https://amo.localhost.example/", "https://amo.localhost.example/", None),
        ("https://demo.amocrm.ru/x", "https://demo.amocrm.ru/x", None),
    ],
)
async def test_only_localhost_is_brought_home_under_its_own_name(
    asked: str, reached: str, named: str | None
) -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(204)

    transport = LoopbackTransport(httpx.MockTransport(answer))
    async with httpx.AsyncClient(transport=transport) as http:
        await http.get(asked)
    (request,) = seen
    assert str(request.url) == reached
    assert request.headers["host"] == (named or httpx.URL(asked).host)
