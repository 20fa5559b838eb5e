"""Files of the portal: recordings that can be played and downloaded, by parts as browsers ask."""

from __future__ import annotations

import io
import re
import wave
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.responses import Response
from starlette.routing import Route

if TYPE_CHECKING:
    from starlette.requests import Request

    from backend.sandbox.bitrix24.portal import Portal

_RANGE = re.compile(r"bytes=(\d*)-(\d*)$")
_TYPES = {"wav": "audio/wav", "mp3": "audio/mpeg"}
# A guess for a format whose length nobody here decodes: 64 kbit/s, as telephony records.
_MP3_BYTES_PER_S = 8000


def duration_s(name: str, content: bytes) -> int:
    """Whole seconds of a recording; estimated for mp3, 0 for what is no sound."""
    if not name.lower().endswith(".wav"):
        return len(content) // _MP3_BYTES_PER_S
    try:
        with wave.open(io.BytesIO(content)) as sound:
            return int(sound.getnframes() / sound.getframerate())
    except (wave.Error, EOFError, ZeroDivisionError):
        return 0


class Disk:
    """`/disk/{file}/{name}`, for whoever has the address."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal

    def routes(self) -> list[Route]:
        return [Route("/disk/{number:int}/{name}", self.file)]

    async def file(self, request: Request) -> Response:
        found = self._portal.papers.files.get(request.path_params["number"])
        if found is None:
            return Response("No such file", 404)
        name, content = found
        kind = _TYPES.get(name.rpartition(".")[2].lower(), "application/octet-stream")
        headers = {
            "Accept-Ranges": "bytes",
            "Content-Disposition": f"inline; filename*=UTF-8''{quote(name)}",
        }
        wanted = _RANGE.match(request.headers.get("range", ""))
        if wanted is None or not content:
            return Response(content, media_type=kind, headers=headers)
        first, last = _bounds(wanted.group(1), wanted.group(2), len(content))
        if first > last:
            headers["Content-Range"] = f"bytes */{len(content)}"
            return Response(status_code=416, headers=headers)
        headers["Content-Range"] = f"bytes {first}-{last}/{len(content)}"
        return Response(content[first : last + 1], 206, media_type=kind, headers=headers)


def _bounds(start: str, end: str, size: int) -> tuple[int, int]:
    """First and last byte that are meant; first above last when there are none."""
    if not start:
        return (max(0, size - int(end)), size - 1) if end and int(end) else (1, 0)
    return int(start), min(int(end), size - 1) if end else size - 1
