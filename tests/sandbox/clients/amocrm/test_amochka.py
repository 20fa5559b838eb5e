"""amochka, unmodified: it takes https and the vendor's domains only, and walks by requests."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio.to_thread
import pytest
from amochka import AmoCRMClient, APIError, AuthenticationError, CacheConfig, RateLimitError

from backend.sandbox.amocrm import Fault
from tests.sandbox.clients.amocrm.conftest import HOST

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sandbox.clients.amocrm.conftest import World


class Outsider:
    """The client over a token file; its blocking calls run beside the loop that serves them."""

    def __init__(self, crm: AmoCRMClient, file: Path) -> None:
        self._crm = crm
        self.file = file

    async def do(self, method: str, *args: Any, **more: Any) -> Any:
        return await anyio.to_thread.run_sync(partial(getattr(self._crm, method), *args, **more))

    async def ids(self, method: str, **more: Any) -> list[int]:
        rows = await self.do(method, **more)
        return [int(row["id"]) for row in rows]

    def saved(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.file.read_text("utf-8"))
        return found


@pytest.fixture
async def outsider(world: World, tmp_path: Path) -> Outsider:
    pair = world.pair()
    file = tmp_path / "token.json"
    expires_at = pair["server_time"] + pair["expires_in"]
    file.write_text(json.dumps({**pair, **world.keys(), "expires_at": expires_at}), "utf-8")
    return Outsider(await _made(file), file)


async def _made(file: Path) -> AmoCRMClient:
    make = partial(
        AmoCRMClient,
        f"https://{HOST}",
        token_file=str(file),
        cache_config=CacheConfig.disabled(),
        disable_logging=True,
        rate_limit=1000,
        max_retries=2,
    )
    return await anyio.to_thread.run_sync(make)


async def test_lists_of_more_than_a_thousand_rows_are_walked(
    world: World, outsider: Outsider
) -> None:
    ids = await outsider.ids("fetch_contacts")
    assert len(ids) > 1000
    assert sorted(ids) == sorted(world.amo.world.contacts)
    assert sorted(await outsider.ids("fetch_users")) == sorted(world.amo.world.users)
    assert await outsider.ids("fetch_pipelines") == list(world.amo.world.pipelines)


async def test_an_old_token_is_renewed_and_the_new_pair_kept(
    world: World, outsider: Outsider
) -> None:
    spent = outsider.saved()["refresh_token"]
    world.amo.tokens.expire_access()
    assert (await outsider.do("get_account"))["id"] == world.amo.config.account_id
    assert outsider.saved()["refresh_token"] != spent
    world.amo.tokens.revoke()
    with pytest.raises(AuthenticationError, match="401"):
        await outsider.do("get_account")


async def test_cards_notes_and_links_are_written(world: World, outsider: Outsider) -> None:
    contact = await outsider.do("create_contact", {"name": "Извне"})
    lead = await outsider.do("create_lead", {"name": "Сделка извне", "price": 100})
    await outsider.do("link_entity", "leads", lead["id"], contact["id"], "contacts")
    links = await outsider.do("get_entity_links", "leads", lead["id"])
    assert [link["to_entity_id"] for link in links] == [contact["id"]]
    note = {"text": "Перезвонить"}
    await outsider.do("add_entity_note", "leads", lead["id"], "common", note)
    notes = await outsider.do("get_deal_notes", lead["id"])
    assert [note["params"]["text"] for note in notes] == ["Перезвонить"]
    await outsider.do("update_lead", lead["id"], {"price": 300})
    assert world.amo.world.leads[lead["id"]]["price"] == 300
    assert lead["id"] in await outsider.ids("fetch_leads")


async def test_a_refusal_and_throttling_are_told_apart(world: World, outsider: Outsider) -> None:
    with pytest.raises(APIError) as refused:
        await outsider.do("create_contacts", [{"name": 5}])
    assert refused.value.status_code == 400
    world.amo.faults.add(Fault(kind="throttle", seconds=0, times=2))
    assert (await outsider.do("get_account"))["subdomain"] == "demo"
    world.amo.faults.add(Fault(kind="throttle", seconds=0, times=3))
    with pytest.raises(RateLimitError) as throttled:
        await outsider.do("get_account")
    assert throttled.value.retry_after == "0"


async def test_it_will_not_talk_to_a_host_that_is_not_the_vendors(outsider: Outsider) -> None:
    with pytest.raises(ValueError, match="official"):
        AmoCRMClient("https://demo.amo.test", token_file=str(outsider.file))
