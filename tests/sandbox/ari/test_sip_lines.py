"""Lines in browsers: their objects, their registrations, and what the switch says of them."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from backend.sandbox import sip
from backend.sandbox.ari.lines import BrowserLine
from tests.sandbox.ari.conftest import Harness, until
from tests.sandbox.ari.lines import ENDPOINT, LINE, PASSWORD, issue, put
from tests.sandbox.ari.softphone import softphone

_OBJECTS = "/asterisk/config/dynamic/res_pjsip"


def line(harness: Harness) -> BrowserLine:
    return harness.switch.lines.by_endpoint[ENDPOINT]


async def state(harness: Harness) -> str:
    found: str = (await harness.rest.get(f"/endpoints/{ENDPOINT}")).json()["state"]
    return found


async def test_objects_are_made_read_changed_and_deleted(harness: Harness) -> None:
    assert (await harness.rest.get(f"{_OBJECTS}/auth/{LINE}")).status_code == 404
    await issue(harness)
    shown = {
        row["attribute"]: row["value"]
        for row in (await harness.rest.get(f"{_OBJECTS}/endpoint/{LINE}")).json()
    }
    assert (shown["auth"], shown["webrtc"], shown["dtmf_mode"]) == (LINE, "yes", "rfc4733")
    # Fields that are not named stay as they were.
    assert (await put(harness, "endpoint", LINE, {"callerid": "Boris <102>"})).status_code == 200
    assert line(harness).fields["webrtc"] == "yes"
    assert line(harness).label == "Boris"
    assert (await harness.rest.delete(f"{_OBJECTS}/endpoint/{LINE}")).status_code == 204
    assert (await harness.rest.get(f"/endpoints/{ENDPOINT}")).status_code == 404
    assert (await harness.rest.delete(f"{_OBJECTS}/endpoint/{LINE}")).status_code == 404


async def test_what_cannot_be_set_is_refused_as_asterisk_refuses_it(harness: Harness) -> None:
    assert (await put(harness, "auth", LINE, {"colour": "red"})).status_code == 400
    assert (await put(harness, "lamp", LINE, {})).status_code == 404
    assert (await put(harness, "auth", LINE, {}, config="res_lamp")).status_code == 404
    answer = await harness.rest.put(f"{_OBJECTS}/auth/{LINE}", json={"fields": ["x"]})
    assert answer.status_code == 400
    harness.switch.lines.fix("PJSIP/desk", "secret", "Desk")
    assert (await put(harness, "auth", "desk", {"password": "x"})).status_code == 403
    assert (await harness.rest.delete(f"{_OBJECTS}/auth/desk")).status_code == 403


async def test_only_the_password_of_now_registers(harness: Harness) -> None:
    await issue(harness)
    async with softphone(harness.port, LINE, "guessed") as phone:
        assert (await phone.register()).code == 401
    async with softphone(harness.port, "demo-b999", PASSWORD) as phone:
        # A name nobody has is challenged like any other.
        assert (await phone.register()).code == 401
    async with softphone(harness.port, LINE, PASSWORD) as phone:
        assert (await phone.register()).code == 200
        await issue(harness, password="another")
        assert (await phone.register()).code == 401


async def test_an_old_nonce_is_asked_for_anew(harness: Harness) -> None:
    await issue(harness)
    async with softphone(harness.port, LINE, PASSWORD) as phone:
        challenge = (await phone.ask(phone.registering())).www_authenticate
        assert challenge is not None
        await harness.clock.advance(33)
        stale = await phone.ask(phone.registering(challenge))
        assert stale.code == 401
        assert stale.www_authenticate is not None
        assert stale.www_authenticate.parameters["stale"] == "true"
        assert (await phone.ask(phone.registering(stale.www_authenticate))).code == 200


async def test_registering_is_told_as_of_any_telephone(harness: Harness) -> None:
    events = await harness.events(subscribe_all=True)
    await issue(harness)
    assert await state(harness) == "offline"
    async with softphone(harness.port, LINE, PASSWORD) as phone:
        answer = await phone.register(expires=90)
        assert answer.contact[0].uri == phone.contact
        assert answer.contact[0].parameters["expires"] == "90"
        told = await events.fence(harness)
        assert [event["type"] for event in told] == [
            "ContactStatusChange",
            "PeerStatusChange",
            "EndpointStateChange",
            "DeviceStateChanged",
        ]
        assert told[0]["contact_info"]["uri"] == str(phone.contact)
        assert await state(harness) == "online"
    # The socket closed, and with it went the contact.
    gone = (await events.until("EndpointStateChange"))[-1]
    assert gone["endpoint"]["state"] == "offline"
    answered = await harness.rest.post("/channels", params={"endpoint": ENDPOINT, "app": "app"})
    assert (answered.status_code, answered.json()) == (500, {"error": "Allocation failed"})


async def test_a_contact_lives_as_long_as_it_asked_for(harness: Harness) -> None:
    await issue(harness)
    async with softphone(harness.port, LINE, PASSWORD) as phone:
        await phone.register(expires=120)
        await harness.clock.advance(100)
        await phone.register(expires=120)
        await harness.clock.advance(100)
        assert line(harness).registered
        await harness.clock.advance(21)
        assert not line(harness).registered
        await phone.register()
        assert line(harness).registered
        assert (await phone.register(expires=0)).contact == []
        assert not line(harness).registered


async def test_the_newest_tab_takes_the_line_and_is_rung(harness: Harness) -> None:
    await issue(harness)
    async with (
        softphone(harness.port, LINE, PASSWORD) as first,
        softphone(harness.port, LINE, PASSWORD) as second,
    ):
        await first.register()
        await second.register()
        assert [contact.uri for contact in line(harness).contacts] == [str(second.contact)]
        await harness.post("/channels", 200, endpoint=ENDPOINT, app="app")
        talk = await asyncio.wait_for(second.invites.get(), 5)
        talk.refuse(486)
        assert first.invites.empty()


async def test_no_more_contacts_than_allowed(harness: Harness) -> None:
    await issue(harness, aor={"max_contacts": "0"})
    async with softphone(harness.port, LINE, PASSWORD) as phone:
        assert (await phone.register()).code == 403
    await issue(harness, aor={"max_contacts": "1", "remove_existing": "no"})
    async with (
        softphone(harness.port, LINE, PASSWORD) as first,
        softphone(harness.port, LINE, PASSWORD) as second,
    ):
        assert (await first.register()).code == 200
        assert (await second.register()).code == 403


async def test_a_tab_that_sleeps_is_noticed_and_comes_back(harness: Harness) -> None:
    await issue(harness, aor={"qualify_frequency": "15", "qualify_timeout": "3"})
    async with softphone(harness.port, LINE, PASSWORD) as phone:
        await phone.register(expires=600)
        await harness.clock.advance(15)
        await until(lambda: phone.received[-1:] != [])
        assert phone.received[-1].method == "OPTIONS"
        await until(lambda: line(harness).registered)
        phone.answers_probes = False
        await until(lambda: _asked_again(harness))
        await harness.clock.advance(15)
        await until(lambda: len(phone.received) == 2)
        await harness.clock.advance(3)
        assert await state(harness) == "offline"
        phone.answers_probes = True
        await harness.clock.advance(15)
        await until(lambda: line(harness).registered)


def _asked_again(harness: Harness) -> bool:
    """Whether the answer to the probe has come: the next one waits for its time."""
    return not any(socket._waiting for socket in harness.switch.sip()._sockets)


async def test_a_restart_forgets_lines_made_by_rest(harness: Harness) -> None:
    await issue(harness)
    harness.switch.lines.fix("PJSIP/desk", "secret", "Desk")
    async with softphone(harness.port, LINE, PASSWORD) as phone:
        await phone.register()
        harness.switch.forget()
        assert list(harness.switch.lines.by_endpoint) == ["PJSIP/desk"]


async def test_anything_may_come_over_the_socket(harness: Harness) -> None:
    url = f"ws://127.0.0.1:{harness.port}/ws"
    async with connect(url, subprotocols=[Subprotocol("sip")], proxy=None) as socket:
        assert socket.subprotocol == "sip"
        await socket.send("hello")
        await socket.send(b"\xff\xfe\r\n\r\n")
        await socket.send("\r\n\r\n")
        assert await asyncio.wait_for(socket.recv(), 5) == "\r\n"
        for method, code in (("OPTIONS", 200), ("SUBSCRIBE", 405), ("BYE", 405), ("CANCEL", 481)):
            await socket.send(
                f"{method} sip:x@127.0.0.1 SIP/2.0\r\n"
                "Via: SIP/2.0/WS a.invalid;branch=z9hG4bK1\r\n"
                "From: <sip:a@127.0.0.1>;tag=1\r\nTo: <sip:x@127.0.0.1>\r\n"
                f"Call-ID: {method}\r\nCSeq: 1 {method}\r\n\r\n"
            )
            text = str(await asyncio.wait_for(socket.recv(), 5))
            assert text.startswith(f"SIP/2.0 {code} ")
    with pytest.raises(InvalidStatus) as refused:
        async with connect(url, proxy=None):
            pass
    assert refused.value.response.status_code == 400


async def test_without_the_libraries_it_says_what_to_install(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sip, "_NEEDED", {"no_such_module": "no-such-package"})
    with pytest.raises(InvalidStatus) as refused:
        async with connect(
            f"ws://127.0.0.1:{harness.port}/ws", subprotocols=[Subprotocol("sip")], proxy=None
        ):
            pass
    assert refused.value.response.status_code == 503
    assert "install dozvon[voice] (no-such-package missing)" in str(refused.value.response.body)


def test_the_switch_itself_runs_without_the_libraries() -> None:
    """In a process of its own, where none of them can be imported."""
    code = """
import sys
for name in ("aioice", "OpenSSL", "pylibsrtp", "sipmessage"):
    sys.modules[name] = None
from backend.kit.clock import SystemClock
from backend.sandbox.ari import SwitchConfig, create_switch
print(create_switch(SwitchConfig(), SystemClock()).state.switch.state()["voice_lacks"])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "['aioice', 'pyopenssl', 'pylibsrtp', 'sipmessage']", done.stderr


async def test_a_connection_is_asked_whether_it_is_there_as_asterisk_asks(
    harness: Harness,
) -> None:
    sip_only = [Subprotocol("sip")]
    url = f"ws://127.0.0.1:{harness.port}/ws"
    async with connect(url, subprotocols=sip_only, proxy=None) as socket, asyncio.timeout(5):
        await socket.send("\r\n\r\n")
        assert await socket.recv() == "\r\n"
        await harness.clock.advance(90)
        assert await socket.recv() == "\r\n\r\n"
        await socket.send("\r\n")  # answered, and no answer comes to that
        await socket.send("\r\n\r\n")
        assert await socket.recv() == "\r\n"
