"""What was said of calls to CRMs, and who is saying it right now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    RowMapping,
    and_,
    exists,
    func,
    literal,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.services.ports import CrmCallRow, Taken
from backend.services.ports.crm_calls import TROUBLE
from backend.store.tables import calls, crm_calls, phone_index
from protocol.vocabulary import AccountId, CallId, CrmTrouble

LOOKED_AT_ONCE: Final = 50
"""Requests asked after in one go: each costs the account one of its seven a second."""
HELD_S: Final = 120
"""Past this a try is over, whoever made it: it gives up by itself before (`WRITE_WITHIN_S`), and a
killed process leaves its mark behind."""


class CrmCallStore:
    def __init__(self, tx: AsyncConnection) -> None:
        self._tx = tx

    async def find(self, account_id: AccountId, call_id: CallId, kind: str) -> CrmCallRow | None:
        query = select(crm_calls).where(*_this(account_id, call_id, kind))
        row = (await self._tx.execute(query)).mappings().one_or_none()
        return None if row is None else _row(row)

    async def of_calls(
        self, account_id: AccountId, call_ids: Sequence[CallId]
    ) -> dict[CallId, CrmCallRow]:
        """The newest of each call that has any."""
        rows = await self._tx.execute(
            select(crm_calls)
            .where(crm_calls.c.account_id == account_id, crm_calls.c.call_id.in_(call_ids))
            .order_by(crm_calls.c.updated_at)
        )
        return {CallId(row["call_id"]): _row(row) for row in rows.mappings()}

    async def take(self, account_id: AccountId, call_id: CallId, kind: str, number: str) -> Taken:
        """Mark that the call is about to be written.

        Calls of one number go one after another: two at once would make two new records of the
        same stranger (P13). The advisory lock ends with the transaction; the mark goes on.
        """
        await self._tx.execute(
            select(func.pg_advisory_xact_lock(func.hashtextextended(f"{account_id}/{number}", 8)))
        )
        fresh = crm_calls.c.updated_at > func.now() - text(f"interval '{HELD_S} seconds'")
        writing = (
            select(literal(1))
            .select_from(crm_calls)
            .join(calls, _same_call())
            .where(
                crm_calls.c.account_id == account_id,
                crm_calls.c.crm_kind == kind,
                crm_calls.c.state == "writing",
                fresh,
                calls.c.number == number,
            )
        )
        if (await self._tx.execute(writing.limit(1))).one_or_none() is not None:
            return "busy"
        known = await self.find(account_id, call_id, kind)
        await self.save(account_id, call_id, kind, state="writing")
        return "first" if known is None or known.untold else "again"

    async def earlier(self, account_id: AccountId, kind: str, number: str) -> str | None:
        """Where the number's last written call stands over there."""
        found = await self._tx.execute(
            select(crm_calls.c.external_call_id)
            .select_from(crm_calls)
            .join(calls, _same_call())
            .where(
                crm_calls.c.account_id == account_id,
                crm_calls.c.crm_kind == kind,
                crm_calls.c.state == "written",
                calls.c.number == number,
            )
            .order_by(crm_calls.c.updated_at.desc())
            .limit(1)
        )
        return found.scalar_one_or_none()

    async def known_by_now(self, account_id: AccountId, kind: str) -> list[CallId]:
        """Calls left to a request whose number is the CRM's by now, oldest first."""
        known = exists().where(
            phone_index.c.account_id == account_id,
            phone_index.c.crm_kind == kind,
            phone_index.c.e164 == calls.c.number,
        )
        found = await self._tx.execute(
            select(crm_calls.c.call_id)
            .select_from(crm_calls)
            .join(calls, _same_call())
            .where(
                crm_calls.c.account_id == account_id,
                crm_calls.c.crm_kind == kind,
                _was_joined(),
                known,
            )
            .order_by(calls.c.started_at)
        )
        return [CallId(call_id) for call_id in found.scalars()]

    async def collected(self, account_id: AccountId, kind: str) -> list[str]:
        """The requests calls were left to, the one nobody looked at for longest first."""
        found = await self._tx.execute(
            select(crm_calls.c.external_call_id)
            .where(*_waits_for_a_request(account_id, kind))
            .group_by(crm_calls.c.external_call_id)
            .order_by(func.min(crm_calls.c.updated_at))
            .limit(LOOKED_AT_ONCE)
        )
        return list(found.scalars())

    async def left_to(self, account_id: AccountId, kind: str, ref: str) -> list[CallId]:
        """The calls that wait for what becomes of this request."""
        found = await self._tx.execute(
            select(crm_calls.c.call_id)
            .where(*_waits_for_a_request(account_id, kind), crm_calls.c.external_call_id == ref)
            .order_by(crm_calls.c.updated_at)
        )
        return [CallId(call_id) for call_id in found.scalars()]

    async def looked_at(self, account_id: AccountId, kind: str, refs: Sequence[str]) -> None:
        """These requests still wait; others are looked at before them the next time."""
        await self._tx.execute(
            update(crm_calls)
            .where(*_waits_for_a_request(account_id, kind), crm_calls.c.external_call_id.in_(refs))
            .values(updated_at=func.now())
        )

    async def lock(self, account_id: AccountId, call_id: CallId) -> None:
        """Until the transaction ends, nobody else decides what becomes of the call's recording.

        It is decided when the audio is stored and when the call is finished over there: the later
        of the two has to see what the other wrote.
        """
        key = f"{account_id}/{call_id}"
        await self._tx.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 9))))

    async def queue_recording(self, account_id: AccountId, call_id: CallId, kind: str) -> bool:
        """Whether the recording of a call that is finished over there is to be queued now: once.
        Wants `lock`."""
        queued = await self._tx.execute(
            update(crm_calls)
            .where(
                *_this(account_id, call_id, kind),
                crm_calls.c.state == "finished",
                crm_calls.c.recording.is_(None),
            )
            .values(recording="queued")
            .returning(crm_calls.c.call_id)
        )
        return queued.one_or_none() is not None

    async def save(self, account_id: AccountId, call_id: CallId, kind: str, **values: Any) -> None:
        changed = {**values, "updated_at": func.now()}
        statement = insert(crm_calls).values(
            account_id=account_id, call_id=call_id, crm_kind=kind, **values
        )
        await self._tx.execute(
            statement.on_conflict_do_update(
                index_elements=["account_id", "call_id", "crm_kind"], set_=changed
            )
        )

    async def expect(self, account_id: AccountId, call_id: CallId, kind: str) -> None:
        """The CRM is going to be told; what is known of the call already stays."""
        await self._tx.execute(
            insert(crm_calls)
            .values(account_id=account_id, call_id=call_id, crm_kind=kind, state="expected")
            .on_conflict_do_nothing()
        )

    async def change(
        self, account_id: AccountId, call_id: CallId, kind: str, **values: Any
    ) -> None:
        """Of a row that is there."""
        await self._tx.execute(
            update(crm_calls)
            .where(*_this(account_id, call_id, kind))
            .values(**values, updated_at=func.now())
        )


def _waits_for_a_request(account_id: AccountId, kind: str) -> tuple[ColumnElement[bool], ...]:
    return (
        crm_calls.c.account_id == account_id,
        crm_calls.c.crm_kind == kind,
        crm_calls.c.state == "collected",
        crm_calls.c.external_call_id.is_not(None),
    )


def _was_joined() -> ColumnElement[bool]:
    """Left to a request, which waits or was declined."""
    declined = crm_calls.c.data[TROUBLE].astext == CrmTrouble.DECLINED.value
    return or_(crm_calls.c.state == "collected", and_(crm_calls.c.state == "refused", declined))


def _same_call() -> ColumnElement[bool]:
    return (calls.c.account_id == crm_calls.c.account_id) & (calls.c.id == crm_calls.c.call_id)


def _row(row: RowMapping) -> CrmCallRow:
    return CrmCallRow(
        state=row["state"],
        ref=row["external_call_id"],
        told=row["told"],
        reason=row["reason"],
        recording=row["recording"],
        data=row["data"],
    )


def _this(account_id: AccountId, call_id: CallId, kind: str) -> tuple[Any, ...]:
    return (
        crm_calls.c.account_id == account_id,
        crm_calls.c.call_id == call_id,
        crm_calls.c.crm_kind == kind,
    )
