"""Cards of the CRM, asked for where sockets are and read where the connectors are.

Connectors live in the worker: one budget of requests and one holder of tokens per account. Whoever
has the dialer's lease answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final, Protocol

import msgspec

from backend.errors import (
    CrmAuthExpired,
    CrmError,
    CrmRejected,
    CrmUnavailable,
    Expired,
    NotFound,
)
from backend.services.dialer.reviewing import CardRecord, RecordKey, Records
from backend.services.ports import Bus
from protocol.vocabulary import AccountId

NAME: Final = "dialer:records"
AT_ONCE: Final = 250
"""What the slower CRM reads in one request; a reading of so many takes seconds."""
WITHIN_S: Final = 20.0


class CallLists(Protocol):
    """One account's CRM, where it keeps lists of people to call itself."""

    async def people(self, list_id: str) -> list[RecordKey]:
        """Whoever is still to be called. Raises NotFound (`why`: call_list), CrmErrors."""


class _Question(msgspec.Struct, frozen=True):
    account_id: AccountId
    keys: list[RecordKey] = []
    call_list: str | None = None
    """In place of `keys`: whom the CRM's own list holds."""


class _Answer(msgspec.Struct, frozen=True):
    found: list[tuple[RecordKey, CardRecord | None]] = []
    error: str = ""
    """The outcome: `auth`, `rejected`, `unavailable` or `not_found`; empty: the CRM answered."""
    said: str = ""


_question = msgspec.json.Decoder(_Question)
_answer = msgspec.json.Decoder(_Answer)


def serve_records(
    bus: Bus, records: Records, call_lists: Callable[[AccountId], CallLists | None]
) -> AbstractAsyncContextManager[None]:
    """Read what is asked for while inside."""

    async def read(payload: bytes) -> bytes:
        asked = _question.decode(payload)
        try:
            if asked.call_list is not None:
                lists = call_lists(asked.account_id)
                people = [] if lists is None else await lists.people(asked.call_list)
                return msgspec.json.encode(_Answer(found=[(key, None) for key in people]))
            found = await records.read(asked.account_id, asked.keys)
        except (CrmError, NotFound) as error:
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
            some = list(keys[start : start + AT_ONCE])
            found.update((await self._ask(_Question(account_id, some))).found)
        return found

    async def people(self, account_id: AccountId, call_list: str) -> list[RecordKey]:
        """Whom a list of the CRM's own holds; nobody where the CRM keeps none. Raises NotFound,
        CrmErrors."""
        answer = await self._ask(_Question(account_id, call_list=call_list))
        return [key for key, _ in answer.found]

    async def _ask(self, question: _Question) -> _Answer:
        try:
            told = await self._bus.ask(NAME, msgspec.json.encode(question), timeout_s=WITHIN_S)
        except Expired:
            raise CrmUnavailable("nobody reads cards right now") from None
        answer = _answer.decode(told)
        if answer.error:
            raise _error(answer)
        return answer


def _kind(error: CrmError | NotFound) -> str:
    if isinstance(error, NotFound):
        return "not_found"
    if isinstance(error, CrmAuthExpired):
        return "auth"
    return "rejected" if isinstance(error, CrmRejected) else "unavailable"


def _error(answer: _Answer) -> CrmError | NotFound:
    match answer.error:
        case "not_found":
            return NotFound(answer.said, why="call_list")
        case "auth":
            return CrmAuthExpired(answer.said)
        case "rejected":
            return CrmRejected(answer.said)
        case _:
            return CrmUnavailable(answer.said)
