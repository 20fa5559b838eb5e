"""Results of commands already carried out: asking twice has one effect."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.store.tables import command_results
from protocol.vocabulary import AccountId, CommandId


class CommandStore:
    def __init__(self, tx: AsyncConnection) -> None:
        self._tx = tx

    async def begin(self, account_id: AccountId, command_id: CommandId) -> bool:
        """Claim the command. False: it was claimed before; see `result`."""
        done = await self._tx.execute(
            insert(command_results)
            .values(account_id=account_id, command_id=command_id, result=None)
            .on_conflict_do_nothing()
            .returning(command_results.c.command_id)
        )
        return done.one_or_none() is not None

    async def save(self, account_id: AccountId, command_id: CommandId, result: Any) -> None:
        """Keep the answer, JSON of ours, for whoever asks again."""
        statement = insert(command_results).values(
            account_id=account_id, command_id=command_id, result=result
        )
        await self._tx.execute(
            statement.on_conflict_do_update(
                index_elements=["account_id", "command_id"], set_={"result": result}
            )
        )

    async def result(self, account_id: AccountId, command_id: CommandId) -> tuple[bool, Any]:
        """(whether the command is known, its answer or None while it runs)."""
        found = await self._tx.execute(
            select(command_results.c.result).where(
                command_results.c.account_id == account_id,
                command_results.c.command_id == command_id,
            )
        )
        row = found.one_or_none()
        return (False, None) if row is None else (True, row[0])

    async def prune(self, account_id: AccountId, *, before: datetime) -> None:
        await self._tx.execute(
            delete(command_results).where(
                command_results.c.account_id == account_id, command_results.c.at < before
            )
        )
