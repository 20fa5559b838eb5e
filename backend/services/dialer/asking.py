"""Cards of the CRM, asked for where sockets are and read where the connectors are.

Connectors live in the worker: one budget of requests and one holder of tokens per account. Whoever
has the dialer's lease answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final

import msgspec

from backend.errors import (
    CrmAuthExpired,
    CrmError,
    CrmRejected,
    CrmUnavailable,
    Expired,
)
from backend.services.dialer.reviewing import CardRecord, RecordKey, Records
from backend.services.ports import Bus
from protocol.vocabulary import AccountId

NAME: Final = "dialer:records"
AT_ONCE: Final = 250
"""What the slower CRM reads in one request; a reading of so many takes seconds."""
WITHIN_S: Final = 20.0


class _Question(msgspec.Struct, frozen=True):
    account_id: AccountId
    keys: list[RecordKey]


class _Answer(msgspec.Struct, frozen=True):
    found: list[tuple[RecordKey, CardRecord | None]] = []
    error: str = ""
    """The CRM's outcome: `auth`, `rejected` or `unavailable`; empty: it answered."""
    said: str = ""


_question = msgspec.json.Decoder(_Question)
_answer = msgspec.json.Decoder(_Answer)


def serve_records(bus: Bus, records: Records) -> AbstractAsyncContextManager[None]:
    """Read what is asked for while inside."""

    async def read(payload: bytes) -> bytes:
        asked = _question.decode(payload)
        try:
            found = await records.read(asked.account_id, asked.keys)
        except CrmError as error:
            return msgspec.json.encode(_Answer(error=_kind(error), said=str(error)))
        return msgspec.json.encode(_Answer(found=list(found.items())))

    return bus.serve(NAME, read)


class AskedRecords:
    """`Records` of a process without connectors."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def read(
        self, account_id: AccountId, keys: Sequence[RecordKey]
    ) -> Mapping[RecordKey, CardRecord | None]:
        found: dict[RecordKey, CardRecord | None] = {}
        for start in range(0, len(keys), AT_ONCE):
            question = _Question(account_id, list(keys[start : start + AT_ONCE]))
            try:
                told = await self._bus.ask(NAME, msgspec.json.encode(question), timeout_s=WITHIN_S)
            except Expired:
                raise CrmUnavailable("nobody reads cards right now") from None
            answer = _answer.decode(told)
            if answer.error:
                raise _error(answer)
            found.update(answer.found)
        return found


def _kind(error: CrmError) -> str:
    if isinstance(error, CrmAuthExpired):
        return "auth"
    return "rejected" if isinstance(error, CrmRejected) else "unavailable"


def _error(answer: _Answer) -> CrmError:
    match answer.error:
        case "auth":
            return CrmAuthExpired(answer.said)
        case "rejected":
            return CrmRejected(answer.said)
        case _:
            return CrmUnavailable(answer.said)
