"""Our gateway beside a bare endpoint, measured in turns.

    python -m tests.bench.run [--runs 5] [--sizes 1000,10000] [--write docs/performance.md]

Each round measures both subjects, one after the other, so that a busy machine is busy for both;
figures are medians over the rounds, and what counts is their ratio.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import platform
import socket
import statistics
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvloop

from tests import valkey
from tests.bench.load import Tab, Tally, connect, disconnect
from tests.bench.report import table, write
from tests.bench.subjects import KINDS

PER_ACCOUNT = 200
BROADCAST = 5_000
WARM_UP = 200
CALLS_PER_S = 200
"""Far above what 10,000 employees get in their busiest hour."""


class Server:
    """A measured process."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self.port = port
        self._process = process
        self._ids = 0
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            answer = json.loads(line)
            self._waiting.pop(answer["id"]).set_result(answer["result"])
        for waiting in self._waiting.values():
            waiting.set_exception(RuntimeError("the measured process ended"))

    async def do(self, what: str, **fields: Any) -> Any:
        assert self._process.stdin is not None
        self._ids += 1
        future = self._waiting[self._ids] = asyncio.get_running_loop().create_future()
        order = {"do": what, "id": self._ids, **fields}
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        async with asyncio.timeout(300):
            return await future

    async def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            async with asyncio.timeout(20):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        await self._reader


@contextlib.asynccontextmanager
async def server(kind: str, redis_url: str | None) -> AsyncIterator[Server]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.bench.child",
        kind,
        *([redis_url] if redis_url else []),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 26,
    )
    assert process.stdout is not None
    running = Server(process, json.loads(await process.stdout.readline()))
    try:
        yield running
    finally:
        await running.stop()


Figures = dict[str, float]


@dataclass
class Crowd:
    """Connected tabs and what they saw."""

    server: Server
    tabs: list[Tab]
    tally: Tally
    connect_s: float
    bytes_each: float
    cpu_each: float
    """Seconds of the server's per session, from the accept until presence has been told."""

    async def told(self, pushes: int, within_s: float = 120.0) -> None:
        async with asyncio.timeout(within_s):
            await self.tally.reached.wait()


@contextlib.asynccontextmanager
async def crowd(
    kind: str, redis_url: str | None, sessions: int, per_account: int
) -> AsyncIterator[Crowd]:
    async with server(kind, redis_url) as running:
        hellos = await running.do("hellos", count=sessions, per_account=per_account)
        before = await running.do("rss")
        cpu = await running.do("cpu")
        tally = Tally()
        tabs, seconds = await connect(running.port, [h.encode() for h in hellos], tally)
        # Presence is told after the welcome; what is idle is measured when that is over.
        await asyncio.sleep(1.0 + sessions / 5_000)
        cpu = await running.do("cpu") - cpu
        after = await running.do("rss")
        try:
            each = (after - before) / sessions
            yield Crowd(running, tabs, tally, seconds, each, cpu / sessions)
        finally:
            disconnect(tabs)
            await asyncio.sleep(0.2)


def percentile(values: list[int], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] / 1e6


async def paced(c: Crowd, rate: float, count: int) -> None:
    sessions = len(c.tabs)
    c.tally.expect(count)
    await c.server.do("paced", rate=rate, count=count, sessions=sessions)
    await c.told(count)


async def sessions_round(
    kind: str, redis_url: str | None, sessions: int, seconds: float
) -> Figures:
    """Handshakes, memory, latency, throughput and CPU with this many sessions."""
    async with crowd(kind, redis_url, sessions, PER_ACCOUNT) as c:
        await paced(c, 500, WARM_UP)
        c.tally.latencies_ns.clear()
        await paced(c, 500, int(500 * seconds))
        latencies = c.tally.latencies_ns[:]
        cpu, began, pushed = await c.server.do("cpu"), time.perf_counter(), 0
        while time.perf_counter() - began < seconds:
            # Closed loop: the next thousand when the last arrived.
            c.tally.expect(1_000)
            await c.server.do("at_once", count=1_000, sessions=sessions)
            await c.told(1_000)
            pushed += 1_000
        elapsed = time.perf_counter() - began
        used = await c.server.do("cpu") - cpu
        heard = await calls(c, seconds)
        return {
            "idle memory per session, KiB": c.bytes_each / 1024,
            "handshakes/s": sessions / c.connect_s,
            "publish → received p50, ms": percentile(latencies, 0.5),
            "publish → received p99, ms": percentile(latencies, 0.99),
            "pushes/s": pushed / elapsed,
            "CPU per 100k pushes, s": used / pushed * 100_000,
            "switch event → received p50, ms": percentile(heard, 0.5),
            "switch event → received p99, ms": percentile(heard, 0.99),
            "CPU per 1,000 handshakes, s": c.cpu_each * 1_000,
        }


async def calls(c: Crowd, seconds: float) -> list[int]:
    """Nanoseconds from the switch's report of a call to the first frame that tells it."""
    await c.server.do("calls", sessions=len(c.tabs))
    c.tally.stamps = set()
    for count in (WARM_UP, int(CALLS_PER_S * seconds)):
        c.tally.latencies_ns.clear()
        c.tally.expect(count)
        await c.server.do("reported", rate=CALLS_PER_S, count=count, sessions=len(c.tabs))
        await c.told(count)
    return c.tally.latencies_ns[:]


async def broadcast_round(kind: str, redis_url: str | None, sessions: int) -> Figures:
    """One push to everybody of one account."""
    async with crowd(kind, redis_url, sessions, sessions) as c:
        last: list[float] = []
        median: list[float] = []
        for _ in range(10):
            c.tally.latencies_ns.clear()
            c.tally.expect(sessions)
            await c.server.do("broadcast", account=0)
            await c.told(sessions)
            last.append(percentile(c.tally.latencies_ns, 1.0))
            median.append(percentile(c.tally.latencies_ns, 0.5))
        return {
            "broadcast, half have it, ms": statistics.median(median),
            "broadcast, all have it, ms": statistics.median(last),
        }


async def stalled_round(kind: str, redis_url: str | None, sessions: int) -> Figures:
    """One tab stops reading and is pushed to without end, beside live ones.

    Only ours: the bare endpoint awaits each send, so its publisher stands still (that is what the
    outbox is for). The figures are ours with and without the stalled tab.
    """
    async with crowd(kind, redis_url, sessions, PER_ACCOUNT) as c:
        await paced(c, 500, 1_000)
        c.tally.latencies_ns.clear()
        await paced(c, 500, 1_000)
        calm = c.tally.latencies_ns[:]
        victim = c.tabs[0]
        assert victim.transport is not None
        victim.transport.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_RCVBUF, 4096
        )
        victim.transport.pause_reading()
        before = await c.server.do("rss")
        flood = asyncio.create_task(c.server.do("push", number=0, count=20_000))
        c.tally.latencies_ns.clear()
        c.tally.expect(1_000)
        await c.server.do("paced", rate=500, count=1_000, sessions=sessions, first=1)
        await flood
        with contextlib.suppress(TimeoutError):
            await c.told(1_000, within_s=1)
        after = await c.server.do("rss")
        return {
            "p50 without a stalled tab, ms": percentile(calm, 0.5),
            "p50 beside a stalled tab, ms": percentile(c.tally.latencies_ns, 0.5),
            "p99 without a stalled tab, ms": percentile(calm, 0.99),
            "p99 beside a stalled tab, ms": percentile(c.tally.latencies_ns, 0.99),
            "live tabs' pushes that arrived, %": len(c.tally.latencies_ns) / 10,
            "memory grown by, KiB": (after - before) / 1024,
        }


@dataclass
class Collected:
    """Figures of all rounds: title → name → kind → values."""

    titles: dict[str, dict[str, dict[str, list[float]]]] = field(default_factory=dict)

    def add(self, title: str, kind: str, figures: Figures) -> None:
        for name, value in figures.items():
            names = self.titles.setdefault(title, {})
            names.setdefault(name, {}).setdefault(kind, []).append(value)


async def main(options: argparse.Namespace) -> None:
    collected = Collected()
    load = os.getloadavg()[0]
    sizes = [int(size) for size in options.sizes.split(",")]
    with valkey.running() as url:
        ways: list[tuple[str, str | None]] = [("in-process", None), ("through Redis", url)]
        for number in range(options.runs):
            for way, redis_url in ways:
                # Who goes first changes, so that neither always meets the warmer machine.
                kinds = KINDS if number % 2 == 0 else tuple(reversed(KINDS))
                for sessions in sizes:
                    for kind in kinds:
                        await flush(redis_url)
                        figures = await sessions_round(kind, redis_url, sessions, options.seconds)
                        collected.add(f"{sessions:,} sessions, {way}", kind, figures)
                for kind in kinds:
                    await flush(redis_url)
                    figures = await broadcast_round(kind, redis_url, options.broadcast)
                    collected.add(f"broadcast to {options.broadcast:,}, {way}", kind, figures)
                await flush(redis_url)
                figures = await stalled_round("ours", redis_url, options.stalled)
                collected.add(f"one stalled tab beside {options.stalled:,}, {way}", "ours", figures)
            print(f"round {number + 1} of {options.runs} done", file=sys.stderr)
    print(table(collected.titles))
    if options.write:
        conditions = (
            f"{platform.python_implementation()} {platform.python_version()}, "
            f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, medians of "
            f"{options.runs} interleaved runs (lowest to highest), {time.strftime('%Y-%m-%d')}. "
            f"Load before the first run: {load:.1f} (above a few tenths, others were at work)."
        )
        write(Path(options.write), collected.titles, conditions)


async def flush(redis_url: str | None) -> None:
    if redis_url:
        from redis.asyncio import Redis

        async with Redis.from_url(redis_url) as client:
            await client.flushall()


def options(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    number: Callable[[str], int] = int
    parser.add_argument("--runs", type=number, default=5)
    parser.add_argument("--sizes", default="1000,10000")
    parser.add_argument("--broadcast", type=number, default=BROADCAST)
    parser.add_argument("--stalled", type=number, default=1_000)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--write", default="")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    uvloop.install()
    asyncio.run(main(options()))
