"""Who works in a portal: users, departments and their heads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog

from backend.connectors.crm.bitrix24.limits import PAGE
from backend.connectors.crm.bitrix24.mapping import rows
from backend.domain.people import CrmDepartment, CrmPerson, PeopleReading, PersonKind
from backend.errors import CrmRejected, CrmUnavailable
from backend.kit.budget import Priority
from protocol.vocabulary import CrmKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backend.connectors.crm.bitrix24.client import Bitrix24Client

MAX_PAGES = 400
"""Twenty thousand users: more than the largest plan has; a portal that always says `next` must
not keep us for ever."""
_KINDS = {"": PersonKind.EMPLOYEE, "employee": PersonKind.EMPLOYEE, "extranet": PersonKind.EXTERNAL}
"""USER_TYPE; everything else (`email`, `bot`, `imconnector` …) is no person of the company."""
_ON_PREMISE = "selfhosted"
"""Part of LICENSE in app.info on on-premise portals."""
_PHONES = ("WORK_PHONE", "PERSONAL_MOBILE", "PERSONAL_PHONE")

log = structlog.get_logger(__name__)

_Row = dict[str, Any]


class Bitrix24People:
    """`PeopleSource` over one portal."""

    crm = CrmKind.BITRIX24

    def __init__(self, client: Bitrix24Client, portal_url: str) -> None:
        self._client = client
        self._portal = portal_url.rstrip("/")

    async def read_people(self) -> PeopleReading:
        """Everybody by growing id. ADMIN_MODE brings the dismissed ones, too; an answer in which
        the rows are fewer than `total` is not complete."""
        users, complete = await self._walk(
            "user.get", {"sort": "ID", "order": "ASC", "ADMIN_MODE": True}, "start"
        )
        about = await self._client.batch(
            {"portal": ("app.info", {}), "me": ("profile", {})}, priority=Priority.BACKGROUND
        )
        portal, me = _object(about.found.get("portal")), _object(about.found.get("me"))
        # user.get does not tell who is an administrator: of whoever granted us access we know, of
        # the others their own pages say (`Bitrix24Prover`).
        known = {_id(me.get("ID")): me.get("ADMIN") in (True, "Y")}
        return PeopleReading(
            people=tuple(self._person(row, known) for row in users),
            departments=await self._departments(),
            complete=complete,
            needs_department=_ON_PREMISE in str(portal.get("LICENSE") or ""),
            # ADMIN_MODE is an administrator's: without it the dismissed are simply not there.
            names_dismissed=me.get("ADMIN") in (True, "Y"),
        )

    async def roll(self) -> str:
        """How many work here. A dismissal and a new user in one minute keep the number; of the new
        one ONUSERADD tells."""
        envelope = await self._client.call(
            "user.get", {"FILTER": {"ACTIVE": True}, "start": 0}, priority=Priority.BACKGROUND
        )
        return str(_number(envelope.get("total")) or len(rows(envelope["result"])))

    async def _departments(self) -> tuple[CrmDepartment, ...] | None:
        try:
            found, complete = await self._walk(
                "department.get", {"sort": "ID", "order": "ASC"}, "START"
            )
        except CrmRejected as refused:
            # The right `department` was not asked for: people come without their teams.
            log.info("bitrix24.no_departments", error=str(refused))
            return None
        if not complete:
            return None
        return tuple(
            CrmDepartment(
                department_id=str(row["ID"]),
                name=str(row.get("NAME") or f"#{row['ID']}"),
                parent_id=_id(row.get("PARENT")),
                head_ids=tuple(user for user in (_id(row.get("UF_HEAD")),) if user),
            )
            for row in found
        )

    async def _walk(self, method: str, asked: _Row, offset: str) -> tuple[list[_Row], bool]:
        """All pages of a list, each row once, and whether none is missing. Raises CrmError.

        `offset` is what the method calls its first row.
        """
        found: dict[str, _Row] = {}
        start, total = 0, 0
        for _ in range(MAX_PAGES):
            envelope = await self._client.call(
                method, {**asked, offset: start}, priority=Priority.BACKGROUND
            )
            page = rows(envelope["result"])
            found |= {str(row["ID"]): row for row in page if row.get("ID")}
            total = _number(envelope.get("total")) or total
            following = _number(envelope.get("next"))
            if not page or not following or following <= start:
                # `total` may be missing for a list that fits one page.
                return list(found.values()), len(found) >= total
            start = following
        raise CrmUnavailable(f"{method} has no last page after {MAX_PAGES * PAGE} rows")

    def _person(self, row: _Row, admins: Mapping[str | None, bool]) -> CrmPerson:
        user_id = str(row["ID"])
        departments = row.get("UF_DEPARTMENT")
        ids = departments if isinstance(departments, list) else [departments]
        return CrmPerson(
            user_id=user_id,
            first_name=_text(row, "NAME"),
            last_name=_text(row, "LAST_NAME"),
            email=_text(row, "EMAIL") or None,
            position=_text(row, "WORK_POSITION") or None,
            department_ids=tuple(id_ for value in ids if (id_ := _id(value))),
            extension=_text(row, "UF_PHONE_INNER") or None,
            phones=tuple(dict.fromkeys(p for name in _PHONES if (p := _text(row, name)))),
            active=row.get("ACTIVE") in (True, "Y", "1", 1),
            is_admin=admins.get(user_id),
            kind=_KINDS.get(_text(row, "USER_TYPE"), PersonKind.MACHINE),
            url=f"{self._portal}/company/personal/user/{user_id}/",
        )


def _object(value: Any) -> _Row:
    return value if isinstance(value, dict) else {}


def _text(row: _Row, name: str) -> str:
    """Empty fields may be missing, and some come as `{}` or false."""
    value = row.get(name)
    return value.strip() if isinstance(value, str) else ""


def _id(value: Any) -> str | None:
    """An id; 0, "0" and nothing mean there is none."""
    text = str(value).strip() if isinstance(value, (str, int)) else ""
    return text if text not in ("", "0", "False") else None


def _number(value: Any) -> int:
    return int(value) if str(value).isdecimal() else 0
