"""The dialer of the house's hour: the real desk, clock and teller; its calls are carried out by
hand, for what calls tell is the other scenes' business."""

from __future__ import annotations

from backend.bus.memory import MemoryBus
from backend.domain.dialer.rules import ListRules
from backend.domain.working_hours import WEEKDAYS
from backend.kit.clock import ManualClock
from backend.services.dialer.calling import Calling
from backend.services.dialer.desk import Desk
from backend.services.dialer.engine import Engine
from backend.services.dialer.lists import Lists, NewList, Row
from backend.services.dialer.moves import call_over
from backend.services.dialer.reviewing import NoRecords
from backend.services.dialer.seats import Seats
from backend.services.dialer.teller import DialerTeller
from backend.services.ports.dialer import DialerTx, WorkList
from backend.services.routing import RoutingTable
from protocol.dialer_words import AttemptOutcome, ListPurpose
from protocol.vocabulary import AccountId, CallId
from tests.dialer_book import MemoryBook
from tests.dialer_house import NUMBERS, Owner
from tests.unit.services.stage import ACC, ANNA, BORIS, VERA


class DialerRoom:
    def __init__(self, bus: MemoryBus, clock: ManualClock, routing: RoutingTable) -> None:
        self._clock = clock
        self.book = MemoryBook({ANNA: "supervisor", BORIS: "operator", VERA: "operator"})
        self.owner = Owner(clock, self.book)
        calling = Calling(self.book, self.owner, clock)
        self._lists = Lists(book=self.book, bus=bus, clock=clock, records=NoRecords())
        self.desk = Desk(
            book=self.book,
            bus=bus,
            clock=clock,
            calling=calling,
            teller=DialerTeller(self.book, bus, always=True),
            records=NoRecords(),
        )
        self._engine = Engine(
            book=self.book,
            bus=bus,
            clock=clock,
            seats=Seats(bus, routing),
            calling=calling,
            teller=DialerTeller(self.book, bus),
            kept=self._kept,
            accounts=lambda: (ACC,),
        )

    async def load(self, key: str) -> WorkList:
        wanted = NewList(
            name=key,
            purpose=ListPurpose.SERVICE,
            owner_id=ANNA,
            rules=ListRules(hours=dict.fromkeys(WEEKDAYS, ("00:00-24:00",)), min_gap_s=0),
            rows=tuple(Row(numbers=(number,)) for number in NUMBERS[:4]),
        )
        work, _ = await self._lists.make(
            ACC, wanted, who=f"employee:{ANNA}", role="supervisor", key=key
        )
        return work

    async def look(self) -> None:
        """The worker's second."""
        await self._engine.tick()
        await self._engine.idle()

    async def over(self, outcome: AttemptOutcome) -> None:
        """The call begun last ended."""
        async with self.book.begin(ACC) as tx:
            call_id = self.owner.begun[-1].call_id
            await call_over(tx, call_id, outcome, self._clock.now(), talk_s=20)

    async def _kept(self, _tx: DialerTx, _account_id: AccountId, _call_id: CallId) -> bool:
        return False
