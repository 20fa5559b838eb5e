"""Calls and the browser's line: may it be rung, is it back, and how the tab is told to pick up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Final

from backend.domain.call import Leg
from backend.domain.rescue import BACK_S
from backend.domain.scenario import Device
from backend.errors import SwitchError
from backend.services.calls.core import Core
from backend.services.calls.live import Live
from backend.services.ports import Publication, me_stream
from protocol.phone import PhoneAsked, PhonePassed
from protocol.vocabulary import EmployeeId, LegId, StreamName

LOOK_S: Final = 0.25
"""How often a page that went is looked for; a reload takes one to three seconds."""
REGISTERED_S: Final = 1.0


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


async def is_registered(core: Core, line: Device, *, unknown: bool) -> bool:
    """Whether the switch has somebody on this line; `unknown`, when it does not say."""
    try:
        async with asyncio.timeout(REGISTERED_S):
            found = await core.switch.registered([line.endpoint])
    except (SwitchError, TimeoutError):
        return unknown
    return found.get(line.endpoint, True)


async def comes_back(
    core: Core, live: Live, employee_id: EmployeeId, line: Device, awaited: Callable[[], bool]
) -> bool:
    """Wait for the line to be a phone again: the page was reloaded, or another tab has it now.

    Proven by the tab and by the switch, and never at once: what the page that went said of itself
    still stands for a moment, and a call to it would fall through. False after `BACK_S`, or as
    soon as it is not `awaited` any more.
    """
    until = core.clock.monotonic() + BACK_S
    while core.clock.monotonic() < until:
        await core.clock.sleep(LOOK_S)
        if not awaited():
            return False
        ready = core.browser_ready(live.call.account_id, employee_id)
        if ready and await is_registered(core, line, unknown=False):
            return awaited()
    return False
