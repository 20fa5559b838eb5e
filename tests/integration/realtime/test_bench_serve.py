"""The load server for clients of another make: what it writes and prints works as it says."""

from __future__ import annotations

import asyncio
import json
import shlex
import sys
from pathlib import Path
from typing import Any

import hiredis
import websockets

from backend.bus.line import Address, Line, Wire


async def test_the_printed_command_reaches_the_session_of_the_written_first_frame(
    tmp_path: Path,
) -> None:
    out = tmp_path / "sessions.jsonl"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.serve", "--sessions", "3", "--out", str(out)),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(60):
            while not (line := (await process.stdout.readline()).decode()).startswith("redis-cli"):
                assert line, "it ended before it printed the command"
        _, _, url, *words = shlex.split(line)
        first = json.loads(out.read_text().splitlines()[0])
        async with websockets.connect(first["url"], origin=first["origin"]) as socket:
            await socket.send(first["first_frame"])
            assert (await frame(socket))["type"] == "welcome"
            assert await run(url, words) == 1
            assert (await until(socket, "status.changed"))["version"] == int(words[-4])
            assert await run(url, words) == 0, "the same version again is old"
            words[-4] = str(int(words[-4]) + 1)
            assert await run(url, words) == 1
            assert (await until(socket, "status.changed"))["seq"] > 1
    finally:
        process.terminate()
        await process.wait()


async def frame(socket: websockets.ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(10):
        found: dict[str, Any] = json.loads(await socket.recv())
        return found


async def until(socket: websockets.ClientConnection, tag: str) -> dict[str, Any]:
    while (found := await frame(socket)).get("type") != tag:
        pass
    return found


async def run(url: str, words: list[str]) -> int:
    async def on_up(_wire: Wire) -> None:
        return None

    line = Line(Address.parse(url), on_up=on_up)
    await line.start()
    try:
        answer = await line.ask(*words)
        assert not isinstance(answer, hiredis.ReplyError)
        return int(answer)
    finally:
        await line.stop()
