"""A widget without pixels: it signs in with a ticket, folds what it is told, and comes back."""

from __future__ import annotations

import asyncio
import itertools
from ssl import SSLContext
from typing import Any

import httpx
import msgspec
import websockets

from protocol.pushes import REMOVALS
from protocol.vocabulary import Feature
from tests.integration.house.town import ORIGIN, eventually

_ids = itertools.count(1)


class Tab:
    """Positions and entities by stream, as the widget keeps them."""

    def __init__(
        self,
        token: str,
        port: int,
        name: str = "tab-1",
        *,
        base: str = "",
        trust: SSLContext | None = None,
    ) -> None:
        """`base` where it does not go to the web process itself; `trust` for https."""
        self.token = token
        self.port = port
        self.base = base
        self.trust = trust
        self.name = name
        self.state: dict[str, dict[str, Any]] = {"me": {}, "account": {}, "colleagues": {}}
        self.positions: dict[str, tuple[str, int]] = {}
        self.starts: list[dict[str, Any]] = []
        """Each stream's beginning as told: `stream`, `recovered`, `reset`."""
        self.frames: list[dict[str, Any]] = []
        self.close_code: int | None = None
        self._replies: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._socket: websockets.ClientConnection | None = None
        self._reading: asyncio.Task[None] | None = None

    async def open(self, port: int | None = None) -> Tab:
        """Buy a ticket at this web process, or another one, and say hello there."""
        self.port = port or self.port
        base = self.base or f"http://127.0.0.1:{self.port}"
        async with httpx.AsyncClient(verify=self.trust or True) as http:
            answer = await http.post(
                f"{base}/api/ticket",
                headers={"Authorization": f"Bearer {self.token}"},
            )
        assert answer.status_code == 200, answer.text
        self._socket = await websockets.connect(
            f"{base.replace('http', 'ws', 1)}/ws", origin=websockets.Origin(self.base or ORIGIN),
            compression=None, ping_interval=None, close_timeout=1, ssl=self.trust,
        )  # fmt: skip
        hello = {
            "type": "hello", "ticket": answer.json()["ticket"], "protocol": 1,
            "features": [f.value for f in Feature], "streams": self.positions,
            "tab": self.name, "visible": True, "sound": True,
        }  # fmt: skip
        await self._socket.send(msgspec.json.encode(hello).decode())
        welcome = msgspec.json.decode(await self._socket.recv())
        assert welcome["type"] == "welcome", welcome
        for stream, start in welcome["streams"].items():
            self._begin(stream, start, reset=False)
        self.close_code = None
        self._reading = asyncio.create_task(self._read(self._socket))
        return self

    async def __aenter__(self) -> Tab:
        return await self.open()

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        if self._socket is not None:
            await self._socket.close()
        if self._reading is not None:
            await self._reading

    async def ask(self, tag: str, command_id: str | None = None, **fields: Any) -> dict[str, Any]:
        """The reply."""
        command_id = command_id or f"command-{next(_ids):04d}"
        reply = self._replies[command_id] = asyncio.get_running_loop().create_future()
        assert self._socket is not None
        frame = {"type": tag, "id": command_id, "ttl_ms": 10_000, **fields}
        await self._socket.send(msgspec.json.encode(frame).decode())
        return await asyncio.wait_for(reply, 12)

    async def done(self, tag: str, **fields: Any) -> Any:
        """The result of a command that has to succeed."""
        reply = await self.ask(tag, **fields)
        assert reply["ok"], reply
        return reply.get("result")

    async def follow_colleagues(self) -> None:
        start = await self.done("stream.subscribe", stream="colleagues")
        self._begin("colleagues", start, reset=False)

    # ── what is seen ──

    @property
    def cards(self) -> list[dict[str, Any]]:
        return [p for p in self.state["me"].values() if p["type"] == "call.changed"]

    @property
    def card(self) -> dict[str, Any] | None:
        return self.cards[-1] if self.cards else None

    def sees(self, **members: Any) -> bool:
        """Whether a card has these members."""
        return any(all(c[k] == v for k, v in members.items()) for c in self.cards)

    async def until(self, *, within_s: float = 10.0, **members: Any) -> dict[str, Any]:
        """The card that has these members, once there is one."""
        try:
            await eventually(lambda: self.sees(**members), within_s=within_s)
        except AssertionError:
            raise AssertionError(f"{members} is not in {self.state['me']}") from None
        return next(c for c in self.cards if all(c[k] == v for k, v in members.items()))

    # ── inside ──

    async def _read(self, socket: websockets.ClientConnection) -> None:
        try:
            async for text in socket:
                self._take(msgspec.json.decode(text))
        except websockets.ConnectionClosed:
            pass
        self.close_code = socket.close_code
        for reply in self._replies.values():
            reply.cancel()

    def _take(self, frame: dict[str, Any]) -> None:
        self.frames.append(frame)
        match frame["type"]:
            case "reply":
                if (reply := self._replies.pop(frame["id"], None)) and not reply.done():
                    reply.set_result(frame)
            case "ping":
                assert self._socket is not None
                self._pong = asyncio.ensure_future(
                    self._socket.send(f'{{"type":"pong","n":{frame["n"]}}}')
                )
            case "stream.reset":
                self._begin(frame["stream"], frame["start"], reset=True)
            case "restarting":
                pass
            case _:
                self._fold(frame)
                stream = frame["stream"]
                self.positions[stream] = (self.positions[stream][0], frame["seq"])

    def _begin(self, stream: str, start: dict[str, Any], *, reset: bool) -> None:
        self.starts.append({"stream": stream, "recovered": start["recovered"], "reset": reset})
        if not start["recovered"]:
            self.state[stream] = {}
        for push in start["pushes"]:
            self._fold(push)
        self.positions[stream] = (start["epoch"], start["seq"])

    def _fold(self, push: dict[str, Any]) -> None:
        entities, entity = self.state[push["stream"]], push["entity"]
        if entity in entities and entities[entity]["version"] > push["version"]:
            return
        if push["type"] in REMOVALS:
            entities.pop(entity, None)
        else:
            entities[entity] = push
