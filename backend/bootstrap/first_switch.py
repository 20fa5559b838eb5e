"""The switch connection that the settings describe."""

from __future__ import annotations

import structlog

from backend.bootstrap import uis
from backend.bootstrap.foundation import Foundation
from backend.store.switches import SIP_WS_URL, SwitchConnection, SwitchStore

log = structlog.get_logger(__name__)

FIRST_SWITCH = "asterisk"
"""Id of the connection kept in step with `DOZVON_ARI_*`."""


FIRST_UIS = "uis"
"""Id of the connection kept in step with `DOZVON_UIS_*`."""


async def keep_first_switch(base: Foundation) -> None:
    """Write down the connections of `DOZVON_ARI_URL` and `DOZVON_UIS_URL`, or what changed of them;
    without the setting whatever is in the database stays."""
    await _keep_asterisk(base)
    if base.settings.uis_url:
        await _keep_uis(base)


async def _keep_uis(base: Foundation) -> None:
    settings = base.settings
    async with base.database.begin_resolving() as tx:
        store = SwitchStore(tx, base.secrets)
        known = {connection.id: connection for connection in await store.all()}
        wanted = SwitchConnection(
            id=FIRST_UIS,
            kind=uis.KIND,
            url=settings.uis_url.rstrip("/"),
            app="",
            credentials=uis.credentials(settings.uis_secret, settings.uis_token),
            settings=known[FIRST_UIS].settings if FIRST_UIS in known else {},
        )
        if known.get(FIRST_UIS) != wanted:
            await store.save(wanted)
            log.info("switch.connection_kept", id=FIRST_UIS, url=wanted.url)


async def _keep_asterisk(base: Foundation) -> None:
    settings = base.settings
    if not settings.ari_url:
        return
    async with base.database.begin_resolving() as tx:
        store = SwitchStore(tx, base.secrets)
        known = {connection.id: connection for connection in await store.all()}
        kept = known[FIRST_SWITCH].settings if FIRST_SWITCH in known else {}
        said = {SIP_WS_URL: settings.sip_ws_url} if settings.sip_ws_url else {}
        wanted = SwitchConnection(
            id=FIRST_SWITCH,
            kind="asterisk",
            url=settings.ari_url.rstrip("/"),
            app=settings.ari_app,
            credentials=f"{settings.ari_user}:{settings.ari_password}",
            settings={key: kept[key] for key in kept if key != SIP_WS_URL} | said,
        )
        # Encrypting anew gives other bytes each time: an unchanged row is left alone.
        if known.get(FIRST_SWITCH) != wanted:
            await store.save(wanted)
            log.info("switch.connection_kept", id=FIRST_SWITCH, url=wanted.url, app=wanted.app)
