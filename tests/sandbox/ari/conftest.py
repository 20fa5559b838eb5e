"""A sandbox switch on a loopback port, and a raw ARI client without any library of ours."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
import uvicorn
from websockets.asyncio.client import ClientConnection, connect

from backend.kit.clock import ManualClock
from backend.sandbox.ari import (
    KnownCustomer,
    PhoneConfig,
    Switch,
    SwitchConfig,
    VirtualNumber,
    create_switch,
)

DEADLINE_S = 5.0
AUTH = ("dozvon", "dozvon")
DID = "74951234567"

CONFIG = SwitchConfig(
    virtual_numbers=(VirtualNumber(number=DID, app="app", args=("inbound", DID)),),
    phones=(
        PhoneConfig(endpoint="PJSIP/101", name="Anna"),
        PhoneConfig(endpoint="PJSIP/102", name="Boris", auto_answer_supported=False),
        PhoneConfig(endpoint="PJSIP/103", name="Vera", registered=False),
        PhoneConfig(endpoint="PJSIP/demo-104", name="Gleb", max_calls=1),
    ),
    customers=(KnownCustomer(name="Иван Петров", number="79161112233"),),
    channelvars=("CALL_ID",),
    internal_app="app",
)


class Events:
    """One event socket, read with a deadline."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def next(self) -> dict[str, Any]:
        text = await asyncio.wait_for(self.socket.recv(), DEADLINE_S)
        message: dict[str, Any] = json.loads(text)
        return message

    async def until(self, type_: str, **members: Any) -> list[dict[str, Any]]:
        """Everything up to and with the first `type_` whose top-level members match."""
        seen = []
        while True:
            event = await self.next()
            seen.append(event)
            if event["type"] == type_ and all(event.get(k) == v for k, v in members.items()):
                return seen

    async def fence(self, harness: Harness) -> list[dict[str, Any]]:
        """Everything sent so far: a user event is published last and read up to."""
        name = (await self.apps())[0]
        answer = await harness.rest.post("/events/user/fence", params={"application": name})
        assert answer.status_code == 204
        return (await self.until("ChannelUserevent"))[:-1]

    async def apps(self) -> list[str]:
        query = self.socket.request.path if self.socket.request else ""
        return httpx.URL(query).params["app"].split(",")


class Harness:
    """The running switch with its clock, a REST client and a way to open event sockets."""

    def __init__(
        self, switch: Switch, clock: ManualClock, port: int, stack: AsyncExitStack
    ) -> None:
        self.switch = switch
        self.clock = clock
        self.port = port
        self.rest = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}/ari", auth=AUTH)
        self.page = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}")
        self._stack = stack

    async def events(self, app: str = "app", *, subscribe_all: bool = False) -> Events:
        query = f"app={app}&subscribeAll={str(subscribe_all).lower()}&api_key={':'.join(AUTH)}"
        socket = await self._stack.enter_async_context(
            connect(f"ws://127.0.0.1:{self.port}/ari/events?{query}", proxy=None)
        )
        return Events(socket)

    async def post(self, path: str, status: int, **params: Any) -> Any:
        answer = await self.rest.post(path, params=params)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    async def delete(self, path: str, status: int = 204, **params: Any) -> None:
        answer = await self.rest.delete(path, params=params)
        assert answer.status_code == status, answer.text

    async def inbound(self, events: Events, number: str = "79160000001") -> str:
        """A customer calls and reaches the application; the channel id."""
        self.switch.place_call(number, DID)
        start = (await events.until("StasisStart"))[-1]
        channel_id: str = start["channel"]["id"]
        return channel_id

    async def answered(self, events: Events, endpoint: str = "PJSIP/101") -> str:
        """A phone is dialled and picks up; the channel id."""
        channel_id: str = (await self.post("/channels", 200, endpoint=endpoint, app="app"))["id"]
        await events.until("Dial", dialstatus="RINGING")
        self.switch.phone(endpoint).pickup(channel_id)
        await events.until("StasisStart")
        return channel_id


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something the server does in its own time."""
    async with asyncio.timeout(DEADLINE_S):
        while not condition():  # noqa: ASYNC110  # polls what has no event to wait for
            await asyncio.sleep(0.005)


def brief(events: list[dict[str, Any]]) -> list[str]:
    """Type, with what tells two events of one type apart."""
    out = []
    for event in events:
        detail = event.get("dialstatus")
        if event["type"] == "ChannelStateChange":
            detail = event["channel"]["state"]
        elif event["type"] == "DeviceStateChanged":
            detail = event["device_state"]["state"]
        out.append(event["type"] if detail is None else f"{event['type']} {detail}".strip())
    return out


@pytest.fixture
async def harness() -> AsyncIterator[Harness]:
    clock = ManualClock()
    app = create_switch(CONFIG, clock)
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=0, log_level="critical", ws="websockets-sansio")
    )
    serving = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    async with AsyncExitStack() as stack:
        harness = Harness(app.state.switch, clock, port, stack)
        try:
            yield harness
        finally:
            await harness.rest.aclose()
            await harness.page.aclose()
            await stack.aclose()
            server.should_exit = True
            await asyncio.wait_for(serving, DEADLINE_S)
