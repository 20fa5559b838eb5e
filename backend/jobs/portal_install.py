"""The job that goes on with an installation nobody could prove when it was reported."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from backend.jobs.queue import JobQueue
from backend.services.portal_install import PortalInstall

NAME = "portal.install"


def register(jobs: JobQueue, install: PortalInstall) -> None:
    @jobs.task(NAME)
    async def resume(*, pending_id: str) -> None:
        await install.resume(pending_id)


def announce(jobs: JobQueue) -> None:
    """For processes that only queue it."""
    jobs.announce(NAME)


async def defer(jobs: JobQueue, tx: AsyncConnection, pending_id: str) -> None:
    await jobs.defer_in(tx, NAME, pending_id=pending_id)
