"""Integrations that belong to one account: made by hand, or by amoCRM for one authorisation."""

from __future__ import annotations

import pytest

from backend.bootstrap.amocrm import clients
from backend.errors import BadRequest
from backend.store.database import Database
from tests.integration.amocrm.rig import APP, CLIENT_ID, CLIENT_SECRET, HOST, HTML, Rig, rig
from tests.integration.conftest import ALPHA, BETA

NO_SERVER = {"amocrm_client_id": "", "amocrm_client_secret": ""}
KEYS = {"client_id": "ext-1", "client_secret": "made-for-one-authorisation"}

pytestmark = pytest.mark.feature("A1")


async def test_a_private_integrations_install_is_its_accounts(
    database_url: str, database: Database
) -> None:
    redirect = f"{APP}/amocrm/oauth/{ALPHA}"
    async with rig(
        database_url, database, settings=NO_SERVER, widget={"redirect_uri": redirect}
    ) as amo:
        known = clients(amo.base)
        assert known.private_redirect_uri(ALPHA) == redirect
        await known.add(ALPHA, CLIENT_ID, CLIENT_SECRET, "private")
        for client, is_known in ((CLIENT_ID, True), ("other", False), ("", False)):
            told = await amo.http.get("/api/amocrm/ready", params={"client": client})
            assert told.json()["integration"] is is_known
        await amo.page.post(
            "/ajax/widgets/save", json={"code": "dozvon", "active": "Y", "fields": {}}
        )
        while not await amo.pending():
            await amo.clock.advance(0)
        await amo.work()
        found = await amo.connected(ALPHA)
        assert (found.state, found.settings["redirect_uri"]) == ("ok", redirect)
        # Another account's address knows nothing of it.
        answer = await amo.http.get(
            f"/amocrm/oauth/{BETA}", params={"code": "def502", "referer": HOST}, headers=HTML
        )
        assert answer.status_code == 400
        assert "Интеграция не настроена" in answer.text


async def test_the_keys_of_an_external_integration_come_before_its_code(amo: Rig) -> None:
    state = await amo.state(ALPHA)
    kept = await amo.http.post("/amocrm/secrets", json={**KEYS, "state": state})
    assert kept.status_code == 200
    client = await clients(amo.base).pick(ALPHA)
    assert (client.client_id, client.client_secret, client.via) == (*KEYS.values(), "external")
    assert client.redirect_uri == f"{APP}/amocrm/oauth"
    # Only for this account, and only while a code for it may still come.
    assert (await clients(amo.base).pick(BETA)).via == "server"
    await amo.clock.advance(3600)
    assert (await clients(amo.base).pick(ALPHA)).via == "server"
    assert (await clients(amo.base).pick(ALPHA, client_id="ext-1")).via == "external"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({**KEYS, "state": "forged"}, 401),
        ({**KEYS, "client_secret": ""}, 401),
        ({"client_id": "x"}, 400),
        ([], 400),
    ],
)
async def test_keys_without_our_state_are_not_kept(amo: Rig, body: object, status: int) -> None:
    answer = await amo.http.post("/amocrm/secrets", json=body)
    # What is malformed is refused before its state is looked at.
    assert answer.status_code in (status, 400)
    assert (await clients(amo.base).pick(ALPHA)).via == "server"


async def test_an_unknown_integration_is_nobodys(amo: Rig) -> None:
    with pytest.raises(BadRequest):
        await clients(amo.base).pick(ALPHA, client_id="other")
    with pytest.raises(BadRequest):
        await clients(amo.base).pick(ALPHA, private=True)


async def test_the_keys_are_sealed(amo: Rig) -> None:
    from sqlalchemy import text

    await clients(amo.base).add(ALPHA, "c", "very-secret", "private")
    async with amo.database.begin(ALPHA) as tx:
        (row,) = (await tx.execute(text("select * from crm_clients"))).mappings()
    assert b"very-secret" not in bytes(row["client_secret"])
    async with amo.database.begin(BETA) as tx:
        assert (await tx.execute(text("select * from crm_clients"))).all() == []
