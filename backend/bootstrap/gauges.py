"""What a worker counts when somebody looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.api.metrics import Collect, Metrics

if TYPE_CHECKING:
    from backend.bootstrap.worker import Worker


def collector(metrics: Metrics, worker: Worker) -> Collect:
    async def collect() -> None:
        # What is in memory first: it is there even while the database is not.
        metrics.budget_waiting.set(worker.sources.waiting())
        states = worker.sources.states.values()
        metrics.crm_disconnected.set(sum(state == "auth_expired" for state in states))
        metrics.calls.set(sum(owner.live_calls() for owner in tuple(worker.owners.now.values())))
        waiting, parked = await worker.jobs.counts()
        metrics.jobs_waiting.set(waiting)
        metrics.jobs_parked.set(parked)

    return collect
