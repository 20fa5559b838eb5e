"""Commands on calls: handed to the call's owner, in whichever process it lives."""

from __future__ import annotations

from backend.realtime.agent import Agent
from backend.realtime.registry import handles
from backend.realtime.services import Services
from protocol.commands import AnswerCall, DeclineCall, Dial, DismissCall, HangUpCall, HoldCall

CallCommand = AnswerCall | DeclineCall | HangUpCall | HoldCall | Dial | DismissCall


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
