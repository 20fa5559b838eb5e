"""An account's configuration in SQL: read whole, written change by change."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.domain import account_config as config
from backend.domain.account_config import AccountConfig
from backend.domain.account_settings import AREAS
from backend.errors import WrongState
from backend.services.account_plan import Change
from backend.services.account_settings import NumberTaken
from backend.store.account_settings import AccountSettingsStore
from backend.store.accounts import Account, AccountStore
from backend.store.database import Database, is_plain_id
from backend.store.employees import EmployeeNumber, EmployeeStore, Group
from backend.store.routing import RoutingStore, StoredScenario, Trunk, VirtualNumber
from backend.store.sounds import SoundStore
from backend.store.tables import (
    employees,
    groups,
    scenarios,
    switch_accounts,
    virtual_numbers,
)
from backend.store.teams import Team, TeamStore
from protocol.vocabulary import AccountId, EmployeeId

Items = dict[tuple[config.Kind, str], config.Item]


class SqlAccountConfigs:
    """`services.account_settings.ConfigStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def begin(self, account_id: AccountId) -> AsyncIterator[SqlConfigTransaction]:
        async with self._database.begin(account_id) as tx:
            await AccountSettingsStore(tx).lock(account_id)
            yield SqlConfigTransaction(tx, account_id)

    async def read(self, account_id: AccountId) -> AccountConfig | None:
        if not is_plain_id(account_id):
            return None
        async with self._database.begin(account_id) as tx:
            return await SqlConfigTransaction(tx, account_id).read()


class SqlConfigTransaction:
    """`services.account_settings.ConfigTransaction`."""

    def __init__(self, tx: AsyncConnection, account_id: AccountId) -> None:
        self._tx = tx
        self._account_id = account_id

    async def read(self) -> AccountConfig | None:
        account = await AccountStore(self._tx).find(self._account_id)
        if account is None:
            return None
        people = EmployeeStore(self._tx)
        numbers = await people.numbers(self._account_id, inactive=True)
        routing = RoutingStore(self._tx)
        return AccountConfig(
            id=account.id,
            slug=account.slug,
            name=account.name,
            region=account.region,
            timezone=account.timezone,
            settings=await AccountSettingsStore(self._tx).all(self._account_id),
            lines=tuple(
                config.Line(
                    switch=t.connection_id, endpoint=t.trunk_endpoint, caller_id=t.default_caller_id
                )
                for t in await routing.trunks(self._account_id)
            ),
            employees=tuple(
                config.Employee(
                    id=e.id,
                    name=e.name,
                    email=e.email,
                    position=e.position,
                    department=e.department,
                    crm_user_id=e.crm_user_id,
                    active=e.active,
                    role=e.role,
                    role_by_hand=e.role_by_hand,
                    extension=e.extension,
                    calls_enabled=e.calls_enabled,
                    caller_id=e.caller_id,
                    caller_id_choice=e.caller_id_choice,
                    workday_import=e.workday_import,
                    workday_write=e.workday_write,
                    device=e.device,
                    numbers=tuple(
                        config.OwnNumber(
                            kind=n.kind,
                            endpoint=n.endpoint,
                            label=n.label,
                            priority=n.priority,
                            auto_answer=n.auto_answer,
                            active=n.active,
                        )
                        for n in numbers.get(e.id, ())
                    ),
                )
                for e in await people.all(self._account_id, inactive=True)
            ),
            groups=tuple(
                config.Group(id=g.id, name=g.name, extension=g.extension, members=g.members)
                for g in await people.groups(self._account_id)
            ),
            scenarios=tuple(map(_scenario, await routing.scenarios(self._account_id))),
            virtual_numbers=tuple(
                config.VirtualNumber(
                    number=n.number,
                    name=n.name,
                    switch=n.connection_id,
                    scenario=n.scenario_id,
                    crm_line=n.crm_line,
                    label=n.label,
                    **{name: n.tracking[name] for name in config.TRACKING if name in n.tracking},
                )
                for n in await routing.virtual_numbers(self._account_id)
            ),
            teams=tuple(
                config.Team(id=t.id, name=t.name, crm_id=t.crm_id, members=t.members, heads=t.heads)
                for t in await TeamStore(self._tx).all(self._account_id)
            ),
            sounds={s.id: s.ms for s in await SoundStore(self._tx).all(self._account_id)},
        )

    async def write(
        self,
        before: AccountConfig | None,
        after: AccountConfig,
        plan: Sequence[Change],
        who: str,
    ) -> list[EmployeeId]:
        old = {} if before is None else {(k, key): item for k, key, item in config.items(before)}
        new = {(k, key): item for k, key, item in config.items(after)}
        try:
            await self._write(plan, old, new, after, who)
        except IntegrityError as error:
            # Somebody who does not take the lock was faster: the CRM's sync, a new extension.
            raise WrongState("changed meanwhile", why="changed_meanwhile") from error
        gone = [
            EmployeeId(change.key)
            for change in plan
            if change.kind == "employee"
            and change.before is not None
            and change.after is not None
            and (change.after.get("active") is False or change.after.get("calls_enabled") is False)
        ]
        await EmployeeStore(self._tx).sign_out(self._account_id, gone)
        return gone

    async def _write(
        self,
        plan: Sequence[Change],
        old: Items,
        new: Items,
        after: AccountConfig,
        who: str,
    ) -> None:
        await self._free_extensions(plan)
        for change in plan:
            if change.action != "remove":
                await self._save(change, after, old.get((change.kind, change.key)),
                                 new.get((change.kind, change.key)), who)  # fmt: skip
        for change in reversed(plan):
            if change.action == "remove":
                await self._remove(old[change.kind, change.key])
        settings = AccountSettingsStore(self._tx)
        for change in plan:
            await settings.log(
                self._account_id,
                who=who,
                subject=change.subject,
                before=change.before,
                after=change.after,
            )

    async def _free_extensions(self, plan: Sequence[Change]) -> None:
        """Two who swap extensions would each find the other's taken."""
        moved = {
            kind: [
                c.key for c in plan if c.kind == kind and c.before and "extension" in c.before
                and c.action == "change"
            ]
            for kind in ("employee", "group")
        }  # fmt: skip
        for kind, table in (("employee", employees), ("group", groups)):
            if moved[kind]:
                await self._tx.execute(
                    update(table)
                    .where(table.c.account_id == self._account_id, table.c.id.in_(moved[kind]))
                    .values(extension=None)
                )

    async def _save(
        self,
        change: Change,
        after: AccountConfig,
        old: config.Item | None,
        new: config.Item | None,
        who: str,
    ) -> None:
        routing, people = RoutingStore(self._tx), EmployeeStore(self._tx)
        match new:
            case None if change.kind == "account":
                await self._save_account(after)
            case None:
                area = next(name for name in AREAS if name == change.key)
                value = getattr(after.settings, area)
                await AccountSettingsStore(self._tx).save(self._account_id, value, by=who)
            case config.Line():
                trunk = Trunk(
                    connection_id=new.switch,
                    trunk_endpoint=new.endpoint,
                    default_caller_id=new.caller_id,
                )
                await routing.save_trunk(self._account_id, trunk)
            case config.Employee():
                await self._save_employee(change, new)
            case config.Group():
                await people.save_group(
                    self._account_id,
                    Group(
                        id=new.id,
                        name=new.name,
                        extension=new.extension,
                        members=tuple(map(EmployeeId, new.members)),
                    ),
                )
            case config.ScenarioConfig():
                steps = [*new.steps, {"final": new.final}]
                stored = StoredScenario(id=new.id, name=new.name, steps=steps)
                await routing.save_scenario(self._account_id, stored)
            case config.VirtualNumber():
                await self._save_number(old, new)
            case config.Team():
                await TeamStore(self._tx).save(
                    self._account_id,
                    Team(
                        id=new.id,
                        name=new.name,
                        crm_id=new.crm_id,
                        members=tuple(map(EmployeeId, new.members)),
                        heads=tuple(map(EmployeeId, new.heads)),
                    ),
                )

    async def _save_account(self, after: AccountConfig) -> None:
        account = Account(
            id=AccountId(after.id),
            slug=after.slug,
            name=after.name,
            region=after.region,
            timezone=after.timezone,
        )
        try:
            await AccountStore(self._tx).save(account)
        except IntegrityError as error:
            raise NumberTaken("taken", code="slug_taken", key=after.slug) from error

    async def _save_number(self, old: config.Item | None, new: config.VirtualNumber) -> None:
        if isinstance(old, config.VirtualNumber) and old.number != new.number:
            # The same number, spelled otherwise.
            await self._remove(old)
        number = VirtualNumber(
            number=new.number,
            name=new.name,
            connection_id=new.switch,
            scenario_id=new.scenario,
            crm_line=new.crm_line,
            label=new.label,
            tracking={name: kept for name in config.TRACKING if (kept := getattr(new, name))},
        )
        try:
            await RoutingStore(self._tx).save_virtual_number(self._account_id, number)
        except IntegrityError as error:
            raise NumberTaken("taken", code="number_taken", key=new.number) from error

    async def _save_employee(self, change: Change, new: config.Employee) -> None:
        """Only what changed: the rest of the row belongs to others, the CRM's sync among them."""
        fields = dict(change.after or {})
        numbers = fields.pop("numbers", None)
        values: dict[str, Any] = {name: value for name, value in fields.items() if name != "id"}
        values["is_supervisor"] = new.role != "operator"
        if change.action == "create":
            await self._tx.execute(
                insert(employees).values(account_id=self._account_id, id=new.id, **values)
            )
        else:
            await self._tx.execute(
                update(employees)
                .where(employees.c.account_id == self._account_id, employees.c.id == new.id)
                .values(**values)
            )
        if numbers is not None:
            employee_id = EmployeeId(new.id)
            await EmployeeStore(self._tx).replace_numbers(
                self._account_id,
                employee_id,
                [
                    EmployeeNumber(
                        employee_id=employee_id,
                        priority=n.priority,
                        kind=n.kind,
                        endpoint=n.endpoint,
                        label=n.label,
                        auto_answer=n.auto_answer,
                        active=n.active,
                    )
                    for n in new.numbers
                ],
            )

    async def _remove(self, old: config.Item) -> None:
        match old:
            case config.Line():
                table, column, key = switch_accounts, switch_accounts.c.connection_id, old.switch
            case config.Group():
                table, column, key = groups, groups.c.id, old.id
            case config.ScenarioConfig():
                table, column, key = scenarios, scenarios.c.id, old.id
            case config.VirtualNumber():
                table, column, key = virtual_numbers, virtual_numbers.c.number, old.number
            case config.Team():
                await TeamStore(self._tx).remove(self._account_id, old.id)
                return
            case config.Employee():
                raise AssertionError("people stop working here, they are not removed")
        await self._tx.execute(
            delete(table).where(table.c.account_id == self._account_id, column == key)
        )


def _scenario(stored: StoredScenario) -> config.ScenarioConfig:
    steps = tuple(step for step in stored.steps if "final" not in step)
    final = next((str(s["final"]) for s in stored.steps if "final" in s), "no_answer")
    return config.ScenarioConfig(id=stored.id, name=stored.name, steps=steps, final=final)
