"""The door of the REST interface: reads any spelling of a call, answers in the envelope."""

from __future__ import annotations

import inspect
import json
import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from backend.sandbox.bitrix24 import brackets
from backend.sandbox.bitrix24.errors import RestError
from backend.sandbox.bitrix24.log import Received
from backend.sandbox.bitrix24.query import Listing
from backend.sandbox.bitrix24.records import stamp
from backend.sandbox.bitrix24.rest import batch, statistics, trouble
from backend.sandbox.bitrix24.rest.params import Params
from backend.sandbox.bitrix24.rest.registry import Context, allowed

if TYPE_CHECKING:
    from starlette.requests import Request

    from backend.sandbox.bitrix24.portal import Portal


# How long a request to a cloud portal may take (reference 2.4).
_MAX_REQUEST_S = 60.0
# The portal's libraries call REST from the application's frame, which is another site.
_CORS = {"Access-Control-Allow-Origin": "*"}
_PREFLIGHT = _CORS | {
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": "Origin, Content-Type, Accept, Authorization, X-Requested-With",
    "Access-Control-Max-Age": "600",
}


def answer(body: dict[str, Any], status: int = 200) -> Response:
    """JSON as the portal sends it: text unescaped, its own charset."""
    return Response(
        json.dumps(body, ensure_ascii=False, separators=(",", ":")),
        status,
        media_type="application/json; charset=utf-8",
    )


class RestDoor:
    """Answers everything below `/rest/`."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal

    async def __call__(self, request: Request) -> Response:
        """The answer, readable from any site: applications call from their frames."""
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=_PREFLIGHT)
        response = await self._respond(request)
        response.headers.update(_CORS)
        return response

    async def _respond(self, request: Request) -> Response:
        portal = self._portal
        fault = trouble.before(portal, request)
        if fault is not None:
            return fault
        name, webhook = self._address(request.path_params["path"])
        params = await _params(request)
        token = str(params.values.pop("auth", "") or _bearer(request))
        context: Context | None = None
        status, error = 200, None
        try:
            portal.events.acting_connector.set(params.text("auth_connector"))
            if await self._slow(name):
                return trouble.bad_gateway(504)
            self._insecure(request)
            trouble.refuse(portal, name, has_token=bool(token))
            context = self._context(webhook, token, request.headers.get("host", ""))
            portal.bucket.take(request.client.host if request.client else "unknown")
            body = await self._answered(name, context, params, request)
        except RestError as refusal:
            body, status, error = refusal.body(), refusal.status, refusal.code or refusal.text
        portal.log.add(
            Received(
                portal.clock.now(),
                name,
                params.values,
                context.via if context else "none",
                context.user.id if context else None,
                status,
                error,
            )
        )
        return trouble.after(portal, answer(body, status))

    async def _slow(self, name: str) -> bool:
        """Wait as long as is switched on; True when a cloud's patience ended first."""
        slow = self._portal.faults.slow_s
        seconds = slow.get(name, slow.get("*", 0.0))
        capped = seconds > _MAX_REQUEST_S and not self._portal.config.on_premise
        if seconds:
            await self._portal.clock.sleep(_MAX_REQUEST_S if capped else seconds)
        return capped

    def _address(self, path: str) -> tuple[str, tuple[str, str] | None]:
        """Lower-case method, and (user, secret) when the call came through the webhook."""
        parts = path.strip("/").split("/")
        webhook = None
        if len(parts) >= 3 and parts[0].isdigit():
            webhook, parts = (parts[0], parts[1]), parts[2:]
        name = "/".join(parts).lower()
        return name.removesuffix(".json").removesuffix(".xml"), webhook

    def _insecure(self, request: Request) -> None:
        """A portal under the vendor's name speaks https only."""
        host = request.headers.get("host", "").partition(":")[0]
        if host == self._portal.config.vendor_host and request.url.scheme == "http":
            raise RestError("INVALID_REQUEST", "Https required")

    def _context(self, webhook: tuple[str, str] | None, token: str, host: str) -> Context:
        portal, config = self._portal, self._portal.config
        if webhook is not None:
            if webhook != (str(config.webhook_user_id), config.webhook_secret):
                raise RestError("NO_AUTH_FOUND", "Wrong authorization data", 401)
            owner = portal.users[config.webhook_user_id]
            return Context(portal, owner, "webhook", config.webhook_scopes, webhook[1], host)
        grant = portal.tokens.check(token)
        user = portal.active_user(grant.user_id)
        if user is None or user.id in portal.faults.closed_for:
            # Dismissed, or not among those an administrator opened the application for.
            text = "The user does not have access to the application."
            raise RestError("user_access_error", text, 403)
        return Context(portal, user, "oauth", config.application.scopes, token, host)

    async def _answered(
        self, name: str, context: Context, params: Params, request: Request
    ) -> dict[str, Any]:
        start = self._portal.clock.told().timestamp()
        if name == "upload":
            result: Any = await self._uploaded(request)
        elif name == "batch":
            result = await self._batch(context, params)
        else:
            result = await self._call(name, context, params, charged=True)
        body: dict[str, Any] = {}
        if isinstance(result, Listing):
            body["result"] = result.result
            if result.next is not None:
                body["next"] = result.next
            body["total"] = result.total
        else:
            body["result"] = result
        return body | {"time": self._time(start, name, context)}

    async def _call(self, name: str, context: Context, params: Params, *, charged: bool) -> Any:
        portal = self._portal
        known = allowed(name, context)
        trouble.refuse_method(portal, name)
        if self._limited():
            portal.operating.check(context.caller, name)
        begun = portal.clock.monotonic()
        result = known.answer(context, params)
        if inspect.isawaitable(result):
            result = await result
        if charged:
            slow = portal.faults.slow_s.get(name, 0.0)
            used = portal.clock.monotonic() - begun + slow
            portal.operating.add(context.caller, name, used)
        return trouble.thinned(portal, name, result)

    def _limited(self) -> bool:
        """On-premise portals count no operating time unless told to (reference 2.4)."""
        return not self._portal.config.on_premise

    async def _batch(self, context: Context, params: Params) -> dict[str, Any]:
        portal = self._portal
        outer = portal.config.operating_counts_batch
        begun = portal.clock.monotonic()

        async def call(name: str, inner: Params) -> tuple[Any, dict[str, Any]]:
            start = portal.clock.told().timestamp()
            if name in portal.faults.slow_s:
                await portal.clock.sleep(portal.faults.slow_s[name])
            if name in portal.faults.blocked_methods:
                raise RestError("OPERATION_TIME_LIMIT", "Method is blocked", 429)
            result = await self._call(name, context, inner, charged=not outer)
            return result, self._time(start)

        if outer:
            portal.operating.check(context.caller, "batch")
        result = await batch.run(params, call)
        if outer:
            used = portal.clock.monotonic() - begun
            portal.operating.add(context.caller, "batch", used)
        return result

    async def _uploaded(self, request: Request) -> dict[str, Any]:
        """The second step of attachRecord: the file itself, under the token of the first."""
        token = request.query_params.get("token", "")
        waiting = self._portal.telephony.uploads.pop(token, None)
        async with request.form() as form:
            file = form.get("file")
            if waiting is None or file is None or isinstance(file, str):
                raise RestError("ERROR_UPLOAD", "File was not uploaded")
            call_id, name = waiting
            return statistics.keep(self._portal, call_id, name, await file.read())

    def _shows_operating(self) -> bool:
        return self._portal.config.operating_keys and self._limited()

    def _time(
        self, start: float, name: str | None = None, context: Context | None = None
    ) -> dict[str, Any]:
        portal = self._portal
        finish = portal.clock.told().timestamp()
        result: dict[str, Any] = {
            "start": start,
            "finish": finish,
            "duration": finish - start,
            "processing": math.floor(finish - start),
            "date_start": stamp(datetime.fromtimestamp(start, UTC)),
            "date_finish": stamp(datetime.fromtimestamp(finish, UTC)),
        }
        if name is not None and context is not None and self._shows_operating():
            result["operating_reset_at"] = portal.operating.reset_at(context.caller, name)
            result["operating"] = portal.operating.used(context.caller, name)
        return result


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else ""


async def _params(request: Request) -> Params:
    """Query and body as one: JSON, urlencoded with brackets, or multipart."""
    values = brackets.parse(request.query_params.multi_items())
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        try:
            body = json.loads(await request.body() or b"{}")
        except (json.JSONDecodeError, UnicodeDecodeError):
            body = {}
        if isinstance(body, dict):
            values |= body
    elif kind in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        form = await request.form()
        fields = [(key, item) for key, item in form.multi_items() if isinstance(item, str)]
        values |= brackets.parse(fields)
    return Params(values)
