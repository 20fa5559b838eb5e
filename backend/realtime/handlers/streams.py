"""Streams that are followed while on screen."""

from __future__ import annotations

from backend.realtime.agent import Agent
from backend.realtime.registry import handles
from backend.realtime.services import Services
from protocol.commands import Subscribe, Unsubscribe


@handles(Subscribe)
async def subscribe(command: Subscribe, agent: Agent, services: Services) -> None:
    await agent.link.subscribe(command.id, command.stream, command.position)


@handles(Unsubscribe)
async def unsubscribe(command: Unsubscribe, agent: Agent, services: Services) -> None:
    agent.link.unsubscribe(command.stream)
