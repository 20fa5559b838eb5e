"""A TCP pipe to the switch that can be cut."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Pipe:
    """Everything that goes to the switch over it; `port` is its near end."""

    def __init__(self, far: tuple[str, int]) -> None:
        self.port = 0
        self._far = far
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def cut(self) -> None:
        """As a pulled cable: no farewell on either side."""
        for writer in self._open:
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        there = None
        try:
            back, there = await asyncio.open_connection(*self._far)
            self._open |= {writer, there}
            await asyncio.gather(_copy(reader, there), _copy(back, writer))
        except OSError:
            pass
        finally:
            self._tasks.discard(task)
            for one in (writer, there):
                if one is not None:
                    self._open.discard(one)
                    one.transport.abort()

    async def close(self) -> None:
        self.cut()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await source.read(65536):
            target.write(data)
            await target.drain()
    target.transport.abort()


@asynccontextmanager
async def pipe(far: tuple[str, int]) -> AsyncIterator[Pipe]:
    made = Pipe(far)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        await made.close()
        await server.wait_closed()
