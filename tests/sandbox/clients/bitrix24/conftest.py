"""The portal over TLS under the vendor's names, as an outsider's client meets it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from backend.kit.clock import SystemClock
from backend.sandbox.bitrix24 import Application, Portal, PortalConfig, create_portal
from backend.sandbox.bitrix24.config import OAUTH_HOSTS, VENDOR_HOST
from backend.sandbox.dataset import generate
from backend.sandbox.tls import Authority, serving_tls
from tests.sandbox.clients.loopback import send_names_home, trust

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@dataclass
class World:
    """The portal, its certificate authority and the loopback port behind every vendor's name."""

    portal: Portal
    ca_file: Path
    names: dict[str, int]


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    config = PortalConfig(
        public_url="http://portal.test",
        dataset=generate(contacts=1200),
        application=Application(installed=True),
    )
    app = create_portal(config, SystemClock())
    authority = Authority(tmp_path / "tls")
    hosts = (VENDOR_HOST, *OAUTH_HOSTS, "renamed.bitrix24.ru")
    async with serving_tls(app, authority, hosts) as port:
        names = dict.fromkeys(hosts, port)
        send_names_home(monkeypatch, names)
        trust(monkeypatch, authority.ca_file)
        yield World(app.state.portal, authority.ca_file, names)
