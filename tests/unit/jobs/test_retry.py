"""Which failures are tried again, and when."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from procrastinate.jobs import Job

from backend.errors import CrmAuthExpired, CrmRejected, CrmUnavailable, NotFound, NotYet
from backend.jobs.retry import LONGEST_DELAY_S, MAX_ATTEMPTS, GrowingDelay

STRATEGY = GrowingDelay()


def _in_s(error: BaseException, attempts: int = 0) -> float | None:
    job = Job(
        id=0, queue="default", lock=None, queueing_lock=None, task_name="t", attempts=attempts
    )
    decision = STRATEGY.get_retry_decision(exception=error, job=job)
    if decision is None:
        return None
    assert decision.retry_at is not None
    return (decision.retry_at - datetime.now(UTC)).total_seconds()


def test_delays_grow_to_six_hours_and_last_for_days() -> None:
    delays = [STRATEGY.delay_s(n) for n in range(MAX_ATTEMPTS - 1)]
    assert delays[:4] == [10, 30, 90, 270]
    assert delays == sorted(delays)
    assert delays[-1] == LONGEST_DELAY_S
    assert 3 * 86400 < sum(delays) < 5 * 86400


def test_jobs_that_failed_together_come_back_apart() -> None:
    assert len({STRATEGY.delay_s(3, spread=n) for n in range(11)}) == 11
    assert STRATEGY.delay_s(3, spread=10) <= 1.1 * STRATEGY.delay_s(3)


@pytest.mark.parametrize(
    "error", [CrmAuthExpired(), CrmUnavailable(), OSError("reset"), KeyError()]
)
def test_what_may_pass_is_tried_again(error: Exception) -> None:
    assert _in_s(error) == pytest.approx(10, abs=1)


@pytest.mark.parametrize("error", [CrmRejected(), NotFound()])
def test_an_answer_is_parked_at_once(error: Exception) -> None:
    assert _in_s(error) is None


def test_a_crm_that_named_a_time_is_asked_then() -> None:
    assert _in_s(CrmUnavailable(retry_after_s=77)) == pytest.approx(77, abs=1)


def test_a_named_time_only_lengthens_the_growing_delay_and_for_six_hours_at_most() -> None:
    assert _in_s(CrmUnavailable(retry_after_s=1), 4) == pytest.approx(810, abs=1)
    assert _in_s(CrmUnavailable(retry_after_s=86_400)) == pytest.approx(LONGEST_DELAY_S, abs=1)


def test_what_was_not_tried_is_no_attempt() -> None:
    assert _in_s(NotYet(retry_after_s=3), MAX_ATTEMPTS + 5) == pytest.approx(3, abs=1)


def test_after_the_last_attempt_it_is_parked() -> None:
    assert _in_s(OSError(), MAX_ATTEMPTS - 1) is None
    assert _in_s(OSError(), MAX_ATTEMPTS - 2) is not None


def test_a_stopping_worker_puts_its_jobs_back_at_once_however_often_they_failed() -> None:
    assert _in_s(asyncio.CancelledError(), MAX_ATTEMPTS) == pytest.approx(0, abs=1)
