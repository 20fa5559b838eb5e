"""Calls, lines, recordings, events, placements of the portal."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import httpx
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

if TYPE_CHECKING:
    import pytest
    from starlette.requests import Request

    from backend.kit.clock import ManualClock
    from backend.sandbox.bitrix24 import Portal
    from tests.sandbox.bitrix24.conftest import Client

_REGISTER = "telephony.externalCall.register"
_FINISH = "telephony.externalCall.finish"


def _incoming(phone: str = "+79161234501", **more: Any) -> dict[str, Any]:
    return {"USER_ID": 2, "PHONE_NUMBER": phone, "TYPE": 2, "SHOW": 0, **more}


async def test_register_finds_the_client(client: Client) -> None:
    call = await client.call(_REGISTER, _incoming())
    assert (call["CRM_ENTITY_TYPE"], call["CRM_ENTITY_ID"]) == ("CONTACT", 1)
    assert call["CRM_CREATED_LEAD"] is None
    assert call["CALL_ID"].startswith("externalCall.")


async def test_the_same_call_within_half_an_hour_is_one(client: Client, clock: ManualClock) -> None:
    first = await client.call(_REGISTER, _incoming(EXTERNAL_CALL_ID="a"))
    again = await client.call(_REGISTER, _incoming(EXTERNAL_CALL_ID="a"))
    other = await client.call(_REGISTER, _incoming(EXTERNAL_CALL_ID="b"))
    assert first["CALL_ID"] == again["CALL_ID"] != other["CALL_ID"]
    await clock.advance(30 * 60)
    late = await client.call(_REGISTER, _incoming(EXTERNAL_CALL_ID="a"))
    assert late["CALL_ID"] != first["CALL_ID"]


async def test_a_call_is_finished_once_and_leaves_an_activity(
    client: Client, portal: Portal
) -> None:
    call = await client.call(_REGISTER, _incoming(EXTERNAL_CALL_ID="pbx-1"))
    finish = {"CALL_ID": call["CALL_ID"], "USER_ID": 2, "DURATION": 42}
    done = await client.call(_FINISH, finish)
    assert (done["CALL_FAILED_CODE"], done["INCOMING"], done["CALL_START_DATE"]) == ("200", "2", {})
    activity = await client.call("crm.activity.get", {"id": done["CRM_ACTIVITY_ID"]})
    assert (activity["PROVIDER_ID"], activity["COMPLETED"]) == ("VOXIMPLANT_CALL", "Y")
    assert (activity["OWNER_TYPE_ID"], activity["OWNER_ID"]) == ("3", "1")
    status, code, text = await client.refused(_FINISH, finish)
    assert (status, code) == (400, "ERROR_CORE")
    assert text.startswith("Call is not found")
    rows = await client.call("voximplant.statistic.get", {"FILTER": {"CALL_ID": call["CALL_ID"]}})
    assert rows[0]["EXTERNAL_CALL_ID"] == "pbx-1"
    assert await client.call("telephony.externalCall.show", {"CALL_ID": call["CALL_ID"]}) is False
    assert not portal.telephony.calls


async def test_a_missed_call_stays_to_be_done(client: Client) -> None:
    call = await client.call(_REGISTER, _incoming())
    done = await client.call(_FINISH, {"CALL_ID": call["CALL_ID"], "USER_ID": 2, "DURATION": 0})
    assert done["CALL_FAILED_CODE"] == "304"
    activity = await client.call("crm.activity.get", {"id": done["CRM_ACTIVITY_ID"]})
    assert (activity["COMPLETED"], activity["SETTINGS"]) == ("N", {"MISSED_CALL": True})


async def test_an_unknown_caller_becomes_a_lead_or_a_deal(client: Client, portal: Portal) -> None:
    call = await client.call(_REGISTER, _incoming("+79160000001", CRM_CREATE=1))
    assert call["CRM_CREATED_LEAD"] == call["CRM_ENTITY_ID"]
    portal.config.crm_mode = 2
    simple = await client.call(_REGISTER, _incoming("+79160000002", CRM_CREATE=1))
    assert simple["CRM_CREATED_LEAD"] is None
    assert [item["ENTITY_TYPE"] for item in simple["CRM_CREATED_ENTITIES"]] == ["CONTACT", "DEAL"]
    nobody = await client.call(_REGISTER, _incoming("+79160000003"))
    done = await client.call(_FINISH, {"CALL_ID": nobody["CALL_ID"], "USER_ID": 2})
    assert "ACTIVITY_CREATION" in done["ERRORS"]


async def test_an_employees_own_telephone_makes_no_lead(client: Client) -> None:
    call = await client.call(_REGISTER, _incoming("89031000103", CRM_CREATE=1))
    assert call["CRM_CREATED_LEAD"] is None
    assert call["LEAD_CREATION_ERROR"] == "Lead creation is disabled for local users"
    (row,) = await client.call("user.get", {"FILTER": {"ID": 4}})
    assert row["PERSONAL_MOBILE"] == "+7 903 100-01-03"
    phones = {"PERSONAL_MOBILE": "+7 903 100-01-09"}
    await client.http.patch("/sandbox/users/4", json={"phones": phones})
    later = _incoming("89031000103", CRM_CREATE=1, EXTERNAL_CALL_ID="later")
    again = await client.call(_REGISTER, later)
    assert again["CRM_CREATED_LEAD"]


async def test_register_refuses_what_it_cannot_use(client: Client) -> None:
    for wrong, text in (
        ({"USER_ID": ""}, "USER_ID or USER_PHONE_INNER should be set"),
        ({"USER_ID": 9}, "User is not found or is not active"),
        ({"PHONE_NUMBER": "abc"}, "Unsupported phone number format"),
        ({"TYPE": 7}, "Unknown TYPE"),
        ({"CALL_START_DATE": "soon"}, "CALL_START_DATE should be in the ISO-8601 format"),
    ):
        refused = await client.refused(_REGISTER, _incoming() | wrong)
        assert refused == (400, "ERROR_CORE", text)


async def test_search_names_the_responsible(client: Client) -> None:
    (row,) = await client.call(
        "telephony.externalCall.searchCrmEntities", {"PHONE_NUMBER": "89161234501"}
    )
    assert (row["NAME"], row["ASSIGNED_BY_ID"]) == ("Елена Морозова", 2)
    assert row["ASSIGNED_BY"]["USER_PHONE_INNER"] == "101"
    assert row["ASSIGNED_BY"]["TIMEMAN_STATUS"] == "CLOSED"


async def test_lines_answer_with_php_types(client: Client) -> None:
    line = {"NUMBER": "78120000001", "NAME": "Отдел продаж"}
    assert await client.call("telephony.externalLine.add", line) == {"ID": 7}
    assert (await client.refused("telephony.externalLine.add", line))[2] == "Line already exists"
    changed = await client.call("telephony.externalLine.update", line | {"NAME": "Новое"})
    assert changed == {"ID": "7"}
    assert (await client.call("telephony.externalLine.get"))[0]["NAME"] == "Новое"
    assert await client.call("telephony.externalLine.delete", line) == []


async def test_a_recording_is_attached_after_the_end(client: Client, portal: Portal) -> None:
    attach = "telephony.externalCall.attachRecord"
    call_id = (await client.call(_REGISTER, _incoming()))["CALL_ID"]
    inline = {"CALL_ID": call_id, "FILENAME": "a.mp3", "FILE_CONTENT": "aGk="}
    assert "not found in the statistic" in (await client.refused(attach, inline))[2]
    await client.call(_FINISH, {"CALL_ID": call_id, "USER_ID": 2, "DURATION": 5})
    assert (await client.call(attach, inline))["FILE_ID"]
    assert portal.telephony.records[call_id] == ("a.mp3", b"hi")
    bad = await client.refused(attach, inline | {"FILENAME": "a.exe"})
    assert bad[2] == "Wrong file extension. Only wav and mp3 are allowed"
    step = await client.call(attach, {"CALL_ID": call_id, "FILENAME": "b.wav"})
    sent = await client.http.post(step["uploadUrl"], files={"file": ("b.wav", b"RIFF")})
    assert sent.json()["result"]["FILE_ID"]
    assert portal.telephony.records[call_id] == ("b.wav", b"RIFF")
    assert base64.b64encode(call_id.encode()).decode()[:8] in step["uploadUrl"]


async def test_placements_are_bound_and_counted_twice(client: Client) -> None:
    worker = {
        "PLACEMENT": "PAGE_BACKGROUND_WORKER",
        "HANDLER": "https://app.test/worker",
        "OPTIONS": {"errorHandlerUrl": "https://app.test/error", "other": 1},
    }
    assert await client.call("placement.bind", worker) is True
    assert (await client.refused("placement.bind", worker))[:2] == (
        200,
        "ERROR_PLACEMENT_MAX_COUNT",
    )
    (row,) = await client.call("placement.get")
    assert row["options"] == {"errorHandlerUrl": "https://app.test/error"}
    assert await client.call("placement.unbind", {"PLACEMENT": worker["PLACEMENT"]}) == {"count": 2}
    assert (await client.refused("placement.bind", worker, user=2))[1] == "ACCESS_DENIED"


async def test_events_are_delivered_as_forms(
    app: Starlette, client: Client, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[dict[str, str]] = []
    hosts: list[tuple[str | None, str]] = []

    async def listen(request: Request) -> PlainTextResponse:
        async with request.form() as form:
            heard.append({key: str(value) for key, value in form.items()})
        hosts.append((request.scope["server"][0], request.headers["host"]))
        return PlainTextResponse("ok")

    handler = Starlette(routes=[Route("/event", listen, methods=["POST"])])
    plain = httpx.AsyncClient
    monkeypatch.setattr(
        "backend.sandbox.bitrix24.events.httpx.AsyncClient",
        lambda **more: plain(transport=httpx.ASGITransport(handler), timeout=more["timeout"]),
    )
    bound = {"event": "onCrmDealUpdate", "handler": "http://app.localhost:81/event"}
    assert await client.call("event.bind", bound) is True
    async with app.router.lifespan_context(app):
        await client.call("crm.deal.update", {"id": 1, "fields": {"TITLE": "Другое"}})
        await client.call("crm.deal.update", {"id": 1, "fields": {"TITLE": "Другое"}})
        await portal.events.drained()
    (event,) = heard
    assert portal.events.deliveries[-1].status == 200
    assert hosts == [("127.0.0.1", "app.localhost:81")]
    assert event["event"] == "ONCRMDEALUPDATE"
    assert event["data[FIELDS][ID]"] == "1"
    assert event["auth[application_token]"] == portal.config.application.application_token
    assert await client.call("event.unbind", bound) == {"count": 1}


async def test_the_offline_queue_keeps_the_latest_of_an_object(client: Client) -> None:
    await client.call("event.bind", {"event": "ONCRMDEALUPDATE", "event_type": "offline"})
    for title in ("a", "b"):
        await client.call("crm.deal.update", {"id": 1, "fields": {"TITLE": title}})
    held = await client.call("event.offline.get", {"clear": 0})
    assert len(held["events"]) == 1
    assert (await client.call("event.offline.get", {"clear": 0}))["events"] == []
    await client.call("event.offline.clear", {"process_id": held["process_id"]})
    assert await client.call("event.offline.list") == []
