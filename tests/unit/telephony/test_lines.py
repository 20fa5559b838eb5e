"""Browser lines pushed into an Asterisk, and what an ordered leg's INVITE carries."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from backend.errors import SwitchRefused, SwitchUnavailable
from backend.kit.clock import ManualClock
from backend.services.ports import CALL_HEADER, BrowserLine, RingOrder
from backend.telephony.asterisk import AsteriskLines, AsteriskSwitch
from backend.telephony.asterisk.lines import websocket_url
from protocol.vocabulary import CallId, LegId

LINE = BrowserLine(
    account="sever", username="sever-b101", caller_name='Anna "A"', caller_number="101"
)
ROOT = "/ari/asterisk/config/dynamic/res_pjsip"


class ScriptedAri:
    """Keeps objects in `memory` and `files`, as `res_pjsip` with two wizards does."""

    def __init__(self, *, writable: bool = True) -> None:
        self.memory: dict[str, dict[str, str]] = {}
        self.files: dict[str, dict[str, str]] = {}
        self.writable = writable
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix(ROOT + "/")
        self.asked.append(f"{request.method} {path}")
        if request.method == "GET":
            found = self.memory.get(path) or self.files.get(path)
            if found is None:
                return httpx.Response(404, json={"message": "Object not found"})
            pairs = [{"attribute": key, "value": value} for key, value in found.items()]
            return httpx.Response(200, json=pairs)
        if path in self.files or not self.writable:
            return httpx.Response(403, json={"message": "Cannot update sorcery objects"})
        if request.method == "DELETE":
            gone = self.memory.pop(path, None)
            return httpx.Response(204 if gone is not None else 404, json={})
        fields: list[dict[str, Any]] = json.loads(request.content)["fields"]
        pushed = {field["attribute"]: field["value"] for field in fields}
        self.memory[path] = self.memory.get(path, {}) | pushed
        return httpx.Response(200, json=fields)


def lines(answer: Callable[[httpx.Request], httpx.Response]) -> AsteriskLines:
    return AsteriskLines(
        "http://switch:8088", "u", "p", transport=httpx.MockTransport(answer), request_timeout_s=1
    )


async def test_a_line_is_issued_whole_and_its_endpoint_last() -> None:
    ari = ScriptedAri()
    await lines(ari).issue(LINE, "first")
    assert ari.asked == ["PUT aor/sever-b101", "PUT auth/sever-b101", "PUT endpoint/sever-b101"]
    assert ari.memory["auth/sever-b101"] == {
        "auth_type": "userpass",
        "username": "sever-b101",
        "password": "first",
    }
    endpoint = ari.memory["endpoint/sever-b101"]
    assert endpoint["webrtc"] == "yes"
    assert endpoint["allow"] == "!all,ulaw,alaw,g722"
    assert endpoint["callerid"] == '"Anna A" <101>'
    assert endpoint["aors"] == endpoint["auth"] == "sever-b101"
    assert float(endpoint["rtp_timeout"]) > 0
    assert ari.memory["aor/sever-b101"]["remove_existing"] == "yes"


async def test_a_new_password_replaces_the_one_before() -> None:
    ari = ScriptedAri()
    await lines(ari).issue(LINE, "first")
    await lines(ari).issue(LINE, "second")
    assert ari.memory["auth/sever-b101"]["password"] == "second"


async def test_a_withdrawn_line_is_gone_and_withdrawing_again_is_done() -> None:
    ari = ScriptedAri()
    await lines(ari).issue(LINE, "first")
    await lines(ari).withdraw(LINE)
    assert ari.memory == {}
    await lines(ari).withdraw(LINE)


async def test_an_endpoint_of_the_file_stays_and_only_its_password_is_pushed() -> None:
    ari = ScriptedAri()
    ari.files["endpoint/sever-b101"] = {"auth": "sever-b101", "aors": "sever-b101"}
    ari.files["aor/sever-b101"] = {"max_contacts": "1"}
    await lines(ari).issue(LINE, "first")
    assert list(ari.memory) == ["auth/sever-b101"]
    await lines(ari).withdraw(LINE)
    assert ari.memory == {}


async def test_an_endpoint_of_the_file_with_another_password_is_named() -> None:
    ari = ScriptedAri()
    ari.files["endpoint/sever-b101"] = {"auth": "somebody", "aors": "sever-b101"}
    with pytest.raises(SwitchRefused, match=r"pjsip\.conf has an endpoint sever-b101"):
        await lines(ari).issue(LINE, "first")


async def test_a_switch_that_keeps_nothing_says_which_file_is_missing() -> None:
    with pytest.raises(SwitchRefused, match=r"sorcery\.conf"):
        await lines(ScriptedAri(writable=False)).issue(LINE, "first")


async def test_a_silent_switch_is_worth_asking_again() -> None:
    def dead(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with pytest.raises(SwitchUnavailable):
        await lines(dead).issue(LINE, "first")


@pytest.mark.parametrize(
    ("ari_url", "wanted"),
    [
        ("http://127.0.0.1:8088", "ws://127.0.0.1:8088/ws"),
        ("https://pbx.example.ru/ari/", "wss://pbx.example.ru/ws"),
        ("http://pbx:8088/asterisk/ari", "ws://pbx:8088/asterisk/ws"),
    ],
)
def test_sip_over_websocket_is_spoken_beside_ari(ari_url: str, wanted: str) -> None:
    assert websocket_url(ari_url) == wanted


@pytest.mark.parametrize(
    ("endpoint", "carried"), [("PJSIP/sever-b101", True), ("PJSIP/79161112233@trunk", False)]
)
async def test_headers_reach_a_line_and_no_trunk(endpoint: str, carried: bool) -> None:
    bodies: list[dict[str, Any]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        bodies.append(json.loads(request.content))
        return httpx.Response(200, json={"id": "x"})

    switch = AsteriskSwitch(
        "http://switch:8088",
        "u",
        "p",
        "dozvon",
        clock=ManualClock(datetime(2026, 3, 2, 9, tzinfo=UTC)),
        transport=httpx.MockTransport(answer),
    )
    await switch.ring(
        RingOrder(
            account="sever",
            call_id=CallId("c-1"),
            leg_id=LegId("agent-1-1"),
            endpoint=endpoint,
            caller_number="+79161112233",
            caller_name="",
            timeout_s=20,
            headers={CALL_HEADER: "c-1"},
        )
    )
    await switch.aclose()
    variables = bodies[0]["variables"]
    assert (variables.get("PJSIP_HEADER(add,X-Dozvon-Call)") == "c-1") is carried
