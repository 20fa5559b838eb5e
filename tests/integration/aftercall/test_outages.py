"""Hours without the CRM: the real retry decisions, each job at the moment it was put off to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from backend.sandbox.amocrm import Fault
from backend.store.database import Database
from tests.connectors.rigs import AmoRig, PortalRig
from tests.integration.aftercall.rig import House, ended, house


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


async def test_a_silence_of_a_day_is_not_waited_out(home: House) -> None:
    """What a proxy writes into Retry-After is capped: six hours is the longest a job sleeps."""
    if not isinstance(home.rig, AmoRig):
        pytest.skip("a portal names no time")
    home.rig.amo.faults.add(Fault("throttle", seconds=86_400, times=1))
    await home.end(ended())
    await home.wait(hours=7)
    assert home.crm.entries("c1") == [("answered", True)]
