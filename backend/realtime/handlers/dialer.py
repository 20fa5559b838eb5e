"""Working through lists of people."""

from __future__ import annotations

import msgspec

from backend.errors import NotFound
from backend.realtime.agent import Agent
from backend.realtime.registry import handles
from backend.realtime.services import Services
from protocol.dialer import (
    BlendList,
    DialItem,
    DisposeItem,
    ListItems,
    ListLists,
    MoveItem,
    NextItem,
    RefreshList,
    RemoveItem,
    RepeatList,
    ResetList,
    SkipItem,
    StartList,
    StopList,
    TypeOn,
)
from protocol.frames import Command


@handles(
    ListLists,
    ListItems,
    StartList,
    StopList,
    BlendList,
    DialItem,
    SkipItem,
    NextItem,
    TypeOn,
    DisposeItem,
    RemoveItem,
    MoveItem,
    RefreshList,
    RepeatList,
    ResetList,
)
async def dialer(command: Command, agent: Agent, services: Services) -> msgspec.Struct | None:
    if services.dialer is None:
        raise NotFound("there is no dialer here")
    return await services.dialer.ask(agent.account_id, agent.employee_id, command)
