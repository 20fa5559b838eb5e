"""The dialer's words: both sides name them, nothing here knows a message."""

from __future__ import annotations

from enum import StrEnum
from typing import NewType

ListId = NewType("ListId", str)
ItemId = NewType("ItemId", str)


class ListPurpose(StrEnum):
    """What the calls of a list are for. Chosen by a person when it is made; there is no default,
    for the law asks more of advertising."""

    SERVICE = "service"
    """Calls people expect: the time to look over, it is dialled by itself."""
    ADVERTISING = "advertising"
    """Each call wants a person's press and a proof of consent."""


class ListMode(StrEnum):
    PREVIEW = "preview"
    """The card first, for as long as the list says."""
    PROGRESSIVE = "progressive"
    """Dialled as soon as somebody is free. Service lists only."""


class ListState(StrEnum):
    OPEN = "open"
    PAUSED = "paused"
    """Held for everybody by whoever leads it."""
    FINISHED = "finished"
    """Nothing waits any more; those not reached may be repeated."""
    CLOSED = "closed"
    """Put away; it does not come back."""


class RunState(StrEnum):
    """How far one employee is with working through lists.

    idle ──► running ──► stopping ──► stopped ──► running
                └──────► finished
    """

    IDLE = "idle"
    RUNNING = "running"
    STOPPING = "stopping"
    """The talk or its wrap-up is finished first."""
    STOPPED = "stopped"
    FINISHED = "finished"


class ItemPhase(StrEnum):
    """Where one person of a list is.

    waiting ──► shown ──► dialling ──► talking ──► wrap_up ──► done
       ▲          │           └────────────────────▲  │
       │          └──► waiting (nobody was dialled)   ├──► later ──► shown
       └── repeated ◄─────────────────────────────────┘
    excluded: never dialled, or not any more; `reason` says why.

    loaded = waiting and later + shown, dialling, talking and wrap_up + done + excluded, always.
    """

    WAITING = "waiting"
    LATER = "later"
    SHOWN = "shown"
    DIALLING = "dialling"
    TALKING = "talking"
    WRAP_UP = "wrap_up"
    DONE = "done"
    EXCLUDED = "excluded"


class ItemReason(StrEnum):
    """Why a person is not dialled, or not now."""

    NO_NUMBER = "no_number"
    BAD_NUMBER = "bad_number"
    SAME_PERSON = "same_person"
    """Another row of the list is the same person; it names that row."""
    DO_NOT_CALL = "do_not_call"
    """Somebody of the account put the number on the list of those not to be called."""
    OPTED_OUT = "opted_out"
    """The person asked not to be called again."""
    NO_CONSENT = "no_consent"
    """Advertising without a proof that the person agreed."""
    RECORD_GONE = "record_gone"
    """The CRM has no such record any more."""
    ATTEMPTS_SPENT = "attempts_spent"
    REMOVED = "removed"
    LIST_CLOSED = "list_closed"
    OUTSIDE_HOURS = "outside_hours"
    """It is not a decent hour where the person is. Not now."""
    TOO_SOON = "too_soon"
    """The person was called a moment ago, from this list or another one. Not now."""
    IN_OTHER_HANDS = "in_other_hands"
    """A colleague has the same person before him. Not now."""


class AttemptOutcome(StrEnum):
    """What became of one dialling of one number."""

    REACHED = "reached"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    INVALID_NUMBER = "invalid_number"
    UNREACHABLE = "unreachable"
    FAILED = "failed"
    CANCELLED = "cancelled"
    """The operator hung up before anybody answered."""
    OPERATOR_AWAY = "operator_away"
    """The operator's own phone did not pick up: the person was not dialled."""
    LOST = "lost"
    """Nobody can say: whoever carried it out died in the middle. It is not dialled again by
    itself."""


class WaitReason(StrEnum):
    """Why nothing is put before the operator, or not dialled, right now."""

    OFFLINE = "offline"
    NOT_READY = "not_ready"
    """The phone in the browser lacks something; `phone.changed` says what."""
    STATUS = "status"
    """The operator's status is neither available nor do not disturb."""
    ON_CALL = "on_call"
    NO_DEVICE = "no_device"
    NO_TRUNK = "no_trunk"
    """The account has no line to call out."""
    SWITCH_AWAY = "switch_away"
    OUTSIDE_HOURS = "outside_hours"
    TOO_SOON = "too_soon"
    CALLBACKS = "callbacks"
    """Only those who asked for another hour are left."""
    OTHERS = "others"
    """What is left is in colleagues' hands."""
    PAUSED = "paused"
    CLOSED = "closed"
    VANISHED = "vanished"
    """The operator's tabs were gone: the list stopped by itself."""
    REFUSED = "refused"
    """The call could not be placed; `refusal` says why."""


class DispositionEffect(StrEnum):
    DONE = "done"
    CALLBACK = "callback"
    """Wants an hour."""
    REPEAT = "repeat"
    """Back among those that wait, by the list's rules."""
    DO_NOT_CALL = "do_not_call"
    """The number goes on the account's list of those not to be called."""
