"""A call owner on fakes, with two operators and a manager, and words for what customers do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from backend.bus.memory import MemoryBus
from backend.domain.call import Call
from backend.domain.scenario import AnyStep, Device, Scenario, linked
from backend.kit.clock import ManualClock
from backend.services.calls import CallOwner, CallsClient
from backend.services.calls.hooks import Ways
from backend.services.calls.idle import LastTalks
from backend.services.ports import (
    Arrived,
    HoldReported,
    Lease,
    LegEnded,
    LegMoved,
    LiveCall,
    SwitchConnected,
    me_stream,
)
from backend.services.ports.last_numbers import LastNumbers
from backend.services.routing import AccountRoute, EmployeeRoute, RoutingTable, VirtualNumber
from protocol.vocabulary import (
    AccountId,
    AgentStatus,
    CallId,
    EmployeeId,
    HangupCause,
    LegId,
    LegState,
)
from tests.fakes import FakeCallers, FakeJournal, FakeManagers, FakeSwitch, idle

ACC = AccountId("acc")
ANNA, BORIS, VERA = EmployeeId("anna"), EmployeeId("boris"), EmployeeId("vera")
CUSTOMER = LegId("customer-0")
NUMBER = "+79161234567"
LINE = "+74951112233"
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def device(name: str, priority: int = 1, *, kind: str = "desk", auto: bool = True) -> Device:
    return Device(
        priority=priority,
        kind="mobile" if kind == "mobile" else "desk",
        endpoint=f"PJSIP/{name}",
        label=f"Phone {name}",
        auto_answer=auto,
    )


def employee(
    employee_id: EmployeeId, extension: str, *devices: Device, status: str = "available"
) -> EmployeeRoute:
    return EmployeeRoute(
        employee_id=employee_id,
        name=employee_id.title(),
        extension=extension,
        devices=devices or (device(extension),),
        status=AgentStatus(status),
    )


def account(
    *steps: AnyStep, people: tuple[EmployeeRoute, ...] = (), final: str = "no_answer"
) -> AccountRoute:
    staff = people or (employee(ANNA, "101"), employee(BORIS, "102"), employee(VERA, "103"))
    # As routing has it: with the end behind its steps.
    sales = Scenario(name="Sales", steps=steps, final="busy" if final == "busy" else "no_answer")
    scenario = linked({"sales": sales})["sales"]
    return AccountRoute(
        account_id=ACC,
        slug="demo",
        connection_id="switch-1",
        virtual_numbers=(VirtualNumber(number=LINE, name="Main line", scenario=scenario),),
        employees={e.employee_id: e for e in staff},
        trunk="PJSIP/{digits}@trunk",
        caller_id=LINE,
    )


class Stage:
    """One owner and everything around it."""

    def __init__(
        self,
        route: AccountRoute,
        *,
        token: int = 1,
        talks: LastTalks | None = None,
        notice: str = "",
        ways: Ways | None = None,
        last_numbers: LastNumbers | None = None,
    ) -> None:
        self.talks = talks
        self.notice = notice
        """What a customer hears who lost the operator."""
        self.ways = ways
        self.last_numbers = last_numbers
        self.clock = ManualClock(START)
        self.bus = MemoryBus(self.clock)
        self.journal = FakeJournal()
        self.callers = FakeCallers(names={NUMBER: "Ivan"})
        self.passed: list[tuple[EmployeeId, str]] = []
        """Whom a call went past, and its number."""
        self.ready: set[EmployeeId] = set()
        """Whose browser is proven ready."""
        self.watch: Callable[[Call], None] = lambda _call: None
        """Told of every call that changed."""
        self.managers = FakeManagers()
        self.routing = RoutingTable()
        self.routing.replace(route)
        self.seen: dict[EmployeeId, list[dict[str, Any]]] = {e: [] for e in route.employees}
        self.colleagues: list[dict[str, Any]] = []
        self.account: list[dict[str, Any]] = []
        self.client = CallsClient(self.bus)
        self.token = token
        self.lease: Lease | None = None
        self.new_owner()

    def new_owner(self) -> None:
        """As after a restart: an empty memory, a new lease, the same journal and bus."""
        self.lease = Lease("switch:1", "me", self.token, START + timedelta(days=1))
        self.token += 1
        self.switch = FakeSwitch()
        self.owner = CallOwner(
            connection_id="switch-1",
            switch=self.switch,
            bus=self.bus,
            journal=self.journal,
            lease=lambda: self.lease,
            routing=self.routing,
            callers=self.callers,
            managers=self.managers,
            talks=self.talks,
            rescue_notice=self.notice,
            ways=self.ways,
            last_numbers=self.last_numbers,
            browser_ready=lambda _, who: who in self.ready,
            passed=lambda _, who, number: self.passed.append((who, number)),
            watch=lambda call: self.watch(call),
            clock=self.clock,
        )

    # ── what the switch reports ──

    def now(self) -> datetime:
        return self.clock.now()

    async def connected(self, *calls: LiveCall) -> None:
        self.switch.emit(SwitchConnected(calls=calls, at=self.now()))
        await idle()

    async def arrives(self, call: str = "c1", number: str = NUMBER) -> None:
        self.switch.emit(
            Arrived(
                call_id=CallId(call),
                leg_id=CUSTOMER,
                number=number,
                dialed="74951112233",
                at=self.now(),
            )
        )
        await idle()

    async def leg(self, leg_id: str, state: str, call: str = "c1") -> None:
        self.switch.emit(
            LegMoved(
                call_id=CallId(call), leg_id=LegId(leg_id), state=LegState(state), at=self.now()
            )
        )
        await idle()

    async def gone(self, leg_id: str, cause: str = "normal", call: str = "c1") -> None:
        self.switch.emit(
            LegEnded(
                call_id=CallId(call), leg_id=LegId(leg_id), cause=HangupCause(cause), at=self.now()
            )
        )
        await idle()

    async def held(self, *, on: bool, call: str = "c1") -> None:
        self.switch.emit(HoldReported(call_id=CallId(call), on=on, at=self.now()))
        await idle()

    async def wait(self, seconds: float) -> None:
        await self.clock.advance(seconds)
        await idle()

    # ── what people see ──

    def tags(self, who: EmployeeId) -> list[str]:
        return [
            f"{p['type']}:{p.get('state') or p.get('reason')}"
            for p in self.seen[who]
            if p["type"].startswith("call.")
        ]

    def last(self, who: EmployeeId) -> dict[str, Any]:
        return [p for p in self.seen[who] if p["type"].startswith("call.")][-1]

    def busy(self) -> list[tuple[str, str]]:
        return [(p["employee_id"], p["busy"]) for p in self.colleagues]

    async def cards(self, who: EmployeeId) -> list[dict[str, Any]]:
        """The cards a tab opened now would show."""
        read = await self.bus.read(me_stream(ACC, who), None)
        found = [json.loads(d.frame) for d in read.deliveries]
        return [p for p in found if p["type"] == "call.changed"]


@asynccontextmanager
async def playing(stage: Stage) -> AsyncIterator[Stage]:
    """The owner runs and every push is written down."""
    from contextlib import AsyncExitStack

    async with AsyncExitStack() as stack:
        for who, seen in stage.seen.items():
            listen = lambda d, seen=seen: seen.append(json.loads(d.frame))  # noqa: E731
            await stack.enter_async_context(stage.bus.follow(me_stream(ACC, who), listen))
        for key, seen in (
            (f"colleagues:{ACC}", stage.colleagues),
            (f"account:{ACC}", stage.account),
        ):
            listen = lambda d, seen=seen: seen.append(json.loads(d.frame))  # noqa: E731
            await stack.enter_async_context(stage.bus.follow(key, listen))
        async with running(stage):
            await stage.connected()
            yield stage


@asynccontextmanager
async def running(stage: Stage) -> AsyncIterator[None]:
    """The present owner runs while inside."""
    task = asyncio.create_task(stage.owner.run())
    await idle()
    try:
        yield
    finally:
        stage.switch.end()
        await task
