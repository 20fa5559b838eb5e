"""The supervisors' board of the house's hour: the real keeper, hands and monitoring over a disk and
a switch that are twins."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from backend.bus.memory import MemoryBus
from backend.domain.call import Call
from backend.kit.clock import ManualClock
from backend.services.board.keeper import BoardKeeper
from backend.services.calls.monitoring import MonitoringClient
from backend.services.hands import Hands
from backend.services.routing import RoutingTable
from backend.services.sessions import Identity
from protocol.board import BoardWatcher
from protocol.vocabulary import AccountId, CallId
from tests.fake_board import FakeBoardRows
from tests.fakes import FakeJournal
from tests.unit.services.stage import ACC, VERA
from tests.unit.services.test_monitoring import FakeWatches

HEAD = Identity(account_id=ACC, employee_id=VERA, name="Vera", extension="103", role="supervisor")


class BoardRoom:
    def __init__(
        self,
        bus: MemoryBus,
        clock: ManualClock,
        routing: RoutingTable,
        journal: FakeJournal,
        live: Callable[[AccountId], Iterable[Call]],
    ) -> None:
        rows = FakeBoardRows(journal)
        self.hands = Hands(bus, rows, clock)
        self.watches = FakeWatches()
        self.asks = MonitoringClient(bus)
        self.keeper = BoardKeeper(
            ACC, "switch-1", bus=bus, rows=rows, routing=routing, clock=clock, live=live
        )

    def watched(self, _account: AccountId, call_id: CallId, inside: list[BoardWatcher]) -> None:
        self.keeper.watched(call_id, inside)
