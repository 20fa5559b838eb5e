"""A customer to be called back is a task in the CRM: one suite over every CRM."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from backend.domain.account_settings import CrmSettings
from backend.services.ports import CallbackWanted, FinishedCall
from backend.store.account_settings import AccountSettingsStore
from backend.store.callbacks import CallbackStore
from backend.store.database import Database
from protocol.vocabulary import CallbackReason, CallId
from tests.connectors.rigs import PortalRig
from tests.integration.aftercall.rig import ANNA, ILYA, KNOWN, STRANGER, House, ended, house
from tests.integration.conftest import ALPHA

pytestmark = pytest.mark.feature("T")


@pytest.fixture(params=["bitrix24", "amocrm"])
async def home(
    request: pytest.FixtureRequest,
    database: Database,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[House]:
    async with house(request.param, database, database_url, tmp_path, monkeypatch) as made:
        yield made


def wanted(
    reason: CallbackReason = CallbackReason.ASKED, *, call: str = "c1", number: str = KNOWN
) -> FinishedCall:
    outcome = "answered" if reason is CallbackReason.LOST else "lost"
    return replace(
        ended(call, outcome=outcome, number=number),
        wanted=CallbackWanted(reason=reason),
        wanted_by=(ILYA, ANNA),
    )


def tasks(home: House) -> list[dict[str, Any]]:
    """Text, whose it is, what it stands with and whether it is done, of each task of ours."""
    rig = home.rig
    if isinstance(rig, PortalRig):
        return [
            {
                "text": f"{row['SUBJECT']}\n{row['DESCRIPTION']}",
                "user": row["RESPONSIBLE_ID"],
                "with": (int(row["OWNER_TYPE_ID"]), int(row["OWNER_ID"])),
                "done": row.get("COMPLETED") == "Y",
            }
            for row in rig.portal.store.rows("ACTIVITY")
            if row.get("PROVIDER_ID") == "CRM_TODO" and ", звонок " in row["SUBJECT"]
        ]
    return [
        {
            "text": row["text"],
            "user": str(row["responsible_user_id"]),
            "with": (row["entity_type"], row["entity_id"]),
            "done": row["is_completed"],
        }
        for row in rig.amo.world.tasks.values()
        if ", звонок " in row["text"]
    ]


def lose(home: House, times: int) -> None:
    home.lossy.word = "todo.add" if isinstance(home.rig, PortalRig) else "/tasks"
    home.lossy.times = times


async def open_tasks(home: House) -> list[Any]:
    async with home.database.begin(ALPHA) as tx:
        return list(await CallbackStore(tx).open(ALPHA))


async def crm_of(home: House, call: str = "c1") -> Any:
    async with home.database.begin(ALPHA) as tx:
        found = await CallbackStore(tx).find(ALPHA, CallId(call))
    assert found is not None
    return found[0].crm


async def test_who_waits_is_a_task_with_his_card_until_somebody_called_back(home: House) -> None:
    await home.end(wanted())
    await home.settle()
    (task,) = tasks(home)
    assert KNOWN in task["text"]
    assert "обещали перезвонить" in task["text"]
    assert task["with"][1], "it stands with whoever has the number"
    assert not task["done"]
    assert (await crm_of(home)).state == "written"

    await home.end(replace(ended("c2"), direction="outbound", ended_at=datetime.now(UTC)))
    await home.settle()
    (task,) = tasks(home)
    assert task["done"]
    assert (await crm_of(home)).state == "closed"
    assert await open_tasks(home) == []


async def test_a_broken_talk_is_his_who_had_it_and_a_lost_answer_makes_no_second_task(
    home: House,
) -> None:
    lose(home, 1)
    await home.end(wanted(CallbackReason.LOST))
    await home.work()
    assert (await crm_of(home)).trouble == "unavailable"
    assert len(tasks(home)) == 1
    await home.settle()
    (task,) = tasks(home)
    assert (task["user"], "прервался" in task["text"]) == ("1", True)
    assert (await crm_of(home)).state == "written"


async def test_a_crm_that_is_down_is_told_when_it_is_back_and_people_see_it_meanwhile(
    home: House,
) -> None:
    home.crm.down(on=True)
    await home.end(wanted())
    await home.work()
    told = await crm_of(home)
    assert (told.state, told.trouble) == ("waiting", "unavailable")
    home.crm.down(on=False)
    await home.settle()
    assert len(tasks(home)) == 1
    told = await crm_of(home)
    assert (told.state, told.trouble) == ("written", None)


async def test_who_was_called_back_before_the_crm_heard_of_it_leaves_nothing(home: House) -> None:
    home.crm.down(on=True)
    await home.end(wanted())
    await home.work()
    talk = ended("c2")
    await home.end(replace(talk, ended_at=talk.ended_at + timedelta(seconds=1)))
    home.crm.down(on=False)
    await home.settle()
    assert tasks(home) == []
    assert (await crm_of(home)).state == "dropped"


async def test_an_account_that_does_not_want_them_has_none(home: House) -> None:
    async with home.database.begin(ALPHA) as tx:
        await AccountSettingsStore(tx).save(ALPHA, CrmSettings(callback_tasks=False), by="test")
    await home.end(wanted())
    await home.settle()
    assert tasks(home) == []
    assert await crm_of(home) is None
    assert len(await open_tasks(home)) == 1, "people here are told all the same"


async def test_a_stranger_is_told_of_without_a_card_and_a_hidden_number_cannot_be(
    home: House,
) -> None:
    await home.end(wanted(CallbackReason.LOST, number=STRANGER))
    await home.end(wanted(call="c2", number=""))
    await home.settle()
    told = await crm_of(home)
    assert told.state == "written"
    if isinstance(home.rig, PortalRig):
        assert told.ref == "notice:1"
        assert tasks(home) == []
    else:
        (task,) = tasks(home)
        assert (task["with"], task["user"]) == ((None, None), "1")
    hidden = await crm_of(home, "c2")
    assert (hidden.state, hidden.trouble) == ("refused", "withheld")
    assert await home.jobs.parked() == []
