"""Work that only one process may do, for as long as its lease lives."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from backend.errors import AppError
from backend.kit.clock import Clock
from backend.services.ports import Lease, Leases

log = structlog.get_logger(__name__)

TTL_S = 4.0
"""A dead holder's work is taken over within this and `WAIT_S`: less than five seconds in all, as
long as a customer listens to ringing without a doubt. Three renewals may fail before."""
RENEW_S = 1.0
WAIT_S = 0.5
"""How often whoever waits for a lease asks for it."""

Held = Callable[[], Lease | None]
"""The lease as it is now; None once it is lost: then nothing more may be ordered."""


async def under_lease(
    leases: Leases, clock: Clock, name: str, holder: str, work: Callable[[Held], Awaitable[None]]
) -> None:
    """Wait for the lease, work under it, begin again when it is lost. Runs until cancelled."""
    while True:
        try:
            # From before it was asked for: the answer may have been long on its way.
            good_until = clock.monotonic() + TTL_S
            lease = await leases.acquire(name, holder, ttl_s=TTL_S)
            if lease is not None and clock.monotonic() < good_until:
                log.info("lease.taken", name=name, token=lease.token)
                await _work(leases, clock, lease, good_until, work)
                log.warning("lease.left", name=name)
        except AppError as error:
            log.warning("lease.work_ended", name=name, error=str(error))
        except Exception:
            log.exception("lease.work_broke", name=name)
        await clock.sleep(WAIT_S)


async def _work(
    leases: Leases,
    clock: Clock,
    lease: Lease,
    good_until: float,
    work: Callable[[Held], Awaitable[None]],
) -> None:
    held: list[Lease | None] = [lease]

    async def do() -> None:
        await work(lambda: held[0])

    working = asyncio.create_task(do())
    renewing = asyncio.create_task(_renew(leases, clock, held, good_until))
    try:
        await asyncio.wait({working, renewing}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        lost = held[0] is None
        for task in (working, renewing):
            task.cancel()
        results = await asyncio.gather(working, renewing, return_exceptions=True)
        if not lost and held[0] is not None:
            await asyncio.shield(leases.release(held[0]))
    if isinstance(results[0], Exception):
        raise results[0]


async def _renew(leases: Leases, clock: Clock, held: list[Lease | None], good_until: float) -> None:
    """Returns when the lease is lost, or may be for all we know: at monotonic second `good_until`
    unless it is renewed."""
    while True:
        await clock.sleep(RENEW_S)
        began, lease = clock.monotonic(), held[0]
        if lease is None:
            return
        try:
            async with asyncio.timeout(max(0.1, good_until - began)):
                renewed = await leases.renew(lease, ttl_s=TTL_S)
        except Exception as error:
            log.warning("lease.renew_failed", name=lease.name, error=str(error))
            if clock.monotonic() < good_until - RENEW_S:
                continue
            renewed = None
        held[0] = renewed
        if renewed is None:
            return
        good_until = began + TTL_S
