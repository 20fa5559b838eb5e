"""The demo's button "uninstall, then do it yourself": a CRM deletes the application as at its
administrator's word, and whoever looks connects it again with clicks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from backend.bootstrap import Foundation
from backend.bootstrap.connecting import forget, pairing
from backend.demo.cast import SEVER, VEKTOR, Team
from backend.store.crm_connections import CrmConnectionStore
from protocol.vocabulary import AccountId, CrmKind

log = structlog.get_logger(__name__)

HEARD_WITHIN_S = 5.0
"""How long the product may take to hear that it was deleted; after that it is made to forget, as
`dozvon disconnect --force` does, for the demo's switches can lose that event."""
_LOOK_EACH_S = 0.05
_CONNECTED = ("ok", "auth_expired")


@dataclass(slots=True)
class Walk:
    """One CRM's: `code` while it is not connected."""

    team: Team
    uninstall: Callable[[], Awaitable[None]]
    """What the CRM does when its administrator deletes the application with its data."""
    code: str = field(default="", repr=False)


class Walks:
    """State and deeds of the landing page's lower half."""

    def __init__(self, base: Foundation, portal: Starlette, amo: Starlette) -> None:
        self._base = base

        async def portal_uninstalls() -> None:
            portal.state.portal.uninstall(clean=True)

        async def amo_uninstalls() -> None:
            amo.state.amo.installs.switch_off()
            amo.state.amo.live.send({"type": "widgets"})

        self._walks = {
            CrmKind.BITRIX24: Walk(SEVER, portal_uninstalls),
            CrmKind.AMOCRM: Walk(VEKTOR, amo_uninstalls),
        }

    def routes(self) -> list[Route]:
        return [
            Route("/sandbox/walks", self._told),
            Route("/sandbox/walks/{crm}/begin", self._begin, methods=["POST"]),
            Route("/sandbox/walks/{crm}/code", self._fresh_code, methods=["POST"]),
        ]

    async def codes(self) -> dict[CrmKind, str]:
        """The pairing code of each CRM that is not connected; '' for the others."""
        for kind, walk in self._walks.items():
            if await self._state(walk.team.account_id, kind) in _CONNECTED:
                walk.code = ""
            elif not walk.code:
                walk.code = await self._issue(kind)
        return {kind: walk.code for kind, walk in self._walks.items()}

    async def _told(self, _: Request) -> Response:
        codes = await self.codes()
        return JSONResponse(
            {kind.value: {"connected": not code, "code": code} for kind, code in codes.items()}
        )

    async def _begin(self, request: Request) -> Response:
        kind = _kind(request)
        if kind is None:
            return Response(status_code=404)
        walk = self._walks[kind]
        await walk.uninstall()
        account_id = walk.team.account_id
        if not await self._heard(account_id, kind):
            log.warning("demo.uninstall_unheard", account=account_id)
        await forget(self._base, account_id, kind, force=True)
        return RedirectResponse("/#install", 303)

    async def _heard(self, account_id: AccountId, kind: CrmKind) -> bool:
        clock = self._base.clock
        until = clock.monotonic() + HEARD_WITHIN_S
        while await self._state(account_id, kind) in _CONNECTED:
            if clock.monotonic() > until:
                return False
            await clock.sleep(_LOOK_EACH_S)
        return True

    async def _fresh_code(self, request: Request) -> Response:
        kind = _kind(request)
        if kind is None:
            return Response(status_code=404)
        self._walks[kind].code = await self._issue(kind)
        return RedirectResponse("/#install", 303)

    async def _issue(self, kind: CrmKind) -> str:
        return await pairing(self._base).issue(self._walks[kind].team.account_id, kind)

    async def _state(self, account_id: AccountId, kind: CrmKind) -> str:
        async with self._base.database.begin(account_id) as tx:
            found = await CrmConnectionStore(tx, self._base.secrets).find(account_id, kind)
        return "" if found is None else found.state


def _kind(request: Request) -> CrmKind | None:
    try:
        return CrmKind(request.path_params["crm"])
    except ValueError:
        return None
