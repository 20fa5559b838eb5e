"""Facts as journal entries and back, so that a new owner knows what the old one knew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from backend.domain.call import Call, Ended, Fact, Held, Moved, Over, Planned, Taken, apply
from backend.services.ports import JournalEntry
from protocol.vocabulary import AccountId, CallId, Direction, EmployeeId

_FACTS: dict[str, type[Fact]] = {
    "leg.planned": Planned,
    "leg.moved": Moved,
    "leg.ended": Ended,
    "call.held": Held,
    "call.taken": Taken,
    "call.over": Over,
}
_KINDS = {fact: kind for kind, fact in _FACTS.items()}

BEGAN = "call.began"
STEP = "scenario.step"


@dataclass(frozen=True, slots=True, kw_only=True)
class Began:
    direction: Direction
    number: str
    dialed: str
    placed_by: EmployeeId | None
    name: str | None


def began(call: Call, name: str | None) -> JournalEntry:
    birth = Began(
        direction=call.direction,
        number=call.number,
        dialed=call.dialed,
        placed_by=call.placed_by,
        name=name,
    )
    return JournalEntry(
        account_id=call.account_id,
        call_id=call.call_id,
        kind=BEGAN,
        at=call.started_at,
        data=msgspec.to_builtins(birth),
    )


def fact(account_id: AccountId, call_id: CallId, what: Fact) -> JournalEntry:
    return JournalEntry(
        account_id=account_id,
        call_id=call_id,
        kind=_KINDS[type(what)],
        at=what.at,
        data=msgspec.to_builtins(what),
    )


def step(call: Call, index: int, at: datetime) -> JournalEntry:
    """The scenario went on to this step."""
    return JournalEntry(
        account_id=call.account_id,
        call_id=call.call_id,
        kind=STEP,
        at=at,
        data={"index": index},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    call: Call
    name: str | None
    step: int


def replay(entries: Sequence[JournalEntry]) -> Remembered | None:
    """The call these entries tell of, or None when its beginning never reached the disk."""
    first = next((entry for entry in entries if entry.kind == BEGAN), None)
    if first is None:
        return None
    birth = msgspec.convert(first.data, Began)
    call = Call(
        call_id=first.call_id,
        account_id=first.account_id,
        direction=birth.direction,
        number=birth.number,
        dialed=birth.dialed,
        placed_by=birth.placed_by,
        started_at=first.at,
    )
    index = -1
    for entry in entries:
        if entry.kind == STEP:
            index = max(index, int(entry.data["index"]))
        elif entry.kind in _FACTS:
            call = apply(call, msgspec.convert(entry.data, _FACTS[entry.kind]))
    return Remembered(call=call, name=birth.name, step=index)
