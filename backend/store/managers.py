"""Whom the CRM named as a customer's manager, while the answer counts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Text, delete, or_, select, update
from sqlalchemy.dialects.postgresql import array, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.store.tables import manager_answers as answers
from protocol.vocabulary import AccountId

_NOBODY_YET = ""
"""The CRM user of a row that only says that the CRM is being asked."""


class ManagerStore:
    """A row is an answer, or the mark of whoever asks for one.

    asked ─► marked ─► answered: kept where the mark still stands
                ├─ a record changed (in any process): the mark is gone, nothing is kept
                └─ another asked later: the mark is theirs, and so is the answer that is kept
    """

    def __init__(self, tx: AsyncConnection) -> None:
        self._tx = tx

    async def known(
        self, account_id: AccountId, e164: str, source: str, *, since: datetime
    ) -> str | None:
        """The CRM user named no earlier than `since`."""
        query = select(answers.c.crm_user_id).where(
            answers.c.account_id == account_id,
            answers.c.e164 == e164,
            answers.c.source == source,
            answers.c.asked_at > since,
            answers.c.crm_user_id != _NOBODY_YET,
        )
        found = (await self._tx.execute(query)).scalar_one_or_none()
        return None if found is None else str(found)

    async def asking(
        self, account_id: AccountId, e164: str, source: str, *, mark: str, at: datetime
    ) -> None:
        """Before the CRM is asked: `mark` is unique to this asking."""
        values = {"crm_user_id": _NOBODY_YET, "records": [mark], "asked_at": at}
        await self._tx.execute(
            insert(answers)
            .values(account_id=account_id, e164=e164, source=source, **values)
            .on_conflict_do_update(index_elements=["account_id", "e164", "source"], set_=values)
        )

    async def keep(
        self,
        account_id: AccountId,
        e164: str,
        source: str,
        *,
        mark: str,
        crm_user_id: str,
        records: Sequence[str],
        at: datetime,
    ) -> None:
        """The answer, where the mark still stands."""
        await self._tx.execute(
            update(answers)
            .where(
                answers.c.account_id == account_id,
                answers.c.e164 == e164,
                answers.c.source == source,
                answers.c.crm_user_id == _NOBODY_YET,
                answers.c.records.contains([mark]),
            )
            .values(crm_user_id=crm_user_id, records=list(records), asked_at=at)
        )

    async def forget(
        self, account_id: AccountId, *, records: Sequence[str], sources: Sequence[str] = ()
    ) -> None:
        """Drop answers that lean on one of `records`, all of `sources`, and every mark: nobody
        knows yet what those answers will lean on."""
        leaning = answers.c.records.has_any(array(list(records), type_=Text))
        await self._tx.execute(
            delete(answers).where(
                answers.c.account_id == account_id,
                or_(
                    leaning,
                    answers.c.source.in_(list(sources)),
                    answers.c.crm_user_id == _NOBODY_YET,
                ),
            )
        )

    async def prune(self, account_id: AccountId, *, before: datetime) -> None:
        await self._tx.execute(
            delete(answers).where(answers.c.account_id == account_id, answers.c.asked_at < before)
        )
