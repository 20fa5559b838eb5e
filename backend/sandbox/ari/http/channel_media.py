"""`/channels/{id}/…` for what is heard: tones, music, hold, keys, play, record, snoop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.sandbox.ari.errors import AriError
from backend.sandbox.ari.http.rest import NO_CONTENT, Operation, RestRequest, RestResponse

if TYPE_CHECKING:
    from backend.sandbox.ari.model import Channel, Json
    from backend.sandbox.ari.switch import Switch

_ONE = "/channels/{channelId}"
_PLAY = ("media*[]", "lang", "offsetms#", "skipms#", "playbackId")


def controlled(switch: Switch, request: RestRequest) -> Channel:
    """The path's channel if an application controls it; 404 and 409 otherwise."""
    return switch.engine.controlled(request.path["channelId"])


def _audible(switch: Switch, request: RestRequest) -> Channel:
    """The path's channel, if there is somebody who hears: 412 before a called one answered."""
    channel = controlled(switch, request)
    if channel.state in ("Down", "Ringing"):
        raise AriError(412, "Channel in invalid state")
    return channel


def app_args(request: RestRequest) -> tuple[str, ...]:
    """`appArgs`, which is a comma list on the wire."""
    given = request.text("appArgs")
    return tuple(given.split(",")) if given else ()


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
    channel = _audible(switch, request)
    channel.muted.add(_direction(request))
    switch.engine.touch(channel)
    return NO_CONTENT


def _unmute(switch: Switch, request: RestRequest) -> RestResponse:
    channel = _audible(switch, request)
    direction = _direction(request)
    channel.muted -= {"in", "out", "both"} if direction == "both" else {direction}
    switch.engine.touch(channel)
    return NO_CONTENT


def _dtmf(switch: Switch, request: RestRequest) -> RestResponse:
    channel = _audible(switch, request)
    digits = request.required("dtmf", "DTMF is required")
    # Asterisk takes anything and skips what is no key.
    channel.dtmf_sent += "".join(c for c in digits if c.upper() in "0123456789*#ABCDW")
    switch.engine.touch(channel)
    return NO_CONTENT


def _play(switch: Switch, request: RestRequest) -> RestResponse:
    playback = switch.media.play(
        _audible(switch, request),
        request.list("media"),
        request.path.get("playbackId") or request.text("playbackId") or None,
        request.text("lang"),
    )
    return RestResponse(playback.json(), 201)


def _record(switch: Switch, request: RestRequest) -> RestResponse:
    channel = controlled(switch, request)
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


def _snoop(switch: Switch, request: RestRequest) -> RestResponse:
    """A channel of our own that hears (`spy`) and speaks to (`whisper`) the given one."""
    target = switch.engine.channel(request.path["channelId"])
    spy, whisper = request.text("spy", "none"), request.text("whisper", "none")
    for name, direction in (("spy", spy), ("whisper", whisper)):
        if direction not in ("none", "both", "in", "out"):
            raise AriError(400, f"Invalid direction specified for {name}")
    if spy == whisper == "none":
        raise AriError(400, "Direction must be specified for at least spy or whisper")
    app, args = request.required("app"), app_args(request)
    channel = switch.engine.create(
        endpoint=f"Snoop/{target.id}",
        state="Up",
        far_end=None,
        channel_id=request.path.get("snoopId") or request.text("snoopId") or None,
    )
    channel.spied_id, channel.spies, channel.whispers = target.id, spy, whisper
    body = switch.engine.json(channel)

    def enter() -> None:
        if not channel.destroyed and not switch.engine.enter_stasis(channel, app, args):
            switch.engine.hang_up(channel, requested=False)

    switch.timers.soon(enter)
    return RestResponse(body)


def _rtp_statistics(switch: Switch, request: RestRequest) -> RestResponse:
    """Flawless figures that follow the talk's length: 50 packets a second."""
    channel = controlled(switch, request)
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


def _set(switch: Switch, request: RestRequest, attribute: str, value: object) -> RestResponse:
    channel = _audible(switch, request)
    setattr(channel, attribute, value)
    switch.engine.touch(channel)
    return NO_CONTENT


def _direction(request: RestRequest) -> str:
    direction = request.text("direction", "both")
    if direction not in ("in", "out", "both"):
        raise AriError(400, "Invalid direction specified")
    return direction


OPERATIONS = (
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
    Operation(
        "GET",
        f"{_ONE}/rtp_statistics",
        "rtpstatistics",
        _rtp_statistics,
        response="RTPstat",
    ),
)
