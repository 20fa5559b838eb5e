"""Audio in a folder of this machine, or of a file server that all processes mount."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from backend.errors import NotFound

_CHUNK = 64 * 1024


class DiskAudio:
    """`services.ports.AudioStorage` below `root`. Keys are relative paths of our own making."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def put(self, key: str, source: Path, content_type: str) -> None:
        await asyncio.to_thread(self._put, key, source)

    def _put(self, key: str, source: Path) -> None:
        """Beside its place first: a file with its name is always whole, after a power cut too."""
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, fresh = tempfile.mkstemp(dir=path.parent, prefix=".incoming-")
        try:
            with os.fdopen(handle, "wb") as out, source.open("rb") as audio:
                shutil.copyfileobj(audio, out)
                out.flush()
                os.fsync(out.fileno())
            os.replace(fresh, path)
        except BaseException:
            Path(fresh).unlink(missing_ok=True)
            raise
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    async def read(self, key: str, first: int, length: int) -> AsyncIterator[bytes]:
        try:
            file = await asyncio.to_thread(self._path(key).open, "rb")
        except FileNotFoundError:
            raise NotFound("the audio is gone") from None
        with file:
            await asyncio.to_thread(file.seek, first)
            while length > 0 and (chunk := await asyncio.to_thread(file.read, min(length, _CHUNK))):
                length -= len(chunk)
                yield chunk

    async def delete(self, key: str) -> None:
        await asyncio.to_thread(self._path(key).unlink, missing_ok=True)

    def _path(self, key: str) -> Path:
        path = (self._root / key).resolve()
        if not path.is_relative_to(self._root.resolve()):
            raise NotFound("not a key of ours")
        return path
