"""A public client written by others runs against the sandbox unchanged: the outside opinion."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import aioamocrm
import httpx
import pytest

from backend.sandbox.amocrm.world import LEAD
from tests.sandbox.amocrm.rig import BASE, REDIRECT, SECRET, account, package

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from backend.kit.clock import ManualClock
    from backend.sandbox.amocrm.amo import Amo


@asynccontextmanager
async def outsider() -> AsyncIterator[tuple[aioamocrm.AmoCRMClient, Amo, ManualClock]]:
    """The client with a fresh token pair."""
    app, amo, clock = account()
    auth = aioamocrm.OAuth2(
        package().client_uuid, SECRET, REDIRECT, clock=lambda: clock.now().timestamp()
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as http:
        crm = aioamocrm.AmoCRMClient(auth=auth, base_url=BASE, http=http, rate_limit=None)
        async with crm:
            await crm.exchange_code(amo.tokens.code(package().client_uuid, 1))
            yield crm, amo, clock
    await amo.aclose()


async def test_it_reads_the_account_users_and_pipelines() -> None:
    async with outsider() as (crm, amo, _):
        me = await crm.account.get(with_=["users_groups", "datetime_settings"])
        assert me.id == amo.config.account_id
        assert [u.id async for u in crm.users.iterate()] == list(amo.world.users)
        for pipeline in await crm.pipelines.list():
            assert [s.id for s in await crm.pipelines.statuses(pipeline.id or 0)][-1] == 143


async def test_it_walks_all_pages_and_filters() -> None:
    async with outsider() as (crm, amo, _):
        ids = [c.id async for c in crm.contacts.iterate(limit=20)]
        assert sorted(i for i in ids if i) == sorted(amo.world.contacts)
        some = await crm.contacts.get_page(filter={"id": [2, 3]}, with_="leads")
        assert [c.name for c in some] == ["Павел Дёмин", "Светлана Орлова"]


async def test_it_writes_cards_notes_tasks_and_links() -> None:
    async with outsider() as (crm, amo, _):
        made = await crm.leads.create([{"name": "Извне", "price": 100}])
        lead = made[0].id or 0
        await crm.leads.update([{"id": lead, "price": 200}])
        assert (await crm.leads.get(lead)).price == 200
        await crm.leads.link(lead, "contacts", 2)
        assert [k.to_entity_id for k in await crm.leads.links(lead)] == [2]
        await crm.leads.unlink(lead, "contacts", 2)
        task = {"text": "Позвонить", "complete_till": 1_900_000_000}
        done = await crm.tasks.create([{**task, "entity_id": lead, "entity_type": "leads"}])
        made_task = done[0].id or 0
        await crm.tasks.complete(made_task, result="готово")
        assert amo.world.tasks[made_task]["is_completed"]
        results = await crm.leads.create_complex(
            [{"name": "Сразу", "_embedded": {"contacts": [{"first_name": "Ян"}]}}]
        )
        assert results[0].contact_id in amo.world.contacts


async def test_it_tells_validation_errors_and_missing_cards_apart() -> None:
    async with outsider() as (crm, _, _):
        with pytest.raises(aioamocrm.ValidationError):
            await crm.contacts.create([{"name": 5}])
        with pytest.raises(aioamocrm.NotFoundError):
            await crm.contacts.get(99_999_999)


async def test_it_renews_its_tokens_and_survives_throttling() -> None:
    async with outsider() as (crm, amo, clock):
        await clock.advance(86_400)
        assert (await crm.account.get()).id == amo.config.account_id
        amo.tokens.expire_access()
        assert (await crm.account.get()).id == amo.config.account_id


async def test_it_reads_our_webhooks() -> None:
    bodies: list[bytes] = []

    def receiver(request: httpx.Request) -> httpx.Response:
        bodies.append(request.content)
        return httpx.Response(200)

    _, amo, clock = account(transport=httpx.MockTransport(receiver))
    address = "https://vendor.example/h"
    amo.world.webhooks[address] = {
        "destination": address,
        "settings": ["status_lead"],
        "disabled": False,
    }
    lead = amo.world.leads[200_001]
    amo.hooks.record("status", LEAD, lead, old_status_id=1, old_pipeline_id=9000)
    await clock.advance(0)
    await amo.aclose()
    assert bodies
    parsed = aioamocrm.parse_webhook(bodies[0].decode())
    assert "status" in str(parsed)
