"""Which of our calls the portal's card is about, for the hidden page that drives the card."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from backend.api.answers import json_answer, refusing
from backend.api.doors import Doors
from backend.api.sign_on import bearer
from backend.errors import BadRequest, NotFound
from backend.services.ports.portal_calls import PortalCallStore
from backend.services.sessions import Sessions


@dataclass(frozen=True, slots=True)
class PortalCallApi:
    sessions: Sessions
    store: PortalCallStore
    doors: Doors

    def routes(self) -> list[Route]:
        return [Route("/api/bitrix24/call", refusing(self.doors.guarded(self.call)))]

    async def call(self, request: Request) -> Response:
        session = await self.sessions.check(bearer(request))
        portal_call_id = request.query_params.get("id", "")
        if not 1 <= len(portal_call_id) <= 100 or "\0" in portal_call_id:
            raise BadRequest("id is missing")
        call_id = await self.store.our_id(session.identity.account_id, portal_call_id)
        if call_id is None:
            raise NotFound("the portal's call is not one of ours")
        return json_answer({"call_id": call_id})
