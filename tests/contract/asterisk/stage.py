"""The contract's stage on a running Asterisk: browsers' telephones, and a network on its trunk."""

from __future__ import annotations

import asyncio
import secrets
import wave
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from io import BytesIO
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx

from backend.kit.backoff import Backoff
from backend.kit.clock import ManualClock
from backend.services.ports import (
    Arrived,
    BrowserLine,
    Switch,
    SwitchConnected,
    SwitchEvent,
    SwitchRecordings,
    Towards,
)
from backend.telephony.asterisk import AsteriskLines, AsteriskRecordings, AsteriskSwitch
from tests.contract.asterisk.pipe import Pipe, pipe
from tests.contract.asterisk.place import Place
from tests.contract.asterisk.provider import EARLY_HZ, Line, Provider, provider
from tests.contract.asterisk.sound import DEADLINE_S
from tests.sandbox.ari.softphone import Softphone, Talk, softphone

DID = "74951230001"
APP = "dozvon"
PHONE_HZ = 1300
_RECONNECT_S = 60
"""A step of the contract's time that is only waited for by our own clock."""

E = TypeVar("E", bound=SwitchEvent)


class RealStage:
    phones = ("PJSIP/contract-b101", "PJSIP/contract-b102")
    missing_phone = "PJSIP/contract-b103"
    slack_s = 0.8
    """How far from a whole number of seconds a recording of them may be."""

    def __init__(
        self,
        place: Place,
        switch: AsteriskSwitch,
        recordings: AsteriskRecordings,
        clock: ManualClock,
        network: Provider,
        telephones: dict[str, Softphone],
        way: Pipe,
        http: httpx.AsyncClient,
    ) -> None:
        self.place, self.network, self.clock = place, network, clock
        self.http = http
        self.talks: dict[str, Talk] = {}
        """By endpoint, from the moment it rings."""
        self.callers: dict[str, Line] = {}
        """By number, those who called in."""
        self.called: Line | None = None
        """The latest of those the switch called."""
        self.seen: list[SwitchEvent] = []
        self._switch, self._recordings = switch, recordings
        self._telephones, self._way = telephones, way
        self._events = switch.events()
        self._ringers = [
            asyncio.create_task(self._rings(endpoint, phone))
            for endpoint, phone in telephones.items()
        ]

    @property
    def switch(self) -> Switch:
        return self._switch

    @property
    def recordings(self) -> SwitchRecordings:
        return self._recordings

    def outside(self, number: str) -> Towards:
        return Towards(endpoint=f"PJSIP/{number}@{self.place.trunk}", shown=DID)

    async def next(self) -> SwitchEvent:
        event = await asyncio.wait_for(anext(self._events), DEADLINE_S)
        self.seen.append(event)
        return event

    async def until(self, kind: type[E], **members: Any) -> E:
        while True:
            event = await self.next()
            if isinstance(event, kind) and all(
                getattr(event, name) == value for name, value in members.items()
            ):
                return event

    async def told_since(self) -> list[SwitchEvent]:
        before = len(self.seen)
        line = await self.network.call("79169999999", DID)
        await self.until(Arrived, number="79169999999")
        line.hang_up()
        return self.seen[before:-1]

    async def calls_in(self, number: str) -> None:
        self.callers[number] = await self.network.call(number, DID)

    async def gives_up(self, number: str) -> None:
        line = self.callers[number]
        line.hang_up()
        while any(  # noqa: ASYNC110  # theirs
            channel["caller"]["number"] == number
            and channel["name"].startswith(f"PJSIP/{self.place.trunk}-")
            for channel in await self.channels()
        ):
            await asyncio.sleep(0.02)

    async def picks_up(self, endpoint: str) -> None:
        hz = PHONE_HZ + 10 * int(endpoint[-2:])
        await self.talks[endpoint].answer(hz)

    async def says_busy(self, endpoint: str) -> None:
        self.talks[endpoint].refuse(486)

    async def time_passes(self, seconds: float) -> None:
        await self.clock.advance(seconds)
        if seconds < _RECONNECT_S:
            await asyncio.sleep(seconds)

    async def is_muted(self, endpoint: str) -> bool:
        """By what a recording of its channel holds: Asterisk drops the frames of a muted one."""
        name = f"contract-{secrets.token_hex(4)}"
        (channel,) = [
            one["id"] for one in await self.channels() if one["name"].startswith(f"{endpoint}-")
        ]
        asked = await self.http.post(
            f"/channels/{channel}/record", params={"name": name, "format": "wav"}
        )
        asked.raise_for_status()
        await asyncio.sleep(0.6)
        (await self.http.post(f"/recordings/live/{name}/stop")).raise_for_status()
        file = await self.http.get(f"/recordings/stored/{name}/file")
        await self.http.delete(f"/recordings/stored/{name}")
        with wave.open(BytesIO(file.raise_for_status().content)) as opened:
            sound = memoryview(opened.readframes(opened.getnframes())).cast("h")
        return not sound or max(map(abs, sound[-1600:])) < 100

    async def keys_heard(self, number: str) -> str:
        """Complete when nothing came for longer than a pause."""
        sound, told = self.callers[number].sound, ""
        while not told or told != sound.keys:
            told = sound.keys
            await asyncio.sleep(2)
        return told

    async def announces(self, number: str) -> None:
        line = await asyncio.wait_for(self.network.rung.get(), DEADLINE_S)
        assert line.invite.uri.user == number
        self.called = line
        line.announce()

    async def answers(self, number: str) -> None:
        assert self.called is not None
        self.called.pick_up()

    async def refuses(self, number: str, sip_code: int) -> None:
        assert self.called is not None
        self.called.refuse(sip_code)

    async def hears_the_network(self, endpoint: str) -> None:
        await self.talks[endpoint].hears(EARLY_HZ)

    async def loses_contact(self) -> None:
        self._way.cut()

    async def channels(self) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = (await self.http.get("/channels")).json()
        return listed

    async def close(self) -> None:
        for task in self._ringers:
            task.cancel()
        await asyncio.gather(*self._ringers, return_exceptions=True)
        await self._events.aclose()  # type: ignore[attr-defined]

    async def _rings(self, endpoint: str, phone: Softphone) -> None:
        while True:
            talk = await phone.invites.get()
            self.talks[endpoint] = talk
            talk.ring()


@asynccontextmanager
async def real_stage(place: Place) -> AsyncIterator[RealStage]:
    clock = ManualClock()
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(
            httpx.AsyncClient(
                base_url=f"{place.url}/ari", auth=(place.user, place.password), trust_env=False
            )
        )
        await _cleared(http)
        stack.push_async_callback(_cleared, http)
        parts = urlsplit(place.url)
        way = await stack.enter_async_context(pipe((parts.hostname or "", parts.port or 80)))
        network = await stack.enter_async_context(provider(place.sip, place.provider_port))
        lines = AsteriskLines(place.url, place.user, place.password)
        stack.push_async_callback(lines.aclose)
        telephones = {}
        for endpoint in RealStage.phones:
            name, password = endpoint.partition("/")[2], secrets.token_hex(8)
            line = BrowserLine(
                username=name, account="contract", caller_name="", caller_number=name[-3:]
            )
            await lines.issue(line, password)
            stack.push_async_callback(lines.withdraw, line)
            phone = await stack.enter_async_context(softphone(place.port, name, password))
            assert (await phone.register()).code == 200
            telephones[endpoint] = phone
        # While the telephones are there to hear of it.
        stack.push_async_callback(_cleared, http)
        switch = AsteriskSwitch(
            f"http://127.0.0.1:{way.port}",
            place.user,
            place.password,
            APP,
            clock=clock,
            identity="contract",
            # Of the core sounds; the default one is not among Debian's.
            recording_notice="hello-world",
            backoff=Backoff(first_s=1.0, draw=lambda: 1.0),
        )
        stack.push_async_callback(switch.aclose)
        recordings = AsteriskRecordings(place.url, place.user, place.password)
        stack.push_async_callback(recordings.aclose)
        made = RealStage(place, switch, recordings, clock, network, telephones, way, http)
        stack.push_async_callback(made.close)
        await made.until(SwitchConnected)
        yield made


async def _cleared(http: httpx.AsyncClient) -> None:
    """Nothing of an earlier test lives there."""
    for channel in (await http.get("/channels")).json():
        await http.delete(f"/channels/{channel['id']}")
    for bridge in (await http.get("/bridges")).json():
        await http.delete(f"/bridges/{bridge['id']}")
    for recording in (await http.get("/recordings/stored")).json():
        await http.delete(f"/recordings/stored/{recording['name']}")
    while (await http.get("/channels")).json():  # noqa: ASYNC110  # theirs
        await asyncio.sleep(0.02)
