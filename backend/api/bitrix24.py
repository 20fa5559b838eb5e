"""Doors of Bitrix24 portals: the installation page, consent's return, events, the lost worker."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import parse_qs

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from backend.api.answers import Handler, place_of, read_body, refusing
from backend.api.doors import Doors
from backend.api.install_page import SCRIPT, Frame, ask_code, joined, told
from backend.api.pages import MAX_LAUNCH_BYTES, locale_of
from backend.errors import AppError, BadProof, BadRequest, CrmError, CrmUnavailable
from backend.kit.clock import Clock
from backend.services.portal_bindings import Standing
from backend.services.portal_events import PortalEvents
from backend.services.portal_install import (
    Joined,
    Launch,
    NeedsCode,
    Outcome,
    PortalInstall,
)
from protocol.vocabulary import AccountId

log = structlog.get_logger(__name__)

MAX_EVENT_BYTES = 1_048_576
BIND_WITHIN_S = 12.0
"""A person waits for the page; what is not bound by then, the worker binds."""
_SID = re.compile(r"[\w-]{1,64}")
Bind = Callable[[AccountId], Awaitable[list[Standing]]]


@dataclass(frozen=True, slots=True)
class Bitrix24Api:
    """`/bitrix24/{install,install/join,install.js,oauth,events}`,
    `/bitrix24/worker/removed/{account}/{door}`."""

    install: PortalInstall
    events: PortalEvents
    bind: Bind
    """Binds everything in the portal, now."""
    doors: Doors
    clock: Clock

    def routes(self) -> list[Route]:
        def page(handler: Handler) -> Handler:
            return _explained(self.doors.guarded(handler))

        def door(handler: Handler) -> Handler:
            return refusing(self.doors.guarded(handler))

        removed = "/bitrix24/worker/removed/{account_id}/{door}"
        return [
            Route("/bitrix24/install", page(self.begin), methods=["GET", "POST"]),
            Route("/bitrix24/install/join", page(self.join), methods=["POST"]),
            Route("/bitrix24/install.js", _script),
            Route("/bitrix24/oauth", page(self.authorized)),
            Route("/bitrix24/events", door(self.event), methods=["POST"]),
            Route(removed, door(self.removed), methods=["GET", "POST"]),
        ]

    async def begin(self, request: Request) -> Response:
        """The portal opened it in a frame, with the tokens of who is looking."""
        frame, form = _frame(request), await form_of(request)
        launch = launch_of(request, form, self.clock)
        if launch is None:
            return told(frame, "no_launch")
        outcome = await self.install.begin(launch, state=request.query_params.get("state", ""))
        return await self._shown(frame, outcome, in_portal=True)

    async def join(self, request: Request) -> Response:
        """The form of `ask_code` came back."""
        form = await form_of(request)
        frame = Frame(locale=locale_of(form.get("lang")), sid=_sid(form.get("sid", "")))
        try:
            outcome = await self.install.complete(
                form.get("pending", "")[:64],
                code=form.get("code", ""),
                client_secret=form.get("client_secret", ""),
            )
        except BadProof as refused:
            if (bad := refused.data.get("field")) is None:
                raise
            # Counted by the door all the same: codes are not to be guessed here.
            refused.data["page"] = ask_code(
                frame,
                pending_id=form.get("pending", ""),
                portal=form.get("portal", ""),
                client_id=form.get("client_id", ""),
                # With the code alone refused, the key was right and is kept.
                secret=bad == "client_secret",
                bad=str(bad),
            )
            raise
        return await self._shown(frame, outcome, in_portal=True)

    async def authorized(self, request: Request) -> Response:
        """The browser returns from the portal's consent page, in a window of its own."""
        query = request.query_params
        frame = Frame(locale=locale_of(request.headers.get("accept-language")))
        if not query.get("code") or not query.get("state"):
            return told(frame, "no_launch")
        outcome = await self.install.authorized(
            query["code"], query["state"], query.get("server_domain", "")
        )
        return await self._shown(frame, outcome, in_portal=False)

    async def event(self, request: Request) -> Response:
        await self.events.receive(await read_body(request, MAX_EVENT_BYTES))
        return Response(status_code=200)

    async def removed(self, request: Request) -> Response:
        """`errorHandlerUrl`: its fields are not documented, so whatever was said is logged."""
        said = (await read_body(request, MAX_LAUNCH_BYTES)).decode("utf-8", "replace")
        await self.events.worker_removed(
            request.path_params["account_id"],
            request.path_params["door"],
            said or request.url.query,
        )
        return Response(status_code=200)

    async def _shown(self, frame: Frame, outcome: Outcome, *, in_portal: bool) -> Response:
        if isinstance(outcome, NeedsCode):
            return ask_code(
                frame,
                pending_id=outcome.pending_id,
                portal=outcome.portal,
                client_id=outcome.client_id,
                secret=outcome.needs_secret,
            )
        if not isinstance(outcome, Joined):
            return told(frame, outcome.problem, outcome.detail)
        standings, later = await self._bound(outcome.account_id)
        return joined(
            frame,
            portal=outcome.portal,
            account=outcome.account_name,
            refused=[f"{row.name}: {row.detail}" for row in standings if row.state == "refused"],
            later=later,
            in_portal=in_portal,
        )

    async def _bound(self, account_id: AccountId) -> tuple[list[Standing], bool]:
        """How everything stands now, and whether the worker has to go on with it."""
        try:
            async with asyncio.timeout(BIND_WITHIN_S):
                return await self.bind(account_id), False
        except (CrmError, TimeoutError) as error:
            log.warning("bitrix24.bound_later", account=account_id, error=str(error))
            return [], True


def _explained(handler: Handler) -> Handler:
    """Refusals of the pages, as pages."""

    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except AppError as error:
            page = error.data.get("page")
            log.info("http.refused", path=place_of(request), code=error.code, error=str(error))
            if isinstance(page, Response):
                return page
            if isinstance(error, CrmUnavailable):
                return told(_frame(request), "unavailable")
            if isinstance(error, BadProof | BadRequest):
                return told(_frame(request), "bad_proof")
            return await refusing(_raising(error))(request)

    return answer


def _raising(error: AppError) -> Handler:
    async def again(_request: Request) -> Response:
        raise error

    return again


async def _script(_request: Request) -> Response:
    return Response(
        SCRIPT,
        media_type="text/javascript",
        headers={"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"},
    )


async def form_of(request: Request) -> dict[str, str]:
    """The first value of each field; nothing where there is no form."""
    if request.method != "POST":
        return {}
    text = (await read_body(request, MAX_LAUNCH_BYTES)).decode("utf-8", "replace")
    return {name: values[0] for name, values in parse_qs(text, keep_blank_values=True).items()}


def launch_of(request: Request, form: Mapping[str, str], clock: Clock) -> Launch | None:
    """What the portal posted (section 1.2 of the reference); None when it is no launch."""
    if not form.get("AUTH_ID") or not form.get("REFRESH_ID") or not form.get("member_id"):
        return None
    lives_s = form.get("AUTH_EXPIRES", "")
    return Launch(
        access_token=form["AUTH_ID"],
        refresh_token=form["REFRESH_ID"],
        expires_at=clock.now()
        + timedelta(seconds=min(int(lives_s), 86_400) if lives_s.isdigit() else 3600),
        member_id=form["member_id"],
        auth_url=form.get("SERVER_ENDPOINT", ""),
        application_token=form.get("APPLICATION_TOKEN", ""),
        secure=request.query_params.get("PROTOCOL") != "0",
    )


def _frame(request: Request) -> Frame:
    query = request.query_params
    return Frame(locale=locale_of(query.get("LANG")), sid=_sid(query.get("APP_SID", "")))


def _sid(text: str) -> str:
    return text if _SID.fullmatch(text) else ""
