"""Recordings: from the switch into the storage, and from there to whoever has the link.

    call ends ─► row "expected" + job `recordings.fetch` ─► file from the switch ─► checked, MP3
             ─► storage ─► row "stored" + what the CRM is told + the switch's file deleted

A link names account, recording and a secret of 192 bits, and stays the same for good: a CRM keeps
it in a card for years. It ends with the audio.
"""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import tempfile
import wave
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import structlog

from backend.errors import NotFound, SwitchUnavailable
from backend.kit import audio
from backend.kit.clock import Clock
from backend.services.ports import AudioStorage, RecordingRow, RecordingRows, SwitchRecordings
from protocol.vocabulary import AccountId

log = structlog.get_logger(__name__)

PATH = "/recordings/"
GIVE_UP = timedelta(hours=60)
"""A switch that came back after a weekend still has its files. Shorter than all tries of the job
take, so that the last of them says what is the matter."""
LEFT_BEHIND_S = 86_400.0
"""No file is on its way from the switch for that long."""
_PARTS = 3


def recording_url(base_url: str, row: RecordingRow) -> str:
    """The address of a row that carries its secret."""
    return _url(base_url, row.account_id, row.id, row.secret)


def _url(base_url: str, account_id: str, recording_id: str, secret: str) -> str:
    return f"{base_url.rstrip('/')}{PATH}{account_id}.{recording_id}.{secret}"


class RecordingLinks:
    """The address of a recording, and what an address means."""

    def __init__(self, rows: RecordingRows, base_url: str) -> None:
        self._rows = rows
        self._base = base_url.rstrip("/")

    async def url(self, account_id: AccountId, recording_id: str) -> str:
        """Raises NotFound."""
        secret = await self._rows.link_secret(account_id, recording_id)
        return _url(self._base, account_id, recording_id, secret)

    def of(self, row: RecordingRow) -> str:
        """The same of a row that carries its secret (`RecordingRows.of_call`)."""
        return recording_url(self._base, row)

    async def named(self, token: str) -> RecordingRow:
        """The recording behind the last part of an address. Raises NotFound."""
        parts = token.split(".")
        if len(token) > 200 or len(parts) != _PARTS or not all(parts):
            raise NotFound("no such recording")
        try:
            row = await self._rows.with_secret(AccountId(parts[0]), parts[1], parts[2])
        except ValueError:
            row = None
        if row is None:
            raise NotFound("no such recording")
        return row


class Recordings:
    """The jobs behind recordings. Each may run again."""

    def __init__(
        self,
        *,
        rows: RecordingRows,
        storage: AudioStorage,
        switches: Callable[[str], SwitchRecordings | None],
        clock: Clock,
        directory: Path,
    ) -> None:
        """`switches` gives a connection's files by its id; `directory` takes files on their way."""
        self._rows = rows
        self._storage = storage
        self._switches = switches
        self._clock = clock
        self._directory = directory

    async def fetch(self, account_id: AccountId, recording_id: str) -> None:
        """Bring it from the switch into the storage.

        Raises SwitchUnavailable while the switch does not give it, whatever the storage raises,
        and NotFound when there is none and will be none.
        """
        row = await self._rows.find(account_id, recording_id)
        if row is None or row.state != "expected":
            return
        try:
            await self._fetch(row)
        except NotFound as gone:
            await self._rows.failed(row, str(gone))
            raise
        except Exception as error:
            await self._rows.waits(row, str(error) or type(error).__name__)
            raise

    async def _fetch(self, row: RecordingRow) -> None:
        switch = self._switches(row.connection_id)
        self._directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._directory) as folder:
            source, target = Path(folder) / "from-switch.wav", Path(folder) / "audio.mp3"
            if switch is None:
                raise self._missing(row, "its switch is not connected any more")
            if not await switch.fetch(row.name, source):
                raise self._missing(row, "the switch has no such file")
            try:
                length_s = audio.seconds(source)
            except (audio.Incomplete, wave.Error) as error:
                raise self._missing(row, f"the file is not whole: {error}") from error
            if length_s == 0:
                await self._rows.failed(row, "nothing was said")
                return
            await asyncio.to_thread(audio.to_mp3, source, target)
            content = await asyncio.to_thread(target.read_bytes)
            key = f"{row.account_id}/{row.began_at:%Y-%m}/{row.id}.mp3"
            await self._storage.put(key, target, "audio/mpeg")
        await self._rows.stored(
            row,
            key=key,
            content_type="audio/mpeg",
            size=len(content),
            etag=hashlib.sha256(content).hexdigest()[:32],
        )
        log.info("recording.stored", account=row.account_id, call=row.call_id, seconds=length_s)

    def _missing(self, row: RecordingRow, why: str) -> Exception:
        if self._clock.now() - row.began_at > GIVE_UP:
            return NotFound(f"recording of call {row.call_id}: {why}")
        return SwitchUnavailable(why)

    async def forget(self, connection_id: str, name: str) -> None:
        """Let the switch delete what is stored here. Raises SwitchError."""
        switch = self._switches(connection_id)
        if switch is not None:
            await switch.forget(name)

    def sweep(self) -> None:
        """Delete what a killed process left on the way. Blocking; quick, there is rarely any."""
        before = self._clock.now().timestamp() - LEFT_BEHIND_S
        for folder in self._directory.glob("*"):
            if folder.stat().st_mtime < before:
                shutil.rmtree(folder, ignore_errors=True)

    async def prune(self, account_id: AccountId, *, keep: timedelta) -> int:
        """Delete audio that is older; the history keeps that there was some."""
        count = 0
        while rows := await self._rows.outlived(account_id, self._clock.now() - keep):
            for row in rows:
                await self._storage.delete(row.key)
                await self._rows.deleted(row)
            count += len(rows)
        if count:
            log.info("recording.pruned", account=account_id, count=count)
        return count
