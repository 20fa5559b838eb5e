"""What "who would ring now" is answered from: the account as calls are routed, and its people."""

from __future__ import annotations

import msgspec

from backend.domain.phone_number import canonical
from backend.domain.scenario import linked
from backend.services.ports import Bus, colleagues_stream
from backend.services.who_rings import Busy, Now, Planned
from backend.store.database import Database
from backend.store.gateways.callbacks import SqlLastTalks
from backend.store.gateways.routing import read_scenarios, route
from backend.store.routing import RoutingStore
from protocol.vocabulary import AccountId, EmployeeId


class _Told(msgspec.Struct):
    """The part of what colleagues are told that is needed here."""

    employee_id: EmployeeId | None = None
    busy: Busy = "free"
    missing: list[str] = []


class SqlWhoRings:
    """`services.who_rings.WhoRingsSource`."""

    def __init__(self, database: Database, bus: Bus) -> None:
        self._database = database
        self._bus = bus

    async def of_number(self, account_id: AccountId, number: str) -> Planned | None:
        async with self._database.begin(account_id) as tx:
            found = await RoutingStore(tx).load(account_id)
        if found is None:
            return None
        wanted = canonical(number, region=found.account.region)
        for virtual in found.virtual_numbers:
            if canonical(virtual.number, region=found.account.region) != wanted:
                continue
            scenarios = linked(read_scenarios(found))
            return Planned(
                account=route(found, virtual.connection_id),
                scenario=scenarios.get(virtual.scenario_id or ""),
            )
        return None

    async def of_scenario(self, account_id: AccountId, scenario_id: str) -> Planned | None:
        async with self._database.begin(account_id) as tx:
            found = await RoutingStore(tx).load(account_id)
        if found is None or all(s.id != scenario_id for s in found.scenarios):
            return None
        connection_id = found.trunks[0].connection_id if found.trunks else ""
        return Planned(
            account=route(found, connection_id),
            scenario=linked(read_scenarios(found)).get(scenario_id),
        )

    async def now(self, account_id: AccountId) -> Now:
        busy: dict[EmployeeId, Busy] = {}
        unready: set[EmployeeId] = set()
        read = await self._bus.read(colleagues_stream(account_id), None)
        for delivery in read.deliveries:
            told = msgspec.json.decode(delivery.frame, type=_Told)
            if told.employee_id is None:
                continue
            if delivery.tag == "colleague.busy_changed":
                busy[told.employee_id] = told.busy
            elif delivery.tag == "colleague.phone_changed" and told.missing:
                unready.add(told.employee_id)
        talks = await SqlLastTalks(self._database).read(account_id)
        return Now(busy=busy, unready=frozenset(unready), last_talks=talks)
