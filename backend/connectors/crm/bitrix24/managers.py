"""Who is responsible for a caller: Contact, Company, Lead, in this order (L1003)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backend.connectors.crm.bitrix24 import mapping
from backend.kit.budget import Priority
from backend.services.personal_manager import Responsible

if TYPE_CHECKING:
    from backend.connectors.crm.bitrix24.client import Bitrix24Client
    from backend.domain.phone_number import PhoneNumber
    from backend.domain.scenario import ManagerSource

RANKS = ("CONTACT", "COMPANY", "LEAD")
"""Only the first kind found counts: a contact without a manager does not make it the company's."""


class Bitrix24Managers:
    """`ResponsibleSource` over one portal."""

    def __init__(self, client: Bitrix24Client) -> None:
        self._client = client

    async def responsible(self, number: PhoneNumber, source: ManagerSource) -> Responsible | None:
        """One request: the portal's own search tells responsible users, too. `source` is
        amoCRM's: here the manager is the record's."""
        envelope = await self._client.call(
            "telephony.externalCall.searchCrmEntities",
            {"PHONE_NUMBER": number.e164},
            priority=Priority.POP_UP,
        )
        return named(mapping.rows(envelope["result"]))


def named(rows: list[dict[str, Any]]) -> Responsible | None:
    """The responsible user of the best record found; a user 0 is nobody."""
    for kind in RANKS:
        found = [row for row in rows if row.get("CRM_ENTITY_TYPE") == kind]
        for row in found:
            user = str(row.get("ASSIGNED_BY_ID") or "")
            if user.isdigit() and user != "0":
                record = f"{kind.lower()}:{row.get('CRM_ENTITY_ID')}"
                return Responsible(crm_user_id=user, records=(record,))
        if found:
            return None
    return None
