"""`DOZVON_ARI_URL=… dozvon demo`: the same demo, with calls over somebody's own Asterisk."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

from backend.demo.cast import ARI_APP, ARI_PASSWORD, ARI_USER, SEVER
from backend.kit.clock import SystemClock
from backend.sandbox.ari import PhoneConfig, SwitchConfig, VirtualNumber, create_switch
from tests.e2e.demo import running_demo
from tests.integration.house.single import serving

PHONE = SEVER.endpoint("101")
CONFIG = SwitchConfig(
    username=ARI_USER,
    password=ARI_PASSWORD,
    virtual_numbers=(
        VirtualNumber(number=SEVER.virtual_number, app=ARI_APP, args=("inbound",), title="x"),
    ),
    phones=(PhoneConfig(endpoint=PHONE, name="Илья"),),
    trunks=("trunk-demo",),
)
RINGS_WITHIN_S = 20


@pytest.mark.feature("T")
async def test_calls_of_somebodys_own_asterisk_ring_the_demos_people(tmp_path: Path) -> None:
    switch = create_switch(CONFIG, SystemClock())
    async with serving(switch) as port, httpx.AsyncClient(timeout=10) as http:
        asterisk = f"http://127.0.0.1:{port}"
        running = running_demo(
            tmp_path,
            DOZVON_ARI_URL=asterisk,
            DOZVON_ARI_USER=ARI_USER,
            DOZVON_ARI_PASSWORD=ARI_PASSWORD,
            DOZVON_ARI_APP=ARI_APP,
        )
        demo = await asyncio.to_thread(running.__enter__)
        try:
            number = SEVER.virtual_number
            call = {"from": "79161234501", "to": number}
            (await http.post(f"{asterisk}/sandbox/calls", json=call)).raise_for_status()
            async with asyncio.timeout(RINGS_WITHIN_S):
                while await _state(http, asterisk) != "RINGING":  # noqa: ASYNC110  theirs
                    await asyncio.sleep(0.05)
            about = (await http.get(f"http://127.0.0.1:{demo.port}/sandbox/about")).json()
            assert (about["switch"]["ari_url"], about["switch"]["password"]) == (asterisk, "")
            home = f"http://127.0.0.1:{demo.port}/"
            page = await http.get(home, headers={"Host": f"dozvon.localhost:{demo.port}"})
            assert f"+{number}" in page.text
            assert f'href="{demo.switchboard}"' not in page.text
        finally:
            await asyncio.to_thread(running.__exit__, None, None, None)
        assert (tmp_path / "demo-asterisk").is_dir(), "data of its own"


async def _state(http: httpx.AsyncClient, asterisk: str) -> str:
    state = (await http.get(f"{asterisk}/sandbox/state")).raise_for_status().json()
    return str(next(phone["state"] for phone in state["phones"] if phone["endpoint"] == PHONE))
