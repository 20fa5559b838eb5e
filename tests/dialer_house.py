"""A dialer whose calls are carried out by hand: the real engine, desk and teller; the disk, the
owner of calls and the people are twins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec

from backend.bus.memory import MemoryBus
from backend.domain.dialer.rules import ListRules
from backend.domain.scenario import Device
from backend.errors import AppError, Expired
from backend.kit.clock import ManualClock
from backend.kit.ids import new_id
from backend.services.calls.orders import Order, PlaceListed
from backend.services.dialer.calling import Calling
from backend.services.dialer.desk import Desk
from backend.services.dialer.engine import Engine
from backend.services.dialer.lists import Lists, NewList, Row
from backend.services.dialer.moves import call_over
from backend.services.dialer.reviewing import NoRecords
from backend.services.dialer.seats import Seats
from backend.services.dialer.teller import DialerTeller
from backend.services.ports import TabPresence
from backend.services.ports.dialer import Counts, DialerTx, Run, WorkList
from backend.services.routing import AccountRoute, EmployeeRoute, RoutingTable
from protocol.dialer import DialerChanged, DialerCheck
from protocol.dialer_words import AttemptOutcome, ListMode, ListPurpose
from protocol.frames import Command
from protocol.vocabulary import AccountId, CallId, CommandId, EmployeeId
from tests.dialer_book import MemoryBook, Rows

ACC = AccountId("acc")
ANNA, BORIS, VERA, LEAD = (EmployeeId(n) for n in ("anna", "boris", "vera", "lead"))
TEAM = "g_sales"
NUMBERS = tuple(f"+7495000{n:04d}" for n in range(1, 400))
RULES = ListRules(preview_s=10, wrap_up_s=30, missed_s=5, min_gap_s=0)


@dataclass
class Owner:
    """Who owns the calls: begins each call id once, and forgets nothing."""

    clock: ManualClock
    book: MemoryBook
    begun: list[PlaceListed] = field(default_factory=list)
    lost: int = 0
    """Orders to lose on their way."""
    unanswered: int = 0
    """Orders to carry out without an answer."""
    refusal: AppError | None = None

    async def place(self, account_id: AccountId, order: Order) -> None:
        assert isinstance(order, PlaceListed)
        if self.lost:
            self.lost -= 1
            raise Expired("lost")
        if self.refusal is not None:
            raise self.refusal
        if self.clock.now() > order.not_after:
            raise Expired("too late")
        if order.call_id not in self.book.known:
            self.begun.append(order)
            self.book.known[order.call_id] = "live"
        if self.unanswered:
            self.unanswered -= 1
            raise Expired("the answer got lost")


class House:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.bus = MemoryBus(self.clock)
        self.book = MemoryBook(
            {ANNA: "operator", BORIS: "operator", VERA: "operator", LEAD: "supervisor"}
        )
        self.book.groups[TEAM] = {ANNA, BORIS, VERA}
        self.owner = Owner(self.clock, self.book)
        self.routing = RoutingTable()
        self.routing.replace(
            AccountRoute(
                account_id=ACC,
                slug="acc",
                connection_id="s1",
                trunk="PJSIP/{number}@out",
                employees={who: _route(who) for who in (ANNA, BORIS, VERA, LEAD)},
            )
        )
        self.calling = Calling(self.book, self.owner, self.clock)
        self.teller = DialerTeller(self.book, self.bus)
        self.records: Any = NoRecords()
        self.desk = Desk(
            book=self.book,
            bus=self.bus,
            clock=self.clock,
            calling=self.calling,
            teller=DialerTeller(self.book, self.bus, always=True),
            records=self.records,
        )
        self.lists = Lists(book=self.book, bus=self.bus, clock=self.clock, records=self.records)
        self.seats = Seats(self.bus, self.routing)
        self.engine = self.worker()

    def worker(self) -> Engine:
        return Engine(
            book=self.book,
            bus=self.bus,
            clock=self.clock,
            seats=self.seats,
            calling=self.calling,
            teller=self.teller,
            kept=self._kept,
            accounts=lambda: (ACC,),
        )

    async def _kept(self, _tx: DialerTx, _account_id: AccountId, _call_id: CallId) -> bool:
        return False

    @property
    def rows(self) -> Rows:
        return self.book.of(ACC)

    async def arrives(self, who: EmployeeId) -> None:
        tab = TabPresence(
            session=f"s-{who}", tab=f"t-{who}", visible=True, sound=True, since=self.clock.now()
        )
        await self.bus.mark_present(ACC, who, tab, ttl_s=10_000_000)

    async def leaves(self, who: EmployeeId) -> None:
        await self.bus.mark_gone(ACC, who, f"s-{who}")

    async def ticks(self, seconds: float, *, each: float = 1.0) -> None:
        """Time goes on, and the worker looks."""
        passed = 0.0
        while passed < seconds:
            await self.clock.advance(each)
            passed += each
            await self.engine.tick()
            await self.engine.idle()

    async def tick(self) -> None:
        await self.engine.tick()
        await self.engine.idle()

    async def load(
        self,
        numbers: Sequence[str] = NUMBERS[:3],
        *,
        team: bool = False,
        purpose: ListPurpose = ListPurpose.SERVICE,
        rules: ListRules = RULES,
        rows: Sequence[Row] | None = None,
        mode: ListMode = ListMode.PREVIEW,
        key: str = "",
    ) -> tuple[WorkList, DialerCheck]:
        found = tuple(rows) if rows is not None else tuple(Row(numbers=(n,)) for n in numbers)
        return await self.lists.make(
            ACC,
            NewList(
                name="Renewals",
                purpose=purpose,
                mode=mode,
                owner_id=None if team else ANNA,
                group_id=TEAM if team else None,
                rules=rules,
                rows=found,
            ),
            who=f"employee:{LEAD}",
            role="supervisor",
            key=key or new_id(),
        )

    async def ask(self, who: EmployeeId, kind: type[Command], **fields: Any) -> Any:
        command = kind(id=CommandId(fields.pop("id", new_id())), **fields)
        return await self.desk.ask(ACC, who, command)

    async def shown(self, who: EmployeeId = ANNA) -> DialerChanged:
        """What the operator's tab has now."""
        read = await self.bus.read(f"me:{ACC}:{who}", None)
        [frame] = [d.frame for d in read.deliveries if d.tag == "dialer.changed"]
        return msgspec.json.decode(frame, type=DialerChanged)

    def run_of(self, who: EmployeeId = ANNA) -> Run:
        return self.rows.runs[who]

    async def counts(self, work: WorkList) -> Counts:
        async with self.book.begin(ACC) as tx:
            return await tx.counts(work.id)

    async def over(
        self,
        call_id: CallId,
        outcome: AttemptOutcome,
        *,
        talk_s: int = 0,
        at: datetime | None = None,
    ) -> None:
        """The call ended and is kept."""
        self.book.known[call_id] = "kept"
        async with self.book.begin(ACC) as tx:
            await call_over(tx, call_id, outcome, at or self.clock.now(), talk_s=talk_s)

    async def reached(self, seconds: int = 60) -> CallId:
        """The last call begun is answered, talked and over."""
        call_id = self.owner.begun[-1].call_id
        await self.clock.advance(seconds)
        await self.over(call_id, AttemptOutcome.REACHED, talk_s=seconds)
        return call_id


def later(house: House, **delta: float) -> datetime:
    return house.clock.now() + timedelta(**delta)


def _route(who: EmployeeId) -> EmployeeRoute:
    return EmployeeRoute(
        employee_id=who,
        name=who.title(),
        extension=None,
        devices=(Device(priority=1, kind="desk", endpoint=f"PJSIP/{who}", label="Desk"),),
    )


def with_rules(**changes: Any) -> ListRules:
    return msgspec.structs.replace(RULES, **changes)
