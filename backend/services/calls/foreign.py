"""Legs and calls nobody ordered: a switch rings people by a scenario of its own, and people dial
on their telephones. They have a card all the same.

Only engines that route (`Capabilities.routes`) have such legs. An offer like any other is made of
one, so that a decline reaches the switch, and the card leaves when the leg does.
"""

from __future__ import annotations

from backend.domain.call import Moved
from backend.domain.leg_id import leg_name
from backend.domain.scenario import Device
from backend.services.calls.core import Core
from backend.services.calls.live import Live, Offer
from backend.services.ports import Placed
from protocol.vocabulary import CallState, Direction, LegId, LegState


def placed(core: Core, event: Placed) -> Live | None:
    """A call somebody dialled on his telephone: the card and the history are the same. None for
    one that is known, or for nobody's."""
    if event.call_id in core.calls or event.call_id in core.ended_ids:
        return None
    employee_id = leg_name(event.leg_id).employee_id
    account = (
        None if employee_id is None else core.routing.owner_of(core.connection_id, employee_id)
    )
    if account is None or employee_id is None:
        return None
    live = core.new_call(
        account,
        event.call_id,
        Direction.OUTBOUND,
        number=event.number,
        dialed=event.number,
        at=event.at,
        placed_by=employee_id,
        caller_id=event.shown or None,
    )
    live.called_out = True
    core.record(live, Moved(leg_id=event.leg_id, state=LegState.UP, at=event.at))
    core.look_up(live, [employee_id])
    return live


def noticed(core: Core, live: Live, leg_id: LegId) -> None:
    """A leg of the call was reported. Ours, and those of people who have a card, are left alone."""
    if not core.switch.capabilities.routes or live.call.direction is not Direction.INBOUND:
        return
    leg, employee_id = live.call.leg(leg_id), leg_name(leg_id).employee_id
    # What was planned has its endpoint for a number.
    if leg is None or employee_id is None or leg.number or leg.state is not LegState.RINGING:
        return
    route = core.account(live).employees.get(employee_id)
    if route is None or live.call.state is not CallState.RINGING or leg_id in live.asked_to_end:
        return
    offer = live.offers.get(employee_id)
    if offer is None:
        offer = live.offers[employee_id] = Offer(route=route, waiting=[], until=0.0)
        live.withdrawn.pop(employee_id, None)
        if live.call.number:
            core.look_up(live, [employee_id])
    unknown = Device(priority=1, kind="desk", endpoint="", label="")
    offer.ringing.setdefault(leg_id, route.devices[0] if route.devices else unknown)
