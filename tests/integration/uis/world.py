"""The UIS adapter on a sandbox cloud, both in one process and without sockets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import httpx
from starlette.applications import Starlette

from backend.kit.backoff import Backoff
from backend.kit.clock import ManualClock
from backend.sandbox.uis import (
    Ask,
    Cloud,
    CloudConfig,
    Employee,
    EmployeePhone,
    Forward,
    Number,
    Queue,
    create_cloud,
)
from backend.services.ports import (
    Arrived,
    LegMoved,
    RingOrder,
    SwitchConnected,
    SwitchEvent,
    Towards,
)
from backend.telephony.uis import MemoryPost, UisSwitch
from protocol.vocabulary import CallId, EmployeeId, LegId, LegState

DEADLINE_S = 5.0
STEP_S = 0.5
STEPS = 18
"""So much of the clock's time is waited for an event: two readings of the list and more."""
DID, PLAIN_DID = "74951234567", "74951234568"
"""The first asks us whom to ring, the second rings anna by the cloud's own scenario."""
CALLER = "79160000001"
CONTACT = LegId("customer-0")
ANNA, BORIS = "0700101", "0700102"
TOKEN = "key"

CONFIG = CloudConfig(
    token=TOKEN,
    numbers=(
        Number(number=DID, steps=(Ask(), Ask(), Queue(seconds=300))),
        Number(number=PLAIN_DID, steps=(Forward(phones=(ANNA,)),)),
    ),
    employees=(
        Employee(id=11, name="Анна", phones=(EmployeePhone(number=ANNA),)),
        Employee(id=12, name="Борис", phones=(EmployeePhone(number=BORIS),)),
        Employee(id=13, name="Вера", phones=(EmployeePhone(number="0700103", registered=False),)),
    ),
    notify_url="http://dozvon.test/notify",
    question_url="http://dozvon.test/question",
)
OURS = {11: EmployeeId("e1"), 12: EmployeeId("e2")}

E = TypeVar("E", bound=SwitchEvent)


def door(post: MemoryPost) -> httpx.MockTransport:
    """Our side of the cloud's requests."""

    async def answer(request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        if request.url.path == "/notify":
            post.put(body)
            return httpx.Response(200)
        told = await post.ask(body)
        return httpx.Response(503) if told is None else httpx.Response(200, json=told)

    return httpx.MockTransport(answer)


class Heard:
    """What one adapter tells; time passes while it is waited for."""

    def __init__(self, switch: UisSwitch, clock: ManualClock) -> None:
        self.seen: list[SwitchEvent] = []
        self._clock = clock
        self._next = 0
        self._task = asyncio.create_task(self._read(switch))

    async def _read(self, switch: UisSwitch) -> None:
        async for event in switch.events():
            self.seen.append(event)

    async def until(self, kind: type[E], **members: Any) -> E:
        """The next event of this kind whose members match. Raises AssertionError."""
        for _ in range(STEPS):
            while self._next < len(self.seen):
                event = self.seen[self._next]
                self._next += 1
                if isinstance(event, kind) and all(
                    getattr(event, name) == value for name, value in members.items()
                ):
                    return event
            await self.settle()
            if self._next == len(self.seen):
                await self._clock.advance(STEP_S)
                await self.settle()
        raise AssertionError(f"no {kind.__name__} {members}; heard {self.seen}")

    async def settle(self) -> None:
        """Let requests that are under way come back: they are in this process."""
        for _ in range(300):
            await asyncio.sleep(0)

    async def since(self) -> list[SwitchEvent]:
        await self._clock.advance(5 * STEP_S)
        await self.settle()
        found = self.seen[self._next :]
        self._next = len(self.seen)
        return found

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


class World:
    def __init__(
        self, app: Starlette, clock: ManualClock, post: MemoryPost, **changes: Any
    ) -> None:
        self.app = app
        self.clock = clock
        self.post = post
        self._made: list[UisSwitch] = []
        self._heard: list[Heard] = []
        self.switch = self.adapter(**changes)
        self.heard = self.listen(self.switch)

    @property
    def cloud(self) -> Cloud:
        cloud: Cloud = self.app.state.cloud
        return cloud

    def asked(self, method: str) -> list[str | None]:
        """The refusal, or None, of every request of this method."""
        apis = (self.app.state.call_api, self.app.state.data_api)
        return [refused for api in apis for name, refused in api.asked if name == method]

    def adapter(self, **changes: Any) -> UisSwitch:
        fields: dict[str, Any] = {
            "post": self.post,
            "who": OURS.get,
            "clock": self.clock,
            "identity": "test",
            "data_url": "http://cloud.test/v2.0",
            "backoff": Backoff(first_s=1.0, draw=lambda: 1.0),
            "transport": httpx.ASGITransport(self.app),
        }
        made = UisSwitch("http://cloud.test/v4.0", TOKEN, **(fields | changes))
        self._made.append(made)
        return made

    def listen(self, switch: UisSwitch) -> Heard:
        heard = Heard(switch, self.clock)
        self._heard.append(heard)
        return heard

    async def arrived(self, number: str = CALLER, virtual: str = DID) -> CallId:
        self.cloud.place_call(number, virtual)
        return (await self.heard.until(Arrived, number=number)).call_id

    async def ring(
        self, call_id: CallId, endpoint: str = f"UIS/11:{ANNA}", **changes: Any
    ) -> LegId:
        fields: dict[str, Any] = {
            "account": "demo",
            "call_id": call_id,
            "leg_id": LegId("agent-e1-1"),
            "endpoint": endpoint,
            "caller_number": CALLER,
            "caller_name": "Иван",
            "timeout_s": 20,
            "towards": Towards(endpoint=f"UIS/+{CALLER}", shown=f"+{DID}"),
        }
        order = RingOrder(**(fields | changes))
        await self.switch.ring(order)
        return order.leg_id

    async def talking(self) -> tuple[CallId, LegId]:
        """A customer who called in talks to anna."""
        call_id = await self.arrived()
        leg_id = await self.ring(call_id)
        await self.heard.until(LegMoved, leg_id=leg_id, state=LegState.RINGING)
        self.cloud.pick_up(ANNA)
        await self.heard.until(LegMoved, leg_id=leg_id, state=LegState.UP)
        await self.heard.until(LegMoved, leg_id=CONTACT, state=LegState.UP)
        return call_id, leg_id

    async def close(self) -> None:
        for heard in self._heard:
            await heard.close()
        for made in self._made:
            await made.aclose()
        await self.cloud.close()


@asynccontextmanager
async def world(
    config: CloudConfig = CONFIG, post: MemoryPost | None = None, **changes: Any
) -> AsyncIterator[World]:
    """`changes` are the adapter's."""
    clock, post = ManualClock(), post or MemoryPost()
    app = create_cloud(config, clock, transport=door(post))
    made = World(app, clock, post, **changes)
    try:
        await made.heard.until(SwitchConnected)
        yield made
    finally:
        await made.close()
