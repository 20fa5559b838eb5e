"""Data API 2.0: the few reports and directories that calls need."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from backend.telephony.uis import wire
from backend.telephony.uis.rpc import RpcClient

_FORMAT: Final = "%Y-%m-%d %H:%M:%S"
# In which zone the bounds are read is not documented: the widest difference there is on each side.
_ZONES: Final = timedelta(hours=14)
_REGISTERED: Final = "зарегистрирован"


@dataclass(frozen=True, slots=True, kw_only=True)
class LegEnd:
    leg_id: int
    reason: str
    is_operator: bool


class DataApi:
    def __init__(self, rpc: RpcClient) -> None:
        self._rpc = rpc

    async def leg_ends(self, session_id: int, *, since: datetime, now: datetime) -> list[LegEnd]:
        """The session's legs that are over."""
        rows = await self._report(
            "get.call_legs_report",
            {"field": "call_session_id", "operator": "=", "value": session_id},
            ["id", "call_session_id", "finish_reason", "is_operator"],
            since,
            now,
        )
        return [
            LegEnd(
                leg_id=leg_id,
                reason=wire.text(row.get("finish_reason")),
                is_operator=bool(row.get("is_operator")),
            )
            for row in rows
            if (leg_id := wire.whole(row.get("id"))) is not None
        ]

    async def recordings(
        self, field: str, value: Any, *, since: datetime, now: datetime
    ) -> list[tuple[int, list[str]]]:
        """(session, ids of its wav records) of sessions whose `field` is `value`."""
        rows = await self._report(
            "get.calls_report",
            {"field": field, "operator": "=", "value": value},
            ["id", "wav_call_records"],
            since,
            now,
        )
        found = []
        for row in rows:
            session_id, records = wire.whole(row.get("id")), row.get("wav_call_records")
            if session_id is not None and isinstance(records, list):
                found.append((session_id, [wire.text(record) for record in records if record]))
        return found

    async def registered(self) -> dict[str, bool]:
        """SIP lines by number: whether a phone is registered there now."""
        rows = await self._rows("get.sip_lines", fields=["phone_number", "physical_state"])
        return {
            wire.text(row.get("phone_number")): wire.text(row.get("physical_state")).strip().lower()
            == _REGISTERED
            for row in rows
        }

    async def statuses(self) -> dict[int, str]:
        """The standard statuses' mnemonics by id; own ones, without a mnemonic, are left out."""
        rows = await self._rows("get.statuses")
        return {
            status_id: mnemonic
            for row in rows
            if (status_id := wire.whole(row.get("id"))) is not None
            and (mnemonic := wire.text(row.get("mnemonic")))
            and not row.get("is_deleted")
        }

    async def employee_statuses(self) -> dict[int, int]:
        """Status id by employee id."""
        rows = await self._rows("get.employees", fields=["id", "status_id"])
        return {
            employee: status
            for row in rows
            if (employee := wire.whole(row.get("id"))) is not None
            and (status := wire.whole(row.get("status_id"))) is not None
        }

    async def set_status(self, employee: int, status_id: int) -> None:
        await self._rpc.call("update.employees", id=employee, status_id=status_id)

    async def account(self) -> str:
        """The account's name: a question that changes nothing."""
        told = await self._rpc.call("get.account")
        row = told[0] if isinstance(told, list) and told else told
        return wire.text(row.get("name")) if isinstance(row, dict) else ""

    async def _report(
        self,
        method: str,
        condition: dict[str, Any],
        fields: list[str],
        since: datetime,
        now: datetime,
    ) -> list[dict[str, Any]]:
        return await self._rows(
            method,
            date_from=(since - _ZONES).strftime(_FORMAT),
            date_till=(now + _ZONES).strftime(_FORMAT),
            filter=condition,
            fields=fields,
        )

    async def _rows(self, method: str, **params: Any) -> list[dict[str, Any]]:
        told = await self._rpc.call(method, **params)
        return [row for row in told if isinstance(row, dict)] if isinstance(told, list) else []
