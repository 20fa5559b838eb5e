"""Customers who wait to be called back, kept until somebody did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, Protocol

from backend.services.ports.recordings import RecordingRow
from protocol.pushes import RecordRef
from protocol.vocabulary import AccountId, CallbackReason, CallId, EmployeeId

CrmTaskState = Literal["expected", "writing", "waiting", "written", "closed", "dropped", "refused"]
"""expected ─► writing ─► written ─► closed (the customer was called back);  writing ─► waiting (an
answer was lost: look before writing);  writing ─► refused ─► writing (somebody asked for another
try);  expected ─► dropped (he was called back before the CRM heard of it)."""
WORTH_CLOSING: Final = ("expected", "writing", "waiting", "written")


@dataclass(frozen=True, slots=True, kw_only=True)
class CrmTask:
    """How far the task in the CRM is."""

    state: CrmTaskState
    ref: str | None = None
    """What it can be found by over there, in the connector's own words."""
    trouble: str | None = None
    """A `CrmTrouble`."""
    reason: str | None = None
    """The CRM's own words where it refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackTask:
    """`employees` are told of it; any of them may do it."""

    call_id: CallId
    number: str
    """Empty when withheld: then only the recording tells who it was."""
    name: str | None
    virtual_number: str | None
    reason: CallbackReason
    employees: tuple[EmployeeId, ...]
    created_at: datetime
    recording_url: str | None = None
    """What the caller said, once it is fetched."""
    crm: CrmTask | None = None
    """What the CRM has of it; None: it is not to have anything."""


class CallbackRows(Protocol):
    async def open(self, account_id: AccountId) -> Sequence[CallbackTask]:
        """Those nobody has done, newest first."""

    async def done(
        self, account_id: AccountId, call_id: CallId, employee_id: EmployeeId
    ) -> tuple[EmployeeId, ...] | None:
        """Who knew of the task that is done now; None when there is no such task of theirs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackFacts:
    """The newest truth about a task, read together."""

    account_id: AccountId
    task: CallbackTask
    done: bool
    """Somebody called back, or said it need not be."""
    wanted: bool
    """Whether the account's CRM is to have it."""
    talked: EmployeeId | None
    """Who had the talk that broke off."""
    called_at: datetime
    record: RecordRef | None
    """Whose card the call showed."""
    stand_in: str | None
    """The CRM user to whom falls what is nobody's."""
    recording: RecordingRow | None
    """What he said, unless the account keeps recordings from its CRM."""
    region: str
    timezone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackReport:
    """What a CRM is told of a customer who waits."""

    number: str
    key: str
    """In the title, and in no other: the task can be found by it."""
    title: str
    details: str
    began_at: datetime
    due_at: datetime
    record: RecordRef | None
    talked: str | None
    """The CRM user whose talk broke off: it is his to call back."""
    told: tuple[str, ...]
    """CRM users who are told of it here."""
    stand_in: str | None


class CallbackWriter(Protocol):
    """Tasks of one CRM account. Raises CrmAuthExpired, CrmUnavailable (it may have been written
    all the same), CrmRejected."""

    @property
    def kind(self) -> str: ...

    async def write(self, report: CallbackReport) -> str:
        """Make the task, for whoever talked, else for the customer's responsible user, else for
        the first who is told; its `ref`."""

    async def look(self, report: CallbackReport) -> str | None:
        """The task as it stands there, if an earlier try made it."""

    async def close(self, ref: str, words: str) -> None:
        """It is done. One that is closed or gone is closed."""


class CrmCallbackRows(Protocol):
    """Each method is a transaction."""

    async def facts(
        self, account_id: AccountId, call_id: CallId, kind: str
    ) -> CallbackFacts | None:
        """None when there is no such task."""

    async def save(
        self, account_id: AccountId, call_id: CallId, kind: str, told: CrmTask
    ) -> None: ...
