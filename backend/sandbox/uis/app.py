"""The ASGI application: both APIs, files of recordings, and people's remote control.

| request | body | does |
|---|---|---|
| POST `/v4.0` | JSON-RPC | Call API |
| POST `/v2.0` | JSON-RPC | Data API |
| GET `/system/media/wav/{session}/{record}/` | | a recording |
| GET `/` | | a page for all of this |
| GET `/sandbox/state` | | who there is, sessions, notifications, questions, requests |
| POST `/sandbox/calls` | `{from, to}` | somebody dials a virtual number |
| POST `/sandbox/phones/{number}/pickup`, `decline`, `hangup` | `{reason?}` | whoever has it |
| POST `/sandbox/phones/{number}/dial` | `{number, virtual}` | an employee calls out |
| POST `/sandbox/phones/{number}/registration` | `{registered}` | a SIP line |
| POST `/sandbox/faults` | `{down?, lost?, doubled?, refuse?}` | see below |

Faults: nothing answers; so many notifications are lost, or come twice; the next request of Call
API is refused with this mnemonic.
"""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from backend.sandbox.ari.sound import Part, wav
from backend.sandbox.uis import call_methods, data_methods
from backend.sandbox.uis.cloud import Cloud
from backend.sandbox.uis.errors import CloudError
from backend.sandbox.uis.rpc import Rpc

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    import httpx
    from starlette.requests import Request

    from backend.kit.clock import Clock
    from backend.sandbox.uis.config import CloudConfig


_PAGE = Path(__file__).parent / "page"
_SHOWN = 200
"""Sessions of the state, newest last: nobody looks at more."""


def create_cloud(
    config: CloudConfig, clock: Clock, *, transport: httpx.AsyncBaseTransport | None = None
) -> Starlette:
    """The sandbox cloud; `app.state.cloud` is its direct control, `call_api` and `data_api` count
    requests. `transport` carries notifications and questions."""
    cloud = Cloud(config, clock, transport=transport)
    call_api, data_api = Rpc(cloud, call_methods.METHODS), Rpc(cloud, data_methods.METHODS)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await cloud.close()

    app = Starlette(
        routes=[
            Route("/v4.0", _rpc(cloud, call_api), methods=["POST"]),
            Route("/v2.0", _rpc(cloud, data_api), methods=["POST"]),
            Route("/system/media/wav/{session:int}/{record:int}/", _recording),
            Route("/sandbox/state", _state),
            Route("/sandbox/calls", _calls, methods=["POST"]),
            Route("/sandbox/phones/{number}/{deed}", _phone, methods=["POST"]),
            Route("/sandbox/faults", _faults, methods=["POST"]),
            Mount("/", StaticFiles(directory=_PAGE, html=True)),
        ],
        lifespan=lifespan,
    )
    app.state.cloud, app.state.call_api, app.state.data_api = cloud, call_api, data_api
    return app


def _rpc(cloud: Cloud, rpc: Rpc) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        if cloud.down:
            return Response("Bad Gateway", status_code=502)
        return JSONResponse(rpc.answer(await request.body()))

    return answer


async def _recording(request: Request) -> Response:
    session_id, record = request.path_params["session"], request.path_params["record"]
    for session in request.app.state.cloud.sessions:
        for record_id, seconds in session.records:
            if (session.id, record_id) == (session_id, record):
                sound = wav([Part(seconds=seconds, kind="talk", voices=2)])
                return Response(sound, media_type="audio/wav")
    return Response(status_code=404)


async def _state(request: Request) -> Response:
    state = request.app.state
    cloud: Cloud = state.cloud
    return JSONResponse(
        {
            "numbers": [{"number": n.number, "name": n.name} for n in cloud.config.numbers],
            "customers": [{"name": name, "number": n} for name, n in cloud.config.customers],
            "phones": [
                {
                    "number": phone.number,
                    "name": employee.name,
                    "registered": cloud.registered[phone.number],
                }
                for employee in cloud.config.employees
                for phone in employee.phones
            ],
            "sessions": [
                session.row()
                | {
                    "state": session.state,
                    "finish_reason": session.reason,
                    "legs": [leg.row() | {"number": leg.number} for leg in session.live],
                }
                for session in cloud.sessions[-_SHOWN:]
            ],
            "notifications": cloud.notices.sent,
            "questions": [{"asked": q, "answer": a} for q, a in cloud.notices.asked],
            "requests": [
                {"method": method, "refused": refused}
                for api in (state.call_api, state.data_api)
                for method, refused in api.asked
            ],
        }
    )


async def _calls(request: Request) -> Response:
    body = await _json(request)

    def place() -> Any:
        session = request.app.state.cloud.place_call(str(body.get("from")), str(body.get("to")))
        return {"call_session_id": session.id}

    return _done(place)


async def _phone(request: Request) -> Response:
    cloud: Cloud = request.app.state.cloud
    number, deed = request.path_params["number"], request.path_params["deed"]
    body = await _json(request)
    match deed:
        case "pickup":
            return _done(lambda: cloud.pick_up(number))
        case "hangup":
            return _done(lambda: cloud.hang_up(number))
        case "dial":
            to, virtual = str(body.get("number")), str(body.get("virtual"))
            return _done(lambda: {"call_session_id": cloud.dial(number, to, virtual).id})
        case "decline":
            reason = str(body.get("reason") or "operator_disconnects")
            return _done(lambda: cloud.decline(number, reason))
        case "registration" if number in cloud.registered:
            cloud.registered[number] = bool(body.get("registered"))
            return JSONResponse({})
    return JSONResponse({"error": "no such deed"}, status_code=404)


async def _faults(request: Request) -> Response:
    cloud: Cloud = request.app.state.cloud
    body = await _json(request)
    cloud.down = bool(body.get("down", cloud.down))
    cloud.notices.lost = int(body.get("lost", cloud.notices.lost))
    cloud.notices.doubled = int(body.get("doubled", cloud.notices.doubled))
    request.app.state.call_api.refuse = body.get("refuse")
    return JSONResponse({})


async def _json(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.body() or b"{}")
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _done(deed: Callable[[], Any]) -> Response:
    try:
        return JSONResponse(deed() or {})
    except CloudError as error:
        return JSONResponse({"error": error.mnemonic}, status_code=409)
