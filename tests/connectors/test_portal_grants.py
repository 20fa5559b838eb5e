"""What a portal's refusals and moves mean for whose leave we act with."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest

from backend.connectors.crm.bitrix24.auth import Refresher
from backend.connectors.crm.bitrix24.client import Bitrix24Client
from backend.errors import CrmAuthExpired, CrmRejected, CrmUnavailable
from backend.kit.budget import Bucket, Budget, Priority
from backend.kit.clock import ManualClock
from backend.services.ports import Grant

FIRST = Grant(
    access_token="first",
    refresh_token="r1",
    expires_at=datetime(2030, 1, 1, tzinfo=UTC),
    base_url="https://one.bitrix24.ru/rest/",
    auth_url="https://oauth.bitrix.info/rest/",
)
Answer = Callable[[httpx.Request], httpx.Response]


class TwoAdministrators:
    """The first acts; the second is asked for when the first is worth nothing."""

    def __init__(self, *, second: bool = True) -> None:
        self.grant = FIRST
        self.certain: list[bool] = []
        self.moves: list[str] = []
        self.others: list[str] = []
        """Tokens other processes brought meanwhile."""
        self._second = second

    async def current(self) -> Grant:
        return self.grant

    async def refreshed(self, stale: Grant, exchange: Callable[[Grant], Awaitable[Grant]]) -> Grant:
        if self.others:
            self.grant = replace(self.grant, access_token=self.others.pop())
        else:
            self.grant = await exchange(stale)
        return self.grant

    async def replaced(
        self, dead: Grant, exchange: Callable[[Grant], Awaitable[Grant]], *, certain: bool
    ) -> Grant:
        self.certain.append(certain)
        if not self._second or self.grant.access_token == "second":
            raise CrmAuthExpired("nobody else")
        self.grant = replace(self.grant, access_token="second")
        return self.grant

    async def moved(self, base_url: str) -> None:
        self.moves.append(base_url)


def client(
    answer: Answer, grants: TwoAdministrators, clock: ManualClock | None = None
) -> Bitrix24Client:
    http, clock = httpx.AsyncClient(transport=httpx.MockTransport(answer)), clock or ManualClock()
    refresher = Refresher(http, clock, client_id="app", client_secret="key")
    return Bitrix24Client(http, grants, refresher, Budget(Bucket(100, 100, clock), clock), clock)


def token(request: httpx.Request) -> str:
    body: dict[str, Any] = json.loads(request.content)
    return str(body["auth"])


def refusing(
    code: str, status: int = 403, *, who: str = "first", fresh: str = "first, fresh"
) -> Answer:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "oauth.bitrix.info":
            return httpx.Response(200, json={"access_token": fresh, "refresh_token": "r2"})
        if token(request).startswith(who):
            return httpx.Response(status, json={"error": code, "error_description": "no"})
        return httpx.Response(200, json={"result": token(request), "time": {}})

    return answer


@pytest.mark.parametrize(
    ("code", "certain"), [("user_access_error", True), ("INVALID_CREDENTIALS", False)]
)
async def test_who_lost_the_portal_is_replaced(code: str, certain: bool) -> None:
    grants = TwoAdministrators()
    answer = await client(refusing(code), grants).call("profile", priority=Priority.CALL)
    assert answer["result"] == "second"
    assert grants.certain == [certain]


async def test_a_fresh_token_refused_at_once_is_its_users_trouble() -> None:
    grants = TwoAdministrators()
    portal = client(refusing("expired_token", 401), grants)
    assert (await portal.call("profile", priority=Priority.CALL))["result"] == "second"
    assert grants.certain == [False]


async def test_another_processs_token_may_be_out_of_date_too() -> None:
    """A process that slept for hours: what it finds on disk was fresh an hour ago."""
    grants = TwoAdministrators()
    grants.others = ["first, of another process"]
    portal = client(refusing("expired_token", 401, fresh="third"), grants)
    assert (await portal.call("profile", priority=Priority.CALL))["result"] == "third"
    assert grants.certain == []


async def test_nobody_left_is_said_and_not_tried_for_ever() -> None:
    for second in (False, True):
        grants = TwoAdministrators(second=second)
        with pytest.raises(CrmAuthExpired):
            await client(refusing("user_access_error", who=""), grants).call(
                "profile", priority=Priority.CALL
            )
        assert len(grants.certain) == 1 + second


@pytest.mark.parametrize("code", ["PAYMENT_REQUIRED", "insufficient_scope"])
async def test_what_no_administrator_can_help_asks_for_no_other(code: str) -> None:
    grants = TwoAdministrators()
    with pytest.raises(CrmAuthExpired):
        await client(refusing(code), grants).call("profile", priority=Priority.CALL)
    assert grants.certain == []


async def test_a_refused_request_is_nobodys_grant() -> None:
    grants = TwoAdministrators()
    with pytest.raises(CrmRejected):
        await client(refusing("ERROR_CORE", 400), grants).call("x", priority=Priority.CALL)
    assert grants.certain == []


def moving(to: str) -> Answer:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "one.bitrix24.ru":
            return httpx.Response(302, headers={"Location": f"{to}{request.url.path}"})
        assert request.method == "POST"
        return httpx.Response(200, json={"result": True, "time": {}})

    return answer


async def test_a_moved_portal_is_asked_there_and_remembered() -> None:
    grants = TwoAdministrators()
    portal = client(moving("https://two.bitrix24.ru"), grants)
    for _ in range(2):
        await portal.call("profile", priority=Priority.CALL)
    assert grants.moves == ["https://two.bitrix24.ru/rest/"]


async def test_a_token_is_not_sent_in_the_clear_because_a_portal_says_so() -> None:
    grants = TwoAdministrators()
    portal = client(moving("http://two.bitrix24.ru"), grants)
    with pytest.raises(CrmUnavailable):
        await portal.call("profile", priority=Priority.CALL)
    assert grants.moves == []


async def test_secrets_are_never_part_of_an_address() -> None:
    """An address is logged by every proxy on the way."""
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={"access_token": "fresh", "refresh_token": "r2"})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        refresher = Refresher(http, ManualClock(), client_id="app", client_secret="key")
        assert (await refresher(FIRST)).access_token == "fresh"
    [request] = asked
    assert str(request.url) == "https://oauth.bitrix.info/oauth/token/"
    assert dict(parse_qsl(request.content.decode())) == {
        "grant_type": "refresh_token",
        "client_id": "app",
        "client_secret": "key",
        "refresh_token": "r1",
    }


async def test_a_card_waits_a_second_when_the_portal_was_asked_too_fast() -> None:
    refused = 2
    asked = 0

    def answer(_request: httpx.Request) -> httpx.Response:
        nonlocal asked
        asked += 1
        if asked <= refused:
            return httpx.Response(503, json={"error": "QUERY_LIMIT_EXCEEDED"})
        return httpx.Response(200, json={"result": "found", "time": {}})

    clock = ManualClock()
    portal = client(answer, TwoAdministrators(), clock)
    card = asyncio.create_task(portal.call("crm.contact.get", priority=Priority.POP_UP))
    for _ in range(8):
        await clock.advance(0.5)
    assert (await card)["result"] == "found"
    asked, refused = 0, 3
    card = asyncio.create_task(portal.call("crm.contact.get", priority=Priority.POP_UP))
    for _ in range(8):
        await clock.advance(0.5)
    with pytest.raises(CrmUnavailable):
        await card
    asked, refused = 0, 1
    later = asyncio.create_task(portal.call("user.get", priority=Priority.BACKGROUND))
    for _ in range(8):
        await clock.advance(0.5)
    with pytest.raises(CrmUnavailable):
        await later
    assert asked == 1
