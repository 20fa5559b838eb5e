"""What supervisors watch: people, live calls and the day's figures. `pushes` and `commands` name
these among their own.

All but the two an operator sees travel in the stream `board`, which only a session that was opened
for a board may follow. Figures are whole numbers; durations are seconds.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from protocol.frames import Command, Push
from protocol.vocabulary import (
    AgentStatus,
    CallId,
    CallState,
    Direction,
    EmployeeId,
    PhonePart,
)

WatchMode = Literal["listen", "whisper", "barge"]
"""listen: nobody hears the supervisor. whisper: only the operator does. barge: everybody does."""


class RaiseHand(Command, frozen=True, kw_only=True, tag="hand.raise"):
    """Ask a supervisor for help without a word to the customer (M17).

    Reply: empty; the hand arrives as `hand.changed`.
    """

    reason: Annotated[str, Meta(max_length=200)] = ""
    call_id: CallId | None = None
    """The talk it is about."""


class LowerHand(Command, frozen=True, kw_only=True, tag="hand.lower"):
    """Help is no longer needed. Reply: empty; without a raised hand nothing happens."""


class HandChanged(Push, frozen=True, kw_only=True, tag="hand.changed"):
    """The agent's own raised hand. Entity `hand`, stream `me`."""

    raised: bool
    reason: str
    call_id: CallId | None
    since: datetime
    answered_by: str | None = None
    """The supervisor who saw it and is coming."""


class MonitoredChanged(Push, frozen=True, kw_only=True, tag="monitored.changed"):
    """Somebody listens to the agent's talk, where the account's rules say that he is told. Entity
    `monitored`, stream `me`."""

    mode: WatchMode | None
    """None: nobody does."""
    by: str
    call_id: CallId | None


class BoardTeam(msgspec.Struct, frozen=True, kw_only=True):
    team_id: str
    name: str
    members: list[EmployeeId]


class BoardLimits(msgspec.Struct, frozen=True, kw_only=True):
    """When the board turns a figure red; 0 switches one off."""

    waiting_s: int
    """A caller who waits longer."""
    answer_s: int
    """An answer counts as in time within this."""
    break_min: int
    """A break, or being away, that lasts longer."""
    lost_percent: int
    """Calls lost of those that came in today."""


class BoardSetup(Push, frozen=True, kw_only=True, tag="board.setup_changed"):
    """What the board is about. Entity `setup`."""

    teams: list[BoardTeam]
    limits: BoardLimits
    modes: list[WatchMode]
    """Ways to listen the telephone switch and the account allow."""
    tells_operators: bool
    """Operators are told while somebody listens."""
    timezone: str
    keeps_days: int
    """How far one can look back."""


class BoardHand(msgspec.Struct, frozen=True, kw_only=True):
    reason: str
    call_id: CallId | None
    since: datetime
    answered_by: str | None


class BoardPerson(Push, frozen=True, kw_only=True, tag="board.person_changed"):
    """Entity `person:<id>`."""

    employee_id: EmployeeId
    name: str
    extension: str | None
    status: AgentStatus
    status_since: datetime | None
    """None until it was first set."""
    online: bool
    busy: Literal["free", "ringing", "talking"]
    busy_since: datetime | None
    missing: list[PhonePart] | None
    """What the browser lacks to be called on; None for those who talk on telephones."""
    hand: BoardHand | None = None


class BoardPersonRemoved(Push, frozen=True, kw_only=True, tag="board.person_removed"):
    """Removes entity `person:<id>`."""

    employee_id: EmployeeId


class BoardWatcher(msgspec.Struct, frozen=True, kw_only=True):
    """Who listens to whom in a call."""

    by: str
    mode: WatchMode
    employee_id: EmployeeId


class BoardCall(Push, frozen=True, kw_only=True, tag="board.call_changed"):
    """A live call. Entity `call:<id>`."""

    call_id: CallId
    direction: Direction
    state: CallState
    number: str
    """The outside party as digits with +, or an extension; empty when withheld."""
    name: str | None
    line: str | None
    """The virtual number it came to, by its name where it has one."""
    scenario: str | None
    started_at: datetime
    answered_at: datetime | None
    waits_since: datetime | None
    """Since when the outside party waits for somebody; None while somebody talks to him."""
    talking: list[EmployeeId]
    ringing: list[EmployeeId]
    people: list[EmployeeId]
    """Everybody it concerns or concerned, for boards of single teams."""
    watchers: list[BoardWatcher] = msgspec.field(default_factory=list)


class BoardCallRemoved(Push, frozen=True, kw_only=True, tag="board.call_removed"):
    """It is over. Removes entity `call:<id>`."""

    call_id: CallId


class BoardTally(Push, frozen=True, kw_only=True, tag="board.tally_changed"):
    """One person's day. Entity `tally:<id>`."""

    employee_id: EmployeeId
    answered: int
    missed: int
    """Rang here and nobody answered it at all."""
    placed: int
    reached: int
    """Of those placed."""
    talk_s: int


class BoardHour(msgspec.Struct, frozen=True, kw_only=True):
    """One hour of the account's day, in the order of `BoardCounts.hours`."""

    inbound: int
    answered: int
    lost: int
    outbound: int


class BoardCounts(Push, frozen=True, kw_only=True, tag="board.counts_changed"):
    """The day of everybody on this board. Entity `counts`."""

    day: str
    """As the account's clock has it, `2026-11-04`."""
    inbound: int
    answered: int
    lost: int
    failed: int
    """Neither answered nor lost: it could not be connected."""
    in_time: int
    """Answered within `BoardLimits.answer_s`."""
    wait_s: int
    """All answered callers' waiting together."""
    longest_wait_s: int
    outbound: int
    reached: int
    internal: int
    talk_s: int
    hours: list[BoardHour]
    drift: int | None
    """By how many calls these figures differ from those kept in the history; None: not compared
    yet."""
    compared_at: datetime | None


BoardPush = (
    BoardSetup
    | BoardPerson
    | BoardPersonRemoved
    | BoardCall
    | BoardCallRemoved
    | BoardTally
    | BoardCounts
)
BOARD_PUSHES: tuple[type[Push], ...] = BoardPush.__args__
