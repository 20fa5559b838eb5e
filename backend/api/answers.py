"""How HTTP says yes and no: one shape for every refusal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
import structlog
from starlette.requests import Request
from starlette.responses import Response

from backend.errors import AppError, BadRequest
from protocol.vocabulary import ErrorCode

log = structlog.get_logger(__name__)

STATUS = {
    ErrorCode.BAD_REQUEST: 400,
    ErrorCode.BAD_PROOF: 401,
    ErrorCode.BAD_TICKET: 401,
    ErrorCode.NOT_ALLOWED: 403,
    ErrorCode.NOT_FOUND: 404,
    ErrorCode.WRONG_STATE: 409,
    ErrorCode.TOO_MANY: 429,
    ErrorCode.NO_DEVICE: 409,
    ErrorCode.EXPIRED: 503,
    ErrorCode.CRM_UNAVAILABLE: 503,
    ErrorCode.SWITCH_UNAVAILABLE: 503,
}
Handler = Callable[[Request], Awaitable[Response]]


def json_answer(value: object, status: int = 200) -> Response:
    return Response(
        msgspec.json.encode(value),
        status,
        media_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


def place_of(request: Request) -> str:
    """The route, for logs: some addresses hold what lets their caller in (`/webhooks/{token}`)."""
    return str(getattr(request.scope.get("route"), "path", "")) or "unknown"


def refusing(handler: Handler) -> Handler:
    """Expected outcomes become `{"error": {"code", "message", "data"}}`; bugs stay bugs."""

    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except AppError as error:
            log.info("http.refused", path=place_of(request), code=error.code, error=str(error))
            body = {"error": {"code": error.code, "message": str(error), "data": error.data}}
            answer = json_answer(body, STATUS.get(error.code, 500))
            if wait_s := error.data.get("retry_after_s"):
                answer.headers["Retry-After"] = str(wait_s)
            return answer

    return answer


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body. Raises BadRequest as soon as it is longer than `limit` bytes, whatever the
    asker said of its length: a chunked one says nothing."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise BadRequest("the body is too large")
    return body
