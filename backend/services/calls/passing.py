"""What people ask of a talk: hold, mute, keys, passing it on. Who may ask what, now."""

from __future__ import annotations

from backend.errors import WrongState
from backend.services.calls.core import Core
from backend.services.calls.live import Live
from backend.services.calls.rooms import Rooms
from backend.services.calls.transfer import Phase
from backend.services.calls.transfers import Transfers
from protocol.transfers import (
    CancelTransfer,
    CompleteTransfer,
    LeaveCall,
    MergeCall,
    MuteCall,
    SendKeys,
    TransferCall,
)
from protocol.vocabulary import CallState, EmployeeId, LegId, LegState

PassingCommand = (
    TransferCall | CompleteTransfer | CancelTransfer | MergeCall | LeaveCall | MuteCall | SendKeys
)


class Passing:
    def __init__(self, core: Core, rooms: Rooms, transfers: Transfers) -> None:
        self._core = core
        self._rooms = rooms
        self._transfers = transfers

    async def ask(self, live: Live, employee_id: EmployeeId, command: PassingCommand) -> None:
        """Raises AppErrors; then nothing changed."""
        match command:
            case TransferCall():
                await self._transfers.begin(live, employee_id, command)
            case CompleteTransfer():
                await self._transfers.complete(live, employee_id)
            case CancelTransfer():
                await self._transfers.cancel(live, employee_id)
            case MergeCall():
                await self._transfers.merge(live, employee_id)
            case LeaveCall():
                await self._transfers.leave(live, employee_id)
            case MuteCall(on=on):
                if not self._core.switch.capabilities.mute:
                    raise WrongState("the switch cannot do it")
                await self._rooms.mute(live, self._at_phone(live, employee_id), on=on)
            case SendKeys(digits=digits):
                if not self._core.switch.capabilities.dtmf:
                    raise WrongState("the switch cannot do it")
                # One after another: keys that overtake each other are another number.
                async with live.lock:
                    leg_id = self._hears(live, self._at_phone(live, employee_id))
                    await self._core.switch.send_digits(live.call.call_id, leg_id, digits)

    def hangs_up(self, live: Live, employee_id: EmployeeId) -> bool:
        """Whether hanging up meant something else than the end of the call."""
        return self._transfers.hangs_up(live, employee_id)

    async def hold(self, live: Live, employee_id: EmployeeId, *, on: bool) -> None:
        """Music for the other side, or back. Coming back holds whatever else he talks in (W8); in
        a consultation it turns him from one to the other."""
        if live.call.state not in (CallState.TALKING, CallState.HELD):
            raise WrongState("nobody talks")
        transfer = live.transfer
        if transfer is not None:
            if employee_id != transfer.by or transfer.phase is not Phase.CONSULTING:
                raise WrongState("the call is on its way to somebody else")
            await self._transfers.swap(live, to_customer=not on)
            return
        if not on:
            await self._rooms.make_room(live, employee_id)
        leg = live.call.leg_of(employee_id)
        await self._rooms.hold(live, None if leg is None else leg.leg_id, on=on)

    def _at_phone(self, live: Live, employee_id: EmployeeId) -> LegId:
        """His leg, if he speaks on it."""
        own = live.call.leg_of(employee_id)
        if own is None or own.state is not LegState.UP or live.call.state is CallState.ENDED:
            raise WrongState("not at the phone in this call")
        return own.leg_id

    def _hears(self, live: Live, own: LegId) -> LegId:
        """Whose exchange the keys are for: who is consulted, else the outside party, else the
        other one."""
        call, transfer = live.call, live.transfer
        if transfer is not None and transfer.leg_id is not None and not transfer.swapped:
            return transfer.leg_id if own != transfer.leg_id else transfer.sender_leg
        others = [leg for leg in call.talkers if leg.leg_id != own]
        others.sort(key=lambda leg: (leg.employee_id is not None, leg.leg_id))
        if not others:
            raise WrongState("nobody is there to hear them")
        return others[0].leg_id
