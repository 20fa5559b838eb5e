"""A switch that reports calls to a real call owner in the measured process, without a network.

What lies between a report and a tab's frame is production code: the owner applies the report,
offers the call, and publishes the card. Twins stand for the disk and the switch, neither of which
a push waits for, and for the contact index, which also carries the stamp of the moment the switch
reported: the caller's name is `@<monotonic ns>`.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from datetime import timedelta

from backend.domain.scenario import Device, Scenario, Step
from backend.kit.clock import SystemClock
from backend.services.calls import CallOwner
from backend.services.ports import Arrived, Bus, Lease, LegEnded, SwitchConnected
from backend.services.routing import AccountRoute, EmployeeRoute, RoutingTable, VirtualNumber
from protocol.vocabulary import AccountId, CallId, EmployeeId, HangupCause, LegId
from tests.fakes import FakeCallers, FakeJournal, FakeSwitch

_CUSTOMER = LegId("customer-0")
_AT_ONCE = 20
"""Calls that ring at a time; for each new one the oldest is abandoned."""


@dataclass
class StampedCallers(FakeCallers):
    """Knows each number by the moment its call was reported; asks no CRM, remembers nothing."""

    def look_up(self, *_: object) -> None: ...

    def forget(self, *_: object) -> None: ...


class ForgetfulSwitch(FakeSwitch):
    """Obeys and keeps nothing: a run gives tens of thousands of orders."""

    def _obey(self, name: str, *arguments: object) -> None: ...


class ForgetfulJournal(FakeJournal):
    """Takes entries as fast as the real one, which does not wait for the disk either."""

    def append(self, entry: object) -> None: ...


@dataclass
class Switchboard:
    """Calls for `sessions` employees, each with a number of their own."""

    bus: Bus
    switch: FakeSwitch = field(default_factory=ForgetfulSwitch)
    callers: StampedCallers = field(default_factory=StampedCallers)
    ringing: list[tuple[CallId, str]] = field(default_factory=list)
    calls: int = 0
    running: asyncio.Task[None] | None = None

    async def open(self, sessions: int, per_account: int) -> None:
        clock = SystemClock()
        routing = RoutingTable()
        for first in range(0, sessions, per_account):
            routing.replace(_route(first // per_account, range(first, first + per_account)))
        lease = Lease("switch:bench", "bench", 1, clock.now() + timedelta(days=1))
        owner = CallOwner(
            connection_id="bench",
            switch=self.switch,
            bus=self.bus,
            journal=ForgetfulJournal(),
            lease=lambda: lease,
            routing=routing,
            callers=self.callers,
            clock=clock,
        )
        self.running = asyncio.create_task(owner.run())
        self.switch.emit(SwitchConnected(calls=(), at=clock.now()))

    def report(self, number: int) -> None:
        """The switch says that somebody calls employee `number`."""
        now = SystemClock().now()
        self.calls += 1
        call_id, caller = CallId(f"call-{self.calls}"), f"+7900{self.calls:07d}"
        self.callers.names[caller] = f"@{time.monotonic_ns()}"
        self.ringing.append((call_id, caller))
        self.switch.emit(
            Arrived(call_id=call_id, leg_id=_CUSTOMER, number=caller, dialed=_line(number), at=now)
        )
        if len(self.ringing) > _AT_ONCE:
            self._abandon()

    def _abandon(self) -> None:
        call_id, caller = self.ringing.pop(0)
        self.callers.names.pop(caller)
        self.switch.emit(
            LegEnded(
                call_id=call_id,
                leg_id=_CUSTOMER,
                cause=HangupCause.NORMAL,
                at=SystemClock().now(),
            )
        )

    async def close(self) -> None:
        if self.running is not None:
            self.switch.end()
            await self.running


def _line(number: int) -> str:
    return f"+7495{number:07d}"


def _route(account: int, numbers: range) -> AccountRoute:
    def employee(number: int) -> EmployeeRoute:
        desk = Device(
            priority=1,
            kind="desk",
            endpoint=f"PJSIP/{number}",
            label="Desk phone",
            auto_answer=True,
        )
        return EmployeeRoute(
            employee_id=EmployeeId(f"e{number}"),
            name=f"Employee {number}",
            extension=str(100 + number),
            devices=(desk,),
        )

    def line(number: int) -> VirtualNumber:
        scenario = Scenario(
            name="Sales", steps=(Step(employees=(EmployeeId(f"e{number}"),), timeout_s=60),)
        )
        return VirtualNumber(number=_line(number), name="Main line", scenario=scenario)

    return AccountRoute(
        account_id=AccountId(f"a{account}"),
        slug=f"a{account}",
        connection_id="bench",
        virtual_numbers=tuple(map(line, numbers)),
        employees={EmployeeId(f"e{n}"): employee(n) for n in numbers},
    )
