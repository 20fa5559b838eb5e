"""The control API at `/sandbox`: what the switchboard page and outside tests do with people.

No authentication: it is a toy's remote control. Commands must be sent as `application/json`,
which a page of another origin cannot do without a preflight, and none is ever granted.

| request | body | does |
|---|---|---|
| GET `/sandbox/state` | | phones, customers, channels, bridges, armed faults |
| GET `/sandbox/events` | | the last 500 events that happened, delivered or not |
| WebSocket `/sandbox/live` | | the state now and after every change |
| POST `/sandbox/calls` | `{from, to, script?}` | a customer dials a virtual number |
| POST `/sandbox/customers/{id or number}/hangup`, `answer` | `{}` | |
| POST `/sandbox/customers/{id or number}/announce` | `{}` | 183: their network speaks first |
| POST `/sandbox/customers/{id or number}/dtmf` | `{digits}` | |
| POST `/sandbox/phones/{101}/pickup`, `hangup`, `hold`, `unhold` | `{call?}` | |
| POST `/sandbox/phones/{101}/vanish` | `{call?}` | lose a talk without goodbye, cause 44 |
| POST `/sandbox/phones/{101}/decline` | `{call?, code?}` | 603 (default) or 486 |
| POST `/sandbox/phones/{101}/dial` | `{number}` | call out from the phone |
| POST `/sandbox/phones/{101}/dtmf` | `{digits, call?}` | |
| POST `/sandbox/phones/{101}/registration` | `{registered}` | |
| GET `/sandbox/customers/{id or number}/sound`, `phones/{101}/sound`, `lines/{name}/sound` \
| `?call=` | what that end hears and says now: `{hears, says}` of `{hz, level_db, loudest_db}` |
| GET `/sandbox/clock`, POST `/sandbox/clock/advance` | `{seconds}` | manual clocks only |
| GET `/sandbox/faults` | | every switch: `{name, title_ru, title_en, group, params, value}` |
| POST `/sandbox/faults` | `{name: {param: value}}`, null ends; or a `switches.Fault` | |
| DELETE `/sandbox/faults` | | end them all |
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import msgspec
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from backend.kit.clock import ManualClock
from backend.sandbox.ari import switches
from backend.sandbox.ari.customers import Script
from backend.sandbox.ari.errors import SandboxError
from backend.sandbox.ari.model import stamp

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from backend.sandbox.ari.model import Channel
    from backend.sandbox.ari.switch import Switch

_T = TypeVar("_T")


class PlaceCall(msgspec.Struct, forbid_unknown_fields=True):
    """`script` overrides what the caller's number means by its last digits."""

    from_: str = msgspec.field(name="from")
    to: str
    script: Script | None = None


class Digits(msgspec.Struct):
    digits: str
    call: str | None = None


class WhichCall(msgspec.Struct):
    """The channel id, when a phone has several calls."""

    call: str | None = None
    code: int = 603
    number: str = ""


class Registration(msgspec.Struct):
    registered: bool


class Advance(msgspec.Struct):
    seconds: float


class _BadRequest(Exception):
    pass


async def _decode(request: Request, type_: type[_T]) -> _T:
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise _BadRequest("send application/json")
    try:
        return msgspec.json.decode(await request.body() or b"{}", type=type_)
    except msgspec.DecodeError as error:
        raise _BadRequest(str(error)) from error


def _guarded(
    handler: Callable[[Switch, Request], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    """Refusals as JSON: 400 for bad input, 409 for what cannot be done now."""

    async def endpoint(request: Request) -> Response:
        try:
            return await handler(request.app.state.switch, request)
        except _BadRequest as error:
            return JSONResponse({"error": str(error)}, 400)
        except SandboxError as error:
            return JSONResponse({"error": str(error)}, 409)

    return endpoint


async def _state(switch: Switch, request: Request) -> Response:
    return JSONResponse(switch.state())


async def _log(switch: Switch, request: Request) -> Response:
    return JSONResponse(list(switch.hub.log))


async def _place_call(switch: Switch, request: Request) -> Response:
    asked = await _decode(request, PlaceCall)
    customer = switch.place_call(asked.from_, asked.to, script=asked.script)
    return JSONResponse(customer.json(), 201)


async def _customer(switch: Switch, request: Request) -> Response:
    customer = switch.customer(request.path_params["customer"])
    match request.path_params["action"]:
        case "hangup":
            await _decode(request, WhichCall)
            customer.hang_up()
        case "answer":
            await _decode(request, WhichCall)
            customer.answer()
        case "announce":
            await _decode(request, WhichCall)
            customer.announce()
        case "dtmf":
            customer.dtmf((await _decode(request, Digits)).digits)
        case action:
            return JSONResponse({"error": f"no action {action}"}, 404)
    return JSONResponse(customer.json())


async def _phone(switch: Switch, request: Request) -> Response:
    phone = switch.phone(request.path_params["phone"])
    action = request.path_params["action"]
    if action == "registration":
        phone.set_registered((await _decode(request, Registration)).registered)
        return JSONResponse(phone.json())
    if action == "dtmf":
        keys = await _decode(request, Digits)
        phone.dtmf(keys.digits, keys.call)
        return JSONResponse(phone.json())
    which = await _decode(request, WhichCall)
    match action:
        case "pickup":
            phone.pickup(which.call)
        case "decline":
            phone.decline(which.call, sip_code=which.code)
        case "hangup":
            phone.hang_up(which.call)
        case "vanish":
            phone.vanish(which.call)
        case "hold":
            phone.hold(which.call)
        case "unhold":
            phone.unhold(which.call)
        case "dial":
            phone.dial(which.number)
        case _:
            return JSONResponse({"error": f"no action {action}"}, 404)
    return JSONResponse(phone.json())


async def _sound(switch: Switch, request: Request) -> Response:
    """What comes out of a receiver and goes into its microphone, as measured now."""
    kind, name = request.path_params["kind"], request.path_params["name"]
    calls: list[Channel]
    if kind == "customers":
        customer = switch.customer(name)
        calls = [customer.channel] if customer.channel is not None else []
    elif kind == "phones":
        calls = switch.phone(name).calls
    elif (line := switch.lines.find(name)) is not None:
        calls = line.calls
    else:
        raise SandboxError(f"no line {name}")
    wanted = request.query_params.get("call")
    found = [call for call in calls if wanted in (None, call.id)]
    if not found:
        raise SandboxError(f"{name} is not in such a call")
    heard, said = switch.plane.heard(found[-1]), switch.plane.said(found[-1])
    return JSONResponse({"call": found[-1].id, "hears": heard.json(), "says": said.json()})


async def _clock(switch: Switch, request: Request) -> Response:
    """A manual clock stands still (frozen) between advances; the system's cannot be moved."""
    manual = isinstance(switch.clock, ManualClock)
    return JSONResponse({"now": stamp(switch.clock.now()), "frozen": manual})


async def _advance(switch: Switch, request: Request) -> Response:
    asked = await _decode(request, Advance)
    if not isinstance(switch.clock, ManualClock):
        raise SandboxError("this switch runs on the system's clock")
    await switch.clock.advance(asked.seconds)
    return await _clock(switch, request)


async def _faults(switch: Switch, request: Request) -> Response:
    """GET describes every switch, POST sets some, DELETE ends all of them.

    The answer is always the description, shaped as in every sandbox.
    """
    if request.method == "DELETE":
        switch.faults.clear()
    elif request.method == "POST":
        try:
            switches.switch_on(switch, await _decode(request, dict[str, Any]))
        except (TypeError, ValueError) as error:  # msgspec.ValidationError is a ValueError
            raise _BadRequest(str(error)) from error
    return JSONResponse(switches.described(switch))


async def live(websocket: WebSocket) -> None:
    """The page's socket: the whole state now and after every change, several changes in one."""
    origin = websocket.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != websocket.headers.get("host"):
        await websocket.close(1008)
        return
    switch: Switch = websocket.app.state.switch
    changed = asyncio.Event()
    switch.watchers.add(changed)
    await websocket.accept()
    sender = asyncio.create_task(_send_states(switch, websocket, changed))
    try:
        while True:
            await websocket.receive_text()
    except (WebSocketDisconnect, KeyError):
        pass
    finally:
        switch.watchers.discard(changed)
        sender.cancel()
        await asyncio.gather(sender, return_exceptions=True)


async def _send_states(switch: Switch, websocket: WebSocket, changed: asyncio.Event) -> None:
    while True:
        changed.clear()
        await websocket.send_json(switch.state())
        await changed.wait()
        # One turn of the loop lets everything that happens at this instant go into one message.
        await asyncio.sleep(0)


ROUTES = [
    Route("/sandbox/state", _guarded(_state)),
    Route("/sandbox/events", _guarded(_log)),
    Route("/sandbox/calls", _guarded(_place_call), methods=["POST"]),
    Route("/sandbox/customers/{customer}/{action}", _guarded(_customer), methods=["POST"]),
    Route("/sandbox/phones/{phone}/{action}", _guarded(_phone), methods=["POST"]),
    Route("/sandbox/{kind:str}/{name}/sound", _guarded(_sound)),
    Route("/sandbox/clock", _guarded(_clock)),
    Route("/sandbox/clock/advance", _guarded(_advance), methods=["POST"]),
    Route("/sandbox/faults", _guarded(_faults), methods=["GET", "POST", "DELETE"]),
    WebSocketRoute("/sandbox/live", live),
]
