"""The demo's page of faults: every switch of the three sandboxes, drawn from their own lists.

| request | does |
|---|---|
| GET `/sandbox/faults` | the page; `?lang=` or the browser says in which language |
| GET `/sandbox/faults/now` | sandbox → its list of switches |
| POST `/sandbox/faults/{sandbox}` | hands `{name: value}` on, answers with that list |
| DELETE `/sandbox/faults/now` | ends all faults everywhere |
| POST `/sandbox/faults/{sandbox}/levers/{lever}` | `{value?}`: pulls a lever |

The sandboxes are on origins of their own and grant none to others, so the page asks its own server.
Commands must be JSON: a foreign page cannot send that without a preflight, which nobody grants.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from backend.api.headers import page_headers
from backend.demo.addresses import Addresses
from backend.demo.fault_words import EFFECTS, FIRST_TRY
from backend.demo.faults_page import page
from backend.demo.levers import Lever, levers

_FILES = Path(__file__).parent / "page"
_FAULTS = "/sandbox/faults"

Rows = list[dict[str, Any]]


class FaultsPage:
    """The page and its way to the sandboxes, in whose process it runs: no socket between."""

    def __init__(
        self, where: Addresses, portal: Starlette, amo: Starlette, switch: Starlette
    ) -> None:
        self._ways = {
            name: httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1")
            for name, app in (("bitrix24", portal), ("amocrm", amo), ("switch", switch))
        }
        self._where = where
        self._levers = levers(where, amo)
        self._start: dict[str, dict[str, Any]] = {}
        """Sandbox → switch → its value when the demo began: what differs from it is on."""

    async def begin(self) -> None:
        """Remember how everything is while nothing is wrong."""
        for sandbox, rows in (await self._now()).items():
            self._start[sandbox] = {row["name"]: row["value"] for row in rows}

    def routes(self) -> list[Route]:
        return [
            Route("/sandbox/faults", self._page),
            Route("/sandbox/faults/page.css", lambda _: FileResponse(_FILES / "faults.css")),
            Route("/sandbox/faults/page.js", lambda _: FileResponse(_FILES / "faults.js")),
            Route("/sandbox/faults/now", self._state, methods=["GET", "DELETE"]),
            Route("/sandbox/faults/{sandbox}", self._set, methods=["POST"]),
            Route("/sandbox/faults/{sandbox}/levers/{lever}", self._pull, methods=["POST"]),
        ]

    async def _page(self, request: Request) -> Response:
        wanted = request.query_params.get("lang") or request.headers.get("accept-language", "ru")
        locale = "en" if wanted.lower().startswith("en") else "ru"
        told = {
            "start": self._start,
            "first": FIRST_TRY,
            "effects": {
                sandbox: {name: words[locale == "en"] for name, words in known.items()}
                for sandbox, known in EFFECTS.items()
            },
            "levers": {
                sandbox: [lever.shown(int(locale == "en")) for lever in known]
                for sandbox, known in self._levers.items()
            },
        }
        return HTMLResponse(page(locale, told), headers=page_headers((), forms="'self'"))

    async def _state(self, request: Request) -> Response:
        if request.method == "DELETE":
            for way in self._ways.values():
                (await way.delete(_FAULTS)).raise_for_status()
        return JSONResponse(await self._now(), headers={"Cache-Control": "no-store"})

    async def _set(self, request: Request) -> Response:
        way = self._ways.get(request.path_params["sandbox"])
        if way is None:
            return _refused(404, "no such sandbox")
        if not _is_json(request):
            return _refused(415, "send application/json")
        answer = await way.post(
            _FAULTS, content=await request.body(), headers={"content-type": "application/json"}
        )
        if answer.is_error:
            return _refused(answer.status_code, _said(answer))
        return JSONResponse(await _rows(way))

    async def _pull(self, request: Request) -> Response:
        sandbox = request.path_params["sandbox"]
        lever = self._lever(sandbox, request.path_params["lever"])
        if lever is None:
            return _refused(404, "no such lever")
        if not _is_json(request):
            return _refused(415, "send application/json")
        try:
            given = json.loads(await request.body())
            body = lever.body(str(given.get("value", lever.first)))
        except (ValueError, AttributeError) as error:
            return _refused(400, str(error))
        answer = await self._ways[sandbox].request(
            lever.method, f"{lever.base()}{lever.path}", json=body
        )
        if answer.is_error:
            return _refused(answer.status_code, _said(answer))
        return JSONResponse(answer.json())

    def _lever(self, sandbox: str, name: str) -> Lever | None:
        return next((one for one in self._levers.get(sandbox, ()) if one.name == name), None)

    async def _now(self) -> dict[str, Rows]:
        return {name: await _rows(way) for name, way in self._ways.items()}


async def _rows(way: httpx.AsyncClient) -> Rows:
    rows: Rows = (await way.get(_FAULTS)).raise_for_status().json()
    return rows


def _is_json(request: Request) -> bool:
    return request.headers.get("content-type", "").startswith("application/json")


def _said(answer: httpx.Response) -> str:
    body = answer.json()
    return str(body.get("error") or body.get("detail") or answer.status_code)


def _refused(status: int, why: str) -> Response:
    return JSONResponse({"error": why}, status)
