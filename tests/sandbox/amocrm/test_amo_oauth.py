"""Codes, token pairs, one-time tokens, and the integration's being switched on and off."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest

from tests.sandbox.amocrm.rig import BASE, REDIRECT, SECRET, account, client, package, token_body


async def exchange(http: httpx.AsyncClient, body: dict[str, Any]) -> httpx.Response:
    return await http.post("/oauth2/access_token", json=body)


async def test_consent_sends_the_browser_back_with_a_code_that_works_once() -> None:
    app, amo, _ = account()
    async with client(app, None) as http:
        http.cookies.set("session_id", "1")
        ask = {"client_id": package().client_uuid, "state": "s-1"}
        page = await http.get("/oauth", params=ask)
        assert "Разрешить" in page.text
        answer = await http.post("/oauth", data={**ask, "answer": "allow"})
        query = parse_qs(urlsplit(answer.headers["location"]).query)
        assert answer.headers["location"].startswith(REDIRECT)
        assert query["state"] == ["s-1"]
        assert query["referer"] == ["demo.amo.test"]
        body = token_body(amo, grant_type="authorization_code", code=query["code"][0])
        first = await exchange(http, body)
        assert first.json()["expires_in"] == 86400
        again = await exchange(http, body)
        assert again.json()["hint"] == "Authorization code has been revoked"


async def test_refusing_consent_says_access_denied() -> None:
    app, _, _ = account()
    async with client(app, None) as http:
        http.cookies.set("session_id", "1")
        form = {"client_id": package().client_uuid, "state": "s", "answer": "deny"}
        answer = await http.post("/oauth", data=form)
        query = parse_qs(urlsplit(answer.headers["location"]).query)
        assert query == {"state": ["s"], "error": ["access_denied"]}


async def test_only_an_administrator_may_consent() -> None:
    app, _, _ = account()
    async with client(app, None) as http:
        http.cookies.set("session_id", "2")
        answer = await http.get("/oauth", params={"client_id": package().client_uuid})
        assert answer.status_code == 403


async def test_a_code_dies_after_twenty_minutes() -> None:
    app, amo, clock = account()
    code = amo.tokens.code(package().client_uuid, 1)
    await clock.advance(20 * 60)
    async with client(app, None) as http:
        body = token_body(amo, grant_type="authorization_code", code=code)
        answer = await exchange(http, body)
        assert answer.status_code == 400
        assert answer.json()["hint"] == "Authorization code has expired"


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        ({"client_id": "no"}, "Check the `client_id` parameter"),
        ({"client_secret": "no"}, "Check the `client_secret` parameter"),
        ({"redirect_uri": "https://other.example"}, "Redirect URI is not associated with client"),
        ({"code": "garbage"}, "Cannot decrypt the authorization code"),
    ],
)
async def test_each_wrong_parameter_has_its_hint(change: dict[str, str], hint: str) -> None:
    app, amo, _ = account()
    code = amo.tokens.code(package().client_uuid, 1)
    async with client(app, None) as http:
        body = token_body(amo, grant_type="authorization_code", code=code)
        answer = await exchange(http, {**body, **change})
        assert answer.status_code == 400
        assert answer.json()["hint"] == hint


async def test_a_refresh_token_serves_once() -> None:
    app, amo, _ = account()
    pair = amo.tokens.exchange(amo.tokens.code(package().client_uuid, 1), "x")
    body = token_body(amo, grant_type="refresh_token", refresh_token=pair["refresh_token"])
    async with client(app, None) as http:
        fresh = await exchange(http, body)
        assert fresh.json()["refresh_token"] != pair["refresh_token"]
        again = await exchange(http, body)
        assert (again.status_code, again.json()["hint"]) == (401, "Token has been revoked")


async def test_an_access_token_ends_after_a_day_and_carries_the_account() -> None:
    app, amo, clock = account()
    async with client(app) as http:
        token = http.headers["Authorization"].removeprefix("Bearer ")
        claims = jwt.decode(token, options={"verify_signature": False})
        assert claims["account_id"] == amo.config.account_id
        assert (claims["aud"], claims["sub"]) == (package().client_uuid, "1")
        assert (await http.get("/api/v4/account")).status_code == 200
        await clock.advance(86_400)
        assert (await http.get("/api/v4/account")).status_code == 401


async def test_rights_of_another_user_by_header_need_an_admins_grant() -> None:
    app, _, _ = account()
    acting = {"X-Context-User-ID": "2"}
    async with client(app) as http:
        assert (await http.get("/api/v4/users", headers=acting)).status_code == 403
        body = (await http.get("/api/v4/account", headers=acting)).json()
        assert body["current_user_id"] == 2
    async with client(app, 3) as http:
        assert (await http.get("/api/v4/account", headers=acting)).status_code == 401


async def test_the_page_gets_a_one_time_token_of_its_user() -> None:
    app, amo, clock = account()
    path = f"/ajax/v2/integrations/{package().client_uuid}/disposable_token"
    async with client(app, None) as http:
        ajax = {"X-Requested-With": "XMLHttpRequest"}
        assert (await http.get(path, headers=ajax)).status_code == 401
        http.cookies.set("session_id", "2")
        assert (await http.get(path)).status_code == 403
        token = (await http.get(path, headers=ajax)).json()["token"]
    claims = jwt.decode(
        token,
        SECRET,
        algorithms=["HS256"],
        audience="https://vendor.example",
        options={"verify_exp": False, "verify_nbf": False, "verify_iat": False},
    )
    assert claims["iss"] == BASE
    assert (claims["user_id"], claims["is_admin"]) == (2, False)
    assert claims["client_uuid"] == package().client_uuid
    assert claims["account_id"] == amo.config.account_id
    assert claims["exp"] - claims["iat"] == 1800
    assert claims["iat"] == int(clock.now().timestamp())


async def test_installing_calls_the_redirect_uri_once_with_a_code() -> None:
    seen: list[httpx.Request] = []

    def vendor(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(500)

    app, amo, clock = account(package(installed=False), transport=httpx.MockTransport(vendor))
    async with client(app, None) as http:
        http.cookies.set("session_id", "1")
        answer = await http.post("/ajax/widgets/save", json={"active": "Y", "fields": {"a": "1"}})
        assert answer.json()["widget"]["status"] == "installed"
        await clock.advance(600)
    query = parse_qs(urlsplit(str(seen[0].url)).query)
    assert len(seen) == 1
    assert amo.tokens.exchange(query["code"][0], "x")["token_type"] == "Bearer"
    assert query["from_widget"] == ["1"]
    assert query["referer"] == ["demo.amo.test"]


async def test_switching_off_revokes_tokens_and_sends_a_signed_hook() -> None:
    seen: list[httpx.Request] = []

    def vendor(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200)

    app, amo, clock = account(transport=httpx.MockTransport(vendor))
    async with client(app) as http:
        amo.installs.switch_off()
        await clock.advance(0)
        assert (await http.get("/api/v4/account")).status_code == 401
    query = parse_qs(urlsplit(str(seen[0].url)).query)
    message = f"{package().client_uuid}|{amo.config.account_id}".encode()
    assert query["signature"] == [hmac.new(SECRET.encode(), message, hashlib.sha256).hexdigest()]


async def test_a_long_lived_token_outlives_a_day() -> None:
    app, _, clock = account()
    async with client(app, None) as http:
        http.cookies.set("session_id", "1")
        ask = {"client_id": package().client_uuid, "days": 30}
        answer = await http.post("/ajax/v2/integrations/long_lived_token", json=ask)
        http.cookies.clear()
        bearer = {"Authorization": f"Bearer {answer.json()['token']}"}
        await clock.advance(29 * 86_400)
        assert (await http.get("/api/v4/account", headers=bearer)).status_code == 200
        await clock.advance(2 * 86_400)
        assert (await http.get("/api/v4/account", headers=bearer)).status_code == 401


@pytest.mark.parametrize("back", ["//evil.example", "/\\evil.example", "https://evil.example"])
async def test_signing_in_leads_to_our_own_pages_only(back: str) -> None:
    app, _, _ = account()
    async with client(app, None) as http:
        answer = await http.post("/login", data={"user_id": "1", "back": back})
        assert answer.headers["location"] == "/"
        http.cookies.clear()
        asked = await http.get("/leads/", params={"pipeline": "9000"})
        assert asked.headers["location"] == "/login?back=%2Fleads%2F%3Fpipeline%3D9000"


async def test_users_without_a_paid_seat_get_no_widgets() -> None:
    app, _, _ = account()
    async with client(app, None) as http:
        http.cookies.set("session_id", "8")
        body = (await http.post("/ajax/widgets/list", data={"area": "dashboard"})).json()
        assert body["widgets"] == {}
        http.cookies.set("session_id", "2")
        body = (await http.post("/ajax/widgets/list", data={"area": "contacts_card"})).json()
        assert body["widgets"]["dozvon_test"]["active"] == "Y"
        assert body["system"]["area"] == "ccard"
