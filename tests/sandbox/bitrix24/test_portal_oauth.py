"""The authorization server: codes, rotation of refresh tokens, lifetimes, whose token it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from backend.kit.clock import ManualClock
    from backend.sandbox.bitrix24 import Portal
    from tests.sandbox.bitrix24.conftest import Client

_TOKEN = "/oauth-server/oauth/token/"


def _app(portal: Portal, **more: Any) -> dict[str, Any]:
    application = portal.config.application
    return {
        "client_id": application.client_id,
        "client_secret": application.client_secret,
        **more,
    }


async def _code(client: Client, user: int = 2) -> str:
    answer = await client.http.get(
        "/oauth/authorize/",
        params={
            "client_id": client.portal.config.application.client_id,
            "state": "s1",
            "sandbox_user": user,
        },
    )
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    assert query["state"] == ["s1"]
    assert query["member_id"] == [client.portal.config.member_id]
    return query["code"][0]


async def test_a_code_works_once_and_not_for_long(
    client: Client, portal: Portal, clock: ManualClock
) -> None:
    params = _app(portal, grant_type="authorization_code", code=await _code(client))
    pair = (await client.http.get(_TOKEN, params=params)).json()
    assert pair["member_id"] == portal.config.member_id
    assert pair["server_endpoint"] == "http://portal.test/oauth-server/rest/"
    again = await client.http.get(_TOKEN, params=params)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    late = _app(portal, grant_type="authorization_code", code=await _code(client))
    await clock.advance(31)
    assert (await client.http.get(_TOKEN, params=late)).json()["error"] == "invalid_grant"


async def test_refreshing_rotates_and_the_old_token_is_dead(
    client: Client, portal: Portal, clock: ManualClock
) -> None:
    grant = portal.tokens.issue(2)
    await clock.advance(3600)
    expired = await client.http.post("/rest/profile", json={"auth": grant.access_token})
    assert (expired.status_code, expired.json()["error"]) == (401, "expired_token")
    form = _app(portal, grant_type="refresh_token", refresh_token=grant.refresh_token)
    pair = (await client.http.post(_TOKEN, data=form)).json()
    assert pair["user_id"] == 2
    assert pair["refresh_token"] != grant.refresh_token
    mine = await client.http.post("/rest/profile", json={"auth": pair["access_token"]})
    assert mine.json()["result"]["ID"] == "2"
    assert (await client.http.post(_TOKEN, data=form)).json()["error"] == "invalid_grant"


async def test_older_clients_ask_the_portal_itself_for_tokens(
    client: Client, portal: Portal
) -> None:
    grant = portal.tokens.issue(2)
    query = _app(portal, grant_type="refresh_token", refresh_token=grant.refresh_token)
    pair = (await client.http.get("/oauth/token/", params=query)).json()
    assert (pair["user_id"], pair["member_id"]) == (2, portal.config.member_id)


async def test_a_grace_period_can_be_granted(
    client: Client, portal: Portal, clock: ManualClock
) -> None:
    portal.config.refresh_grace_s = 30
    grant = portal.tokens.issue(2)
    form = _app(portal, grant_type="refresh_token", refresh_token=grant.refresh_token)
    for _ in range(2):
        assert (await client.http.post(_TOKEN, data=form)).status_code == 200
    await clock.advance(30)
    assert (await client.http.post(_TOKEN, data=form)).status_code == 400


async def test_a_wrong_secret_gets_nothing(client: Client, portal: Portal) -> None:
    form = _app(portal, grant_type="refresh_token", refresh_token="x") | {"client_secret": "no"}
    answer = await client.http.post(_TOKEN, data=form)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


async def test_app_info_tells_client_portal_and_user(client: Client, portal: Portal) -> None:
    answer = await client.http.get("/oauth-server/rest/app.info", params={"auth": client.token(3)})
    result = answer.json()["result"]
    assert result["client_id"] == portal.config.application.client_id
    assert result["install"]["member_id"] == portal.config.member_id
    assert result["user_id"] == 3
    forged = await client.http.get("/oauth-server/rest/app.info", params={"auth": "zzz"})
    assert forged.status_code == 401


async def test_without_a_session_authorizing_asks_who_you_are(client: Client) -> None:
    client_id = client.portal.config.application.client_id
    answer = await client.http.get("/oauth/authorize/", params={"client_id": client_id})
    assert answer.headers["location"].startswith("/login/?back=")
    unknown = await client.http.get("/oauth/authorize/", params={"client_id": "other"})
    assert unknown.status_code == 404
