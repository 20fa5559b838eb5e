"""Which numbers each employee may show to whom he calls, told to his tabs (W14)."""

from __future__ import annotations

from backend.kit.clock import Clock
from backend.services.caller_id import default_number, selectable
from backend.services.ports import Bus, Publication, me_stream
from backend.services.routing import AccountRoute
from protocol.pushes import OutgoingChanged, OutgoingNumber
from protocol.vocabulary import AccountId, EmployeeId, StreamName

_Choice = tuple[str | None, tuple[tuple[str, str | None], ...]]
"""The default, and what may be chosen with its name."""


class OutgoingTeller:
    """Publishes what changed since it last looked; everything, after a flush of the bus."""

    def __init__(self, bus: Bus, clock: Clock) -> None:
        self._bus = bus
        self._clock = clock
        self._told: dict[AccountId, dict[EmployeeId, _Choice]] = {}
        self._stamp = 0

    async def tell(self, account: AccountRoute) -> None:
        """Tell whoever is at work in the account; those without a choice, too: they may have had
        one before this process began."""
        names = {virtual.number: virtual.name for virtual in account.virtual_numbers}
        now: dict[EmployeeId, _Choice] = {
            employee.employee_id: (
                default_number(account, employee),
                tuple((number, names.get(number)) for number in selectable(account, employee)),
            )
            for employee in account.employees.values()
        }
        known = self._told.get(account.account_id, {})
        changed = {who: choice for who, choice in now.items() if known.get(who) != choice}
        await self._publish(account.account_id, changed)
        self._told[account.account_id] = now

    def forget(self, account_id: AccountId) -> None:
        """The account is gone, or on another switch: it is told anew when it comes back."""
        self._told.pop(account_id, None)

    async def republish(self) -> None:
        for account_id, choices in self._told.items():
            await self._publish(account_id, choices)

    async def _publish(self, account_id: AccountId, choices: dict[EmployeeId, _Choice]) -> None:
        out = [
            Publication(me_stream(account_id, employee_id), self._push(choice))
            for employee_id, choice in choices.items()
        ]
        if out:
            await self._bus.publish(out)

    def _push(self, choice: _Choice) -> OutgoingChanged:
        default, numbers = choice
        return OutgoingChanged(
            stream=StreamName.ME,
            entity="outgoing",
            version=self._next(),
            default=default,
            numbers=[OutgoingNumber(number=number, name=name) for number, name in numbers],
        )

    def _next(self) -> int:
        """Grows across processes: microseconds of the clock."""
        self._stamp = max(self._stamp + 1, int(self._clock.now().timestamp() * 1_000_000))
        return self._stamp
