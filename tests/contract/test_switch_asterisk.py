"""The switch contract, kept by the Asterisk adapter on the sandbox switch."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, TypeVar

import pytest

from backend.sandbox.ari import Script
from backend.sandbox.media.tones import NOTICE_HZ
from backend.services.ports import Switch, SwitchEvent, SwitchRecordings, Towards
from backend.telephony.asterisk import AsteriskRecordings
from tests.contract.switch_suite import (
    Confers,
    HeardEarly,
    Messages,
    Mutes,
    Records,
    SwitchContract,
)
from tests.integration.asterisk.world import DEADLINE_S, DID, World, world

E = TypeVar("E", bound=SwitchEvent)


class AsteriskStage:
    """The sandbox's people, moved by hand. Time passes in steps that leave sockets a turn."""

    phones = ("PJSIP/101", "PJSIP/102")
    missing_phone = "PJSIP/103"
    slack_s = 0.0

    def __init__(self, made: World, recordings: AsteriskRecordings) -> None:
        self._world = made
        self._recordings = recordings

    def outside(self, number: str) -> Towards:
        return Towards(endpoint=f"PJSIP/{number}@trunk-demo", shown=DID)

    @property
    def switch(self) -> Switch:
        return self._world.switch

    @property
    def recordings(self) -> SwitchRecordings:
        return self._recordings

    async def until(self, kind: type[E], **members: Any) -> E:
        return await self._world.heard.until(kind, **members)

    async def told_since(self) -> list[SwitchEvent]:
        return await self._world.nothing_else()

    async def calls_in(self, number: str) -> None:
        self._world.sandbox.place_call(number, DID, script=Script(patience_s=None))

    async def gives_up(self, number: str) -> None:
        self._world.sandbox.customer(number).hang_up()

    async def picks_up(self, endpoint: str) -> None:
        self._world.sandbox.phone(endpoint).pickup()

    async def says_busy(self, endpoint: str) -> None:
        self._world.sandbox.phone(endpoint).decline(sip_code=486)

    async def time_passes(self, seconds: float) -> None:
        await self._world.clock.advance(seconds)

    async def is_muted(self, endpoint: str) -> bool:
        channels = self._world.sandbox.engine.channels.values()
        return any(c.endpoint == endpoint and "in" in c.muted for c in channels)

    async def keys_heard(self, number: str) -> str:
        return self._world.sandbox.customer(number).heard_keys.replace("ww", ",")

    async def announces(self, number: str) -> None:
        self._world.sandbox.customer(number).announce()

    async def answers(self, number: str) -> None:
        self._world.sandbox.customer(number).answer()

    async def refuses(self, number: str, sip_code: int) -> None:
        customer = self._world.sandbox.customer(number)
        assert customer.channel is not None
        self._world.sandbox.dialing.refused(customer.channel, sip_code)

    async def hears_the_network(self, endpoint: str) -> None:
        sandbox = self._world.sandbox
        heard = sandbox.plane.heard(sandbox.phone(endpoint).calls[0])
        assert heard.hz == pytest.approx(NOTICE_HZ, abs=5)

    async def loses_contact(self) -> None:
        self._world.sandbox.cut_sockets()
        async with asyncio.timeout(DEADLINE_S):
            while self._world.sandbox.hub.active("dozvon"):  # noqa: ASYNC110  # no event for it
                await asyncio.sleep(0.005)


@pytest.fixture
async def stage() -> AsyncIterator[AsteriskStage]:
    async with world() as made:
        recordings = AsteriskRecordings(made.url, "dozvon", "dozvon")
        yield AsteriskStage(made, recordings)
        await recordings.aclose()


@pytest.mark.feature("T")
class TestAsteriskSwitch(Mutes, Confers, Records, Messages, HeardEarly, SwitchContract):
    """Every rule of the contract."""
