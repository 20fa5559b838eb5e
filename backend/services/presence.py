"""Who is at the phone, and which of their tabs rings.

The bus knows the live tabs of everybody. Each process that holds sockets keeps its own tabs alive
there and tells what changed; that two of them come to the same conclusion is the bus's business
(`Bus.change` lets one speak). Nothing is remembered here that could not be lost.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from backend.kit.clock import Clock
from backend.services.phone_teller import PhoneTeller
from backend.services.ports import (
    Bus,
    Publication,
    TabPresence,
    colleagues_stream,
    me_stream,
)
from protocol.pushes import ColleaguePresenceChanged, RingerChanged
from protocol.vocabulary import AccountId, EmployeeId, StreamName

TTL_S = 45.0
"""A tab whose process died is gone after this. Three refreshes."""
REFRESH_S = 15.0
GRACE_S = 20.0
"""A reload or a change of network is not an absence."""
_ROUNDS = 4
"""Tabs of one employee that come and go at the same moment on different processes settle in two;
more would be a bug, and the next sweep looks again."""


def ringer(tabs: Iterable[TabPresence]) -> TabPresence | None:
    """The one tab that sounds (W9): in front and audible, else audible, else in front, else the
    oldest. The same tabs give the same answer in every process."""
    return min(
        tabs,
        key=lambda t: (not (t.visible and t.sound), not t.sound, not t.visible, t.since, t.session),
        default=None,
    )


class Seat(msgspec.Struct, frozen=True, gc=False):
    """One live tab and whose it is."""

    account_id: AccountId
    employee_id: EmployeeId
    tab: TabPresence


class _Seen(msgspec.Struct, frozen=True):
    employee_id: EmployeeId
    online: bool = False


_seen = msgspec.json.Decoder(_Seen)


class Presence:
    """Tells `ringer.changed` and `colleague.presence_changed`, only when they did change."""

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        *,
        ttl_s: float = TTL_S,
        grace_s: float = GRACE_S,
    ) -> None:
        self._bus = bus
        self._clock = clock
        self._ttl_s = ttl_s
        self._grace_s = grace_s
        self._phones = PhoneTeller(bus, clock)

    async def arrived(self, seat: Seat) -> None:
        """A tab opened, or reports otherwise than before."""
        tabs = await self._bus.mark_present(
            seat.account_id, seat.employee_id, seat.tab, ttl_s=self._ttl_s
        )
        told = await self._online(seat.account_id, seat.employee_id, online=True)
        await self._choose_ringer(seat.account_id, seat.employee_id, tabs, told)
        if seat.tab.phone is not None:
            await self._phones.choose(seat.account_id, seat.employee_id, tabs)

    async def stopped_phoning(self, seat: Seat) -> None:
        """The tab, which stays, is no phone any more."""
        tabs = await self._bus.mark_present(
            seat.account_id, seat.employee_id, seat.tab, ttl_s=self._ttl_s
        )
        await self._phones.choose(seat.account_id, seat.employee_id, tabs)

    async def left(self, seat: Seat) -> None:
        """A tab closed. Its employee counts as online for the grace; `sweep` says otherwise."""
        tabs = await self._bus.mark_gone(
            seat.account_id, seat.employee_id, seat.tab.session, linger_s=self._grace_s
        )
        if seat.tab.phone is not None:
            # First of all: the next tab takes the phone over, and a caller may be waiting.
            await self._phones.choose(seat.account_id, seat.employee_id, tabs)
            if not tabs:
                self._phones.forget(seat.account_id, seat.employee_id)
        await self._choose_ringer(seat.account_id, seat.employee_id, tabs, [])

    async def refresh(self, seats: Iterable[Seat]) -> None:
        """Keep live tabs alive; every `REFRESH_S`."""
        for seat in seats:
            tabs = await self._bus.mark_present(
                seat.account_id, seat.employee_id, seat.tab, ttl_s=self._ttl_s
            )
            if seat.tab.phone is not None:
                await self._phones.look_again(seat.account_id, seat.employee_id, tabs)

    async def sweep(self, account_id: AccountId) -> bool:
        """Compare what colleagues were told with who is there, and tell the difference.

        Covers the end of the grace, a process that died with its tabs, and a flushed bus. Returns
        whether anybody is still told to be online, that is, whether to come again.
        """
        present = await self._bus.present_employees(account_id)
        snapshot = await self._bus.read(colleagues_stream(account_id), None)
        told = {
            seen.employee_id
            for delivery in snapshot.deliveries
            if delivery.tag == "colleague.presence_changed"
            and (seen := _seen.decode(delivery.frame)).online
        }
        phoning = {
            _seen.decode(delivery.frame).employee_id
            for delivery in snapshot.deliveries
            if delivery.tag == "colleague.phone_changed"
        }
        for employee_id in told - present:
            gone = await self._online(account_id, employee_id, online=False, force=True)
            tabs = await self._bus.present(account_id, employee_id)
            await self._choose_ringer(account_id, employee_id, tabs, gone)
            if employee_id in phoning:
                await self._phones.choose(account_id, employee_id, tabs)
        for employee_id in present - told:
            back = await self._online(account_id, employee_id, online=True, force=True)
            # A bus that forgot who is here forgot who rings as well.
            tabs = await self._bus.present(account_id, employee_id)
            await self._choose_ringer(account_id, employee_id, tabs, back)
            if any(tab.phone is not None for tab in tabs):
                await self._phones.choose(
                    account_id, employee_id, tabs, force=employee_id not in phoning
                )
        return bool(present)

    async def _online(
        self,
        account_id: AccountId,
        employee_id: EmployeeId,
        *,
        online: bool,
        force: bool = False,
    ) -> list[Publication]:
        """What is to be told, if anything."""
        version = await self._bus.change(
            f"online:{account_id}:{employee_id}", b"1" if online else b"0", force=force
        )
        if version is None:
            return []
        push = ColleaguePresenceChanged(
            stream=StreamName.COLLEAGUES,
            entity=f"presence:{employee_id}",
            version=version,
            employee_id=employee_id,
            online=online,
            since=self._clock.now(),
        )
        return [Publication(colleagues_stream(account_id), push)]

    async def _choose_ringer(
        self,
        account_id: AccountId,
        employee_id: EmployeeId,
        tabs: list[TabPresence],
        also: list[Publication],
    ) -> None:
        """Tell who rings of `tabs` if that changed, in one step with `also`."""
        for _ in range(_ROUNDS):
            chosen = ringer(tabs)
            tab = chosen.tab if chosen else None
            version = await self._bus.change(
                f"ringer:{account_id}:{employee_id}", (tab or "").encode()
            )
            if version is None:
                break
            push = RingerChanged(stream=StreamName.ME, entity="ringer", version=version, tab=tab)
            await self._bus.publish([*also, Publication(me_stream(account_id, employee_id), push)])
            also = []
            # Again: a tab that came between reading and remembering was not seen by us, and its
            # process may have remembered before us.
            tabs = await self._bus.present(account_id, employee_id)
            if ringer(tabs) == chosen:
                break
        if also:
            await self._bus.publish(also)
