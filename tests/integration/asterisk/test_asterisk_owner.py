"""The owner of calls on the real adapter: what an operator's tab is shown while phones ring."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from backend.bus.memory import MemoryBus
from backend.domain.scenario import Device, Scenario, Step
from backend.services.calls import CallOwner
from backend.services.ports import Delivery, Lease, me_stream
from backend.services.routing import AccountRoute, EmployeeRoute, RoutingTable, VirtualNumber
from protocol.vocabulary import AccountId, EmployeeId
from tests.fakes import FakeCallers, FakeJournal
from tests.integration.asterisk.world import CALLER, DEADLINE_S, DID, World

ACCOUNT = AccountId("acc")
ANNA, BORIS = EmployeeId("anna"), EmployeeId("boris")
PHONES = {ANNA: "101", BORIS: "102"}


def route() -> AccountRoute:
    scenario = Scenario(name="Sales", steps=(Step(employees=(ANNA, BORIS), timeout_s=20),))
    return AccountRoute(
        account_id=ACCOUNT,
        slug="demo",
        connection_id="switch-1",
        virtual_numbers=(VirtualNumber(number=f"+{DID}", name="Main line", scenario=scenario),),
        employees={
            who: EmployeeRoute(
                employee_id=who,
                name=who.title(),
                extension=phone,
                devices=(
                    Device(
                        priority=1,
                        kind="desk",
                        endpoint=f"PJSIP/{phone}",
                        label=phone,
                        auto_answer=True,
                    ),
                ),
            )
            for who, phone in PHONES.items()
        },
    )


class Tabs:
    """What each operator's stream brought, and the owner that says so."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.bus = MemoryBus(world.clock)
        self.journal = FakeJournal()
        self.routing = RoutingTable()
        self.routing.replace(route())
        self.seen: dict[EmployeeId, list[str]] = {ANNA: [], BORIS: []}

    @asynccontextmanager
    async def owned(self, token: int) -> AsyncIterator[None]:
        """An owner runs while inside; afterwards it is gone without a word, as when killed."""
        world = self.world
        adapter = world.adapter()
        lease = Lease("switch:1", "me", token, world.clock.now() + timedelta(days=1))
        owner = CallOwner(
            connection_id="switch-1",
            switch=adapter,
            bus=self.bus,
            journal=self.journal,
            lease=lambda: lease,
            routing=self.routing,
            callers=FakeCallers(),
            clock=world.clock,
        )
        running = asyncio.create_task(owner.run())
        try:
            await self.until(lambda: world.sandbox.hub.active("dozvon"))
            yield
        finally:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running
            await adapter.aclose()
            await self.until(lambda: not world.sandbox.hub.active("dozvon"))

    def listener(self, who: EmployeeId) -> Callable[[Delivery], None]:
        def hear(delivery: Delivery) -> None:
            push: dict[str, Any] = json.loads(delivery.frame)
            if push["type"].startswith("call."):
                self.seen[who].append(f"{push['type']}:{push.get('state') or push.get('reason')}")

        return hear

    def last(self, who: EmployeeId) -> str:
        return self.seen[who][-1] if self.seen[who] else ""

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while not condition():  # noqa: ASYNC110  # conditions of many parties
                await asyncio.sleep(0.005)

    def ringing(self) -> bool:
        return all(
            any(call.state == "Ringing" for call in self.world.sandbox.phone(phone).calls)
            for phone in PHONES.values()
        )


@pytest.fixture
async def tabs(world: World) -> AsyncIterator[Tabs]:
    await world.heard.close()
    made = Tabs(world)
    async with AsyncExitStack() as stack:
        for who in made.seen:
            follow = made.bus.follow(me_stream(ACCOUNT, who), made.listener(who))
            await stack.enter_async_context(follow)
        yield made


async def test_both_ring_one_answers_the_other_card_goes(tabs: Tabs) -> None:
    async with tabs.owned(1):
        tabs.world.sandbox.place_call(CALLER, DID)
        await tabs.until(tabs.ringing)
        assert tabs.last(ANNA) == tabs.last(BORIS) == "call.changed:ringing"
        tabs.world.sandbox.phone("102").pickup()
        await tabs.until(lambda: tabs.world.hears() == "person")
        await tabs.until(lambda: tabs.last(ANNA) == "call.removed:answered_elsewhere")
        await tabs.until(lambda: tabs.last(BORIS) == "call.changed:talking")
        await tabs.until(lambda: tabs.world.sandbox.phone("101").calls == [])
        tabs.world.sandbox.customer(CALLER).hang_up()
        await tabs.until(lambda: tabs.last(BORIS) == "call.changed:ended")
        await tabs.until(lambda: tabs.world.sandbox.engine.channels == {})


@pytest.mark.feature("R7")
async def test_an_owner_dies_while_people_talk_and_the_next_takes_the_talk_over(
    tabs: Tabs,
) -> None:
    async with tabs.owned(1):
        tabs.world.sandbox.place_call(CALLER, DID)
        await tabs.until(tabs.ringing)
        tabs.world.sandbox.phone("101").pickup()
        await tabs.until(lambda: tabs.world.hears() == "person")
        await tabs.until(lambda: tabs.last(ANNA) == "call.changed:talking")
    assert tabs.world.hears() == "person"
    before = len(tabs.seen[ANNA])
    async with tabs.owned(2):
        await tabs.until(lambda: len(tabs.seen[ANNA]) > before)
        assert tabs.last(ANNA) == "call.changed:talking"
        assert tabs.world.hears() == "person"
        tabs.world.sandbox.phone("101").hang_up()
        await tabs.until(lambda: tabs.last(ANNA) == "call.changed:ended")
        await tabs.until(lambda: tabs.world.sandbox.engine.channels == {})


async def test_the_caller_gives_up_and_every_phone_falls_silent(tabs: Tabs) -> None:
    async with tabs.owned(1):
        tabs.world.sandbox.place_call(CALLER, DID)
        await tabs.until(tabs.ringing)
        tabs.world.sandbox.customer(CALLER).hang_up()
        await tabs.until(lambda: tabs.world.sandbox.engine.channels == {})
        await tabs.until(lambda: tabs.last(ANNA) == "call.removed:abandoned")
        await tabs.until(lambda: tabs.last(BORIS) == "call.removed:abandoned")
