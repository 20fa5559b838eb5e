"""One struct per push, and the shapes they and the replies carry. Tags are past tense."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from protocol.board import (
    BOARD_PUSHES,
    BoardCall,
    BoardCallRemoved,
    BoardCounts,
    BoardPerson,
    BoardPersonRemoved,
    BoardSetup,
    BoardTally,
    HandChanged,
    MonitoredChanged,
)
from protocol.callbacks import CallbacksChanged
from protocol.dialer import ColleagueDialerChanged, DialerChanged
from protocol.frames import Push
from protocol.phone import (
    ColleaguePhoneChanged,
    DeviceChanged,
    PhoneAsked,
    PhoneChanged,
    PhonePassed,
    StayReason,
)
from protocol.recording import RecordingMark, RecordingPause
from protocol.transfers import CallParty, Control, GroupsChanged, PastTransfer, TransferStep
from protocol.visits import VisitWay
from protocol.vocabulary import (
    AgentStatus,
    CallId,
    CallState,
    CrmKind,
    Direction,
    EmployeeId,
    Feature,
    HangupCause,
    LegState,
    LookupState,
    Outcome,
    RecordKind,
    RefusalReason,
    StatusSource,
    StepReason,
)

Action = Literal["answer", "decline", "hangup", "hold", "unhold", "dismiss"]


class Who(msgspec.Struct, frozen=True, kw_only=True):
    employee_id: EmployeeId
    name: str


class CallChanged(Push, frozen=True, kw_only=True, tag="call.changed"):
    """A call as this agent sees it. Entity `call:<id>`, stream `me`."""

    call_id: CallId
    direction: Direction
    state: CallState
    number: str
    """The other party as digits with +, or an extension; empty when withheld."""
    name: str | None
    """Known at once from the local index; the CRM's answer comes as `contact.changed`."""
    virtual_number: str | None
    virtual_number_name: str | None
    scenario: str | None
    my_leg: LegState
    """State of this agent's own leg."""
    device: str | None
    """What rings for this agent, as a person would call it."""
    rung: list[Who]
    answered_by: Who | None
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    outcome: Outcome | None
    cause: HangupCause | None
    actions: list[Action]
    """What may be asked right now."""
    extension: str | None = None
    """What is dialled on after they answered, as the CRM has it; a comma is a pause."""
    message: str | None = None
    """What the visitor wrote on the form that asked for this call-back."""
    extension_dialed: bool | None = None
    """Whether the switch dialled it; None: not yet, False: it would not, the agent has to."""
    visit: VisitWay | None = None
    """The way that led the caller here, once call tracking knows it."""
    muted: bool = False
    """Nobody hears this agent."""
    parties: list[CallParty] = msgspec.field(default_factory=list)
    """Everybody else who is part of it now; empty before an answer and after the end."""
    transfer: TransferStep | None = None
    rescue: Literal["returning", "seeking"] | None = None
    """An operator's connection broke off and the other party hears music. returning: he is rung,
    and his phone picks up by itself. seeking: his colleagues are rung as well."""
    controls: list[Control] = msgspec.field(default_factory=list)
    """What may be asked right now beyond `actions`."""
    barred: list[Control] = msgspec.field(default_factory=list)
    """What would be possible now if the telephone switch could do it."""
    recording: RecordingMark | None = None
    """The talk is being recorded; whoever talks may pause that."""
    voice_stayed: StayReason | None = None
    """Its sound was to be brought to another tab and is still where it was; for some seconds."""


class CallRemoved(Push, frozen=True, kw_only=True, tag="call.removed"):
    """The call is no longer this agent's. Removes entity `call:<id>`."""

    call_id: CallId
    reason: Literal["answered_elsewhere", "declined", "timed_out", "abandoned", "dismissed", "over"]
    by: Who | None
    """Who took it."""
    number: str
    name: str | None


class RecordRef(msgspec.Struct, frozen=True, kw_only=True):
    kind: RecordKind
    id: str


class DealBrief(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    title: str
    funnel: str
    stage: str
    stage_color: str | None
    amount: str | None
    """With its currency, ready to show."""
    url: str


class ActivityBrief(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    subject: str
    due_at: datetime | None
    overdue: bool
    url: str


class ContactMatch(msgspec.Struct, frozen=True, kw_only=True):
    """One record the number belongs to, with what is open on it."""

    record: RecordRef
    name: str
    company: str | None
    url: str
    responsible: str | None
    deals: list[DealBrief]
    activities: list[ActivityBrief]


class ContactChanged(Push, frozen=True, kw_only=True, tag="contact.changed"):
    """What is known of the caller. Entity `contact:<call id>`, stream `me`."""

    call_id: CallId
    crm: CrmKind | None
    lookup: LookupState
    matches: list[ContactMatch]
    chosen: RecordRef | None
    create_url: str | None
    """Where the CRM makes a new contact with this number (W4)."""


class ContactRemoved(Push, frozen=True, kw_only=True, tag="contact.removed"):
    """Goes with the card. Removes entity `contact:<call id>`."""

    call_id: CallId


class StatusChanged(Push, frozen=True, kw_only=True, tag="status.changed"):
    """The agent's own status. Entity `status`, stream `me`."""

    status: AgentStatus
    since: datetime
    source: StatusSource
    reason: str | None


class RingerChanged(Push, frozen=True, kw_only=True, tag="ringer.changed"):
    """Which of the agent's tabs sounds. Entity `ringer`, stream `me`."""

    tab: str | None


class NoticeRaised(Push, frozen=True, kw_only=True, tag="notice.raised"):
    """A call the agent asked for in the CRM could not be placed. Entity `notice`, stream `me`: the
    newest one; tabs show it while it is fresh."""

    reason: RefusalReason
    number: str
    at: datetime


class OutgoingNumber(msgspec.Struct, frozen=True, kw_only=True):
    number: str
    """E.164."""
    name: str | None


class OutgoingChanged(Push, frozen=True, kw_only=True, tag="outgoing.changed"):
    """Which of the account's numbers the agent may show to whom he calls. Entity `outgoing`,
    stream `me`."""

    default: str | None
    """What the settings show while he chooses nothing; None where the switch decides, or where
    there is nothing to show."""
    numbers: list[OutgoingNumber]
    """Empty: he has no choice."""


class HistoryChanged(Push, frozen=True, kw_only=True, tag="history.changed"):
    """The history has a newer call: ask again if it is on screen. Entity `history`, `me`."""

    last_call_id: CallId | None


class EmployeeChanged(Push, frozen=True, kw_only=True, tag="employee.changed"):
    """Entity `employee:<id>`, stream `account`."""

    employee_id: EmployeeId
    name: str
    extension: str | None
    position: str | None
    department: str | None


class EmployeeRemoved(Push, frozen=True, kw_only=True, tag="employee.removed"):
    """Removes entity `employee:<id>`."""

    employee_id: EmployeeId


class SwitchChanged(Push, frozen=True, kw_only=True, tag="switch.changed"):
    """Whether the telephone switch is reachable. Entity `switch`, stream `account`."""

    connected: bool
    since: datetime


class CrmChanged(Push, frozen=True, kw_only=True, tag="crm.changed"):
    """How the CRM answers. Entity `crm`, stream `account`."""

    crm: CrmKind
    state: Literal["ok", "slow", "down", "auth_expired"]
    since: datetime


class ColleaguePresenceChanged(Push, frozen=True, kw_only=True, tag="colleague.presence_changed"):
    """Entity `presence:<employee id>`, stream `colleagues`."""

    employee_id: EmployeeId
    online: bool
    since: datetime


class ColleagueStatusChanged(Push, frozen=True, kw_only=True, tag="colleague.status_changed"):
    """Entity `status:<employee id>`, stream `colleagues`."""

    employee_id: EmployeeId
    status: AgentStatus
    since: datetime


class ColleagueBusyChanged(Push, frozen=True, kw_only=True, tag="colleague.busy_changed"):
    """Entity `busy:<employee id>`, stream `colleagues`."""

    employee_id: EmployeeId
    busy: Literal["free", "ringing", "talking"]
    since: datetime


AnyPush = (
    CallChanged
    | CallRemoved
    | ContactChanged
    | ContactRemoved
    | StatusChanged
    | RingerChanged
    | NoticeRaised
    | OutgoingChanged
    | HistoryChanged
    | CallbacksChanged
    | EmployeeChanged
    | EmployeeRemoved
    | SwitchChanged
    | CrmChanged
    | ColleaguePresenceChanged
    | ColleagueStatusChanged
    | ColleagueBusyChanged
    | GroupsChanged
    | DeviceChanged
    | PhoneChanged
    | PhoneAsked
    | PhonePassed
    | ColleaguePhoneChanged
    | DialerChanged
    | ColleagueDialerChanged
    | HandChanged
    | MonitoredChanged
    | BoardSetup
    | BoardPerson
    | BoardPersonRemoved
    | BoardCall
    | BoardCallRemoved
    | BoardTally
    | BoardCounts
)
PUSHES: tuple[type[Push], ...] = AnyPush.__args__
REMOVALS: frozenset[str] = frozenset(
    {
        "call.removed",
        "contact.removed",
        "employee.removed",
        "board.person_removed",
        "board.call_removed",
    }
)

FEATURE_OF: dict[str, Feature] = {
    "call.changed": Feature.CALLS,
    "call.removed": Feature.CALLS,
    "ringer.changed": Feature.CALLS,
    "notice.raised": Feature.CALLS,
    "outgoing.changed": Feature.CALLS,
    "switch.changed": Feature.CALLS,
    "contact.changed": Feature.CONTACTS,
    "contact.removed": Feature.CONTACTS,
    "crm.changed": Feature.CONTACTS,
    "status.changed": Feature.STATUSES,
    "history.changed": Feature.HISTORY,
    "callbacks.changed": Feature.HISTORY,
    "employee.changed": Feature.DIRECTORY,
    "employee.removed": Feature.DIRECTORY,
    "groups.changed": Feature.DIRECTORY,
    "colleague.presence_changed": Feature.DIRECTORY,
    "colleague.status_changed": Feature.DIRECTORY,
    "colleague.busy_changed": Feature.DIRECTORY,
    "device.changed": Feature.VOICE,
    "phone.changed": Feature.VOICE,
    "phone.asked": Feature.VOICE,
    "phone.passed": Feature.VOICE,
    "colleague.phone_changed": Feature.VOICE,
    "hand.changed": Feature.BOARD,
    "monitored.changed": Feature.BOARD,
    **{str(kind.__struct_config__.tag): Feature.BOARD for kind in BOARD_PUSHES},
    "dialer.changed": Feature.DIALER,
    "colleague.dialer_changed": Feature.DIALER,
}
"""A push goes only to sessions that negotiated its feature."""

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[AnyPush] = msgspec.json.Decoder(AnyPush)


def encode(push: Push) -> bytes:
    """The push without its number; `frames.numbered` adds it."""
    return _encoder.encode(push)


def decode(frame: bytes | str) -> AnyPush:
    return _decoder.decode(frame)


def tag(push: Push) -> str:
    return str(type(push).__struct_config__.tag)


class StepNote(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a scenario's step that asked the CRM for the customer's manager."""

    step: int
    """Its place in the scenario, from 1."""
    manager: Who | None
    reason: StepReason | None
    """Why forwarding failed and the next step followed; None: the manager was rung."""


class HistoryEntry(msgspec.Struct, frozen=True, kw_only=True):
    call_id: CallId
    direction: Direction
    number: str
    name: str | None
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime
    talk_s: int
    outcome: Outcome
    cause: HangupCause | None
    mine: bool
    """Whether this agent talked (a call answered by a colleague is listed too)."""
    answered_by: Who | None
    virtual_number: str | None
    record: RecordRef | None
    record_url: str | None
    notes: list[StepNote] = []
    crm: Literal["none", "waiting", "written", "refused"] = "none"
    """Whether the CRM has the call; none: it is not to have it, or nobody knows."""
    crm_reason: str | None = None
    """Why it is not there, while it waits or when it is refused: a `CrmTrouble`, or what a later
    server says."""
    crm_said: str | None = None
    """The CRM's own words where it refused (`rejected`); not translated."""
    recording: Literal["none", "waiting", "ready", "gone"] = "none"
    """waiting: on its way from the switch; gone: its time is over, or there was nothing."""
    recording_url: str | None = None
    """Where it is played; whoever has the address may listen."""
    message: str | None = None
    """What the visitor wrote on the form that asked for this call-back."""
    callback: Literal["none", "open", "done"] = "none"
    """Whether the caller is to be called back, or was."""
    visit: VisitWay | None = None
    """The way that led the caller here, as long as the account keeps it."""
    pauses: list[RecordingPause] = msgspec.field(default_factory=list)
    """When the recording is silent because somebody asked."""
    transfers: list[PastTransfer] = []
    """Oldest first."""


class HistoryPage(msgspec.Struct, frozen=True, kw_only=True):
    entries: list[HistoryEntry]
    next: str | None


class SessionToken(msgspec.Struct, frozen=True, kw_only=True):
    token: str
    expires_at: datetime


class Dialed(msgspec.Struct, frozen=True, kw_only=True):
    call_id: CallId
