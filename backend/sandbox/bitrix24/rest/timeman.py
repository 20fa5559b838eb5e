"""timeman.*: the working day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backend.sandbox.bitrix24.errors import RestError, plain
from backend.sandbox.bitrix24.rest.registry import method

if TYPE_CHECKING:
    from datetime import datetime

    from backend.sandbox.bitrix24.rest.params import Params
    from backend.sandbox.bitrix24.rest.registry import Context

Row = dict[str, Any]


def _user(context: Context, params: Params) -> int:
    if params.get("USER_ID") in (None, ""):
        return context.user.id
    user = context.portal.active_user(params.get("USER_ID"))
    if user is None:
        raise plain("User not found")
    return user.id


def _moment(params: Params) -> datetime | None:
    try:
        return params.moment("TIME")
    except ValueError:
        raise RestError("WRONG_DATETIME_FORMAT", "Wrong datetime format") from None


@method("timeman.status", scope="timeman")
def status(context: Context, params: Params) -> Row:
    return context.portal.workdays.shown(_user(context, params))


@method("timeman.open", scope="timeman")
def open_day(context: Context, params: Params) -> Row:
    return context.portal.workdays.open(_user(context, params), _moment(params))


@method("timeman.pause", scope="timeman")
def pause(context: Context, params: Params) -> Row:
    return context.portal.workdays.pause(_user(context, params))


@method("timeman.close", scope="timeman")
def close(context: Context, params: Params) -> Row:
    return context.portal.workdays.close(_user(context, params), _moment(params))


@method("timeman.schedule.get", scope="timeman")
def schedule(context: Context, params: Params) -> Row | list[Any]:
    """The office's one schedule, numbered 1; PHP's empty array for any other."""
    if params.number("id") != 1:
        return []
    return {
        "ID": 1,
        "NAME": "Пятидневка",
        "SCHEDULE_TYPE": "FIXED",
        "REPORT_PERIOD": "MONTH",
        "SHIFTS": [
            {
                "ID": 1,
                "NAME": "День",
                "WORK_TIME_START": 9 * 3600,
                "WORK_TIME_END": 18 * 3600,
                "WORK_DAYS": "12345",
                "BREAK_DURATION": 3600,
            }
        ],
        "CALENDAR": {"EXCLUSIONS": []},
        "DEPARTMENTS": [{"ID": item.id} for item in context.portal.departments],
    }


@method("timeman.settings", scope="timeman")
def settings(context: Context, params: Params) -> Row:
    user = context.portal.users[_user(context, params)]
    return {
        "UF_TIMEMAN": context.portal.workdays.tracked(user.id),
        "UF_TM_FREE": False,
        "UF_TM_MAX_START": "09:15:00",
        "UF_TM_MIN_FINISH": "17:45:00",
        "UF_TM_MIN_DURATION": "08:00:00",
        "UF_TM_ALLOWED_DELTA": "00:15:00",
        "ADMIN": user.is_admin,
    }
