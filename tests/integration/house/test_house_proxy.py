"""Behind the printed nginx configuration: sockets, addresses, bodies, ranges, a reload."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest
import websockets

from backend.api.pages import read_manifest, static_dir
from backend.bootstrap.doctor import examine
from backend.demo.cast import SEVER
from backend.realtime.limits import Limits
from backend.settings import Settings
from tests.integration.house.proxy import PRINTED, Proxy, proxied
from tests.integration.house.tab import Tab
from tests.integration.house.town import CUSTOMER, ILYA, ORIGIN, Town, eventually, free_port

BROWSER = "192.0.2.77"
"""Who a browser may claim to be."""


@pytest.fixture
async def proxy(empty_town: Town, tmp_path: Path) -> AsyncIterator[Proxy]:
    """Two web processes and a worker behind nginx, told that it is their address."""
    port = free_port()
    empty_town.public_url = f"https://localhost:{port}"
    async with AsyncExitStack() as stack:
        await empty_town.worker()
        webs = [await empty_town.web(), await empty_town.web()]
        await empty_town.connected()
        made = proxied(tmp_path, [web.port for web in webs], port)
        yield await stack.enter_async_context(made)


async def test_a_socket_goes_through_and_outlives_a_reload(empty_town: Town, proxy: Proxy) -> None:
    token = (await empty_town.sign_in(ILYA)).token
    async with Tab(token, 0, base=proxy.url, trust=proxy.trust) as tab:
        before = proxy.workers()
        proxy.reload()
        await eventually(lambda: bool(proxy.workers() - before))
        # The old process serves its sockets on.
        customer = empty_town.switch.place_call(CUSTOMER, SEVER.virtual_number)
        card = await tab.until(my_leg="ringing")
        (old,) = before
        os.kill(old, signal.SIGKILL)
        await eventually(lambda: tab.close_code is not None)
        # What a widget does: it comes back through the new process and hears what it missed.
        customer.hang_up()
        await tab.open()
        assert all(start["recovered"] for start in tab.starts[-2:])
        await eventually(lambda: not tab.cards)
        await eventually(
            lambda: tab.state["me"].get("history", {}).get("last_call_id") == card["call_id"]
        )


async def test_addresses_are_taken_from_the_proxy_alone(proxy: Proxy) -> None:
    nonce = "n" * 32
    claims = {"X-Forwarded-For": BROWSER, "X-Forwarded-Proto": "http"}
    async with httpx.AsyncClient(verify=proxy.trust, base_url=proxy.url) as http:
        answer = await http.get("/health/live", params={"nonce": nonce}, headers=claims)
        assert answer.headers["Dozvon-Seen"] == "127.0.0.1"
        assert answer.headers["Dozvon-Scheme"] == "https"
        assert (await http.get("/metrics")).status_code == 403
        assert (await http.post("/bitrix24/install", content=b"x" * 2_000_000)).status_code == 413
        assert (await http.post("/bitrix24/install", content=b"x" * 900_000)).status_code != 413


async def test_files_are_played_in_parts(proxy: Proxy) -> None:
    async with httpx.AsyncClient(verify=proxy.trust, base_url=proxy.url) as http:
        assets = next(iter(read_manifest(static_dir()).values()))
        part = await http.get(f"/static/{assets.script}", headers={"Range": "bytes=2-11"})
        assert (part.status_code, len(part.content)) == (206, 10)
        gone = await http.get("/recordings/" + "A" * 40)
        assert gone.status_code == 404, "it is ours to say"


async def test_a_socket_of_a_foreign_page_is_refused_behind_it_too(proxy: Proxy) -> None:
    with pytest.raises(websockets.InvalidStatus) as refused:
        await websockets.connect(
            f"wss://localhost:{proxy.port}/ws", ssl=proxy.trust,
            origin=websockets.Origin("https://evil.example"),
        )  # fmt: skip
    assert refused.value.response.status_code == 403


def test_the_proxy_waits_longer_than_the_server_is_silent() -> None:
    seconds = re.findall(r"proxy_(?:read|send)_timeout (\d+)s;", PRINTED.read_text())
    assert len(seconds) == 4
    assert all(int(s) > 2 * Limits().ping_interval_s for s in seconds)


async def test_the_doctor_goes_the_way_of_a_browser(
    empty_town: Town, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(proxy.ca_file))
    here = {k: v for k, v in empty_town.env().items() if k.startswith("DOZVON_")}
    found = [f.text for f in await examine(Settings.from_env(here)) if f.ok]
    assert f"{proxy.url} leads to this installation." in found
    assert any(text.startswith("Sockets open at wss://") for text in found)

    other = Settings.from_env({**here, "DOZVON_SECRET_KEYS": "k1:" + "A" * 43 + "="})
    wrong = " ".join(f.text for f in await examine(other) if not f.ok)
    assert "not by this installation" in wrong

    monkeypatch.setenv("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt")
    wrong = " ".join(f.text for f in await examine(Settings.from_env(here)) if not f.ok)
    assert "a certificate browsers refuse" in wrong

    nowhere = {**here, "DOZVON_PUBLIC_URL": f"https://localhost:{free_port()}"}
    wrong = " ".join(f.text for f in await examine(Settings.from_env(nowhere)) if not f.ok)
    assert "cannot be reached from here" in wrong


async def test_the_doctor_finds_a_proxy_nobody_believes(
    empty_town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    empty_town.public_url = f"https://localhost:{port}"
    web = await empty_town.web(DOZVON_TRUSTED_PROXIES="192.0.2.1")
    async with proxied(tmp_path, [web.port], port) as proxy:
        monkeypatch.setenv("SSL_CERT_FILE", str(proxy.ca_file))
        here = {k: v for k, v in empty_town.env().items() if k.startswith("DOZVON_")}
        wrong = " ".join(f.text for f in await examine(Settings.from_env(here)) if not f.ok)
    assert "DOZVON_TRUSTED_PROXIES" in wrong
    assert ORIGIN not in wrong
