"""From a ringing phone to the audio in the portal, with nothing in between replaced."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from backend.demo.cast import SEVER
from backend.sandbox.bitrix24 import download
from backend.store.gateways import SqlHistory
from tests.integration.house.single import single
from tests.integration.house.town import CUSTOMER, ILYA, ORIGIN, eventually

TALK_S = 2


@pytest.mark.slow
@pytest.mark.feature("B20")
@pytest.mark.feature("T")
async def test_a_talk_is_heard_in_the_portal_and_in_the_history(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with single(database_url, tmp_path) as house:

        def reachable(address: str) -> tuple[httpx.URL, dict[str, str]]:
            """The portal's resolver knows our public name."""
            url = httpx.URL(address)
            assert str(url).startswith(ORIGIN), "asked for by the public address"
            here = {"scheme": "http", "host": "127.0.0.1", "port": house.port}
            return url.copy_with(**here), {"Host": url.netloc.decode()}

        monkeypatch.setattr(download, "reachable", reachable)
        caller = house.switch.place_call(CUSTOMER, SEVER.virtual_number)
        phone = house.switch.phone(ILYA)
        await eventually(lambda: phone.device_state() == "RINGING")
        phone.pickup()
        await eventually(lambda: house.switch.media.live)
        (name,) = house.switch.media.live
        recording = house.switch.media.live[name]
        await eventually(lambda: recording.hears.voices == 2)
        began = house.switch.clock.monotonic()
        await eventually(lambda: house.switch.clock.monotonic() - began > TALK_S)
        caller.hang_up()
        records = house.portal.telephony.records
        await eventually(lambda: records, within_s=20)
        ((file_name, content),) = records.values()
        assert file_name.endswith(".mp3")
        await eventually(lambda: not house.switch.media.stored)
        history = SqlHistory(house.base.database, house.base.secrets, house.http)
        page = await history.page(SEVER.account_id, ILYA, before=None, limit=5)
        (entry,) = page.entries
        assert (entry.crm, entry.recording) == ("written", "ready")
        assert entry.recording_url is not None
        async with httpx.AsyncClient() as player:
            played = await player.get(entry.recording_url)
            assert played.content == content
            part = await player.get(entry.recording_url, headers={"Range": "bytes=-10"})
        assert (part.status_code, part.content) == (206, content[-10:])
