"""The session itself."""

from __future__ import annotations

from backend.realtime.agent import Agent
from backend.realtime.registry import handles
from backend.realtime.services import Services
from protocol.commands import RenewSession
from protocol.pushes import SessionToken


@handles(RenewSession)
async def renew(command: RenewSession, agent: Agent, services: Services) -> SessionToken:
    issued = await services.sessions.renew(agent.account_id, agent.session_id)
    agent.link.prolong(issued.expires_at)
    return SessionToken(token=issued.token, expires_at=issued.expires_at)
