"""Facts as journal entries and back, so that a new owner knows what the old one knew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from backend.domain.call import (
    Call,
    Claimed,
    Ended,
    Fact,
    Held,
    Joined,
    Moved,
    Muted,
    Over,
    Parted,
    Planned,
    Sought,
    Taken,
    apply,
)
from backend.domain.recording_pause import Pauses
from backend.domain.visits import Way
from backend.services.calls.asked import Asked
from backend.services.calls.transfer import Handover, Transfer
from backend.services.ports import CallbackWanted, JournalEntry, StepNote
from protocol.vocabulary import AccountId, CallId, Direction, EmployeeId, LegId

_FACTS: dict[str, type[Fact]] = {
    "leg.planned": Planned,
    "leg.moved": Moved,
    "leg.ended": Ended,
    "call.held": Held,
    "call.taken": Taken,
    "call.claimed": Claimed,
    "leg.joined": Joined,
    "leg.parted": Parted,
    "leg.muted": Muted,
    "call.sought": Sought,
    "call.over": Over,
}
_KINDS = {fact: kind for kind, fact in _FACTS.items()}

BEGAN = "call.began"
STEP = "scenario.step"
NOTE = "scenario.note"
RECORDED = "call.recorded"
VOICEMAIL = "call.voicemail"
PAUSED = "call.paused"
TRACED = "call.traced"
TRANSFER = "call.transfer"
WANTED = "call.wanted_back"
EXTENSION = "call.extension_dialed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Began:
    direction: Direction
    number: str
    dialed: str
    placed_by: EmployeeId | None
    name: str | None
    callback: bool = False
    caller_id: str | None = None
    asked: Asked = field(default_factory=Asked)


def began(
    call: Call, name: str | None, caller_id: str | None = None, asked: Asked | None = None
) -> JournalEntry:
    """`caller_id`: what the called party of an outbound call sees."""
    birth = Began(
        direction=call.direction,
        number=call.number,
        dialed=call.dialed,
        placed_by=call.placed_by,
        name=name,
        callback=call.callback,
        caller_id=caller_id,
        asked=asked or Asked(),
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


def recorded(call: Call, name: str, at: datetime) -> JournalEntry:
    """The switch was told to record the talk under this name."""
    return JournalEntry(
        account_id=call.account_id,
        call_id=call.call_id,
        kind=RECORDED,
        at=at,
        data={"name": name},
    )


def voicemail(call: Call, name: str, at: datetime) -> JournalEntry:
    """The switch was told to record what the caller says after the tone under this name."""
    return JournalEntry(
        account_id=call.account_id,
        call_id=call.call_id,
        kind=VOICEMAIL,
        at=at,
        data={"name": name},
    )


def paused(call: Call, what: Pauses, at: datetime) -> JournalEntry:
    """The recording's pauses so far; a later entry replaces it."""
    return JournalEntry(
        account_id=call.account_id,
        call_id=call.call_id,
        kind=PAUSED,
        at=at,
        data={"pauses": msgspec.to_builtins(what)},
    )


def traced(call: Call, way: Way, at: datetime) -> JournalEntry:
    """What led the caller here was found out."""
    return JournalEntry(
        account_id=call.account_id,
        call_id=call.call_id,
        kind=TRACED,
        at=at,
        data=msgspec.to_builtins(way),
    )


def extension_dialed(call: Call, at: datetime) -> JournalEntry:
    """The switch is about to be told the extension's keys: nobody tells it again."""
    return JournalEntry(
        account_id=call.account_id, call_id=call.call_id, kind=EXTENSION, at=at, data={}
    )


def wanted(call: Call, what: CallbackWanted, at: datetime) -> JournalEntry:
    """The caller is to be called back; a later entry replaces it."""
    return JournalEntry(
        account_id=call.account_id,
        call_id=call.call_id,
        kind=WANTED,
        at=at,
        data=msgspec.to_builtins(what),
    )


def note(call: Call, what: StepNote, at: datetime) -> JournalEntry:
    """What became of a step that asked the CRM; a later note of the same step replaces it."""
    return JournalEntry(
        account_id=call.account_id,
        call_id=call.call_id,
        kind=NOTE,
        at=at,
        data=msgspec.to_builtins(what),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Passing:
    """How far a transfer is, and what became of those before."""

    transfer: Transfer | None
    handovers: tuple[Handover, ...]


def passing(call: Call, what: Passing, at: datetime) -> JournalEntry:
    """A later entry replaces it."""
    return JournalEntry(
        account_id=call.account_id,
        call_id=call.call_id,
        kind=TRANSFER,
        at=at,
        data=msgspec.to_builtins(what),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    call: Call
    name: str | None
    step: int
    tried: frozenset[LegId]
    """Legs that step has rung, as far as it was written down."""
    notes: dict[int, StepNote]
    caller_id: str | None
    asked: Asked
    way: Way | None = None
    recording: str | None = None
    voicemail: str | None = None
    pauses: Pauses = ()
    wanted: CallbackWanted | None = None
    extension_dialed: bool | None = None
    passing: Passing = Passing(transfer=None, handovers=())


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
        callback=birth.callback,
        started_at=first.at,
    )
    index = -1
    tried: set[LegId] = set()
    recording = said = None
    pauses: Pauses = ()
    back: CallbackWanted | None = None
    keyed: bool | None = None
    way: Way | None = None
    passed = Passing(transfer=None, handovers=())
    notes: dict[int, StepNote] = {}
    for entry in entries:
        if entry.kind == STEP:
            # Not the highest: working hours may lead back to an earlier one's steps.
            index = int(entry.data["index"])
            tried.clear()
        elif entry.kind == RECORDED:
            recording = str(entry.data["name"])
        elif entry.kind == VOICEMAIL:
            said = str(entry.data["name"])
        elif entry.kind == PAUSED:
            pauses = msgspec.convert(entry.data["pauses"], Pauses)
        elif entry.kind == EXTENSION:
            keyed = True
        elif entry.kind == TRACED:
            way = msgspec.convert(entry.data, Way)
        elif entry.kind == TRANSFER:
            passed = msgspec.convert(entry.data, Passing)
        elif entry.kind == WANTED:
            back = msgspec.convert(entry.data, CallbackWanted)
        elif entry.kind == NOTE:
            known = msgspec.convert(entry.data, StepNote)
            notes[known.step] = known
        elif entry.kind in _FACTS:
            known_fact = msgspec.convert(entry.data, _FACTS[entry.kind])
            call = apply(call, known_fact)
            if isinstance(known_fact, Planned):
                tried.add(known_fact.leg_id)
            if isinstance(known_fact, Taken | Joined):
                back = None  # somebody talks to him: what was promised before is kept
    return Remembered(
        call=call,
        name=birth.name,
        step=index,
        tried=frozenset(tried),
        notes=notes,
        caller_id=birth.caller_id,
        asked=birth.asked,
        recording=recording,
        voicemail=said,
        pauses=pauses,
        wanted=back,
        extension_dialed=keyed,
        way=way,
        passing=passed,
    )
