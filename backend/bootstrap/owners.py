"""The switch connections this process holds, each with the one owner of its calls."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack

from backend.bootstrap import uis
from backend.bootstrap.foundation import Foundation
from backend.bootstrap.leased import Held, under_lease
from backend.services.calls import CallOwner
from backend.services.ports import Leases, Switch
from backend.services.routing import RoutingTable
from backend.services.statuses import StatusService
from backend.store.switches import SwitchConnection
from backend.telephony.asterisk import AsteriskSwitch
from protocol.vocabulary import CallId

Make = Callable[[SwitchConnection, Switch, Held], CallOwner]
Beside = Callable[[str, CallOwner, Switch], AbstractAsyncContextManager[None]]


class SwitchOwners:
    def __init__(
        self,
        base: Foundation,
        *,
        leases: Leases,
        holder: str,
        routing: RoutingTable,
        statuses: StatusService,
        make: Make,
        beside: Beside,
    ) -> None:
        """`make` builds the owner of one connection's calls, for as long as the lease is held;
        `beside` is what goes on as long."""
        self._base = base
        self._leases = leases
        self._holder = holder
        self._routing = routing
        self._statuses = statuses
        self._make = make
        self._beside = beside
        self._connections: dict[str, SwitchConnection] = {}
        self._holding: dict[str, asyncio.Task[None]] = {}
        self.now: dict[str, CallOwner] = {}
        """By connection: those this process holds at this moment."""

    async def take(self, connections: Mapping[str, SwitchConnection]) -> None:
        """Those there are now: hold what is new, anew what changed, let go of the rest."""
        for connection_id, connection in connections.items():
            if self._connections.get(connection_id) != connection:
                await self.let_go(connection_id)
                self._connections[connection_id] = connection
            if connection_id not in self._holding:
                self._holding[connection_id] = asyncio.create_task(self._hold(connection))
        for gone in set(self._connections) - set(connections):
            await self.let_go(gone)
            del self._connections[gone]

    async def let_go(self, connection_id: str) -> None:
        """Of one connection, until it is taken again."""
        task = self._holding.pop(connection_id, None)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def named(self, call_id: CallId, name: str) -> None:
        """The CRM says who a call's outside party is."""
        for owner in self.now.values():
            owner.named(call_id, name)

    def republish(self) -> None:
        """Tell all calls anew: the bus lost its memory."""
        for owner in tuple(self.now.values()):
            owner.republish()

    async def aclose(self) -> None:
        """Let go of everything; calls live on."""
        for task in self._holding.values():
            task.cancel()
        await asyncio.gather(*self._holding.values(), return_exceptions=True)

    async def _hold(self, connection: SwitchConnection) -> None:
        async def own(held: Held) -> None:
            await self._own(connection, held)

        await under_lease(
            self._leases, self._base.clock, f"switch:{connection.id}", self._holder, own
        )

    async def _own(self, connection: SwitchConnection, held: Held) -> None:
        switch = self._switch(connection, held)
        owner = self._make(connection, switch, held)
        self.now[connection.id] = owner
        try:
            async with AsyncExitStack() as stack:
                if connection.kind == uis.KIND:
                    in_step = uis.statuses_in_step(
                        self._base, connection, self._routing, self._statuses
                    )
                    await stack.enter_async_context(in_step)
                await stack.enter_async_context(self._beside(connection.id, owner, switch))
                await owner.run()
        finally:
            self.now.pop(connection.id, None)
            await switch.aclose()

    def _switch(self, connection: SwitchConnection, held: Held) -> Switch:
        if connection.kind == uis.KIND:
            return uis.switch(self._base, connection, self._routing)
        user, _, password = connection.credentials.partition(":")

        async def fence() -> bool:
            return held() is not None

        return AsteriskSwitch(
            connection.url,
            user,
            password,
            connection.app,
            clock=self._base.clock,
            fence=fence,
            identity=connection.id,
            recording_notice=self._base.settings.recording_notice,
        )
