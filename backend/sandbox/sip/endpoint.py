"""`/ws`: a WebSocket with the subprotocol `sip`, as Asterisk's HTTP server offers it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.responses import PlainTextResponse
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from backend.sandbox import sip

if TYPE_CHECKING:
    from backend.sandbox.ari.switch import Switch
    from backend.sandbox.sip.agent import Agent
    from backend.sandbox.sip.wire import SipSocket


_KEEP_ALIVE_S = 90.0
"""`keep_alive_interval` of pjsip.conf's [global], as it is unless somebody changed it."""


async def speak(websocket: WebSocket) -> None:
    """One browser's connection. Refused: 503 without voice, 400 without the subprotocol."""
    lacking = sip.missing()
    if lacking is not None:
        await websocket.send_denial_response(PlainTextResponse(lacking, 503))
        return
    if "sip" not in websocket.scope.get("subprotocols", []):
        await websocket.send_denial_response(
            PlainTextResponse("the WebSocket subprotocol is sip", 400)
        )
        return
    from backend.sandbox.sip.wire import SipSocket  # there only with voice

    switch: Switch = websocket.app.state.switch
    agent = switch.sip()
    host = urlsplit(f"//{websocket.headers.get('host', '')}").hostname or "127.0.0.1"
    socket = SipSocket(f"[{host}]" if ":" in host else host)
    agent.connected(socket)
    tasks: set[asyncio.Task[None]] = set()
    try:
        await websocket.accept(subprotocol="sip")
        tasks = {
            asyncio.create_task(_send(websocket, socket)),
            asyncio.create_task(_receive(websocket, socket, agent)),
            asyncio.create_task(_keep_alive(switch, socket)),
        }
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        agent.disconnected(socket)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _keep_alive(switch: Switch, socket: SipSocket) -> None:
    while True:
        await switch.clock.sleep(_KEEP_ALIVE_S)
        socket.put(b"\r\n\r\n")


async def _send(websocket: WebSocket, socket: SipSocket) -> None:
    while True:
        data = await socket.outgoing.get()
        if data is None:
            if websocket.application_state is WebSocketState.CONNECTED:
                await websocket.close(1001)
            return
        try:
            await websocket.send_text(data.decode())
        except (WebSocketDisconnect, RuntimeError):
            return


async def _receive(websocket: WebSocket, socket: SipSocket, agent: Agent) -> None:
    """Text or binary frames: both are allowed (RFC 7118, section 4)."""
    while True:
        try:
            message = await websocket.receive()
        except RuntimeError:
            return
        if message["type"] == "websocket.disconnect":
            return
        text = message.get("text")
        agent.received(socket, text.encode() if text is not None else message.get("bytes") or b"")
