"""Employees and departments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backend.sandbox.bitrix24.query import matching, ordered, page
from backend.sandbox.bitrix24.records import PORTAL_ZONE, stamp
from backend.sandbox.bitrix24.rest.registry import method
from backend.sandbox.bitrix24.staff import EXTRANET, PHONE_FIELDS, phone_of, places

if TYPE_CHECKING:
    from backend.sandbox.bitrix24.portal import Portal
    from backend.sandbox.bitrix24.query import Listing
    from backend.sandbox.bitrix24.rest.params import Params
    from backend.sandbox.bitrix24.rest.registry import Context
    from backend.sandbox.dataset import User

Row = dict[str, Any]
_CONTROL = {"sort", "order", "admin_mode", "select", "start", "filter", "auth"}
_BASIC = {"EMAIL", "PERSONAL_MOBILE", "PERSONAL_PHONE", "WORK_PHONE"}


def user_row(portal: Portal, user: User, scopes: tuple[str, ...] = ("user",)) -> Row:
    """The employee as user.get answers, without what the scopes hide."""
    online = any(item.user_id == user.id for item in portal.hub.pages.values())
    row: Row = {
        "ID": str(user.id),
        "XML_ID": str(user.id),
        "ACTIVE": user.active,
        "NAME": user.first_name,
        "LAST_NAME": user.last_name,
        "SECOND_NAME": "",
        "EMAIL": user.email,
        "LAST_LOGIN": stamp(portal.clock.now()),
        "DATE_REGISTER": "2024-02-01T00:00:00+03:00",
        "TIME_ZONE": "",
        "TIME_ZONE_OFFSET": str(int(PORTAL_ZONE.utcoffset(None).total_seconds())),
        "IS_ONLINE": "Y" if online else "N",
        # The portal forgets to convert these: an object without fields comes out.
        "TIMESTAMP_X": {},
        "LAST_ACTIVITY_DATE": {},
        "PERSONAL_GENDER": "",
        **{name: phone_of(portal, user.id, name) for name in PHONE_FIELDS},
        "WORK_POSITION": user.position,
        "UF_DEPARTMENT": places(portal, user),
        "UF_PHONE_INNER": user.extension,
        "USER_TYPE": "extranet" if user.department == EXTRANET else "employee",
    }
    if not {"user", "user_basic"} & set(scopes):
        row = {name: value for name, value in row.items() if name not in _BASIC}
    return row


def _found(context: Context, rows: list[Row], params: Params) -> Listing:
    wanted = params.mapping("FILTER") or {
        name: value for name, value in params.values.items() if name.lower() not in _CONTROL
    }
    conditions = {
        str(name).upper(): value
        for name, value in wanted.items()
        if not str(name).startswith("bx24_")
    }
    if "ACTIVE" in conditions:
        on = str(conditions.pop("ACTIVE")).lower() in {"1", "y", "true"}
        rows = [row for row in rows if row["ACTIVE"] is on]
    sort = params.text("sort", "ID").upper()
    found = ordered(matching(rows, conditions), {sort: params.text("order", "ASC")})
    return page(found, params.get("start"))


@method("user.get", scope="user")
def get(context: Context, params: Params) -> Listing:
    portal = context.portal
    rows = [user_row(portal, user, context.scopes) for user in portal.users.values()]
    return _found(context, rows, params)


@method("user.search", scope="user")
def search(context: Context, params: Params) -> Listing:
    """Prefix search in names; other keys filter exactly."""
    portal = context.portal
    wanted = params.mapping("FILTER") or params.values
    text = str(wanted.get("FIND") or "").casefold()
    rows = []
    for user in portal.users.values():
        row = user_row(portal, user, context.scopes)
        words = [row["NAME"], row["LAST_NAME"], row["WORK_POSITION"], user.department]
        parts = text.split()
        if all(any(word.casefold().startswith(part) for word in words) for part in parts) and all(
            str(row.get(name, "")).casefold().startswith(str(wanted[name]).casefold())
            for name in ("NAME", "LAST_NAME", "WORK_POSITION")
            if wanted.get(name)
        ):
            rows.append(row)
    return page(rows, params.get("start"))


@method("user.current", scope="user")
def current(context: Context, _: Params) -> Row:
    return user_row(context.portal, context.user, context.scopes)


@method("user.admin")
def admin(context: Context, _: Params) -> bool:
    return context.user.is_admin


@method("profile")
def profile(context: Context, _: Params) -> Row:
    user = context.user
    return {
        "ID": str(user.id),
        "ADMIN": user.is_admin,
        "NAME": user.first_name,
        "LAST_NAME": user.last_name,
        "PERSONAL_GENDER": "",
        "TIME_ZONE": "",
        "TIME_ZONE_OFFSET": int(PORTAL_ZONE.utcoffset(None).total_seconds()),
    }


@method("department.get", scope="department")
def department(context: Context, params: Params) -> Listing:
    conditions = {
        name.upper(): value
        for name, value in params.values.items()
        if name.upper() in {"ID", "NAME", "PARENT", "UF_HEAD"}
    }
    rows = matching([item.shown() for item in context.portal.departments], conditions)
    return page(ordered(rows, {params.text("sort", "ID").upper(): params.text("order")}), 0)
