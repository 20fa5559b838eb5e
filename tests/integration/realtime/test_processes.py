"""Two web processes' worth of gateways over one Valkey, and tabs that stop reading."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import msgspec
import pytest
import websockets

from backend.bus.line import Address, Line, Wire
from backend.bus.redis import RedisBus
from backend.realtime.limits import Limits
from protocol.vocabulary import AgentStatus
from tests import valkey
from tests.integration.realtime.harness import ORIGIN, eventually, house


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with valkey.running() as found:
        yield found


async def command(url: str, *words: str) -> None:
    async def on_up(wire: Wire) -> None:
        return None

    line = Line(Address.parse(url), on_up=on_up)
    await line.start()
    await line.ask(*words)
    await line.stop()


async def test_a_push_published_in_one_process_reaches_a_tab_of_another(url: str) -> None:
    async with (
        RedisBus(url) as one,
        RedisBus(url) as two,
        house(bus=one) as first,
        house(bus=two) as second,
        first.tab() as anna,
        second.tab(tab="t2") as also_anna,
    ):
        await first.say_status(AgentStatus.BREAK)
        for tab in (anna, also_anna):
            assert (await tab.until("status.changed"))["status"] == "break"


async def test_a_ticket_is_used_once_in_all_processes(url: str) -> None:
    async with (
        RedisBus(url) as one,
        RedisBus(url) as two,
        house(bus=one) as first,
        house(bus=two) as second,
    ):
        ticket = await first.sessions.ticket((await first.sign_in()).token)
        frame = msgspec.json.encode({"type": "hello", "ticket": ticket, "protocol": 1}).decode()
        answers = []
        for h in (first, second):
            async with h.socket() as opened:
                await opened.send(frame)
                try:
                    answers.append(msgspec.json.decode(await opened.recv())["type"])
                except websockets.ConnectionClosed as closed:
                    answers.append(closed.rcvd.code if closed.rcvd else 0)
        assert answers == ["welcome", 4010]


async def test_a_lost_bus_connection_is_made_up_for_and_a_flush_is_a_reset(url: str) -> None:
    async with RedisBus(url) as bus, house(bus=bus) as h, h.tab() as anna:
        await h.say_status(AgentStatus.BREAK)
        assert (await anna.until("status.changed"))["status"] == "break"
        await command(url, "CLIENT", "KILL", "TYPE", "pubsub")
        await h.say_status(AgentStatus.AWAY)
        assert (await anna.until("status.changed"))["status"] == "away"
        await command(url, "FLUSHALL")
        await h.say_status(AgentStatus.AVAILABLE)
        reset = await anna.until("stream.reset")
        assert reset["stream"] == "me"
        assert [p["status"] for p in reset["start"]["pushes"]] == ["available"]


async def test_a_tab_that_stops_reading_is_cut_and_delays_nobody() -> None:
    limits = Limits(outbox_frames=50)
    async with house(limits=limits) as h, h.tab(await h.sign_in("boris")) as boris:
        stalled = await _stalled_tab(h.url, await h.sessions.ticket((await h.sign_in()).token))
        try:
            await eventually(lambda: len(h.gateway.connections) == 2)
            told = 0
            while not h.gateway.cuts:
                told += 1
                assert told < 200_000
                await h.say_switch(connected=told % 2 == 0)
                if told % 200 == 0:
                    # The live tab has everything by now, whatever the other one does.
                    seen = await boris.until("switch.changed")
                    while seen["version"] != h.version:
                        seen = await boris.until("switch.changed")
            assert all(c.outbox.waiting_bytes < 1 << 20 for c in h.gateway.connections)
            await eventually(lambda: len(h.gateway.connections) == 1, within_s=10)
        finally:
            stalled.close()


async def _stalled_tab(url: str, ticket: str) -> socket.socket:
    """A socket that says hello and never reads again."""
    where = urlsplit(url)
    raw = socket.socket()
    # Small, so that the kernel does not swallow megabytes before the server notices.
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(raw, (where.hostname, where.port))
    upgrade = (
        f"GET /ws HTTP/1.1\r\nHost: {where.netloc}\r\nOrigin: {ORIGIN}\r\n"
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    await loop.sock_sendall(raw, upgrade.encode())
    await loop.sock_recv(raw, 1024)
    features = '["calls","contacts","statuses","directory","history"]'
    hello = f'{{"type":"hello","ticket":"{ticket}","protocol":1,"features":{features}}}'.encode()
    # A client masks; a mask of zeros changes nothing.
    head = bytes([0x81, 0x80 | 126]) + len(hello).to_bytes(2, "big") + bytes(4)
    await loop.sock_sendall(raw, head + hello)
    return raw
