"""Any interleaving of refreshes, cancellations, crashes, lost answers and clock steps: no refresh
token is spent twice, and the grant is lost only where its answer reached nobody (X5, P17).

The database is real, the authorization server is strict: a token shown again after it was spent is
refused, as a stolen one. Hypothesis chooses what happens; a step is as long as some round trips to
the database.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Coroutine
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from os import urandom
from typing import Any
from weakref import WeakSet

import pytest
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st

from backend.errors import CrmAuthExpired, CrmUnavailable
from backend.kit.secrets_box import SecretsBox
from backend.services.ports import Grant
from backend.store.accounts import Account, AccountStore
from backend.store.crm_connections import CrmConnection, CrmConnectionStore
from backend.store.database import Database
from backend.store.gateways.grants import SqlGrants
from protocol.vocabulary import CrmKind
from tests.integration.conftest import ALPHA

pytestmark = pytest.mark.slow

START = datetime(2030, 1, 1, tzinfo=UTC)
KIND = CrmKind.AMOCRM
LIVES = timedelta(hours=1)
PROCESSES = 3
STEP_PINGS = 6
"""As long as reading and locking a connection takes."""
_PROCESS: contextvars.ContextVar[int | None] = contextvars.ContextVar("process", default=None)

process_numbers = st.integers(0, PROCESSES - 1)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), process_numbers),
        st.tuples(st.just("ask"), process_numbers),
        st.tuples(st.just("move"), st.just(0)),
        st.tuples(st.just("move"), st.just(0)),
        st.tuples(st.just("fail"), st.just(0)),
        st.tuples(st.just("cancel"), st.integers(0, 5)),
        st.tuples(st.just("crash"), process_numbers),
        st.tuples(st.just("stop"), process_numbers),
        st.tuples(st.just("hours"), st.integers(1, 3)),
        st.tuples(st.just("skew"), st.integers(0, 3 * PROCESSES - 1)),
    ),
    min_size=6,
    max_size=24,
)


@dataclass
class Time:
    """The world's clock, and how wrong a process's own is."""

    at: datetime = START
    skew: dict[int, timedelta] = field(default_factory=dict)


@dataclass
class OwnClock:
    time: Time
    process: int

    def now(self) -> datetime:
        return self.time.at + self.time.skew.get(self.process, timedelta())

    def monotonic(self) -> float:
        return (self.now() - START).total_seconds()

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("nothing here waits for the clock")


@dataclass(eq=False)
class Flight:
    """A request to the authorization server; `moves` of it were let through."""

    token: str
    moves: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    broken: bool = False


class StrictServer:
    def __init__(self, time: Time) -> None:
        self.time = time
        self.living = "r0"
        self.flying: list[Flight] = []
        self.most_at_once = 0
        self.reused: set[str] = set()
        self.lost: set[str] = set()
        """Spent, and the answer reached nobody who could store it."""
        self.shown = 0
        self.open = False
        """Answers at once."""
        self.ends = {"a0": START + LIVES}

    async def __call__(self, grant: Grant) -> Grant:
        flight = Flight(grant.refresh_token)
        self.flying.append(flight)
        self.most_at_once = max(self.most_at_once, len(self.flying))
        try:
            await self._moved(flight)
            self.shown += 1
            if flight.token != self.living:
                self.reused.add(flight.token)
                await self._moved(flight)
                raise CrmAuthExpired("used before")
            issued = f"a{self.shown}"
            self.living = f"r{self.shown}"
            self.ends[issued] = self.time.at + LIVES
            self.lost.add(flight.token)
            fresh = replace(
                grant,
                access_token=issued,
                refresh_token=self.living,
                expires_at=self.ends[issued],
            )
            await self._moved(flight)
        finally:
            self.flying.remove(flight)
        return fresh

    async def _moved(self, flight: Flight) -> None:
        if not self.open:
            await flight.moves.acquire()
        if flight.broken:
            raise CrmUnavailable("the connection broke")

    def move(self, *, broken: bool = False) -> None:
        if self.flying:
            self.flying[0].broken = broken
            self.flying[0].moves.release()

    def open_up(self) -> None:
        self.open = True
        for flight in self.flying:
            flight.moves.release()
            flight.moves.release()


class World:
    """Some processes over one database; `tasks` knows which of them began what."""

    def __init__(self, database: Database, secrets: SecretsBox) -> None:
        self.database = database
        self.secrets = secrets
        self.time = Time()
        self.server = StrictServer(self.time)
        self.grants = [self.started(n) for n in range(PROCESSES)]
        self.tasks: list[WeakSet[asyncio.Task[Any]]] = [WeakSet() for _ in range(PROCESSES)]
        self.asked: list[tuple[int, asyncio.Task[Grant | None]]] = []
        self.stopping: list[asyncio.Task[None]] = []
        self.killed: set[str] = set()
        """Tokens whose answer died with a process, or on the way."""

    def started(self, process: int) -> SqlGrants:
        return SqlGrants(self.database, self.secrets, ALPHA, KIND, OwnClock(self.time, process))

    def new_task(
        self,
        loop: asyncio.AbstractEventLoop,
        coro: Any,
        *,
        context: contextvars.Context | None = None,
    ) -> asyncio.Task[Any]:
        process = _PROCESS.get() if context is None else context.get(_PROCESS)
        task: asyncio.Task[Any] = asyncio.Task(coro, loop=loop, context=context)
        if process is not None:
            self.tasks[process].add(task)
        return task

    def within(self, process: int, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        context = contextvars.copy_context()
        context.run(_PROCESS.set, process)
        return asyncio.get_running_loop().create_task(work, context=context)

    async def settled(self) -> None:
        for _ in range(STEP_PINGS):
            await self.database.ping()

    # ── what may happen ──

    async def step(self, what: str, which: int) -> None:
        match what:
            case "ask":
                self.asked.append((which, self.within(which, self._request(self.grants[which]))))
            case "move":
                self.server.move()
            case "fail":
                # A token that was spent by then is lost with the answer.
                flying = self.server.flying
                if flying and flying[0].token in self.server.lost:
                    self.killed.add(flying[0].token)
                self.server.move(broken=True)
            case "cancel":
                pending = [task for _, task in self.asked if not task.done()]
                if which < len(pending):
                    pending[which].cancel()
            case "crash":
                await self._crash(which)
            case "stop":
                for process, task in self.asked:
                    if process == which:
                        task.cancel()
                self.stopping.append(self.within(which, self.grants[which].aclose()))
                self.grants[which] = self.started(which)
            case "hours":
                self.time.at += timedelta(hours=which)
            case "skew":
                process, hours = which % PROCESSES, (2, -2, 0)[which // PROCESSES]
                self.time.skew[process] = timedelta(hours=hours)
        await self.settled()

    async def _request(self, grants: SqlGrants) -> Grant | None:
        """What a client does: the CRM refuses what is out of date, and it refreshes."""
        grant = await grants.current()
        if self.server.ends[grant.access_token] > self.time.at:
            return None
        return await grants.refreshed(grant, self.server)

    async def _crash(self, process: int) -> None:
        """Everything the process was doing ends where it stands; the database rolls back."""
        doomed = [task for task in self.tasks[process] if not task.done()]
        before = await self.stored()
        for task in doomed:
            task.cancel()
        if doomed:
            await asyncio.wait(doomed)
        after = await self.stored()
        if after.refresh_token == before.refresh_token and after.refresh_token in self.server.lost:
            self.killed.add(after.refresh_token or "")
        self.grants[process] = self.started(process)

    # ── what must hold ──

    async def ended(self) -> None:
        self.server.open_up()
        waiting = [*(task for _, task in self.asked), *self.stopping]
        answers = await asyncio.gather(*waiting, return_exceptions=True)
        assert all(
            answer is None or isinstance(answer, Grant | asyncio.CancelledError | CrmUnavailable)
            or (isinstance(answer, CrmAuthExpired) and self.killed)
            for answer in answers
        ), answers  # fmt: skip
        await asyncio.gather(*(each.aclose() for each in self.grants))
        assert self.server.most_at_once <= 1
        assert self.server.reused <= self.killed, "a token was spent twice"
        event("lost with its process" if self.killed else "nothing lost")
        if not self.killed:
            found = await self.stored()
            assert (found.state, found.refresh_token) == ("ok", self.server.living)
        await self._afterwards()

    async def _afterwards(self) -> None:
        """The next process refreshes; or the account is marked, and nobody asks again."""
        self.time.at += 10 * LIVES
        self.time.skew.clear()
        later = self.started(0)
        try:
            fresh = await self._request(later)
        except CrmAuthExpired:
            assert self.killed
            assert (await self.stored()).state == "auth_expired"
            shown = self.server.shown
            with pytest.raises(CrmAuthExpired):
                await self._request(self.started(1))
            assert self.server.shown == shown
        else:
            assert fresh is not None
            assert (await self.stored()).refresh_token == self.server.living

    async def stored(self) -> CrmConnection:
        async with self.database.begin(ALPHA) as tx:
            found = await CrmConnectionStore(tx, self.secrets).find(ALPHA, KIND)
        assert found is not None
        return found


async def _connected(database: Database, secrets: SecretsBox) -> None:
    async with database.begin(ALPHA) as tx:
        await AccountStore(tx).save(Account(id=ALPHA, slug=ALPHA, name="Alpha"))
        await CrmConnectionStore(tx, secrets).save(
            CrmConnection(
                account_id=ALPHA,
                kind=KIND,
                external_id="77",
                base_url="https://demo.amocrm.ru",
                host="demo.amocrm.ru",
                access_token="a0",
                refresh_token="r0",
                expires_at=START + LIVES,
            )
        )


async def _history(database: Database, secrets: SecretsBox, steps: list[tuple[str, int]]) -> None:
    await _connected(database, secrets)
    world = World(database, secrets)
    loop = asyncio.get_running_loop()
    loop.set_task_factory(world.new_task)
    try:
        async with asyncio.timeout(60):
            for what, which in [("hours", 2), *steps]:
                await world.step(what, which)
            await world.ended()
    finally:
        loop.set_task_factory(None)


def test_no_interleaving_spends_a_token_twice_or_loses_an_answer_that_came(
    database_url: str,
) -> None:
    with asyncio.Runner() as runner:
        database = Database(database_url, pool_size=10)
        secrets = SecretsBox({"k1": urandom(32)})

        @settings(
            max_examples=60,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        )
        @example([("ask", 0), ("move", 0), ("cancel", 0), ("ask", 1)])
        @example([("ask", 0), ("move", 0), ("stop", 0), ("ask", 1), ("move", 0)])
        @example([("ask", 0), ("ask", 1), ("ask", 2), ("crash", 0), ("move", 0), ("move", 0)])
        @example([("ask", 0), ("move", 0), ("crash", 0), ("ask", 1), ("move", 0), ("move", 0)])
        @example([("ask", 0), ("move", 0), ("fail", 0), ("ask", 1), ("move", 0)])
        @example([("skew", 0), ("ask", 1), ("move", 0), ("move", 0), ("ask", 0), ("cancel", 0)])
        @given(STEPS)
        def holds(steps: list[tuple[str, int]]) -> None:
            runner.run(_history(database, secrets, steps))

        try:
            holds()
        finally:
            runner.run(database.aclose())
