"""The measured process: one subject under uvicorn, driven by lines of JSON on stdin.

python -m tests.bench.child ours|bare [redis://…]
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import logging
import random
import resource
import sys
from pathlib import Path
from typing import Any

import structlog
import uvicorn
import uvloop

from backend.realtime.server import UVICORN, tune_gc
from tests.bench.subjects import SUBJECTS, Subject

_PAGE = resource.getpagesize()


def rss() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE


def cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def serve(app: Any) -> tuple[uvicorn.Server, int]:
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, log_config=None, lifespan="off", **UVICORN
    )
    server = uvicorn.Server(config)
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    return server, server.servers[0].sockets[0].getsockname()[1]


async def paced(subject: Subject, rate: float, count: int, sessions: int, first: int) -> None:
    """Open loop: pushes at their times, however long each takes. Nobody before `first` gets one."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    chosen = random.Random(7)
    for n in range(count):
        await asyncio.sleep(max(0.0, began + n / rate - loop.time()))
        await subject.push(chosen.randrange(first, sessions))


async def reported(subject: Subject, rate: float, count: int, sessions: int) -> None:
    """Open loop: calls at their times, each for another employee."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    for n in range(count):
        await asyncio.sleep(max(0.0, began + n / rate - loop.time()))
        subject.report(n * 7919 % sessions)


async def at_once(subject: Subject, count: int, sessions: int) -> None:
    """As fast as they go, from a few publishers, as call owners would."""
    chosen = random.Random(7)
    share = count // 8

    async def publisher() -> None:
        for n in range(share):
            await subject.push(chosen.randrange(sessions))
            if n % 32 == 0:
                await asyncio.sleep(0)

    await asyncio.gather(*(publisher() for _ in range(8)))


async def do(subject: Subject, order: dict[str, Any]) -> Any:
    match order["do"]:
        case "hellos":
            made = await subject.hellos(order["count"], order["per_account"])
            return [h.decode() for h in made]
        case "rss":
            gc.collect()
            return rss()
        case "cpu":
            return cpu_s()
        case "paced":
            await paced(
                subject, order["rate"], order["count"], order["sessions"], order.get("first", 0)
            )
        case "at_once":
            await at_once(subject, order["count"], order["sessions"])
        case "calls":
            await subject.calls(order["sessions"])
        case "reported":
            await reported(subject, order["rate"], order["count"], order["sessions"])
        case "broadcast":
            await subject.broadcast(order["account"])
        case "push":
            # In turns with everybody else, as real publishers are.
            for n in range(order["count"]):
                await subject.push(order["number"])
                if n % 16 == 0:
                    await asyncio.sleep(0)
    return None


async def main(kind: str, redis_url: str | None) -> None:
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader(limit=1 << 24)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    async with contextlib.AsyncExitStack() as stack:
        subject = await stack.enter_async_context(SUBJECTS[kind](redis_url))
        server, port = await serve(subject.app)
        running = asyncio.create_task(server.main_loop())
        tune_gc()
        print(json.dumps(port), flush=True)
        orders: set[asyncio.Task[None]] = set()

        async def answer(order: dict[str, Any]) -> None:
            result = await do(subject, order)
            print(json.dumps({"id": order["id"], "result": result}), flush=True)

        while line := await lines.readline():
            task = asyncio.create_task(answer(json.loads(line)))
            orders.add(task)
            task.add_done_callback(orders.discard)
        server.should_exit = True
        await running


if __name__ == "__main__":
    # stdout carries answers, and a run ends thousands of calls.
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    uvloop.install()
    asyncio.run(main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None))
