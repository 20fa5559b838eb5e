"""Who is responsible for a caller: the contact's user, or that of its active deal (L2055)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backend.connectors.crm.amocrm import mapping
from backend.services.personal_manager import Responsible
from protocol.vocabulary import RecordKind

if TYPE_CHECKING:
    from backend.connectors.crm.amocrm.connector import AmoCrm
    from backend.domain.phone_number import PhoneNumber
    from backend.domain.scenario import ManagerSource

KINDS = (RecordKind.CONTACT, RecordKind.COMPANY)


class AmoCrmManagers:
    """`ResponsibleSource` over one account."""

    def __init__(self, crm: AmoCrm) -> None:
        self._crm = crm

    async def responsible(self, number: PhoneNumber, source: ManagerSource) -> Responsible | None:
        """One request for a contact; its deals take another. A contact without an active deal
        answers for itself, and a company where no contact has the number."""
        for kind in KINDS:
            rows = await self._crm.with_number(kind, number)
            if not rows:
                continue
            row = max(rows, key=lambda row: int(row.get("updated_at") or 0))
            own = Responsible(crm_user_id=_user(row), records=(f"{kind.value}:{row['id']}",))
            if source == "deal":
                deal = await self._active_deal(row)
                if deal is not None:
                    records = (f"deal:{deal['id']}", *own.records)
                    return Responsible(crm_user_id=_user(deal), records=records)
            return own if own.crm_user_id else None
        return None

    async def _active_deal(self, row: dict[str, Any]) -> dict[str, Any] | None:
        """The open deal that changed last and has a responsible user."""
        deals = await self._crm.leads(mapping.lead_ids(row))
        active = [deal for deal in deals.values() if mapping.is_open(deal) and _user(deal)]
        return max(active, key=lambda deal: int(deal.get("updated_at") or 0), default=None)


def _user(row: dict[str, Any]) -> str:
    """Empty for a robot, 0 in amoCRM."""
    user = row.get("responsible_user_id")
    return str(user) if user else ""
