"""Statuses: one writer of what each employee chose, told to him and to colleagues (W7, R9)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from backend.domain.status import allowed, is_choice
from backend.errors import TooMany
from backend.kit.clock import Clock
from backend.services.ports import Bus, Publication, colleagues_stream, me_stream
from backend.services.routing import ROUTING_TOPIC, RoutingTable
from protocol.pushes import ColleagueStatusChanged, StatusChanged
from protocol.vocabulary import AccountId, AgentStatus, EmployeeId, StatusSource, StreamName

ATTEMPTS = 10
"""Writers that collide decide anew; so many collisions at once are no accident."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptStatus:
    """An employee's status as stored."""

    employee_id: EmployeeId
    status: AgentStatus
    source: StatusSource
    reason: str | None
    since: datetime
    version: int
    """One more with every change, from 1."""
    chosen: AgentStatus
    """What a human chose last, here or by their working day in the CRM: machines stay at or below
    it."""


class StatusStore(Protocol):
    async def load(self, account_id: AccountId, employee_id: EmployeeId) -> KeptStatus | None:
        """None when nobody ever set one: available."""

    async def save(self, account_id: AccountId, status: KeptStatus) -> bool:
        """False when another writer stored this version first: load and decide anew."""


class StatusService:
    """Sets and tells. `routing` is the map of the same process, if it has one; maps of other
    processes are woken over the bus."""

    def __init__(
        self, store: StatusStore, bus: Bus, clock: Clock, *, routing: RoutingTable | None = None
    ) -> None:
        self._store = store
        self._bus = bus
        self._clock = clock
        self._routing = routing

    async def choose(
        self,
        account_id: AccountId,
        employee_id: EmployeeId,
        status: AgentStatus,
        reason: str | None,
    ) -> None:
        """The employee's own choice. Raises TooMany when writers keep colliding."""
        await self.set(account_id, employee_id, status, StatusSource.PERSON, reason=reason)

    async def set(
        self,
        account_id: AccountId,
        employee_id: EmployeeId,
        status: AgentStatus,
        source: StatusSource,
        *,
        reason: str | None = None,
    ) -> KeptStatus:
        """What the status became: a machine's wish may be cut down to the human's choice.

        Raises TooMany when writers keep colliding.
        """
        return await self._settle(
            account_id,
            employee_id,
            lambda kept: self._changed(employee_id, kept, status, source, reason),
        )

    async def follow(
        self,
        account_id: AccountId,
        employee_id: EmployeeId,
        status: AgentStatus,
        *,
        read_at: datetime,
        first: bool = False,
        source: StatusSource = StatusSource.CRM,
    ) -> KeptStatus:
        """The employee changed their working day in the CRM: a choice of theirs, too (P05).
        `source` is another one when it was changed elsewhere.

        The latest choice wins: one made here after `read_at`, when the CRM began to be asked, is
        later than what it answered. `first`: nothing tells when the CRM's state began, so any
        choice made here is taken for the later one. Raises TooMany when writers keep colliding.
        """

        def decide(kept: KeptStatus | None) -> KeptStatus | None:
            if kept is not None and is_choice(kept.source) and (first or kept.since > read_at):
                return None
            return self._changed(employee_id, kept, status, source, None, choice=True)

        return await self._settle(account_id, employee_id, decide)

    async def _settle(
        self,
        account_id: AccountId,
        employee_id: EmployeeId,
        decide: Callable[[KeptStatus | None], KeptStatus | None],
    ) -> KeptStatus:
        for _ in range(ATTEMPTS):
            kept = await self._store.load(account_id, employee_id)
            changed = decide(kept)
            if changed is None and kept is not None:
                return kept
            if changed is not None and await self._store.save(account_id, changed):
                await self._tell(account_id, [changed])
                if self._routing is not None:
                    self._routing.set_status(account_id, employee_id, changed.status)
                await self._bus.wake(ROUTING_TOPIC, account_id.encode())
                return changed
        raise TooMany(f"the status of {employee_id} changes too often")

    async def tell(self, account_id: AccountId, employees: Iterable[EmployeeId]) -> None:
        """Publish stored statuses again: at first sight of an employee, or after a bus flush."""
        found = [
            await self._store.load(account_id, employee_id) or self._unset(employee_id)
            for employee_id in employees
        ]
        await self._tell(account_id, found)

    def _changed(
        self,
        employee_id: EmployeeId,
        kept: KeptStatus | None,
        wanted: AgentStatus,
        source: StatusSource,
        reason: str | None,
        *,
        choice: bool | None = None,
    ) -> KeptStatus | None:
        """The next version, or None when there is nothing to change."""
        before = kept or self._unset(employee_id)
        choice = is_choice(source) if choice is None else choice
        status = wanted if choice else allowed(wanted, source, before.chosen)
        if kept is not None and status is before.status:
            same = before.source is source and before.reason == reason
            if same or not is_choice(source):
                return None
        return KeptStatus(
            employee_id=employee_id,
            status=status,
            source=source,
            reason=reason,
            since=before.since if kept and status is before.status else self._clock.now(),
            version=before.version + 1,
            chosen=status if choice else before.chosen,
        )

    def _unset(self, employee_id: EmployeeId) -> KeptStatus:
        return KeptStatus(
            employee_id=employee_id,
            status=AgentStatus.AVAILABLE,
            source=StatusSource.SYSTEM,
            reason=None,
            since=self._clock.now(),
            version=0,
            chosen=AgentStatus.AVAILABLE,
        )

    async def _tell(self, account_id: AccountId, statuses: Iterable[KeptStatus]) -> None:
        out: list[Publication] = []
        for kept in statuses:
            own = StatusChanged(
                stream=StreamName.ME,
                entity="status",
                version=kept.version,
                status=kept.status,
                since=kept.since,
                source=kept.source,
                reason=kept.reason,
            )
            seen = ColleagueStatusChanged(
                stream=StreamName.COLLEAGUES,
                entity=f"status:{kept.employee_id}",
                version=kept.version,
                employee_id=kept.employee_id,
                status=kept.status,
                since=kept.since,
            )
            out.append(Publication(me_stream(account_id, kept.employee_id), own))
            out.append(Publication(colleagues_stream(account_id), seen))
        if out:
            await self._bus.publish(out)
