"""Statuses of the cloud's employees in our words (`services.line_statuses.StatusEngine`).

The cloud's statuses are policies with ids; the standard ones have a mnemonic, and only those have
a word of ours. Own ones, `unknown` and `auto_out_call` are left alone.
"""

from __future__ import annotations

from typing import Final

import httpx

from backend.errors import SwitchRefused
from backend.telephony.uis.data_api import DataApi
from backend.telephony.uis.rpc import RpcClient
from protocol.vocabulary import AgentStatus

_WORDS: Final = {
    "available": AgentStatus.AVAILABLE,
    "break": AgentStatus.BREAK,
    "do_not_disturb": AgentStatus.DO_NOT_DISTURB,
    "not_at_workplace": AgentStatus.AWAY,
    "not_at_work": AgentStatus.OFF_WORK,
}


class UisStatuses:
    def __init__(
        self,
        data_url: str,
        token: str,
        *,
        request_timeout_s: float = 10.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._rpc = RpcClient(data_url, token, timeout_s=request_timeout_s, transport=transport)
        self._data = DataApi(self._rpc)
        self._ids: dict[int, AgentStatus] = {}
        """The cloud's ids; read once, for standard statuses do not change."""

    async def statuses(self) -> dict[int, AgentStatus]:
        if not self._ids:
            named = await self._data.statuses()
            self._ids = {id_: _WORDS[name] for id_, name in named.items() if name in _WORDS}
        found = await self._data.employee_statuses()
        return {
            employee: self._ids[status] for employee, status in found.items() if status in self._ids
        }

    async def set_status(self, vendor: int, status: AgentStatus) -> None:
        id_ = next((id_ for id_, word in self._ids.items() if word is status), None)
        if id_ is None:
            raise SwitchRefused(f"the cloud has no status for {status.value}")
        await self._data.set_status(vendor, id_)

    async def aclose(self) -> None:
        await self._rpc.aclose()
