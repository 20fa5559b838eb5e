"""Pure: a call as one employee sees it, and as history keeps it."""

from __future__ import annotations

from backend.domain.call import Call, Leg
from backend.services.calls.live import Live, RemovalReason
from backend.services.ports import CallbackWanted, FinishedCall, FinishedLeg
from backend.services.routing import AccountRoute
from backend.services.visit_ways import shown
from protocol.pushes import Action, CallChanged, CallRemoved, RecordRef, Who
from protocol.vocabulary import (
    CallbackReason,
    CallState,
    Direction,
    EmployeeId,
    HangupCause,
    LegState,
    Outcome,
    StreamName,
)


def holders(live: Live) -> set[EmployeeId]:
    """Who has a card now. Read off the call, so that lost reports of single legs leave none."""
    call = live.call
    if live.closed:
        return set()
    found: set[EmployeeId] = set()
    if call.placed_by is not None:
        found.add(call.placed_by)
    if call.answered_by is not None:
        found.add(call.answered_by)
    elif call.answered_leg is None and call.state is not CallState.ENDED:
        found.update(live.offers)
    return found - live.dismissed


def card(live: Live, employee_id: EmployeeId, account: AccountRoute) -> CallChanged:
    """The whole card of one of `holders`."""
    call = live.call
    leg = call.leg_of(employee_id)
    number, name = other_party(live, employee_id, account)
    answered_by = call.answered_by
    return CallChanged(
        stream=StreamName.ME,
        entity=f"call:{call.call_id}",
        version=call.version,
        call_id=call.call_id,
        direction=call.direction,
        state=call.state,
        number=number,
        name=name,
        virtual_number=None if live.virtual is None else live.virtual.number,
        virtual_number_name=None if live.virtual is None else live.virtual.name,
        scenario=None if live.virtual is None or live.scenario is None else live.scenario.name,
        my_leg=LegState.DIALING if leg is None else leg.state,
        device=None if leg is None else leg.device,
        rung=[who(account, employee) for employee in call.rung],
        answered_by=None if answered_by is None else who(account, answered_by),
        started_at=call.started_at,
        answered_at=call.answered_at,
        ended_at=call.ended_at,
        outcome=call.outcome,
        cause=call.cause,
        actions=actions(live, employee_id),
        extension=live.asked.extension,
        extension_dialed=live.extension_dialed,
        message=live.asked.message,
        visit=shown(live.way),
    )


def actions(live: Live, employee_id: EmployeeId) -> list[Action]:
    """What this employee may ask right now."""
    call = live.call
    if call.state is CallState.ENDED:
        return ["dismiss"]
    if call.state is CallState.RINGING:
        offer = live.offers.get(employee_id)
        if offer is None:
            return ["hangup"]
        can_answer = not offer.answering and any(d.auto_answer for d in offer.route.devices)
        return ["answer", "decline"] if can_answer else ["decline"]
    return ["hangup", "unhold" if call.is_held else "hold"]


def removal(live: Live, employee_id: EmployeeId, account: AccountRoute) -> CallRemoved:
    """Takes the card away and says why."""
    call = live.call
    number, name = other_party(live, employee_id, account)
    reason = _reason(live, employee_id)
    by = None
    if reason == "answered_elsewhere":
        by = call.answered_by if call.claimed is None else call.claimed[1]
    return CallRemoved(
        stream=StreamName.ME,
        entity=f"call:{call.call_id}",
        version=call.version,
        call_id=call.call_id,
        reason=reason,
        by=None if by is None else who(account, by),
        number=number,
        name=name,
    )


def _reason(live: Live, employee_id: EmployeeId) -> RemovalReason:
    call = live.call
    if employee_id in live.dismissed:
        return "dismissed"
    if call.answered_leg is not None and employee_id not in (call.answered_by, call.placed_by):
        return "answered_elsewhere"
    if employee_id in live.withdrawn:
        return live.withdrawn[employee_id]
    if call.claimed is not None and call.claimed[1] != employee_id:
        return "answered_elsewhere"
    if call.state is CallState.ENDED and call.answered_leg is None and not live.closed:
        if call.over is None:
            return "abandoned"
        return "over" if call.cause is HangupCause.LOST_CONTACT else "timed_out"
    return "over"


def other_party(
    live: Live, employee_id: EmployeeId, account: AccountRoute
) -> tuple[str, str | None]:
    """Number and name of who is at the other end from here."""
    call = live.call
    if call.direction is not Direction.INTERNAL:
        return call.number, live.name
    if employee_id != call.placed_by and call.placed_by is not None:
        caller = account.employees.get(call.placed_by)
        return ("", None) if caller is None else (caller.extension or "", caller.name)
    return call.number, live.name


def who(account: AccountRoute, employee_id: EmployeeId) -> Who:
    route = account.employees.get(employee_id)
    return Who(employee_id=employee_id, name=employee_id if route is None else route.name)


def finished(
    live: Live, record: tuple[RecordRef, str] | None, account: AccountRoute
) -> FinishedCall:
    """What is kept for ever of an ended call. Raises ValueError when it still lives."""
    wanted = _wanted(live)
    call = live.call
    if call.ended_at is None or call.outcome is None:
        raise ValueError(f"call {call.call_id} lives")
    return FinishedCall(
        account_id=call.account_id,
        call_id=call.call_id,
        direction=call.direction.value,
        number=call.number,
        name=live.name,
        virtual_number=None if live.virtual is None else live.virtual.number,
        scenario=None if live.virtual is None or live.scenario is None else live.scenario.name,
        started_at=call.started_at,
        answered_at=call.answered_at,
        ended_at=call.ended_at,
        talk_s=call.talk_s,
        outcome=call.outcome.value,
        cause=call.cause,
        answered_by=call.answered_by,
        legs=tuple(_finished_leg(call, leg) for leg in call.legs),
        record_kind=None if record is None else record[0].kind.value,
        record_id=None if record is None else record[0].id,
        record_url=None if record is None else record[1],
        recording=live.recording,
        notes=tuple(live.notes[step] for step in sorted(live.notes)),
        callback=call.callback,
        shown=live.caller_id or None,
        visit=live.way,
        message=live.asked.message,
        wanted=wanted,
        wanted_by=() if wanted is None else _told(live, wanted, account),
    )


def _wanted(live: Live) -> CallbackWanted | None:
    """Nobody is called back who talked to somebody after all."""
    wanted = live.wanted
    if wanted is None or live.call.outcome is not Outcome.ANSWERED:
        return wanted
    return wanted if wanted.reason is CallbackReason.LOST else None


def _told(live: Live, wanted: CallbackWanted, account: AccountRoute) -> tuple[EmployeeId, ...]:
    """Who is told to call back: the group's people, else those the call rang or who talked, else
    everybody."""
    group = account.groups.get(wanted.group, ()) if wanted.group is not None else ()
    rung = [who for who in (*live.call.rung, *live.withdrawn) if who in account.employees]
    return tuple(dict.fromkeys(group or rung or account.employees))


def _finished_leg(call: Call, leg: Leg) -> FinishedLeg:
    ended_at = leg.ended_at or call.ended_at or call.started_at
    return FinishedLeg(
        leg_id=leg.leg_id,
        employee_id=leg.employee_id,
        number=leg.number,
        started_at=leg.first_seen_at or call.started_at,
        answered_at=leg.answered_at,
        ended_at=ended_at,
        cause=leg.cause,
    )
