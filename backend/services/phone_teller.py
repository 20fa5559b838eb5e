"""Which tab is a person's phone, and what it lacks: told to their tabs and to colleagues (M3, M14).

A lease without a lock: who holds it follows from the live tabs (`domain.tab_phone`), so the next
tab has it the moment the last one's socket is gone, and two processes never name two tabs for long.
What fences the loser off is the switch: whoever registers gets a new password, the old one is void.
"""

from __future__ import annotations

import msgspec

from backend.domain.tab_phone import holder, missing
from backend.kit.clock import Clock
from backend.services.ports import (
    Bus,
    Publication,
    TabPresence,
    colleagues_stream,
    me_stream,
)
from protocol.phone import ColleaguePhoneChanged, PhoneChanged
from protocol.vocabulary import AccountId, EmployeeId, StreamName

_ROUNDS = 4
"""As `presence` has it: tabs that come and go at once on different processes settle in two."""
_encode = msgspec.json.Encoder().encode


class PhoneTeller:
    """Tells `phone.changed` and `colleague.phone_changed`, only when they did change."""

    def __init__(self, bus: Bus, clock: Clock) -> None:
        self._bus = bus
        self._clock = clock
        self._seen: dict[tuple[AccountId, EmployeeId], bytes] = {}
        """What this process found last of those whose tabs it keeps alive."""

    async def choose(
        self,
        account_id: AccountId,
        employee_id: EmployeeId,
        tabs: list[TabPresence],
        *,
        force: bool = False,
    ) -> None:
        """Look at `tabs` and tell what is new; with `force` even what is not (it got lost)."""
        for _ in range(_ROUNDS):
            found = _found(tabs)
            self._seen[account_id, employee_id] = found
            version = await self._bus.change(
                f"phone:{account_id}:{employee_id}", found, force=force
            )
            if version is None:
                return
            force = False
            await self._publish(account_id, employee_id, tabs, version)
            # A tab that came between reading and remembering was not seen by us.
            tabs = await self._bus.present(account_id, employee_id)
            if _found(tabs) == found:
                return

    async def look_again(
        self, account_id: AccountId, employee_id: EmployeeId, tabs: list[TabPresence]
    ) -> None:
        """`tabs` as a refresh met them: tell when they are others than before, such as after a
        process that died with its tabs and told nobody."""
        if self._seen.get((account_id, employee_id)) != _found(tabs):
            await self.choose(account_id, employee_id, tabs)

    def forget(self, account_id: AccountId, employee_id: EmployeeId) -> None:
        """None of their tabs is here any more."""
        self._seen.pop((account_id, employee_id), None)

    async def _publish(
        self,
        account_id: AccountId,
        employee_id: EmployeeId,
        tabs: list[TabPresence],
        version: int,
    ) -> None:
        best, lacks = holder(tabs), missing(tabs)
        own = PhoneChanged(
            stream=StreamName.ME,
            entity="phone",
            version=version,
            tab=None if best is None else best.tab,
            missing=lacks,
        )
        others = ColleaguePhoneChanged(
            stream=StreamName.COLLEAGUES,
            entity=f"phone:{employee_id}",
            version=version,
            employee_id=employee_id,
            missing=lacks,
            since=self._clock.now(),
        )
        await self._bus.publish(
            [
                Publication(me_stream(account_id, employee_id), own),
                Publication(colleagues_stream(account_id), others),
            ]
        )


def _found(tabs: list[TabPresence]) -> bytes:
    best = holder(tabs)
    return _encode([None if best is None else [best.session, best.tab], missing(tabs)])
