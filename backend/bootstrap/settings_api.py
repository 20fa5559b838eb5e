"""The settings' HTTP door of the web process."""

from __future__ import annotations

from starlette.routing import BaseRoute

from backend.api.doors import Doors
from backend.api.settings import SettingsApi
from backend.api.settings_door import SettingsDoor
from backend.api.settings_items import SettingsItemsApi
from backend.bootstrap.foundation import Foundation
from backend.bootstrap.settings_file import account_settings
from backend.jobs import employees_sync
from backend.jobs.queue import JobQueue
from backend.services.sessions import Sessions
from backend.store.gateways.settings_view import SqlSettingsViews
from protocol.vocabulary import AccountId


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
    return [
        *SettingsApi(settings, views, door, ask_sync).routes(),
        *SettingsItemsApi(settings, views, door).routes(),
    ]
