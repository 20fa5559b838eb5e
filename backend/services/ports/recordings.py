"""Audio: where the switch has it, and where it is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

from protocol.vocabulary import AccountId, CallId

RecordingState = Literal["expected", "stored", "failed", "deleted"]
"""expected ─► stored ─► deleted (its time is over);  expected ─► failed (there is nothing)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingRow:
    """What is known of one recording. `key`, `size` (bytes) and `etag` once it is stored."""

    account_id: AccountId
    id: str
    call_id: CallId
    connection_id: str
    """The switch that made it."""
    name: str
    """What that switch calls it."""
    state: RecordingState
    began_at: datetime
    key: str = ""
    content_type: str = ""
    size: int = 0
    etag: str = ""
    reason: str | None = None
    """Why there is no audio, or not yet."""
    secret: str = field(default="", repr=False)
    """The half of its link that cannot be guessed; filled in only where the link is made."""


class RecordingRows(Protocol):
    """Recordings on disk; each method is a transaction."""

    async def find(self, account_id: AccountId, recording_id: str) -> RecordingRow | None: ...
    async def of_call(self, account_id: AccountId, call_id: CallId) -> RecordingRow | None:
        """The newest of the call, with its secret."""

    async def with_secret(
        self, account_id: AccountId, recording_id: str, secret: str
    ) -> RecordingRow | None:
        """The recording a link names; None when any part of the link is wrong."""

    async def link_secret(self, account_id: AccountId, recording_id: str) -> str:
        """Raises NotFound."""

    async def stored(
        self, row: RecordingRow, *, key: str, content_type: str, size: int, etag: str
    ) -> None:
        """It is in the storage; what follows from that is queued in the same transaction."""

    async def waits(self, row: RecordingRow, reason: str) -> None:
        """Why it could not be had yet, for whoever asks."""

    async def failed(self, row: RecordingRow, reason: str) -> None:
        """There is no audio and will be none; what waits for it goes on without."""

    async def outlived(self, account_id: AccountId, before: datetime) -> list[RecordingRow]:
        """Stored ones that began before; a few hundred at a time."""

    async def deleted(self, row: RecordingRow) -> None: ...


class SwitchRecordings(Protocol):
    """One switch's files. Raises SwitchUnavailable, SwitchRefused."""

    async def fetch(self, name: str, into: Path) -> bool:
        """End the recording if it is still under way, and bring the file. False: it has none."""

    async def forget(self, name: str) -> None:
        """Delete the file; one that is gone counts as done."""


class AudioStorage(Protocol):
    """Files by key. What goes wrong with it is raised as it comes, and is worth another try."""

    async def put(self, key: str, source: Path, content_type: str) -> None:
        """Whole or not at all, and on disk when it returns; a second one replaces the first."""

    def read(self, key: str, first: int, length: int) -> AsyncIterator[bytes]:
        """`length` bytes from byte `first` on. Raises NotFound."""

    async def delete(self, key: str) -> None:
        """One that is gone counts as done."""
