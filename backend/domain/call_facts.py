"""What can be reported about a call. Facts are joined into it in whatever order they come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from protocol.vocabulary import EmployeeId, HangupCause, LegId, LegState

Side = Literal["caller", "callee"]
"""A call has two: who it came from, and who it was for. Operators may take turns on one of them;
an outside party stays on its own for good."""

STRENGTH: dict[HangupCause, int] = {
    cause: strength
    for strength, cause in enumerate(
        (
            HangupCause.LOST_CONTACT,
            HangupCause.FAILURE,
            HangupCause.CONGESTION,
            HangupCause.NORMAL,
            HangupCause.CANCELLED,
            HangupCause.NO_ANSWER,
            HangupCause.UNREACHABLE,
            HangupCause.INVALID_NUMBER,
            HangupCause.BUSY,
            HangupCause.REJECTED,
            HangupCause.ANSWERED_ELSEWHERE,
        )
    )
}
"""The more a cause explains, the stronger it is: `lost_contact` only says that we looked away."""

FAILURES = frozenset(
    {
        HangupCause.LOST_CONTACT,
        HangupCause.FAILURE,
        HangupCause.CONGESTION,
        HangupCause.UNREACHABLE,
        HangupCause.INVALID_NUMBER,
    }
)
"""Ends without an answer that are nobody's choice: the call failed rather than was lost."""


# ── reports of the switch, and what the owner is about to do ─────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """We are about to ring this leg."""

    leg_id: LegId
    number: str
    device: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    leg_id: LegId
    state: LegState
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    leg_id: LegId
    cause: HangupCause
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    on: bool
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Muted:
    """What this leg says is heard by nobody, or again."""

    leg_id: LegId
    on: bool
    at: datetime


# ── the owner's verdicts ─────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """In the race of those who picked up: this leg has the talk."""

    leg_id: LegId
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """This leg is in the talk from now on: a transfer's target, a third party, who was lost and is
    back. Its side lives as long as anybody on it."""

    leg_id: LegId
    side: Side
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Parted:
    """This leg leaves the talk and the call goes on without it, for a while perhaps with nobody on
    its side. Said at the latest with the leg's end; afterwards it changes nothing."""

    leg_id: LegId
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """Somebody is rung for a talk that is under way (`on`), or nobody any more."""

    on: bool
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """In a call-back this employee came first and calls the customer."""

    employee_id: EmployeeId
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Over:
    """The call ends now (nobody answers, given up, gone)."""

    cause: HangupCause
    at: datetime


LegFact = Planned | Moved | Ended | Muted | Joined | Parted
Fact = LegFact | Held | Taken | Sought | Claimed | Over


def earlier(
    known: tuple[datetime, HangupCause] | None, new: tuple[datetime, HangupCause]
) -> tuple[datetime, HangupCause]:
    """Which of two ends came first; of two at once, the one that explains more."""
    if known is None:
        return new
    return min(known, new, key=lambda verdict: (verdict[0], -STRENGTH[verdict[1]]))
