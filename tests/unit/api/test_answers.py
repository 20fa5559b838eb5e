"""Refusals: what the asker is told, and what the log keeps."""

from __future__ import annotations

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from structlog.testing import capture_logs

from backend.api.answers import refusing
from backend.errors import BadProof

SECRET = "0123456789abcdef"


async def test_an_address_that_is_a_secret_is_not_logged() -> None:
    async def webhook(_request: Request) -> Response:
        raise BadProof("not from the CRM")

    site = Starlette(routes=[Route("/amocrm/webhooks/{token}", refusing(webhook))])
    transport = httpx.ASGITransport(app=site)
    async with httpx.AsyncClient(transport=transport, base_url="http://h.test") as http:
        with capture_logs() as said:
            answer = await http.get(f"/amocrm/webhooks/{SECRET}?token={SECRET}")
    assert answer.status_code == 401
    assert SECRET not in str(said)
    assert [row["path"] for row in said] == ["/amocrm/webhooks/{token}"]
