"""Calls and the browser's line: may it be rung, and how the tab is told to pick up."""

from __future__ import annotations

from collections.abc import Iterable

from backend.domain.call import Leg
from backend.domain.scenario import Device
from backend.services.calls.core import Core
from backend.services.calls.live import Live
from backend.services.ports import Publication, me_stream
from protocol.phone import PhoneAsked, PhonePassed
from protocol.vocabulary import EmployeeId, LegId, StreamName


def worth_ringing(
    core: Core, live: Live, employee_id: EmployeeId, devices: Iterable[Device]
) -> list[Device]:
    """Without a browser that is not proven ready, while anything else of the person's can ring.

    Alone it is rung all the same: the switch refuses a line nobody registered at once, and a tab
    that merely may not sound still shows the call. The person is told what went past them (M3).
    """
    devices = list(devices)
    account_id = live.call.account_id
    if core.browser_ready(account_id, employee_id):
        return devices
    others = [device for device in devices if device.kind != "browser"]
    if others or not devices:
        return others
    passed = PhonePassed(
        stream=StreamName.ME,
        entity="phone_passed",
        version=core.notices.stamp(),
        number=live.call.number,
        at=core.clock.now(),
    )
    core.publisher.put([Publication(me_stream(account_id, employee_id), passed)])
    core.passed(account_id, employee_id, live.call.number)
    return devices


def ask_to_answer(core: Core, live: Live, employee_id: EmployeeId, leg_id: LegId) -> None:
    """Have the tab that is the phone take this leg, whichever tab the button was pressed in."""
    asked = PhoneAsked(
        stream=StreamName.ME,
        entity="phone_asked",
        version=core.notices.stamp(),
        call_id=live.call.call_id,
        leg_id=leg_id,
        act="answer",
        at=core.clock.now(),
    )
    core.publisher.put([Publication(me_stream(live.call.account_id, employee_id), asked)])


def device_of(core: Core, live: Live, leg: Leg) -> Device | None:
    """What an employee's leg rang; a planned leg has its endpoint for a number."""
    who = leg.employee_id
    route = None if who is None else core.account(live).employees.get(who)
    devices = () if route is None else route.devices
    return next((device for device in devices if device.endpoint == leg.number), None)
