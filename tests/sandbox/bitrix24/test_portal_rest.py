"""The REST door: envelope, spellings of a call, errors, paging, batch, limits, faults."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import quote

import httpx
import pytest

if TYPE_CHECKING:
    from backend.kit.clock import ManualClock
    from backend.sandbox.bitrix24 import Portal
    from tests.sandbox.bitrix24.conftest import Client


async def test_the_envelope_has_result_and_times(client: Client) -> None:
    body = (await client.raw("profile")).json()
    assert body["result"]["ID"] == "1"
    assert {"start", "finish", "duration", "processing", "date_start", "date_finish"} <= set(
        body["time"]
    )
    assert body["time"]["date_start"].endswith("+03:00")
    assert isinstance(body["time"]["operating_reset_at"], int)


@pytest.mark.parametrize("path", ["crm.contact.get", "CRM.Contact.Get.json", "crm.contact.get/"])
async def test_a_method_is_found_in_every_spelling(client: Client, path: str) -> None:
    answer = await client.http.get(f"/rest/{path}", params={"auth": client.token(), "id": "1"})
    assert answer.json()["result"]["LAST_NAME"] == "Морозова"


async def test_forms_with_brackets_mean_the_same_as_json(client: Client) -> None:
    form = f"auth={client.token()}&filter[@ID][0]=1&filter[@ID][1]=3&select[]=ID&select[]=PHONE"
    answer = await client.http.post(
        "/rest/crm.contact.list",
        content=form,
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    as_json = await client.call(
        "crm.contact.list", {"filter": {"@ID": [1, 3]}, "select": ["ID", "PHONE"]}
    )
    assert answer.json()["result"] == as_json
    assert [row["ID"] for row in as_json] == ["1", "3"]
    assert as_json[0]["PHONE"][0]["VALUE"] == "+7 (916) 123-45-01"


async def test_errors_say_what_the_portal_says(client: Client, portal: Portal) -> None:
    assert await client.refused("crm.nothing") == (
        404,
        "ERROR_METHOD_NOT_FOUND",
        "Method not found!",
    )
    assert (await client.refused("crm.contact.get", {"id": 99999})) == (400, "", "Not found")
    assert (await client.refused("crm.contact.get", {"id": "x"}))[2] == (
        "ID is not defined or invalid."
    )
    assert (await client.refused("crm.item.get", {"id": 1}))[1] == "100"
    answer = await client.http.post("/rest/profile", json={"auth": "nonsense"})
    assert (answer.status_code, answer.json()["error"]) == (401, "NO_AUTH_FOUND")
    portal.config.application.scopes = ("user",)
    assert (await client.refused("crm.contact.list"))[:2] == (403, "insufficient_scope")


async def test_a_webhook_may_read_but_not_do_telephony(client: Client) -> None:
    assert (await client.hook("user.current.json")).json()["result"]["EMAIL"] == "anna@demo.example"
    refused = await client.hook("telephony.externalCall.register", {"USER_ID": 1})
    assert (refused.status_code, refused.json()["error"]) == (403, "WRONG_AUTH_TYPE")
    wrong = await client.http.get("/rest/1/wrong/profile")
    assert (wrong.status_code, wrong.json()["error"]) == (401, "NO_AUTH_FOUND")


async def test_lists_come_by_fifty(client: Client) -> None:
    first = (await client.raw("crm.contact.list", {"order": {"ID": "ASC"}})).json()
    assert (len(first["result"]), first["next"], first["total"]) == (50, 50, 300)
    last = (await client.raw("crm.contact.list", {"order": {"ID": "ASC"}, "start": 250})).json()
    assert len(last["result"]) == 50
    assert "next" not in last
    cursor = (await client.raw("crm.contact.list", {"filter": {">ID": 120}, "start": -1})).json()
    assert cursor["total"] == 0
    assert "next" not in cursor
    assert cursor["result"][0]["ID"] == "121"


async def test_filters_compare_as_documented(client: Client) -> None:
    won = await client.call("crm.deal.list", {"filter": {"CONTACT_ID": 1, "CLOSED": "N"}})
    assert {row["CATEGORY_ID"] for row in won} == {"0", "1"}
    rich = await client.call("crm.deal.list", {"filter": {">=OPPORTUNITY": 800000}})
    assert rich
    assert all(float(row["OPPORTUNITY"]) >= 800000 for row in rich)
    named = await client.call("crm.contact.list", {"filter": {"%LAST_NAME": "морозов"}})
    assert "1" in {row["ID"] for row in named}
    both = await client.call(
        "crm.item.list",
        {
            "entityTypeId": 3,
            "filter": {"logic": "OR", "0": {"id": 1}, "1": {"lastName": "Дёмин"}},
            "select": ["id", "lastName"],
        },
    )
    assert {"id": 2, "lastName": "Дёмин"} in both["items"]
    exact = await client.call("crm.contact.list", {"filter": {"PHONE": "+79161234501"}})
    assert exact == []


async def test_a_person_is_found_by_any_spelling_of_the_number(client: Client) -> None:
    for spelling in ("+79161234501", "89161234501", "8 (916) 123-45-01", "79161234501;12"):
        found = await client.call(
            "crm.duplicate.findbycomm", {"type": "PHONE", "values": [spelling]}
        )
        assert found == {"CONTACT": [1]}
    two = await client.call(
        "crm.duplicate.findbycomm", {"type": "PHONE", "values": ["+79161234503"]}
    )
    assert two == {"CONTACT": [3, 4]}
    none = await client.call(
        "crm.duplicate.findbycomm", {"type": "PHONE", "values": ["+79160000001"]}
    )
    assert none == []


async def test_multifields_are_changed_one_by_one(client: Client) -> None:
    number = await client.call(
        "crm.contact.add",
        {"fields": {"NAME": "Новый", "PHONE": [{"VALUE": "+79160000005", "VALUE_TYPE": "MOBILE"}]}},
    )
    await client.call(
        "crm.contact.update", {"id": number, "fields": {"PHONE": [{"VALUE": "+79160000006"}]}}
    )
    row = await client.call("crm.contact.get", {"id": number})
    assert [item["VALUE"] for item in row["PHONE"]] == ["+79160000005", "+79160000006"]
    first = row["PHONE"][0]["ID"]
    await client.call(
        "crm.contact.update", {"id": number, "fields": {"PHONE": [{"ID": first, "DELETE": "Y"}]}}
    )
    item = (await client.call("crm.item.get", {"entityTypeId": 3, "id": number}))["item"]
    assert [entry["value"] for entry in item["fm"]] == ["+79160000006"]
    assert item["assignedById"] == 1


async def test_a_batch_passes_results_on(client: Client) -> None:
    result = await client.call(
        "batch",
        {
            "cmd": {
                "found": "crm.duplicate.findbycomm?type=PHONE&values[0]=" + quote("+79161234501"),
                "contact": "crm.contact.get?id=$result[found][CONTACT][0]",
                "deals": "crm.deal.list?filter[CONTACT_ID]=$result[contact][ID]&filter[CLOSED]=N",
                "bad": "crm.deal.get?id=99999",
                "nested": "batch?cmd[a]=profile",
            }
        },
    )
    assert result["result"]["contact"]["LAST_NAME"] == "Морозова"
    assert len(result["result"]["deals"]) == 2
    assert result["result_total"] == {"deals": 2}
    assert result["result_next"] == []
    assert result["result_error"]["bad"]["error_description"] == "Not found"
    assert result["result_error"]["nested"]["error"] == "ERROR_BATCH_METHOD_NOT_ALLOWED"
    assert "operating" not in result["result_time"]["contact"]


async def test_a_batch_halts_and_stops_at_fifty(client: Client) -> None:
    halted = await client.call("batch", {"halt": 1, "cmd": ["crm.deal.get?id=0", "profile"]})
    assert halted["result"] == []
    assert len(halted["result_error"]) == 1
    long = await client.call("batch", {"cmd": {f"k{n}": "server.time" for n in range(52)}})
    assert len(long["result"]) == 50
    assert {item["error"] for item in long["result_error"].values()} == {
        "ERROR_BATCH_LENGTH_EXCEEDED"
    }


async def test_the_bucket_fills_and_leaks(
    client: Client, portal: Portal, clock: ManualClock
) -> None:
    portal.bucket.size = 50
    for _ in range(50):
        assert (await client.raw("profile")).status_code == 200
    refused = await client.raw("profile")
    assert (refused.status_code, refused.json()["error"]) == (503, "QUERY_LIMIT_EXCEEDED")
    await clock.advance(1.0)
    assert [(await client.raw("profile")).status_code for _ in range(3)] == [200, 200, 503]


async def test_operating_time_blocks_one_method_until_it_is_forgotten(
    client: Client, portal: Portal, clock: ManualClock
) -> None:
    portal.operating.add("app", "crm.contact.list", 480.0)
    refused = await client.refused("crm.contact.list")
    assert refused[:2] == (429, "OPERATION_TIME_LIMIT")
    assert (await client.raw("crm.deal.list")).status_code == 200
    await clock.advance(601)
    assert (await client.raw("crm.contact.list")).status_code == 200


async def test_faults_come_when_called(client: Client, portal: Portal) -> None:
    set_to = await client.http.post("/sandbox/faults", json={"burst_503": 2, "html_502": 1})
    assert set_to.json()["burst_503"] == 2
    page = await client.raw("profile")
    assert (page.status_code, page.headers["content-type"][:9]) == (502, "text/html")
    assert [(await client.raw("profile")).status_code for _ in range(3)] == [503, 503, 200]
    await client.http.post(
        "/sandbox/faults",
        json={"blocked_methods": ["profile"], "moved_to": "", "expired_tokens": 1},
    )
    assert (await client.raw("profile")).status_code == 429
    assert (await client.refused("user.admin"))[:2] == (401, "expired_token")
    portal.faults.moved_to = "http://renamed.test"
    moved = await client.raw("user.admin")
    assert moved.headers["location"] == "http://renamed.test/rest/user.admin"
    await client.http.delete("/sandbox/faults")
    assert (await client.raw("profile")).status_code == 200
    assert (await client.http.post("/sandbox/faults", json={"nope": 1})).status_code == 400


async def test_a_frame_of_another_site_may_call(client: Client) -> None:
    asked = await client.http.options("/rest/profile", headers={"Origin": "https://app.test"})
    assert "Content-Type" in asked.headers["access-control-allow-headers"]
    answer = await client.raw("profile")
    assert answer.headers["access-control-allow-origin"] == "*"


async def test_a_slow_method_answers_when_its_time_has_come(
    client: Client, portal: Portal, clock: ManualClock
) -> None:
    portal.faults.update({"slow_s": {"CRM.Contact.Get": 5}})
    asked = asyncio.create_task(client.call("crm.contact.get", {"id": 1}))
    await clock.advance(4.9)
    assert not asked.done()
    assert (await client.call("crm.deal.get", {"id": 1}))["ID"] == "1"
    await clock.advance(0.2)
    assert (await asked)["ID"] == "1"
    assert portal.operating.used("app", "crm.contact.get") >= 5


async def test_a_deleted_application_leaves_nothing(client: Client, portal: Portal) -> None:
    await client.call("placement.bind", {"PLACEMENT": "LEFT_MENU", "HANDLER": "https://app.test"})
    await client.call("event.bind", {"event": "ONCRMDEALADD", "handler": "https://app.test/e"})
    token = client.token()
    await client.http.post("/sandbox/uninstall")
    answer = await client.http.post("/rest/profile", json={"auth": token})
    assert answer.json()["error"] == "NO_AUTH_FOUND"
    assert (portal.placements, portal.events.handlers) == ([], [])


async def test_the_log_remembers_calls_without_tokens(client: Client, portal: Portal) -> None:
    await client.call("crm.contact.get", {"id": 1}, user=2)
    (row,) = portal.log.rows("crm.contact.get")
    assert (row.params, row.auth, row.user_id) == ({"id": 1}, "oauth", 2)
    state = (await client.http.get("/sandbox/state")).json()
    assert state["counts"]["CONTACT"] == 300


async def test_quirks_are_kept(client: Client) -> None:
    me = await client.call("user.current")
    assert (me["ID"], me["ACTIVE"], me["TIMESTAMP_X"]) == ("1", True, {})
    inner = await client.call("user.get", {"FILTER": {"UF_PHONE_INNER": "102"}})
    assert [row["LAST_NAME"] for row in inner] == ["Ветрова"]
    bad = await client.raw(
        "placement.bind", {"PLACEMENT": "PAGE_BACKGROUND_WORKER", "HANDLER": "x"}
    )
    assert (bad.status_code, bad.json()["error"]) == (200, "EMPTY_ERROR_HANDLER_URL")
    assert await client.call("placement.get") == []


async def test_dictionaries_and_work(client: Client) -> None:
    stages = await client.call("crm.status.list", {"filter": {"ENTITY_ID": "DEAL_STAGE_1"}})
    assert stages[0]["STATUS_ID"] == "C1:NEW"
    funnels = await client.call("crm.category.list", {"entityTypeId": 2})
    assert [item["name"] for item in funnels["categories"]] == ["Продажи", "Сервис", "Опт"]
    work = await client.call(
        "crm.activity.list",
        {"filter": {"OWNER_TYPE_ID": 2, "OWNER_ID": 1, "COMPLETED": "N"}},
    )
    assert [row["SUBJECT"] for row in work] == ["Отправить договор"]
    todo = {"ownerTypeId": 3, "ownerId": 1, "deadline": "2026-03-03T10:00:00+03:00"}
    added = await client.call("crm.activity.todo.add", todo)
    row = await client.call("crm.activity.get", {"id": added["id"]})
    assert (row["PROVIDER_ID"], row["DEADLINE"]) == ("CRM_TODO", todo["deadline"])


async def test_a_todo_is_changed_field_by_field(client: Client) -> None:
    owner = {"ownerTypeId": 3, "ownerId": 1}
    made = await client.call(
        "crm.activity.todo.add", owner | {"deadline": "2026-03-03T10:00:00+03:00"}
    )
    todo = "crm.activity.todo.update"
    later = owner | made | {"value": "2026-03-04T10:00:00+03:00"}
    assert await client.call(f"{todo}Deadline", later) == made
    await client.call(f"{todo}Description", later | {"value": "Перезвонить"})
    await client.call(f"{todo}ResponsibleUser", later | {"value": 3})
    row = await client.call("crm.activity.get", made)
    assert (row["DEADLINE"], row["DESCRIPTION"]) == (later["value"], "Перезвонить")
    assert row["RESPONSIBLE_ID"] == "3"
    assert (await client.refused(f"{todo}Deadline", later | {"value": "завтра"}))[1] == (
        "WRONG_DATETIME_FORMAT"
    )
    other = await client.refused(f"{todo}Deadline", later | {"ownerId": 2})
    assert other[1] == "NOT_FOUND"
    assert (await client.refused(f"{todo}Deadline", made))[1] == "100"


async def test_small_dictionaries_answer(client: Client) -> None:
    kinds = await client.call("crm.enum.ownertype")
    assert {row["SYMBOL_CODE"] for row in kinds} == {"LEAD", "DEAL", "CONTACT", "COMPANY"}
    assert (await client.call("crm.enum.activitytype"))[1] == {"ID": 2, "NAME": "Звонок"}
    assert (await client.call("crm.currency.list"))[0]["CURRENCY"] == "RUB"
    funnel = await client.call("crm.category.get", {"entityTypeId": 2, "id": 1})
    assert funnel["category"]["name"] == "Сервис"
    first = (await client.call("crm.status.list"))[0]
    assert await client.call("crm.status.get", {"id": first["ID"]}) == first
    types = {row["ID"] for row in await client.call("crm.status.entity.types")}
    assert {"STATUS", "SOURCE", "DEAL_STAGE", "CALL_LIST"} <= types
    assert (await client.call("crm.activity.fields"))["SUBJECT"]["type"] == "string"
    assert "COMMENT" in await client.call("crm.timeline.comment.fields")


async def test_the_working_day_goes_round(client: Client, clock: ManualClock) -> None:
    assert (await client.call("timeman.status"))["STATUS"] == "CLOSED"
    assert (await client.call("timeman.open"))["STATUS"] == "OPENED"
    await clock.advance(600)
    assert (await client.call("timeman.pause"))["STATUS"] == "PAUSED"
    await clock.advance(300)
    assert (await client.call("timeman.open"))["TIME_LEAKS"] == "00:05:00"
    await clock.advance(86400)
    assert (await client.call("timeman.status"))["STATUS"] == "EXPIRED"


async def test_a_dropped_connection_is_no_answer(client: Client, portal: Portal) -> None:
    portal.faults.drop = 1
    with pytest.raises((httpx.HTTPError, AssertionError)):
        await client.raw("profile")
    assert (await client.raw("profile")).status_code == 200
