"""Who works in an amoCRM account: users with their rights, groups as departments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backend.connectors.crm.amocrm.limits import PAGE
from backend.connectors.crm.amocrm.mapping import embedded
from backend.domain.people import CrmDepartment, CrmPerson, PeopleReading
from backend.errors import CrmUnavailable
from backend.kit.budget import Priority
from protocol.vocabulary import CrmKind

if TYPE_CHECKING:
    from backend.connectors.crm.amocrm.client import AmoCrmClient

MAX_PAGES = 80
"""Twenty thousand users; an account that always says `next` must not keep us for ever."""
SALES = "0"
"""The group everybody is in who is in no other."""

_Row = dict[str, Any]


class AmoCrmPeople:
    """`PeopleSource` over one account. Wants an administrator's grant: others get 403."""

    crm = CrmKind.AMOCRM

    def __init__(self, client: AmoCrmClient, account_url: str) -> None:
        self._client = client
        self._account = account_url.rstrip("/")

    async def read_people(self) -> PeopleReading:
        """Deleted users are simply missing. An answer with fewer rows than `_total_items` is not
        complete."""
        found: dict[str, _Row] = {}
        page, more, total = 1, True, 0
        while more:
            if page > MAX_PAGES:
                raise CrmUnavailable(f"/users has no last page after {MAX_PAGES * PAGE} rows")
            body = await self._client.get(
                "/users",
                [("page", str(page)), ("limit", str(PAGE)), ("with", "group,phone_number")],
                priority=Priority.BACKGROUND,
            )
            users = embedded(body, "users")
            found |= {str(row["id"]): row for row in users if row.get("id")}
            total = int(body.get("_total_items") or total)
            more = bool(users) and "next" in (body.get("_links") or {})
            page += 1
        account = await self._client.get(
            "/account", [("with", "users_groups")], priority=Priority.BACKGROUND
        )
        return PeopleReading(
            people=tuple(self._person(row) for row in found.values()),
            departments=_departments(account, found.values()),
            complete=len(found) >= total,
        )

    async def roll(self) -> str:
        """Who is active, of the first page: more than any account of ours has so far."""
        body = await self._client.get(
            "/users", [("page", "1"), ("limit", str(PAGE))], priority=Priority.BACKGROUND
        )
        active = sorted(
            str(row.get("id"))
            for row in embedded(body, "users")
            if (row.get("rights") or {}).get("is_active", True)
        )
        return f"{body.get('_total_items') or len(active)}:{','.join(active)}"

    def _person(self, row: _Row) -> CrmPerson:
        rights = row.get("rights") or {}
        # One field for the whole name: the surname is its last word, as the account shows it.
        first, _, last = str(row.get("name") or "").strip().rpartition(" ")
        phone = str(row.get("phone_number") or "").strip()
        return CrmPerson(
            user_id=str(row["id"]),
            first_name=first.strip(),
            last_name=last,
            email=str(row.get("email") or "").strip() or None,
            department_ids=(str(rights.get("group_id") or SALES),),
            phones=(phone,) if phone else (),
            # Missing in accounts whose plan has no such switch.
            active=rights.get("is_active") is not False,
            is_admin=bool(rights.get("is_admin")),
            sees_cards=not rights.get("is_free"),
            url=f"{self._account}/settings/users/",
        )


def _departments(account: _Row, users: Any) -> tuple[CrmDepartment, ...]:
    """Groups have no heads. Names come from the account, else from the users themselves."""
    groups = [*embedded(account, "users_groups")]
    for user in users:
        groups += embedded(user, "groups")
    names = {str(group.get("id") or SALES): str(group.get("name") or "") for group in groups[::-1]}
    return tuple(
        CrmDepartment(department_id=id_, name=name or f"#{id_}") for id_, name in names.items()
    )
