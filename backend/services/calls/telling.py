"""What is told of calls: each holder's card, and whether a colleague is busy.

Nothing is told twice: what everyone was shown last is remembered, and only what differs goes out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from backend.domain.call import raised
from backend.kit.clock import Clock
from backend.services.calls import parties, views
from backend.services.calls.hooks import Callers
from backend.services.calls.live import Live
from backend.services.calls.notices import Notices
from backend.services.calls.publisher import Publisher
from backend.services.ports import Publication, colleagues_stream, me_stream
from backend.services.routing import AccountRoute
from protocol.pushes import ColleagueBusyChanged
from protocol.vocabulary import AccountId, CallId, CallState, EmployeeId, StreamName

Busy = Literal["free", "ringing", "talking"]


class Telling:
    def __init__(
        self,
        calls: Mapping[CallId, Live],
        publisher: Publisher,
        notices: Notices,
        callers: Callers,
        clock: Clock,
    ) -> None:
        """`calls` is the owner's memory, read as it is at each moment."""
        self._calls = calls
        self._publisher = publisher
        self._notices = notices
        self._callers = callers
        self._clock = clock
        self._busy: dict[tuple[AccountId, EmployeeId], ColleagueBusyChanged] = {}
        self._seen_in: dict[tuple[AccountId, EmployeeId], set[CallId]] = {}
        """Calls each employee has a card of: busy is read off these alone."""

    def calls_of(self, account_id: AccountId, employee_id: EmployeeId) -> list[Live]:
        """Those the employee has a card of."""
        return [self._calls[id_] for id_ in self._seen_in.get((account_id, employee_id), ())]

    def busy(self, account_id: AccountId, employee_id: EmployeeId) -> Busy:
        busy: Busy = "free"
        for live in self.calls_of(account_id, employee_id):
            if live.call.state is CallState.ENDED:
                continue
            if employee_id in live.offers:
                busy = "ringing"
            elif employee_id in parties.at_phone(live):
                return "talking"
        return busy

    def show(self, live: Live, account: AccountRoute) -> None:
        """Queue whatever changed for whoever has or had a card of this call."""
        account_id = live.call.account_id
        holders = views.holders(live)
        changed = [e for e in sorted(holders) if self._differs(live, e, account)]
        gone = sorted(set(live.shown) - holders)
        if not changed and not gone:
            return
        live.call = raised(live.call, live.told + 1)
        live.told = live.call.version
        out: list[Publication] = []
        for employee_id in changed:
            card = views.card(live, employee_id, account)
            live.shown[employee_id] = card
            self._seen_in.setdefault((account_id, employee_id), set()).add(live.call.call_id)
            out.append(Publication(me_stream(account_id, employee_id), card))
        for employee_id in gone:
            del live.shown[employee_id]
            self._leave(account_id, employee_id, live.call.call_id)
            push = views.removal(live, employee_id, account)
            out.append(Publication(me_stream(account_id, employee_id), push, removes=True))
        out += self._busy_changes(account_id, (*changed, *gone))
        self._publisher.put(out)
        if gone:
            self._callers.forget(live.call.call_id, gone)

    def _differs(self, live: Live, employee_id: EmployeeId, account: AccountRoute) -> bool:
        known = live.shown.get(employee_id)
        if known is None:
            return True
        card = views.card(live, employee_id, account)
        return known != msgspec.structs.replace(card, version=known.version)

    def _leave(self, account_id: AccountId, employee_id: EmployeeId, call_id: CallId) -> None:
        key = (account_id, employee_id)
        seen = self._seen_in.get(key, set())
        seen.discard(call_id)
        if not seen:
            self._seen_in.pop(key, None)

    def _busy_changes(
        self, account_id: AccountId, employees: Iterable[EmployeeId]
    ) -> list[Publication]:
        out = []
        for employee_id in dict.fromkeys(employees):
            busy, key = self.busy(account_id, employee_id), (account_id, employee_id)
            known = self._busy.get(key)
            if busy == ("free" if known is None else known.busy):
                continue
            push = self._busy[key] = ColleagueBusyChanged(
                stream=StreamName.COLLEAGUES,
                entity=f"busy:{employee_id}",
                version=self._notices.stamp(),
                employee_id=employee_id,
                busy=busy,
                since=self._clock.now(),
            )
            out.append(Publication(colleagues_stream(account_id), push))
        return out

    def republish(self) -> None:
        """Everything owned, as it was last told: for a bus that lost its memory."""
        for live in self._calls.values():
            for employee_id, card in live.shown.items():
                self._publisher.put(
                    [Publication(me_stream(live.call.account_id, employee_id), card)]
                )
        for (account_id, _), busy in self._busy.items():
            self._publisher.put([Publication(colleagues_stream(account_id), busy)])
