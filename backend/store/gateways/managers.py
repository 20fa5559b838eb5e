"""Answers about managers, each in a transaction of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

from backend.domain.scenario import ManagerSource
from backend.services.personal_manager import Responsible
from backend.store.database import Database
from backend.store.managers import ManagerStore
from protocol.vocabulary import AccountId


class SqlManagerAnswers:
    """`services.personal_manager.ManagerAnswers`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def known(
        self, account_id: AccountId, e164: str, source: ManagerSource, *, since: datetime
    ) -> str | None:
        async with self._database.begin(account_id) as tx:
            return await ManagerStore(tx).known(account_id, e164, source, since=since)

    async def asking(
        self, account_id: AccountId, e164: str, source: ManagerSource, at: datetime
    ) -> str:
        mark = f"asking:{uuid4().hex}"
        async with self._database.begin(account_id) as tx:
            await ManagerStore(tx).asking(account_id, e164, source, mark=mark, at=at)
        return mark

    async def keep(
        self,
        account_id: AccountId,
        e164: str,
        source: ManagerSource,
        answer: Responsible,
        at: datetime,
        *,
        mark: str,
    ) -> None:
        # `contact:*` beside `contact:12`, so that all answers of a kind can be dropped.
        first = answer.records[0].partition(":")[0]
        async with self._database.begin(account_id) as tx:
            await ManagerStore(tx).keep(
                account_id,
                e164,
                source,
                mark=mark,
                crm_user_id=answer.crm_user_id,
                records=(*answer.records, f"{first}:*"),
                at=at,
            )

    async def forget(
        self, account_id: AccountId, records: Sequence[str], sources: Sequence[ManagerSource]
    ) -> None:
        async with self._database.begin(account_id) as tx:
            await ManagerStore(tx).forget(account_id, records=records, sources=sources)
