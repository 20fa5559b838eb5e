"""What CRMs ask of calls: clicked numbers, call-back forms, customers' own managers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from backend.bootstrap.foundation import Foundation
from backend.bootstrap.sources import Sources
from backend.connectors.crm.bitrix24 import clicks
from backend.jobs import asked_calls
from backend.jobs.queue import JobQueue
from backend.services.calls.orders import OrdersClient
from backend.services.click_to_call import ClickToCall
from backend.services.crm_events import CrmEvents
from backend.services.personal_manager import PersonalManagers
from backend.services.ports import FinishedCall
from backend.services.ports.asked import AskedCall
from backend.services.refused_calls import RefusedCalls
from backend.services.routing import RoutingTable
from backend.services.seen_today import SeenToday
from backend.store.asked_calls import AskedCallStore
from backend.store.gateways import SqlPortalCalls
from backend.store.gateways.asked_calls import SqlAskedCalls
from backend.store.gateways.managers import SqlManagerAnswers
from backend.store.gateways.people import SqlSeenToday
from backend.store.journal import OnFinished
from backend.store.managers import ManagerStore
from protocol.vocabulary import AccountId, EmployeeId


class Outgoing:
    """Built once per worker."""

    def __init__(
        self,
        base: Foundation,
        *,
        jobs: JobQueue,
        sources: Sources,
        routing: RoutingTable,
        events: CrmEvents,
        first: OnFinished,
        crm_user: Callable[[AccountId, EmployeeId], str | None],
    ) -> None:
        """`first` hears of a finished call before we do, in the same transaction."""

        def employee(account_id: AccountId, crm_user_id: str) -> EmployeeId | None:
            """Whom of ours a CRM user is: somebody who works here now."""
            route = routing.account(account_id)
            people = () if route is None else tuple(route.employees)
            return next((who for who in people if crm_user(account_id, who) == crm_user_id), None)

        self._jobs = jobs
        self._sources = sources
        self._first = first
        asked = SqlAskedCalls(base.database, self._refused)
        self.managers = PersonalManagers(
            sources=sources.managers,
            employee=employee,
            routing=routing,
            answers=SqlManagerAnswers(base.database),
            seen=SeenToday(SqlSeenToday(base.database), base.clock),
            clock=base.clock,
        )
        self.managers.listen(events)
        ClickToCall(
            asked=asked,
            orders=OrdersClient(base.bus),
            accounts=routing.account,
            employee=employee,
            bind=SqlPortalCalls(base.database).remember,
            read_click=clicks.clicked,
            read_callback=clicks.callback_wanted,
            clock=base.clock,
        ).listen(events)
        asked_calls.register(
            jobs,
            RefusedCalls(
                asked=asked,
                portals=sources.notices,
                accounts=routing.account,
                bus=base.bus,
                clock=base.clock,
            ),
        )

    async def _refused(self, tx: AsyncConnection, call: AskedCall) -> None:
        await asked_calls.defer_refused(self._jobs, tx, call)

    async def on_finished(self, tx: AsyncConnection, call: FinishedCall) -> None:
        """Queue, in the transaction that keeps the call, what its employee must hear of it."""
        await self._first(tx, call)
        if self._sources.notices(call.account_id) is not None:
            await asked_calls.defer_not_picked_up(self._jobs, tx, call)

    async def tidy(self, tx: AsyncConnection, account_id: AccountId, *, before: datetime) -> None:
        """Forget what was asked before."""
        await AskedCallStore(tx).prune(account_id, before=before)
        await ManagerStore(tx).prune(account_id, before=before)

    async def aclose(self) -> None:
        await self.managers.aclose()
