"""The portal's own call lists, read once when a list of ours is made of one (D1, reference §3.9).

They hold contacts or companies, never both; the order is the portal's. Nothing is written back:
no method sets the state of a row there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from backend.connectors.crm.bitrix24 import mapping
from backend.errors import CrmRejected, NotFound
from backend.kit.budget import Priority

if TYPE_CHECKING:
    from backend.connectors.crm.bitrix24.client import Bitrix24Client
    from backend.services.dialer.reviewing import RecordKey

_KINDS: Final = {mapping.OWNER_CONTACT: "contact", mapping.OWNER_COMPANY: "company"}
_TO_CALL: Final = "IN_WORK"
"""§3.9: the others are those who were reached, have a wrong number or asked not to be called."""


class Bitrix24CallLists:
    """`services.dialer.asking.CallLists`."""

    def __init__(self, client: Bitrix24Client) -> None:
        self._client = client

    async def people(self, list_id: str) -> list[RecordKey]:
        """Whoever is still to be called. Raises NotFound, CrmErrors."""
        if not (list_id.isascii() and list_id.isdigit()):
            raise NotFound("no such call list", why="call_list")
        try:
            body = await self._client.call(
                "crm.calllist.items.get",
                {"LIST_ID": int(list_id), "FILTER": {"STATUS": _TO_CALL}},
                priority=Priority.CALL,
            )
        except CrmRejected as error:
            raise NotFound(f"no such call list: {error}", why="call_list") from None
        return [
            (kind, str(row["ID"]))
            for row in mapping.rows(body["result"])
            if (kind := _KINDS.get(str(row.get("ENTITY_TYPE")))) is not None
        ]
