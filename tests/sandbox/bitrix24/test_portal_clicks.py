"""Calls that begin on the portal's pages, calls between employees, recordings that play."""

from __future__ import annotations

import io
import wave
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.sandbox.bitrix24.hearing import listen

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from backend.sandbox.bitrix24 import Portal
    from tests.sandbox.bitrix24.conftest import Client
    from tests.sandbox.bitrix24.hearing import Heard

_HANDLER = "https://app.test/events"
_LINE = "78120000001"


async def click(client: Client, phone: str, **more: Any) -> Any:
    client.http.cookies.set("portal_session", client.portal.sign_in(2))
    return await client.http.post("/portal/call", json={"phone": phone, **more})


@pytest.fixture
async def heard(client: Client, monkeypatch: pytest.MonkeyPatch) -> Heard:
    caught = listen(monkeypatch)
    for event in ("ONEXTERNALCALLSTART", "ONEXTERNALCALLBACKSTART"):
        await client.call("event.bind", {"event": event, "handler": _HANDLER})
    await client.call("telephony.externalLine.add", {"NUMBER": _LINE, "NAME": "Продажи"})
    return caught


async def test_a_click_registers_the_call_and_asks_the_application_to_dial(
    app: Starlette, client: Client, portal: Portal, heard: Heard
) -> None:
    async with app.router.lifespan_context(app):
        pressed = await click(client, "8 (916) 123-45-01;12", kind="CONTACT", id="1")
        await portal.events.drained()
    (event,) = heard
    call_id = pressed.json()["callId"]
    assert event["data"] == {
        "PHONE_NUMBER": "89161234501",
        "PHONE_NUMBER_INTERNATIONAL": "+79161234501",
        "EXTENSION": "12",
        "USER_ID": "2",
        "CALL_LIST_ID": "0",
        "LINE_NUMBER": _LINE,
        "IS_MOBILE": "0",
        "CALL_ID": call_id,
        "CRM_ENTITY_TYPE": "CONTACT",
        "CRM_ENTITY_ID": "1",
        "CRM_CREATED_LEAD": "",
    }
    assert event["auth"]["user_id"] == "2"
    # The call is there already: the application only finishes it.
    done = await client.call(
        "telephony.externalCall.finish", {"CALL_ID": call_id, "USER_ID": 2, "DURATION": 3}
    )
    assert done["INCOMING"] == "1"


@pytest.mark.parametrize(
    ("kind", "number", "found"),
    [
        ("COMPANY", 2, ("COMPANY", "2")),
        ("LEAD", 1, ("LEAD", "1")),
        ("DEAL", 1, ("CONTACT", "1")),
    ],
)
async def test_a_click_knows_the_card_it_was_in(
    app: Starlette,
    client: Client,
    portal: Portal,
    heard: Heard,
    kind: str,
    number: int,
    found: tuple[str, str],
) -> None:
    async with app.router.lifespan_context(app):
        await click(client, "+79169999999", kind=kind, id=number)
        await portal.events.drained()
    data = heard[0]["data"]
    assert (data["CRM_ENTITY_TYPE"], data["CRM_ENTITY_ID"]) == found


async def test_a_click_on_an_unknown_number_makes_a_lead_unless_the_line_forbids(
    app: Starlette, client: Client, portal: Portal, heard: Heard
) -> None:
    async with app.router.lifespan_context(app):
        await click(client, "+79160000001")
        portal.telephony.lines[_LINE].crm_auto_create = "N"
        await click(client, "+79160000002")
        await portal.events.drained()
    made, none = (item["data"] for item in heard)
    assert (made["CRM_ENTITY_TYPE"], made["CRM_ENTITY_ID"]) == ("LEAD", made["CRM_CREATED_LEAD"])
    assert (none["CRM_ENTITY_TYPE"], none["CRM_ENTITY_ID"]) == ("", "0")
    assert (await click(client, "нет номера")).status_code == 400


async def test_a_click_in_a_call_list_names_the_list(
    app: Starlette, client: Client, portal: Portal, heard: Heard
) -> None:
    number = await client.call("crm.calllist.add", {"ENTITY_TYPE": "CONTACT", "ENTITIES": [1, 2]})
    client.http.cookies.set("portal_session", portal.sign_in(2))
    page = await client.http.get(f"/crm/calllist/{number}/")
    assert f'data-list="{number}"' in page.text
    async with app.router.lifespan_context(app):
        await click(client, "+79161234501", kind="CONTACT", id=1, list=number)
        await portal.events.drained()
    assert heard[0]["data"]["CALL_LIST_ID"] == str(number)
    (call,) = portal.telephony.calls.values()
    assert portal.card(call)["CALL_LIST_MODE"] is True


async def test_a_visitor_asks_to_be_called_back(
    app: Starlette, client: Client, portal: Portal, heard: Heard
) -> None:
    async with app.router.lifespan_context(app):
        form = {"phone": "+7 916 000-00-07", "name": "Гость", "text": "о цене", "line": _LINE}
        page = await client.http.post("/pub/form/callback/", data=form)
        await portal.events.drained()
    assert page.status_code == 200
    data = heard[0]["data"]
    lead = await client.call("crm.lead.get", {"id": data["CRM_ENTITY_ID"]})
    assert (lead["SOURCE_ID"], lead["NAME"]) == ("CALLBACK", "Гость")
    assert data == {
        "PHONE_NUMBER": "+79160000007",
        "TEXT": "о цене",
        "VOICE": "",
        "CRM_ENTITY_TYPE": "LEAD",
        "CRM_ENTITY_ID": lead["ID"],
        "LINE_NUMBER": _LINE,
    }
    # A visitor has no tokens to send along; the application registers the call itself.
    assert "access_token" not in heard[0]["auth"]
    assert not portal.telephony.calls


async def test_a_callback_that_cannot_be_asked_for_keeps_what_was_typed(
    client: Client, portal: Portal
) -> None:
    bad = await client.http.post("/pub/form/callback/", data={"phone": "12", "text": "<о цене>"})
    assert bad.status_code == 400
    assert "слишком мало цифр" in bad.text
    assert "&lt;о цене&gt;" in bad.text
    lineless = await client.http.post("/pub/form/callback/", data={"phone": "+79160000007"})
    assert (lineless.status_code, "не привязана к линии" in lineless.text) == (400, True)


async def test_a_call_between_employees_has_a_card_and_no_end_in_the_crm(
    client: Client, portal: Portal
) -> None:
    call = await client.call(
        "telephony.externalCall.register",
        {"USER_ID": 2, "PHONE_NUMBER": "102", "TYPE": 2, "CRM_CREATE": 1},
    )
    assert (call["CRM_ENTITY_TYPE"], call["CRM_CREATED_LEAD"]) == ("", None)
    shown = {"CALL_ID": call["CALL_ID"], "USER_ID": 2}
    assert await client.call("telephony.externalCall.show", shown) is True
    finish = shown | {"DURATION": 5}
    refused = await client.refused("telephony.externalCall.finish", finish)
    assert refused[2].startswith("Call is not found")
    assert portal.telephony.statistics == []
    assert await client.call("telephony.externalCall.hide", shown) is True
    portal.config.internal_finish = True
    assert (await client.call("telephony.externalCall.finish", finish))["CRM_ACTIVITY_ID"] == 0


def _wav(seconds: int) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(b"\0\0" * 8000 * seconds)
    return file.getvalue()


async def _finished(client: Client) -> tuple[str, int]:
    call = await client.call(
        "telephony.externalCall.register",
        {"USER_ID": 2, "PHONE_NUMBER": "+79161234501", "TYPE": 2},
    )
    done = await client.call(
        "telephony.externalCall.finish", {"CALL_ID": call["CALL_ID"], "USER_ID": 2, "DURATION": 3}
    )
    return call["CALL_ID"], done["CRM_ACTIVITY_ID"]


async def test_the_portal_fetches_a_recording_over_a_redirect_and_plays_it(
    client: Client, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def serve(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        if request.url.path == "/r/1":
            return httpx.Response(302, headers={"location": "/store/talk.wav?sig=1"})
        if request.url.path == "/gone":
            return httpx.Response(404)
        if request.url.path == "/away":
            raise httpx.ConnectError("refused")
        return httpx.Response(200, content=_wav(3))

    plain = httpx.AsyncClient
    monkeypatch.setattr(
        "backend.sandbox.bitrix24.download.httpx.AsyncClient",
        lambda **_: plain(transport=httpx.MockTransport(serve)),
    )
    call_id, activity_id = await _finished(client)
    attach = "telephony.externalCall.attachRecord"
    record = {"CALL_ID": call_id, "RECORD_URL": "https://app.test/r/1"}
    file_id = (await client.call(attach, record))["FILE_ID"]
    assert asked == ["https://app.test/r/1", "https://app.test/store/talk.wav?sig=1"]
    for path, text in (("gone", "Server returns HTTP error code 404"), ("away", "SERVER_NOT")):
        lost = record | {"RECORD_URL": f"https://app.test/{path}"}
        assert (await client.refused(attach, lost))[2].startswith(text)
    (row,) = await client.call("voximplant.statistic.get", {"FILTER": {"CALL_ID": call_id}})
    assert (row["RECORD_FILE_ID"], row["RECORD_DURATION"]) == (file_id, "3")
    activity = await client.call("crm.activity.get", {"id": activity_id})
    assert activity["FILES"] == [{"id": file_id, "url": row["CALL_RECORD_URL"]}]
    client.http.cookies.set("portal_session", portal.sign_in(2))
    card = await client.http.get("/crm/contact/details/1/")
    assert f'<audio controls preload="none" src="{row["CALL_RECORD_URL"]}">' in card.text
    part = await client.http.get(row["CALL_RECORD_URL"], headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.content) == (206, b"RIFF")
    assert part.headers["content-range"] == f"bytes 0-3/{len(_wav(3))}"
    tail = await client.http.get(row["CALL_RECORD_URL"], headers={"Range": "bytes=-4"})
    assert len(tail.content) == 4
    beyond = await client.http.get(row["CALL_RECORD_URL"], headers={"Range": "bytes=999999-"})
    assert beyond.status_code == 416
    whole = await client.http.get(row["CALL_RECORD_URL"])
    with wave.open(io.BytesIO(whole.content)) as sound:
        assert sound.getnframes() == 24000


async def test_a_second_recording_replaces_the_first(client: Client, portal: Portal) -> None:
    call_id, _ = await _finished(client)
    attach = "telephony.externalCall.attachRecord"
    first = await client.call(
        attach, {"CALL_ID": call_id, "FILENAME": "a.mp3", "FILE_CONTENT": "aGk="}
    )
    step = await client.call(attach, {"CALL_ID": call_id, "FILENAME": "b.wav"})
    sent = await client.http.post(step["uploadUrl"], files={"file": ("b.wav", _wav(1))})
    assert sent.json()["result"]["FILE_ID"] != first["FILE_ID"]
    assert list(portal.papers.files.values()) == [("b.wav", _wav(1))]
