"""What goes wrong on order between a client and the REST methods."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from starlette.responses import HTMLResponse, RedirectResponse, Response

from backend.sandbox.bitrix24.errors import RestError
from backend.sandbox.bitrix24.query import PAGE, Listing

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from backend.sandbox.bitrix24.portal import Portal


class Dropped(Response):
    """An answer that begins and never ends: the server then cuts the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", b"64")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})


def bad_gateway(status: int = 502) -> Response:
    """The page a proxy shows when nobody is behind it."""
    return HTMLResponse(f"<html><body><h1>{status} Bad Gateway</h1></body></html>", status)


def before(portal: Portal, request: Request) -> Response | None:
    """An answer no REST code ever sees: the connection, a proxy, the old host name."""
    faults = portal.faults
    if faults.spend("drop"):
        return Dropped()
    if faults.spend("html_502"):
        return bad_gateway()
    host = request.headers.get("host", "")
    if faults.moved_to and host != urlsplit(faults.moved_to).netloc:
        return _moved(request, faults.moved_to)
    if host in portal.old_hosts:
        return _moved(request, portal.config.server_url)
    return None


def _moved(request: Request, base: str) -> Response:
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"{base.rstrip('/')}{request.url.path}{query}", 302)


def refuse(portal: Portal, name: str, *, has_token: bool) -> None:
    """Raises the error that is switched on for this call."""
    faults = portal.faults
    if faults.portal_deleted:
        raise RestError("PORTAL_DELETED", "Portal was deleted", 500)
    if faults.crm_down:
        raise RestError("INTERNAL_SERVER_ERROR", "Internal server error", 500)
    if faults.overload:
        raise RestError("OVERLOAD_LIMIT", "REST API is blocked due to overload.", 503)
    if faults.bucket_full or faults.spend("burst_503"):
        raise RestError("QUERY_LIMIT_EXCEEDED", "Too many requests", 503)
    if faults.no_plan:
        text = "REST API is available only on commercial plans"
        raise RestError("ACCESS_DENIED", text, 403)
    if name in faults.blocked_methods:
        raise RestError(
            "OPERATION_TIME_LIMIT", "Method is blocked due to operation time limit.", 429
        )
    if has_token and faults.spend("expired_tokens"):
        raise RestError("expired_token", "The access token provided has expired.", 401)
    if faults.spend("errors_200"):
        raise RestError("ERROR_CORE", "Internal error", 200)


def refuse_method(portal: Portal, name: str) -> None:
    """Raises the error switched on for a method, inside a batch as well."""
    code = portal.faults.failing_methods.get(name)
    if code is not None:
        raise RestError(code, "The method failed")


def thinned(portal: Portal, name: str, result: Any) -> Any:
    """A list as it comes from a portal that lost some of it and does not know."""
    if name in portal.faults.empty_lists:
        if isinstance(result, Listing):
            return replace(result, rows=[], total=0, next=None)
        return [] if isinstance(result, list) else result
    if name in portal.faults.short_lists:
        if isinstance(result, Listing):
            rows = result.rows[: max(1, min(len(result.rows), PAGE) // 2)]
            return replace(result, rows=rows, total=len(rows), next=None)
        return result[: len(result) // 2] if isinstance(result, list) else result
    return result


def after(portal: Portal, response: Response) -> Response:
    """What becomes of an answer on its way back."""
    if portal.faults.spend("lost_answers"):
        return Dropped()
    if portal.faults.spend("half_answers"):
        body = bytes(response.body)
        return Response(body[: len(body) // 2], response.status_code, media_type="application/json")
    return response
