"""The demo's page of faults: it knows every switch there is, and what it sends is taken."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from backend.demo.addresses import Addresses
from backend.demo.fault_words import EFFECTS, FIRST_TRY
from backend.demo.faults import FaultsPage
from backend.kit.clock import ManualClock
from backend.sandbox.ari import create_switch
from backend.sandbox.bitrix24 import PortalConfig, create_portal
from tests.sandbox.amocrm.rig import account
from tests.sandbox.ari.conftest import CONFIG

WHERE = Addresses(9000)


class House:
    """The page with its three sandboxes behind."""

    def __init__(self) -> None:
        clock = ManualClock()
        self.amo, _, _ = account(subdomain="amo", rate_limit=7)
        portal = PortalConfig(public_url=WHERE.portal, server_url=WHERE.server(1))
        self.portal = create_portal(portal, clock)
        self.switch = create_switch(CONFIG, clock)
        self.page = FaultsPage(WHERE, self.portal, self.amo, self.switch)
        app = Starlette(routes=self.page.routes())
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=WHERE.app)

    async def lists(self) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = (await self.http.get("/sandbox/faults/now")).json()
        return found

    async def values(self) -> dict[str, dict[str, Any]]:
        lists = await self.lists()
        return {name: {row["name"]: row["value"] for row in rows} for name, rows in lists.items()}

    async def told(self, locale: str) -> dict[str, Any]:
        page = (await self.http.get(f"/sandbox/faults?lang={locale}")).text
        data = re.search(r'id="told">(.*?)</script>', page)
        assert data is not None
        found: dict[str, Any] = json.loads(data[1])
        return found


@pytest.fixture
async def house() -> House:
    house = House()
    await house.page.begin()
    return house


async def test_every_switch_of_every_sandbox_says_what_an_operator_sees(house: House) -> None:
    for sandbox, rows in (await house.lists()).items():
        names = {row["name"] for row in rows}
        assert names == set(EFFECTS[sandbox])
        assert set(FIRST_TRY[sandbox]) <= names
        for row in rows:
            params = {param["name"] for param in row["params"]}
            assert set(FIRST_TRY[sandbox].get(row["name"], ())) <= params, row["name"]
    for locale in ("ru", "en"):
        told = await house.told(locale)
        cyrillic = [
            bool(re.search("[а-я]", words))
            for known in told["effects"].values()
            for words in known.values()
        ]
        assert set(cyrillic) == {locale == "ru"}


async def test_what_the_page_sends_at_first_is_taken_and_one_deletion_takes_it_back(
    house: House,
) -> None:
    before = await house.values()
    for sandbox, rows in (await house.lists()).items():
        for row in rows:
            sent = _first(sandbox, row)
            if sent is None:
                continue
            path = f"/sandbox/faults/{sandbox}"
            answer = await house.http.post(path, json={row["name"]: sent})
            assert answer.status_code == 200, (sandbox, row["name"], answer.text)
            now = next(one for one in answer.json() if one["name"] == row["name"])
            assert now["value"] != before[sandbox][row["name"]], (sandbox, row["name"])
            # Off is what was there at the start.
            off = before[sandbox][row["name"]]
            answer = await house.http.post(path, json={row["name"]: off})
            now = next(one for one in answer.json() if one["name"] == row["name"])
            assert now["value"] == off, (sandbox, row["name"])
            await house.http.post(path, json={row["name"]: sent})
    assert await house.values() != before
    assert (await house.http.delete("/sandbox/faults/now")).status_code == 200
    assert await house.values() == before


def _first(sandbox: str, row: dict[str, Any]) -> Any:
    """What the page's first switching-on sends; None for a deed that is no switch."""
    [param, *_] = row["params"]
    if param["kind"] == "flag":
        if row["value"] is None:
            return None
        return not row["value"]
    known = FIRST_TRY[sandbox].get(row["name"], {})
    fallback = {"count": 3, "seconds": 5}
    values = {
        one["name"]: known.get(one["name"], one.get("default", fallback.get(one["kind"], "")))
        for one in row["params"]
    }
    return values.get("value", values)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("bitrix24", {"drop": "many"}, 400),
        ("amocrm", {"rate_limit": []}, 400),
        ("switch", {"earthquake": {}}, 400),
        ("telegraph", {}, 404),
        ("bitrix24/levers/dance", {}, 404),
        ("bitrix24/levers/rename", {"value": "a b"}, 400),
        ("bitrix24/levers/clock", {"value": "-1"}, 400),
        ("amocrm/levers/rename", [1], 400),
    ],
)
async def test_nonsense_is_refused_with_a_reason(
    house: House, path: str, body: Any, status: int
) -> None:
    before = await house.values()
    answer = await house.http.post(f"/sandbox/faults/{path}", json=body)
    assert answer.status_code == status
    assert answer.json()["error"]
    assert await house.values() == before


async def test_a_foreign_page_cannot_switch(house: House) -> None:
    for path in ("bitrix24", "amocrm/levers/release"):
        answer = await house.http.post(f"/sandbox/faults/{path}", content='{"drop": 1}')
        assert answer.status_code == 415
    assert (await house.values())["bitrix24"]["drop"] == 0
    page = await house.http.get("/sandbox/faults")
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]


async def test_every_lever_can_be_pulled_and_a_renamed_crm_can_have_its_name_back(
    house: House,
) -> None:
    told = await house.told("en")
    for sandbox, known in told["levers"].items():
        for lever in known:
            path = f"/sandbox/faults/{sandbox}/levers/{lever['name']}"
            given = lever["param"]
            body = {"value": str(given["first"])} if given else {}
            answer = await house.http.post(path, json=body)
            assert answer.status_code == 200, (path, answer.text)
    portal, amo = house.portal.state.portal, house.amo.state.amo
    assert portal.config.public_url == "http://sever-new.localhost:9001"
    assert amo.host == "vektor-new.localhost:9002"
    assert portal.clock.ahead_s == amo.clock.offset_s == 3600
    for sandbox, name in (("bitrix24", "portal"), ("amocrm", "amo")):
        path = f"/sandbox/faults/{sandbox}/levers/rename"
        assert (await house.http.post(path, json={"value": name})).status_code == 200
    assert (portal.config.public_url, portal.config.server_url) == (WHERE.portal, WHERE.server(1))
    assert amo.host == "amo.localhost:9002"
    assert amo.former_hosts == {"vektor-new.localhost:9002"}
