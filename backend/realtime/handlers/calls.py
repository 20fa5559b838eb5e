"""Commands on calls: handed to the call's owner, in whichever process it lives."""

from __future__ import annotations

from backend.realtime.agent import Agent
from backend.realtime.registry import handles
from backend.realtime.services import Services
from protocol.commands import AnswerCall, DeclineCall, Dial, DismissCall, HangUpCall, HoldCall
from protocol.phone import MoveVoice, TakeVoice
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

CallCommand = (
    AnswerCall
    | DeclineCall
    | HangUpCall
    | HoldCall
    | Dial
    | DismissCall
    | TransferCall
    | CompleteTransfer
    | CancelTransfer
    | MergeCall
    | LeaveCall
    | MuteCall
    | SendKeys
    | PauseRecording
    | MoveVoice
    | TakeVoice
)


async def _ask(command: CallCommand, agent: Agent, services: Services) -> bytes | None:
    return await services.calls.run(
        agent.account_id, agent.employee_id, command, timeout_s=command.ttl_ms / 1000
    )


@handles(AnswerCall)
async def answer(command: AnswerCall, agent: Agent, services: Services) -> bytes | None:
    return await _ask(command, agent, services)


@handles(DeclineCall)
async def decline(command: DeclineCall, agent: Agent, services: Services) -> bytes | None:
    return await _ask(command, agent, services)


@handles(HangUpCall)
async def hang_up(command: HangUpCall, agent: Agent, services: Services) -> bytes | None:
    return await _ask(command, agent, services)


@handles(HoldCall)
async def hold(command: HoldCall, agent: Agent, services: Services) -> bytes | None:
    return await _ask(command, agent, services)


@handles(Dial)
async def dial(command: Dial, agent: Agent, services: Services) -> bytes | None:
    return await _ask(command, agent, services)


@handles(DismissCall)
async def dismiss(command: DismissCall, agent: Agent, services: Services) -> bytes | None:
    return await _ask(command, agent, services)


@handles(TransferCall)
async def transfer(command: TransferCall, agent: Agent, services: Services) -> bytes | None:
    return await _ask(command, agent, services)


@handles(CompleteTransfer)
async def complete_transfer(
    command: CompleteTransfer, agent: Agent, services: Services
) -> bytes | None:
    return await _ask(command, agent, services)


@handles(CancelTransfer)
async def cancel_transfer(
    command: CancelTransfer, agent: Agent, services: Services
) -> bytes | None:
    return await _ask(command, agent, services)


@handles(MergeCall)
async def merge(command: MergeCall, agent: Agent, services: Services) -> bytes | None:
    return await _ask(command, agent, services)


@handles(LeaveCall)
async def leave(command: LeaveCall, agent: Agent, services: Services) -> bytes | None:
    return await _ask(command, agent, services)


@handles(MuteCall)
async def mute(command: MuteCall, agent: Agent, services: Services) -> bytes | None:
    return await _ask(command, agent, services)


@handles(PauseRecording)
async def pause_recording(
    command: PauseRecording, agent: Agent, services: Services
) -> bytes | None:
    return await _ask(command, agent, services)


@handles(SendKeys)
async def send_keys(command: SendKeys, agent: Agent, services: Services) -> bytes | None:
    return await _ask(command, agent, services)


@handles(MoveVoice)
async def move_voice(command: MoveVoice, agent: Agent, services: Services) -> bytes | None:
    return await _ask(command, agent, services)


@handles(TakeVoice)
async def take_voice(command: TakeVoice, agent: Agent, services: Services) -> bytes | None:
    return await _ask(command, agent, services)
