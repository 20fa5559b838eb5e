"""Pure: who is part of a call as one employee sees it, how far a transfer is, what he may ask."""

from __future__ import annotations

from typing import Literal

from backend.domain.call import Leg
from backend.domain.leg_id import GUEST, leg_name
from backend.services.calls.live import Live
from backend.services.calls.transfer import Phase
from backend.services.routing import AccountRoute
from protocol.pushes import Action
from protocol.transfers import CallParty, Control, TransferStep
from protocol.vocabulary import CallState, EmployeeId, LegState, TransferTrouble


def at_phone(live: Live) -> frozenset[EmployeeId]:
    """Whose phone the call takes: who is in the talk or is consulted about it."""
    leg = consulted(live)
    if leg is None or leg.employee_id is None:
        return live.call.at_talk
    return live.call.at_talk | {leg.employee_id}


def consulted(live: Live) -> Leg | None:
    transfer = live.transfer
    if transfer is None or transfer.leg_id is None:
        return None
    return live.call.leg(transfer.leg_id)


def state_for(live: Live, employee_id: EmployeeId) -> CallState:
    """Whoever it is passed to sees it ring, then sees a talk of his own."""
    state = live.call.state
    if state is CallState.ENDED:
        return state
    if employee_id in live.offers:
        return CallState.RINGING
    leg = consulted(live)
    if leg is not None and leg.employee_id == employee_id and live.transfer is not None:
        return CallState.HELD if live.transfer.swapped else CallState.TALKING
    return state


def parties(live: Live, employee_id: EmployeeId, account: AccountRoute) -> list[CallParty]:
    """Everybody else, once somebody talks."""
    call = live.call
    if call.answered_leg is None or call.state is CallState.ENDED or employee_id in live.offers:
        return []
    found = [_party(live, leg, account, apart=_waits(live, leg)) for leg in call.talkers]
    leg = consulted(live)
    if leg is not None:
        found.append(_party(live, leg, account, apart=True))
    for leg_id in sorted(live.rung_legs):
        rung = call.leg(leg_id)
        if rung is not None and rung.state is not LegState.ENDED:
            found.append(_party(live, rung, account, apart=True))
    return [party for party in found if party.employee_id != employee_id]


def _waits(live: Live, leg: Leg) -> bool:
    """Whether he hears music, or is elsewhere, rather than the talk."""
    transfer = live.transfer
    if transfer is not None and leg.leg_id == transfer.sender_leg:
        return not transfer.swapped
    held = live.held_leg or (None if live.call.customer is None else live.call.customer.leg_id)
    return (live.call.is_held or live.call.vacant is not None) and leg.leg_id == held


def _party(live: Live, leg: Leg, account: AccountRoute, *, apart: bool) -> CallParty:
    employee = None if leg.employee_id is None else account.employees.get(leg.employee_id)
    if leg.employee_id is not None:
        return CallParty(
            kind="employee",
            employee_id=leg.employee_id,
            name=leg.employee_id if employee is None else employee.name,
            number="" if employee is None else employee.extension or "",
            leg=leg.state,
            apart=apart,
            muted=leg.is_muted,
        )
    outside = leg_name(leg.leg_id).kind == GUEST
    return CallParty(
        kind="outside" if outside else "customer",
        name=None if outside else live.name,
        number=leg.number if outside else live.call.number,
        leg=leg.state,
        apart=apart,
        muted=False,
    )


def transfer_step(
    live: Live, employee_id: EmployeeId, account: AccountRoute
) -> TransferStep | None:
    """The transfer under way; else how the last one reached this employee, or came back to him."""
    transfer = live.transfer
    if transfer is not None and transfer.rescue:
        return None
    if transfer is not None and live.call.state is not CallState.ENDED:
        leg = consulted(live)
        sought = employee_id in live.offers or (leg is not None and leg.employee_id == employee_id)
        return TransferStep(
            kind=transfer.kind,
            phase=transfer.phase.value,
            role="sender" if employee_id == transfer.by else "target" if sought else "other",
            target=transfer.target.label,
            by=_name(account, transfer.by),
            reason=transfer.reason,
            note=transfer.note,
            swapped=transfer.swapped,
        )
    if not live.handovers or live.handovers[-1].to != employee_id:
        return None
    last = live.handovers[-1]
    if last.rescue:
        return None
    return TransferStep(
        kind=last.kind,
        phase="failed" if last.by == employee_id else "done",
        role="sender" if last.by == employee_id else "target",
        target=last.target,
        by=_name(account, last.by),
        reason=last.reason,
        note=last.note,
    )


def rescue_step(live: Live) -> Literal["returning", "seeking"] | None:
    """How far the rescue of a lost operator's talk is."""
    transfer = live.transfer
    if transfer is None or not transfer.rescue or live.call.state is CallState.ENDED:
        return None
    return "returning" if transfer.phase is Phase.RETURNING else "seeking"


def actions(live: Live, employee_id: EmployeeId) -> list[Action]:
    """What this employee may ask right now, of what every widget knows."""
    call, transfer = live.call, live.transfer
    if call.state is CallState.ENDED:
        return ["dismiss"]
    offer = live.offers.get(employee_id)
    if offer is not None:
        able = live.can.answer and any(d.auto_answer for d in offer.route.devices)
        can_answer = able and not offer.answering
        return ["answer", "decline"] if can_answer else ["decline"]
    if call.state is CallState.RINGING:
        return ["hangup"]
    hold: list[Action] = []
    if live.can.hold:
        hold = ["unhold" if call.is_held else "hold"]
    if transfer is None:
        return ["hangup", *hold]
    if employee_id not in at_phone(live):
        return ["hangup"] if transfer.brings_back(employee_id) else []
    consults = transfer.phase is Phase.CONSULTING and employee_id == transfer.by
    return ["hangup", *hold] if consults and _able(live, "swap") else ["hangup"]


def controls(live: Live, employee_id: EmployeeId) -> tuple[list[Control], list[Control]]:
    """What more he may ask right now, and what he could if the switch were able to."""
    wanted = _wanted(live, employee_id)
    return (
        [control for control in wanted if _able(live, control)],
        [control for control in wanted if not _able(live, control)],
    )


def _wanted(live: Live, employee_id: EmployeeId) -> list[Control]:
    call, transfer = live.call, live.transfer
    if call.state in (CallState.ENDED, CallState.RINGING) or employee_id in live.offers:
        return []
    found: list[Control] = []
    own = call.leg_of(employee_id)
    if own is not None and employee_id in at_phone(live) and own.state is LegState.UP:
        found = ["unmute" if own.is_muted else "mute", "keypad"]
    if transfer is not None:
        return found + _in_transfer(live, employee_id)
    side = None if own is None else call.side_of(own)
    mates = [leg for leg in call.talkers if call.side_of(leg) == side]
    if own not in mates:
        return found
    return [*found, "leave"] if len(mates) > 1 else [*found, "transfer_blind", "transfer_attended"]


def _in_transfer(live: Live, employee_id: EmployeeId) -> list[Control]:
    transfer = live.transfer
    if transfer is None or transfer.by != employee_id:
        return []
    here = employee_id in live.call.at_talk
    match transfer.phase:
        case Phase.RINGING:
            return ["transfer_complete", "transfer_cancel"] if here else ["transfer_cancel"]
        case Phase.CONSULTING:
            return ["transfer_complete", "merge", "swap", "transfer_cancel"]
        case _:
            return []


def _able(live: Live, control: Control) -> bool:
    can, transfer = live.can, live.transfer
    match control:
        case "mute" | "unmute":
            return can.mute
        case "keypad":
            return can.dtmf
        case "transfer_blind":
            return "blind" in can.transfers
        case "transfer_complete" if transfer is not None and transfer.phase is Phase.RINGING:
            # Not to wait for the answer is to pass it on blindly.
            return "blind" in can.transfers
        case "transfer_attended":
            return "attended" in can.transfers
        case "merge":
            return "conference" in can.transfers
        case "swap":
            # Two who wait for each other in turn need as many rooms as three who talk.
            return can.hold and "conference" in can.transfers
        case _:
            return True


def across(live: Live, employee_id: EmployeeId) -> EmployeeId | None:
    """The colleague at the other end of an internal call; None: as it was dialled."""
    call = live.call
    own = call.leg_of(employee_id)
    side = None if own is None else call.side_of(own)
    if side is not None:
        others = [leg for leg in call.talkers if call.side_of(leg) != side and leg.employee_id]
        if others and others[0].employee_id is not None:
            return others[0].employee_id
    if live.transfer is not None and employee_id in live.offers:
        staying = [leg.employee_id for leg in call.talkers if leg.employee_id]
        found = [who for who in staying if who != live.transfer.by]
        return found[0] if found else None
    return call.placed_by if employee_id != call.placed_by else None


def abandoned(live: Live, employee_id: EmployeeId) -> bool:
    """Whether the other party left while the call was on its way to this employee."""
    last = live.handovers[-1] if live.handovers else None
    return (
        live.call.state is CallState.ENDED
        and last is not None
        and last.reason is TransferTrouble.CANCELLED
        and last.to is None
        and employee_id not in live.call.talked
    )


def _name(account: AccountRoute, employee_id: EmployeeId) -> str:
    route = account.employees.get(employee_id)
    return employee_id if route is None else route.name
