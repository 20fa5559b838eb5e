"""Where a caller came from, for the lead amoCRM makes of a stranger's call.

amoCRM keeps it in fields of the type `tracking_data` (reference §6.13), which an account has or
has not; they are told apart by their codes. What the account has no field for is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from backend.errors import CrmAuthExpired, CrmRejected
from backend.kit.budget import Priority

if TYPE_CHECKING:
    from backend.connectors.crm.amocrm.client import AmoCrmClient
    from backend.domain.visits import Way

TYPE: Final = "tracking_data"
MAX_VALUE: Final = 250
_PAGE: Final = 50
"""Custom fields come fifty at a time at most (§6.13); an account has a dozen of these."""


def _wanted(way: Way) -> dict[str, str]:
    source = way.source
    return {
        "UTM_SOURCE": source.source,
        "UTM_MEDIUM": source.medium,
        "UTM_CAMPAIGN": source.campaign,
        "UTM_TERM": source.keyword,
        "UTM_CONTENT": source.content,
        "REFERRER": way.referrer,
    }


async def tracking_values(client: AmoCrmClient, way: Way) -> list[dict[str, Any]]:
    """`custom_fields_values` of a new lead. Raises CrmUnavailable; an account that does not show
    us its fields gets the call without them."""
    wanted = {code: text for code, text in _wanted(way).items() if text}
    if not wanted:
        return []
    try:
        body = await client.get(
            "/leads/custom_fields",
            [("filter[type][]", TYPE), ("limit", _PAGE)],
            priority=Priority.CALL,
        )
    except (CrmRejected, CrmAuthExpired):
        return []
    fields = (body.get("_embedded") or {}).get("custom_fields") or []
    return [
        {"field_id": field["id"], "values": [{"value": wanted[code][:MAX_VALUE]}]}
        for field in fields
        if field.get("type") == TYPE and (code := str(field.get("code") or "").upper()) in wanted
    ]
