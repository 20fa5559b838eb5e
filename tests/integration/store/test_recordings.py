"""Recordings: one row per name, no way from one account into another's, deleted in time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from backend.errors import NotFound, SwitchUnavailable
from backend.kit.clock import ManualClock
from backend.kit.secrets_box import SecretsBox
from backend.sandbox.ari.sound import Part, wav
from backend.services.recordings import RecordingLinks, Recordings
from backend.store.audio_disk import DiskAudio
from backend.store.calls import CallStore
from backend.store.database import Database
from backend.store.gateways import SqlHistory, SqlRecordings
from backend.store.recordings import RecordingStore
from protocol.vocabulary import AccountId, CallId, EmployeeId
from tests.integration.aftercall.rig import Files
from tests.integration.conftest import ALPHA, BETA
from tests.integration.store.test_call_journal import finished

SECRETS = SecretsBox({"k1": bytes(32)})
C1 = CallId("c1")


async def _expect(database: Database, account_id: AccountId = ALPHA, name: str = "n") -> str | None:
    async with database.begin(account_id) as tx:
        return await RecordingStore(tx, SECRETS).expect(
            account_id, C1, connection_id="switch-1", name=name
        )


async def test_a_recording_is_expected_once(database: Database) -> None:
    assert await _expect(database) is not None
    assert await _expect(database) is None
    assert await _expect(database, name="another") is not None
    assert await _expect(database, BETA) is not None, "names are an account's own"


async def test_a_link_stays_the_same_and_opens_in_its_account_alone(database: Database) -> None:
    recording = await _expect(database)
    assert recording is not None
    links = RecordingLinks(SqlRecordings(database, SECRETS), "https://dozvon.example/")
    url = await links.url(ALPHA, recording)
    assert url == await links.url(ALPHA, recording)
    token = url.removeprefix("https://dozvon.example/recordings/")
    assert (await links.named(token)).id == recording
    account, _, rest = token.partition(".")
    assert account == ALPHA
    for wrong in (f"beta.{rest}", f"al/pha.{rest}", token + "x", token[:-1], f"{ALPHA}..", ""):
        with pytest.raises(NotFound):
            await links.named(wrong)
    with pytest.raises(NotFound):
        await links.url(BETA, recording)


async def test_the_secret_is_nowhere_in_the_clear(database: Database) -> None:
    recording = await _expect(database)
    assert recording is not None
    links = RecordingLinks(SqlRecordings(database, SECRETS), "")
    secret = (await links.url(ALPHA, recording)).rpartition(".")[2]
    async with database.begin(ALPHA) as tx:
        rows = (await tx.execute(text("select * from recordings"))).mappings().all()
    assert secret.encode() not in repr(rows).encode()


async def test_a_key_that_was_dropped_costs_the_address_and_no_more(database: Database) -> None:
    async with database.begin(ALPHA) as tx:
        await CallStore(tx).finish(finished("c1"))
    await _expect(database)
    other = SecretsBox({"k2": bytes(32)})
    history = SqlHistory(database, other, "https://dozvon.example")
    page = await history.page(ALPHA, EmployeeId("e1"), before=None, limit=5)
    assert [(entry.recording, entry.recording_url) for entry in page.entries] == [("waiting", None)]


async def test_audio_is_deleted_in_time_and_the_row_says_so(
    database: Database, tmp_path: Path
) -> None:
    files = Files({"n": wav([Part(1, "talk", 2)])})
    clock = ManualClock(datetime.now(UTC))
    rows = SqlRecordings(database, SECRETS)
    kept = Recordings(
        rows=rows,
        storage=DiskAudio(tmp_path / "audio"),
        switches=lambda _connection: files,
        clock=clock,
        directory=tmp_path / "incoming",
    )
    recording = await _expect(database)
    assert recording is not None
    await kept.fetch(ALPHA, recording)
    await kept.fetch(ALPHA, recording)
    (file,) = (tmp_path / "audio").rglob("*.mp3")
    assert list((tmp_path / "incoming").iterdir()) == [], "nothing is left on the way"
    left = tmp_path / "incoming" / "of-a-killed-process"
    left.mkdir()
    kept.sweep()
    assert left.exists()
    await clock.advance(86_400 * 30)
    kept.sweep()
    assert not left.exists()
    assert await kept.prune(ALPHA, keep=timedelta(days=31)) == 0
    assert await kept.prune(BETA, keep=timedelta(days=1)) == 0
    assert await kept.prune(ALPHA, keep=timedelta(days=29)) == 1
    assert not file.exists()
    row = await rows.find(ALPHA, recording)
    assert row is not None
    assert row.state == "deleted"


async def test_what_never_comes_is_given_up_in_the_end_with_the_reason(
    database: Database, tmp_path: Path
) -> None:
    clock = ManualClock(datetime.now(UTC))
    rows = SqlRecordings(database, SECRETS)
    kept = Recordings(
        rows=rows,
        storage=DiskAudio(tmp_path / "audio"),
        switches=lambda _connection: Files(),
        clock=clock,
        directory=tmp_path / "incoming",
    )
    recording = await _expect(database)
    assert recording is not None
    with pytest.raises(SwitchUnavailable):
        await kept.fetch(ALPHA, recording)
    row = await rows.find(ALPHA, recording)
    assert row is not None
    assert (row.state, row.reason) == ("expected", "the switch has no such file")
    await clock.advance(86_400 * 3)
    with pytest.raises(NotFound):
        await kept.fetch(ALPHA, recording)
    row = await rows.find(ALPHA, recording)
    assert row is not None
    assert row.state == "failed"
