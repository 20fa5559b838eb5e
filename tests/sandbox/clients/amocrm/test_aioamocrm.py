"""aioamocrm, unmodified, with the addresses it has inside: install, refresh, lists, errors."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import aioamocrm
import httpx
import pytest

from backend.sandbox.amocrm import Fault
from backend.sandbox.amocrm.world import CONTACT, values_of
from tests.sandbox.amocrm.rig import REDIRECT, SECRET
from tests.sandbox.clients.amocrm.conftest import HOST, RENAMED

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.sandbox.clients.amocrm.conftest import World

HOOK = "https://vendor.example/hook"


def oauth(world: World, storage: aioamocrm.TokenStorage | None = None) -> aioamocrm.OAuth2:
    return aioamocrm.OAuth2(world.client_id, SECRET, REDIRECT, storage)


@asynccontextmanager
async def outsider(
    world: World, auth: aioamocrm.OAuth2 | None = None
) -> AsyncIterator[aioamocrm.AmoCRMClient]:
    """The client as its authors show it: a subdomain and nothing else, its own connections."""
    async with aioamocrm.AmoCRMClient(
        auth=auth or oauth(world), subdomain="demo", rate_limit=None
    ) as crm:
        if auth is None:
            await crm.exchange_code(world.code())
        yield crm


async def test_an_installation_from_the_consent_page_to_the_first_answer(world: World) -> None:
    link = f"https://www.amocrm.ru/oauth?client_id={world.client_id}&state=s-5"
    async with httpx.AsyncClient(cookies={"session_id": "1"}) as browser:
        asked = await browser.get(link)
        assert "Выберите аккаунт" in asked.text
        own = f"https://{HOST}/oauth"
        assert f"{own}?client_id={world.client_id}" in asked.text
        form = {"client_id": world.client_id, "state": "s-5", "answer": "allow"}
        back = await browser.post(own, data=form)
    query = {k: v[0] for k, v in parse_qs(urlsplit(back.headers["location"]).query).items()}
    assert (query["state"], query["referer"]) == ("s-5", HOST)
    async with aioamocrm.AmoCRMClient(
        auth=oauth(world), base_url=f"https://{query['referer']}", rate_limit=None
    ) as crm:
        tokens = await crm.exchange_code(query["code"])
        assert tokens.refresh_token
        assert (await crm.account.get()).id == world.amo.config.account_id
        with pytest.raises(aioamocrm.AuthError, match="revoked"):
            await crm.exchange_code(query["code"])


async def test_a_code_is_good_at_its_own_account_alone(world: World) -> None:
    async with aioamocrm.AmoCRMClient(
        auth=oauth(world), subdomain="vostok", rate_limit=None
    ) as crm:
        with pytest.raises(aioamocrm.AuthError, match="Invalid account"):
            await crm.exchange_code(world.code())


async def test_requests_in_flight_share_one_refresh(world: World) -> None:
    async with outsider(world) as crm:
        world.amo.tokens.expire_access()
        world.amo.faults.calls.clear()
        found = await asyncio.gather(*(crm.account.get() for _ in range(20)))
        assert {a.id for a in found} == {world.amo.config.account_id}
        assert len(world.amo.faults.called("POST", "/oauth2/access_token")) == 1


async def test_processes_that_race_for_a_refresh_lose_all_but_one(world: World) -> None:
    tokens = aioamocrm.TokenSet.from_response(world.pair(), now=0)
    racers = [oauth(world, aioamocrm.MemoryTokenStorage(tokens)) for _ in range(5)]

    async def ask(auth: aioamocrm.OAuth2) -> str:
        async with outsider(world, auth) as crm:
            try:
                return str((await crm.account.get()).subdomain)
            except aioamocrm.AuthError as error:
                return str(error)

    found = sorted(await asyncio.gather(*map(ask, racers)))
    assert found.count("demo") == 1
    assert sum("Token has been revoked" in one for one in found) == 4


async def test_a_shared_storage_saves_the_race_that_comes_after(world: World) -> None:
    tokens = aioamocrm.TokenSet.from_response(world.pair(), now=0)
    storage = aioamocrm.MemoryTokenStorage(tokens)
    for _ in range(2):
        async with outsider(world, oauth(world, storage)) as crm:
            assert (await crm.account.get()).id == world.amo.config.account_id
    assert len(world.amo.faults.called("POST", "/oauth2/access_token")) == 1


async def test_a_list_of_more_than_a_thousand_rows_is_walked(world: World) -> None:
    async with outsider(world) as crm:
        ids = [c.id async for c in crm.contacts.iterate(limit=250)]
    assert len(ids) > 1000
    assert sorted(i for i in ids if i) == sorted(world.amo.world.contacts)
    pages = world.amo.faults.called("GET", "/api/v4/contacts")
    assert len(pages) == -(-len(ids) // 250)


async def test_errors_of_validation_come_item_by_item(world: World) -> None:
    async with outsider(world) as crm:
        with pytest.raises(aioamocrm.ValidationError) as caught:
            await crm.contacts.create(
                [
                    {"name": "Верно"},
                    {"name": 5},
                    {"custom_fields_values": [{"field_id": 1, "values": [{"value": "x"}]}]},
                ]
            )
        issues = [(i.request_id, i.code, i.path) for i in caught.value.errors]
    assert issues == [
        ("1", "InvalidType", "name"),
        ("2", "NotSupportedChoice", "custom_fields_values.0.field_id"),
    ]


async def test_a_throttled_read_waits_as_told_and_a_write_says_when(world: World) -> None:
    async with outsider(world) as crm:
        world.amo.faults.add(Fault(kind="throttle", seconds=0, times=2))
        assert (await crm.account.get()).id == world.amo.config.account_id
        world.amo.faults.add(Fault(kind="throttle", seconds=7, times=1))
        with pytest.raises(aioamocrm.RateLimitError) as caught:
            await crm.leads.create([{"name": "x"}])
        assert caught.value.retry_after == 7.0
        assert world.amo.faults.called("POST", "/api/v4/leads")[-1].status == 429


async def test_other_troubles_have_their_own_errors(world: World) -> None:
    async with outsider(world) as crm:
        world.amo.faults.payment_required = True
        with pytest.raises(aioamocrm.PaymentRequiredError):
            await crm.account.get()
        world.amo.faults.clear()
        world.amo.faults.add(Fault(kind="block", times=1))
        with pytest.raises(aioamocrm.ForbiddenError):
            await crm.account.get()
        with pytest.raises(aioamocrm.NotFoundError):
            await crm.contacts.get(99_999_999)
        world.amo.installs.switch_off()
        with pytest.raises(aioamocrm.AuthError):
            await crm.account.get()


async def test_a_renamed_account_is_found_by_the_shared_host(world: World) -> None:
    async with outsider(world) as crm:
        async with httpx.AsyncClient() as http:
            moved = await http.post(f"https://{HOST}/sandbox/rename", json={"subdomain": "neva"})
        assert moved.json()["domain"] == RENAMED
        with pytest.raises(aioamocrm.AccountMovedError) as caught:
            await crm.account.get()
        assert caught.value.domain == RENAMED
        async with aioamocrm.AmoCRMClient(
            auth=crm.auth, base_url=f"https://{RENAMED}", rate_limit=None
        ) as again:
            assert (await again.account.get()).subdomain == "neva"


async def test_a_webhook_is_read_with_its_account_and_fields(world: World) -> None:
    async with outsider(world) as crm:
        await crm.request(
            "POST", "webhooks", json={"destination": HOOK, "settings": ["update_contact"]}
        )
        await crm.contacts.update([{"id": 2, "name": "Павел Новый"}])
    async with asyncio.timeout(5):
        while not world.hooks:  # noqa: ASYNC110 - the account sends it after it answered
            await asyncio.sleep(0.01)
    hook = aioamocrm.parse_webhook(world.hooks[0])
    assert (hook.account_id, hook.subdomain) == (world.amo.config.account_id, "demo")
    event = hook.events[0]
    assert (event.entity, event.action, event.id) == ("contacts", "update", 2)
    assert event.payload["name"] == "Павел Новый"
    assert event.payload["type"] == CONTACT.singular
    numbers = values_of(world.amo.world.contacts[2], "PHONE")
    assert event.field_values("PHONE") == numbers != []
