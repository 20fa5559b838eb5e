"""user.* and department.* that change something: administrators hire, move and dismiss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backend.sandbox.bitrix24 import staff
from backend.sandbox.bitrix24.errors import access_denied, core
from backend.sandbox.bitrix24.rest.params import as_int
from backend.sandbox.bitrix24.rest.registry import method

if TYPE_CHECKING:
    from backend.sandbox.bitrix24.portal import Portal
    from backend.sandbox.bitrix24.rest.params import Params
    from backend.sandbox.bitrix24.rest.registry import Context

Row = dict[str, Any]
_FIELDS = {
    "NAME": "first_name",
    "LAST_NAME": "last_name",
    "EMAIL": "email",
    "WORK_POSITION": "position",
    "UF_PHONE_INNER": "extension",
}
_TITLES = {
    "ID": "ID",
    "ACTIVE": "Активность",
    "EMAIL": "E-Mail",
    "NAME": "Имя",
    "LAST_NAME": "Фамилия",
    "SECOND_NAME": "Отчество",
    "PERSONAL_MOBILE": "Мобильный телефон",
    "PERSONAL_PHONE": "Личный телефон",
    "WORK_PHONE": "Телефон компании",
    "WORK_POSITION": "Должность",
    "UF_DEPARTMENT": "Подразделения",
    "UF_PHONE_INNER": "Внутренний телефон",
}


def _administrator(context: Context) -> None:
    if not context.user.is_admin:
        raise access_denied()


def _department(portal: Portal, params: Params) -> str | None:
    """Name of the first department sent, None when none was. Raises for an unknown one."""
    sent = params.listing("UF_DEPARTMENT")
    if not sent:
        return None
    found = next((item for item in portal.departments if item.id == as_int(sent[0])), None)
    if found is None:
        raise core("Department is not found")
    return found.name


def _values(portal: Portal, params: Params) -> Row:
    values: Row = {
        field: params.text(name) for name, field in _FIELDS.items() if params.get(name) is not None
    }
    department = _department(portal, params)
    return values if department is None else values | {"department": department}


def _phones(params: Params) -> dict[str, str]:
    return {name: params.text(name) for name in staff.PHONE_FIELDS if params.get(name) is not None}


@method("user.fields", scope="user")
def fields(_: Context, __: Params) -> dict[str, str]:
    return dict(_TITLES)


@method("user.add", scope="user")
def add(context: Context, params: Params) -> int:
    """An invitation that is accepted at once; subscribers hear ONUSERADD."""
    _administrator(context)
    portal = context.portal
    if "@" not in params.text("EMAIL"):
        raise core("Wrong email.")
    if any(user.email == params.text("EMAIL") for user in portal.users.values()):
        raise core("User with this email already exists")
    user = staff.hire(portal, _values(portal, params), by=context.user.id)
    staff.change(portal, user.id, {"phones": _phones(params)})
    return user.id


@method("user.update", scope="user")
def update(context: Context, params: Params) -> bool:
    """ACTIVE N dismisses. Nobody is told: the vendor has no event for it."""
    _administrator(context)
    portal = context.portal
    number = params.number("ID")
    if number not in portal.users:
        raise core("User is not found")
    values = _values(portal, params)
    if params.get("ACTIVE") is not None:
        values["active"] = params.flag("ACTIVE", default=True)
    phones = _phones(params)
    if phones:
        values["phones"] = portal.phones.get(number, {}) | phones
    staff.change(portal, number, values)
    return True


@method("department.fields", scope="department")
def department_fields(_: Context, __: Params) -> dict[str, str]:
    return {
        "ID": "ID",
        "NAME": "Название подразделения",
        "SORT": "Поле сортировки",
        "PARENT": "Родительское подразделение",
        "UF_HEAD": "Руководитель",
    }


def _found(portal: Portal, params: Params) -> staff.Department:
    number = params.number("ID")
    found = next((item for item in portal.departments if item.id == number), None)
    if found is None:
        raise core("Department is not found")
    return found


@method("department.add", scope="department")
def department_add(context: Context, params: Params) -> int:
    _administrator(context)
    portal = context.portal
    name = params.text("NAME")
    if not name:
        raise core("Department name is required")
    number = max(item.id for item in portal.departments) + 1
    parent = params.number("PARENT", portal.departments[0].id)
    portal.departments.append(staff.Department(number, name, parent, params.number("UF_HEAD")))
    return number


@method("department.update", scope="department")
def department_update(context: Context, params: Params) -> bool:
    _administrator(context)
    portal, found = context.portal, _found(context.portal, params)
    name = params.text("NAME", found.name)
    if name != found.name:
        for user in [user for user in portal.users.values() if user.department == found.name]:
            staff.change(portal, user.id, {"department": name})
        found.name = name
    found.parent = params.number("PARENT", found.parent)
    found.head = params.number("UF_HEAD", found.head)
    return True


@method("department.delete", scope="department")
def department_delete(context: Context, params: Params) -> bool:
    """Its people and its inner departments move one level up."""
    _administrator(context)
    portal, found = context.portal, _found(context.portal, params)
    above = next((item for item in portal.departments if item.id == found.parent), None)
    if above is None:
        raise core("The root of the structure cannot be deleted")
    for item in portal.departments:
        if item.parent == found.id:
            item.parent = above.id
    for user in [user for user in portal.users.values() if user.department == found.name]:
        staff.change(portal, user.id, {"department": above.name})
    portal.departments.remove(found)
    return True
