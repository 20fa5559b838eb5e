"""External integrations by the site's button, the account's new name, and what each may ask."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.sandbox.amocrm.rig import account, client, package, token_body

EXTERNAL = {
    "mode": "post_message",
    "state": "s-77",
    "name": "Телефон",
    "description": "Звонки",
    "redirect_uri": "https://vendor.example/amocrm/oauth",
    "secrets_uri": "https://vendor.example/amocrm/secrets",
    "scopes[]": "crm",
}


def vendor(seen: list[httpx.Request], status: int = 200) -> httpx.MockTransport:
    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(status)

    return httpx.MockTransport(answer)


async def _exchange(http: httpx.AsyncClient, keys: dict[str, Any], location: str) -> httpx.Response:
    code = parse_qs(urlsplit(location).query)["code"][0]
    return await http.post(
        "/oauth2/access_token",
        json={
            "client_id": keys["client_id"],
            "client_secret": keys["client_secret"],
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": EXTERNAL["redirect_uri"],
        },
    )


async def test_an_external_integration_gets_its_keys_before_the_browser_comes_back() -> None:
    seen: list[httpx.Request] = []
    app, amo, _ = account(transport=vendor(seen))
    async with client(app, None) as http:
        http.cookies.set("session_id", "1")
        page = await http.get("/oauth", params=EXTERNAL)
        assert "Телефон" in page.text
        assert amo.registry.external == []
        answer = await http.post("/oauth", data={**EXTERNAL, "answer": "allow"})
        keys = json.loads(seen[0].content)
        assert str(seen[0].url) == EXTERNAL["secrets_uri"]
        assert keys["state"] == "s-77"
        location = answer.headers["location"]
        assert location.startswith(EXTERNAL["redirect_uri"])
        query = parse_qs(urlsplit(location).query)
        assert (query["state"], query["client_id"]) == (["s-77"], [keys["client_id"]])
        pair = (await _exchange(http, keys, location)).json()
        http.cookies.clear()
        bearer = {"Authorization": f"Bearer {pair['access_token']}"}
        assert (await http.get("/api/v4/account", headers=bearer)).status_code == 200
        # External integrations have no access to the methods of users.
        assert (await http.get("/api/v4/users", headers=bearer)).status_code == 403


async def test_each_authorisation_makes_an_integration_of_its_own_which_can_be_dropped() -> None:
    seen: list[httpx.Request] = []
    app, amo, _ = account(transport=vendor(seen))
    async with client(app, None) as http:
        http.cookies.set("session_id", "1")
        for _ in range(2):
            answer = await http.post("/oauth", data={**EXTERNAL, "answer": "allow"})
        first, second = (json.loads(r.content)["client_id"] for r in seen)
        assert first != second
        keys = json.loads(seen[1].content)
        pair = (await _exchange(http, keys, answer.headers["location"])).json()
        listed = (await http.get("/ajax/integrations/list")).json()["items"]
        assert [row["client_id"] for row in listed] == [first, second]
        assert (await http.delete(f"/ajax/integrations/{second}")).status_code == 204
        http.cookies.clear()
        bearer = {"Authorization": f"Bearer {pair['access_token']}"}
        assert (await http.get("/api/v4/account", headers=bearer)).status_code == 401
        assert [i.client_id for i in amo.registry.external] == [first]


async def test_keys_nobody_takes_end_the_authorisation() -> None:
    app, amo, _ = account(transport=vendor([], 500))
    async with client(app, None) as http:
        http.cookies.set("session_id", "1")
        answer = await http.post("/oauth", data={**EXTERNAL, "answer": "allow"})
        assert answer.status_code == 400
        assert amo.registry.external == []


async def test_a_refused_external_integration_is_never_made() -> None:
    app, amo, _ = account()
    async with client(app, None) as http:
        http.cookies.set("session_id", "1")
        answer = await http.post("/oauth", data={**EXTERNAL, "answer": "deny"})
        query = parse_qs(urlsplit(answer.headers["location"]).query)
        assert query == {"state": ["s-77"], "error": ["access_denied"]}
        assert amo.registry.external == []
        bare = await http.get("/oauth", params={"name": "x"})
        assert bare.status_code == 400


async def test_a_window_of_the_button_tells_the_page_that_opened_it() -> None:
    app, _, _ = account()
    ask = {"client_id": package().client_uuid, "mode": "post_message", "state": "</script>"}
    async with client(app, None) as http:
        http.cookies.set("session_id", "1")
        form = {**ask, "origin": "https://vendor.example", "answer": "deny"}
        answer = await http.post("/oauth", data=form)
        assert answer.status_code == 200
        assert '"https://vendor.example"' in answer.text
        assert "access_denied" in answer.text
        assert answer.text.count("</script>") == 1
        popup = await http.post("/oauth", data={**form, "mode": "popup"})
        assert popup.status_code == 303


async def test_the_buttons_script_is_served() -> None:
    app, _, _ = account()
    async with client(app, None) as http:
        answer = await http.get("/auth/button.min.js")
        assert "javascript" in answer.headers["content-type"]


async def test_a_renamed_account_answers_at_its_new_name_alone() -> None:
    app, amo, _ = account()
    async with client(app) as http:
        code = amo.tokens.code(package().client_uuid, 1)
        body = token_body(amo, grant_type="authorization_code", code=code)
        pair = (await http.post("/oauth2/access_token", json=body)).json()
        moved = await http.post("/sandbox/rename", json={"subdomain": "neva"})
        assert moved.json() == {"subdomain": "neva", "domain": "neva.amo.test"}
        assert (await http.get("/api/v4/account")).status_code == 401
        refresh = {"grant_type": "refresh_token", "refresh_token": pair["refresh_token"]}
        lost = await http.post("/oauth2/access_token", json=token_body(amo, **refresh))
        assert lost.status_code == 404
        token = {"X-Refresh-Token": pair["refresh_token"]}
        where = (await http.get("/oauth2/account/current/subdomain", headers=token)).json()
        assert where == {
            "id": amo.config.account_id,
            "subdomain": "neva",
            "domain": "neva.amo.test",
            "top_level_domain": "test",
        }
        http.base_url = httpx.URL("http://neva.amo.test")
        found = await http.post("/oauth2/access_token", json=token_body(amo, **refresh))
        http.headers["Authorization"] = f"Bearer {found.json()['access_token']}"
        body = (await http.get("/api/v4/account")).json()
        assert body["subdomain"] == "neva"
        assert (await http.post("/sandbox/rename", json={"subdomain": "a/b"})).status_code == 400
