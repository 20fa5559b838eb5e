"""An account gets connected: by a link, by pressing Install, by a code; and by nobody else (A1)."""

from __future__ import annotations

import pytest

from backend.store.employees import Employee, EmployeeStore
from backend.store.gateways.amocrm_install import MAX_STRANGERS, STRANGERS_FOR
from protocol.vocabulary import EmployeeId
from tests.integration.amocrm.rig import (
    ADMIN,
    APP,
    CLIENT_ID,
    HOST,
    HTML,
    Rig,
    eventually,
    hidden,
    query_of,
)
from tests.integration.conftest import ALPHA, BETA
from tests.integration.jobs.put_off import LEFT_ALONE, asleep, put_off

pytestmark = pytest.mark.feature("A1")


async def test_a_consent_with_our_state_connects_the_account(amo: Rig) -> None:
    answer = await amo.consent(await amo.state(ALPHA))
    assert answer.status_code == 200
    assert "amoCRM подключена" in answer.text
    found = await amo.connected(ALPHA)
    assert (found.external_id, found.base_url, found.state) == (
        str(amo.amo.config.account_id),
        f"https://{HOST}",
        "ok",
    )
    assert found.client_id == CLIENT_ID
    assert found.access_token
    assert found.refresh_token
    assert found.application_token
    assert found.settings["connected_by"]["user_id"] == str(ADMIN)
    assert found.settings["default_responsible"] == str(ADMIN)
    (fact,) = await amo.log(ALPHA)
    assert (fact.what, fact.crm_user_id, fact.detail) == ("connected", str(ADMIN), HOST)
    assert fact.at == amo.clock.now()
    assert await amo.pending() == []


async def test_a_state_is_good_for_one_consent(amo: Rig) -> None:
    state = await amo.state(ALPHA)
    await amo.consent(state)
    again = await amo.consent(state)
    assert again.status_code == 401
    assert "больше не действует" in again.text
    assert await amo.pending() == []
    with pytest.raises(AssertionError):
        await amo.connected(BETA)


async def test_a_forged_state_connects_nothing(amo: Rig) -> None:
    answer = await amo.consent("AAAA" + (await amo.state(ALPHA))[4:])
    assert answer.status_code == 401
    assert await amo.connection(ALPHA) is None
    assert await amo.pending() == []


async def test_install_is_answered_at_once_and_its_tokens_wait_for_a_code(amo: Rig) -> None:
    await amo.page.post(
        "/ajax/widgets/save", json={"code": "dozvon", "active": "Y", "fields": {"server": APP}}
    )
    await eventually(amo.pending)
    (kept,) = await amo.pending()
    assert kept.state == "code"
    assert f"{HOST} /oauth2/access_token" not in amo.network.asked
    await amo.work()
    (kept,) = await amo.pending()
    assert (kept.state, kept.external_id) == ("tokens", str(amo.amo.config.account_id))
    # Somebody who consents without a state comes to the same account and types the code.
    asked = await amo.consent()
    assert "код подключения" in asked.text
    form = {**hidden(asked), "code": await amo.code(ALPHA)}
    joined = await amo.http.post("/amocrm/connect", data=form, headers=HTML)
    assert "amoCRM подключена" in joined.text
    assert (await amo.connected(ALPHA)).external_id == str(amo.amo.config.account_id)
    # What the first installation left is forgotten with it.
    assert await amo.pending() == []


async def test_a_wrong_code_loses_nothing(amo: Rig) -> None:
    asked = await amo.consent()
    ticket = hidden(asked)
    wrong = await amo.http.post(
        "/amocrm/connect", data={**ticket, "code": "AAAA-BBBB-CCCC"}, headers=HTML
    )
    assert wrong.status_code == 401
    assert "Код не подошёл" in wrong.text
    assert hidden(wrong) == ticket
    right = {**hidden(wrong), "code": (await amo.code(BETA)).lower()}
    await amo.http.post("/amocrm/connect", data=right, headers=HTML)
    assert (await amo.connected(BETA)).state == "ok"


async def test_a_code_first_leads_to_the_consent_page(amo: Rig) -> None:
    first = await amo.http.get("/amocrm/connect", headers=HTML)
    assert 'action="/amocrm/connect"' in first.text
    go = await amo.http.post("/amocrm/connect", data={"code": await amo.code(ALPHA)}, headers=HTML)
    link = go.text.split('class="button" href="')[1].split('"')[0].replace("&amp;", "&")
    asked = query_of(link)
    assert (link.split("?")[0], asked["client_id"]) == ("https://www.amocrm.ru/oauth", CLIENT_ID)
    await amo.consent(asked["state"])
    assert (await amo.connected(ALPHA)).state == "ok"


async def test_an_equal_mail_address_only_suggests(amo: Rig) -> None:
    async with amo.database.begin(BETA) as tx:
        mail = amo.amo.world.users[ADMIN]["email"].upper()
        await EmployeeStore(tx).save(
            BETA, [Employee(id=EmployeeId("b1"), name="B", email=mail, extension="1")]
        )
    asked = await amo.consent()
    assert "Похоже, это организация «Beta»" in asked.text
    assert await amo.connection(BETA) is None


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example/.amocrm.test", "a.b.amocrm.test", "amocrm.test", ""]
)
async def test_no_secret_goes_to_a_host_that_is_not_amocrms(amo: Rig, host: str) -> None:
    answer = await amo.http.get(
        "/amocrm/oauth",
        params={"code": "def502", "referer": host, "state": await amo.state(ALPHA)},
        headers=HTML,
    )
    assert answer.status_code == 400
    assert "Адрес неполный" in answer.text
    assert amo.network.asked == ["app.test /amocrm/oauth"]
    assert await amo.pending() == []


async def test_a_refusal_is_said_in_words(amo: Rig) -> None:
    sent = await amo.page.post(
        "/oauth", data={"client_id": CLIENT_ID, "answer": "deny", "state": await amo.state(ALPHA)}
    )
    answer = await amo.http.get(sent.headers["location"], headers={**HTML, "accept-language": "en"})
    assert "Access was not allowed" in answer.text


async def test_one_crm_account_is_never_two_accounts(amo: Rig) -> None:
    await amo.consent(await amo.state(ALPHA))
    taken = await amo.consent(await amo.state(BETA))
    assert taken.status_code == 409
    assert "подключён к другой организации" in taken.text
    assert await amo.connection(BETA) is None


async def test_installing_again_needs_no_code(amo: Rig) -> None:
    await amo.consent(await amo.state(ALPHA))
    before = await amo.connected(ALPHA)
    await put_off(amo.jobs)
    again = await amo.consent()
    assert await asleep(amo.jobs) == LEFT_ALONE
    assert "amoCRM подключена" in again.text
    after = await amo.connected(ALPHA)
    assert after.refresh_token != before.refresh_token
    assert after.application_token == before.application_token
    assert [fact.what for fact in await amo.log(ALPHA)] == ["connected_again", "connected"]


async def test_amocrm_that_is_away_is_waited_for(amo: Rig) -> None:
    state = await amo.state(ALPHA)
    sent = await amo.page.post(
        "/oauth", data={"client_id": CLIENT_ID, "answer": "allow", "state": state}
    )
    account = amo.network.apps.pop(HOST)
    answer = await amo.http.get(sent.headers["location"], headers=HTML)
    assert answer.status_code == 202
    assert "завершится само" in answer.text
    amo.network.apps[HOST] = account
    await amo.work()
    assert (await amo.connected(ALPHA)).state == "ok"


async def test_a_lost_exchange_is_said_and_not_repeated_for_ever(amo: Rig) -> None:
    amo.network.lost.append("/oauth2/access_token")
    answer = await amo.consent(await amo.state(ALPHA))
    assert answer.status_code == 202
    await amo.work()
    (kept,) = await amo.pending()
    assert (kept.state, kept.problem) == ("failed", "400: Authorization code has been revoked")
    assert await amo.jobs.counts() == (0, 0)


async def test_an_account_whose_subscription_is_over_is_told_and_waited_for(amo: Rig) -> None:
    fault = {"kind": "status", "path": "/api/v4/account", "status": 402, "times": 1}
    made = await amo.page.post("/sandbox/faults", json=fault)
    assert made.status_code == 200, made.text
    answer = await amo.consent(await amo.state(ALPHA))
    assert answer.status_code == 409
    assert "оплачен ли" in answer.text
    await amo.work()
    assert (await amo.connected(ALPHA)).state == "ok"


async def test_made_up_codes_are_not_asked_about_without_end(amo: Rig) -> None:
    for number in range(MAX_STRANGERS):
        made_up = {"code": f"def502{number}", "referer": HOST, "from_widget": "1"}
        assert (await amo.http.get("/amocrm/oauth", params=made_up)).status_code == 200
    full = {"code": "def502", "referer": HOST, "from_widget": "1"}
    assert (await amo.http.get("/amocrm/oauth", params=full)).status_code == 429
    # Whoever has our link is no stranger.
    await amo.consent(await amo.state(ALPHA))
    assert (await amo.connected(ALPHA)).state == "ok"
    await amo.clock.advance(STRANGERS_FOR.total_seconds() + 1)
    assert (await amo.http.get("/amocrm/oauth", params=full)).status_code == 200


async def test_the_codes_and_tokens_that_wait_are_sealed(amo: Rig) -> None:
    from sqlalchemy import text

    await amo.consent()
    async with amo.database.begin_resolving() as tx:
        (row,) = (await tx.execute(text("select * from pending_installs"))).mappings()
    (kept,) = await amo.pending()
    assert '"access_token":"' in kept.secret
    plain = bytes(row["sealed"]) + repr({**row, "sealed": b""}).encode()
    assert CLIENT_ID.encode() not in plain
    assert b"def502" not in plain
    async with amo.database.begin(ALPHA) as tx:
        assert (await tx.execute(text("select * from pending_installs"))).all() == []


async def test_the_widget_learns_whether_this_server_knows_its_integration(amo: Rig) -> None:
    known = await amo.http.get("/api/amocrm/ready", params={"client": CLIENT_ID})
    assert known.json() == {"product": "dozvon", "integration": True}
    assert known.headers["access-control-allow-origin"] == "*"
    other = await amo.http.get("/api/amocrm/ready", params={"client": "other"})
    assert other.json()["integration"] is False


async def test_somebody_elses_ticket_opens_no_installation(amo: Rig) -> None:
    await amo.consent()
    answer = await amo.http.post(
        "/amocrm/connect",
        data={"ticket": "AAAA", "code": await amo.code(ALPHA)},
        headers=HTML,
    )
    assert answer.status_code == 400
    assert await amo.connection(ALPHA) is None
