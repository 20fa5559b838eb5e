"""The doors of the settings over a real database."""

from __future__ import annotations

import base64
from collections.abc import Mapping

import httpx
from starlette.applications import Starlette

from backend.api.doors import Doors
from backend.api.settings import SettingsApi
from backend.api.settings_door import SettingsDoor
from backend.api.settings_items import SettingsItemsApi
from backend.api.settings_me import MeApi
from backend.api.sounds import SoundsApi
from backend.api.who_rings import WhoRingsApi
from backend.bus.memory import MemoryBus
from backend.demo.seed import FILE
from backend.kit.clock import SystemClock
from backend.kit.ids import new_id
from backend.kit.secrets_box import SecretsBox, parse_key_ring
from backend.services.account_apply import AccountFiles, Applied
from backend.services.account_settings import AccountSettings
from backend.services.sessions import Identity, Sessions
from backend.services.sounds import Sounds
from backend.store.account_settings import AccountSettingsStore
from backend.store.database import Database
from backend.store.gateways import SqlSessions
from backend.store.gateways.account_config import SqlAccountConfigs
from backend.store.gateways.settings_view import SqlSettingsViews
from backend.store.gateways.sounds import SqlSounds
from backend.store.gateways.switches import SqlSwitches
from backend.store.gateways.who_rings import SqlWhoRings
from protocol.vocabulary import AccountId, CrmKind, EmployeeId

ORIGIN = "http://app.test"
DEMO = FILE.read_text()
ENV = {"DEMO_SWITCH": "user:very-secret"}
SEVER, VEKTOR = AccountId("demo-sever"), AccountId("demo-vektor")


class House:
    """The door of the file over a real database."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.woken: list[AccountId] = []
        self.ended: list[EmployeeId] = []
        self.secrets = SecretsBox(
            parse_key_ring(f"k1:{base64.b64encode(bytes(range(32))).decode()}")
        )
        self.settings = AccountSettings(
            SqlAccountConfigs(database), wake=self._wake, end_sessions=self._end
        )
        clock = SystemClock()
        self.sessions = Sessions(SqlSessions(database, ORIGIN), MemoryBus(clock), clock)
        self.asked: list[tuple[AccountId, str]] = []
        self.bound: list[tuple[AccountId, CrmKind]] = []
        door = SettingsDoor(self.sessions, Doors(clock))
        views = SqlSettingsViews(database)
        sounds = SoundsApi(Sounds(SqlSounds(database), clock, ORIGIN, self._wake), door)
        self.app = Starlette(
            routes=[
                *MeApi(self.settings, views, door).routes(),
                *SettingsApi(self.settings, views, door, self._ask_sync, self).routes(),
                *SettingsItemsApi(self.settings, views, door).routes(),
                *WhoRingsApi(SqlWhoRings(database, MemoryBus(clock)), door, clock).routes(),
                *sounds.routes(),
                *sounds.files(),
            ]
        )
        self.files = AccountFiles(self.settings, SqlSwitches(database, self.secrets), new_id=new_id)

    async def _wake(self, account_id: AccountId) -> None:
        self.woken.append(account_id)

    async def _end(self, _account_id: AccountId, employee_id: EmployeeId) -> None:
        self.ended.append(employee_id)

    async def _ask_sync(self, account_id: AccountId, employee_id: str) -> None:
        self.asked.append((account_id, employee_id))

    async def bind(self, account_id: AccountId, kind: CrmKind) -> None:
        self.bound.append((account_id, kind))

    async def reconnect(self, account_id: AccountId, kind: CrmKind) -> str | None:
        return f"https://crm.test/consent?for={account_id}" if kind is CrmKind.AMOCRM else None

    async def token(self, employee: str = "sever-100") -> str:
        """A session of somebody whose proof was good. Anna, 100, is the administrator."""
        account = SEVER if employee.startswith("sever") else VEKTOR
        issued = await self.sessions.open(
            Identity(
                account_id=account,
                employee_id=EmployeeId(employee),
                name=employee,
                extension=None,
                crm=CrmKind.BITRIX24,
            )
        )
        return issued.token

    def client(self, token: str, language: str = "en") -> httpx.AsyncClient:
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app=self.app),
            base_url="http://app.test/api/v1",
            headers={"Authorization": f"Bearer {token}", "Accept-Language": language},
        )

    async def apply(
        self, text: str, *, env: Mapping[str, str] = ENV, check: bool = False, prune: bool = False
    ) -> Applied:
        return await self.files.apply(text, env=env, who="tests", check=check, prune=prune)

    async def done(self, text: str, *, prune: bool = False) -> Applied:
        applied = await self.apply(text, prune=prune)
        assert [t.told("en") for t in applied.troubles] == []
        return applied

    async def log(self, account_id: AccountId = SEVER) -> list[str]:
        async with self.database.begin(account_id) as tx:
            changes = await AccountSettingsStore(tx).changes(account_id)
        return [change.subject for change in changes]
