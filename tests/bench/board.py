"""The supervisors' board under load: `python -m tests.bench.board [--seconds 20] [--hour]`.

200 operators, calls that begin 50 times a second, 20 boards that follow one stream, in one process.
Measured from the owner's word on a call to the frame at a board; at the end the figures are
compared with what a history of the same calls holds (R13). `--hour` is the soak.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import quantiles
from typing import Any

from backend.bus.memory import MemoryBus
from backend.domain.board.figures import EndedCall, Sum, ended_call
from backend.domain.board.scope import ALL
from backend.domain.call import Call, Ended, Moved, Planned, apply
from backend.kit.clock import SystemClock
from backend.services.board.keeper import BoardKeeper
from backend.services.board.streams import board_stream
from backend.services.ports import Delivery
from backend.services.routing import AccountRoute, EmployeeRoute, RoutingTable
from protocol.vocabulary import (
    AccountId,
    CallId,
    Direction,
    EmployeeId,
    HangupCause,
    LegId,
    LegState,
    Outcome,
)
from tests.fake_board import FakeBoardRows
from tests.fakes import FakeJournal

ACC = AccountId("bench")
CUSTOMER = LegId("customer-0")
PROMISED_S = 1.0


class History(FakeBoardRows):
    """Keeps what ended, as a disk would."""

    def __init__(self) -> None:
        super().__init__(FakeJournal())
        self.kept: list[EndedCall] = []

    async def ended(
        self, account_id: AccountId, since: datetime, until: datetime
    ) -> Sequence[EndedCall]:
        return [call for call in self.kept if since <= call.started_at < until]

    async def append(self, account_id: AccountId, rows: Sequence[Any]) -> None:
        """The past of an hour is not the subject here."""


class Bench:
    def __init__(self, operators: int, boards: int) -> None:
        self.clock = SystemClock()
        self.bus = MemoryBus(self.clock)
        self.history = History()
        self.people = [EmployeeId(f"e{n}") for n in range(operators)]
        routing = RoutingTable()
        routing.replace(
            AccountRoute(
                account_id=ACC,
                slug="bench",
                connection_id="s",
                employees={
                    e: EmployeeRoute(employee_id=e, name=e, extension=e[1:], devices=())
                    for e in self.people
                },
            )
        )
        self.live: dict[CallId, Call] = {}
        self.drifts: list[int] = []
        self.keeper = BoardKeeper(
            ACC, "s", bus=self.bus, rows=self.history, routing=routing, clock=self.clock,
            live=lambda _: tuple(self.live.values()),
            drifted=lambda _, calls: self.drifts.append(calls),
        )  # fmt: skip
        self.boards = boards
        self.said: dict[str, float] = {}
        """Second each call was first spoken of since it was told last."""
        self.took: list[float] = []
        self.frames = 0

    def hear(self, delivery: Delivery) -> None:
        self.frames += 1
        push = json.loads(delivery.frame)
        began = self.said.pop(push["entity"], None)
        if began is not None:
            self.took.append(time.perf_counter() - began)

    def idle(self, delivery: Delivery) -> None:
        self.frames += 1

    def word(self, call: Call) -> None:
        self.said.setdefault(f"call:{call.call_id}", time.perf_counter())
        if call.ended_at is None:
            self.live[call.call_id] = call
        else:
            self.live.pop(call.call_id, None)
            ended = ended_call(call)
            if ended is not None:
                self.history.kept.append(ended)
        self.keeper.call_changed(call)

    async def one(self, number: int, dice: random.Random) -> None:
        """A call with a ring, mostly an answer, and an end."""
        who = dice.choice(self.people)
        leg = LegId(f"agent-{who}-1")
        call = Call(
            call_id=CallId(f"c{number}"), account_id=ACC, direction=Direction.INBOUND,
            number=f"+7916{number:07d}", dialed="", started_at=self.clock.now(),
        )  # fmt: skip
        for state in (LegState.RINGING, LegState.UP):
            call = apply(call, Moved(leg_id=CUSTOMER, state=state, at=self.clock.now()))
        call = apply(call, Planned(leg_id=leg, number="", device=None, at=self.clock.now()))
        self.word(call)
        await asyncio.sleep(dice.uniform(0.2, 1.5))
        if dice.random() < 0.9:
            call = apply(call, Moved(leg_id=leg, state=LegState.UP, at=self.clock.now()))
            self.word(call)
            await asyncio.sleep(dice.uniform(0.5, 4.0))
        for gone in (CUSTOMER, leg):
            fact = Ended(leg_id=gone, cause=HangupCause.NORMAL, at=self.clock.now())
            call = apply(call, fact)
        self.word(call)

    async def run(self, seconds: float, rate: float) -> None:
        dice = random.Random(20260302)
        key = board_stream(ACC, ALL)
        await self.keeper.start()
        async with asyncio.TaskGroup() as group, self.bus.follow(key, self.hear):
            for _ in range(self.boards - 1):
                await self.bus.follow(key, self.idle).__aenter__()
            until, number = time.perf_counter() + seconds, 0
            while time.perf_counter() < until:
                group.create_task(self.one(number, dice))
                number += 1
                await asyncio.sleep(1 / rate)
        await asyncio.sleep(PROMISED_S)
        await self.keeper.aclose()

    def drift(self) -> int:
        """Of everything, once the last call is over."""
        day = self.keeper.counted(self.clock.now() + timedelta(hours=1))
        kept = Sum(
            len(self.history.kept),
            sum(call.outcome is Outcome.ANSWERED for call in self.history.kept),
            sum(call.talk_s for call in self.history.kept),
        )
        return day.drift(kept)


async def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.board")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--hour", action="store_true", help="the soak: an hour")
    parser.add_argument("--operators", type=int, default=200)
    parser.add_argument("--rate", type=float, default=50.0, help="calls a second")
    parser.add_argument("--boards", type=int, default=20)
    chosen = parser.parse_args(arguments)
    bench = Bench(chosen.operators, chosen.boards)
    seconds = 3600.0 if chosen.hour else chosen.seconds
    began = time.process_time()
    await bench.run(seconds, chosen.rate)
    busy = (time.process_time() - began) / seconds
    p50, p99 = quantiles(bench.took, n=100)[49], quantiles(bench.took, n=100)[98]
    drift = bench.drift()
    sys.stdout.write(
        f"{chosen.operators} operators, {chosen.rate:g} calls/s, {chosen.boards} boards,"
        f" {seconds:g} s\n"
        f"event to board: p50 {p50 * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms"
        f" of {len(bench.took)}\n"
        f"frames: {bench.frames / seconds:.0f}/s, processor {busy * 100:.0f} %\n"
        f"drift: {drift} of {len(bench.history.kept)} calls"
        f" ({len(bench.drifts)} comparisons, worst {max(bench.drifts, default=0)})\n"
    )
    return 0 if p99 < PROMISED_S and drift == 0 and not any(bench.drifts) else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
