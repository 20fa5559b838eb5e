"""Jobs as an outage leaves them, and who of them goes on sleeping."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from backend.jobs import crm_calls
from backend.jobs.queue import JobQueue
from protocol.vocabulary import AccountId
from tests.integration.conftest import ALPHA, BETA

_SET = """
UPDATE procrastinate_jobs SET status = %(status)s::procrastinate_job_status,
    attempts = %(attempts)s, scheduled_at = now() + interval '6 hours' WHERE id = %(id)s
"""
_ASLEEP = """
SELECT args ->> 'call_id' AS call FROM procrastinate_jobs
WHERE (status = 'todo' AND scheduled_at > now() + interval '5 hours')
   OR (status = 'failed' AND attempts >= 20)
"""
ALL = {"waits", "parked", "later", "stale", "others"}
LEFT_ALONE = ALL - {"waits", "parked"}
"""By `waking.wake`."""


async def put_off(jobs: JobQueue) -> None:
    """Of ALPHA: one that waits for hours, one parked, one that merely waits for its time, one
    parked that is no call's; of BETA one that waits as well."""
    for name in (crm_calls.NAME, "news"):
        jobs.announce(name)
    for task, account, call, status, attempts in (
        (crm_calls.NAME, ALPHA, "waits", "todo", 9),
        (crm_calls.NAME, ALPHA, "parked", "failed", 20),
        (crm_calls.NAME, ALPHA, "later", "todo", 0),
        ("news", ALPHA, "stale", "failed", 20),
        (crm_calls.NAME, BETA, "others", "todo", 9),
    ):
        await _one(jobs, task, account, call, status, attempts)


async def _one(
    jobs: JobQueue, task: str, account: AccountId, call: str, status: str, attempts: int
) -> None:
    # Not before tomorrow: a worker that is about would take it before it is put off.
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    job_id = await jobs.defer(task, at=tomorrow, account_id=account, call_id=call, spare=False)
    await jobs.app.connector.execute_query_async(_SET, id=job_id, status=status, attempts=attempts)


async def asleep(jobs: JobQueue) -> set[str]:
    """Calls whose jobs do not run soon. With a worker about, the others may have run already, and
    failed at once where nobody registered their task: they began anew, so they count as awake."""
    rows = await jobs.app.connector.execute_query_all_async(_ASLEEP)
    return {row["call"] for row in rows}
