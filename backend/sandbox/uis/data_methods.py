"""Methods of Data API that the product uses."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from backend.sandbox.uis.config import STATUSES
from backend.sandbox.uis.errors import CloudError

if TYPE_CHECKING:
    from collections.abc import Callable

    from backend.sandbox.uis.cloud import Cloud
    from backend.sandbox.uis.params import Params

_FORMAT = "%Y-%m-%d %H:%M:%S"
_LONGEST = timedelta(days=92)
_REGISTERED, _AWAY = "Зарегистрирован", "Не зарегистрирован"


def get_account(cloud: Cloud, params: Params) -> Any:
    params.done()
    return [{"app_id": 1, "name": cloud.config.name, "timezone": "Europe/Moscow"}]


def get_sip_lines(cloud: Cloud, params: Params) -> Any:
    rows: list[dict[str, Any]] = [
        {
            "id": int(phone.number),
            "phone_number": phone.number,
            "employee_id": employee.id,
            "type": "in_out",
            "billing_state": phone.billing,
            "physical_state": _REGISTERED if cloud.registered[phone.number] else _AWAY,
        }
        for employee in cloud.config.employees
        for phone in employee.phones
        if phone.number.startswith("0")
    ]
    return _chosen(rows, params)


def get_statuses(cloud: Cloud, params: Params) -> Any:
    rows: list[dict[str, Any]] = [
        {"id": id_, "mnemonic": mnemonic, "name": caption, "is_deleted": False}
        for id_, mnemonic, caption in STATUSES
    ]
    rows.append({"id": 90, "mnemonic": None, "name": "Обед", "is_deleted": False})
    return _chosen(rows, params)


def get_employees(cloud: Cloud, params: Params) -> Any:
    rows: list[dict[str, Any]] = [
        {
            "id": employee.id,
            "full_name": employee.name,
            "status_id": cloud.statuses[employee.id],
            "call_recording": employee.recording,
            "phone_numbers": [
                {"phone_number": p.number, "status": "active" if p.active else "inactive"}
                for p in employee.phones
            ],
        }
        for employee in cloud.config.employees
    ]
    return _chosen(rows, params)


def get_virtual_numbers(cloud: Cloud, params: Params) -> Any:
    rows: list[dict[str, Any]] = [
        {
            "id": place,
            "virtual_phone_number": number.number,
            "status": number.status,
            "type": "va",
            "name": number.name,
            "scenarios": [
                {"scenario_id": place, "scenario_name": number.name or number.number,
                 "is_active": True}
            ]
            if number.steps
            else [],
        }
        for place, number in enumerate(cloud.config.numbers, start=1)
    ]  # fmt: skip
    return _chosen(rows, params)


def update_employees(cloud: Cloud, params: Params) -> Any:
    employee = cloud.employee(params.number("id"))
    status = params.number("status_id")
    params.done()
    if status not in {id_ for id_, mnemonic, _ in STATUSES if mnemonic != "unknown"}:
        raise CloudError("invalid_parameter_value", "status_id", status)
    cloud.statuses[employee.id] = status
    return {"id": employee.id}


def get_calls_report(cloud: Cloud, params: Params) -> Any:
    _period(params)
    rows: list[dict[str, Any]] = [
        {
            "id": session.id,
            "call_api_external_id": session.external_id,
            "direction": session.direction,
            "contact_phone_number": session.contact,
            "virtual_phone_number": session.virtual,
            "finish_reason": session.reason,
            "is_lost": session.talked_at is None,
            "call_records": [str(record) for record, _ in session.records],
            "wav_call_records": [str(record) for record, _ in session.records],
        }
        for session in cloud.sessions
        if session.ended_at is not None
    ]
    return _chosen(rows, params)


def get_call_legs_report(cloud: Cloud, params: Params) -> Any:
    _period(params)
    rows: list[dict[str, Any]] = [
        {
            "id": leg.id,
            "call_session_id": session.id,
            "employee_id": leg.employee_id,
            "is_operator": leg.is_operator,
            "is_coach": leg.is_coach,
            "finish_reason": leg.reason,
            "release_cause_code": None,
        }
        for session in cloud.sessions
        for leg in session.legs
        if leg.ended_at is not None
    ]
    return _chosen(rows, params)


def _period(params: Params) -> None:
    bounds = []
    for name in ("date_from", "date_till"):
        written = params.text(name)
        try:
            bounds.append(datetime.strptime(written, _FORMAT))  # noqa: DTZ007  # no zone is sent
        except ValueError:
            raise CloudError("invalid_parameter_value", name, written) from None
    if bounds[1] - bounds[0] > _LONGEST:
        raise CloudError("date_interval_limit_reached", "date_from")


def _chosen(rows: list[dict[str, Any]], params: Params) -> list[dict[str, Any]]:
    """`filter` with one `=`, `fields`, `limit`, `offset`; nothing else is imitated."""
    condition, fields = params.optional("filter"), params.optional("fields")
    limit, offset = params.optional("limit") or 1000, params.optional("offset") or 0
    params.done()
    if condition is not None:
        name = condition.get("field")
        if rows and name not in rows[0]:
            raise CloudError("filter_prohibited", "filter.field", name)
        if condition.get("operator") != "=":
            raise CloudError("invalid_parameter_value", "filter.operator")
        rows = [row for row in rows if row[name] == condition.get("value")]
    if fields is not None:
        for name in fields:
            if rows and name not in rows[0]:
                raise CloudError("unexpected_parameters", "fields", name)
        rows = [{name: row[name] for name in fields} for row in rows]
    return rows[offset : offset + limit]


METHODS: dict[str, Callable[[Cloud, Params], Any]] = {
    "get.account": get_account,
    "get.sip_lines": get_sip_lines,
    "get.statuses": get_statuses,
    "get.employees": get_employees,
    "get.virtual_numbers": get_virtual_numbers,
    "update.employees": update_employees,
    "get.calls_report": get_calls_report,
    "get.call_legs_report": get_call_legs_report,
}
