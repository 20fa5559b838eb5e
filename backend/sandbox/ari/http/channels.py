"""`/channels`: originate, control, variables, media and the end of a leg."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.sandbox.ari import causes
from backend.sandbox.ari.errors import AriError, not_found
from backend.sandbox.ari.http.rest import NO_CONTENT, Operation, RestRequest, RestResponse
from backend.sandbox.ari.model import Channel, Json

if TYPE_CHECKING:
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
_PLAY = ("media*[]", "lang", "offsetms#", "skipms#", "playbackId")


def _args(request: RestRequest) -> tuple[str, ...]:
    given = request.text("appArgs")
    return tuple(given.split(",")) if given else ()


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
        endpoint=request.required("endpoint"),
        app=app,
        args=_args(request),
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
        endpoint=request.required("endpoint"),
        app=request.required("app"),
        args=_args(request),
        channel_id=request.text("channelId") or None,
        originator=request.text("originator") or None,
        variables=request.variables(),
    )
    return RestResponse(body)


def _dial(switch: Switch, request: RestRequest) -> RestResponse:
    channel = _controlled(switch, request)
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
    switch.engine.hang_up(channel, cause, soft=True)
    return NO_CONTENT


def _answer(switch: Switch, request: RestRequest) -> RestResponse:
    switch.engine.set_state(_controlled(switch, request), "Up")
    return NO_CONTENT


def _ring(switch: Switch, request: RestRequest) -> RestResponse:
    return _set(switch, request, "ringing", True)


def _ring_stop(switch: Switch, request: RestRequest) -> RestResponse:
    return _set(switch, request, "ringing", False)


def _hold(switch: Switch, request: RestRequest) -> RestResponse:
    return _set(switch, request, "on_hold", True)


def _unhold(switch: Switch, request: RestRequest) -> RestResponse:
    return _set(switch, request, "on_hold", False)


def _moh(switch: Switch, request: RestRequest) -> RestResponse:
    return _set(switch, request, "moh", request.text("mohClass") or "default")


def _moh_stop(switch: Switch, request: RestRequest) -> RestResponse:
    return _set(switch, request, "moh", None)


def _silence(switch: Switch, request: RestRequest) -> RestResponse:
    return _set(switch, request, "silence", True)


def _silence_stop(switch: Switch, request: RestRequest) -> RestResponse:
    return _set(switch, request, "silence", False)


def _mute(switch: Switch, request: RestRequest) -> RestResponse:
    channel = _controlled(switch, request)
    channel.muted.add(_direction(request))
    switch.engine.touch(channel)
    return NO_CONTENT


def _unmute(switch: Switch, request: RestRequest) -> RestResponse:
    channel = _controlled(switch, request)
    direction = _direction(request)
    channel.muted -= {"in", "out", "both"} if direction == "both" else {direction}
    switch.engine.touch(channel)
    return NO_CONTENT


def _dtmf(switch: Switch, request: RestRequest) -> RestResponse:
    channel = _controlled(switch, request)
    digits = request.required("dtmf")
    if set(digits.upper()) - set("0123456789*#ABCDW"):
        raise AriError(400, "DTMF is invalid")
    channel.dtmf_sent += digits
    switch.engine.touch(channel)
    return NO_CONTENT


def _play(switch: Switch, request: RestRequest) -> RestResponse:
    playback = switch.media.play(
        _controlled(switch, request),
        request.list("media"),
        request.path.get("playbackId") or request.text("playbackId") or None,
        request.text("lang"),
    )
    return RestResponse(playback.json(), 201)


def _record(switch: Switch, request: RestRequest) -> RestResponse:
    channel = _controlled(switch, request)
    if channel.bridge_id is not None:
        raise AriError(409, "Channel is currently bridged with other channels")
    recording = switch.media.record(
        channel,
        request.required("name"),
        request.required("format"),
        if_exists=request.text("ifExists", "fail"),
        max_s=request.number("maxDurationSeconds", 0),
    )
    return RestResponse(recording.json(), 201)


def _variable(switch: Switch, request: RestRequest) -> RestResponse:
    channel = _controlled(switch, request)
    value = _read_variable(channel, request.required("variable"))
    if value is None:
        raise AriError(404, "Provided variable was not found")
    return RestResponse({"value": value})


def _set_variable(switch: Switch, request: RestRequest) -> RestResponse:
    channel = _controlled(switch, request)
    switch.engine.set_variable(channel, request.required("variable"), request.text("value"))
    return NO_CONTENT


def _snoop(switch: Switch, request: RestRequest) -> RestResponse:
    """A channel of our own that hears (`spy`) and speaks to (`whisper`) the given one."""
    target = switch.engine.channel(request.path["channelId"])
    spy, whisper = request.text("spy", "none"), request.text("whisper", "none")
    if {spy, whisper} - {"none", "both", "in", "out"}:
        raise AriError(400, "Invalid direction specified for spy or whisper")
    if spy == whisper == "none":
        raise AriError(400, "Direction must be specified for at least spy or whisper")
    app, args = request.required("app"), _args(request)
    channel = switch.engine.create(
        endpoint=f"Snoop/{target.id}",
        state="Up",
        far_end=None,
        channel_id=request.path.get("snoopId") or request.text("snoopId") or None,
    )
    channel.spied_id = target.id
    body = switch.engine.json(channel)

    def enter() -> None:
        if not channel.destroyed and not switch.engine.enter_stasis(channel, app, args):
            switch.engine.hang_up(channel, requested=False)

    switch.timers.soon(enter)
    return RestResponse(body)


def _continue(switch: Switch, request: RestRequest) -> RestResponse:
    """Back to the dialplan: to a virtual number when named, else to its unhappy last line."""
    channel = _controlled(switch, request)
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
    channel = _controlled(switch, request)
    switch.engine.move(channel, request.required("app"), _args(request))
    return NO_CONTENT


def _redirect(switch: Switch, request: RestRequest) -> RestResponse:
    """SIP 302/REFER: the far end is told to call elsewhere, and its leg here ends."""
    channel = _controlled(switch, request)
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


def _rtp_statistics(switch: Switch, request: RestRequest) -> RestResponse:
    """Flawless figures that follow the talk's length: 50 packets a second."""
    channel = _controlled(switch, request)
    seconds = 0.0
    if channel.answered_at is not None:
        seconds = (switch.clock.now() - channel.answered_at).total_seconds()
    packets = int(seconds * 50)
    body: Json = {
        "txcount": packets,
        "rxcount": packets,
        "txjitter": 0.001,
        "rxjitter": 0.001,
        "txploss": 0,
        "rxploss": 0,
        "rtt": 0.02,
        "txoctetcount": packets * 160,
        "rxoctetcount": packets * 160,
        "local_ssrc": 1,
        "remote_ssrc": 2,
        "channel_uniqueid": channel.id,
    }
    return RestResponse(body)


def _controlled(switch: Switch, request: RestRequest) -> Channel:
    return switch.engine.controlled(request.path["channelId"])


def _set(switch: Switch, request: RestRequest, attribute: str, value: object) -> RestResponse:
    channel = _controlled(switch, request)
    setattr(channel, attribute, value)
    switch.engine.touch(channel)
    return NO_CONTENT


def _direction(request: RestRequest) -> str:
    direction = request.text("direction", "both")
    if direction not in ("in", "out", "both"):
        raise AriError(400, "Invalid direction specified")
    return direction


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
    Operation("POST", f"{_ONE}/ring", "ring", _ring),
    Operation("DELETE", f"{_ONE}/ring", "ringStop", _ring_stop),
    Operation(
        "POST",
        f"{_ONE}/dtmf",
        "sendDTMF",
        _dtmf,
        ("dtmf", "before#", "between#", "duration#", "after#"),
    ),
    Operation("POST", f"{_ONE}/mute", "mute", _mute, ("direction",)),
    Operation("DELETE", f"{_ONE}/mute", "unmute", _unmute, ("direction",)),
    Operation("POST", f"{_ONE}/hold", "hold", _hold),
    Operation("DELETE", f"{_ONE}/hold", "unhold", _unhold),
    Operation("POST", f"{_ONE}/moh", "startMoh", _moh, ("mohClass",)),
    Operation("DELETE", f"{_ONE}/moh", "stopMoh", _moh_stop),
    Operation("POST", f"{_ONE}/silence", "startSilence", _silence),
    Operation("DELETE", f"{_ONE}/silence", "stopSilence", _silence_stop),
    Operation("POST", f"{_ONE}/play", "play", _play, _PLAY, response="Playback"),
    Operation(
        "POST", f"{_ONE}/play/{{playbackId}}", "playWithId", _play, _PLAY[:-1], response="Playback"
    ),
    Operation(
        "POST",
        f"{_ONE}/record",
        "record",
        _record,
        (
            "name*",
            "format*",
            "maxDurationSeconds#",
            "maxSilenceSeconds#",
            "ifExists",
            "beep",
            "terminateOn",
        ),
        response="LiveRecording",
    ),
    Operation(
        "GET",
        f"{_ONE}/variable",
        "getChannelVar",
        _variable,
        ("variable*",),
        response="Variable",
    ),
    Operation("POST", f"{_ONE}/variable", "setChannelVar", _set_variable, ("variable*", "value")),
    Operation(
        "POST",
        f"{_ONE}/snoop",
        "snoopChannel",
        _snoop,
        ("spy", "whisper", "app*", "appArgs", "snoopId"),
        response="Channel",
    ),
    Operation(
        "POST",
        f"{_ONE}/snoop/{{snoopId}}",
        "snoopChannelWithId",
        _snoop,
        ("spy", "whisper", "app*", "appArgs"),
        response="Channel",
    ),
    Operation("POST", f"{_ONE}/dial", "dial", _dial, ("caller", "timeout#")),
    Operation(
        "GET",
        f"{_ONE}/rtp_statistics",
        "rtpstatistics",
        _rtp_statistics,
        response="RTPstat",
    ),
)
