"""Lines for browsers on a switch that runs: what `dozvon asterisk check` says of it, and the way a
browser takes to it through the printed proxy."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from backend.services.ports import BrowserLine
from backend.telephony.asterisk import AsteriskLines
from backend.telephony.asterisk.check import AsteriskCheck, Expected, Found
from tests.integration.asterisk.world import World
from tests.integration.house.proxy import proxied

REGISTER = (
    "REGISTER sip:localhost SIP/2.0\r\n"
    "Via: SIP/2.0/WSS browser.invalid;branch=z9hG4bK1\r\n"
    "Max-Forwards: 69\r\n"
    "From: <sip:demo-b101@localhost>;tag=1\r\n"
    "To: <sip:demo-b101@localhost>\r\n"
    "Call-ID: one@browser.invalid\r\n"
    "CSeq: 1 REGISTER\r\n"
    "Contact: <sip:x@browser.invalid;transport=ws>;expires=120\r\n"
    "Content-Length: 0\r\n\r\n"
)


async def looked(world: World, expected: Expected, password: str = "dozvon") -> list[Found]:
    check = AsteriskCheck(world.url, "dozvon", password, expected, now=world.clock.now)
    return await check.findings()


async def test_a_switch_that_serves_us_has_nothing_wrong(world: World) -> None:
    found = await looked(world, Expected(app="dozvon", lines=["101", "102"], sounds=["hello"]))
    codes = {one.code for one in found}
    assert [one for one in found if one.weight == "fail"] == []
    assert {"app_ok", "events_ok", "config_ok", "endpoints_ok", "sip_ok", "sound_ok"} <= codes
    # Looking took nothing over: callers still reach whoever was there.
    assert await world.arrived()


async def test_what_is_wrong_is_found_on_a_switch_that_runs(world: World) -> None:
    assert [one.code for one in await looked(world, Expected(app="dozvon"), "other")] == [
        "bad_user"
    ]
    found = await looked(world, Expected(app="nobody", lines=["999"], sounds=["silence/none"]))
    codes = {one.code for one in found}
    assert {"app_away", "endpoints_missing", "sound_missing"} <= codes


async def test_a_browser_s_sip_goes_through_the_printed_proxy(world: World, tmp_path: Path) -> None:
    port = urlsplit(world.url).port
    assert port is not None
    lines = AsteriskLines(world.url, "dozvon", "dozvon")
    line = BrowserLine(account="demo", username="demo-b101", caller_name="A", caller_number="101")
    await lines.issue(line, "for-this-session")
    await lines.aclose()
    async with proxied(tmp_path, [9], sip_port=port) as proxy:
        url = f"wss://localhost:{proxy.port}/sip"
        sip = [Subprotocol("sip")]
        async with connect(url, subprotocols=sip, ssl=proxy.trust, proxy=None) as socket:
            assert socket.subprotocol == "sip"
            await socket.send(REGISTER)
            answer = await socket.recv(decode=True)
    assert answer.startswith("SIP/2.0 401")
    assert "Digest" in answer
