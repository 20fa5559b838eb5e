"""What a disposition does in the CRM: the record of the list goes to its stage.

Moving a record where it is already changes nothing, so a lost answer is tried again without harm.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from backend.services.dialer.moves import STAGED, dispositions
from backend.services.ports.dialer import DialerBook
from protocol.vocabulary import AccountId, CallId


class StageMover(Protocol):
    """One account's CRM."""

    async def move(self, kind: str, record_id: str, stage: str) -> None:
        """`deal` or `lead`, by the CRM's own ids. Raises CrmErrors."""


class Stages:
    def __init__(self, book: DialerBook, movers: Callable[[AccountId], StageMover | None]) -> None:
        self._book = book
        self._movers = movers

    async def follow(self, account_id: AccountId, call_id: CallId) -> None:
        """By what was said of this attempt. Raises CrmErrors."""
        async with self._book.begin(account_id) as tx:
            attempt = await tx.attempt(call_id)
            found = None if attempt is None else await tx.item(attempt.item_id)
            known = {one.id: one for one in await dispositions(tx)}
        if attempt is None or found is None or attempt.disposition is None:
            return
        _, one = found
        said, mover = known.get(attempt.disposition), self._movers(account_id)
        if said is None or said.stage is None or one.record_id is None or mover is None:
            return
        if one.record_kind in STAGED:
            await mover.move(str(one.record_kind), one.record_id, said.stage)
