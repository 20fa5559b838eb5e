"""Recordings, statuses and checks: what comes over Data API."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from backend.bootstrap import uis_check
from backend.bootstrap.uis import addresses, credentials
from backend.domain.scenario import Device, Scenario, Step
from backend.errors import SwitchRefused
from backend.kit import audio
from backend.kit.clock import SystemClock
from backend.sandbox.uis import create_cloud
from backend.services.ports import LegMoved, Towards
from backend.services.routing import AccountRoute, EmployeeRoute, VirtualNumber
from backend.settings import Settings
from backend.store.switches import SwitchConnection
from backend.telephony.uis import UisRecordings, UisStatuses
from protocol.vocabulary import AccountId, AgentStatus, CallId, EmployeeId, LegState
from tests.integration.house.single import serving
from tests.integration.uis.world import ANNA, CALLER, CONFIG, TOKEN, World, world


def recordings(made: World) -> UisRecordings:
    return UisRecordings(
        "http://cloud.test/v2.0",
        TOKEN,
        clock=made.clock,
        identity="test",
        media_url="http://cloud.test/system/media",
        transport=httpx.ASGITransport(made.app),
    )


async def test_a_recording_is_found_by_the_call_it_is_of(tmp_path: Path) -> None:
    async with world() as made:
        files, file = recordings(made), tmp_path / "talk.wav"
        call_id, _ = await made.talking()
        name = f"dozvon-acme-{call_id}"
        assert not await files.fetch(name, file), "not before it is over"
        await made.clock.advance(7)
        made.cloud.hang_up(CALLER)
        assert await files.fetch(name, file)
        assert audio.seconds(file) == 7
        await files.forget(name)
        await files.aclose()


async def test_of_a_call_placed_here_the_file_is_found_by_our_own_id(tmp_path: Path) -> None:
    async with world() as made:
        files, file = recordings(made), tmp_path / "talk.wav"
        call_id = CallId("c0ffee")
        to = Towards(endpoint="UIS/+79161230905", shown="+74951234567")
        leg = await made.ring(call_id, towards=to)
        await made.heard.until(LegMoved, leg_id=leg, state=LegState.RINGING)
        made.cloud.pick_up(ANNA)
        await made.heard.until(LegMoved, leg_id=leg, state=LegState.UP)
        await made.clock.advance(5)
        made.cloud.hang_up(ANNA)
        assert await files.fetch(f"dozvon-acme-{call_id}", file)
        assert not await files.fetch("dozvon-acme-another", file)
        await files.aclose()


async def test_statuses_are_ours_and_own_ones_of_the_cloud_are_left_alone() -> None:
    async with world() as made:
        engine = UisStatuses(
            "http://cloud.test/v2.0", TOKEN, transport=httpx.ASGITransport(made.app)
        )
        made.cloud.statuses |= {11: 2, 12: 90}
        assert await engine.statuses() == {11: AgentStatus.BREAK, 13: AgentStatus.AVAILABLE}
        await engine.set_status(12, AgentStatus.OFF_WORK)
        assert made.cloud.statuses[12] == 5
        await engine.aclose()


async def test_a_key_that_is_wrong_is_refused_by_name() -> None:
    async with world() as made:
        engine = UisStatuses(
            "http://cloud.test/v2.0", "old", transport=httpx.ASGITransport(made.app)
        )
        with pytest.raises(SwitchRefused) as caught:
            await engine.statuses()
        assert caught.value.data["mnemonic"] == "access_token_invalid"
        await engine.aclose()


def test_the_addresses_of_data_api_and_files_follow_from_call_api() -> None:
    real = addresses("https://callapi.uiscom.ru/v4.0")
    assert (real.call, real.data) == (
        "https://callapi.uiscom.ru/v4.0",
        "https://dataapi.uiscom.ru/v2.0",
    )
    assert real.media.startswith("https://app.comagic.ru/")
    assert addresses("http://127.0.0.1:9/v4.0").data == "http://127.0.0.1:9/v2.0"


def test_doctor_names_lines_the_cloud_cannot_ring() -> None:
    def person(name: str, endpoint: str) -> EmployeeRoute:
        device = Device(priority=1, kind="sip", endpoint=endpoint, label="")
        return EmployeeRoute(
            employee_id=EmployeeId(name), name=name, extension=None, devices=(device,)
        )

    people = (person("a", "UIS/11:0700101"), person("b", "UIS/12"), person("c", "PJSIP/103"))
    scenario = Scenario(name="Sales", steps=(Step(employees=(EmployeeId("a"),)),))
    number = VirtualNumber(number="+74951234567", name=None, scenario=scenario)
    route = AccountRoute(
        account_id=AccountId("acme"),
        slug="acme",
        connection_id="uis",
        virtual_numbers=(number,),
        employees={one.employee_id: one for one in people},
    )
    assert [finding.text.split(":")[1].strip() for finding in uis_check.lines(route)] == ["b", "c"]
    without = replace(route, virtual_numbers=(replace(number, scenario=None),))
    assert [f.text.split(":")[1].strip() for f in uis_check.lines(without)] == ["c"]


async def test_doctor_says_what_is_wrong_with_either_api() -> None:
    settings = Settings(public_url="https://phone.example.ru")
    app = create_cloud(replace(CONFIG, notify_url="", question_url=""), SystemClock())
    async with serving(app) as port:
        connection = SwitchConnection(
            id="uis",
            kind="uis",
            url=f"http://127.0.0.1:{port}/v4.0",
            app="",
            credentials=credentials("0123456789abcdef", TOKEN),
        )
        good = await uis_check.check(connection, settings)
        assert [finding.ok for finding in good] == [True, True]
        assert "points a minute" in good[0].text
        app.state.call_api.refuse = "ip_not_whitelisted"
        refused, *_ = await uis_check.check(connection, settings)
        assert not refused.ok
        assert "address of this server" in refused.text
        wrong = replace(connection, credentials=":old")
        findings = await uis_check.check(wrong, settings)
        assert [finding.ok for finding in findings] == [False, False, False]
        local = await uis_check.check(connection, Settings())
        assert "https" in local[-1].text
    await app.state.cloud.close()
