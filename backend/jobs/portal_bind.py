"""The job that brings a portal's widgets, events and lines in order."""

from __future__ import annotations

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.errors import CrmError
from backend.jobs.queue import JobQueue
from backend.services.portal_bindings import PortalBindings
from protocol.vocabulary import AccountId

log = structlog.get_logger(__name__)

NAME = "portal.bind"


def register(jobs: JobQueue, bindings: PortalBindings) -> None:
    @jobs.task(NAME)
    async def bind(*, account_id: str) -> None:
        try:
            await bindings.keep(AccountId(account_id))
        except CrmError as error:
            # Looked at again within minutes anyway; retrying for days would pile up.
            log.warning("bitrix24.not_bound", account=account_id, error=str(error))


def announce(jobs: JobQueue) -> None:
    """For processes that only queue it."""
    jobs.announce(NAME)


async def defer(jobs: JobQueue, tx: AsyncConnection | None, account_id: AccountId) -> None:
    """Queue it, in the caller's transaction if there is one; once while it waits."""
    name = f"{NAME}:{account_id}"
    if tx is None:
        await jobs.defer(NAME, lock=name, once=name, account_id=account_id)
    else:
        await jobs.defer_in(tx, NAME, lock=name, once=name, account_id=account_id)
