"""Envelopes, pages, limits, search, and writes of API v4."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from backend.sandbox.amocrm import Fault
from tests.sandbox.amocrm.rig import account, client, serve


async def test_lists_page_while_next_is_promised_and_end_in_204() -> None:
    app, amo, _ = account()
    async with client(app) as http:
        found: list[int] = []
        url = "/api/v4/contacts?limit=25"
        while url:
            answer = await http.get(url)
            if answer.status_code == 204:
                break
            body = answer.json()
            found += [c["id"] for c in body["_embedded"]["contacts"]]
            url = body["_links"].get("next", {}).get("href", "")
        assert found == sorted(amo.world.contacts)
        beyond = await http.get("/api/v4/contacts", params={"limit": 250, "page": 9})
        assert (beyond.status_code, beyond.content) == (204, b"")


async def test_a_full_last_page_promises_a_page_that_is_empty() -> None:
    app, amo, _ = account()
    size = len(amo.world.contacts)
    async with client(app) as http:
        body = (await http.get("/api/v4/contacts", params={"limit": size})).json()
        assert (await http.get(body["_links"]["next"]["href"])).status_code == 204


@pytest.mark.parametrize(
    ("method", "path", "status", "detail"),
    [
        ("GET", "/api/v4/contacts?limit=251", 422, "Limit 250 per page"),
        ("GET", "/api/v4/events?limit=101", 422, "Limit 100 per page"),
        ("GET", "/api/v4/calls", 405, "Method Not Allowed"),
        ("GET", "/api/v4/nowhere", 404, "Cannot GET http://demo.amo.test/api/v4/nowhere"),
        ("GET", "/api/v4/widgets/unknown", 404, "Widget not found"),
    ],
)
async def test_refusals_are_problem_documents(
    method: str, path: str, status: int, detail: str
) -> None:
    app, _, _ = account()
    async with client(app) as http:
        answer = await http.request(method, path)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["x-request-id"]
        assert (answer.status_code, answer.json()["detail"]) == (status, detail)


async def test_an_unknown_card_is_204_and_a_known_one_has_its_company() -> None:
    app, _, _ = account()
    async with client(app) as http:
        assert (await http.get("/api/v4/contacts/99999999")).status_code == 204
        body = (await http.get("/api/v4/contacts/1", params={"with": "leads"})).json()
        assert body["name"] == "Елена Морозова"
        assert [c["id"] for c in body["_embedded"]["companies"]] == [100_001]
        assert len(body["_embedded"]["leads"]) == 3
        phone = body["custom_fields_values"][0]
        assert (phone["field_code"], phone["values"][0]["enum_code"]) == ("PHONE", "MOB")


@pytest.mark.parametrize("query", ["9161234501", "+7 (916) 123-45-01", "елена мор", "morozova@"])
async def test_query_is_a_substring_of_any_filled_field(query: str) -> None:
    app, _, _ = account()
    async with client(app) as http:
        body = (await http.get("/api/v4/contacts", params={"query": query})).json()
        assert 1 in [c["id"] for c in body["_embedded"]["contacts"]]


async def test_eight_and_plus_seven_are_different_strings() -> None:
    app, _, _ = account()
    async with client(app) as http:
        assert (
            await http.get("/api/v4/contacts", params={"query": "+79161234502"})
        ).status_code == 204
        body = (await http.get("/api/v4/contacts", params={"query": "9161234502"})).json()
        assert [c["id"] for c in body["_embedded"]["contacts"]] == [2]


async def test_a_shared_number_finds_both_people() -> None:
    app, _, _ = account()
    async with client(app) as http:
        body = (await http.get("/api/v4/contacts", params={"query": "9161234503"})).json()
        assert [c["id"] for c in body["_embedded"]["contacts"]] == [3, 4]


async def test_paid_filters_are_ignored_when_the_option_is_off() -> None:
    app, amo, _ = account()
    async with client(app) as http:
        one = {"filter[id][0]": "2"}
        body = (await http.get("/api/v4/contacts", params=one)).json()
        assert [c["id"] for c in body["_embedded"]["contacts"]] == [2]
        amo.faults.api_filter = False
        body = (await http.get("/api/v4/contacts", params=one)).json()
        assert len(body["_embedded"]["contacts"]) == 50


async def test_writes_echo_request_ids_and_report_every_error() -> None:
    app, _, _ = account()
    bad = {"field_id": 1, "values": [{"value": "x"}]}
    async with client(app) as http:
        answer = await http.post(
            "/api/v4/contacts",
            json=[{"name": "Годный"}, {"name": 5, "request_id": "mine"}],
        )
        errors = answer.json()["validation-errors"]
        assert [e["request_id"] for e in errors] == ["mine"]
        answer = await http.post("/api/v4/contacts", json=[{"custom_fields_values": [bad]}])
        error = answer.json()["validation-errors"][0]["errors"][0]
        assert error["code"] == "NotSupportedChoice"
        assert error["path"] == "custom_fields_values.0.field_id"
        good = await http.post("/api/v4/contacts", json=[{"name": "А"}, {"name": "Б"}])
        echoed = [c["request_id"] for c in good.json()["_embedded"]["contacts"]]
        assert echoed == ["0", "1"]
        empty = await http.post("/api/v4/contacts", json=[])
        assert empty.json()["detail"] == "Request data can not be empty"


async def test_writing_phones_replaces_them_and_leaves_other_fields() -> None:
    app, amo, _ = account()
    phone = {"field_code": "PHONE", "values": [{"value": "+79990001122", "enum_code": "WORK"}]}
    async with client(app) as http:
        patch = {"custom_fields_values": [phone]}
        assert (await http.patch("/api/v4/contacts/1", json=patch)).status_code == 200
        found = (await http.get("/api/v4/contacts", params={"query": "9990001122"})).json()
        assert [c["id"] for c in found["_embedded"]["contacts"]] == [1]
        gone = await http.get("/api/v4/contacts", params={"query": "9161234501"})
        assert gone.status_code == 204
        fields = {f["field_code"] for f in amo.world.contacts[1]["custom_fields_values"]}
        assert fields >= {"PHONE", "EMAIL"}


async def test_complex_answers_a_bare_array_and_links_what_it_made() -> None:
    app, amo, _ = account()
    lead = {
        "name": "Новая",
        "_embedded": {"contacts": [{"first_name": "Зоя"}], "companies": [{"name": "ООО Ива"}]},
    }
    async with client(app) as http:
        made = (await http.post("/api/v4/leads/complex", json=[lead])).json()[0]
        assert made["request_id"] == ["0"]
        body = (await http.get(f"/api/v4/leads/{made['id']}?with=contacts")).json()
        assert body["_embedded"]["contacts"][0]["id"] == made["contact_id"]
        assert amo.world.contacts[made["contact_id"]]["_company"] == made["company_id"]


async def test_closing_a_lead_stamps_it_and_writes_the_audit_log() -> None:
    app, amo, _ = account()
    async with client(app) as http:
        await http.patch("/api/v4/leads/200001", json={"status_id": 142})
        assert amo.world.leads[200_001]["closed_at"] == amo.world.now()
        asked = {"filter[type]": "lead_status_changed", "filter[entity]": "lead"}
        events = (await http.get("/api/v4/events", params=asked)).json()["_embedded"]["events"]
        assert events[0]["value_after"][0]["lead_status"]["id"] == 142


async def test_every_pipeline_ends_in_the_same_two_stages_and_has_an_unsorted_one() -> None:
    app, _, _ = account()
    async with client(app) as http:
        for pipeline in (await http.get("/api/v4/leads/pipelines")).json()["_embedded"][
            "pipelines"
        ]:
            stages = pipeline["_embedded"]["statuses"]
            assert [s["id"] for s in stages][-2:] == [142, 143]
            assert [s["type"] for s in stages].count(1) == 1


async def test_tasks_notes_links_and_tags_round_trip() -> None:
    app, _, _ = account()
    async with client(app) as http:
        task = {
            "text": "Перезвонить",
            "complete_till": 1_900_000_000,
            "entity_id": 2,
            "entity_type": "contacts",
        }
        made = (await http.post("/api/v4/tasks", json=[task])).json()["_embedded"]["tasks"][0]
        assert (await http.get("/api/v4/contacts/2")).json()["closest_task_at"] == 1_900_000_000
        done = {"is_completed": True, "result": {"text": "ок"}}
        await http.patch(f"/api/v4/tasks/{made['id']}", json=done)
        assert (await http.get(f"/api/v4/tasks/{made['id']}")).json()["result"] == {"text": "ок"}
        note = {"note_type": "common", "params": {"text": "Заметка"}}
        assert (await http.post("/api/v4/contacts/2/notes", json=[note])).status_code == 200
        null = {"note_type": "call_in", "params": {"link": None}}
        refused = (await http.post("/api/v4/contacts/2/notes", json=[null])).json()
        codes = [e["code"] for e in refused["validation-errors"][0]["errors"]]
        assert "NotNullable" in codes
        link = [{"to_entity_id": 2, "to_entity_type": "contacts", "metadata": {"is_main": True}}]
        await http.post("/api/v4/leads/200001/link", json=link)
        links = (await http.get("/api/v4/leads/200001/links")).json()["_embedded"]["links"]
        mains = {k["to_entity_id"]: k["metadata"] for k in links if k["metadata"]}
        assert mains == {1: {"main_contact": False}, 2: {"main_contact": True}}
        assert (await http.post("/api/v4/leads/200001/unlink", json=link)).status_code == 204
        await http.patch("/api/v4/leads/200001", json={"tags_to_add": [{"name": "звонок"}]})
        body = (await http.get("/api/v4/leads/200001")).json()
        assert body["_embedded"]["tags"][0]["name"] == "звонок"


async def test_fields_and_sources_can_be_made() -> None:
    app, _, _ = account()
    async with client(app) as http:
        field = {"name": "Кампания", "type": "text"}
        answer = await http.post("/api/v4/leads/custom_fields", json=[field])
        assert answer.status_code == 201
        made = answer.json()["_embedded"]["custom_fields"][0]["id"]
        value = {"field_id": made, "values": [{"value": "весна"}]}
        await http.patch("/api/v4/leads/200001", json={"custom_fields_values": [value]})
        assert (await http.delete(f"/api/v4/leads/custom_fields/{made}")).status_code == 204
        assert (await http.get("/api/v4/leads/200001")).json()["custom_fields_values"] is None
        assert (await http.get("/api/v4/sources")).status_code == 204
        source = {"name": "АТС", "external_id": "+74951234500"}
        assert (await http.post("/api/v4/sources", json=[source])).status_code == 200


async def test_settings_of_the_widget_show_to_its_own_integration_only() -> None:
    app, amo, _ = account()
    amo.installs.settings = {"lines": {"1": "100"}}
    async with client(app) as http:
        own = (await http.get("/api/v4/widgets/dozvon_test")).json()
        assert own["settings"] == {"lines": {"1": "100"}}
        del http.headers["Authorization"]
        http.cookies.set("session_id", "1")
        assert "settings" not in (await http.get("/api/v4/widgets/dozvon_test")).json()


async def test_the_eighth_request_of_a_second_is_too_many() -> None:
    app, amo, clock = account(rate_limit=7)
    async with client(app) as http:
        codes = [(await http.get("/api/v4/account")).status_code for _ in range(8)]
        assert codes == [200] * 7 + [429]
        assert (await http.get("/api/v4/account")).json()["retry_after"] == 1
        amo.faults.html_429 = True
        assert "text/html" in (await http.get("/api/v4/account")).headers["content-type"]
        await clock.advance(1.01)
        assert (await http.get("/api/v4/account")).status_code == 200


async def test_insisting_gets_blocked_even_at_the_token_endpoint() -> None:
    app, amo, clock = account(rate_limit=1, block_after=2)
    async with client(app) as http:
        codes = [(await http.get("/api/v4/account")).status_code for _ in range(5)]
        assert codes == [200, 429, 429, 429, 403]
        await clock.advance(60)
        assert (await http.get("/api/v4/account")).status_code == 403
        amo.faults.clear()
        assert (await http.get("/api/v4/account")).status_code == 200


async def test_faults_come_on_order_and_end_by_themselves() -> None:
    app, amo, _ = account()
    async with client(app) as http:
        order = {"kind": "status", "path": "/api/v4/contacts", "status": 502, "times": 1}
        await http.post("/sandbox/faults", json=order)
        assert (await http.get("/api/v4/account")).status_code == 200
        assert (await http.get("/api/v4/contacts")).status_code == 502
        assert (await http.get("/api/v4/contacts")).status_code == 200
        amo.faults.payment_required = True
        assert (await http.get("/api/v4/account")).status_code == 402
        amo.faults.down = True
        assert (await http.get("/api/v4/account")).status_code == 503
        state = (await http.get("/sandbox/state")).json()
        assert state["down"]
        assert (await http.post("/sandbox/faults", json={"kind": "odd"})).status_code == 400
    assert [c.status for c in amo.faults.called("GET", "/api/v4/contacts")] == [502, 200]


async def test_a_slow_answer_comes_when_the_clock_has_moved() -> None:
    app, amo, clock = account()
    amo.faults.add(Fault("slow", path="/api/v4/contacts", seconds=30, times=1))
    async with client(app) as http:
        waiting = asyncio.create_task(http.get("/api/v4/contacts/1"))
        await clock.advance(29)
        assert not waiting.done()
        await clock.advance(1)
        assert (await waiting).status_code == 200


async def test_a_user_limited_to_own_records_sees_only_those() -> None:
    app, amo, _ = account()
    amo.world.users[2]["rights"]["contacts"]["view"] = "M"
    async with client(app, 2) as http:
        body = (await http.get("/api/v4/contacts", params={"limit": 250})).json()
        owners = {c["responsible_user_id"] for c in body["_embedded"]["contacts"]}
        assert owners == {2}
        amo.world.users[2]["rights"]["contacts"]["view"] = "D"
        assert (await http.get("/api/v4/contacts")).status_code == 403


async def test_a_dropped_connection_is_no_answer_at_all() -> None:
    app, amo, _ = account()
    amo.faults.add(Fault("drop", times=1))
    async with serve(app) as base, httpx.AsyncClient(base_url=base) as http:
        with pytest.raises(httpx.RemoteProtocolError):
            await http.get("/api/v4/account")
        assert (await http.get("/api/v4/account")).status_code == 401
