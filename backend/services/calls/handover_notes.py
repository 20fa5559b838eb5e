"""How far a transfer is, written down: for a new owner, and for whoever shows cards elsewhere."""

from __future__ import annotations

from datetime import timedelta

from backend.domain.call import Sought
from backend.services.calls import records
from backend.services.calls.core import Core
from backend.services.calls.live import Live


def note(core: Core, live: Live) -> None:
    """After each change of `live.transfer` and `live.handovers`, before anybody is rung for it."""
    on, known, at = live.transfer is not None, live.call.sought, core.clock.now()
    if on != (known is not None and known[1]):
        later = at if known is None else max(at, known[0] + timedelta(microseconds=1))
        core.record(live, Sought(on=on, at=later))
    what = records.Passing(transfer=live.transfer, handovers=tuple(live.handovers))
    core.journal.append(records.passing(live.call, what, at))
