"""A browser driven over raw DevTools messages.

The usual library keeps every page focused, so a tab behind another is never hidden there.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

START_TIMEOUT_S = 15.0


class Devtools:
    """One connection to the browser; `events` are (session, method, params) as they came."""

    def __init__(self, socket: ClientConnection) -> None:
        self.events: list[tuple[str, str, dict[str, Any]]] = []
        self._socket = socket
        self._ids = itertools.count(1)
        self._asked: dict[int, asyncio.Future[dict[str, Any]]] = {}

    async def read(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for text in self._socket:
                message = json.loads(text)
                if "id" in message:
                    self._asked.pop(message["id"]).set_result(message)
                else:
                    session = message.get("sessionId", "")
                    self.events.append((session, message["method"], message.get("params", {})))

    async def send(self, method: str, session: str = "", **params: Any) -> dict[str, Any]:
        """The result. Raises AssertionError with the browser's refusal."""
        number = next(self._ids)
        answer = self._asked[number] = asyncio.get_running_loop().create_future()
        message = {"id": number, "method": method, "params": params}
        await self._socket.send(json.dumps(message | ({"sessionId": session} if session else {})))
        body = await asyncio.wait_for(answer, 10)
        assert "error" not in body, f"{method}: {body['error']}"
        return dict(body["result"])

    async def open(self, url: str) -> tuple[str, str]:
        """A new tab in front: its target and a session on it."""
        target = (await self.send("Target.createTarget", url=url))["targetId"]
        attached = await self.send("Target.attachToTarget", targetId=target, flatten=True)
        return target, attached["sessionId"]

    async def value(self, session: str, expression: str) -> Any:
        answer = await self.send("Runtime.evaluate", session, expression=expression)
        return answer["result"].get("value")

    async def promised(self, session: str, expression: str) -> Any:
        """What the promise comes to."""
        answer = await self.send(
            "Runtime.evaluate",
            session,
            expression=expression,
            awaitPromise=True,
            returnByValue=True,
        )
        return answer["result"].get("value")

    async def until_value(
        self, session: str, expression: str, wanted: Any, timeout_s: float = 10.0
    ) -> None:
        deadline = time.monotonic() + timeout_s
        while (found := await self.value(session, expression)) != wanted:
            assert time.monotonic() < deadline, f"{expression} is {found!r}, not {wanted!r}"
            await asyncio.sleep(0.05)


@asynccontextmanager
async def raw_browser(chromium: str, profile: Path, *args: str) -> AsyncIterator[Devtools]:
    process = await asyncio.create_subprocess_exec(
        chromium,
        "--headless=new",
        "--remote-debugging-port=0",
        f"--user-data-dir={profile}",
        *args,
        "about:blank",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        where = profile / "DevToolsActivePort"
        deadline = time.monotonic() + START_TIMEOUT_S
        while not where.exists() or len(where.read_text().splitlines()) < 2:
            assert process.returncode is None, "the browser did not start"
            assert time.monotonic() < deadline, "the browser is late"
            await asyncio.sleep(0.05)
        port, path = where.read_text().splitlines()[:2]
        address = f"ws://127.0.0.1:{port}{path}"
        async with connect(address, max_size=None, proxy=None) as socket:
            devtools = Devtools(socket)
            reading = asyncio.create_task(devtools.read())
            try:
                yield devtools
            finally:
                await socket.close()
                await reading
    finally:
        process.terminate()
        await asyncio.wait_for(process.wait(), 10)
