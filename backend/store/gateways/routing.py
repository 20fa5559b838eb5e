"""An account's rows as the map calls are routed by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from backend.domain.browser_line import browser_device
from backend.domain.phone_number import canonical, parse
from backend.domain.scenario import Device, Scenario, linked
from backend.domain.scenario_reading import parse_scenario
from backend.domain.sounds import UPLOADS
from backend.domain.visits import Source, Way
from backend.errors import BadRequest
from backend.services.directory import Colleague
from backend.services.routing import AccountRoute, EmployeeRoute, Team, VirtualNumber, through
from backend.services.sounds import sound_url
from backend.store.database import Database
from backend.store.employees import Employee, EmployeeNumber
from backend.store.routing import AccountRouting, RoutingStore, StoredScenario, Trunk
from protocol.vocabulary import AccountId, AgentStatus, EmployeeId

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedAccount:
    """All a worker keeps of an account."""

    route: AccountRoute
    people: tuple[Colleague, ...]
    crm_users: dict[EmployeeId, str]
    """CRM user by employee; those without one are missing."""


class SqlRouting:
    """Loads whole accounts; the table in memory takes them with `replace`."""

    def __init__(self, database: Database, base_url: str = "") -> None:
        """`base_url` is where switches reach us for uploaded sounds."""
        self._database = database
        self._base_url = base_url

    async def load(self, account_id: AccountId, connection_id: str) -> LoadedAccount | None:
        async with self._database.begin(account_id) as tx:
            found = await RoutingStore(tx).load(account_id)
        if found is None:
            return None
        active = [employee for employee in found.employees if employee.active]
        return LoadedAccount(
            route=route(found, connection_id, self._base_url),
            people=tuple(
                Colleague(
                    employee_id=employee.id,
                    name=employee.name,
                    extension=employee.extension,
                    position=employee.position,
                    department=employee.department,
                )
                for employee in active
            ),
            crm_users={e.id: e.crm_user_id for e in active if e.crm_user_id},
        )


def route(found: AccountRouting, connection_id: str, base_url: str = "") -> AccountRoute:
    scenarios = linked(read_scenarios(found))
    trunk = next((t for t in found.trunks if t.connection_id == connection_id), None)
    return AccountRoute(
        account_id=found.account.id,
        slug=found.account.slug,
        connection_id=connection_id,
        virtual_numbers=tuple(
            VirtualNumber(
                number=canonical(number.number, region=found.account.region),
                name=number.name or None,
                scenario=scenarios.get(number.scenario_id or ""),
                crm_line=number.crm_line,
                pool=bool(number.tracking.get("pool")),
                way=_way(number.tracking),
            )
            for number in found.virtual_numbers
            if number.connection_id == connection_id
        ),
        employees={e.id: _employee(found, e, trunk) for e in found.employees if e.active},
        groups={group.id: group.members for group in found.groups},
        teams=tuple(
            Team(group_id=group.id, name=group.name, extension=group.extension)
            for group in found.groups
        ),
        trunk=trunk.trunk_endpoint if trunk else None,
        caller_id=(trunk.default_caller_id or "") if trunk else "",
        region=found.account.region,
        timezone=found.account.timezone,
        settings=found.settings,
        sounds={UPLOADS + key: sound_url(base_url, secret) for key, secret in found.sounds.items()},
    )


def _way(tracking: Mapping[str, Any]) -> Way | None:
    """What a number stands for by itself; None for nothing."""
    names = ("source", "medium", "campaign")
    source = Source(**{name: tracking[name] for name in names if name in tracking})
    site = str(tracking.get("site", ""))
    return Way(site=site, source=source) if site or source else None


def read_scenarios(found: AccountRouting) -> dict[str, Scenario]:
    """By id, without those that cannot be meant."""
    read = {scenario.id: _scenario(found, scenario) for scenario in found.scenarios}
    return {key: scenario for key, scenario in read.items() if scenario is not None}


def _employee(found: AccountRouting, employee: Employee, trunk: Trunk | None) -> EmployeeRoute:
    numbers = found.numbers.get(employee.id, ())
    endpoints = {n.priority: _endpoint(n, trunk, found.account.region) for n in numbers}
    status = found.statuses.get(employee.id)
    caller_id = employee.caller_id
    return EmployeeRoute(
        employee_id=employee.id,
        name=employee.name,
        extension=employee.extension,
        # Without devices nothing rings, whichever way a call comes.
        devices=_browser(found, employee)
        + tuple(
            Device(
                priority=number.priority,
                kind=number.kind,
                endpoint=endpoint,
                label=number.label,
                auto_answer=number.auto_answer,
            )
            for number in numbers
            if number.active
            and employee.calls_enabled
            and (endpoint := endpoints[number.priority]) is not None
        ),
        status=AgentStatus.AVAILABLE if status is None else AgentStatus(status.status),
        calls_enabled=employee.calls_enabled,
        numbers_off=sum(not number.active for number in numbers),
        caller_id=canonical(caller_id, region=found.account.region) if caller_id else None,
        caller_id_choice=employee.caller_id_choice,
        crm_user_id=employee.crm_user_id or None,
        on_list=employee.id in found.on_lists,
    )


def _browser(found: AccountRouting, employee: Employee) -> tuple[Device, ...]:
    """The line of whoever talks in the browser; the numbers stay, for when no tab can (B21)."""
    if employee.device != "browser" or not employee.calls_enabled:
        return ()
    return (browser_device(found.account.slug, employee.id, employee.extension),)


def _endpoint(number: EmployeeNumber, trunk: Trunk | None, region: str) -> str | None:
    """In the switch's words. A mobile written as a plain number is called through the account's
    line; without one it cannot ring."""
    if number.kind != "mobile" or "/" in number.endpoint:
        return number.endpoint
    phone = parse(number.endpoint, region=region)
    if phone is None or trunk is None:
        return None
    return through(trunk.trunk_endpoint, phone)


def _scenario(found: AccountRouting, stored: StoredScenario) -> Scenario | None:
    """A last step of `{"final": "busy"}` says what is heard when nobody came. A scenario that
    cannot be meant is left out and said so: its numbers ring nobody, others go on."""
    steps = [step for step in stored.steps if "final" not in step]
    final = next((step["final"] for step in stored.steps if "final" in step), "no_answer")
    try:
        return parse_scenario(stored.name, steps, final)
    except BadRequest as error:
        log.error(
            "routing.bad_scenario",
            account=found.account.id,
            scenario=stored.id,
            error=str(error),
        )
        return None
