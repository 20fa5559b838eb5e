"""One account's board, kept in the memory of whoever owns its calls.

Facts come from the call owner, from the colleagues' stream and from raised hands; what they change
is marked, and a few times a second the marked entities are told whole. Nothing on that way asks a
database or a CRM. The log of the past and the comparison with the history run beside it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from backend.domain.board.figures import Day, Sum, Tally, ended_call, settled_until
from backend.domain.board.scope import Scope, TeamPeople, scopes
from backend.domain.call import Call
from backend.kit.clock import Clock
from backend.services.board.calls import board_call
from backend.services.board.figures import counts_push, tally_push
from backend.services.board.past import Recorder
from backend.services.board.people import People
from backend.services.board.streams import board_stream, hands_stream
from backend.services.ports import Bus, Delivery, Publication, StreamRead, colleagues_stream
from backend.services.ports.board import BoardRows
from backend.services.routing import AccountRoute, RoutingTable
from protocol.board import (
    BoardCall,
    BoardCallRemoved,
    BoardLimits,
    BoardPersonRemoved,
    BoardSetup,
    BoardTeam,
    BoardWatcher,
    WatchMode,
)
from protocol.frames import Push
from protocol.vocabulary import AccountId, CallId, Direction, EmployeeId, StreamName

log = structlog.get_logger(__name__)

TELL_S = 0.2
"""How long changes gather before they are told. A second is promised; a person's eye needs no
more, and a call that rings five telephones at once is one push instead of six."""
RETRY_S = 0.5
LOOK_S = 5.0
"""How often calls are compared with their owner's: heals what was missed while starting."""
COMPARE_S = 60.0
LATE = timedelta(seconds=15)
"""A call that ended is in the history after this, whatever its legs and the disk do."""

Named = Callable[[AccountId, str], str | None]
"""Who has a number, from memory."""
Live = Callable[[AccountId], Iterable[Call]]
"""The owner's calls of an account now."""


class BoardKeeper:
    def __init__(
        self,
        account_id: AccountId,
        connection_id: str,
        *,
        bus: Bus,
        rows: BoardRows,
        routing: RoutingTable,
        clock: Clock,
        named: Named = lambda _account, _number: None,
        live: Live = lambda _account: (),
        modes: tuple[WatchMode, ...] = (),
        drifted: Callable[[AccountId, int], None] = lambda _account, _calls: None,
    ) -> None:
        """`modes` are the ways to listen the switch knows; `drifted` is told every comparison."""
        self.account_id = account_id
        self._connection_id = connection_id
        self._bus = bus
        self._rows = rows
        self._routing = routing
        self._clock = clock
        self._named = named
        self._live = live
        self._modes = modes
        self._drifted = drifted
        self._people = People()
        self._calls: dict[CallId, Call] = {}
        self._people_of: dict[str, frozenset[EmployeeId]] = {}
        """By call as it was told last: whose boards it has to leave."""
        self._names: dict[CallId, str] = {}
        """What the CRM said after the index did not know."""
        self._watchers: dict[CallId, list[BoardWatcher]] = {}
        self._teams: tuple[TeamPeople, ...] = ()
        self._scopes: dict[str, Scope] = {}
        self._day: Day | None = None
        self._drift: tuple[int, datetime] | None = None
        self._marked: dict[str, None] = {}
        """Entities to be told, oldest mark first."""
        self._something = asyncio.Event()
        self._stamp = 0
        self._recorder = Recorder(account_id, rows, clock)
        self._tasks: list[asyncio.Task[None]] = []
        self._stack = AsyncExitStack()

    # ── life ──

    async def start(self) -> None:
        """Load, begin the streams anew, and go on by itself until `aclose`."""
        await self.reload()
        await self._begin_day(self._clock.now())
        stack, account_id = self._stack, self.account_id
        hands, colleagues = hands_stream(account_id), colleagues_stream(account_id)
        await stack.enter_async_context(self._bus.follow(hands, self._hand, self._hands_anew))
        await stack.enter_async_context(self._bus.follow(colleagues, self._heard, self._anew))
        for delivery in (await self._bus.read(hands, None)).deliveries:
            self._hand(delivery)
        for delivery in (await self._bus.read(colleagues, None)).deliveries:
            self._heard(delivery)
        self.look()
        self._tasks = [
            asyncio.create_task(work, name=f"board:{name}:{account_id}")
            for name, work in (
                ("tell", self._keep_telling()),
                ("look", self._every(LOOK_S, self._look_around)),
                ("compare", self._every(COMPARE_S, self.compare)),
                ("record", self._recorder.run()),
            )
        ]

    async def aclose(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._stack.aclose()
        await self._recorder.flush()

    async def _every(self, seconds: float, work: Callable[[], object]) -> None:
        while True:
            await self._clock.sleep(seconds)
            try:
                doing = work()
                if asyncio.iscoroutine(doing):
                    await doing
            except Exception as error:
                log.warning("board.round_failed", account=self.account_id, error=repr(error))

    # ── what is heard ──

    def call_changed(self, call: Call) -> None:
        """The owner's word on one call; must not wait."""
        entity = f"call:{call.call_id}"
        if call.ended_at is None:
            self._calls[call.call_id] = call
            self.mark(entity)
            return
        self._watchers.pop(call.call_id, None)
        self._names.pop(call.call_id, None)
        if self._calls.pop(call.call_id, None) is not None or entity in self._people_of:
            self.mark(entity)
        ended = ended_call(call)
        changed = None if self._day is None or ended is None else self._day.take(ended)
        if changed is not None:
            self.mark("counts", *(f"tally:{employee_id}" for employee_id in sorted(changed)))

    def call_named(self, call_id: CallId, name: str) -> None:
        if call_id in self._calls and self._names.get(call_id) != name:
            self._names[call_id] = name
            self.mark(f"call:{call_id}")

    def watched(self, call_id: CallId, watchers: list[BoardWatcher]) -> None:
        """Who listens to a call now."""
        if watchers:
            self._watchers[call_id] = watchers
        else:
            self._watchers.pop(call_id, None)
        self.mark(f"call:{call_id}")

    def look(self) -> None:
        """Compare with the owner's calls: some may have been told before we listened."""
        now = {call.call_id: call for call in self._live(self.account_id)}
        for call in now.values():
            if self._calls.get(call.call_id) is not call:
                self.call_changed(call)
        for call_id in self._calls.keys() - now.keys():
            del self._calls[call_id]
            self.mark(f"call:{call_id}")

    def mark(self, *entities: str) -> None:
        self._marked.update(dict.fromkeys(entities))
        self._something.set()

    def _heard(self, delivery: Delivery) -> None:
        employee_id = self._people.hear(delivery)
        if employee_id is not None:
            self.mark(f"person:{employee_id}")

    def _anew(self, read: StreamRead) -> None:
        self._people.forget_heard()
        for delivery in read.deliveries:
            self._heard(delivery)
        self.mark(*(f"person:{employee_id}" for employee_id in self._people.here()))

    def _hand(self, delivery: Delivery) -> None:
        self.mark(f"person:{self._people.hear_hand(delivery)}")

    def _hands_anew(self, read: StreamRead) -> None:
        for person in self._people.known.values():
            person.hand = None
        for delivery in read.deliveries:
            self._hand(delivery)
        self.mark(*(f"person:{employee_id}" for employee_id in self._people.here()))

    # ── the account as it is set up ──

    @property
    def _account(self) -> AccountRoute:
        found = self._routing.account(self.account_id)
        if found is not None:
            return found
        return AccountRoute(account_id=self.account_id, slug="", connection_id=self._connection_id)

    async def reload(self) -> None:
        """People, teams or settings may have changed. Boards of other people begin anew."""
        teams = await self._rows.teams(self.account_id)
        changed = self._people.employ(self._account.employees)
        self.mark("setup", *(f"person:{employee_id}" for employee_id in sorted(changed)))
        if self._scopes and teams == self._teams:
            return
        self._teams = teams
        known, self._scopes = self._scopes, scopes(teams)
        for key in known.keys() | self._scopes.keys():
            # Whoever left a team is not shown to its head any more, his past pushes included.
            await self._bus.reset(board_stream(self.account_id, key), forget=("",))
        if self._day is not None:
            await self._begin_day(self._clock.now())
        self.republish()

    def republish(self) -> None:
        """Tell everything: boards began anew, or the bus lost its memory."""
        tallies = () if self._day is None else self._day.tallies
        self.mark(
            "setup",
            "counts",
            *(f"person:{employee_id}" for employee_id in self._people.here()),
            *(f"tally:{employee_id}" for employee_id in tallies),
            *(f"call:{call_id}" for call_id in self._calls),
        )

    # ── telling ──

    async def _keep_telling(self) -> None:
        failing = False
        while True:
            await self._something.wait()
            await self._clock.sleep(RETRY_S if failing else TELL_S)
            try:
                await self.tell()
            except Exception as error:  # the bus may fail in any way its client invents
                if not failing:
                    log.warning("board.bus_away", account=self.account_id, error=repr(error))
                failing = True
            else:
                failing = False

    async def tell(self) -> None:
        """Everything marked, now. What cannot be told stays marked."""
        marked, self._marked = self._marked, {}
        self._something.clear()
        told = [one for entity in marked for one in self._told_of(entity)]
        try:
            if told:
                await self._bus.publish(
                    [
                        Publication(board_stream(self.account_id, key), one.push, one.removes)
                        for one in told
                        for key in one.keys
                    ]
                )
        except BaseException:
            self.mark(*marked)
            raise
        for one in told:
            if one.removes:
                self._people_of.pop(one.push.entity, None)
        self._recorder.take([(one.only, one.push) for one in told])

    def _told_of(self, entity: str) -> Iterator[_Told]:
        """What is to be told of one entity, and on which boards."""
        kind, _, name = entity.partition(":")
        if kind == "setup":
            for scope in self._scopes.values():
                yield _Told(self._setup(scope), (scope.key,), only=scope.key)
        elif kind == "counts":
            if self._day is None:
                return
            for key, totals in self._day.totals.items():
                counts = counts_push(self._day.day, totals, self._drift, self._next())
                yield _Told(counts, (key,), only=key)
        elif kind == "person":
            yield self._person(EmployeeId(name))
        elif kind == "tally":
            tally = None if self._day is None else self._day.tallies.get(EmployeeId(name))
            if tally is not None:
                push = tally_push(EmployeeId(name), tally, self._next())
                yield _Told(push, self._boards(frozenset((EmployeeId(name),))))
        else:
            yield from self._call(CallId(name))

    def _boards(self, people: frozenset[EmployeeId]) -> tuple[str, ...]:
        return tuple(key for key, scope in self._scopes.items() if scope.concerns(people))

    def _person(self, employee_id: EmployeeId) -> _Told:
        push = self._people.push(employee_id, self._next())
        keys = self._boards(frozenset((employee_id,)))
        if push is not None:
            return _Told(push, keys)
        gone = BoardPersonRemoved(
            stream=StreamName.BOARD,
            entity=f"person:{employee_id}",
            version=self._next(),
            employee_id=employee_id,
        )
        return _Told(gone, keys, removes=True)

    def _call(self, call_id: CallId) -> Iterator[_Told]:
        entity, call = f"call:{call_id}", self._calls.get(call_id)
        if call is None:
            people = self._people_of.get(entity)
            if people is not None:
                gone = BoardCallRemoved(
                    stream=StreamName.BOARD, entity=entity, version=self._next(), call_id=call_id
                )
                yield _Told(gone, self._boards(people), removes=True)
            return
        push = self._board_call(call)
        people = frozenset(push.people) | self._people_of.get(entity, frozenset())
        self._people_of[entity] = people
        yield _Told(push, self._boards(people))

    def _board_call(self, call: Call) -> BoardCall:
        outside = call.direction is not Direction.INTERNAL
        dialed = self._routing.dialed(self._connection_id, call.dialed) if call.dialed else None
        name = self._names.get(call.call_id)
        if name is None and outside and call.number:
            name = self._named(self.account_id, call.number)
        return board_call(
            call,
            account=self._account,
            line=None if dialed is None or dialed[0].account_id != self.account_id else dialed[1],
            name=name,
            watchers=self._watchers.get(call.call_id, ()),
            version=self._next(),
        )

    def _setup(self, scope: Scope) -> BoardSetup:
        account = self._account
        board = account.settings.board
        return BoardSetup(
            stream=StreamName.BOARD,
            entity="setup",
            version=self._next(),
            teams=[
                BoardTeam(team_id=team.team_id, name=team.name, members=list(team.people))
                for team in scope.teams
            ],
            limits=BoardLimits(
                waiting_s=board.waiting_s,
                answer_s=board.answer_s,
                break_min=board.break_min,
                lost_percent=board.lost_percent,
            ),
            modes=list(self._modes) if board.monitoring else [],
            tells_operators=board.tell_operators,
            timezone=account.timezone,
            keeps_days=board.keep_days,
        )

    def _next(self) -> int:
        self._stamp = max(self._stamp + 1, int(self._clock.now().timestamp() * 1_000_000))
        return self._stamp

    # ── the day ──

    async def _begin_day(self, now: datetime) -> None:
        """Count today's calls anew, from the history."""
        account = self._account
        today = now.astimezone(ZoneInfo(account.timezone)).date()
        answer_s = account.settings.board.answer_s
        known = self._day
        day = Day(today, account.timezone, self._scopes.values(), answer_s=answer_s)
        if known is not None and known.day == today:
            # What ended in these seconds is not in the history yet.
            for ended in known.recent():
                day.take(ended)
        for ended in await self._rows.ended(self.account_id, day.began_at, now + timedelta(days=1)):
            day.take(ended)
        self._day, self._drift = day, None
        gone = () if known is None else known.tallies.keys() - day.tallies.keys()
        for employee_id in gone:
            day.tallies[employee_id] = Tally()
        self.mark("counts", *(f"tally:{employee_id}" for employee_id in day.tallies))

    async def _look_around(self) -> None:
        self.look()
        day = self._day
        board = self._account.settings.board
        now = self._clock.now()
        if day is None or not day.belongs(now) or day.answer_s != board.answer_s:
            await self._begin_day(now)

    def counted(self, ended_before: datetime) -> Sum:
        """What the day's figures are made of."""
        return Sum() if self._day is None else self._day.until(ended_before)

    async def compare(self) -> None:
        """The figures with the history, up to the last minute that is surely in it (R13)."""
        day, now = self._day, self._clock.now()
        if day is None:
            return
        cut = settled_until(now, LATE)
        stored = await self._rows.sum(self.account_id, day.began_at, cut)
        if day is not self._day:
            return
        drift = day.until(cut).drift(stored)
        self._drift = (drift, now)
        self._drifted(self.account_id, drift)
        if drift:
            log.warning(
                "board.drift", account=self.account_id, calls=drift, note="counting anew next time"
            )
        self.mark("counts")


@dataclass(frozen=True, slots=True)
class _Told:
    """One push on its way to the boards `keys`. `only`: the board whose alone it is; '' where all
    that see it are told the same."""

    push: Push
    keys: tuple[str, ...]
    removes: bool = False
    only: str = ""
