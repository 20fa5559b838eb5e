"""One method per endpoint of amoCRM's API v4; no rules in here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import msgspec

from backend.connectors.crm.amocrm import errors
from backend.connectors.crm.amocrm.limits import (
    BUSY_PAUSE_S,
    LONGEST_SILENCE_S,
    LONGEST_WAIT_S,
    MAX_GRANTS,
    PAGE,
    TIMEOUT_S,
)
from backend.errors import CrmAuthExpired, CrmRejected, CrmUnavailable
from backend.kit.budget import Budget, Priority, Silenced

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from backend.connectors.crm.amocrm.auth import Refresher
    from backend.services.ports import Grant, Grants

Query = list[tuple[str, str | int | float | bool | None]]


_V4 = "/api/v4"


class AmoCrmClient:
    """Reads and writes one account within its budget."""

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

    async def user(self, user_id: str, *, priority: Priority) -> dict[str, Any]:
        """`{}` when there is no such user."""
        try:
            return await self.get(f"/users/{user_id}", [], priority=priority)
        except errors.NotThere:
            return {}

    async def contact(
        self, collection: str, record_id: str, *, priority: Priority
    ) -> dict[str, Any]:
        """One of `/contacts` or `/companies`; `{}` when it is gone or hidden."""
        return await self.get(f"/{collection}/{record_id}", [], priority=priority)

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
        return await self._twice("GET", path, query, None, priority)

    async def send(
        self, method: str, path: str, body: Any, *, priority: Priority
    ) -> dict[str, Any]:
        """POST, PATCH or DELETE with JSON; a path that begins with `/api/` is of another version
        than the fourth. Raises CrmError; whether a write whose answer was lost
        may be repeated is the caller's to know."""
        return await self._twice(method, path, [], body, priority)

    async def at_home(self) -> None:
        """Ask the account how it is; where its address no longer answers, find the new one and
        keep it (§4.4). Raises CrmError when neither answers."""
        try:
            await self.account(priority=Priority.BACKGROUND)
        except (CrmRejected, CrmUnavailable):
            grant = await self._grants.current()
            moved = await self._refresher.moved_to(grant)
            if moved is None:
                raise
            await self._grants.moved(moved)

    async def renewed(self, *, within: timedelta, now: datetime) -> None:
        """Exchange the tokens ahead when the access token ends within this time: an answer lost on
        the way then costs nothing until it really ends. Raises CrmError."""
        grant = await self._grants.current()
        if grant.expires_at - now < within:
            await self._grants.refreshed(grant, self._refresher)

    async def _twice(
        self, method: str, path: str, query: Query, body: Any, priority: Priority
    ) -> dict[str, Any]:
        """Once more with fresh tokens after a 401, which did nothing over there; then with those of
        another administrator."""
        grant = await self._grants.current()
        try:
            return await self._send(grant, method, path, query, body, priority)
        except errors.TokenExpired:
            grant = await self._grants.refreshed(grant, self._refresher)
        for _ in range(MAX_GRANTS):
            try:
                return await self._send(grant, method, path, query, body, priority)
            except errors.TokenExpired:
                # Fresh and refused at once: whoever let us in is no user any more.
                grant = await self._grants.replaced(grant, self._refresher, certain=True)
        raise CrmAuthExpired(f"{path}: refused whoever asked")

    async def _send(
        self,
        grant: Grant,
        method: str,
        path: str,
        query: Query,
        body: Any,
        priority: Priority,
    ) -> dict[str, Any]:
        patience_s = LONGEST_WAIT_S if priority is Priority.POP_UP else LONGEST_SILENCE_S
        try:
            await self._budget.acquire(priority, patience_s=patience_s)
        except Silenced as asked:
            raise CrmUnavailable(
                f"{path}: amoCRM asked for silence", retry_after_s=asked.seconds
            ) from None
        try:
            response = await self._http.request(
                method,
                f"{grant.base_url.rstrip('/')}{path if path.startswith('/api/') else _V4 + path}",
                params=httpx.QueryParams(query),
                content=None if body is None else msgspec.json.encode(body),
                headers={
                    "Authorization": f"Bearer {grant.access_token}",
                    **({} if body is None else {"Content-Type": "application/json"}),
                },
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
