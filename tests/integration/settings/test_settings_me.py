"""What everybody may choose for themselves, and what may be done about the connection."""

from __future__ import annotations

import httpx
import pytest

from backend.store.crm_connections import CrmConnection, CrmConnectionStore
from backend.store.tables import employees
from protocol.vocabulary import CrmKind
from tests.integration.settings.house import SEVER, House


@pytest.mark.feature("B21")
async def test_an_operator_chooses_what_is_their_own_and_nothing_else(seeded: House) -> None:
    async with seeded.client(await seeded.token("sever-101")) as ilya:
        me = (await ilya.get("/me")).json()
        assert (me["device"], me["devices"], me["may_see"]) == (
            "browser",
            ["phone", "browser"],
            False,
        )
        assert [number["label"] for number in me["numbers"]] == ["Телефон 101"]
        newer = {"If-Match": f'"{me["version"]}"'}
        for body, code in (
            ({"device": "abacus"}, "not_one_of"),
            ({"role": "administrator"}, "unknown_field"),
            ({"calls_enabled": True}, "unknown_field"),
        ):
            refused = await ilya.patch("/me", json=body, headers=newer)
            assert refused.status_code == 400
            [fault] = refused.json()["error"]["data"]["faults"]
            assert (fault["path"], fault["code"]) == (next(iter(body)), code)
            assert fault["message"]
        changed = await ilya.patch(
            "/me", json={"device": "phone", "workday_import": False}, headers=newer
        )
        assert changed.json()["workday_import"] is False
        assert changed.json()["device"] == "phone"
        stale = await ilya.patch("/me", json={"workday_import": True}, headers=newer)
        assert stale.status_code == 409
        assert (await ilya.patch("/me", json={"device": "phone"})).status_code == 400


@pytest.mark.feature("B21")
async def test_applying_a_file_leaves_the_device_somebody_chose(
    seeded: House, anna: httpx.AsyncClient
) -> None:
    async with seeded.database.begin(SEVER) as tx:
        await tx.execute(
            employees.update().where(employees.c.id == "sever-101").values(device="browser")
        )
    assert (await anna.get("/employees/sever-101")).json()["value"]["device"] == "browser"
    assert 'device = "browser"' in await seeded.files.export("sever")
    person = '[[accounts.employees]]\nid = "sever-101"\nextension = "109"\n'
    await seeded.done(f'version = 1\n[[accounts]]\nid = "demo-sever"\n{person}')
    found = (await anna.get("/employees/sever-101")).json()["value"]
    assert (found["device"], found["extension"]) == ("browser", "109")


@pytest.mark.feature("B2")
async def test_an_administrator_has_the_bindings_looked_at_and_is_led_to_consent(
    seeded: House, anna: httpx.AsyncClient
) -> None:
    assert (await anna.post("/connection/bind")).status_code == 409
    async with seeded.database.begin(SEVER) as tx:
        await CrmConnectionStore(tx, seeded.secrets).save(
            CrmConnection(
                account_id=SEVER,
                kind=CrmKind.AMOCRM,
                external_id="1",
                base_url="https://sever.amocrm.example",
                host="sever.amocrm.example",
                state="auth_expired",
            )
        )
    asked = await anna.post("/connection/bind")
    assert (asked.status_code, seeded.bound) == (202, [(SEVER, CrmKind.AMOCRM)])
    told = (await anna.get("/connection")).json()
    assert told["state"] == "auth_expired"
    assert told["reconnect"] == "https://crm.test/consent?for=demo-sever"
    async with seeded.database.begin(SEVER) as tx:
        await tx.execute(
            employees.update().where(employees.c.id == "sever-101").values(role="supervisor")
        )
    async with seeded.client(await seeded.token("sever-101")) as ilya:
        assert (await ilya.get("/connection")).json()["reconnect"] is None
        assert (await ilya.post("/connection/bind")).status_code == 403
