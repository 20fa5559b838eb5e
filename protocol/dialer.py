"""Working through lists of people. `commands` and `pushes` name these among their own."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from protocol.dialer_words import (
    AttemptOutcome,
    DispositionEffect,
    ItemId,
    ItemPhase,
    ItemReason,
    ListId,
    ListMode,
    ListPurpose,
    ListState,
    RunState,
    WaitReason,
)
from protocol.frames import Command, Push
from protocol.vocabulary import CallId, EmployeeId, RefusalReason

MAX_WRAP_UP_S = 2_000
"""L667: the longest time after a talk an operator may want."""

_Id = Annotated[str, Meta(min_length=1, max_length=64)]


class ListLists(Command, frozen=True, kw_only=True, tag="dialer.lists"):
    """The lists this employee may work on: own ones, and those of his groups. Reply:
    `DialerLists`."""


class ListItems(Command, frozen=True, kw_only=True, tag="dialer.items"):
    """The people of a list, in its order. Reply: `DialerItems`. Errors: not_found."""

    list_id: _Id
    after: Annotated[str, Meta(max_length=64)] | None = None
    """Cursor of the previous page (`DialerItems.next`)."""
    limit: Annotated[int, Meta(ge=1, le=200)] = 50
    part: Literal["all", "waiting", "in_hand", "done", "excluded"] = "all"


class StartList(Command, frozen=True, kw_only=True, tag="dialer.start"):
    """Begin, or go on with a list; on another computer too.

    Reply: empty; what is put before the operator arrives as `dialer.changed`. Errors: not_found,
    wrong_state (`why`: closed, paused, nothing_left, in_hand)."""

    list_id: _Id
    blend: bool = False
    """Take inbound calls between those of the list."""


class StopList(Command, frozen=True, kw_only=True, tag="dialer.stop"):
    """Take nothing more. Whoever is only shown goes back; a talk is finished first."""


class BlendList(Command, frozen=True, kw_only=True, tag="dialer.blend"):
    """Whether inbound calls are offered while the list runs."""

    on: bool


class DialItem(Command, frozen=True, kw_only=True, tag="dialer.dial"):
    """Dial whoever is shown, now. Errors: not_found, wrong_state (`why`: stale when another hand
    has the item by now; a `WaitReason` or an `ItemReason` otherwise)."""

    item_id: _Id
    fence: int
    number: Annotated[str, Meta(max_length=32)] | None = None
    """One of the item's; None: the next in turn."""


class SkipItem(Command, frozen=True, kw_only=True, tag="dialer.skip"):
    """Pass whoever is shown over: to the end of the list. Errors: as of `dialer.dial`."""

    item_id: _Id
    fence: int


class NextItem(Command, frozen=True, kw_only=True, tag="dialer.next"):
    """End the wrap-up before its time. Errors: as of `dialer.dial`."""

    item_id: _Id
    fence: int


class TypeOn(Command, frozen=True, kw_only=True, tag="dialer.typing"):
    """The operator writes: the wrap-up does not end in the middle of a word. Sent every few
    seconds at most; asked in vain it changes nothing."""

    item_id: _Id
    fence: int


class DisposeItem(Command, frozen=True, kw_only=True, tag="dialer.dispose"):
    """What came of it. May be said in the talk and in the wrap-up, and again: the last word
    counts. Errors: bad_request (`why`: callback_at, disposition), not_found, wrong_state."""

    item_id: _Id
    fence: int
    disposition: _Id
    note: Annotated[str, Meta(max_length=2_000)] = ""
    callback_at: datetime | None = None
    """For dispositions whose effect is `callback`."""
    callback_mine: bool = True
    """Comes back to this operator; otherwise to anybody of the list."""


class RemoveItem(Command, frozen=True, kw_only=True, tag="dialer.remove"):
    """Take a row off the list. Errors: not_found, wrong_state (in hand)."""

    list_id: _Id
    item_id: _Id


class MoveItem(Command, frozen=True, kw_only=True, tag="dialer.move"):
    """Put a row before another one, or last. Errors: not_found, wrong_state."""

    list_id: _Id
    item_id: _Id
    before: _Id | None = None


class RefreshList(Command, frozen=True, kw_only=True, tag="dialer.refresh"):
    """Read the records anew, of one row or of all, and check them. Reply: `DialerCheck`.

    Errors: not_found, crm_unavailable."""

    list_id: _Id
    item_id: _Id | None = None


class RepeatList(Command, frozen=True, kw_only=True, tag="dialer.repeat"):
    """Put those not reached back among those who wait. Reply: empty. Errors: not_found,
    wrong_state (`why`: nothing_left)."""

    list_id: _Id
    outcomes: list[AttemptOutcome] = msgspec.field(default_factory=list)
    """Only these; empty: everybody not reached."""


class ResetList(Command, frozen=True, kw_only=True, tag="dialer.reset"):
    """Put the list away: whoever waits is not called any more. Errors: not_found, wrong_state
    (somebody is in hand)."""

    list_id: _Id


class DialerCounts(msgspec.Struct, frozen=True, kw_only=True):
    """loaded = waiting + in_hand + done + excluded, at every instant (R5)."""

    loaded: int
    waiting: int
    in_hand: int
    done: int
    excluded: int


class DialerList(msgspec.Struct, frozen=True, kw_only=True):
    id: ListId
    name: str
    purpose: ListPurpose
    mode: ListMode
    state: ListState
    team: bool
    """Several work on it."""
    preview_s: int
    wrap_up_s: int
    counts: DialerCounts
    may_edit: bool
    """Whether this employee may remove, move, repeat and reset."""
    source: str = "api"
    """`file`, `api`, `amocrm` or `bitrix24`."""
    taken: int | None = None
    offered: int | None = None
    """"taken of offered", where the CRM's list was longer than what could be read."""


class DialerNumber(msgspec.Struct, frozen=True, kw_only=True):
    number: str
    """E.164, or as it was written where that is no number."""
    refusal: ItemReason | None = None
    last: AttemptOutcome | None = None
    attempts: int = 0


class DialerRecord(msgspec.Struct, frozen=True, kw_only=True):
    kind: Literal["contact", "company", "lead", "deal"]
    id: str
    url: str | None = None


class DialerItem(msgspec.Struct, frozen=True, kw_only=True):
    """One person of a list."""

    id: ItemId
    fence: int
    """Grows each time somebody takes the item; a command with an older one is refused."""
    phase: ItemPhase
    name: str
    numbers: list[DialerNumber]
    record: DialerRecord | None
    """The card to open; of a deal the deal's."""
    reason: ItemReason | None = None
    reason_text: str | None = None
    """The same as a sentence in the account's language."""
    same_as: ItemId | None = None
    due_at: datetime | None = None
    """Not before."""
    mine: bool = False
    """A call-back that only this operator makes."""
    disposition: str | None = None
    note: str = ""
    outcome: AttemptOutcome | None = None
    attempts: int = 0
    zone: str | None = None
    """Where the person is, as an IANA name."""


class DialerInHand(msgspec.Struct, frozen=True, kw_only=True):
    """Whoever is before the operator."""

    item: DialerItem
    since: datetime
    """When the present phase began."""
    until: datetime | None = None
    """When the time to look, or the wrap-up, is over; None where nothing runs."""
    press: bool = False
    """Nothing dials by itself: the operator has to press."""
    call_id: CallId | None = None
    number: str | None = None
    """Which of them is dialled."""
    callback: bool = False
    """The person asked to be called now."""


class DialerDisposition(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    name: str
    effect: DispositionEffect
    reached: bool


class DialerChanged(Push, frozen=True, kw_only=True, tag="dialer.changed"):
    """How far this employee is with his list. Entity `dialer`, stream `me`."""

    state: RunState
    since: datetime
    current: DialerList | None
    in_hand: DialerInHand | None
    blend: bool
    dispositions: list[DialerDisposition]
    waits: WaitReason | None = None
    """Why nobody is put before him, or why it stopped."""
    refusal: RefusalReason | None = None
    next_at: datetime | None = None
    """When it may go on by itself."""


class ColleagueDialerChanged(Push, frozen=True, kw_only=True, tag="colleague.dialer_changed"):
    """Whether a colleague works through a list. Entity `dialer:<employee id>`, `colleagues`."""

    employee_id: EmployeeId
    on_list: bool
    blend: bool
    since: datetime
    list_id: ListId | None = None
    list_name: str | None = None


class DialerLists(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first, without those put away."""

    lists: list[DialerList]


class DialerItems(msgspec.Struct, frozen=True, kw_only=True):
    items: list[DialerItem]
    next: str | None


class DialerCheck(msgspec.Struct, frozen=True, kw_only=True):
    """What stands between a list and its start: rows with a reason, the first 200."""

    counts: DialerCounts
    refused: list[DialerItem]
    waits: list[DialerItem] = []
    """Those that may be dialled, but not now."""
