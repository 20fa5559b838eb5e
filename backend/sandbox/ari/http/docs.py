"""Swagger 1.1 descriptions at `/ari/api-docs`, made from the operations served.

Clients that build themselves from these files need operations, their parameters, and for every
event the members that hold a channel, bridge or other object.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backend.sandbox.ari.http.rest import Operation
    from backend.sandbox.ari.model import Json

_EVENTS: dict[str, dict[str, str]] = {
    "ApplicationMoveFailed": {"channel": "Channel", "destination": "string"},
    "ApplicationReplaced": {},
    "BridgeCreated": {"bridge": "Bridge"},
    "BridgeDestroyed": {"bridge": "Bridge"},
    "ChannelCreated": {"channel": "Channel"},
    "ChannelDestroyed": {"channel": "Channel", "cause": "int", "cause_txt": "string"},
    "ChannelDtmfReceived": {"channel": "Channel", "digit": "string", "duration_ms": "int"},
    "ChannelEnteredBridge": {"bridge": "Bridge", "channel": "Channel"},
    "ChannelHangupRequest": {"channel": "Channel", "cause": "int", "soft": "boolean"},
    "ChannelHold": {"channel": "Channel", "musicclass": "string"},
    "ChannelLeftBridge": {"bridge": "Bridge", "channel": "Channel"},
    "ChannelStateChange": {"channel": "Channel"},
    "ChannelUnhold": {"channel": "Channel"},
    "ChannelUserevent": {"channel": "Channel", "bridge": "Bridge", "eventname": "string"},
    "ChannelVarset": {"channel": "Channel", "variable": "string", "value": "string"},
    "ContactStatusChange": {"endpoint": "Endpoint"},
    "DeviceStateChanged": {"device_state": "DeviceState"},
    "Dial": {"caller": "Channel", "peer": "Channel", "dialstatus": "string"},
    "EndpointStateChange": {"endpoint": "Endpoint"},
    "PeerStatusChange": {"endpoint": "Endpoint"},
    "PlaybackContinuing": {"playback": "Playback"},
    "PlaybackFinished": {"playback": "Playback"},
    "PlaybackStarted": {"playback": "Playback"},
    "RecordingFinished": {"recording": "LiveRecording"},
    "RecordingStarted": {"recording": "LiveRecording"},
    "StasisEnd": {"channel": "Channel"},
    "StasisStart": {"channel": "Channel", "args": "List[string]"},
}


def listing(operations: Sequence[Operation], base: str) -> Json:
    """`resources.json`: one entry per resource."""
    return {
        "apiVersion": "10.0.0",
        "swaggerVersion": "1.1",
        "basePath": base,
        "apis": [
            {"path": f"/api-docs/{name}.{{format}}", "description": f"{name} resources"}
            for name in _names(operations)
        ],
    }


def declaration(operations: Sequence[Operation], base: str, name: str) -> Json | None:
    """The description of one resource, or None when there is no such resource."""
    if name not in _names(operations):
        return None
    paths: dict[str, list[Json]] = {}
    for operation in operations:
        if operation.path.split("/")[1] == name:
            paths.setdefault(operation.path, []).append(_operation(operation))
    if name == "events":
        paths["/events"] = [_event_socket()]
    return {
        "apiVersion": "10.0.0",
        "swaggerVersion": "1.1",
        "basePath": base,
        "resourcePath": f"/api-docs/{name}.{{format}}",
        "apis": [
            {"path": path, "description": path, "operations": found}
            for path, found in paths.items()
        ],
        "models": _event_models() if name == "events" else {},
    }


def _names(operations: Sequence[Operation]) -> list[str]:
    return sorted({operation.path.split("/")[1] for operation in operations})


def _operation(operation: Operation) -> Json:
    parameters = [
        _parameter(name, "path", required=True) for name in operation.pattern.groupindex
    ] + [
        _parameter(
            spec.rstrip("*[]#"),
            "query",
            required="*" in spec,
            multiple="[]" in spec,
            type_="int" if "#" in spec else "string",
        )
        for spec in operation.query
    ]
    if operation.takes_body:
        body = "variables" if operation.nickname != "filter" else "filter"
        parameters.append(_parameter(body, "body", type_="containers"))
    return {
        "httpMethod": operation.method,
        "summary": operation.nickname,
        "nickname": operation.nickname,
        "responseClass": operation.response,
        "parameters": parameters,
        "errorResponses": [],
    }


def _parameter(
    name: str,
    place: str,
    *,
    required: bool = False,
    multiple: bool = False,
    type_: str = "string",
) -> Json:
    return {
        "name": name,
        "description": name,
        "paramType": place,
        "required": required,
        "allowMultiple": multiple,
        "dataType": type_,
    }


def _event_socket() -> Json:
    return {
        "httpMethod": "GET",
        "summary": "WebSocket connection for events.",
        "nickname": "eventWebsocket",
        "responseClass": "Message",
        "upgrade": "websocket",
        "websocketProtocol": "ari",
        "parameters": [
            _parameter("app", "query", required=True, multiple=True),
            _parameter("subscribeAll", "query", type_="boolean"),
        ],
        "errorResponses": [],
    }


def _event_models() -> Json:
    def model(name: str, members: dict[str, str], parents: list[str]) -> Json:
        properties = {
            member: {"type": type_, "required": False} for member, type_ in members.items()
        }
        return {"id": name, "description": name, "properties": properties, "subTypes": parents}

    common = {"application": "string", "timestamp": "Date", "asterisk_id": "string"}
    models = {name: model(name, members, []) for name, members in _EVENTS.items()}
    models["Event"] = model("Event", {"type": "string", **common}, sorted(_EVENTS))
    models["Message"] = model("Message", {"type": "string"}, ["Event"])
    return models
