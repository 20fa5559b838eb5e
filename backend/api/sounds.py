"""Uploaded sounds: by the settings' door, and for switches and whoever else has the address.

GET, POST    /api/v1/sounds            the file is the body, `?name=` what it is called
DELETE       /api/v1/sounds/{key}
GET          /sounds/{secret}.wav
"""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from backend.api.answers import json_answer, read_body
from backend.api.settings_door import Asker, SettingsDoor
from backend.api.settings_shapes import SoundItem, SoundsAnswer
from backend.domain.sounds import MAX_S, UPLOADS
from backend.errors import BadRequest, NotFound
from backend.services.sounds import MAX_BYTES, PATH, Sound, Sounds

_MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class SoundsApi:
    sounds: Sounds
    door: SettingsDoor

    def routes(self) -> list[Route]:
        path = "/api/v1/sounds"
        return [
            Route(path, self.door.readers(self.all), methods=["GET"]),
            Route(path, self.door.writers(self.add), methods=["POST"]),
            Route(f"{path}/{{key}}", self.door.writers(self.remove), methods=["DELETE"]),
        ]

    def files(self) -> list[Route]:
        """For whoever has an address."""
        return [Route(f"{PATH}{{secret}}.wav", self.play, methods=["GET"])]

    async def all(self, _request: Request, asker: Asker) -> Response:
        found = await self.sounds.all(asker.identity.account_id)
        items = tuple(self._item(sound) for sound in found)
        return json_answer(SoundsAnswer(items=items, most_s=MAX_S, most_mb=MAX_BYTES // _MEGABYTE))

    async def add(self, request: Request, asker: Asker) -> Response:
        try:
            data = await read_body(request, MAX_BYTES)
        except BadRequest:
            most = MAX_BYTES // _MEGABYTE
            raise BadRequest("too large", why="sound_too_large", most=most) from None
        sound = await self.sounds.add(
            asker.identity.account_id,
            data,
            name=request.query_params.get("name", ""),
            who=asker.who,
        )
        return json_answer(self._item(sound), 201)

    async def remove(self, request: Request, asker: Asker) -> Response:
        key = request.path_params["key"]
        await self.sounds.remove(asker.identity.account_id, key, who=asker.who)
        return Response(status_code=204)

    async def play(self, request: Request) -> Response:
        """What is under an address never changes: a switch asks for it once."""
        try:
            audio = await self.sounds.audio(request.path_params["secret"])
        except NotFound:
            return Response("no such sound", 404, headers={"Cache-Control": "no-store"})
        headers = {
            "Cache-Control": "private, max-age=86400, immutable",
            "Cross-Origin-Resource-Policy": "cross-origin",
            "X-Content-Type-Options": "nosniff",
            "X-Robots-Tag": "noindex",
        }
        return Response(audio, media_type="audio/wav", headers=headers)

    def _item(self, sound: Sound) -> SoundItem:
        return SoundItem(
            id=sound.id,
            sound=UPLOADS + sound.id,
            name=sound.name,
            ms=sound.ms,
            url=self.sounds.url(sound),
            created_at=sound.created_at,
            created_by=sound.created_by,
        )
