"""The settings' HTTP door of the web process."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.routing import BaseRoute

from backend.api.cloud import CloudApi
from backend.api.doors import Doors
from backend.api.settings import SettingsApi
from backend.api.settings_door import SettingsDoor
from backend.api.settings_items import SettingsItemsApi
from backend.api.settings_me import MeApi
from backend.api.sounds import SoundsApi
from backend.api.visit_keys import VisitKeysApi
from backend.api.who_rings import WhoRingsApi
from backend.bootstrap import amocrm
from backend.bootstrap.connecting import pairing
from backend.bootstrap.foundation import Foundation
from backend.bootstrap.own_cloud import SqlClouds
from backend.bootstrap.settings_file import account_settings
from backend.bootstrap.sounds import sounds
from backend.bootstrap.tracking import visit_keys
from backend.jobs import amocrm as amocrm_jobs
from backend.jobs import employees_sync, portal_bind
from backend.jobs.queue import JobQueue
from backend.services.own_cloud import OwnClouds
from backend.services.sessions import Sessions
from backend.store.crm_connections import CrmConnectionStore
from backend.store.gateways.settings_view import SqlSettingsViews
from backend.store.gateways.who_rings import SqlWhoRings
from protocol.vocabulary import AccountId, CrmKind


@dataclass(frozen=True, slots=True)
class Connector:
    """`api.settings.Connector`."""

    base: Foundation
    jobs: JobQueue

    async def bind(self, account_id: AccountId, kind: CrmKind) -> None:
        if kind is CrmKind.AMOCRM:
            async with self.base.database.begin(account_id) as tx:
                await amocrm_jobs.defer_keep(self.jobs, tx, account_id)
        else:
            await portal_bind.defer(self.jobs, None, account_id)

    async def reconnect(self, account_id: AccountId, kind: CrmKind) -> str | None:
        if kind is not CrmKind.AMOCRM:
            # A portal lets us in whenever an administrator of it opens our page.
            return None
        async with self.base.database.begin(account_id) as tx:
            found = await CrmConnectionStore(tx, self.base.secrets).find(account_id, kind)
        if found is None:
            return None
        state = await pairing(self.base).state(account_id, kind)
        return amocrm.consent_page(self.base, found.client_id, state)


def settings_doors(
    base: Foundation, jobs: JobQueue, sessions: Sessions, doors: Doors
) -> list[BaseRoute]:
    """`jobs` is open while requests are served."""
    employees_sync.announce(jobs)

    async def ask_sync(account_id: AccountId, employee_id: str) -> None:
        await employees_sync.ask(jobs, account_id, employee_id)

    settings = account_settings(base, sessions)
    views = SqlSettingsViews(base.database)
    door = SettingsDoor(sessions, doors)
    sounds_api = SoundsApi(sounds(base), door)
    return [
        *MeApi(settings, views, door).routes(),
        *SettingsApi(settings, views, door, ask_sync, Connector(base, jobs)).routes(),
        *SettingsItemsApi(settings, views, door).routes(),
        *WhoRingsApi(SqlWhoRings(base.database, base.bus), door, base.clock).routes(),
        *CloudApi(OwnClouds(SqlClouds(base)), door, base.settings.base_url).routes(),
        *VisitKeysApi(visit_keys(base), door, base.settings.base_url).routes(),
        *sounds_api.routes(),
        *sounds_api.files(),
    ]
