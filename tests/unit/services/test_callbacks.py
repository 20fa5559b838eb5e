"""Who is to be called back, as those who may do it see it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from backend.bus.memory import MemoryBus
from backend.errors import NotFound
from backend.kit.clock import ManualClock
from backend.services.callbacks import Callbacks, CallbackTeller
from backend.services.ports import me_stream
from backend.services.ports.callbacks import CallbackTask
from protocol.vocabulary import AccountId, CallbackReason, CallId, EmployeeId

ACC = AccountId("acc")
ANNA, BORIS = EmployeeId("anna"), EmployeeId("boris")
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
TASK = CallbackTask(
    call_id=CallId("c1"),
    number="+79161234567",
    name="Ivan",
    virtual_number="+74951112233",
    reason=CallbackReason.ASKED,
    employees=(ANNA, BORIS),
    created_at=START,
)


@dataclass
class Rows:
    tasks: list[CallbackTask] = field(default_factory=lambda: [TASK])

    async def open(self, account_id: AccountId) -> Sequence[CallbackTask]:
        return list(self.tasks)

    async def done(
        self, account_id: AccountId, call_id: CallId, employee_id: EmployeeId
    ) -> tuple[EmployeeId, ...] | None:
        found = [t for t in self.tasks if t.call_id == call_id and employee_id in t.employees]
        self.tasks = [t for t in self.tasks if t not in found]
        return found[0].employees if found else None


async def shown(bus: MemoryBus, who: EmployeeId) -> list[dict[str, Any]]:
    read = await bus.read(me_stream(ACC, who), None)
    return [json.loads(d.frame) for d in read.deliveries]


async def test_a_list_reaches_whoever_may_do_it_and_empties_when_it_is_done() -> None:
    clock = ManualClock(START)
    bus, rows = MemoryBus(clock), Rows()
    teller = CallbackTeller(rows, bus, clock)
    await teller.tell(ACC)
    [push] = await shown(bus, BORIS)
    assert (push["total"], push["items"][0]["reason"]) == (1, "asked")
    rows.tasks.append(replace(TASK, call_id=CallId("c2"), employees=(ANNA,)))
    await Callbacks(rows).done(ACC, BORIS, CallId("c1"))
    await teller.tell(ACC, (ANNA, BORIS))
    assert [push["items"] for push in await shown(bus, BORIS)] == [[]]
    [push] = await shown(bus, ANNA)
    assert [item["call_id"] for item in push["items"]] == ["c2"]


async def test_nobody_ends_a_task_he_was_not_told_of() -> None:
    rows = Rows([replace(TASK, employees=(ANNA,))])
    with pytest.raises(NotFound):
        await Callbacks(rows).done(ACC, BORIS, CallId("c1"))
    assert len(rows.tasks) == 1
