"""An account's CRM is back: what waited for it runs at once, not hours later.

Without a grant a job is put off for longer and longer, to six hours, and parked after three days
and a half; `portal.finish` holds up the later calls of its number as long.
"""

from __future__ import annotations

from typing import Final

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.jobs import callback_tasks, crm_calls, portal_finish, portal_recordings
from protocol.vocabulary import AccountId

log = structlog.get_logger(__name__)

OF_CALLS: Final = (
    crm_calls.NAME,
    portal_finish.NAME,
    portal_recordings.NAME,
    callback_tasks.NAME,
)
"""Jobs that leave what happened in a CRM: even parked ones are as true as before. Others, such as
telling somebody of a call that was refused, are news, and stale by then."""

# Their attempts begin anew: an old job would be parked by the first hiccup after the reconnection.
# Who never failed waits for a moment of its own. Workers listen on these channels (procrastinate's
# procrastinate_notify_queue_job_inserted_v1); one message for each queue is enough to look.
_WAKE = text("""
WITH woken AS (
    UPDATE procrastinate_jobs
    SET status = 'todo', scheduled_at = now(), attempts = 0
    WHERE args ->> 'account_id' = :account_id
      AND ((status = 'todo' AND attempts > 0 AND scheduled_at > now())
           OR (status = 'failed' AND task_name = ANY(:of_calls)))
    RETURNING id, queue_name
), heard AS (
    SELECT queue_name, count(*) AS jobs,
           json_build_object('type', 'job_inserted', 'job_id', min(id))::text AS message
    FROM woken GROUP BY queue_name
)
SELECT jobs, pg_notify('procrastinate_queue_v1#' || queue_name, message),
       pg_notify('procrastinate_any_queue_v1', message)
FROM heard
""")


async def wake(tx: AsyncConnection, account_id: AccountId) -> int:
    """Let the account's waiting and parked jobs run when this transaction is committed; returns
    how many there were. Belongs to the transaction that keeps the good grant."""
    rows = await tx.execute(_WAKE, {"account_id": account_id, "of_calls": list(OF_CALLS)})
    woken = sum(int(row.jobs) for row in rows)
    if woken:
        log.info("jobs.woken", account=account_id, jobs=woken)
    return woken
