"""telephony.externalLine.*: the application's own lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backend.sandbox.bitrix24.errors import core
from backend.sandbox.bitrix24.rest.registry import method

if TYPE_CHECKING:
    from backend.sandbox.bitrix24.rest.params import Params
    from backend.sandbox.bitrix24.rest.registry import Context

Row = dict[str, Any]


@method("telephony.externalLine.add", scope="telephony", application=True)
def line_add(context: Context, params: Params) -> Row:
    number = _line_number(params)
    lines = context.portal.telephony
    if number in lines.lines:
        raise core("Line already exists")
    line = lines.line(number, params.text("NAME"))
    line.crm_auto_create = "Y" if params.flag("CRM_AUTO_CREATE", default=True) else "N"
    return {"ID": line.id}


@method("telephony.externalLine.update", scope="telephony", application=True)
def line_update(context: Context, params: Params) -> Row:
    number = _line_number(params)
    line = context.portal.telephony.lines.get(number)
    if line is None:
        raise core(f"Could not find line with number {number}")
    if params.get("NAME") is None and params.get("CRM_AUTO_CREATE") is None:
        raise core("There are no fields to update")
    line.name = params.text("NAME", line.name)
    line.crm_auto_create = "Y" if params.flag("CRM_AUTO_CREATE", default=True) else "N"
    return {"ID": str(line.id)}


@method("telephony.externalLine.delete", scope="telephony", application=True)
def line_delete(context: Context, params: Params) -> list[Any]:
    number = _line_number(params)
    if context.portal.telephony.lines.pop(number, None) is None:
        raise core(f"Could not find line with number {number}")
    return []


@method("telephony.externalLine.get", scope="telephony", application=True)
def line_get(context: Context, _: Params) -> list[Row]:
    return [line.shown() for line in context.portal.telephony.lines.values()]


def _line_number(params: Params) -> str:
    number = params.text("NUMBER")
    if not number:
        raise core("NUMBER should not be empty")
    return number
