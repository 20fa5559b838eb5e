"""What keeps a connected account connected: its address, its tokens, its webhooks, its people."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

from backend.connectors.crm.amocrm.limits import RENEW_WITHIN_H
from backend.errors import CrmRejected
from backend.kit.budget import Priority

if TYPE_CHECKING:
    from backend.connectors.crm.amocrm.client import AmoCrmClient, Query
    from backend.kit.clock import Clock

CODES: Final = (
    "status_lead",
    *(
        f"{verb}_{record}"
        for record in ("contact", "company", "lead")
        for verb in ("add", "update", "delete", "restore", "responsible")
    ),
)
"""What we want to hear of (§6.14): whose number it is, who is responsible, which deals are open."""


class AccountCare:
    """`services.amocrm_keeper.Care` over one account. Everything raises CrmError."""

    def __init__(self, client: AmoCrmClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    async def renew(self) -> None:
        """Find the account where it is now and exchange tokens that end soon."""
        await self._client.at_home()
        await self._client.renewed(within=timedelta(hours=RENEW_WITHIN_H), now=self._clock.now())

    async def subscribe(self, destination: str) -> Literal["kept", "made", "refused"]:
        """See that webhooks come to `destination`: amoCRM switches a subscription off after a bad
        spell of ours and does not switch it on again. `refused`: the tariff has no
        webhooks, or the grant no right to them."""
        query: Query = [("filter[destination]", destination)]
        body = {"destination": destination, "settings": list(CODES), "sort": 10}
        try:
            found = await self._client.get("/webhooks", query, priority=Priority.BACKGROUND)
            for hook in (found.get("_embedded") or {}).get("webhooks") or []:
                if hook.get("destination") == destination and _is_good(hook):
                    return "kept"
            await self._client.send("POST", "/webhooks", body, priority=Priority.BACKGROUND)
        except CrmRejected:
            return "refused"
        return "made"

    async def unsubscribe(self, destination: str) -> None:
        body = {"destination": destination}
        await self._client.send("DELETE", "/webhooks", body, priority=Priority.BACKGROUND)

    async def administrator(self, user_id: str) -> Literal["here", "gone", "hidden", "unknown"]:
        """Whether this user still is an active administrator. `hidden`: users are not shown to us
        (§6.2: to external integrations, and by the grant of somebody who is none any more)."""
        try:
            users = await self._client.users(1, priority=Priority.BACKGROUND)
        except CrmRejected:
            return "hidden"
        if not users:
            # An empty answer is trouble over there, not an account without people (P14).
            return "unknown"
        user = await self._client.user(user_id, priority=Priority.BACKGROUND)
        rights = user.get("rights") or {}
        here = rights.get("is_admin") and rights.get("is_active") is not False
        return "here" if here else "gone"


def _is_good(hook: dict[str, Any]) -> bool:
    return not hook.get("disabled") and set(hook.get("settings") or ()) >= set(CODES)
