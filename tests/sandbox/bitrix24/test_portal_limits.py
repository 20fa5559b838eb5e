"""Operating time of batches, the source key of the offline queue."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from backend.kit.clock import ManualClock
    from backend.sandbox.bitrix24 import Portal
    from tests.sandbox.bitrix24.conftest import Client


async def _slowly(client: Client, clock: ManualClock, seconds: float, name: str, body: Any) -> Any:
    """The result of a call during which the clock moves on."""
    waiting = asyncio.create_task(client.raw(name, body))
    await clock.advance(seconds)
    return (await waiting).json()


@pytest.mark.parametrize(("to_itself", "blocked"), [(False, "user.get"), (True, "batch")])
async def test_a_batch_is_charged_to_its_methods_or_to_itself(
    client: Client, portal: Portal, clock: ManualClock, to_itself: bool, blocked: str
) -> None:
    portal.config.operating_counts_batch = to_itself
    portal.operating.limit_s = 10
    portal.faults.update({"slow_s": {"user.get": 12}})
    batch = {"cmd": {"people": "user.get?FILTER[ID]=1"}}
    first = await _slowly(client, clock, 12, "batch", batch)
    # The call that crosses the limit is still answered.
    assert first["result"]["result"]["people"][0]["ID"] == "1"
    portal.faults.clear()
    assert (await client.refused(blocked, batch))[:2] == (429, "OPERATION_TIME_LIMIT")
    free = "batch" if blocked == "user.get" else "user.get"
    other = (await client.raw(free, batch)).json()
    assert "error" not in other


async def test_a_cloud_gives_up_on_a_request_after_a_minute(
    client: Client, portal: Portal, clock: ManualClock
) -> None:
    portal.faults.update({"slow_s": {"profile": 90}})
    waiting = asyncio.create_task(client.raw("profile"))
    await clock.advance(60)
    answer = await waiting
    assert (answer.status_code, answer.headers["content-type"][:9]) == (504, "text/html")
    portal.config.on_premise = True
    waiting = asyncio.create_task(client.raw("profile"))
    await clock.advance(60)
    assert not waiting.done()
    await clock.advance(30)
    assert (await waiting).status_code == 200


async def test_own_writes_stay_out_of_the_queue_of_their_connector(client: Client) -> None:
    await client.call(
        "event.bind",
        {"event": "ONCRMDEALUPDATE", "event_type": "offline", "auth_connector": "dozvon"},
    )
    own = {"id": 1, "fields": {"TITLE": "наше"}, "auth_connector": "dozvon"}
    await client.call("crm.deal.update", own)
    await client.call("crm.deal.update", {"id": 2, "fields": {"TITLE": "чужое"}})
    mine = {"auth_connector": "dozvon", "clear": 0}
    held = await client.call("event.offline.get", mine)
    assert [row["EVENT_DATA"]["FIELDS"]["ID"] for row in held["events"]] == ["2"]
    assert (await client.call("event.offline.get", {"auth_connector": "other"}))["events"] == []
