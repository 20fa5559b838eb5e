"""Two accounts over TLS under the vendor's names, as an outsider's client meets them."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from backend.kit.clock import SystemClock
from backend.sandbox.amocrm import AmoConfig, AmoSite, create_amo
from backend.sandbox.tls import Authority, serving_tls
from tests.sandbox.amocrm.rig import REDIRECT, SECRET, package
from tests.sandbox.clients.loopback import send_names_home, trust

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from backend.sandbox.amocrm.amo import Amo

HOST = "demo.amocrm.ru"
NEIGHBOUR = "vostok.amocrm.ru"
RENAMED = "neva.amocrm.ru"
_HTTPS = 443


@dataclass
class World:
    """The account clients talk to, another one on the same site, and hooks that were sent."""

    amo: Amo
    neighbour: Amo
    ca_file: Path
    hooks: list[bytes] = field(default_factory=list)

    @property
    def client_id(self) -> str:
        return package().client_uuid

    def code(self, user_id: int = 1) -> str:
        return self.amo.tokens.code(self.client_id, user_id)

    def pair(self) -> dict[str, Any]:
        return self.amo.tokens.exchange(self.code(), HOST)

    def keys(self) -> dict[str, str]:
        return {"client_id": self.client_id, "client_secret": SECRET, "redirect_uri": REDIRECT}


def _send_address_home(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    """httpx resolves a name and then connects to the address with the port of the URL."""
    connect = socket.socket.connect

    def connected(self: socket.socket, address: Any) -> None:
        connect(self, ("127.0.0.1", port) if address == ("127.0.0.1", _HTTPS) else address)

    monkeypatch.setattr(socket.socket, "connect", connected)


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    hooks: list[bytes] = []

    def vendor(request: httpx.Request) -> httpx.Response:
        hooks.append(request.content)
        return httpx.Response(200)

    made = [
        create_amo(
            AmoConfig(
                widget=package(),
                subdomain=host.partition(".")[0],
                account_id=account_id,
                contacts=contacts,
                rate_limit=None,
                transport=httpx.MockTransport(vendor),
            ),
            SystemClock(),
        )
        for host, account_id, contacts in ((HOST, 31_004_217, 1200), (NEIGHBOUR, 31_004_218, 60))
    ]
    site = AmoSite(made)
    authority = Authority(tmp_path / "tls")
    names = [*site.names(), RENAMED]
    async with serving_tls(site, authority, names) as port:
        send_names_home(monkeypatch, dict.fromkeys(names, port))
        _send_address_home(monkeypatch, port)
        trust(monkeypatch, authority.ca_file)
        amo, neighbour = (app.state.amo for app in made)
        yield World(amo, neighbour, authority.ca_file, hooks)
        for one in (amo, neighbour):
            await one.aclose()
