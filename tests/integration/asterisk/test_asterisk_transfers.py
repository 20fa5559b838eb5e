"""Transfers on the real adapter: who hears whom on the switch, and what the recording has (P10)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from backend.services.calls import CallsClient
from backend.services.ports import me_stream
from protocol.commands import AnyCommand
from protocol.transfers import CancelTransfer, CompleteTransfer, LeaveCall, MergeCall, TransferCall
from protocol.vocabulary import CallId, CommandId, EmployeeId
from tests.integration.asterisk.test_asterisk_owner import ACCOUNT, ANNA, BORIS, Tabs
from tests.integration.asterisk.world import CALLER, DID, World


class Passing(Tabs):
    """Operators who pass a customer on, and whoever listens on the switch."""

    async def ask(self, who: EmployeeId, command: AnyCommand) -> None:
        await CallsClient(self.bus).send(ACCOUNT, who, command)

    async def anna_talks(self) -> CallId:
        self.world.sandbox.place_call(CALLER, DID)
        await self.until(self.ringing)
        self.world.sandbox.phone("101").pickup()
        await self.until(lambda: self.world.hears() == "person")
        read = await self.bus.read(me_stream(ACCOUNT, ANNA), None)
        cards = [json.loads(delivery.frame) for delivery in read.deliveries]
        return CallId(next(card["call_id"] for card in cards if card["type"] == "call.changed"))

    async def passes(self, call: CallId, kind: str) -> None:
        wish = TransferCall(
            id=CommandId(f"transfer-{kind}"),
            call_id=call,
            kind="blind" if kind == "blind" else "attended",
            employee_id=BORIS,
        )
        await self.ask(ANNA, wish)
        await self.until(lambda: self.rings("102"))

    def rings(self, phone: str) -> bool:
        return any(call.state == "Ringing" for call in self.world.sandbox.phone(phone).calls)

    def rooms(self) -> list[set[str]]:
        """Who is in which bridge, by the end of the phones' names."""
        engine = self.world.sandbox.engine
        rooms = [
            {engine.channels[member].endpoint.rpartition("/")[2] for member in bridge.members}
            for bridge in engine.bridges.values()
        ]
        return sorted(rooms, key=len)

    async def everybody_is_gone(self) -> None:
        engine = self.world.sandbox.engine
        await self.until(lambda: not engine.channels and not engine.bridges)


@pytest.fixture
async def passing(world: World) -> AsyncIterator[Passing]:
    await world.heard.close()
    made = Passing(world)
    async with AsyncExitStack() as stack:
        for who in made.seen:
            follow = made.bus.follow(me_stream(ACCOUNT, who), made.listener(who))
            await stack.enter_async_context(follow)
        yield made


@pytest.mark.feature("W6")
async def test_a_blind_transfer_is_music_then_another_voice(passing: Passing) -> None:
    async with passing.owned(1):
        call = await passing.anna_talks()
        await passing.passes(call, "blind")
        assert passing.world.hears() == "music"
        await passing.until(lambda: passing.world.sandbox.phone("101").calls == [])
        passing.world.sandbox.phone("102").pickup()
        await passing.until(lambda: passing.world.hears() == "person")
        await passing.until(lambda: passing.last(BORIS) == "call.changed:talking")
        passing.world.sandbox.phone("102").hang_up()
        await passing.everybody_is_gone()


@pytest.mark.feature("W6")
async def test_a_consultation_is_in_a_room_of_its_own_and_leaves_one_record_without_it(
    passing: Passing,
) -> None:
    """One recording for the call, of the customer's room: what the colleagues say among
    themselves is no part of it, and its length is the call's (P10)."""
    sandbox, clock = passing.world.sandbox, passing.world.clock
    async with passing.owned(1):
        call = await passing.anna_talks()
        await passing.until(lambda: bool(sandbox.media.live))
        (recording,) = sandbox.media.live.values()
        await passing.until(lambda: recording.hears.voices == 2)
        await clock.advance(5)
        await passing.passes(call, "attended")
        assert passing.world.hears() == "music"
        sandbox.phone("102").pickup()
        await passing.until(lambda: {"101", "102"} in passing.rooms())
        await passing.until(lambda: recording.hears.kind == "silence")
        await clock.advance(3)
        assert passing.world.hears() == "music"
        await passing.ask(ANNA, CompleteTransfer(id=CommandId("complete-1"), call_id=call))
        await passing.until(lambda: passing.world.hears() == "person")
        await passing.until(lambda: sandbox.phone("101").calls == [])
        await passing.until(lambda: recording.hears.voices == 2)
        await clock.advance(4)
        sandbox.customer(CALLER).hang_up()
        await passing.everybody_is_gone()
        (stored,) = sandbox.media.stored.values()
        talked = sum(part.seconds for part in stored.parts if part.kind == "talk")
        assert sum(part.seconds for part in stored.parts) == pytest.approx(12)
        assert talked == pytest.approx(9)
        await clock.advance(3)
        await passing.until(lambda: call in passing.journal.finished)
        kept = passing.journal.finished[call]
        assert (kept.answered_by, kept.last_talked_by) == (ANNA, BORIS)
        legs = {leg.employee_id: leg for leg in kept.legs if leg.joined_at is not None}
        first, last = legs[ANNA], legs[BORIS]
        assert first.left_at == last.joined_at, "one after the other, without a gap"


@pytest.mark.feature("W6")
async def test_three_in_one_room_and_two_stay(passing: Passing) -> None:
    async with passing.owned(1):
        call = await passing.anna_talks()
        await passing.passes(call, "attended")
        passing.world.sandbox.phone("102").pickup()
        await passing.until(lambda: {"101", "102"} in passing.rooms())
        await passing.ask(ANNA, MergeCall(id=CommandId("merge-01"), call_id=call))
        await passing.until(lambda: len(passing.rooms()[-1]) == 3)
        await passing.until(lambda: passing.world.hears() == "person")
        await passing.ask(ANNA, LeaveCall(id=CommandId("leave-01"), call_id=call))
        await passing.until(lambda: passing.world.sandbox.phone("101").calls == [])
        assert passing.world.hears() == "person"
        passing.world.sandbox.phone("102").hang_up()
        await passing.everybody_is_gone()


@pytest.mark.feature("R8")
@pytest.mark.parametrize("how", ["declined", "cancelled", "left"])
async def test_what_fails_gives_the_customer_back(passing: Passing, how: str) -> None:
    async with passing.owned(1):
        call = await passing.anna_talks()
        await passing.passes(call, "attended")
        phone = passing.world.sandbox.phone("102")
        if how == "declined":
            phone.decline()
        elif how == "cancelled":
            await passing.ask(ANNA, CancelTransfer(id=CommandId("cancel-1"), call_id=call))
        else:
            phone.pickup()
            await passing.until(lambda: {"101", "102"} in passing.rooms())
            phone.hang_up()
        await passing.until(lambda: passing.world.hears() == "person")
        await passing.until(lambda: passing.last(ANNA) == "call.changed:talking")
        await passing.until(lambda: phone.calls == [])


@pytest.mark.feature("R8")
async def test_an_owner_dies_in_the_middle_and_the_next_completes_it(passing: Passing) -> None:
    async with passing.owned(1):
        call = await passing.anna_talks()
        await passing.passes(call, "attended")
        passing.world.sandbox.phone("102").pickup()
        await passing.until(lambda: {"101", "102"} in passing.rooms())
    assert passing.world.hears() == "music"
    before = len(passing.seen[ANNA])
    async with passing.owned(2):
        await passing.until(lambda: len(passing.seen[ANNA]) > before)
        await passing.ask(ANNA, CompleteTransfer(id=CommandId("complete-2"), call_id=call))
        await passing.until(lambda: passing.world.hears() == "person")
        await passing.until(lambda: passing.world.sandbox.phone("101").calls == [])
        passing.world.sandbox.customer(CALLER).hang_up()
        await passing.everybody_is_gone()
