"""What an account wants bound in its portal, and how that stands, over transactions."""

from __future__ import annotations

import secrets as random
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from backend.domain.account_settings import CrmSettings
from backend.kit.secrets_box import SecretsBox
from backend.services.portal_bindings import Configured, KeptBinding, Standing
from backend.store.account_settings import AccountSettingsStore
from backend.store.crm_bindings import CrmBindingStore
from backend.store.crm_connections import CrmConnectionStore
from backend.store.database import Database
from backend.store.routing import RoutingStore
from protocol.vocabulary import AccountId, CrmKind

KIND = CrmKind.BITRIX24
LINE = "line:"


class SqlPortalBindings:
    """`services.portal_bindings.BindingStore`."""

    def __init__(self, database: Database, secrets: SecretsBox) -> None:
        self._database = database
        self._secrets = secrets

    async def configured(self, account_id: AccountId) -> Configured | None:
        async with self._database.begin(account_id) as tx:
            connections = CrmConnectionStore(tx, self._secrets)
            found = await connections.find(account_id, KIND)
            if found is None or found.state not in ("ok", "auth_expired"):
                return None
            door = str(found.settings.get("door") or "")
            if not door:
                found = await connections.lock(account_id, KIND) or found
                door = str(found.settings.get("door") or new_door())
                await connections.save(replace(found, settings={**found.settings, "door": door}))
            crm = await AccountSettingsStore(tx).get(account_id, CrmSettings)
            lines: dict[str, str] = {}
            # The portal's call tracking works only while its callback form does (L612).
            if crm.on and crm.callback_form and crm.call_tracking:
                lines = {
                    number.number: number.label or number.name
                    for number in await RoutingStore(tx).virtual_numbers(account_id)
                    if number.crm_line
                }
            kept = await CrmBindingStore(tx).all(account_id, KIND)
        ours = {row.name.removeprefix(LINE) for row in kept if row.name.startswith(LINE)}
        return Configured(door=door, lines=lines, our_lines=frozenset(ours))

    async def record(
        self, account_id: AccountId, standings: Sequence[Standing], at: datetime
    ) -> list[str]:
        async with self._database.begin(account_id) as tx:
            # Two at once would each count the same loss.
            if await CrmConnectionStore(tx, self._secrets).lock(account_id, KIND) is None:
                return []
            return await CrmBindingStore(tx).record(account_id, KIND, standings, at)

    async def kept(self, account_id: AccountId) -> list[KeptBinding]:
        async with self._database.begin(account_id) as tx:
            return await CrmBindingStore(tx).all(account_id, KIND)


def new_door() -> str:
    """The unguessable part of an address of ours that the portal posts to without a token."""
    return random.token_urlsafe(24)
