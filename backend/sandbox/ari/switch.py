"""The whole sandbox switch, and what tests and the switchboard page do with it."""

from __future__ import annotations

import asyncio
import itertools
from collections import ChainMap
from typing import TYPE_CHECKING, Any

from backend.sandbox import sip
from backend.sandbox.ari import causes
from backend.sandbox.ari.bridging import Bridges
from backend.sandbox.ari.customers import Customer, Script, called_script, calling_script
from backend.sandbox.ari.dialing import Dialing
from backend.sandbox.ari.engine import Engine
from backend.sandbox.ari.errors import SandboxError
from backend.sandbox.ari.events import EventHub
from backend.sandbox.ari.faults import Faults
from backend.sandbox.ari.lines import Lines
from backend.sandbox.ari.media import Media
from backend.sandbox.ari.model import Channel, FarEnd, Json, Party, stamp
from backend.sandbox.ari.phones import Phone
from backend.sandbox.ari.presence import Device, Presence
from backend.sandbox.ari.timers import Timers
from backend.sandbox.media.plane import Plane

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from backend.kit.clock import Clock
    from backend.sandbox.ari.config import SwitchConfig, VirtualNumber
    from backend.sandbox.sip.agent import Agent

# Ended customers stay on the page this many at most, newest first.
_REMEMBERED = 30


class Switch:
    """One simulated Asterisk with its phones, its trunk and the people behind it."""

    def __init__(self, config: SwitchConfig, clock: Clock) -> None:
        self.config = config
        self.clock = clock
        self.watchers: set[asyncio.Event] = set()
        """Set whenever anything changed; each page socket owns one."""
        self.timers = Timers(clock)
        self.faults = Faults(self._changed)
        self.hub = EventHub(self.timers, self.faults, config.asterisk_id, self._changed)
        self.engine = Engine(config, self.hub, self.timers)
        self.bridges = Bridges(self.engine)
        self.media = Media(self.engine)
        self.dialing = Dialing(self.engine, self._resolve)
        self.phones: dict[str, Phone] = {}
        """By endpoint, e.g. `PJSIP/101`."""
        self.lines = Lines(self.engine, self.dialing)
        self.plane = Plane(self.engine, self.media)
        self._agent: Agent | None = None
        """The SIP end, from the first browser on."""
        layers: list[MutableMapping[str, Any]] = [self.phones, self.lines.by_endpoint]
        self.devices: ChainMap[str, Device] = ChainMap(*layers)
        """Desk phones and lines alike, by endpoint."""
        self.presence = Presence(self.engine, self.devices)
        self.lines.watch(self.presence, self._changed)
        for line in config.lines:
            self.lines.fix(line.endpoint, line.password, line.name)
        for phone in config.phones:
            self.phones[phone.endpoint] = Phone(
                phone, self.engine, self.dialing, self.presence.registration_changed
            )
        self.presence.start()
        self.customers: dict[str, Customer] = {}
        """By id (`c1`, `c2`…), oldest first; ended ones are kept a while for the page."""
        self.scripts: dict[str, Script] = {}
        """By number: overrides what the last digits say, in both directions."""
        self.voice_lacks = sip.absent()
        """Distributions to install before browsers have a voice."""
        self.started_at = clock.now()
        self._customer_ids = itertools.count(1)
        self.engine.before_channel_gone.append(self.media.target_gone)
        self.bridges.before_bridge_gone.append(self.media.target_gone)
        self.engine.devices_may_have_changed.append(self._device_changed)

    # -- direct control -----------------------------------------------------------------------

    def place_call(self, from_number: str, to: str, *, script: Script | None = None) -> Customer:
        """A customer dials a virtual number and reaches the switch through the first trunk.

        Raises SandboxError when no virtual number is `to`. The dialplan runs in the loop's next
        turn, so ChannelCreated and StasisStart come right after this returns.
        """
        number = self._virtual_number(to)
        if number is None:
            raise SandboxError(f"{to} is not a virtual number of this switch")
        customer = self._customer(
            from_number, script or self.scripts.get(from_number) or calling_script(from_number)
        )
        channel = self.engine.create(
            endpoint=f"PJSIP/{self.config.trunks[0]}",
            state="Ring",
            far_end=customer,
            caller=Party(from_number),
            context="from-trunk",
            exten=number.number,
        )
        customer.called_in(channel, number.number)
        self.timers.soon(lambda: self._run(channel, number))
        return customer

    def phone(self, name: str) -> Phone:
        """By endpoint (`PJSIP/101`), resource (`101`) or the name a person gave it."""
        for phone in self.phones.values():
            if name in (phone.endpoint, phone.endpoint.partition("/")[2], phone.name):
                return phone
        raise SandboxError(f"no phone {name}")

    def sip(self) -> Agent:
        """The SIP end. It stands on libraries that may be missing: `sandbox.sip.missing` tells."""
        if self._agent is None:
            from backend.sandbox.sip.agent import Agent

            self._agent = Agent(self)
        return self._agent

    def customer(self, id_or_number: str) -> Customer:
        """By id, or the newest with that number."""
        if id_or_number in self.customers:
            return self.customers[id_or_number]
        for customer in reversed(self.customers.values()):
            if customer.number == id_or_number:
                return customer
        raise SandboxError(f"no customer {id_or_number}")

    def cut_sockets(self, app: str | None = None) -> None:
        """Drop the event sockets; calls and subscriptions of live channels stay."""
        self.hub.cut(app)

    def cut_lines(self) -> None:
        """Drop the sockets browsers speak SIP over; talks go on, their sound has its own way."""
        if self._agent is not None:
            self._agent.cut()

    def forget(self) -> None:
        """Restart: every channel, bridge and application is gone without a single event."""
        self.timers.cancel_all()
        self.hub.forget()
        self.media.forget()
        if self._agent is not None:
            self._agent.forget()
        self.lines.forget()
        self.dialing.headers.clear()
        for channel in tuple(self.engine.channels.values()):
            channel.destroyed = True
            channel.hangup_cause = causes.FAILURE
            channel.bridge_id = channel.app = None
            if channel.far_end is not None:
                channel.far_end.ended(channel)
        self.engine.channels.clear()
        self.engine.bridges.clear()
        self.presence.start()
        self.started_at = self.clock.now()
        self._changed()

    async def close(self) -> None:
        """Drop the sockets and wait for every timer to end."""
        self.hub.cut()
        if self._agent is not None:
            await self._agent.close()
        await self.plane.close()
        await self.timers.close()

    def state(self) -> Json:
        """Everything the switchboard page shows, as JSON."""
        return {
            "now": stamp(self.clock.now()),
            "phones": [phone.json() for phone in self.phones.values()],
            "voice_lacks": self.voice_lacks,
            "lines": [line.json() for line in self.lines.by_endpoint.values()],
            "customers": [c.json() for c in reversed(self.customers.values())],
            "channels": [self._channel_row(c) for c in self.engine.channels.values()],
            "bridges": [bridge.json() for bridge in self.engine.bridges.values()],
            "recordings": [r.json() for r in self.media.live.values()],
            "apps": [
                {"name": app.name, "connected": app.connection is not None}
                for app in self.hub.apps.values()
            ],
            "faults": self.faults.json(),
            "virtual_numbers": [
                {"number": n.number, "title": n.title, "app": n.app}
                for n in self.config.virtual_numbers
            ],
            "known_customers": [
                {"name": c.name, "number": c.number} for c in self.config.customers
            ],
        }

    # -- inside -------------------------------------------------------------------------------

    def _run(self, channel: Channel, number: VirtualNumber) -> None:
        if not channel.destroyed:
            self.engine.run_dialplan(channel, number.app, number.args)

    def _virtual_number(self, to: str) -> VirtualNumber | None:
        wanted = to.lstrip("+")
        return next(
            (n for n in self.config.virtual_numbers if n.number.lstrip("+") == wanted), None
        )

    def _customer(self, number: str, script: Script) -> Customer:
        names = {c.number.lstrip("+"): c.name for c in self.config.customers}
        customer = Customer(
            f"c{next(self._customer_ids)}",
            number,
            names.get(number.lstrip("+"), ""),
            script,
            self.engine,
            self.dialing,
        )
        self.customers[customer.id] = customer
        ended = [id_ for id_, c in self.customers.items() if c.outcome]
        for id_ in ended[: max(0, len(self.customers) - _REMEMBERED)]:
            del self.customers[id_]
        return customer

    def _resolve(self, endpoint: str) -> tuple[str, FarEnd] | None:
        """`PJSIP/101`, `PJSIP/101/sip:…`, `PJSIP/<number>@<trunk>`, `PJSIP/<trunk>/sip:<number>@…`.

        None for what nobody answers at: unknown names and phones without a registration.
        """
        technology, _, rest = endpoint.partition("/")
        if technology != "PJSIP":
            return None
        number, at, trunk = rest.partition("@")
        if at and trunk in self.config.trunks and "/" not in number:
            return f"PJSIP/{trunk}", self._called(number)
        resource, slash, uri = rest.partition("/")
        if slash and resource in self.config.trunks:
            number = uri.removeprefix("sip:").partition("@")[0]
            return f"PJSIP/{resource}", self._called(number)
        endpoint = f"PJSIP/{resource}"
        device = self.phones.get(endpoint) or self.lines.by_endpoint.get(endpoint)
        if device is None or not device.registered:
            return None
        return endpoint, device

    def _called(self, number: str) -> Customer:
        return self._customer(number, self.scripts.get(number) or called_script(number))

    def _device_changed(self, endpoint: str) -> None:
        self.presence.refresh(endpoint)
        self._changed()

    def _channel_row(self, channel: Channel) -> Json:
        return {
            **self.engine.json(channel),
            "endpoint": channel.endpoint,
            "party": channel.far_end.label if channel.far_end else "",
            "app": channel.app,
            "bridge": channel.bridge_id,
            "moh": channel.moh,
            "held_by_phone": channel.held_by_far_end,
            "answered_at": stamp(channel.answered_at) if channel.answered_at else None,
        }

    def _changed(self) -> None:
        for watcher in self.watchers:
            watcher.set()
