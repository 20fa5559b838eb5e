"""Methods of Call API that the product uses, with their states and refusals."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from backend.sandbox.uis.errors import CloudError

if TYPE_CHECKING:
    from collections.abc import Callable

    from backend.sandbox.uis.cloud import Cloud
    from backend.sandbox.uis.params import Params

_DONE = {"success": "true"}
"""A text, as the documentation's examples have it."""
_EXTENSION = re.compile(r"[0-9]{1,5}")


def start_employee_call(cloud: Cloud, params: Params) -> Any:
    chosen = params.table("employee")
    employee = cloud.employee(chosen.number("id"))
    number = chosen.optional("phone_number")
    chosen.done()
    virtual = params.e164("virtual_phone_number")
    contact = params.text("contact")
    params.text("first_call", among=("employee", "contact"))
    at_once = params.flag("switch_at_once", default=False)
    if params.flag("early_switching", default=False) and not at_once:
        raise CloudError("invalid_parameters_combination", "early_switching")
    params.flag("show_virtual_phone_number", default=True)
    direction = params.text("direction", among=("in", "out"), default="in")
    external_id = params.optional("external_id")
    params.done()
    if virtual not in {n.number for n in cloud.config.numbers}:
        raise CloudError("virtual_phone_number_not_found", "virtual_phone_number", virtual)
    if _EXTENSION.fullmatch(contact):
        raise CloudError("invalid_parameter_value", "contact", contact)
    if contact in {n.number for n in cloud.config.numbers}:
        raise CloudError("own_virtual_phone_number_not_allowed", "contact", contact)
    active = [p.number for p in employee.phones if p.active and number in (None, p.number)]
    if not active:
        raise CloudError("no_active_phone_number", "employee.phone_number", number)
    session = cloud.start_employee_call(
        employee,
        active,
        contact=contact,
        virtual=virtual,
        external_id=external_id,
        direction=direction,
    )
    return {"call_session_id": session.id}


def list_calls(cloud: Cloud, params: Params) -> Any:
    direction, virtual = params.optional("direction"), params.optional("virtual_phone_number")
    params.done()
    return [
        session.row()
        for session in cloud.sessions
        if session.ended_at is None
        and direction in (None, session.direction)
        and virtual in (None, session.virtual)
    ]


def hold_call(cloud: Cloud, params: Params) -> Any:
    session = cloud.find(params.number("call_session_id"))
    message = params.table("contact_message")
    message.text("type", among=("media", "tts"))
    message.text("value")
    message.done()
    params.done()
    cloud.talks.hold(session)
    return _DONE


def unhold_call(cloud: Cloud, params: Params) -> Any:
    cloud.talks.unhold(_only_session(cloud, params))
    return _DONE


def make_call(cloud: Cloud, params: Params) -> Any:
    session, to = cloud.find(params.number("call_session_id")), params.text("to")
    params.optional("to_message")
    params.done()
    cloud.talks.make_call(session, to)
    return _DONE


def transfer_talk(cloud: Cloud, params: Params) -> Any:
    cloud.talks.transfer(_only_session(cloud, params))
    return _DONE


def restore_talk(cloud: Cloud, params: Params) -> Any:
    cloud.talks.restore(_only_session(cloud, params))
    return _DONE


def release_call(cloud: Cloud, params: Params) -> Any:
    cloud.finish(_only_session(cloud, params), "scenario_disconnects")
    return _DONE


def disconnect_leg(cloud: Cloud, params: Params) -> Any:
    session, leg_id = cloud.find(params.number("call_session_id")), params.number("leg_id")
    params.done()
    leg = next((leg for leg in session.live if leg.id == leg_id), None)
    if leg is None:
        raise CloudError("leg_not_found", "leg_id", leg_id)
    cloud.disconnect(session, leg, "scenario_disconnects")
    return _DONE


def record_call(cloud: Cloud, params: Params) -> Any:
    session = cloud.find(params.number("call_session_id"))
    on = params.text("action", among=("on", "off")) == "on"
    params.done()
    cloud.talks.record(session, on=on)
    return _DONE


def add_coach(cloud: Cloud, params: Params) -> Any:
    session, number = cloud.find(params.number("call_session_id")), params.optional("phone_number")
    params.done()
    if not number:
        # Left out, it is the coach that the employee's card over there names.
        talker = session.talker()
        employee = None if talker is None else talker.employee_id
        number = None if employee is None else cloud.employee(employee).coach
        if not number:
            raise CloudError("coach_not_found")
    cloud.talks.add_coach(session, str(number))
    return _DONE


def send_dtmf(cloud: Cloud, params: Params) -> Any:
    session, keys = cloud.find(params.number("call_session_id")), params.text("dtmf_string")
    params.done()
    if session.state != "talk":
        raise CloudError("invalid_state")
    if len(keys) != 1 or keys not in "0123456789*#":
        raise CloudError("invalid_parameter_value", "dtmf_string", keys)
    session.keys.append((cloud.clock.now(), keys))
    return _DONE


def _only_session(cloud: Cloud, params: Params) -> Any:
    session = cloud.find(params.number("call_session_id"))
    params.done()
    return session


METHODS: dict[str, Callable[[Cloud, Params], Any]] = {
    "start.employee_call": start_employee_call,
    "list.calls": list_calls,
    "hold.call": hold_call,
    "unhold.call": unhold_call,
    "make.call": make_call,
    "transfer.talk": transfer_talk,
    "restore.talk": restore_talk,
    "release.call": release_call,
    "disconnect.leg": disconnect_leg,
    "record.call": record_call,
    "add.coach": add_coach,
    "send.dtmf": send_dtmf,
}
