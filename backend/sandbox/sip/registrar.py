"""REGISTER: which tab a line lives in now (RFC 3261, section 10, as Asterisk's registrar does)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sipmessage import Address, Parameters

from backend.sandbox.sip import wire
from backend.sandbox.sip.outgoing import OutgoingCall

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping

    from sipmessage import URI, Request

    from backend.sandbox.ari.lines import BrowserLine, Lines, Session
    from backend.sandbox.ari.model import Channel
    from backend.sandbox.ari.timers import Timers
    from backend.sandbox.sip.agent import Agent
    from backend.sandbox.sip.wire import SipSocket


@dataclass(eq=False)
class Registration:
    """One contact of a line."""

    agent: Agent
    socket: SipSocket
    address: URI
    expires_at: float = 0.0
    reachable: bool = True
    """Whether it answered when it was last asked."""
    timer: asyncio.Task[None] | None = field(default=None, repr=False)
    """Ends the registration."""
    probe: asyncio.Task[None] | None = field(default=None, repr=False)
    """Asks again, or gives the answer up."""

    @property
    def uri(self) -> str:
        return str(self.address)

    def ring(self, line: BrowserLine, channel: Channel) -> Session:
        return OutgoingCall(self.agent, self.socket, self.address, line, channel)


class Registrar:
    def __init__(self, agent: Agent, lines: Lines, timers: Timers) -> None:
        self._agent = agent
        self._lines = lines
        self._timers = timers

    def register(self, socket: SipSocket, request: Request, line: BrowserLine) -> None:
        """An authenticated REGISTER: renew, add and remove what it names, and list what stands."""
        name = request.to_address.uri.user or ""
        aor = self._lines.objects.find("aor", name)
        if aor is None or name not in _names(line.fields["aors"]):
            self._refuse(socket, request, 404)
            return
        if (request.headers.get("Contact") or "").strip() == "*":
            for contact in self._of(line):
                self.remove(line, contact)
        else:
            asked = [(one.uri, self._seconds(request, one, aor)) for one in request.contact]
            most = int(aor["max_contacts"])
            adding = [uri for uri, seconds in asked if seconds and not self.find(line, uri)]
            replace = aor["remove_existing"].lower() in ("yes", "true", "1")
            if len(adding) > most or (not replace and len(line.contacts) + len(adding) > most):
                self._refuse(socket, request, 403)
                return
            for uri, seconds in asked:
                self._apply(socket, line, uri, seconds, most)
        answer = wire.respond(request, 200, to_tag=wire.tag())
        now = self._timers.clock.monotonic()
        for contact in self._of(line):
            left = max(0, round(contact.expires_at - now))
            address = Address(contact.address, parameters=Parameters(expires=str(left)))
            answer.headers.add("Contact", str(address))
        answer.date = self._timers.clock.now()
        socket.send(answer)

    def find(self, line: BrowserLine, uri: URI) -> Registration | None:
        """By user, host and port: parameters may change from one REGISTER to the next."""
        wanted = (uri.user, uri.host, uri.port)
        return next(
            (
                contact
                for contact in self._of(line)
                if (contact.address.user, contact.address.host, contact.address.port) == wanted
            ),
            None,
        )

    def remove(self, line: BrowserLine, contact: Registration) -> None:
        for timer in (contact.timer, contact.probe):
            if timer is not None:
                timer.cancel()
        self._lines.removed(line, contact)

    def socket_closed(self, socket: SipSocket) -> None:
        """Its contacts go at once ("removed due to shutdown")."""
        for line in tuple(self._lines.by_endpoint.values()):
            for contact in self._of(line):
                if contact.socket is socket:
                    self.remove(line, contact)

    def _apply(
        self, socket: SipSocket, line: BrowserLine, uri: URI, seconds: int, most: int
    ) -> None:
        known = self.find(line, uri)
        if seconds == 0:
            if known is not None:
                self.remove(line, known)
            return
        if known is not None:
            known.socket = socket
            self._expire_later(line, known, seconds)
            return
        for oldest in self._of(line)[: max(0, len(line.contacts) + 1 - most)]:
            self.remove(line, oldest)
        contact = Registration(self._agent, socket, uri)
        self._expire_later(line, contact, seconds)
        self._lines.added(line, contact)
        self._qualify_later(line, contact)

    def _expire_later(self, line: BrowserLine, contact: Registration, seconds: int) -> None:
        if contact.timer is not None:
            contact.timer.cancel()
        contact.expires_at = self._timers.clock.monotonic() + seconds
        contact.timer = self._timers.after(seconds, lambda: self.remove(line, contact))

    def _qualify_later(self, line: BrowserLine, contact: Registration) -> None:
        """Ask the contact now and then whether it is there, if its address of record says so."""
        every_s = self._option(line, "qualify_frequency")
        if every_s > 0:
            contact.probe = self._timers.after(every_s, lambda: self._qualify(line, contact))

    def _qualify(self, line: BrowserLine, contact: Registration) -> None:
        host = contact.socket.host
        request = wire.request_to(
            "OPTIONS",
            contact.address,
            host,
            sequence=1,
            call_id=wire.tag(),
            ours=Address(wire.contact(host).uri, parameters=Parameters(tag=wire.tag())),
            theirs=Address(contact.address),
        )

        def done(reachable: bool) -> None:
            if contact.probe is not None:
                contact.probe.cancel()
            contact.socket.forget(request)
            if contact in line.contacts:
                self._lines.reached(line, contact, reachable)
                self._qualify_later(line, contact)

        wait_s = self._option(line, "qualify_timeout")
        contact.probe = self._timers.after(wait_s, lambda: done(False))
        contact.socket.ask(request, lambda _response: done(True))

    def _option(self, line: BrowserLine, name: str) -> float:
        aor = self._lines.objects.find("aor", line.fields["aors"].split(",")[0].strip())
        return float(aor[name]) if aor is not None else 0.0

    def _of(self, line: BrowserLine) -> list[Registration]:
        return [contact for contact in line.contacts if isinstance(contact, Registration)]

    def _seconds(self, request: Request, address: Address, aor: Mapping[str, str]) -> int:
        """How long the contact holds, within the limits of its address of record; 0 removes it."""
        given = address.parameters.get("expires") or request.headers.get("Expires")
        if given is None or not given.isdigit():
            return int(aor["default_expiration"])
        seconds = int(given)
        if seconds == 0:
            return 0
        return max(int(aor["minimum_expiration"]), min(seconds, int(aor["maximum_expiration"])))

    def _refuse(self, socket: SipSocket, request: Request, code: int) -> None:
        socket.send(wire.respond(request, code, to_tag=wire.tag()))


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",")]
