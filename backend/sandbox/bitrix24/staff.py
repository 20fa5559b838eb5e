"""Who works on the portal and where: the data set's people, some awkward ones, departments."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from backend.sandbox.bitrix24.records import stamp
from backend.sandbox.bitrix24.store import digits
from backend.sandbox.dataset import User

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backend.sandbox.bitrix24.portal import Portal

EXTRANET = "extranet"
"""The department-less place of people from outside; they are no employees."""
# People every real portal has and no tidy data set: a synchronisation has to skip or ask.
EXTRA_USERS = (
    User(10, "Глеб", "", "gleb@demo.example", "109", "стажёр", "Отдел продаж", False, True),
    User(11, "Дарья", "Фомина", "", "110", "менеджер", "Отдел продаж", False, True),
    User(12, "Пётр", "Нилов", "petr@demo.example", "111", "консультант", "", False, True),
    User(13, "Инна", "Белова", "inna@partner.example", "", "партнёр", EXTRANET, False, True),
)
# Telephones in people's profiles; the rest have none. Spelled as people type them.
PHONES = {
    4: {"PERSONAL_MOBILE": "+7 903 100-01-03"},
    6: {"PERSONAL_MOBILE": "8 (903) 100 01 05", "WORK_PHONE": "+7 495 123-99-06"},
}
PHONE_FIELDS = ("WORK_PHONE", "PERSONAL_PHONE", "PERSONAL_MOBILE")
_ROOT = 1
_WHOLE_NUMBER = 10
# The office works without a head of its own.
_HEADLESS = frozenset({"Офис"})


@dataclass
class Department:
    """A node of the company's structure; `head` is a user or 0, `parent` 0 for the root."""

    id: int
    name: str
    parent: int = 0
    head: int = 0

    def shown(self) -> dict[str, Any]:
        """As department.get answers: what is unset is missing."""
        row: dict[str, Any] = {"ID": str(self.id), "NAME": self.name, "SORT": 500}
        if self.parent:
            row["PARENT"] = str(self.parent)
        if self.head:
            row["UF_HEAD"] = str(self.head)
        return row


def structure(users: Iterable[User]) -> list[Department]:
    """One root, then the departments in order of appearance, each led by its first person."""
    people = list(users)
    names = dict.fromkeys(user.department for user in people)
    rows = [Department(_ROOT, "Компания", head=people[0].id)]
    for name in names:
        if name in {"", EXTRANET}:
            continue
        first = next(user.id for user in people if user.department == name)
        head = 0 if name in _HEADLESS else first
        rows.append(Department(len(rows) + 1, name, _ROOT, head))
    return rows


def hire(portal: Portal, values: dict[str, Any], by: int) -> User:
    """A new employee; subscribers hear ONUSERADD. Missing values are empty."""
    number = max(portal.users) + 1
    user = User(
        id=number,
        first_name=str(values.get("first_name") or ""),
        last_name=str(values.get("last_name") or ""),
        email=str(values.get("email") or ""),
        extension=str(values.get("extension") or ""),
        position=str(values.get("position") or ""),
        department=str(values.get("department") or ""),
        is_admin=bool(values.get("is_admin", False)),
        active=True,
    )
    portal.users[number] = user
    if user.department and all(item.name != user.department for item in portal.departments):
        portal.departments.append(Department(len(portal.departments) + 1, user.department, _ROOT))
    portal.events.fire(
        "ONUSERADD",
        {
            "ID": number,
            "ACTIVE": True,
            "EMAIL": user.email,
            "NAME": user.first_name,
            "LAST_NAME": user.last_name,
            "UF_DEPARTMENT": places(portal, user),
            "DATE_REGISTER": stamp(portal.clock.now()),
            "USER_TYPE": "employee",
        },
        by,
    )
    return user


def change(portal: Portal, user_id: int, values: dict[str, Any]) -> User:
    """Change an employee; `active` false dismisses. No event: the vendor has none for it.

    `phones` are telephones by their field. Raises KeyError for an unknown user and TypeError for
    an unknown field.
    """
    fields = dict(values)
    phones = fields.pop("phones", None)
    user = replace(portal.users[user_id], **fields)
    if phones is not None:
        portal.phones[user_id] = {str(name): str(number) for name, number in phones.items()}
    portal.users[user_id] = user
    return user


def phone_of(portal: Portal, user_id: int, name: str) -> str:
    """A telephone of the profile, one of PHONE_FIELDS, or nothing."""
    return portal.phones.get(user_id, {}).get(name, "")


def owner_of(portal: Portal, phone: str) -> User | None:
    """The working employee whose profile has that telephone, in any spelling."""
    wanted = digits(phone)
    if len(wanted) < _WHOLE_NUMBER:
        return None
    for user_id, numbers in portal.phones.items():
        if any(digits(number) == wanted for number in numbers.values()):
            return portal.active_user(user_id)
    return None


def places(portal: Portal, user: User) -> list[int]:
    """UF_DEPARTMENT of the user: ids of departments, empty for people from outside."""
    return [item.id for item in portal.departments if item.name == user.department]
