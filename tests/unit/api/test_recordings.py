"""Recordings are played, sought in and fetched by whoever has the link, and by nobody else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from backend.api.recordings import RecordingsApi
from backend.errors import NotFound
from backend.services.ports import RecordingRow
from backend.services.recordings import RecordingLinks
from backend.store.audio_disk import DiskAudio
from protocol.vocabulary import AccountId, CallId

AUDIO = bytes(range(256)) * 4
ROW = RecordingRow(
    account_id=AccountId("alpha"),
    id="r1",
    call_id=CallId("c1"),
    connection_id="switch-1",
    name="dozvon-alpha-c1",
    state="stored",
    began_at=datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
    key="alpha/2026-03/r1.mp3",
    content_type="audio/mpeg",
    size=len(AUDIO),
    etag="abc",
)


class Rows:
    """One recording with its secret."""

    def __init__(self) -> None:
        self.row = ROW

    async def link_secret(self, account_id: AccountId, recording_id: str) -> str:
        if (account_id, recording_id) != (self.row.account_id, self.row.id):
            raise NotFound("no such recording")
        return "s3cret"

    async def with_secret(
        self, account_id: AccountId, recording_id: str, secret: str
    ) -> RecordingRow | None:
        given = (account_id, recording_id, secret)
        return self.row if given == (self.row.account_id, self.row.id, "s3cret") else None


class Player:
    def __init__(self, rows: Rows, storage: DiskAudio) -> None:
        self.rows, self.storage = rows, storage
        self.links = RecordingLinks(rows, "http://dozvon.test")  # type: ignore[arg-type]
        api = RecordingsApi(self.links, storage)
        transport = httpx.ASGITransport(Starlette(routes=api.routes()))
        self.http = httpx.AsyncClient(transport=transport)

    async def get(self, method: str = "GET", **headers: str) -> httpx.Response:
        url = await self.links.url(ROW.account_id, ROW.id)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.http.request(method, url, headers=named)


@pytest.fixture
async def player(tmp_path: Path) -> AsyncIterator[Player]:
    source = tmp_path / "source"
    source.write_bytes(AUDIO)
    storage = DiskAudio(tmp_path / "recordings")
    await storage.put(ROW.key, source, "audio/mpeg")
    made = Player(Rows(), storage)
    yield made
    await made.http.aclose()


@pytest.mark.feature("A12")
async def test_all_of_it_with_what_a_player_wants_to_know(player: Player) -> None:
    answer = await player.get()
    assert (answer.status_code, answer.content) == (200, AUDIO)
    headers = answer.headers
    assert headers["accept-ranges"] == "bytes"
    assert headers["content-type"] == "audio/mpeg"
    assert headers["content-length"] == str(len(AUDIO))
    assert headers["content-disposition"] == 'inline; filename="2026-03-02-090000.mp3"'
    assert headers["access-control-allow-origin"] == "*"
    head = await player.get("HEAD")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(AUDIO))


@pytest.mark.parametrize(
    "asked, first, last",
    [
        ("bytes=0-99", 0, 99),
        ("bytes=100-", 100, 1023),
        ("bytes=-24", 1000, 1023),
        ("bytes=1000-9999", 1000, 1023),
        ("bytes=-9999", 0, 1023),
        ("BYTES=5-5", 5, 5),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_part_of_it(player: Player, method: str, asked: str, first: int, last: int) -> None:
    answer = await player.get(method, Range=asked)
    assert answer.status_code == 206
    assert answer.headers["content-range"] == f"bytes {first}-{last}/1024"
    assert answer.headers["content-length"] == str(last - first + 1)
    assert answer.content == (AUDIO[first : last + 1] if method == "GET" else b"")


@pytest.mark.parametrize("asked", ["bytes=1-2,5-6", "bytes=9-3", "bytes=-", "seconds=1-2", "bytes"])
async def test_what_cannot_be_meant_is_answered_with_all_of_it(player: Player, asked: str) -> None:
    assert (await player.get(Range=asked)).status_code == 200


@pytest.mark.parametrize("asked", ["bytes=1024-", "bytes=5000-6000", "bytes=-0"])
async def test_a_part_behind_the_end_is_refused(player: Player, asked: str) -> None:
    answer = await player.get(Range=asked)
    assert answer.status_code == 416
    assert answer.headers["content-range"] == "bytes */1024"


async def test_a_part_of_another_version_is_not_mixed_in(player: Player) -> None:
    assert (await player.get(Range="bytes=0-9", If_Range='"abc"')).status_code == 206
    assert (await player.get(Range="bytes=0-9", If_Range='"old"')).status_code == 200
    assert (await player.get(If_None_Match='"abc"')).status_code == 304


@pytest.mark.parametrize(
    "token",
    ["alpha.r1.wrong", "beta.r1.s3cret", "alpha.r2.s3cret", "alpha.r1", "..", "alpha.r1.s3cret.x"],
)
async def test_a_link_that_is_wrong_anywhere_is_no_link(player: Player, token: str) -> None:
    answer = await player.http.get(f"http://dozvon.test/recordings/{token}")
    assert answer.status_code == 404


async def test_after_its_time_and_before_it_is_there(player: Player) -> None:
    player.rows.row = replace(ROW, state="deleted", key="")
    assert (await player.get()).status_code == 410
    player.rows.row = replace(ROW, state="expected", key="")
    answer = await player.get()
    assert (answer.status_code, answer.headers["retry-after"]) == (404, "10")
    player.rows.row = ROW
    await player.storage.delete(ROW.key)
    assert (await player.get()).status_code == 404


async def test_the_secret_half_of_a_link_is_not_logged(
    player: Player, capsys: pytest.CaptureFixture[str]
) -> None:
    await player.get()
    await player.storage.delete(ROW.key)
    assert (await player.get()).status_code == 404
    assert "s3cret" not in capsys.readouterr().out
