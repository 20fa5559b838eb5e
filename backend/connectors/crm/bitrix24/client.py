"""One method per endpoint of Bitrix24's REST; no rules in here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import httpx

from backend.connectors.crm.bitrix24 import errors
from backend.connectors.crm.bitrix24.limits import BATCH, BUSY_PAUSE_S, TIMEOUT_S
from backend.errors import CrmAuthExpired, CrmRejected, CrmUnavailable
from backend.kit.budget import Budget, Priority

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from backend.connectors.crm.bitrix24.auth import Refresher
    from backend.services.ports import Grant, Grants


class Bitrix24Client:
    """Calls methods of one portal within its budget."""

    def __init__(
        self, http: httpx.AsyncClient, grants: Grants, refresher: Refresher, budget: Budget
    ) -> None:
        self._http = http
        self._grants = grants
        self._refresher = refresher
        self._budget = budget

    async def call(
        self, method: str, params: Mapping[str, Any] | None = None, *, priority: Priority
    ) -> dict[str, Any]:
        """The whole envelope (`result`, `next`, `total`). Raises CrmError."""
        grant = await self._grants.current()
        try:
            return await self._send(grant, method, params or {}, priority)
        except errors.TokenExpired:
            fresh = await self._grants.refreshed(grant, self._refresher)
        try:
            return await self._send(fresh, method, params or {}, priority)
        except errors.TokenExpired as again:
            # A fresh token that is refused at once: this user no longer has the portal.
            raise CrmAuthExpired(str(again)) from None

    async def batch(
        self, commands: Mapping[str, tuple[str, Mapping[str, Any]]], *, priority: Priority
    ) -> dict[str, Any]:
        """Results by key. A failed command raises CrmRejected; one request for the budget."""
        if len(commands) > BATCH:
            raise ValueError(f"a batch holds {BATCH} commands")
        cmd = {key: f"{method}?{query(params)}" for key, (method, params) in commands.items()}
        envelope = await self.call("batch", {"halt": 0, "cmd": cmd}, priority=priority)
        result = envelope["result"]
        failed = result.get("result_error") or {}
        if isinstance(failed, dict):
            for key, error in failed.items():
                raise CrmRejected(f"{key}: {error.get('error')} {error.get('error_description')}")
        found = result.get("result") or {}
        return found if isinstance(found, dict) else {}

    async def _send(
        self, grant: Grant, method: str, params: Mapping[str, Any], priority: Priority
    ) -> dict[str, Any]:
        await self._budget.acquire(priority)
        url = f"{grant.base_url.rstrip('/')}/{method}.json"
        body = {**params, "auth": grant.access_token}
        for _ in range(2):
            try:
                response = await self._http.post(url, json=body, timeout=TIMEOUT_S)
            except httpx.HTTPError as error:
                raise CrmUnavailable(f"{method}: {type(error).__name__}") from None
            if response.status_code not in (301, 302, 307, 308):
                break
            # The portal moved to another host: ask again there, as POST (SDKs do the same).
            url = response.headers.get("location", url)
        try:
            return errors.decode(response)
        except CrmUnavailable as busy:
            if response.status_code == 503:
                self._budget.pause(busy.retry_after_s or BUSY_PAUSE_S)
            raise


def query(params: Mapping[str, Any]) -> str:
    """PHP-bracketed query text, encoded once, as commands of a batch want it."""
    return urlencode(list(_flat(params)))


def _flat(value: Any, key: str = "") -> Sequence[tuple[str, str]]:
    if isinstance(value, dict):
        items = [(f"{key}[{name}]" if key else str(name), item) for name, item in value.items()]
    elif isinstance(value, (list, tuple)):
        items = [(f"{key}[{index}]", item) for index, item in enumerate(value)]
    else:
        return [(key, str(value))]
    return [pair for name, item in items for pair in _flat(item, name)]
