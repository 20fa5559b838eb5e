"""Hours without the CRM: the real retry decisions, each job at the moment it was put off to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from backend.sandbox.amocrm import Fault
from backend.services import call_records
from backend.store.calls import CallStore
from backend.store.crm_calls import HELD_S, CrmCallStore
from backend.store.database import Database
from protocol.vocabulary import CallId
from tests.connectors.rigs import AmoRig, PortalRig
from tests.integration.aftercall.rig import STRANGER, House, ended, house
from tests.integration.conftest import ALPHA


@pytest.fixture(params=["amocrm", "bitrix24"])
async def home(
    request: pytest.FixtureRequest,
    database: Database,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[House]:
    async with house(request.param, database, database_url, tmp_path, monkeypatch) as made:
        yield made


AMOCRM = pytest.mark.parametrize("home", ["amocrm"], indirect=True)
"""A portal names no time, and calls of one number go by a lock of the queue there."""


def _gateway_page(rig: PortalRig | AmoRig) -> None:
    if isinstance(rig, PortalRig):
        rig.portal.faults.html_502 = 10**6
    else:
        rig.amo.faults.add(Fault("html", status=502))


def _down(rig: PortalRig | AmoRig) -> None:
    if isinstance(rig, PortalRig):
        rig.portal.faults.crm_down = True
    else:
        rig.amo.faults.down = True


def _too_many(rig: PortalRig | AmoRig) -> None:
    if isinstance(rig, PortalRig):
        rig.portal.faults.bucket_full = True
    else:
        rig.amo.faults.add(Fault("throttle", seconds=1))


def _out_of_time(rig: PortalRig | AmoRig) -> None:
    """429 of a method, or the page of a blocked address."""
    if isinstance(rig, PortalRig):
        rig.portal.faults.blocked_methods = {
            "telephony.externalcall.register",
            "telephony.externalcall.finish",
        }
    else:
        rig.amo.faults.add(Fault("block"))


@pytest.mark.feature("A12")
@pytest.mark.parametrize("trouble", [_gateway_page, _down, _too_many, _out_of_time])
async def test_hours_of_one_answer_park_nothing(home: House, trouble: object) -> None:
    assert callable(trouble)
    trouble(home.rig)
    await home.end(ended())
    await home.wait(hours=10)
    assert home.crm.entries("c1") == []
    waiting, parked = await home.jobs.counts()
    assert (waiting > 0, parked) == (True, 0)
    home.rig.reset()
    (home.rig.portal if isinstance(home.rig, PortalRig) else home.rig.amo).faults.clear()
    await home.settle()
    assert home.crm.entries("c1") == [("answered", True)]
    assert await home.jobs.counts() == (0, 0)


@AMOCRM
async def test_a_silence_of_a_day_is_not_waited_out(home: House) -> None:
    """What a proxy writes into Retry-After is capped: six hours is the longest a job sleeps."""
    assert isinstance(home.rig, AmoRig)
    home.rig.amo.faults.add(Fault("throttle", seconds=86_400, times=1))
    await home.end(ended())
    await home.wait(hours=7)
    assert home.crm.entries("c1") == [("answered", True)]


@AMOCRM
async def test_a_killed_writer_keeps_the_next_call_of_the_number_waiting_and_parks_nothing(
    home: House,
) -> None:
    """Its mark lasts two minutes, the next call looks every few seconds: none of that is a try."""
    assert isinstance(home.rig, AmoRig)
    async with home.database.begin(ALPHA) as tx:
        await CallStore(tx).finish(ended("c0", number=STRANGER))
        await CrmCallStore(tx).take(ALPHA, CallId("c0"), "amocrm", STRANGER)
    await home.end(ended("c1", number=STRANGER))
    for _ in range(30):
        await home.wait(hours=3 / 3600)
        assert home.crm.entries("c1") == []
    waiting, parked = await home.jobs.counts()
    assert (waiting > 0, parked) == (True, 0)
    await home.wait(hours=0.1)
    assert home.crm.entries("c1") == [("answered", True)]
    assert await home.jobs.counts() == (0, 0)


@AMOCRM
async def test_a_try_that_never_ends_gives_up_before_its_mark_does(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the next call of the same stranger is written beside it, and makes a second record."""
    assert isinstance(home.rig, AmoRig)
    assert call_records.WRITE_WITHIN_S + 20 < HELD_S
    home.after.records._within_s = 0.05
    real = home.rig.source.client.send

    async def hangs(*args: object, **kwargs: object) -> None:
        await asyncio.sleep(10)

    monkeypatch.setattr(home.rig.source.client, "send", hangs)
    await home.end(ended(number=STRANGER))
    await home.work()
    entry = await home.history()
    assert (entry.crm, entry.crm_reason) == ("waiting", "unavailable")
    monkeypatch.setattr(home.rig.source.client, "send", real)
    home.after.records._within_s = call_records.WRITE_WITHIN_S
    await home.settle()
    assert home.crm.entries("c1") == [("answered", True)]
