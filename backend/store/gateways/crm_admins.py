"""The role of somebody whose own page proved what he is in the CRM."""

from __future__ import annotations

from sqlalchemy import select, update

from backend.domain.account_settings import PeopleSettings
from backend.store.account_settings import AccountSettingsStore
from backend.store.database import Database
from backend.store.tables import crm_people, employees
from protocol.vocabulary import AccountId, CrmKind

_ADMINISTRATOR = "administrator"


class SqlAdminRoles:
    """`services.crm_admins.AdminRoles`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def settle(
        self, account_id: AccountId, kind: CrmKind, crm_user_id: str, *, is_admin: bool
    ) -> bool:
        """Only a role the CRM gave is taken away again; the next synchronisation makes a head of
        a department a supervisor."""
        async with self._database.begin(account_id) as tx:
            settings = AccountSettingsStore(tx)
            await settings.lock(account_id)
            if not (await settings.get(account_id, PeopleSettings)).admins_rule:
                return False
            mine = (
                employees.c.account_id == account_id,
                employees.c.crm_user_id == crm_user_id,
                employees.c.active,
                employees.c.role_by_hand.is_(False),
            )
            noted = (
                crm_people.c.account_id == account_id,
                crm_people.c.crm_kind == kind.value,
                crm_people.c.crm_user_id == crm_user_id,
            )
            role = (await tx.execute(select(employees.c.role).where(*mine))).scalar_one_or_none()
            given = select(crm_people.c.role_given).where(*noted)
            if role is None or is_admin == (role == _ADMINISTRATOR):
                return False
            if not is_admin and (await tx.execute(given)).scalar_one_or_none() != _ADMINISTRATOR:
                return False
            wanted = _ADMINISTRATOR if is_admin else "operator"
            await tx.execute(
                update(employees).where(*mine).values(role=wanted, is_supervisor=is_admin)
            )
            await tx.execute(update(crm_people).where(*noted).values(role_given=wanted))
            return True
