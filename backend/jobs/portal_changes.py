"""The job that takes what waits in a portal's offline queue."""

from __future__ import annotations

from datetime import datetime

import structlog

from backend.errors import CrmError
from backend.jobs.queue import JobQueue
from backend.services.portal_changes import PortalChanges
from protocol.vocabulary import AccountId

log = structlog.get_logger(__name__)

NAME = "portal.changes"


def register(jobs: JobQueue, changes: PortalChanges) -> None:
    @jobs.task(NAME)
    async def pull(*, account_id: str) -> None:
        try:
            await changes.pull(AccountId(account_id))
        except CrmError as error:
            # The queue keeps what it has; it is asked again within a minute.
            log.info("bitrix24.changes_wait", account=account_id, error=str(error))


async def defer(jobs: JobQueue, account_id: AccountId, *, at: datetime) -> None:
    """Queue it for then; once while it waits."""
    name = f"{NAME}:{account_id}"
    await jobs.defer(NAME, lock=name, once=name, at=at, account_id=account_id)
