"""The smaller resources: endpoints, device states, recordings, applications, Asterisk itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backend.sandbox.ari.errors import AriError, not_found
from backend.sandbox.ari.http.rest import NO_CONTENT, Operation, RestRequest, RestResponse
from backend.sandbox.ari.media import SOUNDS
from backend.sandbox.ari.model import stamp
from backend.sandbox.ari.sound import wav

if TYPE_CHECKING:
    from backend.sandbox.ari.events import Application
    from backend.sandbox.ari.media import Recording
    from backend.sandbox.ari.model import Json
    from backend.sandbox.ari.switch import Switch

# The release whose behaviour is imitated.
VERSION = "22.10.1"


def _endpoints(switch: Switch, request: RestRequest) -> RestResponse:
    return RestResponse(switch.presence.endpoints())


def _endpoints_by_tech(switch: Switch, request: RestRequest) -> RestResponse:
    if (tech := request.path["tech"]) != "PJSIP":
        raise AriError(404, f"No Endpoints found - invalid tech {tech}")
    return RestResponse(switch.presence.endpoints("PJSIP"))


def _endpoint(switch: Switch, request: RestRequest) -> RestResponse:
    return RestResponse(switch.presence.endpoint(request.path["tech"], request.path["resource"]))


def _devices(switch: Switch, request: RestRequest) -> RestResponse:
    return RestResponse(switch.presence.device_states())


def _device(switch: Switch, request: RestRequest) -> RestResponse:
    return RestResponse(switch.presence.device_state(request.path["deviceName"]))


def _device_update(switch: Switch, request: RestRequest) -> RestResponse:
    switch.presence.set_device_state(request.path["deviceName"], request.required("deviceState"))
    return NO_CONTENT


def _device_delete(switch: Switch, request: RestRequest) -> RestResponse:
    switch.presence.delete_device_state(request.path["deviceName"])
    return NO_CONTENT


def _stored_list(switch: Switch, request: RestRequest) -> RestResponse:
    return RestResponse([stored.json() for stored in switch.media.stored.values()])


def _stored(switch: Switch, request: RestRequest) -> RestResponse:
    return RestResponse(switch.media.stored_recording(request.path["recordingName"]).json())


def _stored_delete(switch: Switch, request: RestRequest) -> RestResponse:
    stored = switch.media.stored_recording(request.path["recordingName"])
    del switch.media.stored[stored.name]
    return NO_CONTENT


def _stored_file(switch: Switch, request: RestRequest) -> RestResponse:
    stored = switch.media.stored_recording(request.path["recordingName"])
    return RestResponse(wav(stored.parts), media_type="audio/wav")


def _live(switch: Switch, request: RestRequest) -> RestResponse:
    return RestResponse(_recording(switch, request).json())


def _live_cancel(switch: Switch, request: RestRequest) -> RestResponse:
    switch.media.stop_recording(_recording(switch, request).name, keep=False)
    return NO_CONTENT


def _live_stop(switch: Switch, request: RestRequest) -> RestResponse:
    switch.media.stop_recording(_recording(switch, request).name)
    return NO_CONTENT


def _live_pause(switch: Switch, request: RestRequest) -> RestResponse:
    switch.media.set_paused(_recording(switch, request), True)
    return NO_CONTENT


def _live_unpause(switch: Switch, request: RestRequest) -> RestResponse:
    switch.media.set_paused(_recording(switch, request), False)
    return NO_CONTENT


def _live_mute(switch: Switch, request: RestRequest) -> RestResponse:
    switch.media.set_muted(_recording(switch, request), True)
    return NO_CONTENT


def _live_unmute(switch: Switch, request: RestRequest) -> RestResponse:
    switch.media.set_muted(_recording(switch, request), False)
    return NO_CONTENT


def _applications(switch: Switch, request: RestRequest) -> RestResponse:
    return RestResponse([application_json(switch, app) for app in switch.hub.apps.values()])


def _application(switch: Switch, request: RestRequest) -> RestResponse:
    return RestResponse(application_json(switch, _app(switch, request)))


def _subscribe(switch: Switch, request: RestRequest) -> RestResponse:
    app = _app(switch, request)
    sources = [_source(switch, uri, existing=True) for uri in _sources(request)]
    for kind, name in sources:
        _subscriptions(app, kind).add(name)
    return RestResponse(application_json(switch, app))


def _unsubscribe(switch: Switch, request: RestRequest) -> RestResponse:
    app = _app(switch, request)
    sources = [_source(switch, uri, existing=False) for uri in _sources(request)]
    for kind, name in sources:
        if name not in _subscriptions(app, kind):
            raise AriError(409, "Application not subscribed to event source")
    for kind, name in sources:
        _subscriptions(app, kind).discard(name)
    return RestResponse(application_json(switch, app))


def _event_filter(switch: Switch, request: RestRequest) -> RestResponse:
    app = _app(switch, request)
    for member in ("allowed", "disallowed"):
        rules: Any = request.body.get(member, [])
        if not isinstance(rules, list) or any(
            not isinstance(rule, dict) or "type" not in rule for rule in rules
        ):
            raise AriError(400, "Invalid event filter")
    app.allowed = list(request.body.get("allowed", []))
    app.disallowed = list(request.body.get("disallowed", []))
    return RestResponse(application_json(switch, app))


def _sounds(switch: Switch, request: RestRequest) -> RestResponse:
    return RestResponse([_sound(name) for name in SOUNDS])


def _sound_by_id(switch: Switch, request: RestRequest) -> RestResponse:
    if request.path["soundId"] not in SOUNDS:
        raise not_found("Sound")
    return RestResponse(_sound(request.path["soundId"]))


def _info(switch: Switch, request: RestRequest) -> RestResponse:
    body: Json = {
        "build": {
            "os": "Linux",
            "kernel": "sandbox",
            "options": "",
            "machine": "x86_64",
            "date": "2026-01-01 00:00:00 UTC",
            "user": "sandbox",
        },
        "system": {"version": VERSION, "entity_id": switch.config.asterisk_id},
        "config": {
            "name": "sandbox",
            "default_language": "ru",
            "setid": {"user": "asterisk", "group": "asterisk"},
        },
        "status": {
            "startup_time": stamp(switch.started_at),
            "last_reload_time": stamp(switch.started_at),
        },
    }
    only = request.list("only")
    return RestResponse({k: v for k, v in body.items() if k in only} if only else body)


def _ping(switch: Switch, request: RestRequest) -> RestResponse:
    now = stamp(switch.clock.now())
    return RestResponse(
        {"asterisk_id": switch.config.asterisk_id, "ping": "pong", "timestamp": now}
    )


def _object(switch: Switch, request: RestRequest) -> RestResponse:
    return RestResponse(switch.lines.objects.get(*_object_path(request)))


def _object_update(switch: Switch, request: RestRequest) -> RestResponse:
    rows: Any = request.body.get("fields", [])
    if not isinstance(rows, list) or any(
        not isinstance(row, dict) or not {"attribute", "value"} <= row.keys() for row in rows
    ):
        raise AriError(400, "Bad request body")
    fields = {str(row["attribute"]): str(row["value"]) for row in rows}
    return RestResponse(switch.lines.objects.put(*_object_path(request), fields))


def _object_delete(switch: Switch, request: RestRequest) -> RestResponse:
    switch.lines.objects.delete(*_object_path(request))
    return NO_CONTENT


def _object_path(request: RestRequest) -> tuple[str, str, str]:
    return request.path["configClass"], request.path["objectType"], request.path["id"]


def _user_event(switch: Switch, request: RestRequest) -> RestResponse:
    name = request.required("application")
    if name not in switch.hub.apps:
        raise not_found("Application")
    body: Json = {"eventname": request.path["eventName"], "userevent": request.variables()}
    for uri in _sources(request, "source"):
        kind, resource = _source(switch, uri, existing=True)
        if kind == "channel":
            body["channel"] = switch.engine.json(switch.engine.channel(resource))
        elif kind == "bridge":
            body["bridge"] = switch.bridges.get(resource).json()
    switch.hub.send(name, "ChannelUserevent", body)
    return NO_CONTENT


def application_json(switch: Switch, app: Application) -> Json:
    """An application with what it is subscribed to, by control of channels or by asking."""
    channels = {c.id for c in switch.engine.channels.values() if app.name in c.audience}
    bridges = {
        b.id for b in switch.engine.bridges.values() if app.name in switch.engine.bridge_audience(b)
    }
    return {
        "name": app.name,
        "channel_ids": sorted(channels | app.channels),
        "bridge_ids": sorted(bridges | app.bridges),
        "endpoint_ids": sorted(app.endpoints),
        "device_names": sorted(app.devices),
        "events_allowed": app.allowed,
        "events_disallowed": app.disallowed,
    }


def _app(switch: Switch, request: RestRequest) -> Application:
    app = switch.hub.apps.get(request.path["applicationName"])
    if app is None:
        raise not_found("Application")
    return app


def _recording(switch: Switch, request: RestRequest) -> Recording:
    return switch.media.recording(request.path["recordingName"])


def _sources(request: RestRequest, parameter: str = "eventSource") -> list[str]:
    sources = request.list(parameter)
    if not sources and parameter == "eventSource":
        raise AriError(400, "Missing parameter eventSource")
    return sources


def _source(switch: Switch, uri: str, *, existing: bool) -> tuple[str, str]:
    """`channel:…`, `bridge:…`, `endpoint:…`, `deviceState:…`; 422 when there is no such thing."""
    kind, colon, name = uri.partition(":")
    if not colon or kind not in ("channel", "bridge", "endpoint", "deviceState"):
        raise AriError(400, "Invalid event source")
    known = {
        "channel": name in switch.engine.channels,
        "bridge": name in switch.engine.bridges,
        "endpoint": name in switch.devices or name.removeprefix("PJSIP/") in switch.config.trunks,
        "deviceState": True,
    }
    if existing and not known[kind]:
        raise AriError(422, "Event source does not exist")
    return kind, name


def _subscriptions(app: Application, kind: str) -> set[str]:
    return {
        "channel": app.channels,
        "bridge": app.bridges,
        "endpoint": app.endpoints,
        "deviceState": app.devices,
    }[kind]


def _sound(name: str) -> Json:
    return {"id": name, "text": name, "formats": [{"language": "en", "format": "wav"}]}


_STORED = "/recordings/stored/{recordingName}"
_LIVE = "/recordings/live/{recordingName}"
_APP = "/applications/{applicationName}"
_SOURCE = ("eventSource*[]",)
_OBJECT = "/asterisk/config/dynamic/{configClass}/{objectType}/{id}"

OPERATIONS = (
    Operation("GET", "/endpoints", "list", _endpoints, response="List[Endpoint]"),
    Operation(
        "GET", "/endpoints/{tech}", "listByTech", _endpoints_by_tech, response="List[Endpoint]"
    ),
    Operation("GET", "/endpoints/{tech}/{resource}", "get", _endpoint, response="Endpoint"),
    Operation("GET", "/deviceStates", "list", _devices, response="List[DeviceState]"),
    Operation("GET", "/deviceStates/{deviceName}", "get", _device, response="DeviceState"),
    Operation("PUT", "/deviceStates/{deviceName}", "update", _device_update, ("deviceState*",)),
    Operation("DELETE", "/deviceStates/{deviceName}", "delete", _device_delete),
    Operation(
        "GET", "/recordings/stored", "listStored", _stored_list, response="List[StoredRecording]"
    ),
    Operation("GET", f"{_STORED}/file", "getStoredFile", _stored_file, response="binary"),
    Operation("GET", _STORED, "getStored", _stored, response="StoredRecording"),
    Operation("DELETE", _STORED, "deleteStored", _stored_delete),
    Operation("POST", f"{_LIVE}/stop", "stop", _live_stop),
    Operation("POST", f"{_LIVE}/pause", "pause", _live_pause),
    Operation("DELETE", f"{_LIVE}/pause", "unpause", _live_unpause),
    Operation("POST", f"{_LIVE}/mute", "mute", _live_mute),
    Operation("DELETE", f"{_LIVE}/mute", "unmute", _live_unmute),
    Operation("GET", _LIVE, "getLive", _live, response="LiveRecording"),
    Operation("DELETE", _LIVE, "cancel", _live_cancel),
    Operation("GET", "/applications", "list", _applications, response="List[Application]"),
    Operation("GET", _APP, "get", _application, response="Application"),
    Operation(
        "POST", f"{_APP}/subscription", "subscribe", _subscribe, _SOURCE, response="Application"
    ),
    Operation(
        "DELETE",
        f"{_APP}/subscription",
        "unsubscribe",
        _unsubscribe,
        _SOURCE,
        response="Application",
    ),
    Operation("PUT", f"{_APP}/eventFilter", "filter", _event_filter, (), True, "Application"),
    Operation("GET", "/sounds", "list", _sounds, ("lang", "format"), response="List[Sound]"),
    Operation("GET", "/sounds/{soundId}", "get", _sound_by_id, response="Sound"),
    Operation("GET", "/asterisk/info", "getInfo", _info, ("only[]",), response="AsteriskInfo"),
    Operation("GET", _OBJECT, "getObject", _object, response="List[ConfigTuple]"),
    Operation("PUT", _OBJECT, "updateObject", _object_update, (), True, "List[ConfigTuple]"),
    Operation("DELETE", _OBJECT, "deleteObject", _object_delete),
    Operation("GET", "/asterisk/ping", "ping", _ping, response="AsteriskPing"),
    Operation(
        "POST",
        "/events/user/{eventName}",
        "userEvent",
        _user_event,
        ("application*", "source[]"),
        True,
    ),
)
