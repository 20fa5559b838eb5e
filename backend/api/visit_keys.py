"""Keys of call tracking over the settings' door.

GET, POST    /api/v1/visit-keys
DELETE       /api/v1/visit-keys/{key}
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from backend.api.answers import json_answer
from backend.api.settings_door import Asker, OfOne, SettingsDoor, json_body
from backend.api.settings_shapes import VisitKeyItem, VisitKeyPatch, VisitKeysAnswer
from backend.domain.account_faults import Fault
from backend.services.account_settings import Invalid
from backend.services.account_shapes import what_is_wrong
from backend.services.visit_keys import VisitKey, VisitKeys

SCRIPT = "/static/visits.js"


@dataclass(frozen=True, slots=True)
class VisitKeysApi:
    keys: VisitKeys
    door: SettingsDoor
    server: str
    """Our address, as the pages of sites reach it."""

    def routes(self) -> list[Route]:
        path = "/api/v1/visit-keys"
        return [
            Route(path, self.door.readers(self.all), methods=["GET"]),
            Route(path, self.door.writers(self.make), methods=["POST"]),
            Route(f"{path}/{{key}}", self.door.writers(self.remove), methods=["DELETE"]),
        ]

    async def all(self, _request: Request, asker: Asker) -> Response:
        items = await self.keys.all(asker.identity.account_id)
        return json_answer(
            VisitKeysAnswer(
                items=tuple(_item(key, key.shown) for key in items),
                server=self.server,
                script=f"{self.server}{SCRIPT}",
            )
        )

    async def make(self, request: Request, asker: Asker) -> Response:
        """The only answer that has a server's key in it."""
        body = await json_body(request)
        if wrong := what_is_wrong(body, VisitKeyPatch):
            faults = [
                Fault(kind="settings", key="call_tracking", field=w.field, code=w.code, data=w.data)
                for w in wrong
            ]
            raise OfOne(Invalid(faults), "settings", "call_tracking")
        wanted = msgspec.convert(body, VisitKeyPatch)
        key, plain = await self.keys.issue(
            asker.identity.account_id, wanted.kind, name=wanted.name, who=asker.who
        )
        return json_answer(_item(key, plain), 201)

    async def remove(self, request: Request, asker: Asker) -> Response:
        key_id = request.path_params["key"]
        await self.keys.withdraw(asker.identity.account_id, key_id, who=asker.who)
        return Response(status_code=204)


def _item(key: VisitKey, text: str | None) -> VisitKeyItem:
    return VisitKeyItem(
        id=key.id,
        kind=key.kind,
        name=key.name,
        key=text,
        created_at=key.created_at,
        created_by=key.created_by,
    )
