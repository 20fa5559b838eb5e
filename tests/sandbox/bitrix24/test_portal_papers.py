"""Call lists, chats, connectors, pushes, custom fields, lines, transcripts, bindings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.bitrix24.hearing import listen

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from backend.sandbox.bitrix24 import Portal
    from tests.sandbox.bitrix24.conftest import Client


async def test_a_call_list_is_made_read_and_changed(client: Client) -> None:
    number = await client.call("crm.calllist.add", {"ENTITY_TYPE": "CONTACT", "ENTITIES": [1, 2]})
    shown = await client.call("crm.calllist.get", {"ID": number})
    assert (shown["ENTITY_TYPE_ID"], shown["ENTITY_TYPE"]) == ("3", "CONTACT")
    assert await client.call("crm.calllist.items.get", {"LIST_ID": number}) == [
        {"ID": 1, "STATUS": "IN_WORK", "ENTITY_TYPE": 3},
        {"ID": 2, "STATUS": "IN_WORK", "ENTITY_TYPE": 3},
    ]
    change = {"LIST_ID": number, "ENTITY_TYPE": "COMPANY", "ENTITIES": [1]}
    assert await client.call("crm.calllist.update", change) is True
    assert len(await client.call("crm.calllist.items.get", {"LIST_ID": number})) == 1
    assert [row["ID"] for row in await client.call("crm.calllist.list")] == [str(number)]
    codes = [row["STATUS_ID"] for row in await client.call("crm.calllist.statuslist")]
    assert codes == ["IN_WORK", "SUCCESS", "WRONG_NUMBER", "STOP_CALLING"]
    dictionary = await client.call("crm.status.entity.items", {"entityId": "CALL_LIST"})
    assert [row["STATUS_ID"] for row in dictionary] == codes


@pytest.mark.parametrize(
    ("name", "params", "code"),
    [
        ("add", {"ENTITY_TYPE": "CONTACT"}, "ENTITIES_ERROR"),
        ("add", {"ENTITY_TYPE": "LEAD", "ENTITIES": [1]}, "ENTITY_TYPE_ERROR"),
        ("add", {"ENTITY_TYPE": "CONTACT", "ENTITIES": [999999]}, "ENTITY_ERROR"),
        ("get", {}, "ERROR_ARGUMENT"),
        ("get", {"ID": 77}, "LIST_ID_ERROR"),
        ("items.get", {"LIST_ID": 77}, "LIST_ID_ERROR"),
        ("list", {"FILTER": {"NOPE": 1}}, "100"),
    ],
)
async def test_a_call_list_refuses(
    client: Client, name: str, params: dict[str, Any], code: str
) -> None:
    assert (await client.refused(f"crm.calllist.{name}", params))[:2] == (400, code)


async def test_a_message_goes_into_the_clients_open_line(client: Client) -> None:
    entity = {"CRM_ENTITY_TYPE": "contact", "CRM_ENTITY": 1}
    assert await client.call("imopenlines.crm.chat.get", entity) == []
    made = {"entity_type": "contact", "entity_id": 1, "members": [2]}
    chat = (await client.http.post("/sandbox/chats", json=made)).json()["chat"]
    (row,) = await client.call("imopenlines.crm.chat.get", entity)
    assert row == {"CHAT_ID": str(chat), "CONNECTOR_ID": "livechat", "CONNECTOR_TITLE": ""}
    assert await client.call("imopenlines.crm.chat.getLastId", entity) == chat
    text = entity | {"USER_ID": 2, "CHAT_ID": chat, "MESSAGE": "Пропущенный звонок"}
    assert await client.call("imopenlines.crm.message.add", text) > 0
    add = "imopenlines.crm.message.add"
    assert (await client.refused(add, text | {"USER_ID": 3}))[1] == "ACCESS_DENIED"
    assert (await client.refused(add, text | {"CHAT_ID": 9999}))[1] == "CHAT_NOT_IN_CRM"
    upper = text | {"CRM_ENTITY_TYPE": "CONTACT"}
    assert (await client.refused(add, upper))[1] == "ERROR_ARGUMENT"
    state = (await client.http.get("/sandbox/state")).json()
    assert [item["text"] for item in state["chats"][0]["messages"]] == ["Пропущенный звонок"]


async def test_a_connector_sends_only_through_an_active_line(client: Client) -> None:
    register = {"ID": "dozvon", "NAME": "Дозвон", "ICON": {"DATA_IMAGE": "data:,"}}
    assert await client.call("imconnector.register", register) == {"result": True}
    message = {
        "CONNECTOR": "dozvon",
        "LINE": 1,
        "MESSAGES": [
            {"user": {"id": "79161234501"}, "message": {"id": "m1", "text": "пропущен"}},
            {"user": {"id": "79161234501"}, "message": {"id": "m2", "text": "ещё"}},
        ],
    }
    send = "imconnector.send.messages"
    assert (await client.refused(send, message))[1] == "NOT_ACTIVE_LINE"
    line = {"CONNECTOR": "dozvon", "LINE": 1}
    await client.call("imconnector.activate", line | {"ACTIVE": 1})
    assert (await client.call("imconnector.status", line))["STATUS"] is True
    sent = (await client.call(send, message))["DATA"]["RESULT"]
    # One client, one chat.
    assert len({item["session"]["CHAT_ID"] for item in sent}) == 1
    state = (await client.http.get("/sandbox/state")).json()
    assert [item["message"]["text"] for item in state["connector_messages"]] == ["пропущен", "ещё"]
    assert (await client.refused(send, message | {"CONNECTOR": "x"}))[1] == "NOT_CONNECTOR"


async def test_pushes_go_to_oneself_or_to_all_for_an_administrator(
    client: Client, portal: Portal
) -> None:
    push = {"COMMAND": "ring", "PARAMS": {"n": 1}, "USER_ID": 3}
    assert await client.call("pull.application.event.add", push) is True
    refused = await client.refused("pull.application.event.add", push, user=2)
    assert refused[1] == "ACCESS_DENIED"
    assert [item["user_id"] for item in portal.papers.pushes] == [3]
    config = await client.call("pull.application.config.get")
    assert config["server"]["websocket_secure"].startswith("wss://")


async def test_a_custom_field_is_made_and_carried_by_every_row(
    app: Starlette, client: Client, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = listen(monkeypatch)
    event = {"event": "ONCRMDEALUSERFIELDADD", "handler": "https://a.test/e"}
    await client.call("event.bind", event)
    field = {"FIELD_NAME": "source_line", "USER_TYPE_ID": "string", "LABEL": "Линия"}
    async with app.router.lifespan_context(app):
        number = await client.call("crm.deal.userfield.add", {"fields": field})
        await portal.events.drained()
    assert heard[0]["data"]["FIELDS"]["FIELD_NAME"] == "UF_CRM_SOURCE_LINE"
    (row,) = await client.call("crm.deal.userfield.list")
    assert (row["ID"], row["ENTITY_ID"]) == (str(number), "CRM_DEAL")
    value = {"UF_CRM_SOURCE_LINE": "7812"}
    await client.call("crm.deal.update", {"id": 1, "fields": value})
    found = await client.call("crm.deal.list", {"filter": value, "select": ["ID", "UF_*"]})
    assert found == [{"ID": "1", **value}]
    assert (await client.call("crm.deal.fields"))["UF_CRM_SOURCE_LINE"]["isDynamic"] is True
    changed = {"id": number, "fields": {"LABEL": "Номер"}}
    assert await client.call("crm.deal.userfield.update", changed) is True
    await client.call("crm.deal.userfield.delete", {"id": number})
    assert "UF_CRM_SOURCE_LINE" not in await client.call("crm.deal.get", {"id": 1})


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"USER_TYPE_ID": "string"}, "The 'FIELD_NAME' field is not found."),
        ({"FIELD_NAME": "A"}, "The 'USER_TYPE_ID' field is not found."),
        ({"FIELD_NAME": "A" * 50, "USER_TYPE_ID": "string"}, "The field name is too long"),
        ({"FIELD_NAME": "ПОЛЕ", "USER_TYPE_ID": "string"}, "The field name contains invalid"),
        ({"FIELD_NAME": "A", "USER_TYPE_ID": "sound"}, "Invalid custom type"),
    ],
)
async def test_a_custom_field_is_checked(client: Client, fields: dict[str, str], text: str) -> None:
    refused = await client.refused("crm.lead.userfield.add", {"fields": fields})
    assert refused[2].startswith(text)
    other = await client.refused("crm.lead.userfield.add", {"fields": fields}, user=2)
    assert other[0] == 403


async def test_lines_are_listed_and_one_is_the_default(client: Client, portal: Portal) -> None:
    await client.call("telephony.externalLine.add", {"NUMBER": "7812", "NAME": "Продажи"})
    lines = await client.call("voximplant.line.get")
    assert lines == {"REST_APP:3": "Приложение: Dozvon", "7812": "Продажи"}
    await client.call("telephony.externalLine.add", {"NUMBER": "7495", "NAME": "Опт"})
    assert await client.call("voximplant.line.outgoing.set", {"LINE_ID": "7495"}) == 1
    assert await client.call("voximplant.line.outgoing.get") == "7495"
    wrong = await client.refused("voximplant.line.outgoing.set", {"LINE_ID": "1"})
    assert wrong[1] == "ERROR_ARGUMENT"
    assert (await client.refused("voximplant.line.get", user=2))[1] == "ACCESS_DENIED"
    assert (await client.call("voximplant.url.get"))["lines"].startswith("http://portal.test/")


async def test_a_method_waits_for_an_administrators_word(
    app: Starlette, client: Client, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = listen(monkeypatch)
    handler = {"event": "ONAPPMETHODCONFIRM", "handler": "https://a.test/e"}
    await client.call("event.bind", handler)
    name = "voximplant.user.get"
    assert (await client.refused(name))[:2] == (401, "METHOD_CONFIRM_WAITING")
    async with app.router.lifespan_context(app):
        await client.http.post("/sandbox/confirm", json={"method": name, "allow": False})
        assert (await client.refused(name))[:2] == (403, "METHOD_CONFIRM_DENIED")
        await client.http.post("/sandbox/confirm", json={"method": name})
        await portal.events.drained()
    assert [item["data"]["CONFIRMED"] for item in heard] == ["N", "Y"]
    (row,) = await client.call(name, {"USER_ID": [2]})
    assert row["INNER_NUMBER"] == "101"


async def test_a_transcript_is_attached_to_a_finished_call(client: Client) -> None:
    registered = await client.call(
        "telephony.externalCall.register",
        {"USER_ID": 2, "PHONE_NUMBER": "+79161234501", "TYPE": 2},
    )
    line = {"SIDE": "Client", "START_TIME": 0, "STOP_TIME": 2, "MESSAGE": "Здравствуйте"}
    order = {"CALL_ID": registered["CALL_ID"], "MESSAGES": [line]}
    attach = "telephony.call.attachTranscription"
    early = await client.refused(attach, order)
    assert early[2] == f"Call {registered['CALL_ID']} is not found. Is it finished?"
    done = await client.call(
        "telephony.externalCall.finish",
        {"CALL_ID": registered["CALL_ID"], "USER_ID": 2, "DURATION": 2},
    )
    number = (await client.call(attach, order))["TRANSCRIPT_ID"]
    (row,) = await client.call("voximplant.statistic.get")
    assert row["TRANSCRIPT_ID"] == str(number)
    read = await client.call(
        "crm.activity.call.getTranscript", {"activityId": done["CRM_ACTIVITY_ID"]}
    )
    assert read == [line]
    for wrong, text in (
        ({"CALL_ID": ""}, "CALL_ID should be set"),
        ({"MESSAGES": "x"}, "MESSAGES should be an array"),
        ({"MESSAGES": [line | {"SIDE": "Robot"}]}, "MESSAGES[0][SIDE] should be"),
        ({"MESSAGES": [line | {"START_TIME": -1}]}, "MESSAGES[0][START_TIME] should be"),
        ({"MESSAGES": [line | {"STOP_TIME": 0}]}, "MESSAGES[0][STOP_TIME] should be"),
        ({"MESSAGES": [line | {"MESSAGE": ""}]}, "MESSAGES[0][MESSAGE] is empty"),
    ):
        assert (await client.refused(attach, order | wrong))[2].startswith(text)


async def test_an_activity_is_bound_to_more_rows(client: Client) -> None:
    tie = {"activityId": 1, "entityTypeId": 3, "entityId": 1}
    assert await client.call("crm.activity.binding.add", tie) is True
    again = await client.refused("crm.activity.binding.add", tie)
    assert again[1] == "BINDING_ALREADY_EXISTS"
    bound = await client.call("crm.activity.binding.list", {"activityId": 1})
    assert {"entityTypeId": 3, "entityId": 1} in bound
    found = await client.call(
        "crm.activity.list", {"filter": {"BINDINGS": [{"OWNER_TYPE_ID": 3, "OWNER_ID": 1}]}}
    )
    assert "1" in {row["ID"] for row in found}
    await client.call("crm.activity.binding.delete", tie)
    moved = {
        "activityId": 1,
        "sourceEntityTypeId": 2,
        "sourceEntityId": 1,
        "targetEntityTypeId": 2,
        "targetEntityId": 2,
    }
    assert await client.call("crm.activity.binding.move", moved) is True
    assert (await client.call("crm.activity.get", {"id": 1}))["OWNER_ID"] == "2"
    assert (await client.refused("crm.activity.binding.move", moved))[1] == "BINDING_NOT_FOUND"
    last = tie | {"entityTypeId": 2, "entityId": 2}
    refused = await client.refused("crm.activity.binding.delete", last)
    assert refused[1] == "LAST_BINDING_CANNOT_BE_DELETED"


async def test_a_deal_has_several_contacts_and_one_of_them_first(client: Client) -> None:
    number = await client.call("crm.deal.add", {"fields": {"TITLE": "Двое", "CONTACT_IDS": [3, 4]}})
    items = "crm.deal.contact.items"
    first, second = await client.call(f"{items}.get", {"id": number})
    assert (first["CONTACT_ID"], first["IS_PRIMARY"]) == (3, "Y")
    assert (second["CONTACT_ID"], second["IS_PRIMARY"]) == (4, "N")
    shown = await client.call("crm.deal.get", {"id": number})
    assert shown["CONTACT_ID"] == "3"
    assert "CONTACT_IDS" not in shown
    modern = (await client.call("crm.item.get", {"entityTypeId": 2, "id": number}))["item"]
    assert modern["contactIds"] == [3, 4]
    order = [{"CONTACT_ID": 4, "SORT": 20}, {"CONTACT_ID": 1, "SORT": 10, "IS_PRIMARY": "Y"}]
    assert await client.call(f"{items}.set", {"id": number, "items": order}) is True
    assert [row["CONTACT_ID"] for row in await client.call(f"{items}.get", {"id": number})] == [
        1,
        4,
    ]
    add = {"id": number, "fields": {"CONTACT_ID": 2}}
    assert await client.call("crm.deal.contact.add", add) is True
    assert await client.call("crm.deal.contact.delete", {"id": number, "fields": {"CONTACT_ID": 1}})
    left = await client.call(f"{items}.get", {"id": number})
    assert [row["CONTACT_ID"] for row in left] == [4, 2]
    wrong = {"id": number, "items": [{"CONTACT_ID": 999999}]}
    assert (await client.refused(f"{items}.set", wrong))[0] == 400
    assert await client.call(f"{items}.delete", {"id": number}) is True
    assert await client.call(f"{items}.get", {"id": number}) == []


async def test_a_trace_and_a_second_owner_of_a_comment_are_kept(
    client: Client, portal: Portal
) -> None:
    entities = [{"TYPE": "CONTACT", "ID": 1}]
    number = await client.call(
        "crm.tracking.trace.add", {"TRACE": '{"url":"https://s.test"}', "ENTITIES": entities}
    )
    assert portal.papers.traces[number]["ENTITIES"] == entities
    assert await client.call("crm.tracking.trace.delete", {"id": number}) is True
    comment = await client.call(
        "crm.timeline.comment.add",
        {"fields": {"ENTITY_ID": 1, "ENTITY_TYPE": "contact", "COMMENT": "сказал"}},
    )
    tie = {"OWNER_ID": comment, "ENTITY_ID": 1, "ENTITY_TYPE": "deal"}
    assert await client.call("crm.timeline.bindings.bind", {"fields": tie}) is True
    bound = {"filter": {"OWNER_ID": comment}}
    owners = await client.call("crm.timeline.bindings.list", bound)
    assert [row["ENTITY_TYPE"] for row in owners] == ["contact", "deal"]
    assert await client.call("crm.timeline.bindings.unbind", {"fields": tie}) is True
    assert len(await client.call("crm.timeline.bindings.list", bound)) == 1
    other = {"id": comment, "fields": {"COMMENT": "передумал"}}
    assert await client.call("crm.timeline.comment.update", other) is True
    assert (await client.call("crm.timeline.comment.get", other))["COMMENT"] == "передумал"
    assert await client.call("crm.timeline.comment.delete", other) is True
    assert (await client.refused("crm.timeline.comment.get", other))[1] == "NOT_FOUND"


async def test_a_deal_that_changes_its_pipeline_says_so(
    app: Starlette, client: Client, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = listen(monkeypatch)
    event = {"event": "ONCRMDEALMOVETOCATEGORY", "handler": "https://a.test/e"}
    await client.call("event.bind", event)
    async with app.router.lifespan_context(app):
        await client.call("crm.deal.update", {"id": 1, "fields": {"TITLE": "то же место"}})
        await client.call("crm.deal.update", {"id": 1, "fields": {"STAGE_ID": "C1:NEW"}})
        await portal.events.drained()
    assert [item["data"]["FIELDS"] for item in heard] == [
        {"ID": "1", "CATEGORY_ID": "1", "STAGE_ID": "C1:NEW"}
    ]


async def test_simple_mode_has_no_leads_by_either_door(client: Client, portal: Portal) -> None:
    portal.config.crm_mode = 2
    assert await client.call("crm.settings.mode.get") == 2
    number = await client.call("crm.lead.add", {"fields": {"TITLE": "x", "NAME": "Анна"}})
    assert (await client.refused("crm.lead.get", {"id": number}))[2] == "Not found"
    item = (await client.call("crm.item.add", {"entityTypeId": 1, "fields": {"title": "y"}}))[
        "item"
    ]
    gone = await client.refused("crm.item.get", {"entityTypeId": 1, "id": item["id"]})
    assert gone[1] == "NOT_FOUND"
    deals = await client.call("crm.deal.list", {"order": {"ID": "DESC"}})
    assert [row["TITLE"] for row in deals[:2]] == ["y", "x"]
