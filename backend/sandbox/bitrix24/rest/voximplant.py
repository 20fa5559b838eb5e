"""voximplant.* beside statistics: lines of the portal and what needs an administrator's word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backend.sandbox.bitrix24.errors import RestError, access_denied
from backend.sandbox.bitrix24.query import matching
from backend.sandbox.bitrix24.rest.params import as_int
from backend.sandbox.bitrix24.rest.registry import method

if TYPE_CHECKING:
    from backend.sandbox.bitrix24.rest.params import Params
    from backend.sandbox.bitrix24.rest.registry import Context

Row = dict[str, Any]
_CONFIRMED = "voximplant.user.get"


def _lines(context: Context) -> dict[str, str]:
    """Every line by its id: the application itself is one, its external lines follow."""
    application = context.portal.config.application
    own = {f"REST_APP:{application.id}": f"Приложение: {application.title}"}
    return own | {line.number: line.name for line in context.portal.telephony.lines.values()}


def _may(context: Context) -> None:
    if not context.user.is_admin:
        raise access_denied()


@method("voximplant.line.get", scope="telephony")
def lines(context: Context, _: Params) -> dict[str, str]:
    _may(context)
    return _lines(context)


@method("voximplant.line.outgoing.get", scope="telephony")
def outgoing(context: Context, _: Params) -> str:
    _may(context)
    return context.portal.telephony.outgoing_line() or next(iter(_lines(context)))


@method("voximplant.line.outgoing.set", scope="telephony")
def set_outgoing(context: Context, params: Params) -> int:
    _may(context)
    wanted = params.required("LINE_ID")
    if wanted not in _lines(context):
        raise RestError("ERROR_ARGUMENT", "Line is not found", argument="LINE_ID")
    context.portal.telephony.default_line = wanted if not wanted.startswith("REST_APP:") else None
    return 1


@method("voximplant.user.get", scope="telephony", application=True)
def users(context: Context, params: Params) -> list[Row]:
    """Numbers of employees; an administrator must have said yes to this application."""
    _may(context)
    portal = context.portal
    if _CONFIRMED in portal.papers.denied:
        raise RestError("METHOD_CONFIRM_DENIED", "An administrator refused the method", 403)
    if _CONFIRMED not in portal.papers.confirmed:
        raise RestError("METHOD_CONFIRM_WAITING", "Waiting for confirmation", 401)
    rows = [
        {
            "ID": user.id,
            "DEFAULT_LINE": portal.telephony.outgoing_line(),
            "PHONE_ENABLED": "N",
            "SIP_SERVER": "",
            "SIP_LOGIN": "",
            "SIP_PASSWORD": "",
            "INNER_NUMBER": user.extension,
        }
        for user in portal.users.values()
        if user.active
    ]
    wanted = [as_int(item) for item in params.listing("USER_ID")]
    return matching(rows, {"ID": wanted}) if wanted else rows


@method("voximplant.url.get", scope="telephony")
def urls(context: Context, _: Params) -> dict[str, str]:
    host = context.portal.config.at(context.host)
    base = f"{'https' if host.protocol == '1' else 'http'}://{host.domain}/telephony/"
    return {
        "detail_statistics": f"{base}detail.php",
        "buy_connector": f"{base}buy.php",
        "edit_config": f"{base}edit.php?ID=#CONFIG_ID#",
        "lines": f"{base}lines.php",
    }
