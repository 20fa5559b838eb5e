"""The ARI end of the switch: authentication, REST over HTTP, events and REST over WebSocket."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from backend.sandbox.ari.http import bridges, channel_media, channels, resources
from backend.sandbox.ari.http.docs import declaration, listing
from backend.sandbox.ari.http.rest import RestResponse, Router, split_uri

if TYPE_CHECKING:
    from backend.sandbox.ari.events import Connection
    from backend.sandbox.ari.model import Json
    from backend.sandbox.ari.switch import Switch

OPERATIONS = (
    *channels.OPERATIONS,
    *channel_media.OPERATIONS,
    *bridges.OPERATIONS,
    *resources.OPERATIONS,
)
_router = Router(OPERATIONS)


def authorized(switch: Switch, connection: HTTPConnection) -> bool:
    """Basic credentials or `?api_key=user:password`."""
    expected = f"{switch.config.username}:{switch.config.password}".encode()
    offered = connection.query_params.get("api_key", "").encode()
    scheme, _, encoded = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            offered = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            return False
    return hmac.compare_digest(offered, expected)


def unauthorized() -> Response:
    return JSONResponse(
        {"error": "Authentication required"},
        401,
        {"WWW-Authenticate": 'Basic realm="Asterisk REST Interface"'},
    )


async def perform(
    switch: Switch, method: str, path: str, query: str, content_type: str, body: bytes
) -> RestResponse:
    """Run one operation, after whatever faults are armed for it."""
    wait_s, status = switch.faults.answer(method, path)
    if wait_s > 0:
        await switch.clock.sleep(wait_s)
    if status:
        return RestResponse({"message": HTTPStatus(status).phrase}, status)
    return _router.run(switch, method, path, query, content_type, body)


async def rest(request: Request) -> Response:
    """Every ARI operation over HTTP."""
    switch: Switch = request.app.state.switch
    if not authorized(switch, request):
        return unauthorized()
    path = "/" + request.path_params["path"]
    if path.startswith("/api-docs/"):
        return _docs(request, path.removeprefix("/api-docs/"))
    if path == "/events" and request.method == "GET":
        return JSONResponse({"message": "Upgrade to a WebSocket is required"}, 426)
    answer = await perform(
        switch,
        request.method,
        path,
        request.url.query,
        request.headers.get("content-type", ""),
        await request.body(),
    )
    if answer.status == 204:
        return Response(status_code=204)
    return Response(answer.encoded(), answer.status, media_type=answer.media_type)


async def events(websocket: WebSocket) -> None:
    """The event socket. The hub knows it before the client sees it open, so nothing is missed."""
    switch: Switch = websocket.app.state.switch
    if not authorized(switch, websocket):
        await websocket.send_denial_response(unauthorized())
        return
    names = [n for n in ",".join(websocket.query_params.getlist("app")).split(",") if n]
    if not names:
        await websocket.send_denial_response(
            JSONResponse({"message": "HTTP request is missing param: [app]"}, 400)
        )
        return
    subscribe_all = websocket.query_params.get("subscribeAll", "").lower() in ("true", "yes", "1")
    connection = switch.hub.connect(names, subscribe_all=subscribe_all)
    offered = websocket.scope.get("subprotocols", [])
    tasks: set[asyncio.Task[None]] = set()
    try:
        await websocket.accept(subprotocol="ari" if "ari" in offered else None)
        tasks = {
            asyncio.create_task(_send(websocket, connection)),
            asyncio.create_task(_receive(switch, websocket, connection)),
        }
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        switch.hub.disconnect(connection, lambda name: _still_in_use(switch, name))


def _still_in_use(switch: Switch, app: str) -> bool:
    """An application without a socket lives on as long as channels belong to it."""
    return any(app in channel.audience for channel in switch.engine.channels.values())


async def _send(websocket: WebSocket, connection: Connection) -> None:
    while True:
        message = await connection.queue.get()
        if message is None:
            if websocket.application_state is WebSocketState.CONNECTED:
                await websocket.close(1000)
            return
        try:
            await websocket.send_text(json.dumps(message, ensure_ascii=False))
        except (WebSocketDisconnect, RuntimeError):
            return


async def _receive(switch: Switch, websocket: WebSocket, connection: Connection) -> None:
    while True:
        try:
            text = await websocket.receive_text()
        except (WebSocketDisconnect, KeyError, RuntimeError):
            return
        try:
            message: Any = json.loads(text)
        except ValueError:
            message = None
        if not isinstance(message, dict) or message.get("type") != "RESTRequest":
            connection.put(_answer({}, RestResponse({"message": "Invalid message"}, 400)))
            continue
        connection.put(await _rest_over_socket(switch, message))


async def _rest_over_socket(switch: Switch, message: Json) -> Json:
    """One RESTRequest; parameters come in `uri`, in `query_strings` and in the body."""
    path, query = split_uri(str(message.get("uri", "")))
    pairs = [
        (str(pair.get("name", "")), str(pair.get("value", "")))
        for pair in message.get("query_strings") or ()
        if isinstance(pair, dict)
    ]
    if pairs:
        query = "&".join(part for part in (query, urlencode(pairs)) if part)
    body = message.get("message_body") or ""
    encoded = body if isinstance(body, str) else json.dumps(body)
    answer = await perform(
        switch,
        str(message.get("method", "GET")).upper(),
        path,
        query,
        str(message.get("content_type") or "application/json"),
        encoded.encode(),
    )
    return _answer(message, answer)


def _answer(message: Json, answer: RestResponse) -> Json:
    reply: Json = {
        "type": "RESTResponse",
        "transaction_id": str(message.get("transaction_id", "")),
        "request_id": str(message.get("request_id", "")),
        "status_code": answer.status,
        "reason_phrase": HTTPStatus(answer.status).phrase,
        "uri": str(message.get("uri", "")),
    }
    if answer.body is not None and not isinstance(answer.body, bytes):
        reply["content_type"] = "application/json"
        reply["message_body"] = answer.encoded().decode()
    elif isinstance(answer.body, bytes):
        reply["status_code"] = 406  # audio does not fit into a text frame
        reply["reason_phrase"] = HTTPStatus(406).phrase
    return reply


def _docs(request: Request, name: str) -> Response:
    base = f"{request.url.scheme}://{quote(request.headers.get('host', ''), safe=':[]')}/ari"
    if name == "resources.json":
        return JSONResponse(listing(OPERATIONS, base))
    found = declaration(OPERATIONS, base, name.removesuffix(".json"))
    if found is None:
        return JSONResponse({"message": "Resource not found"}, 404)
    return JSONResponse(found)
