"""Passing a talk on, three at once, keys and the microphone (W5, W6).

`commands` and `pushes` name these structs among their own. The errors of these commands may hold a
`reason` (`TransferTrouble`) in their data.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from protocol.frames import Command, Push
from protocol.vocabulary import CallId, EmployeeId, LegState, TransferTrouble

TransferWay = Literal["blind", "attended"]
Control = Literal[
    "mute",
    "unmute",
    "keypad",
    "transfer_blind",
    "transfer_attended",
    "transfer_complete",
    "transfer_cancel",
    "merge",
    "swap",
    "leave",
]
"""What may be asked beyond the actions every card knows."""


class TransferCall(Command, frozen=True, kw_only=True, tag="call.transfer"):
    """Pass the talk on. Exactly one target is named; the other party hears music.

    `blind`: the agent is free at once, and is rung again if nobody takes the call. `attended`: he
    talks with the target first, then completes, merges or cancels. Reply: empty; what became of it
    arrives as `call.changed`. Errors: not_found, wrong_state, bad_request, no_device,
    switch_unavailable: then the talk goes on as it was.
    """

    call_id: CallId
    kind: TransferWay
    employee_id: EmployeeId | None = None
    group: Annotated[str, Meta(max_length=64)] | None = None
    number: Annotated[str, Meta(pattern=r"^\+?[0-9*#]{1,20}$")] | None = None
    """An extension of a person or a group, else a number outside."""
    crm_user: Annotated[str, Meta(max_length=64)] | None = None
    """A user of the CRM, where its own pages let one be chosen."""
    note: Annotated[str, Meta(max_length=500)] | None = None
    """What the target reads on the card."""


class CompleteTransfer(Command, frozen=True, kw_only=True, tag="call.transfer_complete"):
    """Leave the call to the target; while that still rings, without waiting for it.

    Errors: not_found, wrong_state, switch_unavailable.
    """

    call_id: CallId


class CancelTransfer(Command, frozen=True, kw_only=True, tag="call.transfer_cancel"):
    """Take the call back. Errors: not_found, wrong_state, switch_unavailable."""

    call_id: CallId


class MergeCall(Command, frozen=True, kw_only=True, tag="call.merge"):
    """All three hear each other. Errors: not_found, wrong_state, switch_unavailable."""

    call_id: CallId


class LeaveCall(Command, frozen=True, kw_only=True, tag="call.leave"):
    """Leave a talk of three to the others. Errors: not_found, wrong_state, switch_unavailable."""

    call_id: CallId


class MuteCall(Command, frozen=True, kw_only=True, tag="call.mute"):
    """Let nobody hear this agent, or everybody again. Asking for the present state does nothing.

    Errors: not_found, wrong_state, switch_unavailable.
    """

    call_id: CallId
    on: bool


class SendKeys(Command, frozen=True, kw_only=True, tag="call.dtmf"):
    """Let the other side hear these keys; a comma is a pause of a second. Heard once, whatever
    happens to the frame. Errors: not_found, wrong_state, switch_unavailable."""

    call_id: CallId
    digits: Annotated[str, Meta(pattern=r"^[0-9*#,]{1,32}$")]


class CallParty(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who is part of a call, as the others see it."""

    kind: Literal["customer", "employee", "outside"]
    name: str | None
    number: str
    """As digits with +, or an extension; empty when it is not known."""
    leg: LegState
    apart: bool
    """Not in the talk: waits with music, is consulted, or rings."""
    muted: bool
    employee_id: EmployeeId | None = None


class TransferStep(msgspec.Struct, frozen=True, kw_only=True):
    """How far a transfer is, or what became of the last one."""

    kind: TransferWay
    phase: Literal["ringing", "consulting", "returning", "seeking", "failed", "done"]
    """ringing: the target. consulting: sender and target talk. returning: nobody took it, its
    sender is rung again. seeking: he did not come either, the number's scenario rings others.
    failed: the sender has the talk again, and `reason` says why. done: it reached this agent."""
    role: Literal["sender", "target", "other"]
    """What this agent has to do with it."""
    target: str
    """Who it is for, as a person would call it."""
    by: str
    """Who sent it."""
    reason: TransferTrouble | None = None
    note: str | None = None
    swapped: bool = False
    """The sender is with the other party, the target waits with music."""


class PastTransfer(msgspec.Struct, frozen=True, kw_only=True):
    """One transfer of a call that is over."""

    at: datetime
    by: str
    target: str
    """Who it was for, as a person would call it."""
    reason: TransferTrouble | None
    """Why it did not get there."""
    note: str | None


class GroupBrief(msgspec.Struct, frozen=True, kw_only=True):
    group_id: str
    name: str
    extension: str | None


class GroupsChanged(Push, frozen=True, kw_only=True, tag="groups.changed"):
    """The account's groups a call can be passed to. Entity `groups`, stream `account`."""

    groups: list[GroupBrief]
