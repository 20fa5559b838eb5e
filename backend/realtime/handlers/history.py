"""Past calls."""

from __future__ import annotations

from backend.realtime.agent import Agent
from backend.realtime.registry import handles
from backend.realtime.services import Services
from protocol.commands import ListHistory
from protocol.pushes import HistoryPage


@handles(ListHistory)
async def list_history(command: ListHistory, agent: Agent, services: Services) -> HistoryPage:
    return await services.history.page(
        agent.account_id, agent.employee_id, before=command.before, limit=command.limit
    )
