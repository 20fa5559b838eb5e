"""Virtual numbers and scenarios, and all that routing an account's calls needs, in one load."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.domain.account_settings import AllSettings
from backend.store.account_settings import AccountSettingsStore
from backend.store.accounts import Account, AccountStore
from backend.store.employees import Employee, EmployeeNumber, EmployeeStore, Group
from backend.store.sounds import SoundStore
from backend.store.statuses import StatusStore, StoredStatus
from backend.store.tables import dialer_runs, scenarios, switch_accounts, virtual_numbers
from protocol.vocabulary import AccountId, EmployeeId


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredScenario:
    id: str
    name: str
    steps: Sequence[dict[str, Any]]
    """As `domain.scenario` reads them; a last one may be `{"final": …}`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualNumber:
    number: str
    """As the switch reports what was dialled."""
    name: str
    connection_id: str
    scenario_id: str | None = None
    crm_line: bool = False
    """Told to the CRM as a line of ours."""
    label: str = ""
    """What the administrator wrote down about it."""
    tracking: Mapping[str, Any] = field(default_factory=dict)
    """`account_config.TRACKING`, what is not as by default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trunk:
    """How an account's calls leave a switch."""

    connection_id: str
    trunk_endpoint: str
    """`{number}` stands for the number to dial."""
    default_caller_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRouting:
    account: Account
    employees: tuple[Employee, ...]
    numbers: dict[EmployeeId, tuple[EmployeeNumber, ...]]
    """Those switched off, too."""
    groups: tuple[Group, ...]
    virtual_numbers: tuple[VirtualNumber, ...]
    scenarios: tuple[StoredScenario, ...]
    trunks: tuple[Trunk, ...]
    statuses: dict[EmployeeId, StoredStatus]
    """Who never chose one is missing."""
    settings: AllSettings
    on_lists: frozenset[EmployeeId] = frozenset()
    """Who works through a list and takes no calls beside it."""
    sounds: Mapping[str, str] = field(default_factory=dict)
    """Secrets of uploaded sounds, by id."""


class RoutingStore:
    def __init__(self, tx: AsyncConnection) -> None:
        self._tx = tx

    async def load(self, account_id: AccountId) -> AccountRouting | None:
        """None when there is no such account."""
        account = await AccountStore(self._tx).find(account_id)
        if account is None:
            return None
        people = EmployeeStore(self._tx)
        return AccountRouting(
            account=account,
            employees=tuple(await people.all(account_id)),
            numbers=await people.numbers(account_id, inactive=True),
            groups=tuple(await people.groups(account_id)),
            virtual_numbers=tuple(await self.virtual_numbers(account_id)),
            scenarios=tuple(await self.scenarios(account_id)),
            trunks=tuple(await self.trunks(account_id)),
            statuses=await StatusStore(self._tx).all(account_id),
            settings=await AccountSettingsStore(self._tx).all(account_id),
            on_lists=await self._on_lists(account_id),
            sounds={s.id: s.secret for s in await SoundStore(self._tx).all(account_id)},
        )

    async def _on_lists(self, account_id: AccountId) -> frozenset[EmployeeId]:
        rows = await self._tx.execute(
            select(dialer_runs.c.employee_id).where(
                dialer_runs.c.account_id == account_id,
                dialer_runs.c.state.in_(("running", "stopping")),
                ~dialer_runs.c.blend,
            )
        )
        return frozenset(EmployeeId(row.employee_id) for row in rows)

    async def virtual_numbers(self, account_id: AccountId) -> list[VirtualNumber]:
        rows = await self._tx.execute(
            select(virtual_numbers)
            .where(virtual_numbers.c.account_id == account_id)
            .order_by(virtual_numbers.c.number)
        )
        return [
            VirtualNumber(
                number=row["number"],
                name=row["name"],
                connection_id=row["connection_id"],
                scenario_id=row["scenario_id"],
                crm_line=row["crm_line"],
                label=row["label"],
                tracking=row["tracking"],
            )
            for row in rows.mappings()
        ]

    async def scenarios(self, account_id: AccountId) -> list[StoredScenario]:
        rows = await self._tx.execute(
            select(scenarios).where(scenarios.c.account_id == account_id).order_by(scenarios.c.id)
        )
        return [
            StoredScenario(id=row["id"], name=row["name"], steps=row["steps"])
            for row in rows.mappings()
        ]

    async def trunks(self, account_id: AccountId) -> list[Trunk]:
        rows = await self._tx.execute(
            select(switch_accounts)
            .where(switch_accounts.c.account_id == account_id)
            .order_by(switch_accounts.c.connection_id)
        )
        return [
            Trunk(
                connection_id=row["connection_id"],
                trunk_endpoint=row["trunk_endpoint"],
                default_caller_id=row["default_caller_id"],
            )
            for row in rows.mappings()
        ]

    async def save_scenario(self, account_id: AccountId, scenario: StoredScenario) -> None:
        statement = insert(scenarios).values(
            account_id=account_id, id=scenario.id, name=scenario.name, steps=list(scenario.steps)
        )
        await self._tx.execute(
            statement.on_conflict_do_update(
                index_elements=["account_id", "id"],
                set_={"name": scenario.name, "steps": list(scenario.steps)},
            )
        )

    async def save_virtual_number(self, account_id: AccountId, number: VirtualNumber) -> None:
        """Raises IntegrityError when the switch already leads it to another account."""
        changed = {
            "name": number.name,
            "scenario_id": number.scenario_id,
            "connection_id": number.connection_id,
            "crm_line": number.crm_line,
            "label": number.label,
            "tracking": dict(number.tracking),
        }
        statement = insert(virtual_numbers).values(
            account_id=account_id, number=number.number, **changed
        )
        await self._tx.execute(
            statement.on_conflict_do_update(index_elements=["account_id", "number"], set_=changed)
        )

    async def save_trunk(self, account_id: AccountId, trunk: Trunk) -> None:
        """Let the switch serve the account."""
        changed = {
            "trunk_endpoint": trunk.trunk_endpoint,
            "default_caller_id": trunk.default_caller_id,
        }
        statement = insert(switch_accounts).values(
            account_id=account_id, connection_id=trunk.connection_id, **changed
        )
        await self._tx.execute(
            statement.on_conflict_do_update(
                index_elements=["account_id", "connection_id"], set_=changed
            )
        )

    async def account_of(self, connection_id: str, number: str) -> AccountId | None:
        """Whose number was dialled. Wants a resolving transaction."""
        found = await self._tx.execute(
            select(virtual_numbers.c.account_id).where(
                virtual_numbers.c.connection_id == connection_id,
                virtual_numbers.c.number == number,
            )
        )
        account_id = found.scalar_one_or_none()
        return None if account_id is None else AccountId(account_id)
