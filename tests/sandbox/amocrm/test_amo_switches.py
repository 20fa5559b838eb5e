"""Each switch of the account as the page of faults sets it: on, seen over HTTP, off again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from backend.sandbox.amocrm.world import CONTACT
from tests.sandbox.amocrm.rig import BASE, account, client, package, serve, token_body

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from backend.kit.clock import ManualClock
    from backend.sandbox.amocrm.amo import Amo

HOOK = "https://vendor.example/hook"
ACCOUNT, CONTACTS = "/api/v4/account", "/api/v4/contacts"


@dataclass
class Stage:
    """A small account behind a socket; `heard` are the hooks its vendor got."""

    http: httpx.AsyncClient
    amo: Amo
    clock: ManualClock
    heard: list[str] = field(default_factory=list)
    refuses: bool = False
    """The vendor answers hooks with 503."""

    async def on(self, **values: Any) -> None:
        answer = await self.http.post("/sandbox/faults", json=values)
        assert answer.status_code == 200, answer.text

    async def calm(self) -> None:
        assert (await self.http.delete("/sandbox/faults")).status_code == 200

    async def status(self, path: str = ACCOUNT, **params: str) -> int:
        return (await self.http.get(path, params=params)).status_code

    async def change(self, contact: int) -> None:
        """Somebody changes a contact, of which the vendor is told."""
        self.amo.hooks.record("update", CONTACT, self.amo.world.contacts[contact])
        await self.clock.advance(0)

    async def html(self, answer: httpx.Response, status: int) -> None:
        assert (answer.status_code, answer.headers["content-type"][:9]) == (status, "text/html")


Check = Callable[[Stage], Awaitable[None]]


async def slow(stage: Stage) -> None:
    await stage.on(slow={"seconds": 30, "times": 1})
    waiting = asyncio.create_task(stage.status())
    while not stage.amo.faults.called("GET", ACCOUNT):  # noqa: ASYNC110 - no event for it
        await asyncio.sleep(0.005)
    await stage.clock.advance(29)
    assert not waiting.done()
    await stage.clock.advance(1)
    assert await waiting == 200


async def status(stage: Stage) -> None:
    await stage.on(status={"status": 502, "path": CONTACTS, "times": 0})
    assert [await stage.status(CONTACTS), await stage.status(ACCOUNT)] == [502, 200]


async def html(stage: Stage) -> None:
    await stage.on(html={"status": 502, "times": 1})
    await stage.html(await stage.http.get(ACCOUNT), 502)


async def drop(stage: Stage) -> None:
    before = len(stage.amo.world.contacts)
    await stage.on(drop={"method": "POST", "times": 1})
    with pytest.raises(httpx.RemoteProtocolError):
        await stage.http.post(CONTACTS, json=[{"name": "Никогда"}])
    assert len(stage.amo.world.contacts) == before


async def lost(stage: Stage) -> None:
    before = len(stage.amo.world.contacts)
    await stage.on(lost={"method": "POST", "times": 1})
    with pytest.raises(httpx.RemoteProtocolError):
        await stage.http.post(CONTACTS, json=[{"name": "Однажды"}])
    assert len(stage.amo.world.contacts) == before + 1


async def throttle(stage: Stage) -> None:
    await stage.on(throttle={"seconds": 7, "times": 1})
    answer = await stage.http.get(ACCOUNT)
    assert (answer.status_code, answer.json()["retry_after"]) == (429, 7)


async def block(stage: Stage) -> None:
    await stage.on(block={"times": 0})
    for _ in range(2):
        await stage.html(await stage.http.get(ACCOUNT), 403)


async def partial(stage: Stage) -> None:
    await stage.on(partial={"path": CONTACTS, "times": 1})
    body = (await stage.http.get(CONTACTS, params={"limit": "20"})).json()
    assert len(body["_embedded"]["contacts"]) == 10
    assert "next" not in body["_links"]


async def empty(stage: Stage) -> None:
    await stage.on(empty={"path": CONTACTS, "times": 1})
    assert await stage.status(CONTACTS) == 204


async def hook_lost(stage: Stage) -> None:
    await stage.on(hook_lost={"path": "update_", "times": 1})
    await stage.change(1)
    assert stage.heard == []
    await stage.change(2)
    assert len(stage.heard) == 1


async def hook_doubled(stage: Stage) -> None:
    await stage.on(hook_doubled={"times": 1})
    await stage.change(1)
    first, second = stage.heard
    assert first == second


async def hook_late(stage: Stage) -> None:
    await stage.on(hook_late={"seconds": 30, "times": 1})
    await stage.change(1)
    await stage.clock.advance(29)
    assert stage.heard == []
    await stage.clock.advance(1)
    assert len(stage.heard) == 1


async def down(stage: Stage) -> None:
    await stage.on(down=True)
    assert await stage.status() == 503


async def payment_required(stage: Stage) -> None:
    await stage.on(payment_required=True)
    assert await stage.status() == 402


async def _widgets(stage: Stage) -> Any:
    page = {"Cookie": "session_id=1"}
    return (await stage.http.post("/ajax/widgets/list", headers=page)).json()["widgets"]


async def safe_mode(stage: Stage) -> None:
    assert await _widgets(stage)
    await stage.on(safe_mode=True)
    assert await _widgets(stage) == {}


async def microphone(stage: Stage) -> None:
    async def policy() -> str | None:
        page = await stage.http.get("/contacts/list/", headers={"Cookie": "session_id=1"})
        assert page.status_code == 200
        told: str | None = page.headers.get("permissions-policy")
        return told

    assert await policy() is None
    await stage.on(microphone="page")
    assert await policy() == "microphone=(self)"
    await stage.on(microphone="nobody")
    assert await policy() == "microphone=()"
    refused = await stage.http.post("/sandbox/faults", json={"microphone": "everybody"})
    assert refused.status_code == 400
    await stage.on(microphone="frames")
    assert await policy() is None


async def settings_as_string(stage: Stage) -> None:
    async def kind() -> type:
        (shown,) = (await _widgets(stage)).values()
        return type(shown["settings"])

    await stage.on(settings_as_string=True)
    assert await kind() is str
    await stage.on(settings_as_string=False)
    assert await kind() is not str


async def rate_limit(stage: Stage) -> None:
    await stage.on(rate_limit=2)
    assert [await stage.status() for _ in range(3)] == [200, 200, 429]


async def html_429(stage: Stage) -> None:
    await stage.on(rate_limit=1, html_429=True)
    assert await stage.status() == 200
    await stage.html(await stage.http.get(ACCOUNT), 429)


async def account_limit(stage: Stage) -> None:
    await stage.on(rate_limit=10, account_limit=2)
    assert [await stage.status() for _ in range(3)] == [200, 200, 429]


async def block_after(stage: Stage) -> None:
    await stage.on(rate_limit=1, block_after=1)
    assert [await stage.status() for _ in range(4)] == [200, 429, 429, 403]


async def api_filter(stage: Stage) -> None:
    one = {"filter[id][0]": "2"}
    assert len((await stage.http.get(CONTACTS, params=one)).json()["_embedded"]["contacts"]) == 1
    await stage.on(api_filter=False)
    assert len((await stage.http.get(CONTACTS, params=one)).json()["_embedded"]["contacts"]) > 1


async def hook_scale(stage: Stage) -> None:
    stage.refuses = True
    await stage.on(hook_scale=0.01)
    await stage.change(1)
    await stage.clock.advance(3)  # five minutes otherwise
    assert len(stage.heard) == 2


async def clock_skew_s(stage: Stage) -> None:
    await stage.on(clock_skew_s=600)
    code = stage.amo.tokens.code(package().client_uuid, 1)
    body = token_body(stage.amo, grant_type="authorization_code", code=code)
    pair = (await stage.http.post("/oauth2/access_token", json=body)).json()
    assert pair["server_time"] == int(stage.clock.now().timestamp()) + 600


async def expire_tokens(stage: Stage) -> None:
    await stage.on(expire_tokens=True)
    assert await stage.status() == 401
    await _renew(stage, 200)


async def revoke_tokens(stage: Stage) -> None:
    await stage.on(revoke_tokens=True)
    assert await stage.status() == 401
    await _renew(stage, 401)


async def _renew(stage: Stage, status: int) -> None:
    """What `expire_tokens` leaves and `revoke_tokens` does not: the way to a fresh pair."""
    refresh = str(stage.http.headers["X-Test-Refresh"])
    body = token_body(stage.amo, grant_type="refresh_token", refresh_token=refresh)
    answer = await stage.http.post("/oauth2/access_token", json=body)
    assert answer.status_code == status, answer.text
    if status == 200:
        stage.http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        assert await stage.status() == 200


CHECKS: tuple[Check, ...] = (
    *(slow, status, html, drop, lost, throttle, block, partial, empty),
    *(hook_lost, hook_doubled, hook_late, down, payment_required, safe_mode, microphone),
    *(settings_as_string, rate_limit, html_429, account_limit, block_after, api_filter),
    *(hook_scale, clock_skew_s, expire_tokens, revoke_tokens),
)
FOR_GOOD = {"expire_tokens", "revoke_tokens"}
"""Deeds: switching off does not undo them."""


@asynccontextmanager
async def _reached(
    app: Starlette, check: Check, headers: dict[str, str]
) -> AsyncIterator[httpx.AsyncClient]:
    """Over a socket where a connection is cut, else in this process."""
    if check in (drop, lost):
        async with serve(app) as base, httpx.AsyncClient(base_url=base, headers=headers) as http:
            yield http
    else:
        way = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=way, base_url=BASE, headers=headers) as http:
            yield http


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
async def test_a_switch_does_what_it_says_and_is_taken_back(check: Check) -> None:
    stage: Stage | None = None

    def vendor(request: httpx.Request) -> httpx.Response:
        assert stage is not None
        stage.heard.append(request.content.decode())
        return httpx.Response(503 if stage.refuses else 200)

    app, amo, clock = account(transport=httpx.MockTransport(vendor))
    amo.world.webhooks[HOOK] = {
        "destination": HOOK,
        "settings": ["update_contact"],
        "disabled": False,
    }
    pair = amo.tokens.exchange(amo.tokens.code(package().client_uuid, 1), "demo.amo.test")
    bearer = {"Authorization": f"Bearer {pair['access_token']}"}
    bearer["X-Test-Refresh"] = pair["refresh_token"]
    async with _reached(app, check, bearer) as http:
        stage = Stage(http, amo, clock)
        assert await stage.status() == 200
        await check(stage)
        await stage.calm()
        if check.__name__ not in FOR_GOOD:
            await clock.advance(1.01)
            assert await stage.status() == 200
        await amo.aclose()


async def test_no_switch_is_left_out() -> None:
    app, _, _ = account()
    async with client(app, None) as http:
        names = [row["name"] for row in (await http.get("/sandbox/faults")).json()]
    assert sorted(names) == sorted(check.__name__ for check in CHECKS)
