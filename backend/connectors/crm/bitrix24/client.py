"""Calls of Bitrix24's REST: one request each, within the portal's budget; no rules in here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urljoin

import httpx

from backend.connectors.crm.bitrix24 import errors
from backend.connectors.crm.bitrix24.limits import (
    BATCH,
    BUSY_PAUSE_S,
    LONGEST_BLOCK_S,
    MAX_GRANTS,
    METHOD_PAUSE_S,
    POP_UP_TRIES,
    TIMEOUT_S,
    UPLOAD_TIMEOUT_S,
)
from backend.errors import CrmAuthExpired, CrmError, CrmUnavailable
from backend.kit.budget import Budget, Priority

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from backend.connectors.crm.bitrix24.auth import Refresher
    from backend.kit.clock import Clock
    from backend.services.ports import Grant, Grants

_MOVED = frozenset({301, 302, 307, 308})


@dataclass(frozen=True, slots=True)
class Answers:
    """What became of a batch's commands, by key."""

    found: dict[str, Any] = field(default_factory=dict)
    failed: dict[str, CrmError] = field(default_factory=dict)


class Bitrix24Client:
    """Calls methods of one portal."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        grants: Grants,
        refresher: Refresher,
        budget: Budget,
        clock: Clock,
    ) -> None:
        self._http = http
        self._grants = grants
        self._refresher = refresher
        self._budget = budget
        self._clock = clock
        self._moved: dict[str, str] = {}
        """Base address in the grant → where the portal said it is now."""
        self._blocked: dict[str, float] = {}
        """Method → until when (monotonic seconds) it is not worth asking."""
        self._resets_at: dict[str, float] = {}
        """Method → `operating_reset_at` (Unix seconds) of its last good answer."""

    async def call(
        self, method: str, params: Mapping[str, Any] | None = None, *, priority: Priority
    ) -> dict[str, Any]:
        """The whole envelope (`result`, `next`, `total`). Raises CrmError."""
        left = self._blocked.get(method, 0.0) - self._clock.monotonic()
        if left > 0:
            raise errors.MethodBlocked(f"{method} is out of operating time", retry_after_s=left)
        grant, exchanged = await self._grants.current(), False

        async def exchange(old: Grant) -> Grant:
            nonlocal exchanged
            exchanged = True
            return await self._refresher(old)

        tries = POP_UP_TRIES if priority is Priority.POP_UP else 1
        for _ in range(MAX_GRANTS):
            try:
                return await self._send_soon(grant, method, params or {}, priority, tries)
            except errors.TokenExpired as refused:
                if not exchanged:
                    # Another process's newer token may be out of date as well: then once more.
                    grant = await self._grants.refreshed(grant, exchange)
                    continue
                # A fresh token that is refused at once: this user no longer has the portal.
                lost = errors.GrantLost(str(refused))
            except errors.GrantLost as refused:
                lost = refused
            grant = await self._grants.replaced(grant, exchange, certain=lost.certain)
        raise CrmAuthExpired(f"{method}: refused whoever asked")

    async def upload(self, url: str, field_name: str, file_name: str, content: bytes) -> None:
        """Send a file where an earlier answer said; the address holds its own leave.
        Raises CrmError."""
        await self._budget.acquire(Priority.BACKGROUND)
        try:
            response = await self._http.post(
                url, files={field_name: (file_name, content)}, timeout=UPLOAD_TIMEOUT_S
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise CrmUnavailable(f"upload: {type(error).__name__}") from None
        errors.decode(response)

    async def batch(
        self, commands: Mapping[str, tuple[str, Mapping[str, Any]]], *, priority: Priority
    ) -> Answers:
        """One request for the budget. Raises CrmError when the batch itself fails."""
        if len(commands) > BATCH:
            raise ValueError(f"a batch holds {BATCH} commands")
        cmd = {key: f"{method}?{query(params)}" for key, (method, params) in commands.items()}
        envelope = await self.call("batch", {"halt": 0, "cmd": cmd}, priority=priority)
        result = envelope["result"]
        if not isinstance(result, dict):
            return Answers()
        return Answers(
            found=_mapping(result.get("result")),
            failed={
                key: errors.outcome(
                    200, str(error.get("error", "")), str(error.get("error_description", ""))
                )
                for key, error in _mapping(result.get("result_error")).items()
            },
        )

    async def _send_soon(
        self, grant: Grant, method: str, params: Mapping[str, Any], priority: Priority, tries: int
    ) -> dict[str, Any]:
        """Up to `tries` times when it was too fast: the budget waits in between."""
        while True:
            tries -= 1
            try:
                return await self._send(grant, method, params, priority)
            except errors.TooFast:
                if tries <= 0:
                    raise

    async def _send(
        self, grant: Grant, method: str, params: Mapping[str, Any], priority: Priority
    ) -> dict[str, Any]:
        await self._budget.acquire(priority)
        response = await self._post(grant.base_url.rstrip("/"), f"/{method}.json", params, grant)
        try:
            body = errors.decode(response)
        except errors.MethodBlocked as blocked:
            wait_s = self._block(method)
            raise errors.MethodBlocked(str(blocked), retry_after_s=wait_s) from None
        except CrmUnavailable as busy:
            if response.status_code == httpx.codes.SERVICE_UNAVAILABLE:
                self._budget.pause(busy.retry_after_s or BUSY_PAUSE_S)
            raise
        if "result" not in body:
            raise CrmUnavailable(f"{method}: an answer without result")
        self._note_operating(method, body.get("time"))
        return body

    async def _post(
        self, base: str, path: str, params: Mapping[str, Any], grant: Grant
    ) -> httpx.Response:
        """POST to where the portal is now, following one move. Raises CrmUnavailable."""
        body = {**params, "auth": grant.access_token}
        url = self._moved.get(base, base) + path
        moved = ""
        try:
            response = await self._http.post(url, json=body, timeout=TIMEOUT_S)
            if response.status_code in _MOVED:
                # Renamed: ask again there, as POST, which following a 302 would turn into GET.
                target = urljoin(url, response.headers.get("location", "")).partition("?")[0]
                if url.startswith("https:") and not target.startswith("https:"):
                    raise CrmUnavailable(f"{path[1:]}: sent away from https")
                response = await self._http.post(target, json=body, timeout=TIMEOUT_S)
                if response.status_code < 400 and target.endswith(path):
                    moved = target.removesuffix(path)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            # The name alone: the request in its text holds the token.
            raise CrmUnavailable(f"{path[1:]}: {type(error).__name__}") from None
        if moved and self._moved.get(base) != moved:
            self._moved[base] = moved
            await self._grants.moved(f"{moved}/")
        return response

    def _block(self, method: str) -> float:
        """Leave the method alone until its oldest minute expires; returns for how long."""
        reset = self._resets_at.get(method, 0.0) - self._clock.now().timestamp()
        wait_s = min(max(reset, METHOD_PAUSE_S), LONGEST_BLOCK_S)
        self._blocked[method] = self._clock.monotonic() + wait_s
        return wait_s

    def _note_operating(self, method: str, time: Any) -> None:
        reset = time.get("operating_reset_at") if isinstance(time, dict) else None
        if isinstance(reset, int | float):
            self._resets_at[method] = float(reset)


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


def _mapping(value: Any) -> dict[str, Any]:
    """PHP's empty array is `[]` even where an object is meant."""
    return value if isinstance(value, dict) else {}
