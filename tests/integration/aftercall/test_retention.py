"""Audio's time is over: the file is gone, its address says so, and the history says so too."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from backend.api.recordings import RecordingsApi
from backend.kit.clock import ManualClock
from backend.kit.secrets_box import SecretsBox
from backend.sandbox.ari.sound import Part, wav
from backend.services.recordings import RecordingLinks, Recordings
from backend.store.audio_disk import DiskAudio
from backend.store.calls import CallStore
from backend.store.database import Database
from backend.store.gateways import SqlHistory, SqlRecordings
from backend.store.recordings import RecordingStore
from protocol.vocabulary import CallId, EmployeeId
from tests.integration.aftercall.rig import Files
from tests.integration.conftest import ALPHA
from tests.integration.store.test_call_journal import finished

SECRETS = SecretsBox({"k1": bytes(32)})
BASE = "http://dozvon.test"


@pytest.mark.feature("T")
async def test_what_is_kept_no_longer_is_gone_for_everybody_who_had_it(
    database: Database, tmp_path: Path
) -> None:
    clock, rows = ManualClock(datetime.now(UTC)), SqlRecordings(database, SECRETS)
    storage, links = DiskAudio(tmp_path / "audio"), RecordingLinks(rows, BASE)
    kept = Recordings(
        rows=rows,
        storage=storage,
        switches=lambda _connection: Files({"n": wav([Part(1, "talk", 2)])}),
        clock=clock,
        directory=tmp_path / "incoming",
    )
    history = SqlHistory(database, SECRETS, BASE)

    async def told() -> tuple[str, str | None]:
        page = await history.page(ALPHA, EmployeeId("e1"), before=None, limit=5)
        return page.entries[0].recording, page.entries[0].recording_url

    async with database.begin(ALPHA) as tx:
        await CallStore(tx).finish(finished("c1"))
        recording = await RecordingStore(tx, SECRETS).expect(
            ALPHA, CallId("c1"), connection_id="switch-1", name="n"
        )
    assert recording is not None
    await kept.fetch(ALPHA, recording)
    url = await links.url(ALPHA, recording)
    assert await told() == ("ready", url)
    app = Starlette(routes=RecordingsApi(links, storage).routes())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as http:
        assert (await http.get(url)).status_code == 200
        await clock.advance(86_400 * 30 + 3600)
        assert await kept.prune(ALPHA, keep=timedelta(days=30)) == 1
        assert (await http.get(url)).status_code == 410
    assert list((tmp_path / "audio").rglob("*.mp3")) == []
    assert await told() == ("gone", None)
