"""Who is to be called back, told to those who may do it until somebody did (M1, R7).

A task begins in the transaction that keeps its call and ends with the next talk with the number,
or by somebody's word. What people see is read anew each time, so that a lost word costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from backend.errors import NotFound
from backend.kit.clock import Clock
from backend.services.ports import Bus, Publication, me_stream
from backend.services.ports.callbacks import CallbackRows, CallbackTask, CrmTask
from protocol.callbacks import CallbackItem, CallbacksChanged
from protocol.vocabulary import AccountId, CallId, CrmTrouble, EmployeeId, StreamName

MAX_SHOWN = 50


class CallbackTeller:
    def __init__(self, rows: CallbackRows, bus: Bus, clock: Clock) -> None:
        self._rows = rows
        self._bus = bus
        self._clock = clock
        self._stamp = 0

    async def tell(self, account_id: AccountId, employees: Iterable[EmployeeId] = ()) -> None:
        """Publish the open tasks of `employees`, an empty list included; of everybody who has
        some, when none are named."""
        version, found = self._next(), await self._rows.open(account_id)
        people = dict.fromkeys(employees) or dict.fromkeys(w for t in found for w in t.employees)
        out = []
        for who in people:
            own = [task for task in found if who in task.employees]
            out.append(Publication(me_stream(account_id, who), _push(version, own)))
        if out:
            await self._bus.publish(out)

    def _next(self) -> int:
        """Grows across processes: microseconds of the clock, from before the reading."""
        self._stamp = max(self._stamp + 1, int(self._clock.now().timestamp() * 1_000_000))
        return self._stamp


class Callbacks:
    """What people say of their tasks."""

    def __init__(self, rows: CallbackRows) -> None:
        self._rows = rows

    async def done(self, account_id: AccountId, employee_id: EmployeeId, call_id: CallId) -> None:
        """Everybody who was told sees it leave. Raises NotFound: no such task of theirs."""
        if await self._rows.done(account_id, call_id, employee_id) is None:
            raise NotFound(f"nobody is to be called back for {call_id}")


def _push(version: int, tasks: list[CallbackTask]) -> CallbacksChanged:
    return CallbacksChanged(
        stream=StreamName.ME,
        entity="callbacks",
        version=version,
        total=len(tasks),
        items=[
            CallbackItem(
                call_id=task.call_id,
                number=task.number,
                name=task.name,
                virtual_number=task.virtual_number,
                reason=task.reason,
                at=task.created_at,
                recording_url=task.recording_url,
                **_crm(task.crm),
            )
            for task in tasks[:MAX_SHOWN]
        ],
    )


def _crm(told: CrmTask | None) -> dict[str, Any]:
    if told is None:
        return {}
    done: Literal["waiting", "written", "refused"] = "waiting"
    if told.state in ("written", "closed"):
        done = "written"
    elif told.state == "refused":
        done = "refused"
    rejected = told.trouble == CrmTrouble.REJECTED
    return {
        "crm": done,
        "crm_reason": told.trouble,
        "crm_said": told.reason if rejected else None,
    }
