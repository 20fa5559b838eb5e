"""Words both sides of the wire use: enums and id types. Nothing here knows a message."""

from __future__ import annotations

from enum import StrEnum
from typing import NewType

AccountId = NewType("AccountId", str)
EmployeeId = NewType("EmployeeId", str)
CallId = NewType("CallId", str)
LegId = NewType("LegId", str)
CommandId = NewType("CommandId", str)
SessionId = NewType("SessionId", str)

PROTOCOL_VERSION = 1


class Direction(StrEnum):
    INBOUND = "inbound"
    OUTBOUND = "outbound"
    INTERNAL = "internal"


class CallState(StrEnum):
    """A call as a whole.

    ringing ──► talking ◄──► held
       │           │           │
       └───────────┴───────────┴──► ended
    """

    RINGING = "ringing"
    TALKING = "talking"
    HELD = "held"
    ENDED = "ended"


class LegState(StrEnum):
    """One party's connection: dialing ► ringing ► up ► ended, never back."""

    DIALING = "dialing"
    RINGING = "ringing"
    UP = "up"
    ENDED = "ended"


class Outcome(StrEnum):
    """How a call ended, weakest first: a stronger one is never replaced by a weaker (R2)."""

    FAILED = "failed"
    LOST = "lost"
    ANSWERED = "answered"


class HangupCause(StrEnum):
    """Why a leg ended, in our words; adapters map Q.850 and SIP onto them."""

    NORMAL = "normal"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    CANCELLED = "cancelled"
    INVALID_NUMBER = "invalid_number"
    UNREACHABLE = "unreachable"
    CONGESTION = "congestion"
    FAILURE = "failure"
    LOST_CONTACT = "lost_contact"


class StepReason(StrEnum):
    """Why a call was not forwarded to the customer's own manager (B13, A11)."""

    NO_INTEGRATION = "no_integration"
    """The CRM is not connected, or switched off for calls."""
    NO_MANAGER = "no_manager"
    """The CRM answered: nobody has the number, or nobody is responsible."""
    LATE = "late"
    CRM_FAILED = "crm_failed"
    NOT_AN_EMPLOYEE = "not_an_employee"
    """Somebody is responsible whom nothing here belongs to."""
    NOT_IN_TODAY = "not_in_today"
    """He was not in the CRM today, and the step asks for that."""
    OFF_WORK = "off_work"
    """His status lets nothing ring."""
    UNREACHABLE = "unreachable"
    """He has no number, or none that can be reached."""
    BUSY = "busy"
    DECLINED = "declined"
    NO_ANSWER = "no_answer"


class CallbackReason(StrEnum):
    """Why a customer waits to be called back."""

    ASKED = "asked"
    """The scenario promised it."""
    VOICEMAIL = "voicemail"
    """He left a message."""
    LOST = "lost"
    """The operator's connection broke off and nobody could take over."""


class CrmTrouble(StrEnum):
    """Why a call is not in the CRM, or not yet."""

    NOT_CONNECTED = "not_connected"
    """An administrator has to connect the CRM again; it is told then."""
    UNAVAILABLE = "unavailable"
    """It did not answer, or asked to wait; it is told again."""
    WITHHELD = "withheld"
    """The caller hid the number: CRMs keep no calls without one."""
    UNKNOWN_NUMBER = "unknown_number"
    """It knows nobody with the number and keeps nothing of strangers."""
    COLLECTED = "collected"
    """An earlier call of this stranger waits there to be taken in hand; it is told after that."""
    DECLINED = "declined"
    """Somebody over there declined the request it would have joined."""
    NOBODY_KNOWN = "nobody_known"
    """None of the call's people is a user of it."""
    REJECTED = "rejected"
    """It answered no; its own words say why."""


class RefusalReason(StrEnum):
    """Why a call cannot be placed. It travels in the data of a refused command and in notices.

    The first four are those the operator is told of by name (L1299-L1307).
    """

    NO_CALLER_ID = "no_caller_id"
    """No registered line, and no number for clicks is chosen."""
    NO_REGISTERED_LINE = "no_registered_line"
    """Nothing of the employee's can be reached: no line is registered, no other number is there."""
    NO_NUMBERS = "no_numbers"
    NUMBERS_OFF = "numbers_off"
    """The employee has numbers, all of them switched off."""
    CALLS_OFF = "calls_off"
    """The employee takes no part in calls."""
    NOT_AN_EMPLOYEE = "not_an_employee"
    """The CRM's user is nobody here: not synchronised."""
    CLICK_OFF = "click_off"
    """Calls by a click are switched off."""
    NOT_PICKED_UP = "not_picked_up"
    """The employee's own numbers rang in vain."""
    CALLER_ID_NOT_ALLOWED = "caller_id_not_allowed"
    BAD_NUMBER = "bad_number"
    BUSY = "busy"
    NO_TRUNK = "no_trunk"
    NO_SCENARIO = "no_scenario"
    CALLBACK_OFF = "callback_off"
    TOO_LATE = "too_late"
    SWITCH_AWAY = "switch_away"


class AgentStatus(StrEnum):
    """What the agent chose (W7). It applies to every device of the employee."""

    AVAILABLE = "available"
    BREAK = "break"
    DO_NOT_DISTURB = "do_not_disturb"
    AWAY = "away"
    OFF_WORK = "off_work"


class StatusSource(StrEnum):
    """Who set a status. A machine never makes a person more available than they chose (R9)."""

    PERSON = "person"
    SUPERVISOR = "supervisor"
    CRM = "crm"
    SYSTEM = "system"


class LookupState(StrEnum):
    """How far the search for the caller is. All four are drawn differently on the card (W3)."""

    LOOKING = "looking"
    FOUND = "found"
    NOT_FOUND = "not_found"
    UNAVAILABLE = "unavailable"


class CrmKind(StrEnum):
    AMOCRM = "amocrm"
    BITRIX24 = "bitrix24"


class RecordKind(StrEnum):
    """A record of the CRM that a phone number can belong to."""

    CONTACT = "contact"
    COMPANY = "company"
    LEAD = "lead"


class Microphone(StrEnum):
    """What a tab knows of its microphone."""

    GRANTED = "granted"
    """Opened once, and sound came."""
    ASK = "ask"
    """The browser would ask: somebody has to press a button."""
    DENIED = "denied"
    ABSENT = "absent"
    """No device, or none that opens."""
    BLOCKED = "blocked"
    """The page may not: a policy of the page around, or no secure connection."""


class TransferTrouble(StrEnum):
    """Why a transfer came to nothing, or cannot begin. The talk itself is never lost to it."""

    BUSY = "busy"
    NO_ANSWER = "no_answer"
    DECLINED = "declined"
    UNREACHABLE = "unreachable"
    """No device of the target can be rung."""
    OFF_WORK = "off_work"
    """The target's status lets nothing ring."""
    BAD_NUMBER = "bad_number"
    """Nobody has this extension, and it is no number outside."""
    NO_TRUNK = "no_trunk"
    """The account has no line to call out."""
    TARGET_LEFT = "target_left"
    """The target hung up before it was done."""
    CANCELLED = "cancelled"
    UNDER_WAY = "under_way"
    """Another transfer of this call is not over yet."""
    ENGINE = "engine"
    """The telephone switch cannot do it."""
    FAILED = "failed"


class PhonePart(StrEnum):
    """What a phone in the browser lacks to be called on (M3)."""

    TAB = "tab"
    """No tab is open."""
    MICROPHONE_ASK = "microphone_ask"
    MICROPHONE_DENIED = "microphone_denied"
    MICROPHONE_ABSENT = "microphone_absent"
    MICROPHONE_BLOCKED = "microphone_blocked"
    SOUND = "sound"
    """The browser keeps the tab silent until a click."""
    SOCKET = "socket"
    REGISTRATION = "registration"


class ErrorCode(StrEnum):
    """Why a command was refused. The widget has a sentence for each, in each language."""

    BAD_REQUEST = "bad_request"
    UNKNOWN_COMMAND = "unknown_command"
    NOT_FOUND = "not_found"
    WRONG_STATE = "wrong_state"
    NOT_ALLOWED = "not_allowed"
    TOO_MANY = "too_many"
    EXPIRED = "expired"
    SWITCH_UNAVAILABLE = "switch_unavailable"
    CRM_UNAVAILABLE = "crm_unavailable"
    CRM_AUTH_EXPIRED = "crm_auth_expired"
    CRM_REJECTED = "crm_rejected"
    NO_DEVICE = "no_device"
    BAD_TICKET = "bad_ticket"
    BAD_PROOF = "bad_proof"
    INTERNAL = "internal"


class StreamName(StrEnum):
    """Streams a session can follow; `me` and `account` always, the rest while on screen. `board`:
    only sessions that were opened for one."""

    ME = "me"
    ACCOUNT = "account"
    COLLEAGUES = "colleagues"
    BOARD = "board"


class Feature(StrEnum):
    """What a widget may say it understands in `hello`; pushes of other features are not sent."""

    CALLS = "calls"
    CONTACTS = "contacts"
    STATUSES = "statuses"
    DIRECTORY = "directory"
    HISTORY = "history"
    VOICE = "voice"
    BOARD = "board"
    """The supervisor's board, and what operators are told of it."""
    DIALER = "dialer"
