"""Who hears whom while a call is passed on: the sender, the target, the one who waits (W6)."""

from __future__ import annotations

from dataclasses import replace

import structlog

from backend.errors import NotFound, SwitchError, WrongState
from backend.services.calls.core import Core
from backend.services.calls.handover_notes import note
from backend.services.calls.live import Live
from backend.services.calls.rooms import Rooms
from backend.services.calls.transfer import Phase
from protocol.vocabulary import LegId, TransferTrouble

log = structlog.get_logger(__name__)


class Consulting:
    def __init__(self, core: Core, rooms: Rooms) -> None:
        self._core = core
        self._rooms = rooms

    async def wait(self, live: Live, sender: LegId) -> None:
        """The sender hears that the target rings. Raises SwitchError, NotFound."""

        def rings() -> bool:
            return live.transfer is not None and live.transfer.phase is Phase.RINGING

        await self._rooms.aside(live, sender, "ringback", rings)

    async def meet(self, live: Live, sender: LegId, target: LegId) -> None:
        """Sender and target hear each other, and nobody else does."""
        try:
            await self._rooms.consult(live, (sender, target), lambda: _is_met(live, target))
        except NotFound:
            log.info("a leg left before it was consulted", call=live.call.call_id)
        except SwitchError as error:
            log.error("cannot consult", call=live.call.call_id, error=repr(error))

    async def soothe(self, live: Live, sender: LegId) -> None:
        """Whoever was left alone by a gone owner, or by a target who left in the last moment, waits
        with music, not in silence."""

        def waits() -> LegId | None:
            room = tuple(leg.leg_id for leg in live.call.talkers)
            if live.transfer is None or live.transfer.swapped or not room:
                return None
            return self._rooms.other(live, room, sender)

        await self._rooms.soothe(live, waits)

    async def swap(self, live: Live, *, to_customer: bool) -> None:
        """The sender turns to the other party, or back to the target. Raises WrongState,
        SwitchError."""
        transfer, core = live.transfer, self._core
        if transfer is None or transfer.phase is not Phase.CONSULTING:
            raise WrongState("the target does not talk yet")
        if "conference" not in core.switch.capabilities.transfers:
            raise WrongState("the switch cannot do it", reason=TransferTrouble.ENGINE.value)
        target, own = transfer.leg_id, transfer.sender_leg
        done = transfer.swapped == to_customer and live.call.is_held != to_customer
        if target is None or done:
            return
        if to_customer:
            if not await self._rooms.aside(live, target, "music", lambda: _is_met(live, target)):
                return  # over while we waited our turn
            await self._rooms.connect(live, resume=True)
        else:
            await self._rooms.hold(live, own, on=True)
            if not await self._rooms.consult(live, (own, target), lambda: _is_met(live, target)):
                return
        if live.transfer is not None and live.transfer.leg_id == target:
            live.transfer = replace(live.transfer, swapped=to_customer)
            note(core, live)
        core.show(live)


def _is_met(live: Live, target: LegId) -> bool:
    """This target is still the one who is consulted."""
    return live.transfer is not None and live.transfer.leg_id == target
