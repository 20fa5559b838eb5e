"""What people ask of calls. Each command id has one effect, however often it is sent (R3)."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass

from structlog.contextvars import bound_contextvars

from backend.domain.scenario import Device
from backend.errors import BadRequest, Expired, NoDevice, WrongState
from backend.services.calls import browser
from backend.services.calls.asked import Asked
from backend.services.calls.core import Core
from backend.services.calls.live import Live
from backend.services.calls.moving import Moving
from backend.services.calls.passing import Passing
from backend.services.calls.placing import Placing, Wish, dialed_call_id
from backend.services.calls.ringing import Ringing
from backend.services.calls.rooms import Rooms
from backend.services.calls.talking import Talking
from backend.services.calls.transfers import Transfers
from protocol.commands import (
    AnswerCall,
    AnyCommand,
    ChooseContact,
    DeclineCall,
    Dial,
    DismissCall,
    HangUpCall,
    HoldCall,
    RetryLookup,
)
from protocol.phone import MoveVoice, TakeVoice
from protocol.pushes import Dialed, RecordRef
from protocol.recording import PauseRecording
from protocol.transfers import (
    CancelTransfer,
    CompleteTransfer,
    LeaveCall,
    MergeCall,
    MuteCall,
    SendKeys,
    TransferCall,
)
from protocol.vocabulary import AccountId, CallState, CommandId, EmployeeId

REMEMBER_S = 24 * 3600
"""A repeated id is answered from memory this long (R3)."""
MAX_REMEMBERED = 50_000

_Key = tuple[AccountId, EmployeeId, CommandId]


@dataclass(slots=True)
class _Answer:
    at: float
    """Monotonic second it was asked."""
    task: asyncio.Task[object | None]


class Commands:
    def __init__(
        self,
        core: Core,
        ringing: Ringing,
        placing: Placing,
        rooms: Rooms,
        talking: Talking,
        transfers: Transfers,
        moving: Moving,
    ) -> None:
        self._core = core
        self._passing = Passing(core, rooms, transfers)
        self._ringing = ringing
        self._placing = placing
        self._rooms = rooms
        self._talking = talking
        self._moving = moving
        self._answers: OrderedDict[_Key, _Answer] = OrderedDict()
        """Oldest first."""

    async def handle(
        self, account_id: AccountId, employee_id: EmployeeId, command: AnyCommand
    ) -> object | None:
        """The reply's result, or None. A repeated id waits for, or repeats, the first answer.

        Raises AppErrors; Expired when the deadline passed, though the effect may still come and
        is then seen as everyone sees it.
        """
        self._forget_old()
        key = (account_id, employee_id, command.id)
        answer = self._answers.get(key)
        if answer is None:
            work = self._carry_out(account_id, employee_id, command)
            with bound_contextvars(
                account=account_id,
                call=getattr(command, "call_id", None),
                command=command.id,
            ):
                answer = _Answer(self._core.clock.monotonic(), asyncio.create_task(work))
            answer.task.add_done_callback(_retrieve)
            self._answers[key] = answer
        try:
            async with asyncio.timeout(command.ttl_ms / 1000):
                return await asyncio.shield(answer.task)
        except TimeoutError:
            raise Expired(f"{command.id} took too long") from None

    async def stop(self) -> None:
        """End what is still being carried out: the next owner is asked again."""
        tasks = [answer.task for answer in self._answers.values() if not answer.task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _forget_old(self) -> None:
        now = self._core.clock.monotonic()
        while self._answers:
            key, oldest = next(iter(self._answers.items()))
            if now - oldest.at < REMEMBER_S and len(self._answers) <= MAX_REMEMBERED:
                return
            del self._answers[key]

    async def _carry_out(
        self, account_id: AccountId, employee_id: EmployeeId, command: AnyCommand
    ) -> object | None:
        match command:
            case Dial():
                wish = _wish(account_id, employee_id, command)
                return Dialed(call_id=await self._placing.dial(account_id, employee_id, wish))
            case AnswerCall() | DeclineCall() | HangUpCall() | HoldCall() | DismissCall():
                live = self._core.find(account_id, employee_id, command.call_id)
                await self._ask(live, employee_id, command)
                return None
            case (
                TransferCall()
                | CompleteTransfer()
                | CancelTransfer()
                | MergeCall()
                | LeaveCall()
                | MuteCall()
                | SendKeys()
            ):
                live = self._core.find(account_id, employee_id, command.call_id)
                await self._passing.ask(live, employee_id, command)
                return None
            case PauseRecording(on=on):
                live = self._core.find(account_id, employee_id, command.call_id)
                await self._talking.pausing.ask(live, employee_id, on=on)
                return None
            case MoveVoice(leg_id=leg_id):
                live = self._core.find(account_id, employee_id, command.call_id)
                await self._moving.move(live, employee_id, leg_id)
                return None
            case TakeVoice(leg_id=leg_id):
                live = self._core.find(account_id, employee_id, command.call_id)
                self._moving.sounds(live, employee_id, leg_id)
                return None
            case ChooseContact(kind=kind, record_id=record_id):
                self._core.find(account_id, employee_id, command.call_id)
                record = RecordRef(kind=kind, id=record_id)
                await self._core.callers.choose(account_id, command.call_id, record, employee_id)
                return None
            case RetryLookup():
                self._core.find(account_id, employee_id, command.call_id)
                await self._core.callers.retry(account_id, command.call_id)
                return None
            case _:
                raise BadRequest(f"{type(command).__name__} is no command on calls")

    async def _ask(
        self,
        live: Live,
        employee_id: EmployeeId,
        command: AnswerCall | DeclineCall | HangUpCall | HoldCall | DismissCall,
    ) -> None:
        match command:
            case AnswerCall():
                await self._answer(live, employee_id)
            case DeclineCall():
                if employee_id not in live.offers:
                    raise WrongState("the call does not ring here")
                self._ringing.withdraw(live, employee_id, "declined")
                self._ringing.settled(live)
            case HangUpCall():
                if live.call.state is CallState.ENDED:
                    raise WrongState("the call is over")
                if employee_id in live.offers:
                    raise WrongState("the call rings: decline it")
                if not self._passing.hangs_up(live, employee_id):
                    await self._talking.hang_up(live)
            case HoldCall(on=on):
                await self._passing.hold(live, employee_id, on=on)
            case DismissCall():
                if live.call.state is not CallState.ENDED:
                    raise WrongState("the call lives")
                live.dismissed.add(employee_id)
                self._core.show(live)

    async def _answer(self, live: Live, employee_id: EmployeeId) -> None:
        offer = live.offers.get(employee_id)
        if offer is None:
            raise WrongState("the call does not ring here")
        if offer.answering:
            return  # pressed in another tab a moment ago
        in_tab = [leg for leg, device in offer.ringing.items() if device.kind == "browser"]
        if in_tab:
            # It rings in a tab: the one that is the phone takes it, nothing is rung anew.
            await self._rooms.make_room(live, employee_id)
            browser.ask_to_answer(self._core, live, employee_id, in_tab[0])
            return
        ready = self._core.browser_ready(live.call.account_id, employee_id)
        devices = sorted(
            (*offer.ringing.values(), *offer.route.devices),
            key=lambda device: device.kind != "browser" if ready else device.kind == "browser",
        )
        able = [device for device in devices if device.auto_answer]
        if not able or not live.can.answer:
            raise NoDevice("no device of this employee picks up by itself")
        device: Device = able[0]
        await self._rooms.make_room(live, employee_id)
        if live.offers.get(employee_id) is not offer:
            raise WrongState("the call stopped ringing here")
        await self._ringing.answer(live, offer, device)


def _wish(account_id: AccountId, employee_id: EmployeeId, command: Dial) -> Wish:
    record = None
    if command.record_kind is not None and command.record_id is not None:
        record = RecordRef(kind=command.record_kind, id=command.record_id)
    return Wish(
        call_id=dialed_call_id(account_id, employee_id, command.id),
        target=command.target,
        source=command.source,
        caller_id=command.caller_id,
        asked=Asked(extension=command.extension, record=record),
    )


def _retrieve(task: asyncio.Task[object | None]) -> None:
    """Look at a refusal whose asker is gone, or asyncio reports it as never retrieved."""
    if not task.cancelled():
        task.exception()
