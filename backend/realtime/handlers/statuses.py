"""One's own status."""

from __future__ import annotations

from backend.realtime.agent import Agent
from backend.realtime.registry import handles
from backend.realtime.services import Services
from protocol.commands import SetStatus


@handles(SetStatus)
async def choose(command: SetStatus, agent: Agent, services: Services) -> None:
    await services.statuses.choose(
        agent.account_id, agent.employee_id, command.status, command.reason
    )
