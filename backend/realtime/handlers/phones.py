"""The phone in the browser: what a tab proves, which one has it, what it registers with."""

from __future__ import annotations

from dataclasses import replace

from backend.domain.tab_phone import TabPhone
from backend.errors import WrongState
from backend.realtime.agent import Agent
from backend.realtime.registry import handles
from backend.realtime.services import Services
from backend.services.presence import Seat
from protocol.phone import PhoneCredentials, RegisterPhone, ReleasePhone, ReportPhone, TakePhone


def _seat(agent: Agent) -> Seat:
    if agent.link.seat is None:
        raise WrongState("not welcomed yet")
    return agent.link.seat


async def _taken(agent: Agent, phone: TabPhone) -> None:
    """The tab has the phone; what it proved while that was found out is newer than `phone`."""
    now = _seat(agent).tab.phone
    if now is not None:
        await agent.link.be_phone(replace(now, taken=max(now.taken, phone.taken)))


@handles(ReportPhone)
async def report(command: ReportPhone, agent: Agent, services: Services) -> None:
    seat = _seat(agent)
    before = seat.tab.phone
    phone = TabPhone(
        microphone=command.microphone,
        connected=command.connected,
        registered=command.registered,
        talking=command.talking,
        taken=0 if before is None else before.taken,
    )
    await agent.link.be_phone(phone)
    if command.talking and (before is None or not before.talking):
        # Where the voice is, the phone is: after a cut of this socket as well.
        await _taken(agent, await services.phones.taking(_seat(agent)))


@handles(RegisterPhone)
async def register(_command: RegisterPhone, agent: Agent, services: Services) -> PhoneCredentials:
    await _taken(agent, await services.phones.registering(_seat(agent)))
    return await services.phones.issue(agent.account_id, agent.employee_id)


@handles(TakePhone)
async def take(command: TakePhone, agent: Agent, services: Services) -> None:
    await _taken(agent, await services.phones.taking(_seat(agent)))


@handles(ReleasePhone)
async def release(_command: ReleasePhone, agent: Agent, services: Services) -> None:
    held = await services.phones.holds(_seat(agent))
    await agent.link.be_phone(None)
    if held:
        await services.phones.withdraw(agent.account_id, agent.employee_id)
