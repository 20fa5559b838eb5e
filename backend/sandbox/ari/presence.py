"""Endpoints and device states: who is registered, who is busy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from backend.sandbox.ari.errors import AriError, not_found
from backend.sandbox.ari.model import Json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backend.sandbox.ari.engine import Engine

_STATES = {
    "NOT_INUSE",
    "INUSE",
    "BUSY",
    "INVALID",
    "UNAVAILABLE",
    "RINGING",
    "RINGINUSE",
    "ONHOLD",
    "UNKNOWN",
}


class Device(Protocol):
    """What can be registered and busy: a desk phone or a line in a browser."""

    @property
    def endpoint(self) -> str: ...
    @property
    def registered(self) -> bool: ...
    def device_state(self) -> str: ...


class Presence:
    """Reports each change of a device's registration and state once."""

    def __init__(self, engine: Engine, phones: Mapping[str, Device]) -> None:
        self._engine = engine
        self._phones = phones
        self._custom: dict[str, str] = {}
        """`Stasis:` devices set through REST."""
        self._last: dict[str, str] = {}
        """The device state last reported by endpoint."""

    def start(self) -> None:
        """Take the present states as known: a switch reports changes only."""
        self._last = {endpoint: phone.device_state() for endpoint, phone in self._phones.items()}

    def refresh(self, endpoint: str) -> None:
        phone = self._phones.get(endpoint)
        if phone is None:
            return
        state = phone.device_state()
        if self._last.get(endpoint) == state:
            return
        self._last[endpoint] = state
        self._report(endpoint, state)

    def registration_changed(self, phone: Device) -> None:
        """A desk phone came or went."""
        resource = phone.endpoint.partition("/")[2]
        uri = f"sip:{resource}@192.0.2.10:5060"  # a documentation address, RFC 5737
        self.contact_changed(phone.endpoint, uri, "NonQualified" if phone.registered else "Removed")
        self.state_changed(phone)

    def contact_changed(self, endpoint: str, uri: str, status: str) -> None:
        technology, _, resource = endpoint.partition("/")
        contact = {"uri": uri, "contact_status": status, "aor": resource}
        self._engine.hub.publish(
            "ContactStatusChange",
            {"contact_info": contact, "endpoint": self.endpoint(technology, resource)},
            endpoint=endpoint,
        )

    def state_changed(self, device: Device) -> None:
        """The first contact came or the last one went."""
        endpoint = self.endpoint(*device.endpoint.split("/", 1))
        hub = self._engine.hub
        hub.publish(
            "PeerStatusChange",
            {
                "peer": {"peer_status": "Reachable" if device.registered else "Unreachable"},
                "endpoint": endpoint,
            },
            endpoint=device.endpoint,
        )
        hub.publish("EndpointStateChange", {"endpoint": endpoint}, endpoint=device.endpoint)
        self.refresh(device.endpoint)

    def endpoints(self, technology: str | None = None) -> list[Json]:
        names = [*self._phones, *(f"PJSIP/{trunk}" for trunk in self._engine.config.trunks)]
        rows = [self.endpoint(*name.split("/", 1)) for name in names]
        return [row for row in rows if technology in (None, row["technology"])]

    def endpoint(self, technology: str, resource: str) -> Json:
        name = f"{technology}/{resource}"
        phone = self._phones.get(name)
        if phone is None and not (technology == "PJSIP" and resource in self._engine.config.trunks):
            raise not_found("Endpoint")
        online = phone is None or phone.registered
        return {
            "technology": technology,
            "resource": resource,
            "state": "online" if online else "offline",
            "channel_ids": [c.id for c in self._engine.channels.values() if c.endpoint == name],
        }

    def device_states(self) -> list[Json]:
        """Only what REST controls: phones are asked for one by one, as on Asterisk."""
        return [{"name": name, "state": state} for name, state in self._custom.items()]

    def device_state(self, name: str) -> Json:
        """Asterisk knows a state for every name: an unheard-of device is UNKNOWN or INVALID."""
        phone = self._phones.get(name)
        if phone is not None:
            return {"name": name, "state": phone.device_state()}
        return {"name": name, "state": self._custom.get(name, "UNKNOWN")}

    def set_device_state(self, name: str, state: str) -> None:
        self._only_custom(name)
        if state not in _STATES:
            raise AriError(400, "Unknown device state")
        if self._custom.get(name) != state:
            self._custom[name] = state
            self._report(name, state)

    def delete_device_state(self, name: str) -> None:
        self._only_custom(name)
        if self._custom.pop(name, None) is None:
            raise not_found("Device")

    def _only_custom(self, name: str) -> None:
        if not name.startswith("Stasis:"):
            raise AriError(409, "Uncontrolled device specified")

    def _report(self, name: str, state: str) -> None:
        self._engine.hub.publish(
            "DeviceStateChanged", {"device_state": {"name": name, "state": state}}, device=name
        )
