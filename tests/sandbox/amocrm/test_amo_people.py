"""Users who are disabled, free, external to the grant or gone; customers and catalogues."""

from __future__ import annotations

from typing import Any

from backend.sandbox.amocrm.amo import Amo
from backend.sandbox.amocrm.world import values_of
from tests.sandbox.amocrm.rig import account, client, package


async def test_disabled_and_free_users_are_listed_and_deleted_ones_are_not() -> None:
    app, _, _ = account()
    async with client(app) as http:
        await http.patch("/sandbox/users/2", json={"rights": {"is_active": False}})
        await http.patch("/sandbox/users/3", json={"rights": {"is_free": True}})
        await http.delete("/sandbox/users/4")
        answer = await http.get("/api/v4/users?with=group,role")
        users = {u["id"]: u for u in answer.json()["_embedded"]["users"]}
        assert users[2]["rights"]["is_active"] is False
        assert users[3]["rights"]["is_free"] is True
        assert 4 not in users
        assert users[3]["_embedded"]["groups"][0]["name"]
        assert [r["name"] for r in users[3]["_embedded"]["roles"]] == ["Менеджер"]
        assert users[1]["_embedded"]["roles"] == []
        assert (await http.get("/api/v4/users/4")).status_code == 404


async def test_a_disabled_user_is_signed_out() -> None:
    app, _, _ = account()
    async with client(app, None) as http:
        http.cookies.set("session_id", "2")
        assert (await http.get("/ajax/users/list")).status_code == 200
        await http.patch("/sandbox/users/2", json={"rights": {"is_active": False}})
        assert (await http.get("/ajax/users/list")).status_code == 401


async def test_an_admins_grant_outlives_deactivation_and_not_deletion() -> None:
    app, amo, _ = account()
    assert amo.world.users[1]["rights"]["is_admin"]
    async with client(app) as http:
        await http.patch("/sandbox/users/1", json={"rights": {"is_active": False}})
        assert (await http.get("/api/v4/account")).status_code == 200
        await http.delete("/sandbox/users/1")
        assert (await http.get("/api/v4/account")).status_code == 401


async def test_another_users_grant_ends_with_his_access() -> None:
    app, _, _ = account()
    async with client(app, 3) as http:
        assert (await http.get("/api/v4/account")).status_code == 200
        await http.patch("/sandbox/users/3", json={"rights": {"is_active": False}})
        assert (await http.get("/api/v4/account")).status_code == 401


async def test_nobody_acts_for_a_disabled_or_free_user() -> None:
    app, _, _ = account()
    acting = {"X-Context-User-ID": "2"}
    async with client(app) as http:
        assert (await http.get("/api/v4/account", headers=acting)).status_code == 200
        await http.patch("/sandbox/users/2", json={"rights": {"is_free": True}})
        assert (await http.get("/api/v4/account", headers=acting)).status_code == 401


async def test_the_settings_page_changes_users_for_administrators_alone() -> None:
    app, amo, _ = account()
    async with client(app, None) as http:
        http.cookies.set("session_id", "2")
        assert (await http.delete("/ajax/users/3")).status_code == 403
        http.cookies.clear()
        http.cookies.set("session_id", "1")
        assert (await http.delete("/ajax/users/1")).status_code == 403
        assert (await http.patch("/ajax/users/3", json={"is_free": True})).status_code == 204
        assert amo.world.users[3]["rights"]["is_free"]
        assert (await http.delete("/ajax/users/3")).status_code == 204
        assert amo.world.deleted_users.keys() == {3}


async def test_customers_exist_when_the_account_keeps_them() -> None:
    app, _, _ = account()
    async with client(app) as http:
        assert (await http.get("/api/v4/customers")).status_code == 204
        refused = await http.post("/api/v4/customers", json=[{"name": "x"}])
        assert refused.status_code == 403
    app, amo, _ = account(contacts=300, customers="periodicity")
    async with client(app) as http:
        page = (await http.get("/api/v4/customers?with=contacts&limit=250")).json()
        some = page["_embedded"]["customers"][0]
        contact = some["_embedded"]["contacts"][0]["id"]
        assert some["ltv"] > 0
        linked = (await http.get(f"/api/v4/contacts/{contact}?with=customers")).json()
        assert [c["id"] for c in linked["_embedded"]["customers"]] == [some["id"]]
        made = await http.post("/api/v4/customers", json=[{"name": "Новый", "next_price": 500}])
        new = made.json()["_embedded"]["customers"][0]["id"]
        join = [{"to_entity_id": 1, "to_entity_type": "contacts"}]
        assert (await http.post(f"/api/v4/customers/{new}/link", json=join)).status_code == 200
        links = (await http.get(f"/api/v4/customers/{new}/links")).json()["_embedded"]["links"]
        assert [k["to_entity_id"] for k in links] == [1]
        assert amo.world.customers[new]["next_price"] == 500


async def test_a_call_of_somebodys_only_customer_lands_on_the_customer() -> None:
    app, amo, _ = account(contacts=300, customers="periodicity")
    customer = next(
        c
        for c in amo.world.customers.values()
        if (amo.world.card_for_call(_phone(amo, c)) or (None, {"id": 0}))[1]["id"] == c["id"]
    )
    call = {"direction": "inbound", "duration": 5, "source": "x", "phone": _phone(amo, customer)}
    async with client(app) as http:
        found = (await http.post("/api/v4/calls", json=[call])).json()["_embedded"]["calls"][0]
        assert (found["entity_type"], found["entity_id"]) == ("customer", customer["id"])
        notes = await http.get(f"/api/v4/customers/{customer['id']}/notes")
        assert notes.json()["_embedded"]["notes"][0]["note_type"] == "call_in"


def _phone(amo: Amo, customer: dict[str, Any]) -> str:
    numbers = values_of(amo.world.contacts[next(iter(customer["_contacts"]))], "PHONE")
    return numbers[0] if numbers else ""


async def test_catalogues_hold_goods() -> None:
    app, _, _ = account()
    async with client(app) as http:
        lists = (await http.get("/api/v4/catalogs")).json()["_embedded"]["catalogs"]
        path = f"/api/v4/catalogs/{lists[0]['id']}/elements"
        goods = (await http.get(path)).json()["_embedded"]["elements"]
        assert goods
        made = await http.post(path, json=[{"name": "Ставни"}])
        new = made.json()["_embedded"]["elements"][0]["id"]
        await http.patch(f"{path}/{new}", json={"name": "Ставни белые"})
        found = (await http.get(path, params={"query": "ставни"})).json()["_embedded"]["elements"]
        assert [e["name"] for e in found] == ["Ставни белые"]
        own = await http.post("/api/v4/catalogs", json=[{"name": "Склады"}])
        assert own.json()["_embedded"]["catalogs"][0]["type"] == "regular"
        assert (await http.get("/api/v4/catalogs/1/elements")).status_code == 404
        both = [{"id": new, "name": "Ставни"}, {"id": 1, "name": "?"}]
        assert (await http.patch(path, json=both)).status_code == 400
        assert (await http.patch(path, json=both[:1])).status_code == 200


async def test_small_families_answer_as_documented() -> None:
    app, _, _ = account()
    async with client(app) as http:
        for path in ("/api/v4/talks", "/api/v4/contacts/chats"):
            assert (await http.get(path)).status_code == 204
        assert (await http.post("/api/v4/talks/1/close")).status_code == 404
        watched = (await http.get("/api/v4/contacts/1/subscriptions")).json()
        assert watched["_embedded"]["subscriptions"][0]["type"] == "user"
        about = {"entity_type": "contacts", "entity_id": 1}
        made = await http.post(
            "/api/v4/short_links", json=[{"url": "https://x.example", "metadata": about}]
        )
        assert made.json()["_embedded"]["short_links"][0]["entity_id"] == 1
        assert (await http.post("/api/v4/short_links", json=[{}])).status_code == 400


async def test_an_integration_without_a_widget_is_no_widget() -> None:
    app, amo, _ = account(package(installed=False))
    async with client(app) as http:
        rows = (await http.get("/api/v4/widgets")).json()["_embedded"]["widgets"]
        assert rows[0]["is_active_in_account"] is False
        await http.post("/api/v4/widgets/dozvon_test", json={"login": "x"})
        assert amo.installs.active
