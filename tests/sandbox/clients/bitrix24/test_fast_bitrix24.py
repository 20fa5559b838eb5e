"""A client of the portal made by others: paging, batches, limits and tokens in its own way."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import TYPE_CHECKING, Any

from backend.sandbox.bitrix24.config import VENDOR_HOST
from tests.features import ROOT

if TYPE_CHECKING:
    from tests.sandbox.clients.bitrix24.conftest import World

_TIMEOUT_S = 60.0


async def _run(world: World) -> dict[str, Any]:
    config = world.portal.config
    application = config.application
    order = {
        "names": world.names,
        "rest": f"https://{VENDOR_HOST}/rest/",
        "webhook": (
            f"https://{VENDOR_HOST}/rest/{config.webhook_user_id}/{config.webhook_secret}/"
        ),
        "grant": {
            "grant_type": "refresh_token",
            "client_id": application.client_id,
            "client_secret": application.client_secret,
            "refresh_token": world.portal.tokens.issue(1).refresh_token,
        },
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.sandbox.clients.bitrix24.fast_client",
        json.dumps(order),
        cwd=ROOT,
        env=os.environ | {"SSL_CERT_FILE": str(world.ca_file)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(_TIMEOUT_S):
        out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    answer: dict[str, Any] = json.loads(out.decode().splitlines()[-1])
    return answer


async def test_it_reads_writes_and_batches_through_a_burst_and_an_expired_token(
    world: World,
) -> None:
    # The burst meets its first request, the stale token the one after that.
    world.portal.faults.burst_503 = 1
    world.portal.faults.expired_tokens = 1
    got = await _run(world)
    assert (got["contacts"], got["ids"]) == (1200, 1200)
    assert got["tokens"] == 2
    assert got["by_id"]["1"][0]["CONTACT_ID"] == 1
    assert got["added"] == 60
    assert got["batch"]["contact"]["LAST_NAME"] == "Морозова"
    assert "Not found" in got["refused"]
    # 24 pages, three batches of writes: all within the vendor's limit.
    assert not [row for row in world.portal.log.rows() if row.error == "OPERATION_TIME_LIMIT"]
