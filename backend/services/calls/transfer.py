"""A transfer as data: who passes the call on, to whom, and how far that is.

ringing ──► (blind) over             the target picked up, or
   │  └──► consulting ──► over       they talk first; then the sender leaves, merges or comes back
   ▼
returning ──► over                   nobody took it: its sender is rung again
   ▼
seeking ──► over                     he did not come either: the number's scenario, from the start
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from backend.domain.call import Side
from backend.domain.scenario import ExternalStep, Scenario, Step
from protocol.transfers import TransferWay
from protocol.vocabulary import EmployeeId, LegId, TransferTrouble

TARGET_S = 30
"""How long a target rings. Longer, and whoever hears music hangs up."""
SENDER_S = 20


class Phase(StrEnum):
    RINGING = "ringing"
    CONSULTING = "consulting"
    RETURNING = "returning"
    SEEKING = "seeking"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Exactly one of employees and number is there."""

    label: str
    employees: tuple[EmployeeId, ...] = ()
    number: str = ""
    """E.164 of somebody outside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    kind: TransferWay
    """An attended one whose sender hangs up before an answer goes on as a blind one."""
    by: EmployeeId
    side: Side
    sender_leg: LegId
    """The leg he had when he asked."""
    target: Target
    note: str | None
    at: datetime
    phase: Phase = Phase.RINGING
    leg_id: LegId | None = None
    """The target's, once it picked up and is consulted."""
    reason: TransferTrouble | None = None
    """Why the target did not take it."""
    swapped: bool = False
    """The sender is with the other party, the target waits with music."""
    rescue: bool = False
    """Nobody asked for it: its sender was lost, and is rung to have the talk back."""
    muted: bool = False
    """Of a rescue: nobody heard the sender when he was lost, nor shall they when he is back."""
    held: bool = False
    """Of a rescue: he had put the other party on hold, who goes on waiting for his word."""

    @property
    def seeks(self) -> bool:
        """Somebody is being rung for it."""
        return self.phase is not Phase.CONSULTING

    def brings_back(self, employee_id: EmployeeId) -> bool:
        """Whether he was lost and is rung for that: then his phone picks up by itself."""
        return self.rescue and self.phase is Phase.RETURNING and employee_id == self.by

    def is_back(self, employee_id: EmployeeId | None) -> bool:
        """Whether whoever took it is the one who was lost: then the talk is as he left it."""
        return self.rescue and employee_id == self.by

    def plan(self, fallback: Scenario | None) -> Scenario | None:
        """Whom it rings now, as a scenario of one step; `fallback` at last."""
        match self.phase:
            case Phase.RETURNING:
                back = Step(employees=(self.by,), timeout_s=SENDER_S, ring_busy=True)
                return Scenario(name="return", steps=(back,))
            case Phase.SEEKING:
                return fallback
            case _ if self.target.number:
                outside = ExternalStep(number=self.target.number, timeout_s=TARGET_S)
                return Scenario(name="transfer", steps=(outside,))
            case _:
                step = Step(employees=self.target.employees, timeout_s=TARGET_S, ring_busy=False)
                return Scenario(name="transfer", steps=(step,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """What became of a transfer: for the card of whoever has the call now, and for the history."""

    kind: TransferWay
    by: EmployeeId
    target: str
    note: str | None
    began_at: datetime
    at: datetime
    reason: TransferTrouble | None = None
    """None: it got there."""
    to: EmployeeId | None = None
    """The employee who has the call after it."""
    rescue: bool = False
    """Its sender was lost."""


def over(
    transfer: Transfer,
    at: datetime,
    *,
    reason: TransferTrouble | None = None,
    to: EmployeeId | None = None,
) -> Handover:
    return Handover(
        kind=transfer.kind,
        by=transfer.by,
        target=transfer.target.label,
        note=transfer.note,
        began_at=transfer.at,
        at=at,
        reason=reason,
        to=to,
        rescue=transfer.rescue,
    )


def in_phase(
    transfer: Transfer, phase: Phase, *, reason: TransferTrouble | None = None
) -> Transfer:
    return replace(transfer, phase=phase, reason=reason or transfer.reason)
