"""Knocking in vain is slow work; an office that comes back at once is let in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from backend.api.answers import json_answer, read_body, refusing
from backend.api.doors import Doors
from backend.errors import BadProof, CrmUnavailable, NotAllowed
from backend.kit.clock import ManualClock

ERRORS: dict[str, Exception] = {
    "bad": BadProof("no"),
    "stranger": NotAllowed("no such session"),
    "no_line": NotAllowed("no line", why="no_line"),
    "away": CrmUnavailable("the CRM is away"),
}


class House:
    """One door; what it answers is in the path."""

    def __init__(self, *, burst: int = 3, addresses: int = 100) -> None:
        self.clock = ManualClock()
        self.gate: asyncio.Event | None = None
        doors = Doors(self.clock, burst=burst, per_s=0.5, addresses=addresses)
        route = Route("/{what}", refusing(doors.guarded(self._answer)), methods=["POST"])
        self.app = Starlette(routes=[route])

    async def _answer(self, request: Request) -> Response:
        if self.gate is not None:
            await self.gate.wait()
        error = ERRORS.get(request.path_params["what"])
        if error is not None:
            raise error
        return json_answer({})

    async def knock(self, what: str, address: str = "192.0.2.1") -> httpx.Response:
        transport = httpx.ASGITransport(app=self.app, client=(address, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://h.test") as http:
            return await http.post(f"/{what}")


@pytest.mark.parametrize("what", ["bad", "stranger"])
async def test_who_knocks_in_vain_is_told_to_wait(what: str) -> None:
    h = House()
    for _ in range(3):
        assert (await h.knock(what)).status_code in (401, 403)
    refused = await h.knock("good")
    assert refused.status_code == 429
    assert refused.json()["error"]["code"] == "too_many"
    assert refused.headers["retry-after"] == "2"
    assert (await h.knock("good", "192.0.2.2")).status_code == 200
    await h.clock.advance(2)
    assert (await h.knock("good")).status_code == 200


@pytest.mark.parametrize("what", ["good", "no_line", "away"])
async def test_answers_that_are_nobodys_fault_do_not_count(what: str) -> None:
    h = House()
    statuses = {(await h.knock(what)).status_code for _ in range(20)}
    assert len(statuses) == 1
    assert 429 not in statuses


async def test_knocks_under_way_count() -> None:
    h = House()
    h.gate = asyncio.Event()
    asked = [asyncio.create_task(h.knock("good")) for _ in range(5)]
    done, _ = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED, timeout=5)
    h.gate.set()
    statuses = sorted(answer.status_code for answer in await asyncio.gather(*asked))
    assert statuses == [200, 200, 200, 429, 429]
    assert all(task.result().status_code == 429 for task in done)


async def test_a_household_of_ipv6_is_one_address() -> None:
    h = House()
    for n in range(3):
        await h.knock("bad", f"2001:db8:1:2::{n}")
    assert (await h.knock("good", "2001:db8:1:2:ffff::9")).status_code == 429
    assert (await h.knock("good", "2001:db8:1:3::1")).status_code == 200


async def test_memory_of_addresses_is_bounded() -> None:
    h = House(addresses=2)
    for _ in range(3):
        await h.knock("bad", "192.0.2.1")
    await h.knock("bad", "192.0.2.2")
    await h.knock("bad", "192.0.2.3")
    assert (await h.knock("good", "192.0.2.1")).status_code == 200


async def test_a_body_without_a_length_is_cut_off() -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 1
            yield b"x" * 1000

    async def handler(request: Request) -> Response:
        return json_answer(len(await read_body(request, 10_000)))

    app = Starlette(routes=[Route("/", refusing(handler), methods=["POST"])])
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://h.test") as http:
        answer = await http.post("/", content=endless())
        assert (await http.post("/", content=b"y" * 10_000)).json() == 10_000
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_request")
    assert read <= 12
