"""One struct per command. Tags are imperatives; each says what it does and what it may answer.

Every command may also be refused with `expired`, `not_allowed`, `too_many` or `internal`.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from protocol.board import LowerHand, RaiseHand
from protocol.callbacks import FinishCallback
from protocol.dialer import (
    BlendList,
    DialItem,
    DisposeItem,
    ListItems,
    ListLists,
    MoveItem,
    NextItem,
    RefreshList,
    RemoveItem,
    RepeatList,
    ResetList,
    SkipItem,
    StartList,
    StopList,
    TypeOn,
)
from protocol.frames import Command, Position
from protocol.phone import (
    MoveVoice,
    RegisterPhone,
    ReleasePhone,
    ReportPhone,
    TakePhone,
    TakeVoice,
)
from protocol.recording import PauseRecording
from protocol.transfers import (
    CancelTransfer,
    CompleteTransfer,
    LeaveCall,
    MergeCall,
    MuteCall,
    SendKeys,
    TransferCall,
)
from protocol.vocabulary import AgentStatus, CallId, RecordKind, StreamName

Target = Annotated[str, Meta(pattern=r"^\+?[0-9*#]{1,20}$")]
"""E.164, extension or feature code."""


class AnswerCall(Command, frozen=True, kw_only=True, tag="call.answer"):
    """Take the ringing call on the agent's device.

    Reply: empty; what became of it arrives as `call.changed`. Errors: not_found, wrong_state,
    switch_unavailable, no_device.
    """

    call_id: CallId


class DeclineCall(Command, frozen=True, kw_only=True, tag="call.decline"):
    """Stop ringing here; the scenario goes on without this agent.

    Errors: not_found, wrong_state, switch_unavailable.
    """

    call_id: CallId


class HangUpCall(Command, frozen=True, kw_only=True, tag="call.hangup"):
    """End the talk. Errors: not_found, wrong_state, switch_unavailable."""

    call_id: CallId


class HoldCall(Command, frozen=True, kw_only=True, tag="call.hold"):
    """Put the customer on music (`on`) or come back. Asking for the present state does nothing.

    Errors: not_found, wrong_state, switch_unavailable.
    """

    call_id: CallId
    on: bool


class Dial(Command, frozen=True, kw_only=True, tag="call.dial"):
    """Ring the agent's device, then `target` (W11, W14).

    The call's id is derived from the command's, so a repeated frame dials once.
    Reply: {call_id}. Errors: no_device, wrong_state (already on a call), switch_unavailable; their
    data may hold a `reason` (`RefusalReason`).
    """

    target: Target
    source: Literal["keypad", "click", "redial", "history", "colleagues"] = "keypad"
    """Where the agent asked for it: on the keypad, by a `click` on the CRM's page (the account may
    have switched that off), again from an ended call's card, from the list of past calls or of
    colleagues."""
    caller_id: Target | None = None
    """Which of `outgoing.changed`'s numbers the other party sees; None: as the settings say."""
    record_kind: RecordKind | None = None
    """With `record_id`: where the number was clicked; that record goes first on the card."""
    record_id: Annotated[str, Meta(max_length=64)] | None = None
    extension: Annotated[str, Meta(pattern=r"^[0-9*#,]{1,20}$")] | None = None
    """Dialled on after they answered; a comma is a pause of a second."""


class DismissCall(Command, frozen=True, kw_only=True, tag="call.dismiss"):
    """Put away the card of an ended call in every tab. Errors: not_found, wrong_state."""

    call_id: CallId


class ChooseContact(Command, frozen=True, kw_only=True, tag="contact.choose"):
    """Say which of several matches the caller is; remembered for the number (feature 9).

    Errors: not_found.
    """

    call_id: CallId
    kind: RecordKind
    record_id: Annotated[str, Meta(max_length=64)]


class RetryLookup(Command, frozen=True, kw_only=True, tag="contact.retry"):
    """Ask the CRM about the caller again. Errors: not_found."""

    call_id: CallId


class SetStatus(Command, frozen=True, kw_only=True, tag="status.set"):
    """Choose one's own status (W7). Reply: empty; the change arrives as `status.changed`."""

    status: AgentStatus
    reason: Annotated[str, Meta(max_length=200)] | None = None


class ListHistory(Command, frozen=True, kw_only=True, tag="history.list"):
    """Past calls of this agent, newest first. Reply: `HistoryPage`."""

    before: Annotated[str, Meta(max_length=64)] | None = None
    """Cursor of the previous page (`HistoryPage.next`)."""
    limit: Annotated[int, Meta(ge=1, le=100)] = 30


class Subscribe(Command, frozen=True, kw_only=True, tag="stream.subscribe"):
    """Follow a stream while it is on screen. Reply: `StreamStart`."""

    stream: StreamName
    position: Position | None = None


class Unsubscribe(Command, frozen=True, kw_only=True, tag="stream.unsubscribe"):
    """Stop following. `me` and `account` cannot be left."""

    stream: StreamName


class ReportTab(Command, frozen=True, kw_only=True, tag="tab.report"):
    """Whether this tab is in front and may sound; the server picks the one that rings (W9)."""

    visible: bool
    sound: bool


class RenewSession(Command, frozen=True, kw_only=True, tag="session.renew"):
    """Exchange the session token for a fresh one. Reply: `SessionToken`."""


AnyCommand = (
    AnswerCall
    | DeclineCall
    | HangUpCall
    | HoldCall
    | Dial
    | DismissCall
    | ChooseContact
    | RetryLookup
    | SetStatus
    | ListHistory
    | FinishCallback
    | Subscribe
    | Unsubscribe
    | ReportTab
    | RenewSession
    | TransferCall
    | CompleteTransfer
    | CancelTransfer
    | MergeCall
    | LeaveCall
    | MuteCall
    | SendKeys
    | PauseRecording
    | ReportPhone
    | RegisterPhone
    | TakePhone
    | ReleasePhone
    | MoveVoice
    | TakeVoice
    | ListLists
    | ListItems
    | StartList
    | StopList
    | BlendList
    | DialItem
    | SkipItem
    | NextItem
    | TypeOn
    | DisposeItem
    | RemoveItem
    | MoveItem
    | RefreshList
    | RepeatList
    | ResetList
    | RaiseHand
    | LowerHand
)

COMMANDS: tuple[type[Command], ...] = AnyCommand.__args__
TAGS: frozenset[str] = frozenset(str(c.__struct_config__.tag) for c in COMMANDS)

_decoder: msgspec.json.Decoder[AnyCommand] = msgspec.json.Decoder(AnyCommand)


def decode(frame: bytes | str) -> AnyCommand:
    """The command in `frame`. Raises msgspec.ValidationError or msgspec.DecodeError."""
    return _decoder.decode(frame)
