"""Pure: a call as one employee sees it, and as history keeps it."""

from __future__ import annotations

from backend.domain.call import Call, Leg
from backend.domain.recording_pause import ended, under_way
from backend.services.calls import parties
from backend.services.calls.live import Live, RemovalReason
from backend.services.calls.transfer import Handover, Phase
from backend.services.ports import CallbackWanted, FinishedCall, FinishedHandover, FinishedLeg
from backend.services.routing import AccountRoute
from backend.services.visit_ways import shown
from protocol.pushes import CallChanged, CallRemoved, RecordRef, Who
from protocol.recording import RecordingMark
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
    if live.closed:
        return set()
    found = set(parties.at_phone(live))
    if live.seeks:
        found.update(live.offers)
    if live.transfer is not None and live.transfer.phase is not Phase.SEEKING:
        found.add(live.transfer.by)
    return found - live.dismissed


def card(live: Live, employee_id: EmployeeId, account: AccountRoute) -> CallChanged:
    """The whole card of one of `holders`."""
    call = live.call
    leg = call.leg_of(employee_id)
    number, name = other_party(live, employee_id, account)
    state = parties.state_for(live, employee_id)
    offered = state is CallState.RINGING
    passed_on = call.direction is Direction.INBOUND and not offered
    answered_by = call.last_talker if passed_on and call.answered_by else call.answered_by
    controls, barred = parties.controls(live, employee_id)
    return CallChanged(
        stream=StreamName.ME,
        entity=f"call:{call.call_id}",
        version=call.version,
        call_id=call.call_id,
        direction=_direction(live, employee_id),
        state=state,
        number=number,
        name=name,
        virtual_number=None if live.virtual is None else live.virtual.number,
        virtual_number_name=None if live.virtual is None else live.virtual.name,
        scenario=None if live.virtual is None or live.scenario is None else live.scenario.name,
        my_leg=LegState.DIALING if leg is None else leg.state,
        device=None if leg is None else leg.device,
        rung=[who(account, employee) for employee in call.rung],
        answered_by=None if answered_by is None or offered else who(account, answered_by),
        started_at=call.started_at,
        answered_at=None if offered else call.answered_at,
        ended_at=call.ended_at,
        outcome=call.outcome,
        cause=call.cause,
        actions=parties.actions(live, employee_id),
        extension=live.asked.extension,
        extension_dialed=live.extension_dialed,
        message=live.asked.message,
        visit=shown(live.way),
        muted=leg is not None and leg.is_muted and state is not CallState.ENDED,
        parties=parties.parties(live, employee_id, account),
        transfer=parties.transfer_step(live, employee_id, account),
        rescue=parties.rescue_step(live),
        controls=controls,
        barred=barred,
        recording=None if offered else _recording(live, account),
        voice_stayed=None if call.ended_at is not None else live.stayed.get(employee_id),
    )


def _recording(live: Live, account: AccountRoute) -> RecordingMark | None:
    """The mark is there with the talk: what is wanted and unannounced begins within its moment."""
    if live.call.state not in (CallState.TALKING, CallState.HELD):
        return None
    if live.recording is None:
        wanted = account.settings.recording
        external = live.call.direction is not Direction.INTERNAL
        if not external or not wanted.on or wanted.announce:
            return None
    pause = under_way(live.pauses)
    if pause is None:
        return RecordingMark(can_pause=live.can.recording)
    return RecordingMark(
        paused_at=pause.began_at, paused_until=pause.until, can_pause=live.can.recording
    )


def _direction(live: Live, employee_id: EmployeeId) -> Direction:
    """Whoever a placed call is passed to did not place it: it comes to him."""
    call = live.call
    if call.direction is not Direction.OUTBOUND or call.answered_leg is None:
        return call.direction
    return Direction.OUTBOUND if employee_id == call.placed_by else Direction.INBOUND


def removal(live: Live, employee_id: EmployeeId, account: AccountRoute) -> CallRemoved:
    """Takes the card away and says why."""
    call = live.call
    number, name = other_party(live, employee_id, account)
    reason = _reason(live, employee_id)
    by = None
    if reason == "answered_elsewhere":
        by = call.last_talker if call.claimed is None else call.claimed[1]
        if call.direction is Direction.OUTBOUND and call.claimed is None and not live.handovers:
            by = call.answered_by
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
    if employee_id in live.withdrawn and employee_id not in call.at_talk:
        return live.withdrawn[employee_id]
    if parties.abandoned(live, employee_id):
        return "abandoned"
    if call.answered_leg is not None and employee_id not in call.at_talk:
        # Who left a talk of three, or gave it to somebody outside, was told of nobody here.
        passed = [handover.to for handover in live.handovers if handover.by == employee_id]
        left = employee_id in call.talked and (not passed or passed[-1] is None)
        return "over" if left else "answered_elsewhere"
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
    across = parties.across(live, employee_id)
    if across is not None:
        other = account.employees.get(across)
        return ("", None) if other is None else (other.extension or "", other.name)
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
    recording, also = _recordings(live, wanted)
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
        recording=recording,
        also_recorded=also,
        pauses=ended(live.pauses, call.ended_at),
        notes=tuple(live.notes[step] for step in sorted(live.notes)),
        last_talked_by=call.last_talker,
        handovers=tuple(
            _finished_handover(handover) for handover in live.handovers if not handover.rescue
        ),
        callback=call.callback,
        shown=live.caller_id or None,
        message=live.asked.message,
        visit=live.way,
        wanted=wanted,
        wanted_by=() if wanted is None else _told(live, wanted, account),
    )


def _wanted(live: Live) -> CallbackWanted | None:
    """Nobody is called back whose call was answered after all, as a late report says. What was
    promised before somebody talked to him is forgotten by then, what came after it stands."""
    wanted = live.wanted
    if wanted is None or live.call.outcome is not Outcome.ANSWERED or live.call.taken is not None:
        return wanted
    return wanted if wanted.reason is CallbackReason.LOST else None


def _recordings(live: Live, wanted: CallbackWanted | None) -> tuple[str | None, tuple[str, ...]]:
    """The recording to show, and the others: who calls back wants to hear the message."""
    both = [name for name in (live.recording, live.voicemail) if name is not None]
    if wanted is None or wanted.reason is not CallbackReason.VOICEMAIL:
        both.reverse()
    return (both[-1], tuple(both[:-1])) if both else (None, ())


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
        joined_at=call.entered_at(leg),
        left_at=None if call.entered_at(leg) is None else leg.left_at or ended_at,
    )


def _finished_handover(handover: Handover) -> FinishedHandover:
    return FinishedHandover(
        kind=handover.kind,
        by=handover.by,
        target=handover.target,
        to=handover.to,
        began_at=handover.began_at,
        at=handover.at,
        reason=None if handover.reason is None else handover.reason.value,
        note=handover.note,
    )
