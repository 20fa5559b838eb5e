"""What must last: leases, intents, the journal of calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from backend.domain.recording_pause import Pauses
from backend.domain.visits import Way
from protocol.vocabulary import (
    AccountId,
    CallbackReason,
    CallId,
    EmployeeId,
    HangupCause,
    LegId,
    StepReason,
)


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to do what only one may do. `token` grows with every new holder."""

    name: str
    holder: str
    token: int
    expires_at: datetime


class Leases(Protocol):
    async def acquire(self, name: str, holder: str, *, ttl_s: float) -> Lease | None: ...
    async def renew(self, lease: Lease, *, ttl_s: float) -> Lease | None:
        """None: it is lost; stop at once."""

    async def release(self, lease: Lease) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry:
    """One thing that happened to a call, as the owner applied it."""

    account_id: AccountId
    call_id: CallId
    kind: str
    at: datetime
    data: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedLeg:
    leg_id: LegId
    employee_id: EmployeeId | None
    number: str
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime
    cause: HangupCause | None
    joined_at: datetime | None = None
    """When it came into the talk, and when it left it: they differ from answer and end where the
    call was passed on. Neither: it never was in it."""
    left_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepNote:
    """What became of a scenario's step that asked the CRM whom to ring."""

    step: int
    """Index in the scenario."""
    employee_id: EmployeeId | None
    reason: StepReason | None
    """Why forwarding failed; None: he was rung."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackWanted:
    """The caller is to be called back: he was promised it, left a message, or was lost."""

    reason: CallbackReason
    group: str | None = None
    """Whom it is for; None: those the call rang."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedHandover:
    """What became of one transfer."""

    kind: str
    by: EmployeeId
    target: str
    """Who it was for, as a person would call it."""
    to: EmployeeId | None
    """The employee who had the call after it; None: somebody outside, or nobody."""
    began_at: datetime
    at: datetime
    reason: str | None
    """Why it did not get there (`TransferTrouble`)."""
    note: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedCall:
    """What is kept of a call for ever. Writing it twice leaves one."""

    account_id: AccountId
    call_id: CallId
    direction: str
    number: str
    name: str | None
    virtual_number: str | None
    scenario: str | None
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime
    talk_s: int
    outcome: str
    cause: HangupCause | None
    answered_by: EmployeeId | None
    legs: tuple[FinishedLeg, ...]
    record_kind: str | None = None
    record_id: str | None = None
    record_url: str | None = None
    recording: str | None = None
    """What the switch calls the recording of the talk, or of the caller's message where somebody
    has to call back because of it."""
    also_recorded: tuple[str, ...] = ()
    """Names of what else was recorded. Told once, at the end; not read back."""
    pauses: Pauses = ()
    """When the recording was silent, each ended."""
    notes: tuple[StepNote, ...] = ()
    """Steps that asked the CRM for the customer's manager, in order."""
    last_talked_by: EmployeeId | None = None
    """The employee who came into the talk last; `answered_by` is who came first."""
    handovers: tuple[FinishedHandover, ...] = ()
    """Transfers, oldest first."""
    callback: bool = False
    """The customer asked to be called: an operator was rung first, then he."""
    shown: str | None = None
    """The number a call of ours showed; None where the switch chose one, or the customer called."""
    message: str | None = None
    """What he wrote on the form that asked for it."""
    visit: Way | None = None
    """What led the caller here."""
    wanted: CallbackWanted | None = None
    """Somebody has to call back; kept as a task of its own beside the call."""
    wanted_by: tuple[EmployeeId, ...] = ()
    """Who is told of that."""


class CallJournal(Protocol):
    """The calls' memory on disk. `append` returns at once; entries are committed in groups, in
    order, and in the same transaction as the jobs a finished call causes."""

    def append(self, entry: JournalEntry) -> None: ...
    def finish(self, call: FinishedCall) -> None: ...
    async def record_intent(
        self, lease: Lease, account_id: AccountId, call_id: CallId, leg_id: LegId
    ) -> bool:
        """Write down that a leg is about to be rung, checking the lease's token in the same
        transaction. False: the lease is lost or the intent already stands; do not ring."""

    async def open_calls(
        self, account_ids: Sequence[AccountId]
    ) -> dict[CallId, list[JournalEntry]]:
        """Entries of every call without an end, in the order they were applied."""

    async def flush(self) -> None:
        """Everything appended so far is on disk."""
