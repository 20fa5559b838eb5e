"""Which of several matches a number was said to be."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from backend.store.calls import CallStore
from backend.store.database import Database
from backend.store.tables import contact_choices
from protocol.pushes import RecordRef
from protocol.vocabulary import AccountId, CallId, EmployeeId, RecordKind


class SqlContactChoices:
    """The port `ChoiceStore`. Each call is a transaction of its own; the last choice counts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def chosen(self, account_id: AccountId, e164: str) -> RecordRef | None:
        query = select(contact_choices).where(
            contact_choices.c.account_id == account_id, contact_choices.c.e164 == e164
        )
        async with self._database.begin(account_id) as tx:
            row = (await tx.execute(query)).mappings().one_or_none()
        if row is None:
            return None
        return RecordRef(kind=RecordKind(row["kind"]), id=row["record_id"])

    async def choose(
        self,
        account_id: AccountId,
        e164: str,
        record: RecordRef,
        by: EmployeeId,
        *,
        call_id: CallId,
        url: str,
    ) -> None:
        """The call's row is written at its end: a choice made before is in it, one made on the
        card that stays afterwards is put in here."""
        changed = {"kind": record.kind.value, "record_id": record.id, "chosen_by": by}
        statement = insert(contact_choices).values(account_id=account_id, e164=e164, **changed)
        async with self._database.begin(account_id) as tx:
            await tx.execute(
                statement.on_conflict_do_update(
                    index_elements=["account_id", "e164"], set_={**changed, "at": func.now()}
                )
            )
            await CallStore(tx).set_record(
                account_id, call_id, kind=record.kind.value, record_id=record.id, url=url
            )
