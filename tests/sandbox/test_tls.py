"""The throw-away authority and both CRMs of the demo under their vendors' names."""

from __future__ import annotations

import asyncio
import socket
import ssl
import stat
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import requests
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from backend.demo.addresses import Addresses
from backend.demo.secure import secured
from backend.kit.clock import SystemClock
from backend.sandbox.amocrm import AmoConfig, create_amo
from backend.sandbox.bitrix24 import Application, PortalConfig, create_portal
from backend.sandbox.dataset import generate
from backend.sandbox.tls import Authority, loopback_map, serving_tls
from tests.sandbox.amocrm.rig import package
from tests.sandbox.clients.loopback import send_names_home, trust

if TYPE_CHECKING:
    from pathlib import Path

_HELLO = Starlette(routes=[Route("/", lambda _: PlainTextResponse("hello"))])


async def _met(port: int, name: str, ca_file: Path) -> str:
    """The first line an HTTP client reads that expects `name` and trusts only `ca_file`."""
    context = ssl.create_default_context(cafile=str(ca_file))
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", port, ssl=context, server_hostname=name
    )
    try:
        writer.write(f"GET / HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
        return (await reader.readline()).decode().strip()
    finally:
        writer.close()
        await writer.wait_closed()


async def test_a_client_that_trusts_the_authority_meets_the_vendors_names(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with serving_tls(_HELLO, authority, ["*.bitrix24.ru", "oauth.bitrix.info"]) as port:
        for name in ("demo.bitrix24.ru", "oauth.bitrix.info", "localhost"):
            assert await _met(port, name, authority.ca_file) == "HTTP/1.1 200 OK"
        with pytest.raises(ssl.SSLCertVerificationError):
            await _met(port, "a.b.bitrix24.ru", authority.ca_file)
        with pytest.raises(ssl.SSLCertVerificationError):
            await _met(port, "demo.bitrix24.ru", Authority(tmp_path / "other").ca_file)


async def test_keys_are_for_the_owner_only_and_a_taken_port_says_so(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    _, key = authority.certificate(["one.test"])
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert "PRIVATE KEY" not in authority.ca_file.read_text()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError, match="in use"):
            async with serving_tls(
                _HELLO, authority, ["one.test"], port=int(taken.getsockname()[1])
            ):
                pass
    assert loopback_map(["one.test"], 8443) == {"one.test": "127.0.0.1:8443"}


async def test_the_demo_tells_where_both_crms_are_under_tls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SystemClock()
    portal = create_portal(
        PortalConfig(dataset=generate(contacts=50), application=Application(installed=True)), clock
    )
    amo = create_amo(AmoConfig(widget=package(), subdomain="amo", contacts=50), clock)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        # The portal's own port is taken, so it has to find another.
        where = Addresses(int(taken.getsockname()[1]) - 5)
        async with secured(tmp_path, "127.0.0.1", where, portal, amo) as secure:
            about = secure.told({"bitrix24": {}, "amocrm": {}})
            ports = {name: int(at.rpartition(":")[2]) for name, at in secure.names.items()}
            send_names_home(monkeypatch, ports)
            trust(monkeypatch, tmp_path / "sandbox-ca.pem")

            def outside() -> tuple[Any, int, str]:
                hook = about["bitrix24"]["tls"]["incoming_webhook"] + "profile"
                account = about["amocrm"]["tls"]["url"] + "/api/v4/account"
                consent = requests.get(
                    about["amocrm"]["tls"]["consent"], allow_redirects=False, timeout=10
                )
                return (
                    requests.post(hook, timeout=10).json()["result"],
                    requests.get(account, timeout=10).status_code,
                    consent.headers["location"],
                )

            profile, account_status, consent = await asyncio.to_thread(outside)
    assert profile["ID"] == "1"
    # It asks for a token, as the account itself would.
    assert account_status == 401
    assert consent.startswith("https://amo.amocrm.ru/oauth")
    assert about["tls"]["ca_file"] == str(tmp_path / "sandbox-ca.pem")
    assert ports["dozvon.bitrix24.ru"] == ports["oauth.bitrix24.tech"] != where.port + 5
    await amo.state.amo.aclose()


async def test_a_portal_under_the_vendors_name_refuses_plain_http() -> None:
    portal = create_portal(PortalConfig(dataset=generate(contacts=50)), SystemClock())
    transport = httpx.ASGITransport(portal)
    async with httpx.AsyncClient(transport=transport) as client:
        plain = await client.post("http://dozvon.bitrix24.ru/rest/profile")
        assert (plain.status_code, plain.json()["error"]) == (400, "INVALID_REQUEST")
