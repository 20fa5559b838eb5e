"""What is told beside the calls themselves: the history moved on, the switch came or went."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from backend.domain.call import Call
from backend.kit.clock import Clock
from backend.services.calls.publisher import Publisher
from backend.services.ports import Publication, account_stream, me_stream
from backend.services.routing import AccountRoute, RoutingTable
from protocol.pushes import HistoryChanged, SwitchChanged
from protocol.vocabulary import AccountId, EmployeeId, StreamName


class Notices:
    """Keeps the newest of each notice, for whoever comes later and for a flushed bus."""

    def __init__(
        self, connection_id: str, routing: RoutingTable, publisher: Publisher, clock: Clock
    ) -> None:
        self._connection_id = connection_id
        self._routing = routing
        self._publisher = publisher
        self._clock = clock
        self._history: dict[tuple[AccountId, EmployeeId], HistoryChanged] = {}
        self._switch: SwitchChanged | None = None
        self._stamp = 0

    def stamp(self) -> int:
        """A growing version for entities that outlive their owner: microseconds since 1970."""
        now = int(self._clock.now().timestamp() * 1_000_000)
        self._stamp = max(self._stamp + 1, now)
        return self._stamp

    def history(self, call: Call, employees: Iterable[EmployeeId]) -> None:
        """The call is in the history now: these may ask for it."""
        for employee_id in employees:
            push = self._history[call.account_id, employee_id] = HistoryChanged(
                stream=StreamName.ME,
                entity="history",
                version=self.stamp(),
                last_call_id=call.call_id,
            )
            self._publisher.put([Publication(me_stream(call.account_id, employee_id), push)])

    def switch(self, *, connected: bool, at: datetime) -> None:
        self._switch = SwitchChanged(
            stream=StreamName.ACCOUNT,
            entity="switch",
            version=self.stamp(),
            connected=connected,
            since=at,
        )
        self._tell_switch(self._routing.accounts_on(self._connection_id))

    def welcome(self, account: AccountRoute) -> None:
        """An account that came while we run hears how the switch is."""
        self._tell_switch([account])

    def republish(self) -> None:
        for (account_id, employee_id), history in self._history.items():
            self._publisher.put([Publication(me_stream(account_id, employee_id), history)])
        self._tell_switch(self._routing.accounts_on(self._connection_id))

    def _tell_switch(self, accounts: Iterable[AccountRoute]) -> None:
        if self._switch is not None:
            push = self._switch
            self._publisher.put(Publication(account_stream(a.account_id), push) for a in accounts)
