"""Asking a supervisor for help."""

from __future__ import annotations

from backend.errors import NotFound
from backend.realtime.agent import Agent
from backend.realtime.registry import handles
from backend.realtime.services import HandService, Services
from protocol.board import LowerHand, RaiseHand


@handles(RaiseHand)
async def up(command: RaiseHand, agent: Agent, services: Services) -> None:
    await _hands(services).up(agent.account_id, agent.employee_id, command.reason, command.call_id)


@handles(LowerHand)
async def down(_command: LowerHand, agent: Agent, services: Services) -> None:
    await _hands(services).down(agent.account_id, agent.employee_id)


def _hands(services: Services) -> HandService:
    if services.hands is None:
        raise NotFound("nobody watches a board here")
    return services.hands
