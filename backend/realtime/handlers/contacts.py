"""Commands about who the caller is."""

from __future__ import annotations

from backend.realtime.agent import Agent
from backend.realtime.registry import handles
from backend.realtime.services import Services
from protocol.commands import ChooseContact, RetryLookup


@handles(ChooseContact)
async def choose(command: ChooseContact, agent: Agent, services: Services) -> bytes | None:
    return await services.contacts.run(
        agent.account_id, agent.employee_id, command, timeout_s=command.ttl_ms / 1000
    )


@handles(RetryLookup)
async def retry(command: RetryLookup, agent: Agent, services: Services) -> bytes | None:
    return await services.contacts.run(
        agent.account_id, agent.employee_id, command, timeout_s=command.ttl_ms / 1000
    )
