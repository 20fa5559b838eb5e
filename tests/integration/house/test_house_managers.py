"""A customer's own manager over a real portal: rung first; changed there, the next call knows."""

from __future__ import annotations

from pathlib import Path

import pytest

from backend.services.crm_events import CrmEvent
from backend.services.routing import ROUTING_TOPIC
from backend.store.gateways import SqlHistory
from backend.store.routing import RoutingStore, StoredScenario
from protocol.pushes import HistoryEntry
from protocol.vocabulary import EmployeeId, StepReason
from tests.integration.house.single import Single, single
from tests.integration.house.town import ILYA, SEVER, VERA, eventually

CUSTOMER = "79161234501"
"""A contact of the data set."""


async def _scenario(house: Single, *steps: dict[str, object]) -> None:
    """The virtual number's scenario becomes these steps."""
    async with house.base.database.begin(SEVER.account_id) as tx:
        store = RoutingStore(tx)
        routing = await store.load(SEVER.account_id)
        assert routing is not None
        (known,) = routing.scenarios
        changed = StoredScenario(id=known.id, name=known.name, steps=steps)
        await store.save_scenario(SEVER.account_id, changed)
    before = house.worker.routing.account(SEVER.account_id)
    await house.base.bus.wake(ROUTING_TOPIC, SEVER.account_id.encode())
    await eventually(lambda: house.worker.routing.account(SEVER.account_id) != before)


def _responsible(house: Single, user_id: int) -> str:
    """Give the customer's contact to this user; its id."""
    for kind, row in house.portal.store.by_phone(f"+{CUSTOMER}"):
        if kind == "CONTACT":
            row["ASSIGNED_BY_ID"] = str(user_id)
            house.portal.store.get(kind, int(row["ID"]))["ASSIGNED_BY_ID"] = str(user_id)
            return str(row["ID"])
    raise AssertionError("the customer has no contact")


async def _calls(house: Single, who: EmployeeId) -> HistoryEntry:
    """One call, rung at `who` alone, to its end; as his history has it."""
    seen = await _entries(house, who)
    caller = house.switch.place_call(CUSTOMER, SEVER.virtual_number)
    phone = house.switch.phone(who)
    await eventually(lambda: phone.device_state() == "RINGING")
    others = [ILYA, VERA]
    others.remove(who)
    assert house.switch.phone(others[0]).device_state() == "NOT_INUSE"
    phone.pickup()
    await eventually(lambda: phone.device_state() == "INUSE")
    caller.hang_up()
    found: list[HistoryEntry] = []

    for _ in range(200):
        found = await _entries(house, who)
        if len(found) > len(seen):
            break
        await house.base.clock.sleep(0.05)
    return found[0]


async def _entries(house: Single, who: EmployeeId) -> list[HistoryEntry]:
    history = SqlHistory(house.base.database)
    return (await history.page(SEVER.account_id, who, before=None, limit=20)).entries


@pytest.mark.slow
@pytest.mark.feature("B13")
async def test_the_portal_s_manager_is_rung_and_a_change_over_there_counts_at_once(
    database_url: str, tmp_path: Path
) -> None:
    async with single(database_url, tmp_path) as house:
        users = house.worker.accounts.crm_users
        await _scenario(house, {"manager": {"wait_s": 5}}, {"employees": [ILYA]})
        contact = _responsible(house, int(users[SEVER.account_id][VERA]))
        entry = await _calls(house, VERA)
        (note,) = entry.notes
        assert (note.step, note.reason) == (1, None)
        assert note.manager is not None
        assert note.manager.employee_id == VERA
        # Kept for six hours; the portal's event ends that.
        _responsible(house, int(users[SEVER.account_id][ILYA]))
        await house.web.inbox.receive(
            CrmEvent(
                account_id=SEVER.account_id,
                source="bitrix24",
                event="ONCRMCONTACTUPDATE",
                external_id="changed",
                received_at=house.clock.now(),
                body={"data": {"FIELDS": {"ID": contact}}, "user_id": ""},
            )
        )
        for _ in range(200):
            async with house.base.database.begin(SEVER.account_id) as tx:
                left = await tx.exec_driver_sql("select count(*) from manager_answers")
                if left.scalar_one() == 0:
                    break
            await house.base.clock.sleep(0.05)
        entry = await _calls(house, ILYA)
        assert entry.notes[0].manager is not None
        assert entry.notes[0].manager.employee_id == ILYA


@pytest.mark.slow
@pytest.mark.feature("B13")
async def test_a_portal_that_is_down_costs_the_caller_no_more_than_the_wait(
    database_url: str, tmp_path: Path
) -> None:
    async with single(database_url, tmp_path) as house:
        await _scenario(house, {"manager": {"wait_s": 1}}, {"employees": [ILYA]})
        house.portal.faults.crm_down = True
        entry = await _calls(house, ILYA)
        (note,) = entry.notes
        assert note.reason in (StepReason.CRM_FAILED, StepReason.LATE)
