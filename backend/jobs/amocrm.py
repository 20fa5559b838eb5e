"""Jobs of amoCRM's connections: finishing an installation, keeping its webhooks subscribed."""

from __future__ import annotations

from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from backend.errors import NotFound
from backend.jobs.queue import JobQueue
from backend.services.amocrm_install import AmoCrmInstall
from protocol.vocabulary import AccountId

FINISH = "amocrm.finish"
KEEP = "amocrm.keep"


class Keeper(Protocol):
    async def keep(self, account_id: AccountId) -> None: ...


def register(jobs: JobQueue, install: AmoCrmInstall, keeper: Keeper) -> None:
    @jobs.task(FINISH)
    async def finish(*, pending_id: str) -> None:
        # Done already when a browser came back with the code and went through the same steps.
        try:
            await install.finish(pending_id)
        except NotFound:
            return

    @jobs.task(KEEP)
    async def keep(*, account_id: str) -> None:
        await keeper.keep(AccountId(account_id))


def announce(jobs: JobQueue) -> None:
    """For processes that only queue them."""
    jobs.announce(FINISH)
    jobs.announce(KEEP)


async def defer_finish(jobs: JobQueue, tx: AsyncConnection, pending_id: str) -> None:
    await jobs.defer_in(tx, FINISH, lock=f"amocrm.finish:{pending_id}", pending_id=pending_id)


async def defer_keep(jobs: JobQueue, tx: AsyncConnection, account_id: AccountId) -> None:
    """One waiting is enough, however many ask."""
    await jobs.defer_in(
        tx,
        KEEP,
        lock=f"amocrm.keep:{account_id}",
        once=f"amocrm.keep:{account_id}",
        account_id=account_id,
    )
