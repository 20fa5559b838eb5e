"""`dozvon asterisk check` against an Asterisk that answers by script, one fault at a time."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import httpx
import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from backend.telephony.asterisk.check import AsteriskCheck, Expected, Found
from backend.telephony.asterisk.config.files import MODULES
from backend.telephony.asterisk.texts import text

pytestmark = pytest.mark.feature("T")

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
Change = Callable[[str, str], httpx.Response | None]


def healthy(method: str, path: str) -> httpx.Response:
    """What an Asterisk that lacks nothing answers."""
    if path == "/asterisk/info":
        return httpx.Response(200, json={"system": {"version": "22.10.1"}})
    if path == "/asterisk/ping":
        return httpx.Response(200, json={"timestamp": NOW.isoformat()})
    if path == "/asterisk/modules":
        running = [{"name": name, "status": "Running"} for name in MODULES]
        return httpx.Response(200, json=running)
    if path.startswith("/asterisk/config/dynamic/res_pjsip/"):
        return httpx.Response(200 if method == "PUT" else 204, json=[])
    if path.startswith("/bridges/"):
        return httpx.Response(404, json={"message": "Bridge not found"})
    if path == "/endpoints/PJSIP":
        rows = [
            {"technology": "PJSIP", "resource": "sever-101", "state": "offline"},
            {"technology": "PJSIP", "resource": "trunk-a", "state": "online"},
        ]
        return httpx.Response(200, json=rows)
    if path == "/recordings/stored":
        return httpx.Response(200, json=[])
    if path.startswith(("/applications/", "/sounds/")):
        return httpx.Response(200, json={})
    return httpx.Response(404, json={"message": "Resource not found"})


@asynccontextmanager
async def sockets(
    *, events: bool = True, sip: bool = True, speaks: str = "sip"
) -> AsyncIterator[str]:
    """The WebSocket half, on a port of its own; gives its http address."""

    async def hold(socket: ServerConnection) -> None:
        await socket.wait_closed()

    def gate(_: ServerConnection, request: Request) -> Response | None:
        path = request.path.partition("?")[0]
        there = events if path == "/ari/events" else sip and path == "/ws"
        assert "app=dozvon&" not in request.path, "a look must not take the calls over"
        return None if there else Response(HTTPStatus.NOT_FOUND, "Not Found", request.headers)

    def choose(_: ServerConnection, offered: Any) -> Subprotocol | None:
        return Subprotocol(speaks) if speaks in offered else None

    async with serve(
        hold, "127.0.0.1", 0, process_request=gate, select_subprotocol=choose
    ) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        yield f"http://127.0.0.1:{port}"


async def look(
    change: Change = lambda method, path: None,
    expected: Expected | None = None,
    *,
    asked: list[str] | None = None,
    **half: Any,
) -> list[Found]:
    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/ari")
        if asked is not None:
            asked.append(f"{request.method} {path}")
        return change(request.method, path) or healthy(request.method, path)

    wanted = expected or Expected(
        app="dozvon", lines=["sever-101"], trunks=["trunk-a"], sounds=["notice"]
    )
    async with sockets(**half) as url:
        check = AsteriskCheck(
            url, "phone", "p", wanted, now=lambda: NOW, transport=httpx.MockTransport(answer)
        )
        return await check.findings()


def instead(start: str, status: int, body: Any = None, *, method: str = "") -> Change:
    def change(asked_method: str, path: str) -> httpx.Response | None:
        if path.startswith(start) and method in ("", asked_method):
            return httpx.Response(status, content=json.dumps(body if body is not None else {}))
        return None

    return change


def weights(found: list[Found]) -> dict[str, str]:
    return {one.code: one.weight for one in found}


async def test_one_that_lacks_nothing_gets_only_praise() -> None:
    found = await look()
    assert {one.weight for one in found} == {"ok"}
    assert {"answers", "modules_ok", "config_ok", "events_ok", "sip_ok", "rtp_hint"} <= {
        one.code for one in found
    }


@pytest.mark.parametrize(
    ("change", "code", "weight"),
    [
        (instead("/asterisk/info", 401), "bad_user", "fail"),
        (instead("/asterisk/info", 404), "no_ari", "fail"),
        (instead("/asterisk/info", 200, {"system": {"version": "22.4.0"}}), "old", "warn"),
        (instead("/asterisk/info", 200, {"system": {"version": "20.15.2"}}), "old", "warn"),
        (
            instead("/asterisk/ping", 200, {"timestamp": (NOW + timedelta(seconds=9)).isoformat()}),
            "clock_off",
            "warn",
        ),
        (instead("/bridges/", 403), "read_only", "fail"),
        (instead("/asterisk/modules", 200, [{"name": "x.so"}]), "modules_missing", "fail"),
        (instead("/asterisk/modules", 404), "modules_untold", "warn"),
        (instead("/applications/", 404), "app_away", "warn"),
        (
            instead("/asterisk/config/dynamic/res_pjsip/endpoint/", 403, method="PUT"),
            "config_closed",
            "fail",
        ),
        (instead("/asterisk/config/dynamic/", 500, method="PUT"), "config_broken", "fail"),
        (instead("/endpoints/PJSIP", 200, []), "endpoints_missing", "fail"),
        (
            instead(
                "/endpoints/PJSIP",
                200,
                [
                    {"resource": "sever-101", "state": "online"},
                    {"resource": "trunk-a", "state": "offline"},
                ],
            ),
            "trunk_offline",
            "warn",
        ),
        (instead("/sounds/", 404), "sound_missing", "warn"),
        (instead("/recordings/stored", 500), "recordings_broken", "fail"),
        (
            instead("/recordings/stored", 200, [{"name": f"dozvon-a-{n}"} for n in range(30)]),
            "recordings_left",
            "warn",
        ),
    ],
)
async def test_each_fault_has_its_sentence(change: Change, code: str, weight: str) -> None:
    found = await look(change)
    assert weights(found)[code] == weight
    assert all(text(one.code, lang, **one.data) for one in found for lang in ("ru", "en"))


async def test_a_module_that_is_not_loaded_is_named() -> None:
    rows = [{"name": name, "status": "Running"} for name in MODULES if name != "res_srtp.so"]
    found = await look(instead("/asterisk/modules", 200, rows))
    (missing,) = (one for one in found if one.code == "modules_missing")
    assert missing.data == {"names": "res_srtp.so"}


@pytest.mark.parametrize(
    ("half", "code"),
    [
        ({"events": False}, "events_refused"),
        ({"sip": False}, "sip_refused"),
        ({"speaks": "mqtt"}, "sip_refused"),
    ],
)
async def test_each_socket_that_does_not_open_is_named(half: dict[str, Any], code: str) -> None:
    found = await look(**half)
    assert weights(found)[code] == "fail"


async def test_a_dead_switch_is_said_once() -> None:
    def dead(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    check = AsteriskCheck(
        "http://127.0.0.1:9",
        "phone",
        "p",
        Expected(app="dozvon"),
        now=lambda: NOW,
        transport=httpx.MockTransport(dead),
    )
    assert [one.code for one in await check.findings()] == ["unreachable"]


async def test_browsers_of_secure_pages_need_a_secure_address() -> None:
    found = await look(expected=Expected(app="dozvon", secure_pages=True))
    assert weights(found)["sip_insecure"] == "fail"


async def test_a_trial_is_taken_away_and_a_reader_makes_none() -> None:
    asked: list[str] = []
    await look(asked=asked)
    tried = [one for one in asked if "config/dynamic" in one]
    kinds = [one.split(" ")[1].split("/")[5] for one in tried]
    assert kinds == ["aor", "auth", "endpoint", "endpoint", "auth", "aor"]
    asked.clear()
    await look(instead("/bridges/", 403), asked=asked)
    assert not [one for one in asked if "config/dynamic" in one]
