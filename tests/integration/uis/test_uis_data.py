"""Recordings, statuses and checks: what comes over Data API."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from backend.bootstrap.uis import addresses
from backend.errors import SwitchRefused
from backend.kit import audio
from backend.services.ports import LegMoved, Towards
from backend.telephony.uis import UisRecordings, UisStatuses
from protocol.vocabulary import AgentStatus, CallId, LegState
from tests.integration.uis.world import ANNA, CALLER, TOKEN, World, world


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
