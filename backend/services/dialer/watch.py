"""What became of a call that was ordered, where nobody told (R5).

An order may be lost, answered late, or carried out by an owner that died. The rows say what is
certain: the call is kept, its journal is open, something of it was about to ring, or nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from backend.domain.dialer.item import Item
from backend.services.dialer.calling import GOOD_FOR
from backend.services.dialer.moves import ToDial, call_over, call_refused, to_dial
from backend.services.ports.dialer import DialerTx
from protocol.dialer_words import AttemptOutcome, ItemPhase
from protocol.vocabulary import AccountId, CallId

ASK_AGAIN: Final = timedelta(seconds=4)
"""The owner answers within a second; a new one is there within five."""
GIVEN_UP: Final = timedelta(seconds=20)
"""Nothing of the call was about to ring, and nobody begins it any more: it was no attempt. Clocks
of two servers may differ by the rest of `GOOD_FOR`."""
SILENT: Final = timedelta(seconds=90)
"""Something was about to ring, and since then nobody knows the call: a ring takes no longer."""

Kept = Callable[[DialerTx, AccountId, CallId], Awaitable[bool]]
"""Reads what is kept of a call that is over into its attempt. False: nothing is."""


@dataclass(frozen=True, slots=True)
class Watched:
    again: ToDial | None = None
    """To be ordered once more."""
    given_up: bool = False


async def look(tx: DialerTx, account_id: AccountId, one: Item, at: datetime, kept: Kept) -> Watched:
    """At an item on the line. Changes nothing that is in order."""
    attempt = None if one.call_id is None else await tx.attempt(one.call_id)
    if attempt is None or one.phase not in (ItemPhase.DIALLING, ItemPhase.TALKING):
        return Watched()
    age = at - attempt.at
    if age < ASK_AGAIN:
        return Watched()
    known = await tx.call_known(attempt.call_id)
    if known == "kept":
        await kept(tx, account_id, attempt.call_id)
        return Watched()
    if known is None and age < GOOD_FOR:
        return Watched(again=to_dial(attempt, one))
    if known is None and age >= GIVEN_UP and one.phase is ItemPhase.DIALLING:
        await call_refused(tx, attempt.call_id, at)
        return Watched(given_up=True)
    if known == "rung" and age >= SILENT:
        await call_over(tx, attempt.call_id, AttemptOutcome.LOST, at)
    return Watched()
