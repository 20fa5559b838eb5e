"""A process that refreshes, for the tests: `python -m tests.integration.store.grants_process URL`.

In: a line with the key of the secrets (base64), later any line: go. Out: `ready` when it holds the
stale grant, then the access tokens its tasks got, as a JSON list.
"""

from __future__ import annotations

import asyncio
import sys
from base64 import b64decode

import httpx
import msgspec

from backend.connectors.crm.amocrm.auth import Refresher
from backend.kit.clock import SystemClock
from backend.kit.secrets_box import SecretsBox
from backend.store.database import Database
from backend.store.gateways.grants import SqlGrants
from protocol.vocabulary import CrmKind
from tests.integration.conftest import ALPHA

TASKS = 4


async def main(url: str) -> None:
    secrets = SecretsBox({"k1": b64decode(sys.stdin.readline())})
    async with (
        Database(url, pool_size=2) as database,
        httpx.AsyncClient(timeout=30, trust_env=False) as http,
    ):
        grants = SqlGrants(database, secrets, ALPHA, CrmKind.AMOCRM)
        refresher = Refresher(
            http, SystemClock(), client_id="id", client_secret="s", redirect_uri="https://o/back"
        )
        stale = await grants.current()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.readline)
        fresh = await asyncio.gather(*(grants.refreshed(stale, refresher) for _ in range(TASKS)))
        sys.stdout.write(msgspec.json.encode([each.access_token for each in fresh]).decode())


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
