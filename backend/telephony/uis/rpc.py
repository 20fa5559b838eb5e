"""JSON-RPC 2.0 as the cloud speaks it: POST to one address, the token inside the parameters.

Every answer tells how many points of the minute and of the day are left; numbers differ by tariff
and are published nowhere, so they are read off the answers.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any, Final

import httpx

from backend.errors import SwitchRefused, SwitchUnavailable
from backend.telephony.uis.errors import refusal

_HEADERS: Final = {"Content-Type": "application/json; charset=UTF-8"}


@dataclass(frozen=True, slots=True)
class Points:
    """What is left of the minute's points, and when they are whole again (seconds)."""

    remaining: int
    limit: int
    reset_s: float

    @property
    def scarce(self) -> bool:
        """Less than a fifth is left: reading waits, so that commands still get through."""
        return self.remaining * 5 < self.limit


class RpcClient:
    """One API of the cloud. Raises SwitchUnavailable, SwitchRefused, NoDevice, NotFound."""

    def __init__(
        self,
        url: str,
        token: str,
        *,
        timeout_s: float,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.url = url
        self._token = token
        self._ids = itertools.count(1)
        self._http = httpx.AsyncClient(timeout=timeout_s, trust_env=False, transport=transport)
        self.points: Points | None = None
        """As the last answer told; None before the first."""

    async def aclose(self) -> None:
        await self._http.aclose()

    async def call(self, method: str, **params: Any) -> Any:
        """`result.data` of the answer. Parameters that are None are left out."""
        body = {
            "jsonrpc": "2.0",
            "id": next(self._ids),
            "method": method,
            "params": {
                "access_token": self._token,
                **{name: value for name, value in params.items() if value is not None},
            },
        }
        try:
            answer = await self._http.post(self.url, json=body, headers=_HEADERS)
        except httpx.HTTPError as error:
            raise SwitchUnavailable(f"{method}: {type(error).__name__}") from error
        if answer.status_code != 200:
            # The protocol has no other; a proxy or an overloaded front speaks.
            said = f"{method}: HTTP {answer.status_code}"
            if answer.status_code == 429:
                # As good as spent points, and no more an outage than they are.
                wait_s = _seconds(answer.headers.get("retry-after", ""))
                raise SwitchUnavailable(said, mnemonic="limit_exceeded", retry_after_s=wait_s)
            if answer.status_code >= 500:
                raise SwitchUnavailable(said)
            raise SwitchRefused(said)
        try:
            told = answer.json()
        except ValueError as error:
            raise SwitchUnavailable(f"{method}: not JSON") from error
        if not isinstance(told, dict):
            raise SwitchUnavailable(f"{method}: not an answer")
        if told.get("error") is not None:
            self._count(told["error"].get("data") if isinstance(told["error"], dict) else None)
            wait_s = None if self.points is None else self.points.reset_s
            raise refusal(method, told["error"], wait_s=wait_s)
        result = told.get("result")
        self._count(result)
        return result.get("data") if isinstance(result, dict) else result

    async def file(self, url: str) -> httpx.Response:
        """A file of the cloud's, whole. Raises SwitchUnavailable."""
        try:
            return await self._http.get(url, follow_redirects=True)
        except httpx.HTTPError as error:
            raise SwitchUnavailable(f"the file broke off: {type(error).__name__}") from error

    def _count(self, holder: Any) -> None:
        metadata = holder.get("metadata") if isinstance(holder, dict) else None
        limits = metadata.get("limits") if isinstance(metadata, dict) else None
        if not isinstance(limits, dict):
            return
        try:
            self.points = Points(
                remaining=int(limits["minute_remaining"]),
                limit=int(limits["minute_limit"]),
                reset_s=float(limits["minute_reset"]),
            )
        except (KeyError, TypeError, ValueError):
            return


def _seconds(written: str) -> float | None:
    """Of `Retry-After`; a date, which nobody here sends, counts as nothing said."""
    return float(written) if written.isascii() and written.isdigit() else None
