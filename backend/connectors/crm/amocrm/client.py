"""One method per endpoint of amoCRM's API v4; no rules in here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

from backend.connectors.crm.amocrm import errors
from backend.connectors.crm.amocrm.limits import BUSY_PAUSE_S, LONGEST_WAIT_S, PAGE, TIMEOUT_S
from backend.errors import CrmAuthExpired, CrmUnavailable
from backend.kit.budget import Budget, Priority

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backend.connectors.crm.amocrm.auth import Refresher
    from backend.services.ports import Grant, Grants

Query = list[tuple[str, str | int | float | bool | None]]


class AmoCrmClient:
    """Reads one account within its budget."""

    def __init__(
        self, http: httpx.AsyncClient, grants: Grants, refresher: Refresher, budget: Budget
    ) -> None:
        self._http = http
        self._grants = grants
        self._refresher = refresher
        self._budget = budget

    async def search(
        self, collection: str, text: str, *, include: str = "", priority: Priority
    ) -> list[dict[str, Any]]:
        """`/contacts` or `/companies` by `query`: any filled field may have matched."""
        query: Query = [("query", text), ("limit", "50")]
        if include:
            query.append(("with", include))
        return _embedded(await self.get(f"/{collection}", query, priority=priority), collection)

    async def leads(self, ids: Sequence[str], *, priority: Priority) -> list[dict[str, Any]]:
        """Leads by id. Without the paid filter option the filter is ignored: check the ids."""
        query: Query = [("limit", str(PAGE))]
        query += [(f"filter[id][{index}]", lead_id) for index, lead_id in enumerate(ids)]
        body = await self.get("/leads", query, priority=priority)
        return _embedded(body, "leads")

    async def recent_leads(self, *, priority: Priority) -> list[dict[str, Any]]:
        """The page of leads changed last; order is not a paid option."""
        query: Query = [("limit", str(PAGE)), ("order[updated_at]", "desc")]
        return _embedded(await self.get("/leads", query, priority=priority), "leads")

    async def lead(self, lead_id: str, *, priority: Priority) -> dict[str, Any]:
        """`{}` when it is gone or hidden from the grant's owner."""
        return await self.get(f"/leads/{lead_id}", [], priority=priority)

    async def company(self, company_id: str, *, priority: Priority) -> dict[str, Any]:
        return await self.get(f"/companies/{company_id}", [], priority=priority)

    async def pipelines(self, *, priority: Priority) -> list[dict[str, Any]]:
        return _embedded(await self.get("/leads/pipelines", [], priority=priority), "pipelines")

    async def users(self, page: int, *, priority: Priority) -> list[dict[str, Any]]:
        query: Query = [("page", str(page)), ("limit", str(PAGE))]
        return _embedded(await self.get("/users", query, priority=priority), "users")

    async def account(self, *, priority: Priority) -> dict[str, Any]:
        return await self.get("/account", [("with", "is_api_filter_enabled")], priority=priority)

    async def page(
        self, collection: str, page: int, *, priority: Priority
    ) -> tuple[list[dict[str, Any]], bool]:
        """Rows of one page by growing id and whether another may follow."""
        query: Query = [("page", str(page)), ("limit", str(PAGE)), ("order[id]", "asc")]
        body = await self.get(f"/{collection}", query, priority=priority)
        return _embedded(body, collection), "next" in (body.get("_links") or {})

    async def get(self, path: str, query: Query, *, priority: Priority) -> dict[str, Any]:
        """Raises CrmError. `{}` when there is nothing (204)."""
        grant = await self._grants.current()
        try:
            return await self._send(grant, path, query, priority)
        except errors.TokenExpired:
            fresh = await self._grants.refreshed(grant, self._refresher)
        try:
            return await self._send(fresh, path, query, priority)
        except errors.TokenExpired as again:
            raise CrmAuthExpired(str(again)) from None

    async def _send(
        self, grant: Grant, path: str, query: Query, priority: Priority
    ) -> dict[str, Any]:
        silence_s = self._budget.paused_s
        if priority is Priority.POP_UP and silence_s > LONGEST_WAIT_S:
            raise CrmUnavailable(f"{path}: amoCRM asked for silence", retry_after_s=silence_s)
        await self._budget.acquire(priority)
        try:
            response = await self._http.get(
                f"{grant.base_url.rstrip('/')}/api/v4{path}",
                params=httpx.QueryParams(query),
                headers={"Authorization": f"Bearer {grant.access_token}"},
                timeout=TIMEOUT_S,
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise CrmUnavailable(f"{path}: {type(error).__name__}") from None
        try:
            return errors.decode(response)
        except CrmUnavailable as busy:
            if response.status_code in (403, 429):
                self._budget.pause(busy.retry_after_s or BUSY_PAUSE_S)
            raise


def _embedded(body: dict[str, Any], collection: str) -> list[dict[str, Any]]:
    found = (body.get("_embedded") or {}).get(collection) or []
    return [row for row in found if isinstance(row, dict)]
