"""When a failed job runs again: growing delays for days, then parked where somebody sees it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from procrastinate import BaseRetryStrategy, RetryDecision
from procrastinate.exceptions import JobAborted
from procrastinate.jobs import Job

from backend.errors import (
    AppError,
    CrmAuthExpired,
    CrmUnavailable,
    NotYet,
    SwitchUnavailable,
    TooMany,
)

FIRST_DELAY_S = 10.0
GROWTH = 3.0
LONGEST_DELAY_S = 6 * 3600.0
MAX_ATTEMPTS = 20
"""10 s, 30 s, … 2 h, then every 6 h: three days and a half, a weekend with a dead CRM."""

_WORTH_RETRYING = (CrmUnavailable, CrmAuthExpired, SwitchUnavailable, TooMany)
"""Refusals that pass. The others (`CrmRejected`, `NotFound` …) are answers: parked at once."""


class GrowingDelay(BaseRetryStrategy):
    """Decides by exception: expected refusals by kind, anything else (a bug, the network) later."""

    def __init__(
        self, *, first_delay_s: float = FIRST_DELAY_S, max_attempts: int = MAX_ATTEMPTS
    ) -> None:
        self._first_delay_s = first_delay_s
        self._max_attempts = max_attempts

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """None parks the job: it stays with status `failed`."""
        if isinstance(exception, JobAborted | asyncio.CancelledError):
            # The worker is stopping; the next one goes on.
            return RetryDecision(retry_at=datetime.now(UTC))
        if isinstance(exception, NotYet):
            return not_yet(exception)
        if isinstance(exception, AppError) and not isinstance(exception, _WORTH_RETRYING):
            return None
        if job.attempts + 1 >= self._max_attempts:
            return None
        delay_s = self.delay_s(job.attempts, spread=job.id or 0)
        if isinstance(exception, CrmUnavailable) and exception.retry_after_s is not None:
            # Never sooner than it would come anyway: a CRM that says "in a second" for hours would
            # use up all attempts in a minute. Nor after a day, whatever a proxy wrote.
            delay_s = max(delay_s, min(exception.retry_after_s, LONGEST_DELAY_S))
        return RetryDecision(retry_at=datetime.now(UTC) + timedelta(seconds=delay_s))

    def delay_s(self, attempts: int, *, spread: int = 0) -> float:
        """Seconds before attempt `attempts + 2`; up to a tenth longer by `spread`, so that jobs
        that failed together do not come back together."""
        delay_s = min(self._first_delay_s * GROWTH ** min(attempts, 16), LONGEST_DELAY_S)
        return delay_s * (1 + spread % 11 / 100)


def not_yet(exception: NotYet) -> RetryDecision:
    """Nothing was tried, however often: the queue gives the attempt back."""
    wait_s = exception.retry_after_s or FIRST_DELAY_S
    return RetryDecision(retry_at=datetime.now(UTC) + timedelta(seconds=wait_s))
