"""The application on the portal from installation to deletion, and the portal's own changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.sandbox.bitrix24.hearing import listen

if TYPE_CHECKING:
    import pytest
    from starlette.applications import Starlette

    from backend.kit.clock import ManualClock
    from backend.sandbox.bitrix24 import Portal
    from tests.sandbox.bitrix24.conftest import Client

_HANDLER = "https://app.test/events"
_WORKER = {
    "PLACEMENT": "PAGE_BACKGROUND_WORKER",
    "HANDLER": "https://app.test/worker",
    "OPTIONS": {"errorHandlerUrl": "https://app.test/error"},
}


async def deed(client: Client, name: str, user: int = 1, **body: Any) -> Any:
    """A press on the portal's own page."""
    client.http.cookies.set("portal_session", client.portal.sign_in(user))
    return await client.http.post(f"/portal/{name}", json=body)


async def test_deleting_tells_the_handlers_and_takes_everything(
    app: Starlette, client: Client, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = listen(monkeypatch)
    token = portal.config.application.application_token
    for event in ("ONAPPUNINSTALL", "ONCRMDEALUPDATE"):
        await client.call("event.bind", {"event": event, "handler": _HANDLER})
    await client.call("placement.bind", _WORKER)
    await client.call("telephony.externalLine.add", {"NUMBER": "78120000001"})
    grant = portal.tokens.issue(1)
    assert (await deed(client, "uninstall", user=2)).status_code == 403
    async with app.router.lifespan_context(app):
        assert (await deed(client, "uninstall", clean=True)).json() == {"installed": False}
        await portal.events.drained()
    (gone,) = heard
    assert gone["event"] == "ONAPPUNINSTALL"
    assert gone["data"] == {"LANGUAGE_ID": "ru", "CLEAN": "1"}
    assert gone["auth"]["application_token"] == token
    assert "access_token" not in gone["auth"]
    state = (await client.http.get("/sandbox/state")).json()
    assert (state["events"], state["placements"], state["lines"]) == ([], [], [])
    refused = await client.http.post("/rest/profile", json={"auth": grant.access_token})
    assert refused.json()["error"] == "NO_AUTH_FOUND"


async def test_installing_again_begins_with_a_page_and_another_token(
    app: Starlette, client: Client, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard, before = listen(monkeypatch), portal.config.application.application_token
    await deed(client, "uninstall")
    opened = (await deed(client, "launch", code="INSTALL")).json()
    assert opened["url"].startswith(portal.config.application.install_url + "?DOMAIN=portal.test")
    assert (opened["fields"]["PLACEMENT"], opened["init"]["INSTALL"]) == ("DEFAULT", True)
    assert opened["fields"]["APPLICATION_TOKEN"] != before
    auth = {"auth": opened["fields"]["AUTH_ID"]}
    assert (await client.call("app.info", auth))["INSTALLED"] is False
    await client.call("event.bind", auth | {"event": "ONCRMDEALUPDATE", "handler": _HANDLER})
    await client.call("event.bind", auth | {"event": "ONAPPINSTALL", "handler": _HANDLER})
    await client.call("placement.bind", auth | _WORKER)
    # Nothing is shown or sent before the installer says that it is done.
    assert portal.bound("PAGE_BACKGROUND_WORKER", 1) == []
    await client.call("crm.deal.update", auth | {"id": 1, "fields": {"TITLE": "a"}})
    async with app.router.lifespan_context(app):
        assert (await deed(client, "install")).json() == {"installed": True}
        await portal.events.drained()
    assert heard.names() == ["ONAPPINSTALL"]
    assert heard[0]["auth"]["refresh_token"]
    assert len(portal.bound("PAGE_BACKGROUND_WORKER", 1)) == 1


async def test_an_application_without_pages_is_told_by_an_event(
    app: Starlette, client: Client, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = listen(monkeypatch)
    portal.uninstall()
    portal.config.application.api_only = True
    async with app.router.lifespan_context(app):
        await deed(client, "install")
        await portal.events.drained()
    assert heard.names() == ["ONAPPINSTALL"]
    assert heard.urls == [portal.config.application.install_url]
    assert heard[0]["auth"]["user_id"] == "1"


async def test_an_update_drops_handlers_and_brings_a_new_token(
    app: Starlette, client: Client, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard, before = listen(monkeypatch), portal.config.application.application_token
    await client.call("event.bind", {"event": "ONAPPUPDATE", "handler": _HANDLER})
    async with app.router.lifespan_context(app):
        assert (await client.http.post("/sandbox/update")).json() == {"version": 2}
        await portal.events.drained()
    (update,) = heard
    assert update["data"] == {"VERSION": "2", "PREVIOUS_VERSION": "1", "LANGUAGE_ID": "ru"}
    assert update["auth"]["application_token"] != before
    assert portal.events.handlers == []
    assert (await client.call("app.info"))["INSTALLED"] is False


async def test_a_slow_worker_loses_its_place_at_the_eleventh_time_of_a_day(
    app: Starlette,
    client: Client,
    portal: Portal,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heard = listen(monkeypatch)
    await client.call("placement.bind", _WORKER)
    slow: dict[str, Any] = {
        "code": "PAGE_BACKGROUND_WORKER",
        "handler": _WORKER["HANDLER"],
        "ms": 5001,
    }
    for _ in range(10):
        assert (await deed(client, "loaded", **slow)).json() == {"unregistered": False}
    await deed(client, "loaded", **slow | {"ms": 4999})
    await clock.advance(24 * 3600)
    # Another day, another count.
    assert (await deed(client, "loaded", **slow)).json() == {"unregistered": False}
    async with app.router.lifespan_context(app):
        last = await client.http.post("/sandbox/worker-loaded", json={"times": 10})
        assert last.json() == {"unregistered": True}
        await portal.events.drained()
    assert await client.call("placement.get") == []
    assert heard.urls == ["https://app.test/error"]
    assert set(heard[0]) == {"error", "error_description"}
    assert heard[0]["error"] == "ERROR_PLACEMENT_LOADING_OVERTIME"


async def test_a_renamed_portal_answers_302_at_its_old_address(
    client: Client, portal: Portal
) -> None:
    auth = {"auth": client.token(1)}
    await client.http.post("/sandbox/rename", json={"public_url": "http://new.test"})
    old = await client.http.post("/rest/profile", json=auth)
    assert (old.status_code, old.headers["location"]) == (302, "http://new.test/rest/profile")
    new = await client.http.post("http://new.test/rest/profile", json=auth)
    assert new.json()["result"]["ID"] == "1"
    info = await client.http.get("http://new.test/oauth-server/rest/app.info", params=auth)
    assert info.json()["result"]["install"]["domain"] == "new.test"
    assert info.json()["result"]["install"]["member_id"] == portal.config.member_id


async def test_a_dismissed_owner_is_shut_out_with_his_tokens(
    client: Client, portal: Portal
) -> None:
    auth = {"auth": client.token(2)}
    assert (await client.http.patch("/sandbox/users/2", json={"active": False})).json() == {
        "id": 2,
        "active": False,
    }
    assert (await client.refused("profile", auth))[:2] == (403, "user_access_error")
    unknown = await client.http.patch("/sandbox/users/2", json={"colour": "red"})
    assert unknown.status_code == 400


async def test_administrators_manage_people_and_departments_over_rest(
    client: Client, portal: Portal
) -> None:
    place = await client.call("department.add", {"NAME": "Склад", "UF_HEAD": 4})
    new = {"EMAIL": "lev@demo.example", "NAME": "Лев", "LAST_NAME": "Тихий"}
    more = {"UF_DEPARTMENT": [place], "UF_PHONE_INNER": "150", "PERSONAL_MOBILE": "+79031000150"}
    number = await client.call("user.add", new | more)
    (row,) = await client.call("user.get", {"FILTER": {"ID": number}})
    assert (row["UF_DEPARTMENT"], row["PERSONAL_MOBILE"]) == ([place], "+79031000150")
    await client.call("department.update", {"ID": place, "NAME": "Склад №1"})
    assert portal.users[number].department == "Склад №1"
    assert await client.call("user.update", {"ID": number, "ACTIVE": "N"}) is True
    assert await client.call("user.get", {"FILTER": {"ID": number, "ACTIVE": True}}) == []
    assert await client.call("department.delete", {"ID": place}) is True
    assert (await client.call("department.get", {"ID": place})) == []
    assert portal.users[number].department == "Компания"
    assert "UF_PHONE_INNER" in await client.call("user.fields")
    assert "UF_HEAD" in await client.call("department.fields")
    for name, params, text in (
        ("user.add", {"EMAIL": "nothing"}, "Wrong email."),
        ("user.add", new, "User with this email already exists"),
        ("user.update", {"ID": 999}, "User is not found"),
        ("user.update", {"ID": 2, "UF_DEPARTMENT": [999]}, "Department is not found"),
        ("department.delete", {"ID": 1}, "The root of the structure cannot be deleted"),
    ):
        assert (await client.refused(name, params))[2] == text
        assert (await client.refused(name, params, user=2))[1] == "ACCESS_DENIED"


async def test_hiring_is_heard_of_and_seen_by_departments(
    app: Starlette, client: Client, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = listen(monkeypatch)
    await client.call("event.bind", {"event": "OnUserAdd", "handler": _HANDLER})
    async with app.router.lifespan_context(app):
        new = {"first_name": "Лев", "last_name": "Тихий", "department": "Склад", "extension": "150"}
        number = (await client.http.post("/sandbox/users", json=new)).json()["id"]
        await portal.events.drained()
    assert heard[0]["data"]["ID"] == str(number)
    (row,) = await client.call("user.get", {"FILTER": {"UF_PHONE_INNER": "150"}})
    (place,) = await client.call("department.get", {"NAME": "Склад"})
    assert row["UF_DEPARTMENT"] == [int(place["ID"])]


async def test_departments_have_heads_and_some_people_lack_something(client: Client) -> None:
    rows = {row["NAME"]: row for row in await client.call("department.get")}
    assert (rows["Отдел продаж"]["UF_HEAD"], rows["Сервис"]["UF_HEAD"]) == ("1", "4")
    assert "UF_HEAD" not in rows["Офис"]
    people = await client.call("user.get", {"FILTER": {"ACTIVE": True}})
    assert [row["ID"] for row in people if not row["LAST_NAME"]] == ["10"]
    assert [row["ID"] for row in people if not row["EMAIL"]] == ["11"]
    assert [row["ID"] for row in people if not row["UF_DEPARTMENT"]] == ["12", "13"]
    assert [row["ID"] for row in people if row["USER_TYPE"] != "employee"] == ["13"]


async def test_a_portal_on_premises_has_other_limits_and_modules(
    client: Client, portal: Portal
) -> None:
    assert "operating" in (await client.raw("profile")).json()["time"]
    await client.http.post(
        "/sandbox/faults",
        json={"on_premise": True, "old_build": True, "missing_modules": ["timeman"]},
    )
    assert "selfhosted" in (await client.call("app.info"))["LICENSE"]
    assert "operating" not in (await client.raw("profile")).json()["time"]
    assert (await client.refused("timeman.status"))[:2] == (404, "ERROR_METHOD_NOT_FOUND")
    probe = await client.call("method.get", {"name": "timeman.status"})
    assert probe == {"isExisting": False, "isAvailable": False}
    assert "timeman" not in await client.call("scope")
    assert "timeman.status" not in await client.call("methods", {"full": True})
    (row,) = await client.call(
        "telephony.externalCall.searchCrmEntities", {"PHONE_NUMBER": "+79161234501"}
    )
    assert row["ASSIGNED_BY"]["TIMEMAN_STATUS"] == "NOT_INSTALLED"
    opened = (await deed(client, "launch", code="DEFAULT")).json()
    assert "SERVER_ENDPOINT" not in opened["fields"]
    assert "AUTH_ID" in opened["fields"]


async def test_an_untracked_person_has_no_working_day(client: Client) -> None:
    await client.http.post("/sandbox/workday", json={"user": 2, "tracked": False})
    (row,) = await client.call(
        "telephony.externalCall.searchCrmEntities", {"PHONE_NUMBER": "+79161234501"}
    )
    assert row["ASSIGNED_BY"]["TIMEMAN_STATUS"] == "UNAVAILABLE"
    assert (await client.call("timeman.settings", {"USER_ID": 2}))["UF_TIMEMAN"] is False
    assert (await client.call("timeman.schedule.get", {"id": 1}))["SCHEDULE_TYPE"] == "FIXED"
    assert await client.call("timeman.schedule.get", {"id": 2}) == []


async def test_outgoing_webhooks_hear_of_all_but_clicks_and_get_no_tokens(
    app: Starlette, client: Client, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = listen(monkeypatch)
    portal.config.outgoing_webhooks = tuple(
        (event, _HANDLER) for event in ("ONCRMDEALUPDATE", "ONEXTERNALCALLSTART")
    )
    async with app.router.lifespan_context(app):
        await client.call("crm.deal.update", {"id": 1, "fields": {"TITLE": "a"}})
        await deed(client, "call", phone="+79161234501")
        await portal.events.drained()
    (event,) = heard
    assert event["event"] == "ONCRMDEALUPDATE"
    assert set(event["auth"]) == {
        *("domain", "client_endpoint", "server_endpoint", "member_id", "application_token"),
    }
    assert event["auth"]["application_token"] != portal.config.application.application_token


async def test_any_event_can_be_fired_and_offline_ones_wake_the_application(
    app: Starlette, client: Client, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = listen(monkeypatch)
    await client.call("event.bind", {"event": "ONAPPPAYMENT", "handler": _HANDLER})
    await client.call("event.bind", {"event": "ONOFFLINEEVENT", "handler": _HANDLER})
    await client.call("event.bind", {"event": "ONCRMDEALUPDATE", "event_type": "offline"})
    assert (await client.http.post("/sandbox/fire", json={"event": "x"})).status_code == 400
    async with app.router.lifespan_context(app):
        await client.http.post(
            "/sandbox/fire", json={"event": "ONAPPPAYMENT", "data": {"STATUS": "P"}, "user": 1}
        )
        for title in ("a", "b"):
            await client.call("crm.deal.update", {"id": 1, "fields": {"TITLE": title}})
        await portal.events.drained()
    # Woken once for both, because the application asked for no more than one a second.
    assert heard.names() == ["ONAPPPAYMENT", "ONOFFLINEEVENT"]
    assert "access_token" not in heard[0]["auth"]
