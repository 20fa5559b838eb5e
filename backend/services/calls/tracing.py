"""The way that led a caller here: found beside the ringing, patched into the card (W4).

What a number stands for by itself is in the routing table and on the first paint. Whether a
visitor was shown the number is asked of the database, which no card waits for.
"""

from __future__ import annotations

import asyncio
from typing import Final

import structlog

from backend.services.calls import records
from backend.services.calls.core import Core
from backend.services.calls.live import Live
from protocol.vocabulary import Direction

log = structlog.get_logger(__name__)

FIND_S: Final = 5.0
"""How long one look may take."""
AGAIN_S: Final = (0.5, 2.0, 5.0)
"""When a look that failed is repeated: a database that fails over is back within seconds."""
SETTLE_S: Final = 2.0
"""How long the history of a call waits for a look that outlasts the call."""


def trace(core: Core, live: Live) -> None:
    """Begin to find out; returns at once. For a call whose `virtual` number is set."""
    account, virtual = core.account(live), live.virtual
    if virtual is None or not account.settings.call_tracking.visits:
        return
    if live.call.direction is not Direction.INBOUND:
        return
    if live.way is None:
        live.way = virtual.way
    if virtual.pool and (live.way is None or not live.way.exact):
        live.tracing = core.spawn(_find(core, live, virtual.number))


async def settled(live: Live) -> None:
    """The look is over, or it takes too long to be waited for."""
    if live.tracing is not None and not live.tracing.done():
        await asyncio.wait({live.tracing}, timeout=SETTLE_S)


async def _find(core: Core, live: Live, number: str) -> None:
    call = live.call
    for delay_s in (*AGAIN_S, None):
        try:
            async with asyncio.timeout(FIND_S):
                way = await core.ways.find(call.account_id, number, call.started_at)
            break
        except Exception as error:
            # Whatever is the matter, the call goes on as if nobody tracked it.
            log.warning("calls.way_not_found_out", call=call.call_id, error=repr(error))
            if delay_s is None or live.ended:
                return
            await core.clock.sleep(delay_s)
    if way is None:
        return
    live.way = way
    if live.ended:
        # Its journal is cleared away any moment; the history has the way if it came in time.
        return
    core.journal.append(records.traced(call, way, core.clock.now()))
    core.show(live)
