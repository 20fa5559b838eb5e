"""The Asterisk adapter on a sandbox switch on a loopback port."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import uvicorn

from backend.kit.backoff import Backoff
from backend.kit.clock import ManualClock
from backend.sandbox.ari import PhoneConfig, Switch, SwitchConfig, VirtualNumber, create_switch
from backend.services.ports import Arrived, LegMoved, RingOrder, SwitchConnected, SwitchEvent
from backend.telephony.asterisk import AsteriskSwitch
from protocol.vocabulary import CallId, LegId, LegState

DEADLINE_S = 5.0
DID = "74951234567"
CALLER = "79160000001"
CUSTOMER = LegId("customer-0")

CONFIG = SwitchConfig(
    virtual_numbers=(VirtualNumber(number=DID, app="dozvon"),),
    phones=(
        PhoneConfig(endpoint="PJSIP/101"),
        PhoneConfig(endpoint="PJSIP/102"),
        PhoneConfig(endpoint="PJSIP/103", registered=False),
    ),
)

E = TypeVar("E", bound=SwitchEvent)


async def always() -> bool:
    return True


class Heard:
    """What one adapter tells, read with a deadline."""

    def __init__(self, switch: AsteriskSwitch) -> None:
        self.seen: list[SwitchEvent] = []
        self._events = switch.events()

    async def next(self) -> SwitchEvent:
        event = await asyncio.wait_for(anext(self._events), DEADLINE_S)
        self.seen.append(event)
        return event

    async def until(self, kind: type[E], **members: Any) -> E:
        """The first event of this kind whose members match; what comes before is in `seen`."""
        while True:
            event = await self.next()
            if isinstance(event, kind) and all(
                getattr(event, name) == value for name, value in members.items()
            ):
                return event

    async def close(self) -> None:
        await self._events.aclose()  # type: ignore[attr-defined]


class World:
    """A sandbox switch, its clock, and an adapter whose events are being read."""

    def __init__(self, sandbox: Switch, clock: ManualClock, url: str) -> None:
        self.sandbox = sandbox
        self.clock = clock
        self.url = url
        self._made: list[AsteriskSwitch] = []
        self._heard: list[Heard] = []
        self.switch = self.adapter()
        self.heard = self.listen(self.switch)

    def adapter(
        self,
        *,
        fence: Callable[[], Awaitable[bool]] = always,
        identity: str = "test",
        password: str = "dozvon",
        request_timeout_s: float = 5.0,
    ) -> AsteriskSwitch:
        made = AsteriskSwitch(
            self.url,
            "dozvon",
            password,
            "dozvon",
            clock=self.clock,
            fence=fence,
            identity=identity,
            request_timeout_s=request_timeout_s,
            backoff=Backoff(first_s=1.0, draw=lambda: 1.0),
        )
        self._made.append(made)
        return made

    def listen(self, switch: AsteriskSwitch) -> Heard:
        heard = Heard(switch)
        self._heard.append(heard)
        return heard

    async def arrived(self, number: str = CALLER) -> CallId:
        """A customer calls in and reaches us."""
        self.sandbox.place_call(number, DID)
        return (await self.heard.until(Arrived, number=number)).call_id

    async def ring(self, call_id: CallId, phone: str = "101", **changes: Any) -> LegId:
        leg_id = LegId(f"agent-e{phone}-1")
        fields: dict[str, Any] = {
            "account": "demo",
            "call_id": call_id,
            "leg_id": leg_id,
            "endpoint": f"PJSIP/{phone}",
            "caller_number": CALLER,
            "caller_name": "Иван Петров",
            "timeout_s": 20,
        }
        order = RingOrder(**(fields | changes))
        await self.switch.ring(order)
        return order.leg_id

    async def ringing(self, call_id: CallId, phone: str = "101") -> LegId:
        leg_id = await self.ring(call_id, phone)
        await self.heard.until(LegMoved, leg_id=leg_id, state=LegState.RINGING)
        return leg_id

    async def picked_up(self, leg_id: LegId, phone: str = "101") -> None:
        self.sandbox.phone(phone).pickup()
        await self.heard.until(LegMoved, leg_id=leg_id, state=LegState.UP)

    async def talking(self, number: str = CALLER, phone: str = "101") -> tuple[CallId, LegId]:
        """A customer and an agent hear each other."""
        call_id = await self.arrived(number)
        leg_id = await self.ringing(call_id, phone)
        await self.picked_up(leg_id, phone)
        await self.switch.answer(call_id, CUSTOMER)
        await self.heard.until(LegMoved, leg_id=CUSTOMER, state=LegState.UP)
        await self.switch.connect("demo", call_id, [CUSTOMER, leg_id])
        return call_id, leg_id

    def hears(self, number: str = CALLER) -> str:
        return self.sandbox.customer(number).hears()

    async def nothing_else(self) -> list[SwitchEvent]:
        """What came up to now: another customer calls, and their arrival is read up to."""
        before = len(self.heard.seen)
        await self.arrived("79169999999")
        return self.heard.seen[before:-1]

    async def close(self) -> None:
        for heard in self._heard:
            await heard.close()
        for made in self._made:
            await made.aclose()


@asynccontextmanager
async def world() -> AsyncIterator[World]:
    clock = ManualClock()
    app = create_switch(CONFIG, clock)
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=0, log_level="critical", ws="websockets-sansio")
    )
    serving = asyncio.create_task(server.serve())
    async with asyncio.timeout(DEADLINE_S):
        while not server.started:  # noqa: ASYNC110  # uvicorn has no event to wait for
            await asyncio.sleep(0.005)
    port = server.servers[0].sockets[0].getsockname()[1]
    made = World(app.state.switch, clock, f"http://127.0.0.1:{port}")
    try:
        await made.heard.until(SwitchConnected)
        yield made
    finally:
        await made.close()
        server.should_exit = True
        await asyncio.wait_for(serving, DEADLINE_S)
