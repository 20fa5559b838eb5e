"""Keys heard by the outside party: the extension a CRM gave with the number, dialled once."""

from __future__ import annotations

import structlog

from backend.errors import AppError
from backend.services.calls import records
from backend.services.calls.core import Core
from backend.services.calls.live import Live
from protocol.vocabulary import CallState, Direction

log = structlog.get_logger(__name__)

FIRST_PAUSE = ","
"""An exchange that answers by itself speaks or listens only after its own line is up; keys in the
first moment are lost. Whoever knows better writes more commas."""


class Keys:
    def __init__(self, core: Core) -> None:
        self._core = core

    async def dial_extension(self, live: Live) -> None:
        """After the other party answered. Written down first: a worker that dies here leaves it
        to the operator, because an extension dialled twice reaches somebody else."""
        core, call, extension = self._core, live.call, live.asked.extension
        customer = call.customer
        if (
            extension is None
            or live.extension_dialed is not None
            or call.direction is not Direction.OUTBOUND
            or customer is None
            or customer.answered_at is None
        ):
            return
        live.extension_dialed = True
        core.journal.append(records.extension_dialed(call, core.clock.now()))
        try:
            await core.switch.send_digits(call.call_id, customer.leg_id, FIRST_PAUSE + extension)
        except AppError as error:
            if live.call.state is not CallState.ENDED:
                log.warning("extension not dialled", call=call.call_id, error=repr(error))
                live.extension_dialed = False
        core.show(live)
