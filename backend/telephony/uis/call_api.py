"""Call API 4.0: one method per command we use, no rules."""

from __future__ import annotations

from typing import Any, Final, Literal

from backend.errors import SwitchRefused, SwitchUnavailable
from backend.telephony.uis import wire
from backend.telephony.uis.rpc import RpcClient

MessageKind = Literal["media", "tts"]
DTMF: Final = frozenset("0123456789*#")


class CallApi:
    def __init__(self, rpc: RpcClient) -> None:
        self._rpc = rpc

    async def start_employee_call(
        self, *, employee: int, number: str, contact: str, virtual: str, external_id: str
    ) -> int:
        """Ring the employee, then the contact; the session's number.

        `direction` is how reports count it: without it a call somebody places counts as inbound.
        `show_virtual_phone_number` is off so that the employee's phone shows whom he calls.
        """
        chosen: dict[str, Any] = {"id": employee}
        if number:
            chosen["phone_number"] = number
        told = await self._rpc.call(
            "start.employee_call",
            first_call="employee",
            switch_at_once=True,
            early_switching=True,
            show_virtual_phone_number=False,
            virtual_phone_number=virtual,
            external_id=external_id,
            direction="out",
            contact=contact,
            employee=chosen,
        )
        session_id = wire.whole(told.get("call_session_id")) if isinstance(told, dict) else None
        if session_id is None:
            raise SwitchUnavailable("start.employee_call: no session in the answer")
        return session_id

    async def sessions(self) -> list[wire.SessionRow]:
        return wire.sessions(await self._rpc.call("list.calls"))

    async def hold(self, session_id: int, kind: MessageKind, value: str) -> None:
        message = {"type": kind, "value": value}
        await self._rpc.call("hold.call", call_session_id=session_id, contact_message=message)

    async def unhold(self, session_id: int) -> None:
        await self._rpc.call("unhold.call", call_session_id=session_id)

    async def consult(self, session_id: int, to: str) -> None:
        """Ring a third party while the contact is on hold."""
        await self._rpc.call("make.call", call_session_id=session_id, to=to)

    async def transfer(self, session_id: int) -> None:
        """Contact and third party talk; the employee leaves."""
        await self._rpc.call("transfer.talk", call_session_id=session_id)

    async def restore(self, session_id: int) -> None:
        """The third party leaves; contact and employee talk."""
        await self._rpc.call("restore.talk", call_session_id=session_id)

    async def disconnect(self, session_id: int, leg_id: int) -> None:
        await self._rpc.call("disconnect.leg", call_session_id=session_id, leg_id=leg_id)

    async def release(self, session_id: int) -> None:
        await self._rpc.call("release.call", call_session_id=session_id)

    async def record(self, session_id: int, *, on: bool) -> None:
        action = "on" if on else "off"
        await self._rpc.call("record.call", call_session_id=session_id, action=action)

    async def coach(self, session_id: int, number: str) -> None:
        await self._rpc.call("add.coach", call_session_id=session_id, phone_number=number)

    async def send_dtmf(self, session_id: int, key: str) -> None:
        """One symbol: the cloud takes no more at a time."""
        await self._rpc.call("send.dtmf", call_session_id=session_id, dtmf_string=key)


def message(written: str) -> tuple[MessageKind, str]:
    """`media:<id>` or `tts:<text>`. Raises SwitchRefused when it is neither."""
    kind, _, value = written.partition(":")
    if kind == "media" and value:
        return "media", value
    if kind == "tts" and value:
        return "tts", value
    raise SwitchRefused("DOZVON_UIS_HOLD is media:<id> or tts:<text>")
