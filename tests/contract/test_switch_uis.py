"""The switch contract, kept by the UIS adapter on the sandbox cloud."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, TypeVar

import httpx
import pytest

from backend.errors import SwitchRefused
from backend.services.ports import (
    Arrived,
    LegMoved,
    Switch,
    SwitchEvent,
    SwitchRecordings,
    Towards,
)
from backend.telephony.uis import UisRecordings
from protocol.vocabulary import CallId, LegId, LegState
from tests.contract.switch_suite import RecordsByCommand, SwitchContract, SwitchStage, order
from tests.integration.uis.world import ANNA, BORIS, CONFIG, DID, TOKEN, World, world

E = TypeVar("E", bound=SwitchEvent)


class UisStage:
    """The sandbox's people, moved by hand. Contact is lost when nothing answers any more."""

    phones = (f"UIS/11:{ANNA}", f"UIS/12:{BORIS}")
    missing_phone = "UIS/99:0700999"
    slack_s = 0.0

    def __init__(self, made: World, recordings: UisRecordings) -> None:
        self._world = made
        self._recordings = recordings

    def outside(self, number: str) -> Towards:
        return Towards(endpoint=f"UIS/+{number}", shown=f"+{DID}")

    @property
    def switch(self) -> Switch:
        return self._world.switch

    @property
    def recordings(self) -> SwitchRecordings:
        return self._recordings

    async def until(self, kind: type[E], **members: Any) -> E:
        return await self._world.heard.until(kind, **members)

    async def told_since(self) -> list[SwitchEvent]:
        return await self._world.heard.since()

    async def calls_in(self, number: str) -> None:
        self._world.cloud.place_call(number, DID)

    async def gives_up(self, number: str) -> None:
        self._world.cloud.hang_up(number)
        await self._world.heard.settle()

    async def picks_up(self, endpoint: str) -> None:
        self._world.cloud.pick_up(_number(endpoint))

    async def says_busy(self, endpoint: str) -> None:
        self._world.cloud.decline(_number(endpoint), "operator_busy")

    async def is_muted(self, endpoint: str) -> bool:
        return False

    async def keys_heard(self, number: str) -> str:
        """A second between two keys is a comma."""
        await self.time_passes(2)
        heard, last = "", None
        for at, key in self._world.cloud.of(number).keys:
            if last is not None and (at - last).total_seconds() >= 1:
                heard += ","
            heard, last = heard + key, at
        return heard

    async def time_passes(self, seconds: float) -> None:
        self._world.cloud.down = False
        await self._world.clock.advance(seconds)
        await self._world.heard.settle()

    def refuses_next(self, mnemonic: str) -> None:
        self._world.app.state.call_api.refuse = mnemonic

    async def loses_contact(self) -> None:
        self._world.cloud.down = True
        for _ in range(70):
            await self._world.clock.advance(0.5)
            await self._world.heard.settle()


def _number(endpoint: str) -> str:
    return endpoint.rpartition(":")[2]


@pytest.fixture
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[UisStage]:
    ours = bool(getattr(request.cls, "records_by_command", False))
    config = replace(CONFIG, records_all=not ours)
    async with world(config, records_by_command=ours) as made:
        recordings = UisRecordings(
            "http://cloud.test/v2.0",
            TOKEN,
            clock=made.clock,
            identity="test",
            transport=httpx.ASGITransport(made.app),
        )
        yield UisStage(made, recordings)
        await recordings.aclose()


@pytest.mark.feature("T")
class TestUisSwitch(SwitchContract):
    """What every engine keeps; what this one cannot do it declares, and refuses."""

    async def test_what_it_cannot_do_it_refuses(self, stage: SwitchStage) -> None:
        switch, call_id, leg_id = stage.switch, CallId("c1"), LegId("agent-e1-1")
        with pytest.raises(SwitchRefused):
            await switch.mute(call_id, leg_id, on=True)
        with pytest.raises(SwitchRefused):
            await switch.play(call_id, leg_id, "hello-world")
        with pytest.raises(SwitchRefused):
            await switch.take_message(call_id, leg_id, "voice-1", max_s=5)
        with pytest.raises(SwitchRefused):
            await switch.announce_recording(call_id)


class TestUisSwitchThatRecordsByCommand(RecordsByCommand, SwitchContract):
    """An account whose own rules record nobody."""

    records_by_command = True

    async def test_a_pause_that_the_cloud_refuses_is_none(self, stage: UisStage) -> None:
        await stage.calls_in("79160000001")
        arrived = await stage.until(Arrived)
        leg = order(stage, arrived.call_id, stage.phones[0])
        await stage.switch.ring(leg)
        await stage.until(LegMoved, leg_id=leg.leg_id, state=LegState.RINGING)
        await stage.picks_up(stage.phones[0])
        await stage.until(LegMoved, leg_id=leg.leg_id, state=LegState.UP)
        await stage.switch.record(arrived.call_id, "talk-1")
        stage.refuses_next("forbidden")
        with pytest.raises(SwitchRefused):
            await stage.switch.mute_recording("talk-1", on=True)
