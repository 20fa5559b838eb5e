"""`dozvon demo`: the product with data of its own beside the sandboxes, in one process."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from starlette.routing import BaseRoute

from backend.bootstrap import Foundation, create_app
from backend.bootstrap.serving import serve
from backend.demo.addresses import Addresses
from backend.demo.cast import (
    AMO_CLIENT_ID,
    AMO_CLIENT_SECRET,
    PORTAL_CLIENT_ID,
    PORTAL_CLIENT_SECRET,
)
from backend.demo.servers import sandboxes
from backend.settings import Settings


def overrides(where: Addresses, env: Mapping[str, str]) -> dict[str, Any]:
    """What the demo sets by itself."""
    # Data of its own for an Asterisk of the reader's: numbers belong to one connection.
    data = "demo-asterisk" if env.get("DOZVON_ARI_URL") else "demo"
    return {
        "public_url": where.app,
        "var_dir": Path(env.get("DOZVON_VAR_DIR") or "var") / data,
        "bitrix24_auth_urls": f"{where.server(1)}/oauth-server/rest/",
        "bitrix24_client_id": PORTAL_CLIENT_ID,
        "bitrix24_client_secret": PORTAL_CLIENT_SECRET,
        # One label before: the sandbox account may be renamed.
        "amocrm_hosts": f"*.localhost:{where.port + 2}",
        "amocrm_site": where.amo,
        "amocrm_client_id": AMO_CLIENT_ID,
        "amocrm_client_secret": AMO_CLIENT_SECRET,
        "sandbox": True,
    }


def run_demo(settings: Settings, where: Addresses) -> int:
    @asynccontextmanager
    async def extra(base: Foundation) -> AsyncIterator[list[BaseRoute]]:
        async with sandboxes(base, where) as routes:
            yield routes

    switch = settings.ari_url or where.switchboard
    app = create_app(settings, with_worker=True, extra=extra, ready=lambda: _greet(where, switch))
    return serve(app, settings.host, settings.port)


def _greet(where: Addresses, switch: str) -> None:
    sys.stdout.write(
        f"\n  Dozvon is ready.\n\n"
        f"    Start here    {where.app}\n"
        f"    CRM 1         {where.portal}\n"
        f"    CRM 2         {where.amo}\n"
        f"    Switchboard   {switch}\n\n"
        f"  Ctrl-C stops everything; `make demo-reset` forgets the data.\n\n"
    )
    sys.stdout.flush()
