"""Every trouble the portal can be told to make, and the list one page draws switches from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.sandbox.bitrix24.hearing import listen

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from backend.kit.clock import ManualClock
    from backend.sandbox.bitrix24 import Portal
    from tests.sandbox.bitrix24.conftest import Client

_TOKEN = "/oauth-server/oauth/token/"
# In one process a cut connection is an answer that was begun and never ended.
_CUT = (httpx.HTTPError, AssertionError)


async def switch(client: Client, **values: Any) -> dict[str, Any]:
    answer = await client.http.post("/sandbox/faults", json=values)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_every_switch_is_described_in_both_languages(client: Client) -> None:
    described = (await client.http.get("/sandbox/faults")).json()
    values = await switch(client)
    assert {item["name"] for item in described} == set(values)
    for item in described:
        assert item["title_ru"]
        assert item["title_en"]
        assert item["group"] in {"fault", "setting"}
        assert item["params"][0]["kind"] in {
            *("count", "flag", "seconds", "text", "methods", "users", "choice"),
            *("seconds_by_method", "text_by_method"),
        }


async def test_nonsense_is_refused_and_changes_nothing(client: Client) -> None:
    before = await switch(client)
    for wrong in ({"drop": "many"}, {"nope": 1}, {"slow_s": 5}, {"crm_mode": 3}):
        answer = await client.http.post("/sandbox/faults", json=wrong)
        assert answer.status_code == 400, wrong
    assert await switch(client) == before


async def test_one_deletion_makes_the_portal_what_it_was(client: Client, portal: Portal) -> None:
    before = await switch(client)
    await switch(
        client, drop=3, crm_mode=2, clock_skew_s=300, missing_modules=["timeman"], on_premise=True
    )
    assert (await client.http.delete("/sandbox/faults")).json() == before
    assert (portal.config.crm_mode, portal.clock.skew_s) == (1, 0)


@pytest.mark.parametrize(
    ("values", "status", "code"),
    [
        ({"crm_down": True}, 500, "INTERNAL_SERVER_ERROR"),
        ({"bucket_full": True}, 503, "QUERY_LIMIT_EXCEEDED"),
        ({"burst_503": 1}, 503, "QUERY_LIMIT_EXCEEDED"),
        ({"overload": True}, 503, "OVERLOAD_LIMIT"),
        ({"blocked_methods": ["profile"]}, 429, "OPERATION_TIME_LIMIT"),
        ({"failing_methods": {"Profile": "ERROR_CORE"}}, 400, "ERROR_CORE"),
        ({"errors_200": 1}, 200, "ERROR_CORE"),
        ({"no_plan": True}, 403, "ACCESS_DENIED"),
        ({"portal_deleted": True}, 500, "PORTAL_DELETED"),
        ({"expired_tokens": 1}, 401, "expired_token"),
        ({"closed_for": [1]}, 403, "user_access_error"),
    ],
)
async def test_a_call_is_answered_by_the_error_that_is_on(
    client: Client, values: dict[str, Any], status: int, code: str
) -> None:
    await switch(client, **values)
    assert (await client.refused("profile"))[:2] == (status, code)
    await client.http.delete("/sandbox/faults")
    assert (await client.call("profile"))["ID"] == "1"


async def test_an_answer_may_be_lost_after_the_deed(client: Client, portal: Portal) -> None:
    await switch(client, lost_answers=1)
    before = len(portal.store.rows("LEAD"))
    with pytest.raises(_CUT):
        await client.raw("crm.lead.add", {"fields": {"TITLE": "Потерянный"}})
    assert len(portal.store.rows("LEAD")) == before + 1


async def test_an_answer_may_come_half(client: Client) -> None:
    await switch(client, half_answers=1)
    answer = await client.raw("profile")
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        answer.json()


async def test_lists_may_be_empty_or_too_short_and_claim_to_be_whole(client: Client) -> None:
    await switch(client, empty_lists=["user.get"], short_lists=["crm.contact.list"])
    assert (await client.raw("user.get")).json()["total"] == 0
    short = (await client.raw("crm.contact.list")).json()
    assert (len(short["result"]), short["total"]) == (25, 25)
    assert "next" not in short
    batch = await client.call("batch", {"cmd": {"u": "user.get"}})
    assert batch["result"] == {"u": []}


async def test_the_authorization_server_fails_on_its_own(
    client: Client, portal: Portal, clock: ManualClock
) -> None:
    def form(token: str) -> dict[str, str]:
        application = portal.config.application
        return {
            "grant_type": "refresh_token",
            "client_id": application.client_id,
            "client_secret": application.client_secret,
            "refresh_token": token,
        }

    grant = portal.tokens.issue(1)
    await switch(client, auth_503=1)
    down = await client.http.post(_TOKEN, data=form(grant.refresh_token))
    assert (down.status_code, down.headers["content-type"][:9]) == (503, "text/html")
    assert (await client.call("profile"))["ID"] == "1"
    await switch(client, auth_error="WRONG_CLIENT")
    wrong = await client.http.post(_TOKEN, data=form(grant.refresh_token))
    assert wrong.json()["error"] == "WRONG_CLIENT"
    await switch(client, auth_error="", no_plan=True)
    unpaid = await client.http.post(_TOKEN, data=form(grant.refresh_token))
    assert (unpaid.status_code, unpaid.json()["error"]) == (401, "PAYMENT_REQUIRED")
    await switch(client, no_plan=False, auth_lost=1)
    with pytest.raises(_CUT):
        await client.http.post(_TOKEN, data=form(grant.refresh_token))
    spent = await client.http.post(_TOKEN, data=form(grant.refresh_token))
    assert spent.json()["error"] == "invalid_grant"
    assert (await client.http.get("/sandbox/state")).json()["refreshes"] == {"1": 1}


async def test_events_get_lost_doubled_and_out_of_order(
    app: Starlette, client: Client, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = listen(monkeypatch)
    await client.call("event.bind", {"event": "ONCRMDEALUPDATE", "handler": "https://a.test/e"})
    await switch(client, lost_events=1)

    async def rename(deal: int, title: str) -> None:
        await client.call("crm.deal.update", {"id": deal, "fields": {"TITLE": title}})

    await rename(1, "a")
    await switch(client, doubled_events=1)
    await rename(2, "b")
    await rename(3, "c")
    await switch(client, swapped_events=True)
    async with app.router.lifespan_context(app):
        await portal.events.drained()
    assert [item["data"]["FIELDS"]["ID"] for item in heard] == ["3", "2", "2"]
    assert [item.status for item in portal.events.deliveries] == [None, 200, 200, 200]


async def test_events_come_late_when_told_to(
    app: Starlette,
    client: Client,
    portal: Portal,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heard = listen(monkeypatch)
    await client.call("event.bind", {"event": "ONCRMDEALUPDATE", "handler": "https://a.test/e"})
    await switch(client, late_events_s=40)
    async with app.router.lifespan_context(app):
        await client.call("crm.deal.update", {"id": 1, "fields": {"TITLE": "a"}})
        await clock.advance(39)
        assert not heard
        await clock.advance(1)
        await portal.events.drained()
    assert heard.names() == ["ONCRMDEALUPDATE"]


async def test_the_portals_clock_may_be_wrong_without_tokens_ageing(
    client: Client, portal: Portal, clock: ManualClock
) -> None:
    token = portal.tokens.issue(1).access_token
    await switch(client, clock_skew_s=7200)
    answer = await client.http.post("/rest/server.time", json={"auth": token})
    assert answer.json()["result"] == "2026-03-02T14:00:00+03:00"
    assert answer.json()["time"]["date_start"] == "2026-03-02T14:00:00+03:00"


async def test_time_can_be_moved_on_for_everything(client: Client, portal: Portal) -> None:
    grant = portal.tokens.issue(1)
    moved = await client.http.post("/sandbox/clock", json={"advance_s": 3600})
    assert moved.json()["ahead_s"] == 3600
    expired = await client.http.post("/rest/profile", json={"auth": grant.access_token})
    assert expired.json()["error"] == "expired_token"
    back = await client.http.post("/sandbox/clock", json={"advance_s": -1})
    assert back.status_code == 400
