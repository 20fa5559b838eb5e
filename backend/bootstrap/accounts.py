"""Accounts as they were loaded last: who works there, by which numbers, over which switch."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from backend.bootstrap.foundation import Foundation
from backend.services.device_teller import DeviceTeller
from backend.services.directory import DirectoryTeller
from backend.services.outgoing_numbers import OutgoingTeller
from backend.services.ready_lines import ReadyLines
from backend.services.routing import RoutingTable
from backend.services.statuses import StatusService
from backend.store.gateways import SqlRouting, SqlStatuses
from backend.store.switches import SwitchStore
from protocol.vocabulary import AccountId, EmployeeId


class Accounts:
    """Loads them, and tells their tabs what changed of people, groups, numbers and devices."""

    def __init__(self, base: Foundation) -> None:
        self._base = base
        self.routing = RoutingTable()
        self.directory = DirectoryTeller(base.bus, base.clock)
        self.outgoing_numbers = OutgoingTeller(base.bus, base.clock)
        self.devices = DeviceTeller(base.bus, base.clock)
        self.ready_lines = ReadyLines(base.bus)
        self.statuses = StatusService(
            SqlStatuses(base.database), base.bus, base.clock, routing=self.routing
        )
        self.connections: dict[AccountId, str] = {}
        """The switch's connection of each account."""
        self._routes = SqlRouting(base.database, base.settings.base_url)
        self.crm_users: dict[AccountId, dict[EmployeeId, str]] = {}
        """Who they are in the CRM; complete, so whoever left it is nobody."""

    def known(self) -> tuple[AccountId, ...]:
        return tuple(self.connections)

    def connection(self, account_id: AccountId) -> str | None:
        return self.connections.get(account_id)

    def crm_user(self, account_id: AccountId, employee_id: EmployeeId) -> str | None:
        return self.crm_users.get(account_id, {}).get(employee_id)

    def extension(self, account_id: AccountId, employee_id: EmployeeId) -> str | None:
        route = self.routing.account(account_id)
        employee = None if route is None else route.employees.get(employee_id)
        return None if employee is None else employee.extension

    def region(self, account_id: AccountId) -> str:
        route = self.routing.account(account_id)
        return self._base.settings.region if route is None else route.region

    def crm_off(self, account_id: AccountId) -> bool:
        """Its administrator switched its CRM off."""
        route = self.routing.account(account_id)
        return route is not None and not route.settings.crm.on

    async def moved(self, named: set[AccountId]) -> set[AccountId]:
        """Accounts we do not know, or whose calls come over another switch than they did."""
        if not named:
            return set()
        async with self._base.database.begin_resolving() as tx:
            # Of several the last, as the worker takes them.
            now = {account: switch for switch, account in
                   await SwitchStore(tx, self._base.secrets).served()}  # fmt: skip
        return {one for one in named if now.get(one) != self.connections.get(one)}

    async def load(
        self,
        account_id: AccountId,
        connection_id: str,
        on_new: Callable[[AccountId], Awaitable[None]],
    ) -> None:
        """`on_new` is called for one that was not known before."""
        loaded = await self._routes.load(account_id, connection_id)
        if loaded is None:
            await self._forget(account_id)
            return
        self.connections[account_id] = connection_id
        known = self.routing.account(account_id)
        if known != loaded.route:
            self.routing.replace(loaded.route)
        # In place of what was known: the next CRM's users have the numbers of the last one's (P15).
        self.crm_users[account_id] = dict(loaded.crm_users)
        await self.directory.tell(account_id, loaded.people)
        await self.directory.tell_groups(account_id, loaded.route.teams)
        await self.outgoing_numbers.tell(loaded.route)
        await self.devices.tell(loaded.route)
        await self.ready_lines.follow(account_id)
        if known is None:
            await on_new(account_id)
        if known is None or set(known.employees) != set(loaded.route.employees):
            await self.statuses.tell(account_id, loaded.route.employees)

    async def _forget(self, account_id: AccountId) -> None:
        self.routing.remove(account_id)
        self.outgoing_numbers.forget(account_id)
        self.devices.forget(account_id)
        await self.ready_lines.forget(account_id)
        self.crm_users.pop(account_id, None)
        self.connections.pop(account_id, None)

    async def republish(self) -> None:
        """Tell a bus that lost its memory everything anew."""
        await self.directory.republish()
        await self.outgoing_numbers.republish()
        await self.devices.republish()
        for account_id in self.known():
            account = self.routing.account(account_id)
            if account is not None:
                await self.statuses.tell(account_id, account.employees)
