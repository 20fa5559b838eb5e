"""Who and what the account has over there: people with their numbers, virtual numbers, SIP lines.

For whoever sets a connection up or checks it; calls need none of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from backend.telephony.uis import names, wire
from backend.telephony.uis.rpc import RpcClient

_ACTIVE: Final = "active"
_REGISTERED: Final = "зарегистрирован"


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudPhone:
    """One number of an employee's."""

    number: str
    """Digits, of a SIP line or of a telephone."""
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudEmployee:
    id: int
    name: str
    recording: str
    """all, in, out or off: which talks the cloud records by itself; '' when it does not say."""
    phones: tuple[CloudPhone, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudLine:
    """A SIP line."""

    number: str
    registered: bool
    working: bool
    """Not locked for money or by hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudNumber:
    """A virtual number."""

    number: str
    name: str
    status: str
    """active, waiting, cleaning, prereserved, reserved, manual_lock, limit_lock."""
    scenarios: tuple[str, ...] = ()
    """Names of those that are switched on."""

    @property
    def working(self) -> bool:
        return self.status == _ACTIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """All of it at one moment."""

    employees: tuple[CloudEmployee, ...] = ()
    lines: Mapping[str, CloudLine]
    numbers: tuple[CloudNumber, ...] = ()

    def employee(self, employee_id: int) -> CloudEmployee | None:
        return next((one for one in self.employees if one.id == employee_id), None)

    def number(self, number: str) -> CloudNumber | None:
        wanted = names.digits(number)
        return next((one for one in self.numbers if one.number == wanted), None)


async def read_directory(rpc: RpcClient) -> Directory:
    """Three points of Data API's. Raises SwitchError."""
    return Directory(
        employees=tuple(_employee(row) for row in await _rows(rpc, "get.employees", _EMPLOYEE)),
        lines={
            line.number: line
            for row in await _rows(rpc, "get.sip_lines", _LINE)
            if (line := _line(row)).number
        },
        numbers=tuple(_number(row) for row in await _rows(rpc, "get.virtual_numbers", _NUMBER)),
    )


_EMPLOYEE: Final = ("id", "full_name", "call_recording", "phone_numbers")
_LINE: Final = ("phone_number", "physical_state", "billing_state")
_NUMBER: Final = ("virtual_phone_number", "name", "status", "scenarios")


async def _rows(rpc: RpcClient, method: str, fields: tuple[str, ...]) -> list[dict[str, Any]]:
    told = await rpc.call(method, fields=list(fields))
    return [row for row in told if isinstance(row, dict)] if isinstance(told, list) else []


def _employee(row: Mapping[str, Any]) -> CloudEmployee:
    return CloudEmployee(
        id=wire.whole(row.get("id")) or 0,
        name=wire.text(row.get("full_name")),
        recording=wire.text(row.get("call_recording")),
        phones=tuple(
            CloudPhone(
                number=names.digits(phone.get("phone_number")),
                active=wire.text(phone.get("status")) == _ACTIVE,
            )
            for phone in row.get("phone_numbers") or ()
            if isinstance(phone, Mapping)
        ),
    )


def _line(row: Mapping[str, Any]) -> CloudLine:
    billing = wire.text(row.get("billing_state"))
    return CloudLine(
        number=names.digits(row.get("phone_number")),
        registered=wire.text(row.get("physical_state")).strip().lower() == _REGISTERED,
        working=billing in ("", _ACTIVE),
    )


def _number(row: Mapping[str, Any]) -> CloudNumber:
    return CloudNumber(
        number=names.digits(row.get("virtual_phone_number")),
        name=wire.text(row.get("name")),
        status=wire.text(row.get("status")) or _ACTIVE,
        scenarios=tuple(
            wire.text(scenario.get("scenario_name"))
            for scenario in row.get("scenarios") or ()
            if isinstance(scenario, Mapping) and scenario.get("is_active")
        ),
    )
