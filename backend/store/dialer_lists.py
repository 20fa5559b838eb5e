"""Lists, who works on them, and what the account says of its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import (
    Executable,
    RowMapping,
    Select,
    and_,
    delete,
    exists,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.domain.dialer.item import part_of
from backend.domain.dialer.rules import Disposition, ListRules
from backend.services.ports.dialer import Consent, Counts, Run, Stop, WorkList
from backend.store.commands import CommandStore
from backend.store.tables import (
    dialer_consents,
    dialer_dispositions,
    dialer_items,
    dialer_lists,
    dialer_runs,
    dialer_stops,
    group_members,
)
from protocol.dialer_words import (
    ItemPhase,
    ListId,
    ListMode,
    ListPurpose,
    ListState,
    RunState,
    WaitReason,
)
from protocol.vocabulary import AccountId, CommandId, EmployeeId, RefusalReason

_ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
MAX_LISTS = 200


class DialerStore:
    """What the parts of the dialer's store share: a transaction and whose rows it is about."""

    def __init__(self, tx: AsyncConnection, account_id: AccountId) -> None:
        self._tx = tx
        self._account = account_id

    async def _rows(self, query: Executable) -> Sequence[RowMapping]:
        return list((await self._tx.execute(query)).mappings())


class DialerListStore(DialerStore):
    async def once(self, command: str) -> bool:
        return await CommandStore(self._tx).begin(self._account, CommandId(command))

    async def alone(self) -> None:
        await self._tx.execute(_ALONE, {"name": f"dialer:{self._account}"})

    # ── lists ──

    async def work_list(self, list_id: ListId, *, lock: bool = False) -> WorkList | None:
        query = self._lists().where(dialer_lists.c.id == list_id)
        found = await self._rows(query.with_for_update() if lock else query)
        return _list(found[0]) if found else None

    async def lists_of(self, employee_id: EmployeeId) -> list[WorkList]:
        member = exists().where(
            group_members.c.account_id == self._account,
            group_members.c.group_id == dialer_lists.c.group_id,
            group_members.c.employee_id == employee_id,
        )
        query = self._lists().where(
            dialer_lists.c.state != ListState.CLOSED.value,
            or_(dialer_lists.c.owner_id == employee_id, member),
        )
        return [_list(row) for row in await self._rows(_newest(query))]

    async def all_lists(self) -> list[WorkList]:
        return [_list(row) for row in await self._rows(_newest(self._lists()))]

    async def put_list(self, work: WorkList) -> None:
        values = {
            "name": work.name,
            "purpose": work.purpose.value,
            "mode": work.mode.value,
            "state": work.state.value,
            "owner_id": work.owner_id,
            "group_id": work.group_id,
            "rules": msgspec.to_builtins(work.rules),
            "source": work.source,
            "offered": work.offered,
        }
        await self._tx.execute(
            insert(dialer_lists)
            .values(
                account_id=self._account,
                id=work.id,
                created_at=work.created_at,
                created_by=work.created_by,
                **values,
            )
            .on_conflict_do_update(index_elements=["account_id", "id"], set_=values)
        )

    async def members(self, work: WorkList) -> set[EmployeeId]:
        if work.group_id is None:
            return set() if work.owner_id is None else {work.owner_id}
        query = select(group_members.c.employee_id).where(
            group_members.c.account_id == self._account,
            group_members.c.group_id == work.group_id,
        )
        return {EmployeeId(row["employee_id"]) for row in await self._rows(query)}

    async def counts(self, list_id: ListId) -> Counts:
        query = (
            select(dialer_items.c.phase, func.count().label("n"))
            .where(dialer_items.c.account_id == self._account, dialer_items.c.list_id == list_id)
            .group_by(dialer_items.c.phase)
        )
        parts = dict.fromkeys(("waiting", "in_hand", "done", "excluded"), 0)
        for row in await self._rows(query):
            parts[part_of(ItemPhase(row["phase"]))] += row["n"]
        loaded = await self._tx.execute(
            select(dialer_lists.c.loaded).where(
                dialer_lists.c.account_id == self._account, dialer_lists.c.id == list_id
            )
        )
        return Counts(loaded=loaded.scalar_one_or_none() or 0, **parts)

    async def count_loaded(self, list_id: ListId, more: int) -> None:
        await self._tx.execute(
            update(dialer_lists)
            .where(dialer_lists.c.account_id == self._account, dialer_lists.c.id == list_id)
            .values(loaded=dialer_lists.c.loaded + more)
        )

    # ── who works ──

    async def run(self, employee_id: EmployeeId, *, lock: bool = False) -> Run | None:
        query = self._runs().where(dialer_runs.c.employee_id == employee_id)
        found = await self._rows(query.with_for_update() if lock else query)
        return run_of(found[0]) if found else None

    async def runs(self, list_id: ListId | None = None) -> list[Run]:
        query = self._runs()
        if list_id is not None:
            query = query.where(dialer_runs.c.list_id == list_id)
        return [run_of(row) for row in await self._rows(query.order_by(dialer_runs.c.employee_id))]

    async def put_run(self, run: Run) -> None:
        values = {
            "list_id": run.list_id,
            "state": run.state.value,
            "since": run.since,
            "seen_at": run.seen_at,
            "blend": run.blend,
            "waits": None if run.waits is None else run.waits.value,
            "refusal": None if run.refusal is None else run.refusal.value,
            "next_at": run.next_at,
        }
        await self._tx.execute(
            insert(dialer_runs)
            .values(account_id=self._account, employee_id=run.employee_id, **values)
            .on_conflict_do_update(index_elements=["account_id", "employee_id"], set_=values)
        )

    # ── what the account says ──

    async def dispositions(self) -> tuple[Disposition, ...]:
        query = (
            select(dialer_dispositions.c.data)
            .where(dialer_dispositions.c.account_id == self._account)
            .order_by(dialer_dispositions.c.position)
        )
        return tuple(msgspec.convert(row["data"], Disposition) for row in await self._rows(query))

    async def put_dispositions(self, dispositions: Sequence[Disposition]) -> None:
        await self._tx.execute(
            delete(dialer_dispositions).where(dialer_dispositions.c.account_id == self._account)
        )
        rows = [
            {
                "account_id": self._account,
                "id": one.id,
                "position": place,
                "data": msgspec.to_builtins(one),
            }
            for place, one in enumerate(dispositions)
        ]
        if rows:
            await self._tx.execute(insert(dialer_dispositions), rows)

    async def stops(self) -> list[Stop]:
        query = select(dialer_stops).where(dialer_stops.c.account_id == self._account)
        return [
            Stop(
                number=row["number"],
                kind=row["kind"],
                note=row["note"],
                created_at=row["created_at"],
                created_by=row["created_by"],
            )
            for row in await self._rows(query.order_by(dialer_stops.c.created_at.desc()))
        ]

    async def put_stop(self, stop: Stop) -> None:
        values = {
            "kind": stop.kind,
            "note": stop.note,
            "created_at": stop.created_at,
            "created_by": stop.created_by,
        }
        await self._tx.execute(
            insert(dialer_stops)
            .values(account_id=self._account, number=stop.number, **values)
            .on_conflict_do_update(
                index_elements=["account_id", "number"],
                set_=values,
                where=dialer_stops.c.kind != "opted_out",
            )
        )

    async def drop_stop(self, number: str) -> bool:
        gone = await self._tx.execute(
            delete(dialer_stops)
            .where(dialer_stops.c.account_id == self._account, dialer_stops.c.number == number)
            .returning(dialer_stops.c.number)
        )
        return gone.one_or_none() is not None

    async def consents(self) -> list[Consent]:
        query = select(dialer_consents).where(dialer_consents.c.account_id == self._account)
        return [
            Consent(
                number=row["number"],
                evidence=row["evidence"],
                given_at=row["given_at"],
                digest=row["digest"],
                created_at=row["created_at"],
                created_by=row["created_by"],
                revoked_at=row["revoked_at"],
            )
            for row in await self._rows(query.order_by(dialer_consents.c.created_at.desc()))
        ]

    async def put_consents(self, consents: Sequence[Consent]) -> None:
        for one in consents:
            values = {
                "evidence": one.evidence,
                "given_at": one.given_at,
                "digest": one.digest,
                "created_at": one.created_at,
                "created_by": one.created_by,
                "revoked_at": one.revoked_at,
            }
            await self._tx.execute(
                insert(dialer_consents)
                .values(account_id=self._account, number=one.number, **values)
                .on_conflict_do_update(
                    index_elements=["account_id", "number"],
                    set_=values,
                    # A word given before it was taken back does not bring it to life again.
                    where=or_(
                        dialer_consents.c.revoked_at.is_(None),
                        dialer_consents.c.revoked_at < one.given_at,
                    ),
                )
            )

    async def revoke_consent(self, number: str, at: datetime) -> bool:
        gone = await self._tx.execute(
            update(dialer_consents)
            .where(
                and_(
                    dialer_consents.c.account_id == self._account,
                    dialer_consents.c.number == number,
                    dialer_consents.c.revoked_at.is_(None),
                )
            )
            .values(revoked_at=at)
            .returning(dialer_consents.c.number)
        )
        return gone.one_or_none() is not None

    def _lists(self) -> Select[Any]:
        return select(dialer_lists).where(dialer_lists.c.account_id == self._account)

    def _runs(self) -> Select[Any]:
        return select(dialer_runs).where(dialer_runs.c.account_id == self._account)


def run_of(row: RowMapping) -> Run:
    return Run(
        employee_id=EmployeeId(row["employee_id"]),
        list_id=ListId(row["list_id"]),
        state=RunState(row["state"]),
        since=row["since"],
        seen_at=row["seen_at"],
        blend=row["blend"],
        waits=None if row["waits"] is None else WaitReason(row["waits"]),
        refusal=None if row["refusal"] is None else RefusalReason(row["refusal"]),
        next_at=row["next_at"],
    )


def _newest(query: Select[Any]) -> Select[Any]:
    return query.order_by(dialer_lists.c.created_at.desc(), dialer_lists.c.id).limit(MAX_LISTS)


def _list(row: RowMapping) -> WorkList:
    return WorkList(
        id=ListId(row["id"]),
        name=row["name"],
        purpose=ListPurpose(row["purpose"]),
        mode=ListMode(row["mode"]),
        state=ListState(row["state"]),
        owner_id=None if row["owner_id"] is None else EmployeeId(row["owner_id"]),
        group_id=row["group_id"],
        rules=msgspec.convert(row["rules"], ListRules),
        source=row["source"],
        offered=row["offered"],
        created_at=row["created_at"],
        created_by=row["created_by"],
    )
