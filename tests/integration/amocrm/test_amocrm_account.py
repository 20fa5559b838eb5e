"""A connected account: what it tells us, how it goes, who takes over (A2)."""

from __future__ import annotations

import hmac
from hashlib import sha256
from urllib.parse import urlencode

import pytest
from sqlalchemy import text

from tests.integration.amocrm.rig import (
    ADMIN,
    APP,
    CLIENT_ID,
    CLIENT_SECRET,
    EMPLOYEE,
    HOST,
    Rig,
    eventually,
    query_of,
)
from tests.integration.conftest import ALPHA, BETA

SECOND_ADMIN = 7


@pytest.fixture
async def joined(amo: Rig) -> Rig:
    """Connected, and everything that follows an installation done."""
    await amo.consent(await amo.state(ALPHA))
    await amo.work()
    return amo


async def inbox(amo: Rig) -> list[str]:
    async with amo.database.begin(ALPHA) as tx:
        rows = await tx.execute(text("select body->>'event' from inbox order by id"))
        return list(rows.scalars())


async def hook(amo: Rig) -> str:
    found = await amo.connected(ALPHA)
    return f"/amocrm/webhooks/alpha.{found.application_token}"


def body(amo: Rig, **more: str) -> str:
    return urlencode(
        {
            "account[id]": str(amo.amo.config.account_id),
            "account[subdomain]": "demo",
            "contacts[update][0][id]": "11",
            "contacts[update][0][type]": "contact",
            **more,
        }
    )


# ── after an installation ──


async def test_an_installation_is_followed_by_people_and_webhooks(joined: Rig) -> None:
    assert joined.synchronised == ["alpha installed"]
    (subscribed,) = joined.amo.world.webhooks.values()
    assert subscribed["destination"] == f"{APP}{await hook(joined)}"
    assert {"add_contact", "update_company", "status_lead"} <= set(subscribed["settings"])
    assert not subscribed["disabled"]


async def test_webhooks_amocrm_switched_off_are_switched_on_again(joined: Rig) -> None:
    (subscribed,) = joined.amo.world.webhooks.values()
    subscribed["disabled"] = True
    await joined.keep(ALPHA)
    (subscribed,) = joined.amo.world.webhooks.values()
    assert not subscribed["disabled"]
    joined.network.asked.clear()
    await joined.keep(ALPHA)
    assert "POST" not in joined.methods("/api/v4/webhooks")


# ── webhooks ──


async def test_a_changed_contact_is_known_by_its_new_number(joined: Rig) -> None:
    contact = await joined.page.post(
        "/api/v4/contacts",
        json=[
            {
                "name": "Новый Клиент",
                "custom_fields_values": [
                    {"field_code": "PHONE", "values": [{"value": "8 916 555-44-33"}]}
                ],
            }
        ],
    )
    record_id = str(contact.json()["_embedded"]["contacts"][0]["id"])

    async def heard() -> bool:
        return bool(await inbox(joined))

    await eventually(heard)
    assert await inbox(joined) == ["contacts.add"]
    await joined.work()
    (known,) = joined.index.find(ALPHA, "+79165554433")
    assert (known.name, known.record.id) == ("Новый Клиент", record_id)
    assert joined.numbered == [ALPHA], "calls kept for an unknown number may be told now"
    await joined.http.post(
        await hook(joined),
        content=body(joined, **{"contacts[delete][0][id]": record_id}),
    )
    declined = {"unsorted[delete][0][uid]": "ab12", "unsorted[delete][0][action]": "decline"}
    await joined.http.post(await hook(joined), content=body(joined, **declined))
    joined.amo.world.contacts.pop(int(record_id))
    await joined.work()
    assert joined.settled == ["unsorted:ab12"], "calls left to that request wait no longer"
    assert joined.index.find(ALPHA, "+79165554433") == ()


async def test_a_webhook_that_comes_again_is_kept_once(joined: Rig) -> None:
    for _ in range(3):
        answer = await joined.http.post(await hook(joined), content=body(joined))
        assert (answer.status_code, answer.text) == (200, "ok\n")
    assert await inbox(joined) == ["contacts.update"]


async def test_a_webhook_asks_nobody_before_it_is_answered(joined: Rig) -> None:
    joined.network.asked.clear()
    await joined.http.post(await hook(joined), content=body(joined))
    assert [one.split(" ")[0] for one in joined.network.asked] == ["app.test"]


@pytest.mark.parametrize("token", ["alpha.wrong", "beta.wrong", "alpha.", "x/../y.z", "no", "é.x"])
async def test_an_address_with_another_secret_is_nobodys(joined: Rig, token: str) -> None:
    answer = await joined.http.post(f"/amocrm/webhooks/{token}", content=body(joined))
    assert answer.status_code == 404
    assert await inbox(joined) == []


async def test_a_webhook_of_another_crm_account_is_refused(joined: Rig) -> None:
    content = body(joined, **{"account[id]": "5"})
    assert (await joined.http.post(await hook(joined), content=content)).status_code == 401
    assert (await joined.http.post(await hook(joined), content="{}")).status_code == 400
    assert await inbox(joined) == []


# ── switched off over there ──


def signed(amo: Rig, secret: str = CLIENT_SECRET) -> dict[str, str]:
    account_id = str(amo.amo.config.account_id)
    message = f"{CLIENT_ID}|{account_id}".encode()
    signature = hmac.new(secret.encode(), message, sha256).hexdigest()
    return {"account_id": account_id, "client_uuid": CLIENT_ID, "signature": signature}


async def test_disabling_the_integration_drops_its_tokens(joined: Rig) -> None:
    await joined.page.post("/ajax/widgets/save", json={"code": "dozvon", "active": "N"})

    async def gone() -> bool:
        return (await joined.connected(ALPHA)).state == "uninstalled"

    await eventually(gone)
    found = await joined.connected(ALPHA)
    assert (found.access_token, found.refresh_token, found.application_token) == (None, None, None)
    assert [fact.what for fact in await joined.log(ALPHA)] == ["disconnected", "connected"]
    assert (await joined.status()).status_code == 401
    # Enabled again, it comes back to the same account without a code.
    await joined.consent()
    assert (await joined.connected(ALPHA)).state == "ok"


async def test_a_crm_account_that_was_uninstalled_may_move_to_another_of_ours(
    joined: Rig,
) -> None:
    taken = await joined.consent(await joined.state(BETA))
    assert taken.status_code == 409
    assert (await joined.http.get("/amocrm/disconnect", params=signed(joined))).status_code == 200
    moved = await joined.consent(await joined.state(BETA))
    assert moved.status_code == 200, moved.text
    assert (await joined.connected(BETA)).state == "ok"
    assert await joined.connection(ALPHA) is None


async def test_only_a_signed_hook_disconnects(joined: Rig) -> None:
    for query in (signed(joined, "guess"), {**signed(joined), "account_id": "5"}, {}):
        assert (await joined.http.get("/amocrm/disconnect", params=query)).status_code == 401
    assert (await joined.connected(ALPHA)).state == "ok"
    assert (await joined.http.get("/amocrm/disconnect", params=signed(joined))).status_code == 200


# ── the administrator who connected is gone ──


@pytest.mark.feature("A2")
async def test_the_next_administrator_to_come_takes_over(joined: Rig) -> None:
    promote(joined, SECOND_ADMIN)
    joined.amo.world.users[ADMIN]["rights"]["is_admin"] = False
    await joined.keep(ALPHA)
    await joined.status(EMPLOYEE)
    assert (await joined.connected(ALPHA)).settings["default_responsible"] == str(ADMIN)
    assert (await joined.status(SECOND_ADMIN)).json()["state"] == "ok"
    after = (await joined.connected(ALPHA)).settings
    assert after["default_responsible"] == str(SECOND_ADMIN)
    assert after["connected_by"]["user_id"] == str(SECOND_ADMIN)
    assert [fact.what for fact in await joined.log(ALPHA)] == ["taken_over", "connected"]
    await joined.status(SECOND_ADMIN)
    assert len(await joined.log(ALPHA)) == 2


@pytest.mark.feature("A2")
async def test_a_grant_that_ends_falls_to_the_next_administrator(joined: Rig) -> None:
    promote(joined, SECOND_ADMIN)
    joined.amo.tokens.revoke(CLIENT_ID)
    await joined.keep(ALPHA, fails=True)
    assert (await joined.connected(ALPHA)).state == "auth_expired"
    state = query_of((await joined.status(SECOND_ADMIN)).json()["reconnect"])["state"]
    joined.page.cookies.set("session_id", str(SECOND_ADMIN))
    await joined.consent(state)
    after = await joined.connected(ALPHA)
    assert (after.state, after.grant_user_id) == ("ok", str(SECOND_ADMIN))
    assert after.settings["default_responsible"] == str(SECOND_ADMIN)


@pytest.mark.feature("A2")
async def test_a_dead_grant_is_one_button_for_an_administrator_alone(joined: Rig) -> None:
    await joined.lose_grant(ALPHA)
    assert (await joined.status(EMPLOYEE)).json() == {
        "state": "auth_expired",
        "is_admin": False,
        "reconnect": None,
    }
    told = (await joined.status()).json()
    assert told["state"] == "auth_expired"
    await joined.consent(query_of(told["reconnect"])["state"])
    assert (await joined.connected(ALPHA)).state == "ok"
    assert (await joined.status()).json() == {"state": "ok", "is_admin": True, "reconnect": None}


@pytest.mark.feature("A2")
async def test_whoever_has_no_rights_cannot_connect(joined: Rig) -> None:
    code = joined.amo.tokens.code(CLIENT_ID, EMPLOYEE)
    before = await joined.connected(ALPHA)
    answer = await joined.http.get(
        "/amocrm/oauth",
        params={"code": code, "referer": HOST, "state": await joined.state(ALPHA)},
        headers={"accept": "text/html", "accept-language": "en"},
    )
    assert answer.status_code == 409
    assert "An administrator of amoCRM is needed" in answer.text
    (kept,) = await joined.pending()
    assert (kept.state, kept.problem.partition(":")[0]) == ("failed", "not_admin")
    assert '"grant":null' in kept.secret
    await joined.work()
    assert (await joined.connected(ALPHA)).refresh_token == before.refresh_token


async def test_a_second_administrators_consent_keeps_the_first_in_reserve(joined: Rig) -> None:
    promote(joined, SECOND_ADMIN)
    joined.page.cookies.set("session_id", str(SECOND_ADMIN))
    await joined.consent()
    assert (await joined.connected(ALPHA)).grant_user_id == str(SECOND_ADMIN)
    async with joined.database.begin(ALPHA) as tx:
        kept = await tx.execute(text("select crm_user_id from crm_grants"))
        assert list(kept.scalars()) == [str(ADMIN)]


async def test_a_status_is_told_to_the_accounts_own_pages_alone(joined: Rig) -> None:
    token = {"x-auth-token": joined.token()}
    for origin in ("https://evil.test", ""):
        headers = {**token, "origin": origin}
        answer = await joined.http.post("/api/amocrm/connection", headers=headers)
        assert answer.status_code == 401
        assert "access-control-allow-origin" not in answer.headers
    answer = await joined.http.options(
        "/api/amocrm/connection", headers={"origin": f"https://{HOST}"}
    )
    assert answer.headers["access-control-allow-origin"] == f"https://{HOST}"
    forged = {"origin": f"https://{HOST}", "x-auth-token": "e30.e30.x"}
    assert (await joined.http.post("/api/amocrm/connection", headers=forged)).status_code == 401


# ── the account moved ──


async def test_a_renamed_account_is_followed(joined: Rig) -> None:
    moved = "nova.amocrm.test"
    joined.network.apps[moved] = joined.network.apps[HOST]
    await joined.page.post("/sandbox/rename", json={"subdomain": "nova"})
    # Webhooks go on, under the new name: the first one has the account looked after.
    await joined.http.post(
        await hook(joined), content=body(joined, **{"account[subdomain]": "nova"})
    )
    await joined.work()
    found = await joined.connected(ALPHA)
    assert (found.host, found.base_url) == (moved, f"https://{moved}")
    joined.amo.tokens.expire_access()
    await joined.keep(ALPHA)
    found = await joined.connected(ALPHA)
    assert (found.state, found.settings["auth_url"]) == ("ok", f"https://{moved}")


# ── tokens ──


async def test_tokens_are_renewed_before_they_end(joined: Rig) -> None:
    before = await joined.connected(ALPHA)
    await joined.clock.advance(20 * 3600)
    await joined.keep(ALPHA)
    after = await joined.connected(ALPHA)
    assert after.refresh_token != before.refresh_token
    assert after.expires_at is not None
    assert before.expires_at is not None
    assert (after.expires_at - before.expires_at).total_seconds() >= 20 * 3600


async def test_after_a_lost_answer_to_a_refresh_it_is_asked_once_more_and_then_said(
    joined: Rig,
) -> None:
    await joined.clock.advance(20 * 3600)
    joined.network.lost.append("/oauth2/access_token")
    await joined.keep(ALPHA, fails=True)
    joined.network.asked.clear()
    for _ in range(3):
        await joined.keep(ALPHA, fails=True)
    assert f"{HOST} /oauth2/access_token" not in joined.network.asked
    # The access token still works meanwhile, and nobody was told to connect again.
    assert (await joined.connected(ALPHA)).state == "ok"
    await joined.clock.advance(61)
    await joined.keep(ALPHA, fails=True)
    assert joined.network.asked.count(f"{HOST} /oauth2/access_token") == 1
    assert (await joined.connected(ALPHA)).state == "auth_expired"


def promote(amo: Rig, user_id: int) -> None:
    amo.amo.world.users[user_id]["rights"]["is_admin"] = True


async def test_beta_sees_nothing_of_it(joined: Rig) -> None:
    assert await joined.connection(BETA) is None
    assert await joined.log(BETA) == []
