"""The door every request passes: the log, ordered faults, the limiter, X-Request-Id."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from backend.sandbox.amocrm.envelope import Problem
from backend.sandbox.amocrm.faults import Call

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from backend.sandbox.amocrm.amo import Amo
    from backend.sandbox.amocrm.faults import Fault

_WATCHED = ("/api/", "/oauth2/", "/v3/", "/ajax/", "/private/")
_LIMITED = ("/api/", "/v3/", "/oauth2/access_token")
_BODY_KEPT = 20_000
_MOVED = "/oauth2/account/current/subdomain"  # the one question an old address still answers
_BAD_LOGIN = "Invalid user name or password"


class Guard:
    """ASGI middleware. Pages pass untouched unless a fault names their path or the CRM is down."""

    def __init__(self, app: ASGIApp, amo: Amo) -> None:
        self._app = app
        self._amo = amo

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] != "http" or path.startswith("/sandbox/"):
            await self._app(scope, receive, send)
            return
        faults = self._amo.faults
        request = Request(scope, receive)
        if request.url.netloc in self._amo.former_hosts and path != _MOVED:
            # The account was renamed: its old address knows it no more (reference, section 4.4).
            gone = Problem(401, _BAD_LOGIN) if path.startswith("/api/") else Problem(404, "Gone")
            await gone.response()(scope, receive, send)
            return
        fault = None if faults.down else faults.take(request.method, path)
        if not path.startswith(_WATCHED) and fault is None:
            if faults.down:
                await _page(503, "Service Unavailable")(scope, receive, send)
            else:
                await self._app(scope, receive, send)
            return
        self._amo.hooks.origin = f"{request.url.scheme}://{request.url.netloc}"
        body = await request.body()
        call = Call(
            method=request.method,
            path=path,
            query=unquote_plus(request.url.query),
            body=body[:_BODY_KEPT].decode("utf-8", "replace"),
            user_agent=request.headers.get("user-agent", ""),
            at=self._amo.clock.now().isoformat(),
        )
        faults.calls.append(call)

        pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def again() -> Message:
            return pending.pop() if pending else await receive()

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                call.status = message["status"]
                request_id = uuid.uuid4().hex.encode()
                message = {
                    **message,
                    "headers": [*message["headers"], (b"x-request-id", request_id)],
                }
            await send(message)

        answer = await self._refusal(request, fault)
        if answer is None and fault is not None and fault.kind in ("lost", "partial", "empty"):
            await self._spoilt(fault.kind, scope, again, noted)
        elif answer is None:
            await self._app(scope, again, noted)
        elif answer.status_code == _DROP:
            await _drop(noted)
        else:
            await answer(scope, again, noted)

    async def _spoilt(self, kind: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Do what was asked, then answer less of it than there is, or break off."""
        kept: list[Message] = []

        async def keep(message: Message) -> None:
            kept.append(message)

        await self._app(scope, receive, keep)
        status = int(kept[0]["status"])
        body = b"".join(message.get("body", b"") for message in kept[1:])
        if kind == "lost":
            await _drop(send)
        elif kind == "empty" and status == 200:
            await Response(status_code=204)(scope, receive, send)
        else:
            headers = {k.decode(): v.decode() for k, v in kept[0]["headers"]}
            headers.pop("content-length", None)
            await Response(_half(body) if kind == "partial" else body, status, headers)(
                scope, receive, send
            )

    async def _refusal(self, request: Request, fault: Fault | None) -> Response | None:
        """What the request gets instead of its answer, or None."""
        faults = self._amo.faults
        path = request.url.path
        if faults.down:
            return _page(503, "Service Unavailable")
        if fault is not None:
            if fault.kind == "slow":
                await self._amo.clock.sleep(fault.seconds)
            elif fault.kind == "drop":
                return Response(status_code=_DROP)
            elif fault.kind == "throttle":
                return self._too_many(int(fault.seconds))
            elif fault.kind == "block":
                return _page(403, "403 Forbidden")
            elif fault.kind == "html":
                return _page(fault.status, "Bad Gateway")
            elif fault.kind == "status":
                return Problem(fault.status, "Sandbox fault").response()
        if path.startswith(_LIMITED):
            requester = _requester(request, self._amo)
            verdict = "ok" if requester is None else faults.pass_limit(requester)
            if verdict == "blocked":
                return _page(403, "403 Forbidden")
            if verdict == "limited":
                return self._too_many(1)
        if faults.payment_required and path.startswith("/api/"):
            return Problem(402, "Payment required").response()
        return None

    def _too_many(self, retry_after: int) -> Response:
        if self._amo.faults.html_429:
            return _page(429, "429 Too Many Requests")
        text = "You have sent too many requests in a given amount of time. Please try again later."
        answer = Problem(429, text, retry_after=retry_after).response()
        answer.headers["Retry-After"] = str(retry_after)
        return answer


_DROP = 599  # never sent: marks the answer that breaks off


async def _drop(send: Send) -> None:
    """Promise more than is sent: the server closes the connection on an unfinished answer."""
    headers = [(b"content-type", b"application/hal+json"), (b"content-length", b"4096")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b'{"_page":1,"_em', "more_body": True})


def _half(body: bytes) -> bytes:
    """A list without its second half and without a promise of more; other answers as they are."""
    try:
        found = json.loads(body)
    except ValueError:
        return body
    embedded = found.get("_embedded") if isinstance(found, dict) else None
    if isinstance(embedded, dict):
        for name, rows in embedded.items():
            if isinstance(rows, list):
                embedded[name] = rows[: len(rows) // 2]
        found.get("_links", {}).pop("next", None)
    return json.dumps(found, ensure_ascii=False).encode()


def _requester(request: Request, amo: Amo) -> str | None:
    """The integration behind a token, `unknown` for strangers, None for a signed-in page.

    A page draws itself with a burst of requests; the platform does not count those.
    """
    header = request.headers.get("authorization", "")
    if header:
        grant = amo.tokens.check(header.partition(" ")[2].strip())
        return "unknown" if grant is None else f"client:{grant.client_id}"
    return None if "cookie" in request.headers else "unknown"


def _page(status: int, title: str) -> Response:
    body = f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
    return HTMLResponse(body, status)
