"""The switch connection that the settings describe."""

from __future__ import annotations

import structlog

from backend.bootstrap.foundation import Foundation
from backend.store.switches import SwitchConnection, SwitchStore

log = structlog.get_logger(__name__)

FIRST_SWITCH = "asterisk"
"""Id of the connection kept in step with `DOZVON_ARI_*`."""


async def keep_first_switch(base: Foundation) -> None:
    """Write down the connection of `DOZVON_ARI_URL`, or what changed of it; without the setting
    whatever is in the database stays."""
    settings = base.settings
    if not settings.ari_url:
        return
    wanted = SwitchConnection(
        id=FIRST_SWITCH,
        kind="asterisk",
        url=settings.ari_url.rstrip("/"),
        app=settings.ari_app,
        credentials=f"{settings.ari_user}:{settings.ari_password}",
    )
    async with base.database.begin_resolving() as tx:
        store = SwitchStore(tx, base.secrets)
        known = {connection.id: connection for connection in await store.all()}
        # Encrypting anew gives other bytes each time: an unchanged row is left alone.
        if known.get(FIRST_SWITCH) != wanted:
            await store.save(wanted)
            log.info("switch.connection_kept", id=FIRST_SWITCH, url=wanted.url, app=wanted.app)
