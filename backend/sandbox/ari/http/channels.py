"""`/channels`: originate, answer, variables, moving between applications, and the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.sandbox.ari import causes
from backend.sandbox.ari.errors import AriError, not_found
from backend.sandbox.ari.http.channel_media import app_args, controlled
from backend.sandbox.ari.http.rest import NO_CONTENT, Operation, RestRequest, RestResponse

if TYPE_CHECKING:
    from backend.sandbox.ari.model import Channel
    from backend.sandbox.ari.switch import Switch

_ORIGINATE = (
    "endpoint*",
    "extension",
    "context",
    "priority#",
    "label",
    "app",
    "appArgs",
    "callerId",
    "timeout#",
    "channelId",
    "otherChannelId",
    "originator",
    "formats",
)


def _list(switch: Switch, request: RestRequest) -> RestResponse:
    return RestResponse([switch.engine.json(c) for c in switch.engine.channels.values()])


def _get(switch: Switch, request: RestRequest) -> RestResponse:
    return RestResponse(switch.engine.json(switch.engine.channel(request.path["channelId"])))


def _originate(switch: Switch, request: RestRequest) -> RestResponse:
    app = request.text("app") or None
    exten = request.text("extension")
    if app and exten:
        raise AriError(400, "Application and extension are mutually exclusive")
    if request.text("originator") and request.text("formats"):
        raise AriError(400, "Originator and formats can't both be specified")
    place = (request.text("context", "default"), exten, request.number("priority", 1))
    body = switch.dialing.originate(
        endpoint=request.required("endpoint", "Endpoint must be specified"),
        app=app,
        args=app_args(request),
        extension=place if exten else None,
        caller_id=request.text("callerId"),
        timeout_s=request.number("timeout", 30),
        channel_id=request.path.get("channelId") or request.text("channelId") or None,
        originator=request.text("originator") or None,
        variables=request.variables(),
    )
    return RestResponse(body)


def _create(switch: Switch, request: RestRequest) -> RestResponse:
    body = switch.dialing.create(
        endpoint=request.required("endpoint", "Endpoint must be specified"),
        app=request.required("app"),
        args=app_args(request),
        channel_id=request.text("channelId") or None,
        originator=request.text("originator") or None,
        variables=request.variables(),
    )
    return RestResponse(body)


def _dial(switch: Switch, request: RestRequest) -> RestResponse:
    channel = controlled(switch, request)
    switch.dialing.dial(channel, request.text("caller") or None, request.number("timeout", 0))
    return NO_CONTENT


def _hang_up(switch: Switch, request: RestRequest) -> RestResponse:
    """Works on every channel, in Stasis or not."""
    channel = switch.engine.channel(request.path["channelId"])
    reason, code = request.text("reason"), request.text("reason_code")
    if reason and code:
        raise AriError(400, "The reason and reason_code query parameters can't both be specified")
    cause = causes.NORMAL
    if code:
        cause = request.number("reason_code", causes.NORMAL)
    elif reason:
        if reason not in causes.BY_REASON:
            raise AriError(400, "Invalid hangup reason supplied")
        cause = causes.BY_REASON[reason]
    switch.engine.hang_up(channel, cause, soft=causes.SOFT_EXPLICIT)
    return NO_CONTENT


def _answer(switch: Switch, request: RestRequest) -> RestResponse:
    switch.engine.set_state(controlled(switch, request), "Up")
    return NO_CONTENT


def _variable(switch: Switch, request: RestRequest) -> RestResponse:
    channel = switch.engine.channel(request.path["channelId"])  # in Stasis or not
    value = _read_variable(channel, request.required("variable"))
    if value is None:
        raise AriError(404, "Provided variable was not found")
    return RestResponse({"value": value})


def _set_variable(switch: Switch, request: RestRequest) -> RestResponse:
    channel = controlled(switch, request)
    switch.engine.set_variable(channel, request.required("variable"), request.text("value"))
    return NO_CONTENT


def _continue(switch: Switch, request: RestRequest) -> RestResponse:
    """Back to the dialplan: to a virtual number when named, else to its unhappy last line."""
    channel = controlled(switch, request)
    exten = request.text("extension")
    channel.context = request.text("context") or channel.context
    channel.exten = exten or channel.exten
    switch.engine.leave_stasis(channel)
    number = next((n for n in switch.config.virtual_numbers if n.number == exten), None)
    if number is not None:
        switch.engine.run_dialplan(channel, number.app, number.args)
    else:
        switch.engine.hang_up(channel, requested=False)
    return NO_CONTENT


def _move(switch: Switch, request: RestRequest) -> RestResponse:
    channel = controlled(switch, request)
    switch.engine.move(channel, request.required("app"), app_args(request))
    return NO_CONTENT


def _redirect(switch: Switch, request: RestRequest) -> RestResponse:
    """SIP 302/REFER: the far end is told to call elsewhere, and its leg here ends."""
    channel = controlled(switch, request)
    technology, slash, resource = request.required("endpoint").partition("/")
    if not slash:
        raise AriError(422, "Endpoint parameter is invalid")
    if technology != channel.technology:
        raise AriError(422, f"Endpoint technology '{technology}' does not match channel")
    name = resource.partition("@")[2] or resource.partition("/")[0]
    if f"PJSIP/{name}" not in switch.phones and name not in switch.config.trunks:
        raise not_found("Endpoint")
    switch.engine.hang_up(channel, requested=False)
    return NO_CONTENT


def _read_variable(channel: Channel, name: str) -> str | None:
    """A variable, or one of the dialplan functions clients commonly read."""
    functions = {
        "CALLERID(num)": channel.caller.number,
        "CALLERID(name)": channel.caller.name,
        "CONNECTEDLINE(num)": channel.connected.number,
        "CONNECTEDLINE(name)": channel.connected.name,
        "CHANNEL(state)": channel.state,
        "CHANNEL(name)": channel.name,
        "CHANNEL": channel.name,
        "UNIQUEID": channel.id,
        "EXTEN": channel.exten,
        "CONTEXT": channel.context,
        "HANGUPCAUSE": str(channel.hangup_cause),
    }
    return functions.get(name, channel.variables.get(name))


_ONE = "/channels/{channelId}"

OPERATIONS = (
    Operation("GET", "/channels", "list", _list, response="List[Channel]"),
    Operation("POST", "/channels", "originate", _originate, _ORIGINATE, True, "Channel"),
    Operation(
        "POST",
        "/channels/create",
        "create",
        _create,
        ("endpoint*", "app*", "appArgs", "channelId", "otherChannelId", "originator", "formats"),
        True,
        "Channel",
    ),
    Operation("GET", _ONE, "get", _get, response="Channel"),
    Operation("POST", _ONE, "originateWithId", _originate, _ORIGINATE, True, "Channel"),
    Operation("DELETE", _ONE, "hangup", _hang_up, ("reason_code", "reason")),
    Operation(
        "POST",
        f"{_ONE}/continue",
        "continueInDialplan",
        _continue,
        ("context", "extension", "priority#", "label"),
    ),
    Operation("POST", f"{_ONE}/move", "move", _move, ("app*", "appArgs")),
    Operation("POST", f"{_ONE}/redirect", "redirect", _redirect, ("endpoint*",)),
    Operation("POST", f"{_ONE}/answer", "answer", _answer),
    Operation(
        "GET",
        f"{_ONE}/variable",
        "getChannelVar",
        _variable,
        ("variable*",),
        response="Variable",
    ),
    Operation("POST", f"{_ONE}/variable", "setChannelVar", _set_variable, ("variable*", "value")),
    Operation("POST", f"{_ONE}/dial", "dial", _dial, ("caller", "timeout#")),
)
