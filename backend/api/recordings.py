"""Audio for whoever has the link: players of CRM cards, portals that fetch a copy, our history.

Players jump about in a file, so ranges are answered (RFC 9110 §14); amoCRM asks for that in so
many words. The link is the proof, as a CRM's card opens it without a session of ours.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from email.utils import format_datetime

import structlog
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from backend.errors import NotFound
from backend.services.ports import AudioStorage, RecordingRow
from backend.services.recordings import PATH, RecordingLinks

log = structlog.get_logger(__name__)

NOT_YET_S = 10
"""When to ask again for a recording that is on its way from the switch."""
_RANGE = re.compile(r"bytes=(\d*)-(\d*)", re.IGNORECASE)


class Unsatisfiable(Exception):
    """The range begins behind the end."""


@dataclass(frozen=True, slots=True)
class RecordingsApi:
    links: RecordingLinks
    storage: AudioStorage

    def routes(self) -> list[Route]:
        return [Route(PATH + "{token}", self.play, methods=["GET"])]

    async def play(self, request: Request) -> Response:
        """GET and HEAD; 206 for one range, 404 for no such recording or none yet, 410 later."""
        # Not by `refusing`: that logs the address, which is a key to the audio.
        try:
            return await self._play(request)
        except NotFound as gone:
            return _gone(404, str(gone))

    async def _play(self, request: Request) -> Response:
        row = await self.links.named(request.path_params["token"])
        if row.state in ("deleted", "failed"):
            return _gone(410, "this recording is no longer kept")
        if row.state != "stored":
            answer = _gone(404, "this recording is on its way")
            answer.headers["Retry-After"] = str(NOT_YET_S)
            return answer
        headers = _headers(row)
        try:
            part = _asked(request, row)
        except Unsatisfiable:
            headers["Content-Range"] = f"bytes */{row.size}"
            return Response(status_code=416, headers=headers)
        first, length, status = 0, row.size, 200
        if part is not None:
            (first, length), status = part, 206
            headers["Content-Range"] = f"bytes {first}-{first + length - 1}/{row.size}"
        elif f'"{row.etag}"' in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        headers["Content-Length"] = str(length)
        log.info(
            "recording.played",
            account=row.account_id,
            call=row.call_id,
            recording=row.id,
            first=first,
            length=length,
        )
        if request.method == "HEAD":
            return Response(status_code=status, headers=headers)
        body = await _begun(self.storage.read(row.key, first, length))
        return StreamingResponse(body, status, headers)


def _asked(request: Request, row: RecordingRow) -> tuple[int, int] | None:
    """First byte and length of the one range asked for; None: the whole file.

    Several ranges, or what cannot be read, may be answered with the whole. Raises Unsatisfiable.
    """
    if (unless := request.headers.get("if-range")) is not None and unless != f'"{row.etag}"':
        return None
    found = _RANGE.fullmatch(request.headers.get("range", "").strip())
    if found is None or found[1] == found[2] == "":
        return None
    if found[1] == "":
        length = min(int(found[2]), row.size)
        if length == 0:
            raise Unsatisfiable
        return row.size - length, length
    first = int(found[1])
    last = min(int(found[2]), row.size - 1) if found[2] else row.size - 1
    if first >= row.size:
        raise Unsatisfiable
    return None if last < first else (first, last - first + 1)


async def _begun(audio: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same with its first piece read, so that what is missing is said before the 200."""
    first = await anext(audio, b"")

    async def rest() -> AsyncIterator[bytes]:
        yield first
        async for chunk in audio:
            yield chunk

    return rest()


def _headers(row: RecordingRow) -> dict[str, str]:
    extension = "mp3" if row.content_type == "audio/mpeg" else "wav"
    return {
        "Content-Type": row.content_type,
        "Accept-Ranges": "bytes",
        "ETag": f'"{row.etag}"',
        "Last-Modified": format_datetime(row.began_at, usegmt=True),
        "Content-Disposition": f'inline; filename="{row.began_at:%Y-%m-%d-%H%M%S}.{extension}"',
        # What is under an address never changes, only ends; other people's caches are none of it.
        "Cache-Control": "private, max-age=3600",
        **_OPEN,
    }


def _gone(status: int, sentence: str) -> Response:
    return Response(
        sentence, status, media_type="text/plain", headers={"Cache-Control": "no-store", **_OPEN}
    )


_OPEN = {
    # Pages of CRMs play it; knowing the address is what counts.
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Accept-Ranges, Content-Length, Content-Range",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
