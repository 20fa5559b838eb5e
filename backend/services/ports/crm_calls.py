"""Finished calls in a CRM that keeps them itself: written once, corrected, never doubled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, Protocol

from backend.domain.visits import Way
from backend.services.ports.recordings import RecordingRow
from backend.services.ports.storage import FinishedCall
from protocol.vocabulary import AccountId, CallId, CrmTrouble, Direction, HangupCause, Outcome

CrmCallState = Literal["waiting", "writing", "written", "refused", "collected"]
"""waiting ─► writing ─► written;  writing ─► waiting (an answer was lost: look before writing);
writing ─► refused ─► writing (somebody asked for another try);  writing ─► collected (an earlier
call of the number still waits over there to be taken in hand) ─► writing (the CRM knows the number
now, or the request was declined: then it is refused, until the number is known)."""
Taken = Literal["first", "again", "busy"]
TROUBLE: Final = "trouble"
"""In `CrmCallRow.data`: the `CrmTrouble` of the last try."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallReport:
    """What a CRM is told of a call. `call_id` is what it can be found by over there."""

    account_id: AccountId
    call_id: CallId
    direction: Direction
    number: str
    started_at: datetime
    ended_at: datetime
    talk_s: int
    outcome: Outcome
    cause: HangupCause | None
    responsible: str | None
    """The CRM user whose call it was; nobody's when it is lost."""
    stand_in: str | None
    """The CRM user to whom falls what is nobody's, where the CRM wants a name."""
    link: str | None
    """Where the recording is or will be; None when there is none."""
    link_ready: bool
    may_collect: bool
    """A call whose number the CRM does not know may go where it collects such calls."""
    visit: Way | None = None
    """What led the caller here, for a record the CRM makes of it."""
    earlier: str | None = None
    """`Written.ref` of the number's last call over there."""
    joined: bool = False
    """It was left to an earlier call's request once: that one speaks for it for good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Where the call stands over there, in the connector's own words."""

    ref: str
    linked: bool
    """The recording's address is with it."""
    joined: bool = False
    """Nothing was written: `ref` is an earlier call's, which stands for the number until somebody
    takes it in hand."""


class CallWriter(Protocol):
    """One CRM account. Raises CrmAuthExpired, CrmUnavailable (it may have been written all the
    same), CrmRejected; CrmUnknownNumber where the CRM keeps no calls of strangers."""

    @property
    def kind(self) -> str: ...

    async def write(self, report: CallReport) -> Written: ...

    async def look(self, report: CallReport) -> Written | None:
        """The call as it stands there, if an earlier try wrote it."""

    async def waits(self, ref: str) -> bool:
        """Whether what stands at `ref` is still to be taken in hand by somebody."""

    async def amend(self, ref: str, report: CallReport) -> Written:
        """Make what stands there say this. Saying it twice changes nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrmCallRow:
    state: str
    ref: str | None = None
    told: str | None = None
    """The outcome the CRM was told."""
    reason: str | None = None
    """What it answered instead of taking it."""
    recording: str | None = None
    """`attached`, or what is the matter with it."""
    data: dict[str, str] = field(default_factory=dict)

    @property
    def joined(self) -> bool:
        """It was left to an earlier call's request: `ref` is not its own yet."""
        return self.ref is not None and self.state != "written"

    @property
    def untold(self) -> bool:
        """Nothing of it can stand over there."""
        declined = self.state == "refused" and self.data.get(TROUBLE) == CrmTrouble.DECLINED
        return declined or self.state in ("expected", "collected")


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFacts:
    """The newest truth about a call, read together."""

    call: FinishedCall
    recording: RecordingRow | None
    row: CrmCallRow | None
    crm_on: bool
    unknown_to_unsorted: bool
    stand_in: str | None = None
    """The CRM user to whom calls fall that are nobody's."""
    recording_to_crm: bool = True
    """Whether the account lets its CRM have recordings."""


class CrmCallRows(Protocol):
    """What was said of calls to CRMs; each method is a transaction."""

    async def facts(self, account_id: AccountId, call_id: CallId, kind: str) -> CallFacts | None:
        """None when the call is not in the history."""

    async def take(self, account_id: AccountId, call_id: CallId, kind: str, number: str) -> Taken:
        """Begin to write it. `busy`: somebody writes it, or another call of this number, right
        now; `again`: an earlier try may have got through."""

    async def earlier(self, account_id: AccountId, kind: str, number: str) -> str | None:
        """The `ref` of what was written last for this number. Ask after `take`: until then
        another call of the number may be on its way."""

    async def collected(self, account_id: AccountId, kind: str) -> list[str]:
        """The requests, by `ref`, that calls were left to: those nobody looked at for longest, as
        many as are worth looking at in one go."""

    async def looked_at(self, account_id: AccountId, kind: str, refs: Sequence[str]) -> None:
        """These still wait: others come first the next time."""

    async def save(
        self,
        account_id: AccountId,
        call_id: CallId,
        kind: str,
        *,
        state: CrmCallState,
        ref: str | None = None,
        told: str | None = None,
        trouble: CrmTrouble | None = None,
        reason: str | None = None,
        recording: str | None = None,
    ) -> None:
        """None leaves what is known; `trouble` and `reason` are always replaced."""
