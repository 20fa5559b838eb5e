"""The sandbox cloud answers as the vendor's documentation says."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from backend.kit.clock import ManualClock
from backend.sandbox.uis import Cloud, CloudConfig, Employee, EmployeePhone, Forward, Number
from backend.sandbox.uis import create_cloud as create

KEY = "sandbox-key"
DID, PHONE, CALLER = "74950000001", "0700201", "79160000001"
CONFIG = CloudConfig(
    numbers=(Number(number=DID, steps=(Forward(phones=(PHONE,)),)),),
    employees=(Employee(id=1, name="Анна", phones=(EmployeePhone(number=PHONE),)),),
    minute_limit=5,
    records_all=False,
)


class Rig:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.app = create(CONFIG, self.clock)
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app), base_url="http://cloud.test"
        )

    @property
    def cloud(self) -> Cloud:
        cloud: Cloud = self.app.state.cloud
        return cloud

    async def raw(self, body: object, path: str = "/v4.0") -> dict[str, Any]:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        answer: dict[str, Any] = (await self.http.post(path, content=content)).json()
        return answer

    async def call(self, method: str, path: str = "/v4.0", **params: Any) -> dict[str, Any]:
        params.setdefault("access_token", KEY)
        asked = {"jsonrpc": "2.0", "id": 7, "method": method, "params": params}
        return await self.raw(asked, path)

    async def talking(self) -> int:
        session = self.cloud.place_call(CALLER, DID)
        await self.clock.advance(1)
        self.cloud.pick_up(PHONE)
        return session.id


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    made = Rig()
    yield made
    await made.http.aclose()
    await made.cloud.close()


def mnemonic(answer: dict[str, Any]) -> str:
    return str(answer["error"]["data"]["mnemonic"])


async def test_envelopes_that_are_not_spoken_here(rig: Rig) -> None:
    assert mnemonic(await rig.raw(b"{")) == "parse_error"
    assert mnemonic(await rig.raw([])) == "batch_opreations_not_supported"
    unnamed = {"jsonrpc": "2.0", "method": "list.calls", "params": {"access_token": KEY}}
    assert mnemonic(await rig.raw(unnamed)) == "notifications_not_supported"
    assert mnemonic(await rig.raw({"id": 1})) == "invalid_request"
    unknown = await rig.call("transfer.call")
    assert (mnemonic(unknown), unknown["error"]["code"]) == ("method_not_found", -32601)


async def test_a_session_s_key_lives_for_an_hour(rig: Rig) -> None:
    asked = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "login.user",
        "params": {"login": "dozvon", "password": "dozvon"},
    }
    assert mnemonic(await rig.raw(asked | {"params": {"login": "x", "password": "y"}})) == (
        "auth_error"
    )
    key = (await rig.raw(asked))["result"]["data"]["access_token"]
    assert (await rig.call("list.calls", access_token=key))["result"]["data"] == []
    await rig.clock.advance(3601)
    assert mnemonic(await rig.call("list.calls", access_token=key)) == "access_token_invalid"
    again = (await rig.raw(asked))["result"]["data"]["access_token"]
    left = await rig.call("logout.user", access_token=again)
    assert left["result"]["data"] == {"success": True}
    assert mnemonic(await rig.call("list.calls", access_token=again)) == "access_token_invalid"


async def test_only_what_succeeds_costs_points(rig: Rig) -> None:
    for _ in range(3):
        assert mnemonic(await rig.call("release.call", call_session_id=1)) == (
            "call_session_not_found"
        )
    told = await rig.call("list.calls")
    assert told["result"]["metadata"]["limits"]["minute_remaining"] == 4
    for _ in range(4):
        await rig.call("list.calls")
    refused = await rig.call("list.calls")
    assert (mnemonic(refused), refused["error"]["code"]) == ("limit_exceeded", -32029)
    assert refused["error"]["data"]["metadata"]["limits"]["minute_remaining"] == 0
    uncounted = await rig.call("list.calls", access_token="no")
    assert uncounted["error"]["data"]["metadata"] == {}
    await rig.clock.advance(61)
    assert "result" in await rig.call("list.calls")


async def test_parameters_are_checked_by_name(rig: Rig) -> None:
    good: dict[str, Any] = {
        "first_call": "employee",
        "switch_at_once": True,
        "early_switching": True,
        "virtual_phone_number": DID,
        "contact": "79161230901",
        "employee": {"id": 1},
        "direction": "out",
    }
    changes: tuple[tuple[dict[str, Any], str], ...] = (
        ({"contact": None}, "required_parameter_missed"),
        ({"contact": "101"}, "invalid_parameter_value"),
        ({"contact": DID}, "own_virtual_phone_number_not_allowed"),
        ({"virtual_phone_number": "+7495"}, "invalid_parameter_value"),
        ({"virtual_phone_number": "74959999999"}, "virtual_phone_number_not_found"),
        ({"employee": {"id": 9}}, "employee_not_found"),
        ({"employee": {"id": 1, "phone_number": "0999"}}, "no_active_phone_number"),
        ({"employee": "1"}, "data_type_error"),
        ({"switch_at_once": False}, "invalid_parameters_combination"),
        ({"colour": "red"}, "unexpected_parameters"),
    )
    for change, expected in changes:
        answer = await rig.call("start.employee_call", **(good | change))
        assert mnemonic(answer) == expected, change
    assert "result" in await rig.call("start.employee_call", **good)


async def test_methods_have_their_states(rig: Rig) -> None:
    session = await rig.talking()
    assert mnemonic(await rig.call("unhold.call", call_session_id=session)) == "invalid_state"
    message = {"type": "tts", "value": "Ждите"}
    held = await rig.call("hold.call", call_session_id=session, contact_message=message)
    assert held["result"]["data"] == {"success": "true"}
    assert mnemonic(await rig.call("record.call", call_session_id=session, action="on")) == (
        "invalid_state"
    )
    await rig.call("make.call", call_session_id=session, to="79161230901")
    rows = (await rig.call("list.calls"))["result"]["data"]
    captions = {leg["called_phone_number"]: leg["state"] for leg in rows[0]["legs"]}
    assert captions == {DID: "На удержании", PHONE: "Разговор", "79161230901": "Дозвон"}
    # From DIALING the transfer is blind: nobody answers, and the session is over.
    await rig.call("transfer.talk", call_session_id=session)
    rig.cloud.decline("79161230901", "subscriber_not_responsible")
    assert rig.cloud.sessions[0].state == "finished"


async def test_a_report_wants_a_period_of_three_months_at_most(rig: Rig) -> None:
    path, day = "/v2.0", "2026-03-02 00:00:00"
    missing = await rig.call("get.calls_report", path)
    assert mnemonic(missing) == "required_parameter_missed"
    long = await rig.call("get.calls_report", path, date_from="2025-10-01 00:00:00", date_till=day)
    assert mnemonic(long) == "date_interval_limit_reached"
    unknown = await rig.call(
        "get.calls_report", path, date_from=day, date_till=day, fields=["colour"]
    )
    assert "result" in unknown  # nothing to choose from: there are no rows
    await rig.talking()
    rig.cloud.hang_up(CALLER)
    chosen = await rig.call(
        "get.calls_report", path, date_from=day, date_till=day, fields=["id", "is_lost"]
    )
    assert chosen["result"]["data"] == [{"id": rig.cloud.sessions[0].id, "is_lost": False}]


async def test_people_are_moved_over_http_too(rig: Rig) -> None:
    placed = await rig.http.post("/sandbox/calls", json={"from": CALLER, "to": DID})
    await rig.clock.advance(1)
    session = placed.json()["call_session_id"]
    assert (await rig.http.post(f"/sandbox/phones/{PHONE}/pickup")).status_code == 200
    state = (await rig.http.get("/sandbox/state")).json()
    assert [(s["call_session_id"], s["state"]) for s in state["sessions"]] == [(session, "talk")]
    assert [n["event"] for n in state["notifications"]] == ["incoming", "ringing", "talk_started"]
    await rig.http.post(f"/sandbox/phones/{CALLER}/hangup")
    assert (await rig.http.post(f"/sandbox/phones/{CALLER}/hangup")).status_code == 409
    line = await rig.http.post(f"/sandbox/phones/{PHONE}/registration", json={"registered": False})
    assert line.status_code == 200
    assert (await rig.http.post("/sandbox/phones/1/dance")).status_code == 404
    await rig.http.post("/sandbox/faults", json={"down": True})
    assert (await rig.http.post("/v4.0", content=b"{}")).status_code == 502


async def test_a_coach_is_rung_and_leaves_without_ending_the_talk(rig: Rig) -> None:
    session = await rig.talking()
    unnamed = await rig.call("add.coach", call_session_id=session)
    assert (mnemonic(unnamed), unnamed["error"]["code"]) == ("coach_not_found", -32602)
    await rig.call("add.coach", call_session_id=session, phone_number="79160000777")
    again = await rig.call("add.coach", call_session_id=session, phone_number="79160000777")
    assert mnemonic(again) == "invalid_state"
    rig.cloud.pick_up("79160000777")
    rig.cloud.hang_up("79160000777")
    assert rig.cloud.find(session).state == "talk"
