"""Telephony of the account: where calls land, pop-ups, Unsorted, hooks."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import parse_qs

import httpx

from backend.sandbox.amocrm.world import COMPANY, CONTACT, LEAD
from tests.sandbox.amocrm.rig import account, client


def call(phone: str, **more: Any) -> dict[str, Any]:
    return {"direction": "inbound", "duration": 42, "source": "dozvon", "phone": phone, **more}


async def test_a_call_of_somebody_with_two_open_leads_lands_on_the_contact() -> None:
    app, amo, _ = account()
    async with client(app) as http:
        body = (await http.post("/api/v4/calls", json=[call("8 (916) 123-45-01")])).json()
        logged = body["_embedded"]["calls"][0]
        assert (logged["entity_type"], logged["entity_id"]) == ("contact", 1)
        assert amo.world.notes[logged["id"]]["note_type"] == "call_in"


async def test_a_call_of_somebody_with_one_open_lead_lands_on_the_lead() -> None:
    app, amo, _ = account()
    amo.world.leads[200_002]["closed_at"] = amo.world.now()
    async with client(app) as http:
        body = (await http.post("/api/v4/calls", json=[call("+79161234501")])).json()
        logged = body["_embedded"]["calls"][0]
        assert (logged["entity_type"], logged["entity_id"]) == ("lead", 200_001)
        events = await http.get("/api/v4/events", params={"filter[type]": "incoming_call"})
        event = events.json()["_embedded"]["events"][0]
        assert event["value_after"] == [{"note": {"id": logged["id"]}}]


async def test_a_company_number_finds_the_company() -> None:
    _, amo, _ = account()
    found = amo.world.by_phone("84951234504")
    assert found is not None
    assert (found[0], found[1]["name"]) == (COMPANY, "АО Вектор")


async def test_an_unknown_number_is_400_and_nothing_is_stored() -> None:
    app, amo, _ = account()
    async with client(app) as http:
        answer = await http.post("/api/v4/calls", json=[call("+79160000001")])
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["title"] == "Entity not found"
    assert amo.world.notes == {}


async def test_nulls_are_fine_in_calls_and_missing_fields_are_not() -> None:
    app, amo, _ = account()
    async with client(app) as http:
        nulls = dict.fromkeys(("uniq", "link", "call_result", "call_status"))
        answer = await http.post("/api/v4/calls", json=[call("+79161234502", **nulls)])
        assert answer.status_code == 200
        assert "uniq" not in next(iter(amo.world.notes.values()))["params"]
        refused = await http.post("/api/v4/calls", json=[{"phone": "1", "direction": "up"}])
        paths = {e["path"] for e in refused.json()["validation-errors"][0]["errors"]}
        assert paths == {"duration", "source", "direction"}


async def test_a_recording_may_be_added_to_the_note_later() -> None:
    app, amo, _ = account()
    async with client(app) as http:
        body = (await http.post("/api/v4/calls", json=[call("+79161234502")])).json()
        note = body["_embedded"]["calls"][0]["id"]
        patch = {"params": {"link": "https://rec.example/1.mp3"}}
        await http.patch(f"/api/v4/contacts/2/notes/{note}", json=patch)
    params = amo.world.notes[note]["params"]
    assert (params["link"], params["duration"]) == ("https://rec.example/1.mp3", 42)


async def test_a_pop_up_goes_to_the_pages_of_the_users_named() -> None:
    app, amo, _ = account()
    mine, other = amo.live.open(2), amo.live.open(3)
    event = {"type": "phone_call", "phone_number": "+79161234502", "users": ["2"]}
    async with client(app) as http:
        answer = await http.post("/api/v2/events", json={"add": [event]})
        item = answer.json()["_embedded"]["items"][0]
        assert (item["element_id"], item["element_type"]) == (2, CONTACT.code)
        form = {"add[0][type]": "phone_call", "add[0][phone_number]": "+79160000002"}
        item = (await http.post("/api/v2/events", data=form)).json()["_embedded"]["items"][0]
        assert (item["element_id"], item["element_type"]) == (None, None)
    assert mine.get_nowait()["element"]["name"] == "Павел Дёмин"
    assert other.get_nowait()["element"] is None
    assert other.empty()


def sip(**more: Any) -> dict[str, Any]:
    metadata = {
        "phone": "+79160000005",
        "called_at": 1_772_000_000,
        "duration": 61,
        "service_code": "dozvon",
        "uniq": "c-1",
        "is_call_event_needed": True,
    }
    phone = {"field_code": "PHONE", "values": [{"value": "+79160000005"}]}
    contact = {"name": "Новый звонок", "custom_fields_values": [phone]}
    return {
        "source_name": "Дозвон",
        "source_uid": "c-1",
        "metadata": metadata,
        "_embedded": {"contacts": [contact]},
        **more,
    }


async def test_unsorted_hides_its_contact_until_it_is_accepted() -> None:
    app, amo, _ = account()
    async with client(app) as http:
        made = await http.post("/api/v4/leads/unsorted/sip", json=[sip()])
        item = made.json()["_embedded"]["unsorted"][0]
        lead = item["_embedded"]["leads"][0]["id"]
        search = {"query": "9160000005"}
        assert (await http.get("/api/v4/contacts", params=search)).status_code == 204
        assert amo.world.by_phone("+79160000005") is None
        assert amo.world.leads[lead]["status_id"] == amo.world.unsorted_status(9000)
        shown = (await http.get(f"/api/v4/leads/unsorted/{item['uid']}")).json()
        assert "is_call_event_needed" not in shown["metadata"]
        accepted = await http.post(
            f"/api/v4/leads/unsorted/{item['uid']}/accept", json={"user_id": 2}
        )
        assert accepted.status_code == 200
        assert (await http.get("/api/v4/contacts", params=search)).status_code == 200
        assert amo.world.leads[lead]["status_id"] == amo.world.first_status(9000)
        notes = (await http.get(f"/api/v4/leads/{lead}/notes")).json()["_embedded"]["notes"]
        assert notes[0]["note_type"] == "call_in"
        again = await http.post(f"/api/v4/leads/unsorted/{item['uid']}/accept")
        assert again.status_code == 404
        summary = (await http.get("/api/v4/leads/unsorted/summary")).json()
        assert (summary["total"], summary["accepted"]) == (1, 1)


async def test_unsorted_refuses_the_same_again_and_forgets_what_was_declined() -> None:
    app, amo, _ = account()
    async with client(app) as http:
        made = await http.post("/api/v4/leads/unsorted/sip", json=[sip()])
        assert (await http.post("/api/v4/leads/unsorted/sip", json=[sip()])).status_code == 400
        item = made.json()["_embedded"]["unsorted"][0]
        declined = await http.delete(f"/api/v4/leads/unsorted/{item['uid']}/decline")
        assert declined.status_code == 200
        assert (await http.get("/api/v4/leads/unsorted")).status_code == 204
    contact = item["_embedded"]["contacts"][0]["id"]
    assert amo.world.find("contacts", contact) is None


async def test_a_form_needs_its_metadata() -> None:
    app, _, _ = account()
    async with client(app) as http:
        refused = await http.post("/api/v4/leads/unsorted/forms", json=[sip()])
        paths = {e["path"] for e in refused.json()["validation-errors"][0]["errors"]}
        assert "metadata.form_id" in paths


async def test_hooks_are_bracket_forms_and_come_again_when_refused() -> None:
    answers = iter([500, 404, 200])
    seen: list[dict[str, list[str]]] = []
    arrived = asyncio.Event()

    def receiver(request: httpx.Request) -> httpx.Response:
        seen.append(parse_qs(request.content.decode()))
        arrived.set()
        return httpx.Response(next(answers))

    app, _, clock = account(transport=httpx.MockTransport(receiver))
    async with client(app) as http:
        hook = {"destination": "https://vendor.example/h", "settings": ["note_contact"]}
        assert (await http.post("/api/v4/webhooks", json=hook)).status_code == 201
        await http.post("/api/v4/calls", json=[call("+79161234502", uniq="u-9")])
        for delay in (5 * 60, 15 * 60):
            await asyncio.wait_for(arrived.wait(), 5)
            arrived.clear()
            await clock.advance(0)
            await clock.advance(delay)
        await asyncio.wait_for(arrived.wait(), 5)
        await clock.advance(4 * 3600)
        assert len(seen) == 3
        assert seen[0]["contacts[note][0][note][element_id]"] == ["2"]
        text = json.loads(seen[0]["contacts[note][0][note][text]"][0])
        assert text["UNIQ"] == "u-9"
        assert seen[0]["account[subdomain]"] == ["demo"]
        gone = await http.request("DELETE", "/api/v4/webhooks", json=hook)
        assert gone.status_code == 204


async def test_unknown_hook_codes_are_refused() -> None:
    app, _, _ = account()
    async with client(app) as http:
        hook = {"destination": "https://vendor.example/h", "settings": ["note_lead", "ring_lead"]}
        answer = await http.post("/api/v4/webhooks", json=hook)
        assert answer.json()["validation-errors"][0]["errors"][0]["path"] == "settings.1"


async def test_the_request_from_the_site_is_a_lead_in_the_first_stage() -> None:
    _, amo, _ = account()
    found = amo.world.card_for_call("+79161234505")
    assert found is not None
    assert found[0] is LEAD
    assert found[1]["name"] == "Заявка с сайта: Артём"
    assert found[1]["status_id"] == amo.world.first_status(9000)


async def test_a_hook_that_keeps_failing_is_switched_off() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(404))
    app, amo, clock = account(transport=transport)
    async with client(app) as http:
        hook = {"destination": "https://vendor.example/h", "settings": ["update_contact"]}
        await http.post("/api/v4/webhooks", json=hook)
        for _ in range(34):
            await http.patch("/api/v4/contacts/2", json={"name": "Павел Дёмин"})
        # Three attempts each for an answer that is not 5xx: 102 refusals within two hours.
        await clock.advance(0)
        await clock.advance(5 * 60)
        await clock.advance(15 * 60)
        shown = (await http.get("/api/v4/webhooks")).json()["_embedded"]["webhooks"][0]
        assert len(amo.hooks.delivered) == 102
        assert shown["disabled"] is True
        notices = [(users, m["data"]) for users, m in amo.live.sent if m["type"] == "notification"]
        assert [(users, n["link"]) for users, n in notices] == [
            (frozenset({1}), "/settings/webhooks/")
        ]
        assert (await http.put("/ajax/webhooks", json=hook)).status_code == 401
        http.cookies.set("session_id", "1")
        assert (await http.put("/ajax/webhooks", json=hook)).status_code == 204
        await http.patch("/api/v4/contacts/2", json={"name": "Павел Дёмин"})
        await clock.advance(0)
        assert len(amo.hooks.delivered) == 103
