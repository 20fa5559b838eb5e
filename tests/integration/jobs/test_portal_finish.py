"""The end of a call reaches the portal, queued by this release or the one before."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from backend.jobs import portal_finish
from backend.jobs.queue import JobQueue
from backend.services.ports.portal_calls import PortalCall
from backend.store.database import Database
from protocol.vocabulary import AccountId, CallId, EmployeeId, LegId
from tests.integration.conftest import ALPHA
from tests.integration.store.test_call_journal import finished


class Told:
    """Where `PortalCalls` would be: remembers whom each call fell to."""

    def __init__(self) -> None:
        self.calls: dict[str, list[EmployeeId]] = {}
        self.finished: list[str] = []

    async def told(self, _account: AccountId, call_id: CallId) -> None:
        self.finished.append(call_id)

    async def finish(
        self, call: PortalCall, employees: Sequence[EmployeeId], **_how: object
    ) -> None:
        self.calls[call.call_id] = list(employees)


async def _run(queue: JobQueue) -> None:
    async with asyncio.timeout(10):
        await queue.app.run_worker_async(wait=False, install_signal_handlers=False)


async def test_who_talked_comes_first_then_who_was_rung(database: Database) -> None:
    told = Told()
    queue = JobQueue(database.url)
    portal_finish.register(queue, told, told.told)  # type: ignore[arg-type]
    talked = finished("c1")
    rung = replace(talked.legs[0], leg_id=LegId("agent-e2-1"), employee_id=EmployeeId("e2"))
    customer = replace(talked.legs[0], leg_id=LegId("customer-0"), employee_id=None)
    calls = (
        replace(talked, legs=(customer, rung, talked.legs[0])),
        replace(talked, call_id=CallId("lost"), answered_by=None, legs=(customer, rung)),
        replace(talked, call_id=CallId("internal"), direction="internal"),
        replace(talked, call_id=CallId("nobody"), answered_by=None, legs=(customer,)),
    )
    async with queue.opened():
        async with database.begin(ALPHA) as tx:
            for call in calls:
                await portal_finish.defer(queue, tx, call)
        await _run(queue)
    assert told.calls == {"c1": ["e1", "e2"], "lost": ["e2"], "nobody": []}
    assert told.finished == ["c1", "lost", "nobody"]


async def test_a_job_of_the_release_before_still_runs(database: Database) -> None:
    told = Told()
    before, now = JobQueue(database.url), JobQueue(database.url)

    @before.task(portal_finish.NAME)
    async def old(**_arguments: object) -> None: ...

    portal_finish.register(now, told, told.told)  # type: ignore[arg-type]
    arguments: dict[str, Any] = {
        "account_id": ALPHA, "call_id": "c1", "direction": "inbound", "number": "+79991234567",
        "line": "", "started_at": "2026-03-02T09:00:00+00:00", "employee_id": "e1",
        "outcome": "answered", "cause": "normal", "talk_s": 60,
    }  # fmt: skip
    async with before.opened():
        await before.defer(portal_finish.NAME, **arguments)
    async with now.opened():
        await _run(now)
        assert await now.counts() == (0, 0)
    assert told.calls == {"c1": ["e1"]}
