"""Which of the account's numbers somebody was in touch with last."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from protocol.vocabulary import AccountId


class LastNumbers(Protocol):
    async def last(self, account_id: AccountId, number: str, among: Collection[str]) -> str | None:
        """The newest of `among` (E.164) that `number` called or was called from; None when there
        was none."""


class NoLastNumbers:
    """Where nobody remembers."""

    async def last(self, account_id: AccountId, number: str, among: Collection[str]) -> str | None:
        return None
