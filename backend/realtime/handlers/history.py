"""Past calls, and those that are to be called back."""

from __future__ import annotations

from backend.errors import NotFound
from backend.realtime.agent import Agent
from backend.realtime.registry import handles
from backend.realtime.services import Services
from protocol.callbacks import FinishCallback
from protocol.commands import ListHistory
from protocol.pushes import HistoryPage


@handles(ListHistory)
async def list_history(command: ListHistory, agent: Agent, services: Services) -> HistoryPage:
    return await services.history.page(
        agent.account_id, agent.employee_id, before=command.before, limit=command.limit
    )


@handles(FinishCallback)
async def finish_callback(command: FinishCallback, agent: Agent, services: Services) -> None:
    if services.callbacks is None:
        raise NotFound("nobody is to be called back here")
    await services.callbacks.done(agent.account_id, agent.employee_id, command.call_id)
