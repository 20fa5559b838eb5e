"""Shapes of API v4 answers: HAL documents, problem documents, validation errors, pages."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from backend.sandbox.amocrm.brackets import flatten, number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from starlette.requests import Request

    from backend.sandbox.amocrm.config import Json

TOP_LIMIT = 250
DEFAULT_LIMIT = 50
_TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    402: "Payment Required",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    415: "Unsupported Media Type",
    422: "Unprocessable Entity",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


class Problem(Exception):
    """An answer of the problem+json kind, raised wherever it is found out."""

    def __init__(self, status: int, detail: str, **more: object) -> None:
        super().__init__(detail)
        self.status = status
        self.body: dict[str, object] = {
            "title": _TITLES.get(status, "Error"),
            "type": f"https://httpstatus.es/{status}",
            "status": status,
            "detail": detail,
            **more,
        }

    def response(self) -> Response:
        return _json(self.body, self.status, "application/problem+json")


class Errors:
    """Collects validation errors of a batch, one group per item, and raises them together."""

    def __init__(self) -> None:
        self._groups: list[Json] = []

    def add(self, request_id: str, code: str, path: str, detail: str) -> None:
        found = {"code": code, "path": path, "detail": detail}
        for group in self._groups:
            if group["request_id"] == request_id:
                group["errors"].append(found)
                return
        self._groups.append({"request_id": request_id, "errors": [found]})

    def check(self) -> None:
        """Raise Problem 400 when anything was found."""
        if self._groups:
            raise Problem(400, "Request validation failed", **{"validation-errors": self._groups})


def hal(body: object, status: int = 200) -> Response:
    return _json(body, status, "application/hal+json")


def empty() -> Response:
    """What the platform answers instead of an empty list."""
    return Response(status_code=204)


def plain_json(body: object, status: int = 200) -> Response:
    return _json(body, status, "application/json")


def origin(request: Request) -> str:
    """Scheme and host the client used: every link points back to where it came from."""
    return f"{request.url.scheme}://{request.url.netloc}"


def self_link(request: Request, path: str) -> Json:
    return {"self": {"href": f"{origin(request)}{path}"}}


def page_answer(
    request: Request,
    rows: Sequence[Json],
    name: str,
    view: Callable[[Json], Json],
    *,
    top: int = TOP_LIMIT,
    totals: bool = False,
) -> Response:
    """One page of `rows`, drawn by `view`; 204 when the page has none.

    `next` is promised whenever the page is full, so the last one may lead to nothing: clients met
    this on the platform (amocrm-api-php issue 193).
    """
    page, limit = page_and_limit(request, top)
    part = rows[(page - 1) * limit : page * limit]
    if not part:
        return empty()
    links = {"self": {"href": str(request.url)}}
    if len(part) == limit:
        links["next"] = {"href": _with_page(request, page + 1)}
    if page > 1:
        links["prev"] = {"href": _with_page(request, page - 1)}
        links["first"] = {"href": _with_page(request, 1)}
    body: Json = {"_page": page, "_links": links, "_embedded": {name: [view(r) for r in part]}}
    if totals:
        body["_total_items"] = len(rows)
        body["_page_count"] = -(-len(rows) // limit)
    return hal(body)


def page_and_limit(request: Request, top: int) -> tuple[int, int]:
    page = number(request.query_params.get("page"), 1)
    limit = number(request.query_params.get("limit"), min(DEFAULT_LIMIT, top))
    if limit > top:
        raise Problem(422, f"Limit {top} per page")
    return max(1, page), max(1, limit)


def written(request: Request, name: str, rows: Iterable[Json], *, status: int = 200) -> Response:
    """The answer to a batch write."""
    path = request.url.path
    return hal({"_links": self_link(request, path), "_embedded": {name: list(rows)}}, status)


def with_of(request: Request) -> frozenset[str]:
    """The `with` parameter: names split by commas, or PHP array items."""
    asked = list(request.query_params.getlist("with"))
    asked += [v for k, v in request.query_params.multi_items() if k.startswith("with[")]
    return frozenset(w.strip() for part in asked for w in part.split(",") if w.strip())


async def batch(request: Request) -> list[Json]:
    """Body of a batch write: a non-empty array of objects.

    Raises Problem 400 for anything else, the way the platform words it.
    """
    body = await read_json(request)
    if isinstance(body, dict) and body:
        # A single object where an array belongs: refused item by item on the platform.
        raise Problem(
            400,
            "Request validation failed",
            **{
                "validation-errors": [
                    {
                        "request_id": "0",
                        "errors": [
                            {
                                "code": "InvalidType",
                                "path": "",
                                "detail": "This value should be of type array.",
                            }
                        ],
                    }
                ]
            },
        )
    if not isinstance(body, list) or not body:
        raise Problem(400, "Request data can not be empty")
    if len(body) > TOP_LIMIT:
        raise Problem(422, f"Limit {TOP_LIMIT} items per request")
    if not all(isinstance(item, dict) for item in body):
        raise Problem(400, "Request validation failed")
    return [{**item, "request_id": str(item.get("request_id", n))} for n, item in enumerate(body)]


async def one(request: Request) -> Json:
    """Body of a write of one object."""
    body = await read_json(request)
    if not isinstance(body, dict) or not body:
        raise Problem(400, "Request data can not be empty")
    return {**body, "request_id": str(body.get("request_id", "0"))}


async def read_json(request: Request, *, default: Any = None) -> Any:
    raw = await request.body()
    if not raw.strip():
        return default
    try:
        return json.loads(raw)
    except ValueError:
        raise Problem(400, "Request body is not valid JSON") from None


def _with_page(request: Request, page: int) -> str:
    return str(request.url.include_query_params(page=page))


def _json(body: object, status: int, media_type: str) -> Response:
    return Response(
        json.dumps(body, ensure_ascii=False).encode(), status_code=status, media_type=media_type
    )


__all__ = [
    "Errors",
    "Problem",
    "batch",
    "empty",
    "flatten",
    "hal",
    "one",
    "origin",
    "page_answer",
    "plain_json",
    "read_json",
    "self_link",
    "with_of",
    "written",
]
