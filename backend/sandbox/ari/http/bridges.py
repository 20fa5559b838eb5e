"""`/bridges` and `/playbacks`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.sandbox.ari.errors import AriError
from backend.sandbox.ari.http.rest import NO_CONTENT, Operation, RestRequest, RestResponse

if TYPE_CHECKING:
    from backend.sandbox.ari.model import Bridge
    from backend.sandbox.ari.switch import Switch


def _list(switch: Switch, request: RestRequest) -> RestResponse:
    return RestResponse([bridge.json() for bridge in switch.engine.bridges.values()])


def _create(switch: Switch, request: RestRequest) -> RestResponse:
    bridge = switch.bridges.create(
        request.text("bridgeId") or None,
        request.text("type") or "mixing",
        request.text("name"),
    )
    return RestResponse(bridge.json())


def _create_with_id(switch: Switch, request: RestRequest) -> RestResponse:
    bridge = switch.bridges.create(
        request.path["bridgeId"], request.text("type") or "mixing", request.text("name")
    )
    return RestResponse(bridge.json())


def _get(switch: Switch, request: RestRequest) -> RestResponse:
    return RestResponse(_bridge(switch, request).json())


def _destroy(switch: Switch, request: RestRequest) -> RestResponse:
    switch.bridges.destroy(_bridge(switch, request))
    return NO_CONTENT


def _add(switch: Switch, request: RestRequest) -> RestResponse:
    bridge = _bridge(switch, request)
    switch.bridges.add(bridge, request.list("channel"), busy=switch.media.is_recorded)
    return NO_CONTENT


def _remove(switch: Switch, request: RestRequest) -> RestResponse:
    switch.bridges.remove(_bridge(switch, request), request.list("channel"))
    return NO_CONTENT


def _moh(switch: Switch, request: RestRequest) -> RestResponse:
    switch.bridges.start_moh(_bridge(switch, request), request.text("mohClass"))
    return NO_CONTENT


def _moh_stop(switch: Switch, request: RestRequest) -> RestResponse:
    switch.bridges.stop_moh(_bridge(switch, request))
    return NO_CONTENT


def _play(switch: Switch, request: RestRequest) -> RestResponse:
    bridge = _bridge(switch, request)
    if not bridge.members:
        raise AriError(409, "Bridge has no channels")
    playback = switch.media.play(
        bridge,
        request.list("media"),
        request.path.get("playbackId") or request.text("playbackId") or None,
        request.text("lang"),
    )
    return RestResponse(playback.json(), 201)


def _record(switch: Switch, request: RestRequest) -> RestResponse:
    recording = switch.media.record(
        _bridge(switch, request),
        request.required("name"),
        request.required("format"),
        if_exists=request.text("ifExists", "fail"),
        max_s=request.number("maxDurationSeconds", 0),
    )
    return RestResponse(recording.json(), 201)


def _playback(switch: Switch, request: RestRequest) -> RestResponse:
    return RestResponse(switch.media.playback(request.path["playbackId"]).json())


def _playback_stop(switch: Switch, request: RestRequest) -> RestResponse:
    switch.media.stop(switch.media.playback(request.path["playbackId"]))
    return NO_CONTENT


def _playback_control(switch: Switch, request: RestRequest) -> RestResponse:
    playback = switch.media.playback(request.path["playbackId"])
    switch.media.control(playback, request.required("operation"))
    return NO_CONTENT


def _bridge(switch: Switch, request: RestRequest) -> Bridge:
    return switch.bridges.get(request.path["bridgeId"])


_ONE = "/bridges/{bridgeId}"
_PLAY = ("media*[]", "lang", "offsetms#", "skipms#")

OPERATIONS = (
    Operation("GET", "/bridges", "list", _list, response="List[Bridge]"),
    Operation(
        "POST", "/bridges", "create", _create, ("type", "bridgeId", "name"), response="Bridge"
    ),
    Operation("GET", _ONE, "get", _get, response="Bridge"),
    Operation("POST", _ONE, "createWithId", _create_with_id, ("type", "name"), response="Bridge"),
    Operation("DELETE", _ONE, "destroy", _destroy),
    Operation(
        "POST",
        f"{_ONE}/addChannel",
        "addChannel",
        _add,
        ("channel*[]", "role", "absorbDTMF", "mute", "inhibitConnectedLineUpdates"),
    ),
    Operation("POST", f"{_ONE}/removeChannel", "removeChannel", _remove, ("channel*[]",)),
    Operation("POST", f"{_ONE}/moh", "startMoh", _moh, ("mohClass",)),
    Operation("DELETE", f"{_ONE}/moh", "stopMoh", _moh_stop),
    Operation("POST", f"{_ONE}/play", "play", _play, (*_PLAY, "playbackId"), response="Playback"),
    Operation(
        "POST", f"{_ONE}/play/{{playbackId}}", "playWithId", _play, _PLAY, response="Playback"
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
    Operation("GET", "/playbacks/{playbackId}", "get", _playback, response="Playback"),
    Operation("DELETE", "/playbacks/{playbackId}", "stop", _playback_stop),
    Operation(
        "POST",
        "/playbacks/{playbackId}/control",
        "control",
        _playback_control,
        ("operation*",),
    ),
)
