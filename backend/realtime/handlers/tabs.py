"""What a tab says of itself."""

from __future__ import annotations

from backend.realtime.agent import Agent
from backend.realtime.registry import handles
from backend.realtime.services import Services
from protocol.commands import ReportTab


@handles(ReportTab)
async def report(command: ReportTab, agent: Agent, services: Services) -> None:
    await agent.link.report(visible=command.visible, sound=command.sound)
    if command.visible and services.seen is not None:
        await services.seen.in_front(agent.account_id, agent.employee_id)
