"""Statuses with the choice behind them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.services.statuses import KeptStatus
from backend.store.database import Database
from backend.store.statuses import StatusStore, StoredStatus
from backend.store.tables import status_log
from protocol.vocabulary import AccountId, AgentStatus, EmployeeId, StatusSource

_CHOICES = (StatusSource.PERSON.value, StatusSource.SUPERVISOR.value)


OnSaved = Callable[[AsyncConnection, AccountId, KeptStatus], Awaitable[None]]
"""Queues, in the transaction that keeps a status, what else must hear of it."""


class SqlStatuses:
    """`services.statuses.StatusStore`."""

    def __init__(self, database: Database, on_saved: OnSaved | None = None) -> None:
        self._database = database
        self._on_saved = on_saved

    async def load(self, account_id: AccountId, employee_id: EmployeeId) -> KeptStatus | None:
        async with self._database.begin(account_id) as tx:
            found = await StatusStore(tx).find(account_id, employee_id)
            if found is None:
                return None
            chosen = found.chosen or await _chosen(tx, account_id, employee_id)
        return KeptStatus(
            employee_id=found.employee_id,
            status=found.status,
            source=found.source,
            reason=found.reason,
            since=found.since,
            version=found.version,
            chosen=chosen,
        )

    async def save(self, account_id: AccountId, status: KeptStatus) -> bool:
        async with self._database.begin(account_id) as tx:
            saved = await StatusStore(tx).save(
                account_id,
                StoredStatus(
                    employee_id=status.employee_id,
                    status=status.status,
                    source=status.source,
                    reason=status.reason,
                    since=status.since,
                    version=status.version,
                    chosen=status.chosen,
                ),
            )
            if saved and self._on_saved is not None:
                await self._on_saved(tx, account_id, status)
        return saved


async def _chosen(
    tx: AsyncConnection, account_id: AccountId, employee_id: EmployeeId
) -> AgentStatus:
    """For rows of releases that did not keep it beside the status: read off the log. Available,
    where nobody ever chose."""
    last = await tx.execute(
        select(status_log.c.status)
        .where(
            status_log.c.account_id == account_id,
            status_log.c.employee_id == employee_id,
            status_log.c.source.in_(_CHOICES),
        )
        .order_by(status_log.c.seq.desc())
        .limit(1)
    )
    return AgentStatus(last.scalar_one_or_none() or AgentStatus.AVAILABLE)
